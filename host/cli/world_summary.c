/// A world's sizes on stdout or in a JSON document.
#include "cli/world_summary.h"

#include <math.h>
#include <stdio.h>

#include "cli/cli.h"

static void row(const char *name, int64_t n, const char *more) {
  char count[32];
  cli_say(15, "%-14s %14s%s", name, cli_count(n, count), more);
}

static int64_t items_without_keywords(const throng_world *w) {
  int64_t n = 0;
  for (int64_t i = 0; i < w->n_item; ++i)
    n += w->pos_offset[i] == w->pos_offset[i + 1] && w->neg_offset[i] == w->neg_offset[i + 1];
  return n;
}

static int64_t users_with_later(const throng_world *w) {
  int64_t n = 0;
  for (int64_t u = 0; u < w->n_user; ++u) n += throng_world_later(w, u, NULL, NULL, NULL) > 0;
  return n;
}

void world_summary_print(const throng_world *world) {
  throng_world_info info = throng_world_get_info(world);
  char more[96];
  row("users", info.n_user, "");
  snprintf(more, sizeof more, "  %.1f a user",
           info.n_user ? (double)info.n_interaction / (double)info.n_user : 0);
  row("interactions", info.n_interaction, more);
  snprintf(more, sizeof more, "  %.1f %%",
           info.n_interaction ? 100.0 * (double)info.n_like / (double)info.n_interaction : 0);
  row("likes", info.n_like, more);
  int used = snprintf(more, sizeof more, "  %lld without keywords",
                      (long long)items_without_keywords(world));
  if (world->n_cold)
    snprintf(more + used, sizeof more - (size_t)used, ", %lld never rated",
             (long long)world->n_cold);
  row("items", info.n_item, more);
  if (info.n_later) {
    snprintf(more, sizeof more, "  of %lld users, kept apart (throng evaluate --split later)",
             (long long)users_with_later(world));
    row("later", info.n_later, more);
  }
  row("categories", info.n_category, "");
  snprintf(more, sizeof more, "  %.1f liking and %.1f disliking ones an item",
           info.n_item ? (double)world->n_pos_entry / (double)info.n_item : 0,
           info.n_item ? (double)world->n_neg_entry / (double)info.n_item : 0);
  row("keywords", info.n_keyword, more);
  row("embedding", info.dim, "  numbers a keyword and item side");
}

void world_summary_json(const throng_world *world, cJSON *object) {
  throng_world_info info = throng_world_get_info(world);
  cJSON_AddNumberToObject(object, "users", (double)info.n_user);
  cJSON_AddNumberToObject(object, "items", (double)info.n_item);
  cJSON_AddNumberToObject(object, "items_never_rated", (double)world->n_cold);
  cJSON_AddNumberToObject(object, "interactions", (double)info.n_interaction);
  cJSON_AddNumberToObject(object, "likes", (double)info.n_like);
  cJSON_AddNumberToObject(object, "later_interactions", (double)info.n_later);
  cJSON_AddNumberToObject(object, "later_users", (double)users_with_later(world));
  cJSON_AddNumberToObject(object, "categories", (double)info.n_category);
  cJSON_AddNumberToObject(object, "keywords", (double)info.n_keyword);
  cJSON_AddNumberToObject(object, "dim", info.dim);
  cJSON_AddNumberToObject(object, "items_without_keywords", (double)items_without_keywords(world));
  cJSON_AddBoolToObject(object, "has_time", world->has_time);
  cJSON_AddNumberToObject(object, "like_threshold", world->like_threshold);
  cJSON_AddStringToObject(object, "source", world->source ? world->source : "");
}
