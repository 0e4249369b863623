/// Experiments: tables that survive a stop, worlds with parts removed, and each experiment run
/// small.
#include "experiment/experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "experiment/draw.h"
#include "experiment/thinned.h"
#include "experiment/variants.h"
#include "support/small_run.h"
#include "throng_test.h"
#include "world/world.h"

static const experiment_columns columns = {
    .name = "trial", .label = {"who", "what"}, .value = {"x", "y"}, .x = 0, .y = 1, .lines = true};

static const char *in_folder(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  return path;
}

TEST(experiment, a_table_has_after_a_stop_what_was_done_before_to_the_bit) {
  experiment_table *t;
  experiment_row row = experiment_row_of("a", "b", NULL);
  ASSERT_OK(experiment_table_open(throng_test_folder(), &columns, "{}", &t));
  row.value[0] = 1.0 / 3;
  ASSERT_OK(experiment_table_add(t, &row));
  experiment_table_free(t);
  ASSERT_OK(experiment_table_open(throng_test_folder(), &columns, "{}", &t));
  ASSERT_EQ(experiment_table_count(t), 1);
  EXPECT_TRUE(experiment_table_has(t, &row));
  EXPECT_EQ(experiment_table_row(t, 0)->value[0], 1.0 / 3);
  EXPECT_TRUE(isnan(experiment_table_row(t, 0)->value[1]));
  const experiment_row other = experiment_row_of("a", "c", NULL);
  EXPECT_FALSE(experiment_table_has(t, &other));
  ASSERT_OK(experiment_table_finish(t));
  ASSERT_OK(experiment_draw(t, throng_test_folder()));
  EXPECT_EQ(access(in_folder("results.svg"), R_OK), 0);
  EXPECT_EQ(access(in_folder("results.json"), R_OK), 0);
  experiment_table_free(t);
}

TEST(experiment, a_folder_with_another_configuration_s_results_is_refused) {
  experiment_table *t;
  const experiment_row row = experiment_row_of("a", "b", NULL);
  ASSERT_OK(experiment_table_open(throng_test_folder(), &columns, "{1}", &t));
  ASSERT_OK(experiment_table_add(t, &row));
  experiment_table_free(t);
  EXPECT_EQ(experiment_table_open(throng_test_folder(), &columns, "{2}", &t), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "another configuration");
  const experiment_columns others = {.name = "other", .label = {"who"}, .value = {"x"}};
  EXPECT_EQ(experiment_table_open(throng_test_folder(), &others, "{1}", &t), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "results.csv:1");
}

TEST(experiment, a_larger_share_removes_all_that_a_smaller_one_does_and_nothing_else) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  const throng_world *w = run.world;
  for (int part = 0; part < THINNED_PART_COUNT; ++part) {
    throng_world *half, *whole, *none;
    ASSERT_OK(thinned_world(w, (thinned_part)part, 0, 1, &none));
    ASSERT_OK(thinned_world(w, (thinned_part)part, 0.5, 1, &half));
    ASSERT_OK(thinned_world(w, (thinned_part)part, 1, 1, &whole));
    EXPECT_EQ(none->n_interaction, w->n_interaction);
    EXPECT_EQ(none->n_pos_entry, w->n_pos_entry);
    EXPECT_EQ(none->n_category_entry, w->n_category_entry);
    EXPECT_EQ(memcmp(none->pos, w->pos, (size_t)w->n_pos_entry * sizeof *w->pos), 0);
    EXPECT_EQ(memcmp(none->history_item, w->history_item,
                     (size_t)w->n_interaction * sizeof *w->history_item),
              0);
    const double kept[] = {(double)half->n_interaction / (double)w->n_interaction,
                           (double)half->n_pos_entry / (double)w->n_pos_entry,
                           (double)half->n_category_entry / (double)w->n_category_entry};
    EXPECT_NEAR(kept[0], part == THINNED_HISTORY ? 0.57 : 1, 0.05);  // two of some 15 rows stay
    EXPECT_NEAR(kept[1], part == THINNED_KEYWORDS ? 0.5 : 1, part == THINNED_NOISE ? 0.15 : 0.05);
    EXPECT_NEAR(kept[2], part == THINNED_CATEGORIES ? 0.5 : 1, 0.07);
    if (part == THINNED_HISTORY) EXPECT_LE(whole->n_interaction, 2 * w->n_user);
    if (part == THINNED_KEYWORDS) EXPECT_EQ(whole->n_pos_entry + whole->n_neg_entry, 0);
    if (part == THINNED_CATEGORIES) EXPECT_EQ(whole->n_category_entry, 0);
    int64_t last_differs = 0;
    for (int64_t u = 0; u < w->n_user; ++u)
      last_differs += whole->history_item[whole->user_offset[u + 1] - 1] !=
                      w->history_item[w->user_offset[u + 1] - 1];
    EXPECT_EQ(last_differs, 0);
    throng_world_close(none);
    throng_world_close(half);
    throng_world_close(whole);
  }
  small_run_close(&run);
}

