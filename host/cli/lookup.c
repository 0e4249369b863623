/// Raw ids, names and times against a world.
#include "cli/lookup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "data/join.h"
#include "data/number.h"
#include "data/times.h"

enum { SUGGESTIONS = 3 };

/// The ids nearest to `text` by edits; ids of that title come first where `name` is given.
static throng_status suggest(const char *what, const char *text, const string_table *ids,
                             const string_table *names) {
  int64_t alike;
  const char *difference;
  THRONG_TRY(join_find_alike(ids, text, &alike, &difference));
  if (alike >= 0)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "no %s '%.80s' in this world; did you mean '%.60s'? It would match %s", what,
                       text, strings_get(ids, alike), difference);
  int64_t best[SUGGESTIONS];
  size_t distance[SUGGESTIONS];
  int found = 0;
  size_t limit = edit_limit(text);
  for (int64_t i = 0; i < ids->n; ++i) {
    size_t d = edit_distance(text, strings_get(ids, i), limit);
    if (names && !strcasecmp(text, strings_get(names, i))) d = 0;
    if (d > limit) continue;
    int at = found < SUGGESTIONS ? found++ : SUGGESTIONS;
    while (at > 0 && distance[at - 1] > d) {
      if (at < SUGGESTIONS) distance[at] = distance[at - 1], best[at] = best[at - 1];
      --at;
    }
    if (at < SUGGESTIONS) distance[at] = d, best[at] = i;
  }
  char list[400] = "";
  for (int k = 0; k < found; ++k) {
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s'%.60s'", k ? ", " : "",
             strings_get(ids, best[k]));
    used = strlen(list);
    if (names && *strings_get(names, best[k]))
      snprintf(list + used, sizeof list - used, " (%.60s)", strings_get(names, best[k]));
  }
  if (found)
    return throng_fail(THRONG_ERROR_ARGUMENT, "no %s '%.80s' in this world; did you mean %s?", what,
                       text, list);
  if (ids->n)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "no %s '%.80s' in this world, nor any id like it; ids look like '%.60s'",
                       what, text, strings_get(ids, 0));
  return throng_fail(THRONG_ERROR_ARGUMENT, "no %s '%.80s': this world has none", what, text);
}

throng_status lookup_user(const throng_world *world, const char *id, int32_t *user) {
  int64_t found = throng_world_find_user(world, id);
  *user = (int32_t)found;
  return found >= 0 ? THRONG_OK : suggest("user", id, &world->user_id, NULL);
}

throng_status lookup_item(const throng_world *world, const char *id, int32_t *item) {
  int64_t found = throng_world_find_item(world, id);
  *item = (int32_t)found;
  return found >= 0 ? THRONG_OK : suggest("item", id, &world->item_id, &world->item_name);
}

void lookup_past(const throng_world *world, int32_t user, int32_t candidate, int64_t time,
                 int32_t *item, uint8_t *like, int64_t *n) {
  for (int64_t k = world->user_offset[user]; k < world->user_offset[user + 1]; ++k) {
    if (world->history_item[k] == candidate || world->history_time[k] >= time) continue;
    item[*n] = world->history_item[k];
    like[*n] = world->history_like[k];
    ++*n;
  }
}

/// True where the world's times count from some beginning of its own: none of the first lies after
/// 1973. 20170714 is a number of seconds among such, and no date.
static bool has_relative_times(const throng_world *world) {
  const int64_t enough = 1000, year_1973 = 100000000;
  for (int64_t k = 0; k < world->n_interaction && k < enough; ++k)
    if (world->history_time[k] >= year_1973) return false;
  return true;
}

throng_status lookup_time(const throng_world *world, const char *text, int64_t *seconds) {
  int64_t milliseconds;
  if (!world->has_time)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "time '%.40s': this world has the order of interactions and no times", text);
  if (!time_parse(text, strlen(text), &milliseconds))
    return throng_fail(THRONG_ERROR_ARGUMENT, "time '%.40s': expected %s", text, time_expected);
  double number;
  if (number_parse(text, strlen(text), &number) && fabs(number) < 1e11 && has_relative_times(world))
    milliseconds = (int64_t)floor(number * 1000);
  *seconds = milliseconds / 1000 - (milliseconds % 1000 < 0);
  return THRONG_OK;
}
