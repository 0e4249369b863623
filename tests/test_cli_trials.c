/// `throng trials` on the folder of a sweep: lists, shows, compares, exports, and the config of a
/// trial that trains as the sweep did.
#include <inttypes.h>

#include "cli_driver.h"
#include "sweep_fixture.h"
#include "trials/trials.h"

enum { RATE, GAMMA, N_STEP, SHAPE, WIDTH, N_OPTION };

#define SMALL                                                                                    \
  "{\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 40, \"dim\": 8, " \
  "\"tastes\": 4, \"history_mean\": 8}, \"sta\": {\"epochs\": 1, \"window\": 8, \"width\": 8}, " \
  "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 10}, \"agent\": {\"batch\": 8, "      \
  "\"learning_starts\": 64, \"hidden\": [8, 8], \"width\": 8}, \"train\": {\"steps\": 1600, "    \
  "\"evaluate_every\": 800, \"evaluation\": {\"episodes\": 16}, \"out\": \"sweep\"}}"

static const double best_x[N_OPTION] = {0.001, 0.9, 3, 1, 32};

/// Trial k of 40: 0 to 29 complete, the best is 17; 30 to 36 given up, 37 failed, 38 and 39 run.
static double value_of(int64_t k) { return k == 17 ? 5 : 1.0 / (double)(k + 3); }

/// The folder "sweep" as a sweep leaves it; `*writer` stays open within a round that is not
/// committed.
static void make_sweep(trials **writer) {
  mkdir(in_folder("sweep"), 0777);
  write_file("sweep/config.json", SMALL);
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = {.path = in_folder("sweep/trials.db"),
                    .study = "sweep",
                    .space = s,
                    .n_objective = 1,
                    .metric = {"average_reward"},
                    .maximise = {true}};
  trials *t;
  ASSERT_OK(trials_open(&def, false, &t));
  EXPECT_OK(trials_begin(t));
  EXPECT_OK(trials_set(t, -1, TRIALS_PERIOD, "800"));
  for (int64_t k = 0; k < 40; ++k) {
    double x[N_OPTION] = {1e-5 * (double)(k + 1), 0.5 + (double)k / 100, 1 + (double)(k % 8),
                          (double)(k % 2), k % 2 ? 16 * (1 + (double)(k % 8)) : NAN};
    EXPECT_OK(trials_add(t, k, k == 17 ? best_x : x));
    int64_t reports = k < 30 ? 12 : k < 37 ? 1 + k % 5 : k == 39 ? 0 : 2;
    for (int64_t r = 1; r <= reports; ++r)
      EXPECT_OK(trials_report(t, k, r, value_of(k) * (double)r / (double)reports));
    double value = value_of(k);
    if (k == 37) EXPECT_OK(trials_set_text(t, k, TRIALS_CAUSE, "loss is no number at step 96"));
    if (k < 38)
      EXPECT_OK(trials_finish(t, k,
                              k < 30   ? TRIAL_COMPLETE
                              : k < 37 ? TRIAL_PRUNED
                                       : TRIAL_FAILED,
                              k < 37 ? &value : NULL));
  }
  EXPECT_OK(trials_commit(t));
  if (writer) {
    EXPECT_OK(trials_begin(t));
    EXPECT_OK(trials_add(t, 40, best_x));
    *writer = t;  // with its space, to the end of the test
    return;
  }
  EXPECT_OK(trials_close(t));
  space_free(s);
}

static void expect_columns(const char *text, size_t most) {
  while (*text) {
    size_t n = strcspn(text, "\n"), columns = 0;
    for (size_t k = 0; k < n; ++k) columns += (text[k] & 0xc0) != 0x80;
    if (columns > most)
      throng_test_fail(__FILE__, __LINE__, "%zu columns: %.*s", columns, (int)n, text);
    text += n + (text[n] == '\n');
  }
}

static void expect_80_columns(const char *text) { expect_columns(text, 80); }

