/// A library user whose program asked for decimal commas: what is written there opens anywhere and
/// is the same byte for byte, and the program's own locale stays as it is.
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config_sweep.h"
#include "support/commas.h"
#include "support/small_run.h"

static int in_callback, strange;
static bool report_progress(void *context, const char *stage, int64_t done, int64_t total,
                            const char *unit) {
  (void)context, (void)stage, (void)done, (void)total, (void)unit;
  ++in_callback;
  strange += !commas_now() && setlocale(LC_ALL, NULL) && strcmp(setlocale(LC_ALL, NULL), "C") != 0;
  return true;
}
static void note(void *context, const char *text) { (void)context, (void)text; }
static const throng_progress progress = {.report = report_progress, .note = note};

/// A sweep's space, a point of it and how Optuna has it.
static void write_space(const char *to) {
  char path[700], *text, **lines, *json;
  double x[2];
  throng_config config;
  space *s;
  const char *const set[] = {
      "sweep.space={\"agent.learning_rate\": {\"min\": 1.5e-5, \"max\": 0.25, \"log\": true}, "
      "\"agent.gamma\": {\"min\": 0.8, \"max\": 0.95, \"step\": 0.05}}",
      NULL};
  snprintf(path, sizeof path, "%s/space.json", to);
  FILE *file = fopen(path, "w");
  EXPECT_OK(config_load(NULL, set, &config));
  EXPECT_OK(config_space(&config, &s));
  EXPECT_OK(space_print(s, &text));
  space_initial(s, x);
  EXPECT_OK(space_overrides(s, x, &lines));
  EXPECT_OK(space_distribution_json(&s->parameter[1], &json));
  fprintf(file, "%s\n%s\n%s\n%s\n", text, lines[0], lines[1], json);
  fclose(file);
  free(text);
  free(lines);
  free(json);
  space_free(s);
  config_free(&config);
}

/// Everything that the library writes with a fraction in it.
static void write_all(const char *to) {
  char path[700];
  small_run run;
  mkdir(to, 0700);
  if (!small_run_open(&run, to, 1)) return;
  throng_sta_def def = throng_default_sta_def();
  throng_sta *sta;
  throng_sta_report fitted;
  def.width = 8;
  def.window = 8;
  def.epochs = 1;
  def.dropout = 0.25f;
  def.learning_rate = 0.0015f;
  EXPECT_OK(throng_sta_fit(run.backend, run.world, &def, &progress, &sta, &fitted));
  snprintf(path, sizeof path, "%s/sta.safetensors", to);
  EXPECT_OK(throng_sta_save(sta, path));
  throng_sta_close(sta);
  EXPECT_OK(throng_sta_open(run.backend, run.world, path, &sta));
  run.sim.votes.rule = THRONG_RULE_MAJORITY;
  run.train.steps = 32 * 30;
  run.train.checkpoint_every = run.train.evaluate_every = 32 * 15;
  snprintf(path, sizeof path, "%s/run", to);
  run.train.out = path;
  EXPECT_OK(
      throng_train(run.backend, run.world, sta, &run.sim, &run.agent, &run.train, &progress, NULL));
  run.train.resume = true;
  EXPECT_OK(
      throng_train(run.backend, run.world, sta, &run.sim, &run.agent, &run.train, &progress, NULL));
  run.agent.gamma = 1.5f;
  EXPECT_EQ(
      throng_train(run.backend, run.world, sta, &run.sim, &run.agent, &run.train, &progress, NULL),
      THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.gamma: expected a number in 0..1, not 1.5");
  throng_sta_close(sta);
  small_run_close(&run);

  throng_config config;
  char *text = NULL;
  const char *const set[] = {"agent.gamma=0.75", "sim.leave_probability=0.125", NULL};
  EXPECT_OK(config_load(NULL, set, &config));
  EXPECT_NEAR(config.agent.gamma, 0.75, 0);
  EXPECT_OK(config_print(&config, &text));
  snprintf(path, sizeof path, "%s/config.json", to);
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
  free(text);
  config_free(&config);
  write_space(to);
  EXPECT_OK(config_load(path, NULL, &config));
  EXPECT_NEAR(config.sim.leave_probability, 0.125, 0);
  config_free(&config);
}

/// (A run's config names the folders "plain" and "other" that it is in.)
static void expect_same(const char *a, const char *b, const char *name) {
  char command[1600];
  snprintf(command, sizeof command, "sed 's#/other/#/plain/#' %s/%s | cmp - %s/%s", b, name, a,
           name);
  EXPECT_EQ(system(command), 0);
}

TEST(locale, decimal_commas_change_nothing_that_is_written_and_stay_the_callers) {
  char plain[512], commas[512];
  snprintf(plain, sizeof plain, "%s/plain", throng_test_folder());
  snprintf(commas, sizeof commas, "%s/other", throng_test_folder());
  write_all(plain);
  if (!use_commas()) SKIP("localedef or its sources are missing (Debian: locales)");
  ASSERT_TRUE(commas_now());
  write_all(commas);
  EXPECT_TRUE(commas_now());
  EXPECT_STREQ(setlocale(LC_ALL, NULL), "commas");
  EXPECT_GT(in_callback, 10);
  EXPECT_EQ(strange, 0);
  setlocale(LC_ALL, "C");
  static const char *const names[] = {"world.safetensors", "sta.safetensors",
                                      "config.json",       "space.json",
                                      "run/config.json",   "run/checkpoint-960.safetensors"};
  for (size_t k = 0; k < sizeof names / sizeof *names; ++k) expect_same(plain, commas, names[k]);
  char command[700];
  snprintf(command, sizeof command, "grep -q '[0-9],[0-9]' %s/run/metrics.jsonl", commas);
  EXPECT_NE(system(command), 0);
}
