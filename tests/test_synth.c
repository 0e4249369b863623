/// The synthetic world is valid, repeatable, readable, and worth learning in.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "synth/synth.h"
#include "synth/synth_truth.h"
#include "throng_test.h"

static const char *in_folder(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  return path;
}

/// The demo's proportions at a fifth of its users, so that the tests stay quick when sanitized.
static throng_synth_def smaller(void) {
  throng_synth_def def = throng_default_synth_def();
  def.n_user = 3000;
  def.n_item = 4000;
  def.dim = 32;
  return def;
}

static throng_world *build(const throng_synth_def *def) {
  throng_world *w = NULL;
  EXPECT_OK(synth_build(def, NULL, &w));
  return w;
}

static int32_t shared(const int64_t *offset, const int32_t *entry, int64_t a, int64_t b) {
  int32_t n = 0;
  for (int64_t i = offset[a], j = offset[b]; i < offset[a + 1] && j < offset[b + 1];) {
    n += entry[i] == entry[j];
    int32_t x = entry[i], y = entry[j];
    i += x <= y;
    j += y <= x;
  }
  return n;
}

TEST(synth, the_demo_world_has_the_promised_sizes_and_mostly_likes) {
  throng_synth_def def = throng_default_synth_def();
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  throng_world_info info = throng_world_get_info(w);
  EXPECT_EQ(info.n_user, 15000);
  EXPECT_EQ(info.n_item, 10000);
  EXPECT_EQ(info.n_category, 40);
  EXPECT_EQ(info.n_keyword, 2000);
  EXPECT_EQ(info.dim, 128);
  EXPECT_NEAR((double)info.n_interaction / 15000, 40, 1.5);
  EXPECT_NEAR((double)info.n_like / (double)info.n_interaction, 0.6, 0.05);
  int64_t shortest = info.n_interaction;
  for (int64_t u = 0; u < info.n_user; ++u) {
    int64_t n = w->user_offset[u + 1] - w->user_offset[u];
    if (n < shortest) shortest = n;
  }
  EXPECT_GE(shortest, 5);
  throng_world_close(w);
}

TEST(synth, every_category_has_items_and_every_item_categories_and_both_kinds_of_keywords) {
  throng_synth_def def = smaller();
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  int items_of[40] = {0}, used = 0, wrong = 0;
  char *seen = calloc((size_t)w->n_keyword, 1);
  for (int64_t i = 0; i < w->n_item; ++i) {
    int64_t c = w->category_offset[i + 1] - w->category_offset[i];
    int64_t p = w->pos_offset[i + 1] - w->pos_offset[i];
    int64_t n = w->neg_offset[i + 1] - w->neg_offset[i];
    wrong += c < 1 || c > 3 || p < 3 || p > 10 || n < 3 || n > 8;
    for (int64_t k = 0; k < c; ++k) ++items_of[w->category[w->category_offset[i] + k]];
  }
  for (int64_t k = 0; k < w->n_pos_entry; ++k) seen[w->pos[k]] = 1;
  for (int64_t k = 0; k < w->n_neg_entry; ++k) {
    wrong += seen[w->neg[k]] == 1;  // no reason to like is one to dislike
    seen[w->neg[k]] = 2;
  }
  for (int64_t k = 0; k < w->n_keyword; ++k) used += seen[k] != 0;
  EXPECT_EQ(wrong, 0);
  for (int c = 0; c < 40; ++c) EXPECT_GT(items_of[c], 20);
  EXPECT_GT(used, 1900);
  free(seen);
  throng_world_close(w);
}

TEST(synth, the_same_seed_gives_the_same_file_and_another_seed_another) {
  throng_synth_def def = smaller();
  throng_world *a, *b;
  def.n_user = 200;
  ASSERT_OK(throng_synth(&def, in_folder("a"), NULL));
  ASSERT_OK(throng_synth(&def, in_folder("b"), NULL));
  char command[9000];
  snprintf(command, sizeof command, "cmp %s/a %s/b", throng_test_folder(), throng_test_folder());
  EXPECT_EQ(system(command), 0);
  ASSERT_OK(throng_world_open(in_folder("a"), &a));
  def.seed = 2;
  b = build(&def);
  EXPECT_FALSE(a->hash == b->hash);
  throng_world_close(b);
  def.seed = 1;
  b = build(&def);
  EXPECT_TRUE(a->hash == b->hash);
  throng_world_close(a);
  throng_world_close(b);
}

