/// The config.json of a run that was started from C: `throng train` takes it and does the same.
#include "agent/agent_fields.h"
#include "base/backend.h"
#include "cli_driver.h"
#include "config/config.h"
#include "evaluate/evaluation_fields.h"
#include "sim/sim_fields.h"
#include "support/small_run.h"
#include "train/train_fields.h"
#include "train/train_json.h"
#include "world/world.h"

/// Another value than the default's, within the limits.
static double moved(const field *f, double x) {
  if (f->kind == FIELD_KIND_BOOL) return x == 0;
  if (f->kind == FIELD_KIND_ENUM) return x == 0 && f->names[1] ? 1 : 0;
  if (f->kind == FIELD_KIND_F32) return x != 0 ? x / 2 : f->most / 2;
  return x < f->most ? x + 1 : x - 1;
}

static void move_all(const field_table *table, void *def) {
  for (const field *f = NULL; (f = fields_next(table, f, 0));)
    for (int k = 0; k < f->count && !field_is_text(f); ++k)
      EXPECT_OK(field_set(table, f, def, k, moved(f, field_get(f, def, k))));
}

static void expect_same_options(const field_table *table, const void *a, const void *b) {
  for (const field *f = NULL; (f = fields_next(table, f, 0));) {
    for (int k = 0; k < f->count && !field_is_text(f); ++k)
      if (field_get(f, a, k) != field_get(f, b, k))
        throng_test_fail(__FILE__, __LINE__, "%s.%s[%d]: %g, %g", table->section, f->name, k,
                         field_get(f, a, k), field_get(f, b, k));
    if (field_is_text(f)) EXPECT_STREQ(field_text(f, a), field_text(f, b));
  }
}

TEST(run_config, holds_every_option_of_the_run_and_reads_back_to_it) {
  throng_sim_def sim_def = throng_default_sim_def();
  throng_agent_def agent = throng_default_agent_def();
  throng_train_def def = throng_default_train_def();
  move_all(&sim_fields, &sim_def);
  move_all(&votes_fields, &sim_def.votes);
  move_all(&agent_fields, &agent);
  move_all(&train_fields, &def);
  move_all(&evaluation_fields, &def.evaluation);
  sim_def.lanes = 4 * agent.count;
  def.out = "~/runs/${a}";  // a folder of this name
  throng_world world = {.path = (char[]){"/data/$${b}/w"}};
  struct throng_backend backend = {.name = "cpu"};
  char *text;
  throng_config config;
  ASSERT_OK(train_config_json(&backend, &world, NULL, &sim_def, &agent, &def, &text));
  ASSERT_OK(config_load_text(text, strlen(text), "config.json", NULL, &config));
  ASSERT_OK(config_use(&config, "train.out"));
  ASSERT_OK(config_use(&config, "world.file"));
  EXPECT_STREQ(config.train.out, "./~/runs/${a}");
  EXPECT_STREQ(config.world_file, world.path);
  EXPECT_STREQ(config.backend.name, "cpu");
  config.train.out = def.out;
  expect_same_options(&sim_fields, &sim_def, &config.sim);
  expect_same_options(&votes_fields, &sim_def.votes, &config.sim.votes);
  expect_same_options(&agent_fields, &agent, &config.agent);
  expect_same_options(&train_fields, &def, &config.train);
  expect_same_options(&evaluation_fields, &def.evaluation, &config.train.evaluation);
  config_free(&config);
  free(text);
}

/// Rows of metrics.jsonl without what a clock says, in order.
static char *rows_of(const char *run) {
  char path[128];
  static char text[1 << 18];
  char *rows = calloc(1, sizeof text);
  snprintf(path, sizeof path, "%s/metrics.jsonl", run);
  slurp(in_folder(path), text, sizeof text);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    cJSON *row = cJSON_Parse(line);
    cJSON_DeleteItemFromObjectCaseSensitive(row, "seconds");
    cJSON_DeleteItemFromObjectCaseSensitive(row, "train/user_steps_per_second");
    char *printed = cJSON_PrintUnformatted(row);
    strcat(rows, printed);
    free(printed);
    cJSON_Delete(row);
  }
  return rows;
}

static void expect_same_run(const char *a, const char *b, int64_t steps) {
  char line[400];
  snprintf(line, sizeof line,
           "info >/dev/null; cmp %s/checkpoint-%lld.safetensors %s/checkpoint-%lld.safetensors", a,
           (long long)steps, b, (long long)steps);
  EXPECT_EQ(throng(line), 0);
  char *rows = rows_of(a), *other = rows_of(b);
  EXPECT_TRUE(strlen(rows) > 100);
  EXPECT_STREQ(rows, other);
  free(rows);
  free(other);
}

