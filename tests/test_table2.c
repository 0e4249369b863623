/// The paper's table 2 as a command: the twenty committed configs at a small size.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "experiment/experiment.h"
#include "support/small_run.h"
#include "throng_test.h"

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

TEST(table2, trains_every_algorithm_on_a_twin_of_every_set) {
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
  EXPECT_EQ(experiment_table_row(t, 0)->value[PAPER], 27.56);
  experiment_table_free(t);
  small_run_close(&run);
}

TEST(table2, says_which_files_are_missing) {
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