/// One further setting of configs, or NULL.
static const char *also;

/// A config of the smallest size into the test's folder; `more` is one further setting or NULL.
static void small_config(const char *name, const char *more, throng_config *config) {
  static char file[4096], out[4096];
  snprintf(file, sizeof file, "%s/../configs/experiments/%s.json", TEST_SOURCE_DIR, name);
  snprintf(out, sizeof out, "train.out=%s/run", throng_test_folder());
  const char *const set[] = {"synth.users=300",
                             "synth.items=120",
                             "synth.keywords=120",
                             "synth.tastes=6",
                             "sta.epochs=2",
                             "sta.window=8",
                             "sim.lanes=32",
                             "sim.history=16",
                             "sim.max_steps=12",
                             "agent.count=2",
                             "agent.batch=16",
                             "agent.learning_starts=160",
                             "agent.hidden=[16,16]",
                             "agent.width=8",
                             "agent.user_width=4",
                             "train.steps=1280",
                             "train.evaluation.episodes=16",
                             out,
                             more,
                             more ? also : NULL,
                             NULL};
  EXPECT_OK(config_load(file, set, config));
}

static throng_status try_small(const char *name, const char *more, experiment_table **t) {
  throng_config config;
  throng_backend *backend;
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  def.threads = 1;
  small_config(name, more, &config);
  EXPECT_OK(throng_backend_open(&def, &backend));
  const throng_status status = experiment_run(experiment_find(name), &config, backend, NULL, t);
  throng_backend_close(backend);
  config_free(&config);
  return status;
}

static experiment_table *run_small(const char *name) {
  experiment_table *t = NULL;
  EXPECT_OK(try_small(name, NULL, &t));
  return t;
}

static double cell(const experiment_table *t, const char *a, const char *b, int column) {
  for (int64_t k = 0; k < experiment_table_count(t); ++k) {
    const experiment_row *row = experiment_table_row(t, k);
    if (!strcmp(row->label[0], a) && (!b || !strcmp(row->label[1], b))) return row->value[column];
  }
  return (double)NAN;
}

TEST(experiment, ablation_measures_every_variant_and_a_second_call_does_nothing_again) {
  experiment_table *t = run_small("ablation");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t), experiment_variant_count);
  EXPECT_TRUE(cell(t, "ensemble", NULL, 0) > cell(t, "f_mat", NULL, 0) - 0.05);
  EXPECT_TRUE(cell(t, "calibrated", NULL, 0) > cell(t, "f_mat", NULL, 0) - 0.05);
  EXPECT_LT(fabs(cell(t, "calibrated", NULL, 5)), 0.1);  // likes as often as people do
  EXPECT_NEAR(cell(t, "calibrated", NULL, 6), cell(t, "calibrated", NULL, 10), 1e-12);  // own judge
  EXPECT_FALSE(cell(t, "f_mat", NULL, 6) == cell(t, "f_mat", NULL, 10));
  EXPECT_EQ(cell(t, "ensemble", NULL, 0), cell(t, "majority", NULL, 0));  // one score, two answers
  EXPECT_FALSE(cell(t, "ensemble", NULL, 2) == cell(t, "majority", NULL, 2));
  const int64_t n = experiment_table_count(t);
  experiment_table_free(t);
  // Without the world nothing could be measured again; what was done is read.
  t = run_small("ablation");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t), n);
  experiment_table_free(t);
}

