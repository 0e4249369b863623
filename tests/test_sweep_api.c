/// throng/sweep.h: a sweep run whole by a program, and one that is asked and told.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/sweep_rows.h"
#include "throng/throng.h"
#include "throng_test.h"

#define SPACE                                                                     \
  "\"space\": {\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": " \
  "true}, \"agent.gamma\": {\"min\": 0.5, \"max\": 0.99}}"

static const char to_ask[] =
    "{\"train\": {\"steps\": 1600, \"evaluate_every\": 100}, \"sweep\": {\"sampler\": \"tpe\","
    "\"scheduler\": \"asha\", \"max_trials\": 30, \"objective\": {\"metric\": \"my_score\","
    "\"direction\": \"minimize\"}, " SPACE "}}";

static const char *out_override(void) {
  static char text[700];
  snprintf(text, sizeof text, "train.out=%s/s", throng_test_folder());
  return text;
}

static throng_sweep *make(const char *text, const char *more) {
  throng_sweep *sweep = NULL;
  EXPECT_OK(throng_sweep_create(text, (const char *const[]){out_override(), more, NULL}, &sweep));
  return sweep;
}

/// A caller's own training: least at a learning rate of 1e-3.
static double score(const throng_trial *trial, int64_t steps) {
  double rate = NAN, gamma = NAN;
  for (const char *const *line = trial->overrides; *line; ++line) {
    sscanf(*line, "agent.learning_rate=%lf", &rate);
    sscanf(*line, "agent.gamma=%lf", &gamma);
  }
  return pow(log10(rate) + 3, 2) + pow(gamma - 0.9, 2) + 100.0 / (double)steps;
}

/// One trial to its end; true where it was given up.
static bool train(throng_sweep *sweep, throng_trial trial) {
  double value = NAN;
  bool stop = false;
  // The answer's texts last until the next call.
  double all[16];
  for (int k = 0; k < 16; ++k) all[k] = score(&trial, 100 * (k + 1));
  for (int k = 0; k < 16 && !stop; ++k) {
    value = all[k];
    EXPECT_OK(throng_sweep_tell(sweep, trial.number, 100 * (k + 1), value, &stop));
  }
  if (!stop)
    EXPECT_OK(throng_sweep_finish(sweep, trial.number, THRONG_TRIAL_COMPLETE, &value, NULL));
  return stop;
}

TEST(sweep_api, asked_and_told_it_gives_up_most_trials_and_finds_the_least) {
  throng_trial trial;
  bool end = false;
  int asked = 0, stopped = 0;
  throng_sweep *sweep = make(to_ask, NULL);
  ASSERT_OK(throng_sweep_open(sweep, false));
  for (;; ++asked) {
    ASSERT_OK(throng_sweep_ask(sweep, &trial, &end));
    if (end) break;
    EXPECT_EQ(trial.number, asked);
    EXPECT_CONTAINS(trial.config, "\"learning_rate\"");
    stopped += train(sweep, trial);
  }
  EXPECT_EQ(asked, 30);
  const throng_sweep_counts counts = throng_sweep_get_counts(sweep);
  EXPECT_EQ(counts.pruned, stopped);
  EXPECT_EQ(counts.complete, 30 - stopped);
  EXPECT_TRUE(stopped > 10 && stopped < 30);
  static const char *const files[] = {"summary.json", "trials.csv", "report.html"};
  ASSERT_OK(throng_sweep_write(sweep));
  for (int k = 0; k < 3; ++k) {
    char path[700];
    snprintf(path, sizeof path, "%s/s/%s", throng_test_folder(), files[k]);
    EXPECT_TRUE(access(path, F_OK) == 0);
  }
  ASSERT_OK(throng_sweep_get_best(sweep, &trial));
  const double best = trial.value[0];
  for (int64_t k = 0; k < 30; ++k) {
    ASSERT_OK(throng_sweep_get_trial(sweep, k, &trial));
    if (trial.state == THRONG_TRIAL_COMPLETE) EXPECT_TRUE(trial.value[0] >= best);
  }
  throng_sweep_close(sweep);
}

TEST(sweep_api, asked_again_after_a_kill_it_goes_on_and_unfinished_trials_have_failed) {
  throng_trial trial;
  bool end = false, stop;
  throng_sweep *sweep = make(to_ask, NULL);
  ASSERT_OK(throng_sweep_open(sweep, false));
  for (int k = 0; k < 12; ++k) {
    ASSERT_OK(throng_sweep_ask(sweep, &trial, &end));
    if (k < 10) train(sweep, trial);
  }
  ASSERT_OK(throng_sweep_tell(sweep, 11, 100, 0.5, &stop));
  throng_sweep_close(sweep);
  sweep = make(to_ask, NULL);
  EXPECT_EQ(throng_sweep_open(sweep, false), THRONG_ERROR_IO);
  throng_sweep_close(sweep);
  sweep = make(to_ask, NULL);
  ASSERT_OK(throng_sweep_open(sweep, true));
  EXPECT_EQ(throng_sweep_get_counts(sweep).trials, 12);
  EXPECT_EQ(throng_sweep_get_counts(sweep).failed, 2);
  ASSERT_OK(throng_sweep_get_trial(sweep, 11, &trial));
  EXPECT_CONTAINS(trial.cause, "its process ended");
  ASSERT_OK(throng_sweep_ask(sweep, &trial, &end));
  EXPECT_EQ(trial.number, 12);
  train(sweep, trial);
  throng_sweep_close(sweep);
}

