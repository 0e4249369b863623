/// Later parts: cut off before anything is made of a data set, kept by world files, seen by nobody.
#include <math.h>
#include <stdio.h>

#include "base/safetensors.h"
#include "config/config_prepare.h"
#include "dataset_fixture.h"
#include "synth/synth.h"
#include "throng/throng.h"
#include "tiny_world.h"

#define GOLDEN TEST_SOURCE_DIR "/golden/world_later.safetensors"

/// 20 users of 3, 4 .. 22 rows, in time order; item names beyond 30 come late in long histories.
/// `cut`: without the rows that a later share of one half takes away.
static const char *write_rows(const char *name, bool cut, bool with_time) {
  static const char *const word[] = {"warm", "bright", "hollow", "brisk", "stale", "crisp"};
  static char text[1 << 16];
  char *at = text + sprintf(text, "user,item,rating,%stext\n", with_time ? "time," : "");
  for (int k = 0; k < 22; k++)
    for (int u = 0; u < 20; u++) {
      const int n = 3 + u, keep = n >= 8 ? n - n / 2 : n;
      if (k >= n || (cut && k >= keep)) continue;
      const int item = (k * 7 + u * 3) % 30 + (k > 16 ? 30 : 0);
      at += sprintf(at, "u%d,i%d,%d,", u, item, (item + u) % 3 ? 5 : 1);
      if (with_time) at += sprintf(at, "%d,", 1000000000 + k * 1000 + u);
      at += sprintf(at, "%s %s %s\n", word[item % 6], word[(item + u) % 6], k > 12 ? "later" : "");
    }
  return fixture_text(name, text);
}

static dataset_def rows_def(const char *path) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = path;
  return def;
}

TEST(later_part, half_of_each_long_enough_history_is_kept_apart_by_time) {
  dataset_def def = rows_def(write_rows("all.csv", false, true));
  dataset all, d;
  ASSERT_OK(dataset_read(&def, NULL, &all));
  def.later_share = 0.5;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction + d.n_later, all.n_interaction);
  EXPECT_EQ(d.counts.later, d.n_later);
  EXPECT_EQ(d.counts.later_users, 15);
  EXPECT_EQ(d.text.n, d.n_interaction);
  ASSERT_EQ(d.n_user, all.n_user);
  for (int64_t u = 0; u < d.n_user; u++) {
    const int64_t begin = all.user_offset[u], n = all.user_offset[u + 1] - begin;
    const int64_t later = d.later_offset[u + 1] - d.later_offset[u];
    const int64_t kept = d.user_offset[u + 1] - d.user_offset[u];
    EXPECT_EQ(later, n < 8 ? 0 : n / 2);
    ASSERT_EQ(kept + later, n);
    for (int64_t k = 0; k < n; k++) {
      const bool first = k < kept;
      const int64_t own = first ? d.user_offset[u] + k : d.later_offset[u] + k - kept;
      const int32_t item = (first ? d.item : d.later_item)[own];
      EXPECT_STREQ(strings_get(&d.item_id, item), strings_get(&all.item_id, all.item[begin + k]));
      EXPECT_EQ((first ? d.like : d.later_like)[own], all.like[begin + k]);
      EXPECT_EQ((first ? d.time : d.later_time)[own], all.time[begin + k]);
      EXPECT_EQ((first ? d.rating : d.later_rating)[own], all.rating[begin + k]);
      if (first) EXPECT_STREQ(strings_get(&d.text, own), strings_get(&all.text, begin + k));
    }
  }
  dataset_free(&all);
  dataset_free(&d);
}

static throng_world *prepared(const char *file, const char *const more[2]) {
  char path[600], key[600];
  throng_config config;
  throng_world *world = NULL;
  snprintf(key, sizeof key, "dataset.file=%s", file);
  snprintf(path, sizeof path, "%s", fixture_path("world.safetensors"));
  const char *const keys[] = {"dataset.format=csv",
                              key,
                              "dataset.like_threshold=4",
                              "keywords.provider=lexical",
                              more[0],
                              more[1],
                              NULL};
  EXPECT_OK(config_load(NULL, keys, &config));
  EXPECT_OK(config_prepare(&config, path, NULL, NULL));
  EXPECT_OK(throng_world_open(path, &world));
  config_free(&config);
  return world;
}

static double angle(const throng_world *w, int64_t a, int64_t b) {
  double sum = 0;
  for (int d = 0; d < w->dim; d++)
    sum += (double)w->embedding_pos[a * w->dim + d] * (double)w->embedding_pos[b * w->dim + d];
  return sum;
}