TEST(synth, counted_interactions_are_as_many_and_meet_every_user_and_item) {
  static const struct {
    int32_t users, items;
    int64_t rows;
  } world[] = {{1000, 600, 1300}, {500, 1200, 1200}, {50, 40, 1000}, {300, 400, 30000}};
  for (size_t k = 0; k < sizeof world / sizeof *world; ++k) {
    throng_synth_def def = smaller();
    def.n_user = world[k].users;
    def.n_item = world[k].items;
    def.n_interaction = world[k].rows;
    throng_world *w = build(&def);
    ASSERT_TRUE(w != NULL);
    EXPECT_EQ(w->n_interaction, world[k].rows);
    int64_t *met = calloc((size_t)w->n_item, sizeof *met), longest = 0, unmet = 0, empty = 0;
    throng_world_item_counts(w, met, NULL);
    for (int64_t i = 0; i < w->n_item; ++i) unmet += met[i] == 0;
    for (int64_t u = 0; u < w->n_user; ++u) {
      int64_t n = w->user_offset[u + 1] - w->user_offset[u];
      empty += n == 0;
      if (n > longest) longest = n;
    }
    EXPECT_EQ(unmet, 0);
    EXPECT_EQ(empty, 0);
    EXPECT_LE(longest, w->n_item / 2);
    free(met);
    throng_world_close(w);
  }
}