/// The k-th line of what was printed.
static const char *line(int k) {
  static char text[4][256];
  static int next;
  const char *at = last.out;
  while (k-- > 0 && (at = strchr(at, '\n'))) ++at;
  next = (next + 1) % 4;
  snprintf(text[next], sizeof *text, "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
  return text[next];
}

TEST(cli_trials, the_list_has_the_best_first_and_fits_the_screen) {
  make_sweep(NULL);
  ASSERT_EQ(throng("trials sweep"), 0);
  expect_80_columns(last.out);
  EXPECT_STREQ(line(0), "sweep: 40 trials, 30 complete, 7 pruned, 2 running, 1 failed");
  EXPECT_STREQ(line(1), "average_reward: more is better");
  EXPECT_STREQ(line(3), "trial  state     average_reward  steps  learning_rate  gamma  n_step");
  EXPECT_STREQ(line(5), "17     complete               5   9.6k          0.001    0.9       3");
  EXPECT_CONTAINS(line(6), "0      complete          0.3333   9.6k          1e-05");
  EXPECT_CONTAINS(last.out, "and 20 more: --most 0 lists all");
  EXPECT_CONTAINS(last.out, "and 2 more options: --show K has all of trial K");
  ASSERT_EQ(throng("trials sweep --sort number --most 0"), 0);
  for (int k = 0; k < 40; ++k) EXPECT_EQ(strtol(line(5 + k), NULL, 10), k);
  EXPECT_CONTAINS(line(5 + 37), "failed                 -");
  EXPECT_CONTAINS(line(5 + 38), "running          0.02439   1.6k");
  EXPECT_CONTAINS(line(5 + 39), "running                -      0");
  // Given up after those that are complete, whatever they had reached.
  ASSERT_EQ(throng("trials sweep --most 0"), 0);
  EXPECT_EQ(strtol(line(5 + 29), NULL, 10), 29);
  EXPECT_EQ(strtol(line(5 + 30), NULL, 10), 30);
  EXPECT_CONTAINS(line(5 + 39), "failed");
  // In less room fewer options, and every column that there is.
  static const char *const narrow[] = {"40", "60"};
  for (int k = 0; k < 2; ++k) {
    setenv("COLUMNS", narrow[k], 1);
    ASSERT_EQ(throng("trials sweep"), 0);
    unsetenv("COLUMNS");
    expect_columns(last.out, (size_t)atoi(narrow[k]));
    EXPECT_CONTAINS(last.out, "average_reward");
    EXPECT_CONTAINS(last.out, "more options: --show K");
  }
}

TEST(cli_trials, several_objectives_are_a_column_each) {
  mkdir(in_folder("sweep"), 0777);
  write_file("sweep/config.json", SMALL);
  space *s = fixture_space("{\"agent.gamma\": {\"min\": 0, \"max\": 1}}");
  const trials_def def = {.path = in_folder("sweep/trials.db"),
                          .study = "sweep",
                          .space = s,
                          .n_objective = 2,
                          .metric = {"average_reward", "gini"},
                          .maximise = {true, false}};
  const double x = 0.25, value[] = {2, 0.125};
  trials *t;
  ASSERT_OK(trials_open(&def, false, &t));
  EXPECT_OK(trials_add(t, 0, &x));
  EXPECT_OK(trials_finish(t, 0, TRIAL_COMPLETE, value));
  EXPECT_OK(trials_close(t));
  ASSERT_EQ(throng("trials sweep"), 0);
  EXPECT_STREQ(line(2), "gini: less is better");
  EXPECT_STREQ(line(4), "trial  state     average_reward   gini  steps  gamma");
  EXPECT_STREQ(line(6), "0      complete               2  0.125      -   0.25");
  space_free(s);
}

TEST(cli_trials, one_trial_is_shown_with_options_curve_and_how_to_train_it_again) {
  make_sweep(NULL);
  ASSERT_EQ(throng("trials sweep --show 17"), 0);
  expect_80_columns(last.out);
  static const char *const parts[] = {"trial 17 of sweep: complete",
                                      "average_reward          5\n",
                                      "user-steps              9,600\n",
                                      "agent.learning_rate     0.001         1e-05 .. 0.01, log",
                                      "agent.epsilon           exponential   one of \"linear\"",
                                      "9.6k user-steps",
                                      "throng trials sweep --config 17 > trial-17.json"};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; ++k) EXPECT_CONTAINS(last.out, parts[k]);
  ASSERT_EQ(throng("trials sweep 37"), 0);
  EXPECT_CONTAINS(last.out, "cause                   loss is no number at step 96");
  EXPECT_CONTAINS(last.out, "average_reward          none yet");
}

TEST(cli_trials, several_are_compared_by_what_differs) {
  make_sweep(NULL);
  ASSERT_EQ(throng("trials sweep --compare 17 0 25"), 0);
  expect_80_columns(last.out);
  EXPECT_STREQ(line(0), "trial                              17            0           25");
  EXPECT_STREQ(line(2), "average_reward                      5       0.3333      0.03571");
  EXPECT_STREQ(line(5), "options that differ");
  EXPECT_STREQ(line(6), "agent.learning_rate             0.001        1e-05      0.00026");
  EXPECT_STREQ(line(9), "agent.epsilon             exponential       linear  exponential");
  ASSERT_EQ(throng("trials sweep 1 3 5 7 9 11"), 0);
  expect_80_columns(last.out);
  EXPECT_CONTAINS(last.out, "the same in all\nagent.epsilon             exponential\n");
  EXPECT_EQ(throng("trials sweep --compare 17"), 2);
  EXPECT_CONTAINS(last.err, "--compare needs the numbers of two trials or more");
}