/// `n` further trials that report after every 170 user-steps, which ends no period of 100: the
/// options of each and how many reports it made.
static void write_trials(throng_sweep *sweep, int n, FILE *to) {
  for (int i = 0; i < n; ++i) {
    throng_trial trial;
    bool end, stop = false;
    double value[9];
    int k = 0;
    ASSERT_OK(throng_sweep_ask(sweep, &trial, &end));
    for (int j = 0; j < 9; ++j) value[j] = score(&trial, 170 * (j + 1));
    fprintf(to, "%s", trial.overrides[0]);
    for (; k < 9 && !stop; ++k)
      EXPECT_OK(throng_sweep_tell(sweep, trial.number, 170 * (k + 1), value[k], &stop));
    if (!stop)
      EXPECT_OK(throng_sweep_finish(sweep, trial.number, THRONG_TRIAL_COMPLETE, &value[8], NULL));
    fprintf(to, " %d\n", k);
  }
}

TEST(sweep_api, goes_on_to_the_same_trials_whatever_steps_it_was_told_after) {
  char *whole = NULL, *parts = NULL, out[700];
  size_t size;
  FILE *to = open_memstream(&whole, &size);
  throng_sweep *sweep = make(to_ask, NULL);
  ASSERT_OK(throng_sweep_open(sweep, false));
  write_trials(sweep, 30, to);
  throng_sweep_close(sweep);
  fclose(to);
  to = open_memstream(&parts, &size);
  snprintf(out, sizeof out, "train.out=%s/parts", throng_test_folder());
  for (int part = 0; part < 3; ++part) {
    sweep = make(to_ask, out);
    ASSERT_OK(throng_sweep_open(sweep, part > 0));
    write_trials(sweep, 10, to);
    throng_sweep_close(sweep);
  }
  fclose(to);
  EXPECT_STREQ(parts, whole);
  free(whole);
  free(parts);
}

TEST(sweep_api, refuses_what_does_not_fit_what_was_said_before) {
  throng_trial trial;
  bool end, stop;
  throng_sweep *sweep = make(to_ask, NULL);
  EXPECT_EQ(throng_sweep_ask(sweep, &trial, &end), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_sweep_write(sweep), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_sweep_open(sweep, false));
  EXPECT_EQ(throng_sweep_run(sweep, false, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_sweep_tell(sweep, 0, 100, 1, &stop), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_sweep_ask(sweep, &trial, &end));
  ASSERT_OK(throng_sweep_tell(sweep, 0, 200, 1, &stop));
  EXPECT_EQ(throng_sweep_tell(sweep, 0, 200, 1, &stop), THRONG_ERROR_ARGUMENT);
  const double none = NAN, one = 1;
  EXPECT_EQ(throng_sweep_finish(sweep, 0, THRONG_TRIAL_COMPLETE, &none, NULL),
            THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_sweep_finish(sweep, 0, THRONG_TRIAL_PRUNED, &one, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_sweep_get_best(sweep, &trial), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_sweep_finish(sweep, 0, THRONG_TRIAL_FAILED, NULL, "it exploded"));
  EXPECT_EQ(throng_sweep_finish(sweep, 0, THRONG_TRIAL_COMPLETE, &one, NULL),
            THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_sweep_get_trial(sweep, 0, &trial));
  EXPECT_EQ(trial.state, THRONG_TRIAL_FAILED);
  EXPECT_STREQ(trial.cause, "it exploded");
  throng_sweep_close(sweep);
}

TEST(sweep_api, schedulers_that_copy_agents_cannot_be_asked) {
  throng_sweep *sweep = make(to_ask, "sweep.scheduler=pbt");
  EXPECT_EQ(throng_sweep_open(sweep, false), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "pbt");
  throng_sweep_close(sweep);
}

static const char to_run[] =
    "{\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 40, \"dim\": 8,"
    " \"tastes\": 4, \"history_mean\": 8}, \"sta\": {\"epochs\": 1, \"window\": 8, \"width\": 8},"
    " \"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 10},"
    " \"agent\": {\"batch\": 8, \"learning_starts\": 64, \"hidden\": [8, 8], \"width\": 8,"
    "  \"buffer\": 1024}, \"backend\": {\"threads\": 1},"
    " \"train\": {\"steps\": 960, \"evaluate_every\": 320, \"evaluation\": {\"episodes\": 16}},"
    " \"sweep\": {\"slots\": 4, \"max_trials\": 8, \"test_seeds\": 2, \"top\": 1, " SPACE "}}";

static bool stop_at_once(void *context, const char *stage, int64_t done, int64_t total,
                         const char *unit) {
  (void)done, (void)total, (void)unit;
  *(bool *)context |= !strcmp(stage, "train");
  return strcmp(stage, "train") != 0;
}

TEST(sweep_api, runs_whole_after_it_was_stopped) {
  throng_trial trial;
  const char *summary;
  bool stopped = false;
  const throng_progress progress = {.report = stop_at_once, .context = &stopped};
  throng_sweep *sweep = make(to_run, NULL);
  EXPECT_EQ(throng_sweep_run(sweep, false, &progress), THRONG_ERROR_CANCELLED);
  EXPECT_TRUE(stopped);
  throng_sweep_close(sweep);
  sweep = make(to_run, NULL);
  ASSERT_OK(throng_sweep_run(sweep, true, NULL));
  EXPECT_EQ(throng_sweep_get_counts(sweep).trials, 8);
  ASSERT_OK(throng_sweep_get_best(sweep, &trial));
  EXPECT_TRUE(trial.value[0] > 0);
  EXPECT_EQ(trial.user_steps, 960);
  ASSERT_OK(throng_sweep_get_summary(sweep, &summary));
  EXPECT_CONTAINS(summary, "\"confirmation\"");
  throng_sweep_close(sweep);
}
