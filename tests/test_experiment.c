/// Experiments: tables that survive a stop, worlds with parts removed, and each experiment run
/// small.
#include "experiment/experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "experiment/draw.h"
#include "experiment/thinned.h"
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

/// A config of the smallest size into the test's folder.
static void small_config(const char *name, throng_config *config) {
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
                             NULL};
  EXPECT_OK(config_load(file, set, config));
}

static experiment_table *run_small(const char *name) {
  throng_config config;
  throng_backend *backend;
  experiment_table *t = NULL;
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  def.threads = 1;
  small_config(name, &config);
  EXPECT_OK(throng_backend_open(&def, &backend));
  EXPECT_OK(experiment_run(experiment_find(name), &config, backend, NULL, &t));
  throng_backend_close(backend);
  config_free(&config);
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
  EXPECT_GE(experiment_table_count(t), 10);
  EXPECT_TRUE(cell(t, "ensemble", NULL, 0) > cell(t, "f_mat", NULL, 0) - 0.05);
  EXPECT_NEAR(cell(t, "majority", NULL, 6), cell(t, "majority", NULL, 10), 1e-12);  // own judge
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
  EXPECT_GE(experiment_table_count(t), 16);
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
  EXPECT_GE(experiment_table_count(t), 10);
  for (int64_t k = 0; k < experiment_table_count(t); ++k)
    EXPECT_GT(experiment_table_row(t, k)->value[0], 100);
  experiment_table_free(t);
}

TEST(experiment, drift_has_each_rule_s_modes_beside_the_same_real_answers) {
  experiment_table *t = run_small("drift");
  ASSERT_TRUE(t != NULL);
  EXPECT_GE(experiment_table_count(t), 4 * 2 * 2);
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

// --- table 2 ------------------------------------------------------------------------------------

enum { TABLE2_SETS = 5, TABLE2_ALGORITHMS = 4, TABLE2_ALL = TABLE2_SETS * TABLE2_ALGORITHMS };
static const char *const table2_set[TABLE2_SETS] = {"yelp", "amazon-music", "amazon-games",
                                                    "amazon-movie", "anime"};
static const char *const table2_algorithm[TABLE2_ALGORITHMS] = {"dqn", "ppo", "a2c", "trpo"};

/// The committed configs with what `set` says, as far as they are there: run and freed.
static throng_status run_table2(const char *const *set, experiment_table **t) {
  throng_config config[TABLE2_ALL], *each[TABLE2_ALL];
  throng_backend *backend;
  throng_backend_def def = throng_default_backend_def();
  char file[4096];
  def.name = "cpu";
  def.threads = 1;
  EXPECT_OK(throng_backend_open(&def, &backend));
  for (int k = 0; k < TABLE2_ALL; ++k) {
    snprintf(file, sizeof file, "%s/../configs/paper-table2/%s-%s.json", TEST_SOURCE_DIR,
             table2_set[k / TABLE2_ALGORITHMS], table2_algorithm[k % TABLE2_ALGORITHMS]);
    EXPECT_OK(config_load(file, set, &config[k]));
    each[k] = &config[k];
  }
  const throng_status status =
      experiment_run_many(experiment_find("table2"), TABLE2_ALL, each, backend, NULL, t);
  for (int k = 0; k < TABLE2_ALL; ++k) config_free(&config[k]);
  throng_backend_close(backend);
  return status;
}

TEST(experiment, table2_trains_every_algorithm_on_a_twin_of_every_set) {
  enum { A_RWD, T_RWD, LIKING, ERROR, STEP, RANDOM, RANDOM_STEP, PAPER };
  char world[4096], out[4096];
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  snprintf(world, sizeof world, "world.file=%s/world.safetensors", throng_test_folder());
  snprintf(out, sizeof out, "train.out=%s/table2", throng_test_folder());
  const char *const set[] = {world,
                             out,
                             "votes.rule=logical",
                             "sim.lanes=16",
                             "sim.history=16",
                             "sim.max_steps=12",
                             "agent.hidden=[8,8]",
                             "agent.user_width=4",
                             "agent.batch=16",
                             "agent.learning_starts=64",
                             "agent.n_steps=4",
                             "train.steps=256",
                             "train.evaluation.episodes=16",
                             NULL};
  experiment_table *t = NULL;
  ASSERT_OK(run_table2(set, &t));
  ASSERT_EQ(experiment_table_count(t), TABLE2_ALL);
  for (int k = 0; k < TABLE2_ALL; ++k) {
    const experiment_row *row = experiment_table_row(t, k);
    EXPECT_STREQ(row->label[0], table2_set[k / TABLE2_ALGORITHMS]);
    EXPECT_STREQ(row->label[1], table2_algorithm[k % TABLE2_ALGORITHMS]);
    EXPECT_TRUE(row->value[A_RWD] >= 0 && row->value[A_RWD] <= 12);
    EXPECT_NEAR(row->value[T_RWD], 10 * row->value[A_RWD], 1e-9);
    EXPECT_TRUE(row->value[LIKING] >= 0 && row->value[LIKING] <= 100);
    EXPECT_EQ(row->value[RANDOM], experiment_table_row(t, 0)->value[RANDOM]);  // the same world
    EXPECT_EQ(isnan(row->value[PAPER]), strcmp(row->label[1], "dqn") != 0);
  }
  EXPECT_EQ(cell(t, "yelp", "dqn", PAPER), 27.56);
  experiment_table_free(t);
  small_run_close(&run);
}

TEST(experiment, table2_says_which_files_are_missing) {
  char out[4096];
  snprintf(out, sizeof out, "train.out=%s/table2", throng_test_folder());
  const char *const set[] = {out, NULL};
  experiment_table *t = NULL;
  setenv("THRONG_DATA", "/nowhere", 1);
  EXPECT_EQ(run_table2(set, &t), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "not one of the 20");
  EXPECT_CONTAINS(throng_error_message(), "/nowhere/anime-full/rating.csv");
  unsetenv("THRONG_DATA");
}