TEST(cli_trials, json_and_csv_hold_every_number_as_it_is) {
  make_sweep(NULL);
  ASSERT_EQ(throng("trials sweep --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_EQ(number_at(document, "count", NULL), 40);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "trials");
  ASSERT_EQ(cJSON_GetArraySize(list), 40);
  const cJSON *first = cJSON_GetArrayItem(list, 0), *second = cJSON_GetArrayItem(list, 1);
  EXPECT_EQ(number_at(first, "number", NULL), 17);
  EXPECT_EQ(number_at(first, "options", "agent.width"), 32);
  EXPECT_TRUE(cJSON_GetObjectItemCaseSensitive(first, "reports") == NULL);
  const cJSON *values = cJSON_GetObjectItemCaseSensitive(second, "values");
  EXPECT_EQ(cJSON_GetArrayItem(values, 0)->valuedouble, value_of(0));
  EXPECT_FALSE(
      cJSON_HasObjectItem(cJSON_GetObjectItemCaseSensitive(second, "options"), "agent.width"));
  cJSON_Delete(document);
  ASSERT_EQ(throng("trials sweep 3 --json"), 0);
  document = cJSON_Parse(last.out);
  first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "trials"), 0);
  const cJSON *reports = cJSON_GetObjectItemCaseSensitive(first, "reports");
  ASSERT_EQ(cJSON_GetArraySize(reports), 12);
  EXPECT_EQ(cJSON_GetArrayItem(cJSON_GetArrayItem(reports, 4), 1)->valuedouble,
            value_of(3) * 5 / 12);
  cJSON_Delete(document);
  ASSERT_EQ(throng("trials sweep --csv t.csv"), 0);
  EXPECT_CONTAINS(last.out, "wrote t.csv: 40 trials");
  char text[1 << 15];
  slurp(in_folder("t.csv"), text, sizeof text);
  EXPECT_EQ(strncmp(text, "number,state,average_reward,agent.learning_rate,agent.gamma,", 60), 0);
  ASSERT_EQ(throng("trials sweep --csv -"), 0);
  EXPECT_STREQ(last.out, text);
  EXPECT_EQ(throng("trials sweep --csv /no/such/folder/t.csv"), 1);
  EXPECT_CONTAINS(last.err, "/no/such/folder");
}

static void keep_metrics(const char *run, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "%s/metrics.jsonl", run);
  slurp(in_folder(path), text, size);
  // Times of day and rates differ.
  for (char *at = text; (at = strstr(at, "second")) != NULL;) {
    size_t n = strcspn(at, ",");
    memmove(at, at + n, strlen(at + n) + 1);
  }
}

TEST(cli_trials, importances_are_of_the_complete_trials_and_sum_to_one) {
  make_sweep(NULL);
  ASSERT_EQ(throng("trials sweep --importance"), 0);
  EXPECT_CONTAINS(last.out, "what its 30 complete trials say of average_reward");
  EXPECT_CONTAINS(last.out, "agent.learning_rate");
  ASSERT_EQ(throng("trials sweep --importance --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  const char *const way[] = {"ped_anova", "fanova"};
  for (int k = 0; k < 2; ++k) {
    const cJSON *share, *all = cJSON_GetObjectItem(document, way[k]);
    double sum = 0;
    int n = 0;
    cJSON_ArrayForEach(share, all) {
      ++n;
      if (cJSON_IsNumber(share)) sum += share->valuedouble;
    }
    EXPECT_EQ(n, N_OPTION);
    EXPECT_NEAR(sum, 1.0, 1e-9);
  }
  // Not every trial has a width: a forest over all of them does not know it.
  EXPECT_TRUE(
      cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(document, "fanova"), "agent.width")));
  cJSON_Delete(document);
}

