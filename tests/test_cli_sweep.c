/// `throng sweep` as a person meets it: a config with a space becomes a folder, which is gone on
/// with, exported from, replayed, and refused to a second sweep.
#include "base/file_lock.h"
#include "cli_driver.h"
#include "support/sweep_rows.h"

#define SMALL                                                                                   \
  "\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 40, \"dim\": 8, " \
  "\"tastes\": 4, \"history_mean\": 8}, \"sta\": {\"epochs\": 1, \"window\": 8, \"width\": 8}," \
  "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 10},"                                \
  "\"agent\": {\"batch\": 8, \"learning_starts\": 64, \"hidden\": [8, 8], \"width\": 8, "       \
  "\"buffer\": 1024}, \"train\": {\"steps\": 1600, \"evaluate_every\": 320, "                   \
  "\"evaluation\": {\"episodes\": 16}, \"out\": \"s\"},"

static void write_sweep(void) {
  write_file("sweep.json", "{" SMALL
                           "\"sweep\": {\"slots\": 4, \"max_trials\": 10, \"test_seeds\": 3,"
                           "\"top\": 2, \"space\": {"
                           "\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": true},"
                           "\"agent.gamma\": {\"min\": 0.5, \"max\": 0.99}}}}");
}

static cJSON *json_of(const char *command, int code) {
  EXPECT_EQ(throng(command), code);
  cJSON *document = cJSON_Parse(last.out);
  if (!document) throng_test_fail(__FILE__, __LINE__, "not JSON: %s%s", last.out, last.err);
  return document;
}

static char *rows_of(const char *folder) {
  char path[600];
  snprintf(path, sizeof path, "%s/trials.db", in_folder(folder));
  return sweep_rows_text(path);
}

TEST(cli_sweep, a_config_becomes_a_folder_with_everything_in_it) {
  write_sweep();
  cJSON *document = json_of("sweep sweep.json --threads 1 --json -q", 0);
  EXPECT_EQ(number_at(document, "trials", "total"), 10);
  EXPECT_EQ(number_at(document, "trials", "running"), 0);
  const cJSON *tested = cJSON_GetObjectItem(document, "confirmation");
  EXPECT_EQ(number_at(tested, "seeds", NULL), 3);
  EXPECT_TRUE(
      cJSON_GetArraySize(cJSON_GetObjectItem(tested, "trials")) >= 2 ||
      number_at(cJSON_GetArrayItem(cJSON_GetObjectItem(tested, "trials"), 0), "trial", NULL) == 0);
  cJSON_Delete(document);
  static const char *const files[] = {"s/config.json",   "s/trials.db",        "s/trials.csv",
                                      "s/metrics.jsonl", "s/report.html",      "s/summary.json",
                                      "s/tensorboard",   "s/world.safetensors"};
  for (size_t k = 0; k < sizeof files / sizeof *files; ++k) EXPECT_TRUE(exists(files[k]));
  EXPECT_FALSE(exists("s/state"));
}

TEST(cli_sweep, the_text_names_the_best_and_says_that_its_value_is_biased) {
  write_sweep();
  ASSERT_EQ(throng("sweep sweep.json --threads 1"), 0);
  static const char *const parts[] = {
      "10 trials", "average_reward", "learning_rate=", "biased", "P(better)", "sweep folder: s"};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; ++k) EXPECT_CONTAINS(last.out, parts[k]);
  const char *line = last.out;
  for (const char *end; (end = strchr(line, '\n')); line = end + 1)
    if (end - line > 80 && strncmp(line, "sweep folder", 12) != 0)
      throng_test_fail(__FILE__, __LINE__, "wider than 80: %.*s", (int)(end - line), line);
}

TEST(cli_sweep, a_folder_with_a_sweep_is_kept_and_a_finished_one_says_so) {
  write_sweep();
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q"), 0);
  char *before = rows_of("s");
  EXPECT_EQ(throng("sweep sweep.json --threads 1"), 1);
  EXPECT_CONTAINS(last.err, "--resume");
  EXPECT_EQ(throng("sweep sweep.json --threads 1 --resume"), 0);
  EXPECT_CONTAINS(last.err, "finished already");
  char *after = rows_of("s");
  EXPECT_STREQ(before, after);
  free(before);
  free(after);
  EXPECT_EQ(throng("sweep s/config.json --threads 1 --resume --max-trials 14 --json -q"), 0);
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_EQ(number_at(document, "trials", "total"), 14);
  cJSON_Delete(document);
}