TEST(run_config, of_a_run_from_c_makes_the_program_do_the_same_run) {
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  run.sim.seed = 11;
  run.sim.leave_probability = 0.1f;
  run.sim.votes.similarity = THRONG_SIMILARITY_MEAN;
  run.agent.beta2 = 0.99f;
  run.agent.epsilon = THRONG_EPSILON_EXPONENTIAL;
  run.agent.count = 2;
  run.train.evaluation.seed = 5;
  run.train.yardsticks = false;
  run.train.out = in_folder("c");
  ASSERT_OK(
      throng_train(run.backend, run.world, NULL, &run.sim, &run.agent, &run.train, NULL, NULL));
  ASSERT_EQ(throng("train c/config.json -o again -q --threads 1"), 0);
  expect_same_run("c", "again", run.train.steps);
  small_run_close(&run);
}

TEST(run_config, names_the_weights_that_were_read_and_fits_those_anew_that_were_not) {
  small_run run;
  throng_sta *sta;
  throng_sta_def def = throng_default_sta_def();
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  def.width = def.window = 8;
  def.epochs = 2;
  def.dropout = 0.25f;
  run.sim.votes.rule = THRONG_RULE_MAJORITY;
  run.train.yardsticks = false;
  run.train.steps = run.train.evaluate_every = run.train.checkpoint_every = 640;
  ASSERT_OK(throng_sta_fit(run.backend, run.world, &def, NULL, &sta, NULL));
  run.train.out = in_folder("fitted");
  ASSERT_OK(
      throng_train(run.backend, run.world, sta, &run.sim, &run.agent, &run.train, NULL, NULL));
  ASSERT_EQ(throng("train fitted/config.json -o refitted -q --threads 1"), 0);
  EXPECT_TRUE(exists("refitted/sta.safetensors"));
  expect_same_run("fitted", "refitted", 640);
  ASSERT_OK(throng_sta_save(sta, in_folder("weights")));
  throng_sta_close(sta);
  ASSERT_OK(throng_sta_open(run.backend, run.world, in_folder("weights"), &sta));
  run.train.out = in_folder("opened");
  ASSERT_OK(
      throng_train(run.backend, run.world, sta, &run.sim, &run.agent, &run.train, NULL, NULL));
  ASSERT_EQ(throng("train opened/config.json -o reopened -q --threads 1"), 0);
  EXPECT_FALSE(exists("reopened/sta.safetensors"));
  expect_same_run("opened", "reopened", 640);
  throng_sta_close(sta);
  small_run_close(&run);
}

/// A copy of the run that version 0.1.0 left (tests/golden/make_run_0_1.sh), to go on with.
static void copy_old_run(void) {
  EXPECT_EQ(throng("info >/dev/null; cp -r " TEST_SOURCE_DIR "/golden/run-0.1 old > /dev/null"), 0);
}

TEST(run_config, of_version_0_1_goes_on_from_its_checkpoint) {
  copy_old_run();
  ASSERT_EQ(throng("train old/config.json -o old --resume --threads 1 --set train.steps=96"), 0);
  EXPECT_CONTAINS(last.err, "resumed from old/checkpoint-64.safetensors");
  EXPECT_CONTAINS(last.err, "using old/world.safetensors again");
  EXPECT_CONTAINS(last.err, "using old/sta.safetensors again");
  EXPECT_TRUE(exists("old/checkpoint-96.safetensors"));
}

TEST(run_config, of_version_0_1_is_not_gone_on_with_under_other_options) {
  static const char *const cases[][2] = {
      {"sim.first_lane=0", "it has first_lane 8, this one has first_lane 0"},
      {"sim.preferences=false", "it has preferences 1, this one has preferences 0"},
      {"votes.rule=majority", "it has rule 5, this one has rule majority"},
      {"votes.weights=1,1,2", "it has weights 1 0.5 2, this one has weights 1 1 2"},
      {"agent.beta1=0.8", "this one has beta1 0.8"},
      {"agent.loss=huber", "it has loss mse, this one has loss huber"},
  };
  copy_old_run();
  for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
    char command[200];
    snprintf(command, sizeof command,
             "train old/config.json -o old --resume --threads 1 --set train.steps=96 --set %s",
             cases[k][0]);
    EXPECT_EQ(throng(command), 1);
    EXPECT_CONTAINS(last.err, cases[k][1]);
  }
}