TEST(cli_trials, the_config_of_a_trial_trains_as_its_options_say_and_leaves_the_sweep_alone) {
  make_sweep(NULL);
  ASSERT_EQ(throng("trials sweep --config 17 > 17.json"), 0);
  ASSERT_EQ(throng("train 17.json --threads 1 -q"), 0);
  EXPECT_TRUE(exists("sweep/trial-17/metrics.jsonl"));
  EXPECT_FALSE(exists("sweep/previous-1"));
  ASSERT_EQ(throng("train sweep/config.json --threads 1 -q -o alone --set "
                   "agent.learning_rate=0.001 --set agent.gamma=0.9 --set agent.n_step=3 --set "
                   "agent.epsilon=exponential --set agent.width=32"),
            0);
  char trial[1 << 15], alone[1 << 15];
  keep_metrics("sweep/trial-17", trial, sizeof trial);
  keep_metrics("alone", alone, sizeof alone);
  EXPECT_GT(strlen(alone), 500);
  EXPECT_STREQ(trial, alone);
  // What the sweep made is used and not made again.
  ASSERT_EQ(rename(in_folder("alone/world.safetensors"), in_folder("sweep/world.safetensors")), 0);
  ASSERT_EQ(rename(in_folder("alone/sta.safetensors"), in_folder("sweep/sta.safetensors")), 0);
  ASSERT_EQ(throng("trials sweep 16 --config > 16.json"), 0);
  ASSERT_EQ(throng("train 16.json --threads 1 -q"), 0);
  EXPECT_TRUE(exists("sweep/trial-16/summary.json"));
  EXPECT_FALSE(exists("sweep/trial-16/world.safetensors"));
}

TEST(cli_trials, a_sweep_that_goes_on_is_read_up_to_its_last_round) {
  trials *writer = NULL;
  make_sweep(&writer);
  ASSERT_TRUE(writer != NULL);
  ASSERT_EQ(throng("trials sweep --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_EQ(number_at(document, "count", NULL), 40);
  cJSON_Delete(document);
  EXPECT_OK(trials_commit(writer));
  ASSERT_EQ(throng("trials sweep 40"), 0);
  const space *s = trials_get_def(writer)->space;
  EXPECT_OK(trials_close(writer));
  space_free((space *)s);
}

TEST(cli_trials, a_sweep_without_trials_is_an_empty_list) {
  mkdir(in_folder("sweep"), 0777);
  write_file("sweep/config.json", SMALL);
  space *s = fixture_space(FIXTURE_SPACE);
  const trials_def def = {.path = in_folder("sweep/trials.db"),
                          .study = "sweep",
                          .space = s,
                          .n_objective = 1,
                          .metric = {"average_reward"}};
  trials *t;
  ASSERT_OK(trials_open(&def, false, &t));
  EXPECT_OK(trials_close(t));
  space_free(s);
  EXPECT_EQ(throng("trials sweep"), 0);
  EXPECT_CONTAINS(last.out, "sweep: 0 trials");
  EXPECT_EQ(throng("trials sweep --csv -"), 0);
  EXPECT_EQ(throng("trials sweep --show 0"), 2);
  EXPECT_CONTAINS(last.err, "sweep has no trials yet");
  EXPECT_EQ(throng("trials sweep --importance"), 2);
  EXPECT_CONTAINS(last.err, "0 complete trials; expected at least 2");
}

TEST(cli_trials, what_is_wrong_is_said) {
  make_sweep(NULL);
  EXPECT_EQ(throng("trials nowhere"), 2);
  EXPECT_CONTAINS(last.err, "nowhere/trials.db: No such file or directory; expected the folder of");
  EXPECT_EQ(throng("trials"), 2);
  EXPECT_EQ(throng("trials sweep 40"), 2);
  EXPECT_CONTAINS(last.err, "no trial 40: sweep has 0 to 39");
  EXPECT_EQ(throng("trials sweep seven"), 2);
  EXPECT_CONTAINS(last.err, "'seven': expected a trial's number");
  EXPECT_EQ(throng("trials sweep --show"), 2);
  EXPECT_CONTAINS(last.err, "--show needs the number of one trial");
  EXPECT_EQ(throng("trials sweep --show --config 1"), 2);
  EXPECT_CONTAINS(last.err, "expected one of --show, --compare, --config and --importance");
  EXPECT_EQ(throng("trials sweep --sort best"), 2);
  write_file("sweep/config.json", "{\"agent\": 7}");
  EXPECT_EQ(throng("trials sweep"), 1);
  EXPECT_CONTAINS(last.err, "sweep/config.json:1:");
  write_file("sweep/trials.db", "no database, whatever the name says, and a bit longer than that");
  write_file("sweep/config.json", "{}");
  EXPECT_EQ(throng("trials sweep"), 1);
  EXPECT_CONTAINS(last.err, "expected the trials of a sweep");
}