TEST(synth, counted_interactions_that_do_not_fit_are_refused) {
  throng_synth_def def = smaller();
  throng_world *w = NULL;
  def.n_user = 100;
  def.n_item = 50;
  def.n_interaction = 99;
  EXPECT_EQ(synth_build(&def, NULL, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "synth.interactions: 99");
  def.n_interaction = 2501;
  EXPECT_EQ(synth_build(&def, NULL, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "100 to 2500");
}

TEST(synth, more_users_leave_the_first_users_as_they_were) {
  throng_synth_def def = smaller();
  def.n_user = 50;
  throng_world *few = build(&def);
  def.n_user = 300;
  throng_world *many = build(&def);
  ASSERT_TRUE(few && many);
  EXPECT_EQ(
      memcmp(few->history_item, many->history_item, (size_t)few->n_interaction * sizeof(int32_t)),
      0);
  EXPECT_EQ(memcmp(few->history_like, many->history_like, (size_t)few->n_interaction), 0);
  throng_world_close(few);
  throng_world_close(many);
}

TEST(synth, two_liked_items_share_far_more_praise_than_a_liked_and_a_disliked_one) {
  throng_synth_def def = smaller();
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  double sum[2] = {0}, pairs[2] = {0};
  for (int64_t u = 0; u < 500; ++u)
    for (int64_t i = w->user_offset[u]; i < w->user_offset[u + 1]; ++i)
      for (int64_t j = i + 1; w->history_like[i] && j < w->user_offset[u + 1]; ++j) {
        int like = w->history_like[j];
        sum[like] += shared(w->pos_offset, w->pos, w->history_item[i], w->history_item[j]);
        ++pairs[like];
      }
  EXPECT_TRUE(sum[1] / pairs[1] > 3 * (sum[0] / pairs[0]));
  throng_world_close(w);
}

/// a+ - a- and b+ - b- of the spec, the slow way, over a user's history but its last entry.
static void logical_votes(const throng_world *w, int64_t user, int64_t c, int *mat, float *sim) {
  int64_t begin = w->user_offset[user], end = w->user_offset[user + 1] - 1;
  bool any = false;
  for (int64_t k = begin; k < end; ++k)
    any |= shared(w->category_offset, w->category, c, w->history_item[k]) > 0;
  int alpha = 0;
  float beta[2] = {-1, -1};
  for (int64_t k = begin; k < end; ++k) {
    int64_t i = w->history_item[k];
    if (any && shared(w->category_offset, w->category, c, i) == 0) continue;
    int like = w->history_like[k];
    const float *e = like ? w->embedding_pos : w->embedding_neg;
    float cosine = dot_product(e + c * w->dim, e + i * w->dim, w->dim);
    if (cosine > beta[like]) beta[like] = cosine;
    alpha += like ? shared(w->pos_offset, w->pos, c, i) : -shared(w->neg_offset, w->neg, c, i);
  }
  *mat = alpha;
  *sim = beta[1] - beta[0];
}

TEST(synth, both_logical_votes_find_held_out_likes_and_refuse_most_random_items) {
  throng_synth_def def = smaller();
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  double mat[2] = {0}, sim[2] = {0}, n[2] = {0};
  synth_stream stream = synth_stream_of(7, SYNTH_USER, 1 << 30);
  for (int64_t u = 0; u < w->n_user; ++u) {
    int64_t last = w->user_offset[u + 1] - 1;
    for (int held_out = 0; held_out < 2; ++held_out) {
      if (held_out && !w->history_like[last]) continue;
      int64_t item = held_out ? w->history_item[last] : synth_index(&stream, def.n_item);
      int a;
      float b;
      logical_votes(w, u, item, &a, &b);
      mat[held_out] += a > 0 ? 1 : a == 0 ? 0.5 : 0;
      sim[held_out] += b > 0;
      ++n[held_out];
    }
  }
  EXPECT_TRUE(mat[0] / n[0] < 0.40);
  EXPECT_TRUE(sim[0] / n[0] < 0.30);
  EXPECT_TRUE(mat[1] / n[1] > 0.80);
  EXPECT_TRUE(sim[1] / n[1] > 0.80);
  throng_world_close(w);
}

TEST(synth, answers_that_are_all_noise_are_likes_half_of_the_time) {
  throng_synth_def def = smaller();
  def.noise = 1;
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  throng_world_info info = throng_world_get_info(w);
  EXPECT_NEAR((double)info.n_like / (double)info.n_interaction, 0.5, 0.01);
  throng_world_close(w);
}

TEST(synth, ratings_reach_the_threshold_exactly_where_the_answer_is_a_like) {
  throng_synth_def def = smaller();
  def.n_user = 200;
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  int wrong = 0;
  for (int64_t k = 0; k < w->n_interaction; ++k)
    wrong += (w->history_rating[k] >= w->like_threshold) != w->history_like[k] ||
             w->history_rating[k] < 1 || w->history_rating[k] > 5;
  EXPECT_EQ(wrong, 0);
  throng_world_close(w);
}

TEST(synth, the_demo_world_is_named_in_words_without_a_digit) {
  throng_synth_def def = throng_default_synth_def();
  def.n_user = 10;
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  const string_table *table[] = {&w->keyword, &w->category_name, &w->item_name};
  int wrong = 0;
  for (int t = 0; t < 3; ++t)
    for (int64_t i = 0; i < table[t]->n; ++i)
      for (const char *c = strings_get(table[t], i); *c; ++c)
        wrong += !(isalpha((unsigned char)*c) || strchr(" ,-", *c));
  EXPECT_EQ(wrong, 0);
  EXPECT_STREQ(strings_get(&w->category_name, 0), "Space");
  throng_world_close(w);
}

TEST(synth, the_smallest_and_an_odd_definition_make_valid_worlds) {
  throng_synth_def def = throng_default_synth_def();
  def.n_user = 1;
  def.n_item = 10;
  def.n_category = 1;
  def.n_keyword = 32;
  def.dim = 2;
  def.n_taste = 4;
  def.history_mean = 5;
  throng_world_close(build(&def));
  def.n_user = 300;
  def.n_item = 700;
  def.n_category = 211;
  def.n_keyword = 9001;
  def.dim = 7;
  def.n_taste = 101;
  def.history_mean = 300;
  throng_world *w = build(&def);
  ASSERT_TRUE(w != NULL);
  EXPECT_EQ(throng_world_get_info(w).n_category, 211);
  throng_world_close(w);
}

TEST(synth, a_definition_out_of_range_is_refused_with_field_value_and_range) {
  const throng_synth_def good = throng_default_synth_def();
  throng_synth_def def = good;
  const char *path = in_folder("w");
#define REFUSED(field, value, message)                              \
  def = good;                                                       \
  def.field = value;                                                \
  EXPECT_EQ(throng_synth(&def, path, NULL), THRONG_ERROR_ARGUMENT); \
  EXPECT_CONTAINS(throng_error_message(), message)
  REFUSED(n_user, 0, "synth.users: expected an integer in 1..100000000, not 0");
  REFUSED(n_item, 39,
          "synth.items: 39, expected at least one for each of 24 tastes and 40 categories");
  REFUSED(n_category, 0, "synth.categories: expected an integer in 1..100000, not 0");
  REFUSED(n_keyword, 100, "synth.keywords: 100, expected at least 8 for each of 24 tastes");
  REFUSED(dim, 1, "synth.dim: expected an integer in 2..4096, not 1");
  REFUSED(n_taste, 3, "synth.tastes: expected an integer in 4..1000, not 3");
  REFUSED(history_mean, 4, "synth.history_mean: expected an integer in 5..10000, not 4");
  REFUSED(noise, 1.5f, "synth.noise: expected a number in 0..1, not 1.5");
  REFUSED(noise, 0.0f / 0.0f, "synth.noise: expected a number in 0..1, not NaN");
  REFUSED(cookie, 0, "throng_default_synth_def");
  EXPECT_EQ(access(path, F_OK), -1);
}

static bool stop_at_users(void *context, const char *stage, int64_t done, int64_t total,
                          const char *unit) {
  (void)context;
  (void)stage;
  (void)total;
  (void)unit;
  return done < 1024;
}

TEST(synth, stopping_on_request_leaves_no_file) {
  throng_synth_def def = smaller();
  throng_progress progress = {.report = stop_at_users};
  const char *path = in_folder("w");
  EXPECT_EQ(throng_synth(&def, path, &progress), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(access(path, F_OK), -1);
}