TEST(cli_sweep, a_changed_space_or_option_is_refused_with_what_has_changed) {
  write_sweep();
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q"), 0);
  EXPECT_EQ(throng("sweep sweep.json --resume --set 'sweep.space.agent.gamma={\"min\":0.4,"
                   "\"max\":0.99}'"),
            1);
  EXPECT_CONTAINS(last.err, "agent.gamma");
  EXPECT_EQ(throng("sweep sweep.json --resume --set sim.lanes=8"), 1);
  EXPECT_CONTAINS(last.err, "sim.lanes: 16 -> 8");
  EXPECT_EQ(throng("sweep sweep.json --resume --set synth.users=61"), 1);
  EXPECT_CONTAINS(last.err, "synth.users: 60 -> 61");
}

TEST(cli_sweep, another_world_in_the_place_of_its_own_is_refused) {
  write_sweep();
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q --set world.file=world.safetensors"), 0);
  ASSERT_EQ(throng("synth -q -o world.safetensors --set synth.users=50 --set synth.items=40 --set "
                   "synth.categories=4 --set synth.keywords=40 --set synth.dim=8 --set "
                   "synth.tastes=4"),
            0);
  EXPECT_EQ(throng("sweep s/config.json --threads 1 --resume --max-trials 12"), 1);
  EXPECT_CONTAINS(last.err, "another world");
}

TEST(cli_sweep, two_of_them_cannot_share_a_folder) {
  file_lock *lock;
  write_sweep();
  mkdir(in_folder("s"), 0777);
  ASSERT_OK(file_lock_take(in_folder("s/.lock"), "s", "wait", &lock));
  EXPECT_EQ(throng("sweep sweep.json --threads 1"), 1);
  EXPECT_CONTAINS(last.err, "another process");
  file_lock_release(lock);
}

TEST(cli_sweep, a_dry_run_tells_memory_steps_and_time_and_trains_no_trial) {
  write_sweep();
  cJSON *document = json_of("sweep sweep.json --threads 1 --dry-run --json -q", 0);
  EXPECT_EQ(number_at(document, "slots", NULL), 4);
  EXPECT_EQ(number_at(document, "cohorts", NULL), 1);
  EXPECT_TRUE(number_at(document, "agent_bytes", NULL) > 1024 * 4);
  EXPECT_TRUE(number_at(document, "most_agents", NULL) >= 4);
  EXPECT_TRUE(number_at(document, "search_steps", NULL) >= 10 * 320);
  EXPECT_TRUE(number_at(document, "search_steps", NULL) <= 10 * 1600);
  EXPECT_TRUE(number_at(document, "search_seconds", NULL) > 0);
  cJSON_Delete(document);
  EXPECT_FALSE(exists("s/trials.db"));
}

TEST(cli_sweep, slots_of_0_are_as_many_as_fit) {
  write_sweep();
  cJSON *document = json_of("sweep sweep.json --threads 1 --slots 0 --json -q", 0);
  EXPECT_TRUE(number_at(document, "slots", NULL) > 4);
  EXPECT_TRUE(number_at(document, "slots", NULL) <= 1024);
  cJSON_Delete(document);
  EXPECT_EQ(throng("sweep sweep.json --threads 1 --slots 0 --resume -q"), 0);
}

/// A line of metrics.jsonl that has all of these numbers, or NULL.
static cJSON *find_row(const char *name, const char *key, double x, const char *key2, double y) {
  static char line[1 << 14];
  cJSON *found = NULL;
  FILE *file = fopen(in_folder(name), "r");
  while (file && !found && fgets(line, sizeof line, file)) {
    cJSON *row = cJSON_Parse(line);
    if (number_at(row, key, NULL) == x && (!key2 || number_at(row, key2, NULL) == y))
      found = row;
    else
      cJSON_Delete(row);
  }
  if (file) fclose(file);
  return found;
}