/// What leaks nothing is, for every item that the first parts have, the world of a raw file that
/// ends there.
TEST(later_part, a_cut_world_is_the_world_of_the_cut_file_with_cold_items_behind) {
  const char *const half[] = {"dataset.later_share=0.5", NULL}, *const none[] = {NULL, NULL};
  throng_world *w = prepared(write_rows("all.csv", false, true), half);
  throng_world *cut = prepared(write_rows("cut.csv", true, true), none);
  ASSERT_TRUE(w && cut);
  EXPECT_GT(w->n_later, 0);
  EXPECT_GT(w->n_cold, 0);
  EXPECT_EQ(cut->n_later, 0);
  ASSERT_EQ(w->n_item - w->n_cold, cut->n_item);
  ASSERT_EQ(w->n_interaction, cut->n_interaction);
  ASSERT_EQ(w->n_keyword, cut->n_keyword);
  ASSERT_EQ(w->dim, cut->dim);
  for (int64_t i = 0; i < cut->n_item; i++) {
    EXPECT_STREQ(throng_world_item_id(w, i), throng_world_item_id(cut, i));
    EXPECT_EQ(w->pos_offset[i + 1], cut->pos_offset[i + 1]);
    EXPECT_EQ(w->neg_offset[i + 1], cut->neg_offset[i + 1]);
  }
  for (int64_t k = 0; k < cut->n_keyword; k++)
    EXPECT_STREQ(throng_world_keyword(w, k), throng_world_keyword(cut, k));
  EXPECT_EQ(memcmp(w->pos, cut->pos, (size_t)cut->n_pos_entry * sizeof *cut->pos), 0);
  EXPECT_EQ(memcmp(w->neg, cut->neg, (size_t)cut->n_neg_entry * sizeof *cut->neg), 0);
  // Cold items have the words that fit any item, so that PPMI weighs those a little otherwise.
  for (int64_t i = 1; i < cut->n_item; i++) {
    EXPECT_NEAR(angle(w, i, i - 1), angle(cut, i, i - 1), 0.02);
    EXPECT_NEAR(angle(w, i, i / 2), angle(cut, i, i / 2), 0.02);
  }
  EXPECT_EQ(memcmp(w->history_item, cut->history_item, (size_t)cut->n_interaction * 4), 0);
  EXPECT_EQ(memcmp(w->history_like, cut->history_like, (size_t)cut->n_interaction), 0);
  EXPECT_CONTAINS(w->source, "the last 0.5 of each history kept apart");
  throng_world_close(w);
  throng_world_close(cut);
}

TEST(later_part, facts_of_items_follow_them_to_their_new_numbers) {
  char items[4000] = "item,title,categories\n";
  for (int i = 0; i < 64; i++)
    snprintf(items + strlen(items), 60, "i%d,Title %d,odd%d|cat%d\n", i, i, i % 2, i % 5);
  dataset_def def = rows_def(write_rows("all.csv", false, true));
  def.items = fixture_text("items.csv", items);
  def.cold_items = true;
  def.later_share = 0.5;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 64);
  EXPECT_GT(d.counts.later_items, 0);
  EXPECT_GT(d.counts.cold_items, d.counts.later_items);
  for (int64_t i = 0; i < d.n_item; i++) {
    const int number = atoi(strings_get(&d.item_id, i) + 1);
    char title[32], odd[32], cat[32];
    snprintf(title, sizeof title, "Title %d", number);
    snprintf(odd, sizeof odd, "odd%d", number % 2);
    snprintf(cat, sizeof cat, "cat%d", number % 5);
    EXPECT_STREQ(strings_get(&d.item_name, i), title);
    EXPECT_EQ(d.category_offset[i + 1] - d.category_offset[i], 2);
    EXPECT_CATEGORY(&d, i, odd);
    EXPECT_CATEGORY(&d, i, cat);
  }
  const int64_t known = d.n_item - d.counts.cold_items;
  bool has_history[64] = {false}, is_later[64] = {false};
  for (int64_t k = 0; k < d.n_interaction; k++) has_history[d.item[k]] = true;
  for (int64_t k = 0; k < d.n_later; k++) is_later[d.later_item[k]] = true;
  for (int64_t i = 0; i < d.n_item; i++) EXPECT_EQ(has_history[i], i < known);
  for (int64_t i = known; i < 64; i++) EXPECT_EQ(is_later[i], i < known + d.counts.later_items);
  dataset_free(&d);
}