TEST(experiment, sparsity_leaves_votes_that_do_not_look_at_a_part_as_they_were) {
  experiment_table *t = run_small("sparsity");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t), 20);
  const double f_pop = cell(t, "keywords", "0 %", 4);
  EXPECT_EQ(cell(t, "keywords", "100 %", 4), f_pop);
  EXPECT_EQ(cell(t, "categories", "100 %", 4), f_pop);
  EXPECT_EQ(cell(t, "keywords", "100 %", 1), 0.5);  // f_mat: ties alone
  EXPECT_GT(cell(t, "keywords", "0 %", 1), 0.55);
  EXPECT_FALSE(cell(t, "history", "75 %", 1) == cell(t, "history", "0 %", 1));
  for (int64_t k = 0; k < experiment_table_count(t); ++k)
    EXPECT_TRUE(experiment_table_row(t, k)->value[6] > 0.5);  // calibrated: whatever is missing
  experiment_table_free(t);
}

TEST(experiment, fairness_shares_are_whole_and_random_items_are_shown_alike) {
  experiment_table *t = run_small("fairness");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t), 40);
  for (int64_t first = 0; first < 40; first += 5) {
    double sum = 0;
    for (int k = 0; k < 5; ++k) sum += experiment_table_row(t, first + k)->value[1];
    EXPECT_NEAR(sum, 1, 1e-9);
  }
  for (int k = 0; k < 5; ++k) EXPECT_NEAR(experiment_table_row(t, k)->value[1], 0.2, 0.08);
  EXPECT_GT(experiment_table_row(t, 14)->value[1], 0.9);  // popular: of the fifth of popular items
  experiment_table_free(t);
}

TEST(experiment, transfer_s_intervals_hold_what_playing_finds) {
  experiment_table *t = run_small("transfer");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t), 25);
  EXPECT_FALSE(cell(t, "calibrated", "majority", 1) == cell(t, "calibrated", "calibrated", 1));
  EXPECT_NEAR(cell(t, "calibrated", "calibrated", 0), cell(t, "calibrated", "calibrated", 3),
              1e-12);
  int held = 0, n = 0;
  for (int64_t k = 0; k < experiment_table_count(t); ++k, ++n) {
    const double *v = experiment_table_row(t, k)->value;
    held += v[13] - 0.05 <= v[5] && v[5] <= v[14] + 0.05;
  }
  EXPECT_GE(held, n * 3 / 4);  // 95 % intervals of some 17 effective rows
  experiment_table_free(t);
}

TEST(experiment, cost_times_every_variant) {
  experiment_table *t = run_small("cost");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t), experiment_variant_count);
  for (int64_t k = 0; k < experiment_table_count(t); ++k)
    EXPECT_GT(experiment_table_row(t, k)->value[0], 100);
  experiment_table_free(t);
}

TEST(experiment, drift_has_each_rule_s_modes_beside_the_same_real_answers) {
  experiment_table *t = run_small("drift");
  ASSERT_TRUE(t != NULL);
  EXPECT_EQ(experiment_table_count(t) % (5 * 2), 0);
  EXPECT_GE(experiment_table_count(t), 5 * 2 * 2);
  EXPECT_FALSE(isnan(cell(t, "calibrated", "free", 1)));
  double real = (double)NAN;
  for (int64_t k = 0; k < experiment_table_count(t); ++k) {
    const experiment_row *row = experiment_table_row(t, k);
    if (strcmp(row->label[2], "all") != 0) continue;
    if (isnan(real)) real = row->value[2];
    EXPECT_EQ(row->value[2], real);  // the same whoever answers
    EXPECT_NEAR(row->value[3] - row->value[2], row->value[4], 1e-12);
    EXPECT_TRUE(row->value[10] >= 0 && row->value[10] <= 1);
  }
  experiment_table_free(t);
}