TEST(cli_sweep, a_trial_s_config_gives_the_same_metrics_to_throng_train) {
  char command[200];
  write_sweep();
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q --scheduler none --max-trials 3"), 0);
  for (int k = 0; k < 3; ++k) {
    snprintf(command, sizeof command, "trials s --config %d > c%d.json", k, k);
    ASSERT_EQ(throng(command), 0);
    snprintf(command, sizeof command, "train c%d.json -q --threads 1 -o r%d", k, k);
    ASSERT_EQ(throng(command), 0);
    char metrics[32];
    snprintf(metrics, sizeof metrics, "r%d/metrics.jsonl", k);
    for (int step = 320; step <= 1600; step += 320) {
      cJSON *a = find_row("s/metrics.jsonl", "trial", k, "step", step);
      cJSON *b = find_row(metrics, "step", step, NULL, 0);
      static const char *const names[] = {"evaluation/agent/average_reward",
                                          "evaluation/agent/coverage",
                                          "evaluation/agent/liking",
                                          "train/loss",
                                          "train/q",
                                          "train/grad_norm",
                                          "train/updates"};
      for (size_t j = 0; j < sizeof names / sizeof *names; ++j)
        EXPECT_TRUE(number_at(a, names[j], NULL) == number_at(b, names[j], NULL));
      cJSON_Delete(a);
      cJSON_Delete(b);
    }
  }
}

TEST(cli_sweep, the_best_of_pbt_is_trained_again_alone_by_its_schedule_to_the_bit) {
  char command[200];
  write_sweep();
  cJSON *document = json_of("sweep sweep.json --threads 1 --json -q --scheduler pbt --slots 6", 0);
  int copies = 0;
  const cJSON *one;
  cJSON_ArrayForEach(one, cJSON_GetObjectItem(document, "best")) {
    snprintf(command, sizeof command, "sweep s/config.json --threads 1 --json -q --replay %d",
             (int)number_at(one, "trial", NULL));
    cJSON *again = json_of(command, 0);
    EXPECT_EQ(number_at(again, "different", NULL), 0);
    EXPECT_EQ(number_at(again, "reports", NULL), 5);
    EXPECT_TRUE(number_at(again, "average_reward", NULL) ==
                number_at(one, "values", "average_reward"));
    copies += number_at(again, "ancestors", NULL) > 0;
    cJSON_Delete(again);
  }
  EXPECT_TRUE(copies > 0);
  EXPECT_TRUE(exists("s/pbt.jsonl"));
  cJSON_Delete(document);
}

TEST(cli_sweep, a_full_disk_is_an_error_and_the_sweep_goes_on_once_there_is_room) {
  write_sweep();
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q -o whole"), 0);
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q --dry-run"), 0);  // makes the world
  ASSERT_EQ(throng("info >/dev/null; ulimit -f 400; trap '' XFSZ; exec " TEST_PROGRAM
                   " sweep sweep.json --threads 1 -q >/dev/null"),
            1);
  EXPECT_CONTAINS(last.err, "trials.db");
  ASSERT_EQ(throng("sweep sweep.json --threads 1 -q --resume"), 0);
  char *whole = rows_of("whole"), *after = rows_of("s");
  EXPECT_STREQ(whole, after);
  free(whole);
  free(after);
}

TEST(cli_sweep, what_cannot_be_done_is_refused_before_anything_is_made) {
  write_sweep();
  static const char *const wrong[][2] = {
      {"--set sweep.objective=rewrad", "sweep.objective: no metric 'rewrad'"},
      {"--set 'sweep.space.agent.gamma={\"min\":0.9,\"max\":0.5}'", "agent.gamma"},
      {"--set 'sweep.space.agent.seed={\"min\":1,\"max\":5}'", "agent.seed"},
      {"--scheduler nothing", "--scheduler"},
      {"--set sweep.space=null", "sweep.space"},
      {"--max-trials 0", "no bound"},
      {"--resume", "no sweep to resume"}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; ++k) {
    char command[300];
    snprintf(command, sizeof command, "sweep sweep.json %s", wrong[k][0]);
    EXPECT_TRUE(throng(command) != 0);
    EXPECT_CONTAINS(last.err, wrong[k][1]);
    EXPECT_FALSE(exists("s"));
  }
}