TEST(later_part, a_cut_without_times_or_without_rows_is_refused_with_what_would_help) {
  dataset_def def = rows_def(write_rows("timeless.csv", false, false));
  dataset d;
  def.later_share = 0.5;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "dataset.later_without_times=true");
  def.later_without_times = true;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_GT(d.n_later, 0);
  EXPECT_FALSE(d.has_time);
  dataset_free(&d);
  def.later_least = 50;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "none of 20 users has 50");
  def.later_share = 0.95;
  EXPECT_READ_FAILS(def, THRONG_ERROR_ARGUMENT, "dataset.later_share");
}

TEST(later_part, sampled_dislikes_stand_in_both_parts) {
  char text[8000] = "user,item,time\n";
  for (int u = 0; u < 30; u++)
    for (int k = 0; k < 6; k++)
      snprintf(text + strlen(text), 40, "u%d,i%d,%d\n", u, (u * 7 + k * 11) % 40, 1000000000 + k);
  dataset_def def = rows_def(fixture_text("likes.csv", text));
  def.negatives = 1;
  def.later_share = 0.5;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_later, 30 * 6);
  int64_t likes = 0;
  for (int64_t k = 0; k < d.n_later; k++) likes += d.later_like[k];
  EXPECT_GT(likes, 60);
  EXPECT_LT(likes, 120);
  dataset_free(&d);
}

TEST(later_part, a_world_file_of_the_stock_package_has_one_that_no_hash_knows) {
  throng_world *w, *without = tiny_world(), *again;
  const int32_t *item;
  const uint8_t *like;
  const int64_t *time;
  ASSERT_OK(throng_world_open(GOLDEN, &w));
  EXPECT_EQ(throng_world_get_info(w).n_later, 3);
  ASSERT_EQ(throng_world_later(w, 0, &item, &like, &time), 2);
  EXPECT_EQ(item[0], 3);
  EXPECT_EQ(like[1], 0);
  EXPECT_EQ(time[1], 300);
  EXPECT_EQ(throng_world_later(w, 1, &item, &like, &time), 0);
  EXPECT_EQ(throng_world_later(w, 3, NULL, NULL, NULL), -1);
  ASSERT_OK(world_finish(without));
  EXPECT_EQ(throng_world_later(without, 0, &item, NULL, NULL), 0);
  const char *path = fixture_path("again.safetensors");
  ASSERT_OK(throng_world_save(w, path));
  ASSERT_OK(throng_world_open(path, &again));
  EXPECT_EQ(throng_world_hash(again), throng_world_hash(w));
  EXPECT_EQ(memcmp(again->later_time, w->later_time, 3 * sizeof *w->later_time), 0);
  EXPECT_EQ(memcmp(again->later_rating, w->later_rating, 3 * sizeof *w->later_rating), 0);
  w->later_like[0] = 0;
  const uint64_t before = throng_world_hash(w);
  ASSERT_OK(world_finish(w));
  EXPECT_EQ(throng_world_hash(w), before);
  throng_array array[32];
  const int64_t n = throng_world_arrays(again, 32, array);
  ASSERT_TRUE(throng_array_find(array, n, "later_item") != NULL);
  EXPECT_EQ(throng_world_arrays(without, 32, array), n - 5);
  throng_world_close(w);
  throng_world_close(again);
  throng_world_close(without);
}

/// Change one thing in the world with a later part, expect the message, put nothing on disk.
#define REFUSED(change, message)                                                 \
  do {                                                                           \
    throng_world *w;                                                             \
    ASSERT_OK(throng_world_open(GOLDEN, &w));                                    \
    change;                                                                      \
    EXPECT_EQ(throng_world_save(w, fixture_path("no.file")), THRONG_ERROR_DATA); \
    EXPECT_CONTAINS(throng_error_message(), "no.file");                          \
    EXPECT_CONTAINS(throng_error_message(), message);                            \
    EXPECT_TRUE(fopen(fixture_path("no.file"), "rb") == NULL);                   \
    throng_world_close(w);                                                       \
  } while (0)

TEST(later_part, every_broken_promise_is_refused_with_tensor_and_index) {
  REFUSED(w->later_offset[0] = 1, "'later_offset' at index 0");
  REFUSED(w->later_offset[2] = 1, "'later_offset' at index 2: 1, expected 2 to 3");
  REFUSED(w->later_offset[3] = 2, "'later_offset' ends at 2, expected 3");
  REFUSED(w->later_item[1] = 4, "'later_item' at index 1: 4, expected 0 to 3");
  REFUSED(w->later_item[1] = -1, "'later_item' at index 1: -1");
  REFUSED(w->later_like[2] = 2, "'later_like' at index 2: neither 0 nor 1");
  REFUSED(w->later_rating[0] = INFINITY, "'later_rating' at index 0");
  REFUSED(w->later_time[1] = 150, "'later_time' at index 1: earlier than the entry");
  REFUSED(w->later_time[0] = 199, "'later_time' at index 0: earlier than the end");
}