TEST(experiment,
     planning_gains_where_a_category_must_not_come_again_and_not_where_nothing_changes) {
  experiment_table *t = NULL;
  ASSERT_OK(try_small("planning", "train.evaluation.episodes=4", &t));
  EXPECT_EQ(experiment_table_count(t), 12);
  EXPECT_LT(cell(t, "none", NULL, 4), 0.05);
  EXPECT_LT(cell(t, "temper", NULL, 4), 0.05);
  EXPECT_GT(cell(t, "repeat 1", NULL, 4), 0.1);
  EXPECT_GT(cell(t, "repeat 1", NULL, 11), 0.1);
  EXPECT_GT(cell(t, "preset", NULL, 4), 0.1);
  EXPECT_TRUE(isnan(cell(t, "return", NULL, 4)));
  EXPECT_FALSE(isnan(cell(t, "return", NULL, 11)));
  experiment_table_free(t);
}

// --- what cannot be asked ------------------------------------------------------------------------

/// A setting that names a world of 60 users with later parts, after `change`.
static const char *changed_world(void (*change)(throng_world *world)) {
  static char setting[4096];
  throng_world *world;
  throng_synth_def synth = throng_default_synth_def();
  synth.n_user = 60;
  synth.n_item = 40;
  synth.n_category = 4;
  synth.n_keyword = 40;
  synth.n_taste = 4;
  synth.dim = 8;
  synth.history_mean = 16;
  synth.later_share = 0.5;
  snprintf(setting, sizeof setting, "world.file=%s/changed.safetensors", throng_test_folder());
  char *path = strchr(setting, '=') + 1;
  EXPECT_OK(throng_synth(&synth, path, NULL));
  EXPECT_OK(throng_world_open(path, &world));
  change(world);
  EXPECT_OK(throng_world_save(world, path));
  throng_world_close(world);
  return setting;
}

static void dislike_all(throng_world *w) {
  memset(w->history_like, 0, (size_t)w->n_interaction);
  memset(w->later_like, 0, (size_t)w->n_later);
}
static void like_all_later(throng_world *w) { memset(w->later_like, 1, (size_t)w->n_later); }
static void like_all(throng_world *w) {
  memset(w->history_like, 1, (size_t)w->n_interaction);
  memset(w->later_like, 1, (size_t)w->n_later);
  w->like_threshold = 1;
}
static void click_all(throng_world *w) {
  like_all(w);
  w->like_threshold = (double)NAN;
}
static void take_keywords(throng_world *w) {
  memset(w->pos_offset, 0, ((size_t)w->n_item + 1) * sizeof *w->pos_offset);
  memset(w->neg_offset, 0, ((size_t)w->n_item + 1) * sizeof *w->neg_offset);
  w->n_pos_entry = w->n_neg_entry = 0;
}

#define EXPECT_REFUSED(name, more, text)                        \
  do {                                                          \
    experiment_table *none = NULL;                              \
    EXPECT_EQ(try_small(name, more, &none), THRONG_ERROR_DATA); \
    EXPECT_CONTAINS(throng_error_message(), text);              \
    EXPECT_TRUE(none == NULL);                                  \
  } while (0)

TEST(experiment, a_world_that_nothing_can_be_asked_of_is_refused_with_what_would_help) {
  EXPECT_REFUSED("drift", "synth.later_share=0", "dataset.later_share");
  EXPECT_REFUSED("fairness", "synth.users=4", "this world has 4 users");
  EXPECT_REFUSED("ablation", changed_world(dislike_all), "like_threshold");
  const char *const likes = changed_world(like_all_later);
  EXPECT_REFUSED("drift", likes, "are likes, so nothing tells a good vote from a bad one");
  EXPECT_REFUSED("sparsity", likes, "dataset.like_threshold");
  also = "votes.rule=majority";  // f_cal, which the config has, asks for dislikes before
  EXPECT_REFUSED("drift", changed_world(like_all), "a dataset.like_threshold that leaves both");
  EXPECT_REFUSED("drift", changed_world(click_all), "rows without ratings tell no dislikes");
  also = NULL;
}

TEST(experiment, a_world_without_keywords_has_no_rows_of_theirs) {
  experiment_table *t = NULL;
  ASSERT_OK(try_small("sparsity", changed_world(take_keywords), &t));
  EXPECT_EQ(experiment_table_count(t), 10);
  EXPECT_TRUE(isnan(cell(t, "keywords", NULL, 1)));
  EXPECT_EQ(cell(t, "history", "0 %", 1), 0.5);  // f_mat: ties alone
  experiment_table_free(t);
}