TEST(later_part, a_file_with_some_of_its_tensors_is_refused) {
  throng_world *w;
  safetensors_file *file;
  safetensors_writer *writer;
  const char *path = fixture_path("part.safetensors");
  ASSERT_OK(safetensors_open(GOLDEN, &file));
  ASSERT_OK(safetensors_writer_create(path, &writer));
  static const char *const key[] = {"format", "version", "source", "like_threshold", "has_time"};
  for (int k = 0; k < 5; ++k)
    ASSERT_OK(safetensors_writer_metadata(writer, key[k], safetensors_metadata(file, key[k])));
  for (size_t i = 0; i < safetensors_count(file); ++i) {
    const safetensors_tensor *t = safetensors_at(file, i);
    if (strcmp(t->name, "later_like") == 0) continue;
    ASSERT_OK(
        safetensors_writer_declare(writer, t->name, (tensor_type)t->type, t->rank, t->shape, NULL));
  }
  ASSERT_OK(safetensors_writer_begin(writer));
  for (size_t i = 0, number = 0; i < safetensors_count(file); ++i) {
    const safetensors_tensor *t = safetensors_at(file, i);
    void *data;
    if (strcmp(t->name, "later_like") == 0) continue;
    ASSERT_OK(safetensors_read_all(file, t, &data));
    ASSERT_OK(safetensors_writer_data(writer, number++, data, t->bytes));
    free(data);
  }
  ASSERT_OK(safetensors_writer_commit(writer));
  safetensors_close(file);
  EXPECT_EQ(throng_world_open(path, &w), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'later_like'");
}

TEST(later_part, arrays_make_one_with_times_that_go_on_where_none_are_given) {
  const int64_t offset[] = {0, 2, 3}, later_offset[] = {0, 1, 3};
  const int32_t item[] = {2, 0, 1}, later_item[] = {1, 2, 0};
  const uint8_t like[] = {1, 0, 1}, later_like[] = {0, 1, 1};
  const int64_t when[] = {5, 6, 7};
  throng_world_source s = throng_default_world_source();
  throng_world *w;
  const int64_t *time;
  s.n_user = 2;
  s.n_item = 3;
  s.user_offset = offset;
  s.history_item = item;
  s.history_like = like;
  s.later_offset = later_offset;
  s.later_item = later_item;
  s.later_like = later_like;
  ASSERT_OK(throng_world_from_arrays(&s, &w));
  ASSERT_EQ(throng_world_later(w, 1, NULL, NULL, &time), 2);
  EXPECT_EQ(time[0], 1);
  EXPECT_EQ(time[1], 2);
  EXPECT_EQ(w->later_rating[2], 1);
  throng_world_close(w);
  s.later_time = when;
  EXPECT_EQ(throng_world_from_arrays(&s, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "history_time is missing");
  s.later_time = NULL;
  s.history_time = when;
  EXPECT_EQ(throng_world_from_arrays(&s, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "later_time is missing");
  s.history_time = NULL;
  s.later_like = NULL;
  EXPECT_EQ(throng_world_from_arrays(&s, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "later_like is missing");
}

TEST(later_part, a_synthetic_world_draws_the_same_histories_and_keeps_their_ends_apart) {
  throng_synth_def def = throng_default_synth_def();
  throng_world *all, *w;
  def.n_user = 60;
  def.n_item = 80;
  def.history_mean = 12;
  ASSERT_OK(synth_build(&def, NULL, &all));
  def.later_share = 0.4;
  ASSERT_OK(synth_build(&def, NULL, &w));
  EXPECT_EQ(w->n_interaction + w->n_later, all->n_interaction);
  for (int64_t u = 0; u < 60; ++u) {
    const int32_t *item, *first, *later;
    const int64_t n = throng_world_history(all, u, &item, NULL, NULL);
    const int64_t n_first = throng_world_history(w, u, &first, NULL, NULL);
    const int64_t n_later = throng_world_later(w, u, &later, NULL, NULL);
    EXPECT_EQ(n_later, n < 8 ? 0 : (int64_t)(0.4 * (double)n + 1e-9));
    ASSERT_EQ(n_first + n_later, n);
    for (int64_t k = 0; k < n; ++k) EXPECT_EQ(k < n_first ? first[k] : later[k - n_first], item[k]);
  }
  EXPECT_EQ(memcmp(w->embedding_pos, all->embedding_pos, 80 * 128 * sizeof(float)), 0);
  throng_world_close(all);
  throng_world_close(w);
  def.later_least = 100000;
  EXPECT_EQ(synth_build(&def, NULL, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "synth.later_share");
}
