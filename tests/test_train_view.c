/// A training run as people see it while it goes on: on terminals of several widths, without one,
/// stopped, resized; lines for logs.
#include "support/terminal.h"

#include "cli_driver.h"

#define OPTIONS                                                                                   \
  " --threads 1 --set synth.users=60 --set synth.items=40 --set synth.categories=4 --set "        \
  "synth.keywords=40 --set synth.dim=8 --set synth.tastes=4 --set synth.history_mean=8 --set "    \
  "sta.epochs=2 --set sta.window=8 --set sta.width=8 --set sim.lanes=16 --set sim.history=8 "     \
  "--set "                                                                                        \
  "sim.max_steps=10 --set agent.batch=8 --set agent.learning_starts=64 --set agent.hidden=[8,8] " \
  "--set agent.width=8 --set train.evaluate_every=1600 --set train.evaluation.episodes=16 "

static void write_config(void) { write_file("c.json", "{\"synth\": {\"users\": 60}}"); }

/// `throng train` on a terminal, to its end.
static void train_on_terminal(terminal *t, int columns, int rows, const char *environment,
                              const char *more) {
  char command[4096];
  snprintf(command, sizeof command,
           "exec env -u NO_COLOR -u CLICOLOR -u CLICOLOR_FORCE %s %s train c.json -o run" OPTIONS
           "--set train.steps=8000 %s",
           environment, TEST_PROGRAM, more);
  EXPECT_TRUE(terminal_start(t, columns, rows, throng_test_folder(), command));
  terminal_finish(t);
}

TEST(train_view, fits_terminals_of_80_60_and_40_columns_in_utf8_and_ascii) {
  static const int width[] = {80, 60, 40};
  static const char *const locale[] = {"TERM=xterm LC_ALL=C.UTF-8", "TERM=xterm LC_ALL=C"};
  write_config();
  for (int w = 0; w < 3; ++w)
    for (int l = 0; l < 2; ++l) {
      static terminal t;
      train_on_terminal(&t, width[w], 90, locale[l], "");
      char *text = terminal_text(&t);
      EXPECT_EQ(t.code, 0);
      EXPECT_EQ(t.wrapped, 0);
      EXPECT_FALSE(t.hidden);
      EXPECT_GT(t.redraws, 1);
      EXPECT_GT(t.colours, 0);
      // The view is gone: what stands there is the run's end alone.
      EXPECT_EQ(terminal_count(text, "A.Rwd, mean return"), 1);
      EXPECT_EQ(terminal_count(text, "epsilon"), 0);
      EXPECT_CONTAINS(text, "myopic");
      EXPECT_CONTAINS(text, "most similar");
      EXPECT_CONTAINS(text, "diversity");
      EXPECT_EQ(t.beyond > 0, l == 0);
      if (t.wrapped) throng_test_fail(__FILE__, __LINE__, "%d columns:\n%s", width[w], text);
      free(text);
    }
}

TEST(train_view, shows_curve_yardsticks_figures_and_a_bar_while_the_run_goes_on) {
  static terminal t;
  char command[4096];
  write_config();
  // Steps that would take minutes: it is looked at, resized and stopped. So few evaluations that
  // what is seen is mostly training.
  snprintf(
      command, sizeof command,
      "exec env -u NO_COLOR -u CLICOLOR TERM=xterm LC_ALL=C.UTF-8 %s train c.json -o run" OPTIONS
      "--set train.steps=100000000 --set train.evaluate_every=40000",
      TEST_PROGRAM);
  ASSERT_TRUE(terminal_start(&t, 80, 40, throng_test_folder(), command));
  char *text = NULL;
  for (int k = 0; k < 300; ++k) {
    free(text);
    EXPECT_TRUE(terminal_read(&t, 0.1));
    text = terminal_text(&t);
    if (strstr(text, "%  loss ") && strstr(text, "train  ")) break;
  }
  EXPECT_CONTAINS(text, "A.Rwd, mean return of an evaluation episode");
  EXPECT_CONTAINS(text, "myopic ");
  EXPECT_CONTAINS(text, "random ");
  EXPECT_CONTAINS(text, "liking ");
  EXPECT_CONTAINS(text, "epsilon ");
  EXPECT_CONTAINS(text, " left");
  EXPECT_CONTAINS(text, "100M user-steps");
  EXPECT_CONTAINS(text, "train  ─");  // of a hundred million none is done
  EXPECT_EQ(terminal_count(text, "A.Rwd, mean return"), 1);
  EXPECT_EQ(t.wrapped, 0);
  EXPECT_FALSE(t.hidden);
  free(text);
  // Narrower: what is drawn from then on fits, and what was wrapped is drawn over.
  terminal_resize(&t, 50);
  terminal_read(&t, 0.5);
  t.wrapped = 0;
  terminal_read(&t, 0.5);
  EXPECT_EQ(t.wrapped, 0);
  kill(t.process, SIGINT);
  terminal_finish(&t);
  text = terminal_text(&t);
  EXPECT_EQ(t.code, 130);
  EXPECT_FALSE(t.hidden);
  EXPECT_CONTAINS(text, "to go on:");
  EXPECT_EQ(terminal_count(text, "epsilon "), 0);
  free(text);
}

TEST(train_view, stages_that_are_over_at_once_are_not_drawn_each) {
  static terminal t;
  struct timespec begin, end;
  write_config();
  clock_gettime(CLOCK_MONOTONIC, &begin);
  // 100 evaluations and as many stretches of training.
  train_on_terminal(&t, 80, 30, "TERM=xterm LC_ALL=C.UTF-8", "--set train.evaluate_every=80");
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double seconds =
      (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
  EXPECT_EQ(t.code, 0);
  EXPECT_GT(t.draws, 0);
  // An evaluation's own, and ten a second, each with the end of a stage that was shown.
  EXPECT_LE(t.draws, 100 + 20 * seconds + 2);
}

TEST(train_view, has_no_colour_where_none_is_wanted_and_is_redrawn_all_the_same) {
  static const char *const none[] = {"NO_COLOR=1 TERM=xterm", "CLICOLOR=0 TERM=xterm",
                                     "NO_COLOR=1 CLICOLOR_FORCE=1 TERM=xterm"};
  static terminal t;
  write_config();
  for (int k = 0; k < 3; ++k) {
    train_on_terminal(&t, 80, 60, none[k], "");
    EXPECT_EQ(t.code, 0);
    EXPECT_EQ(t.colours, 0);
    EXPECT_GT(t.redraws, 1);
  }
  train_on_terminal(&t, 80, 60, "CLICOLOR=0 CLICOLOR_FORCE=1 NO_COLOR= TERM=xterm", "");
  EXPECT_GT(t.colours, 0);
}

TEST(train_view, is_lines_on_a_dumb_terminal_and_where_they_are_asked_for) {
  static terminal t;
  write_config();
  static const char *const dumb[][2] = {{"TERM=dumb", ""},
                                        {"TERM=dumb", "--progress live"},
                                        {"-u TERM", ""},
                                        {"TERM=xterm", "--progress lines"}};
  for (int k = 0; k < 4; ++k) {
    train_on_terminal(&t, 80, 90, dumb[k][0], dumb[k][1]);
    char *text = terminal_text(&t);
    EXPECT_EQ(t.code, 0);
    EXPECT_EQ(t.wrapped, 0);
    EXPECT_EQ(t.colours, 0);
    if (k < 3) EXPECT_EQ(t.redraws, 0);
    EXPECT_EQ(terminal_count(text, "epsilon "), 6);  // before the first step, and five evaluations
    EXPECT_CONTAINS(text, "8k/8k  A.Rwd ");
    free(text);
  }
}

TEST(train_view, is_a_line_an_evaluation_in_a_log_and_standard_output_is_kept_clean) {
  write_config();
  EXPECT_EQ(throng("train c.json --json -o run" OPTIONS "--set train.steps=4800"), 0);
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_TRUE(document != NULL);
  cJSON_Delete(document);
  EXPECT_TRUE(strchr(last.err, '\033') == NULL && strchr(last.err, '\r') == NULL);
  static const char *const lines[] = {"made run/world.safetensors in ",
                                      "epoch 1: loss ",
                                      "fitted f_sta: 2 epochs",
                                      "yardstick random: A.Rwd ",
                                      "yardstick most similar: A.Rwd ",
                                      "0/4.8k  A.Rwd ",
                                      "1.6k/4.8k  A.Rwd ",
                                      "4.8k/4.8k  A.Rwd "};
  const char *at = last.err;
  for (size_t k = 0; k < sizeof lines / sizeof *lines; ++k) {
    EXPECT_CONTAINS(at, lines[k]);
    if (strstr(at, lines[k])) at = strstr(at, lines[k]);
  }
  const char *third = strstr(last.err, "3.2k/4.8k");
  ASSERT_TRUE(third != NULL);
  char line[256];
  snprintf(line, sizeof line, "%.*s", (int)strcspn(third, "\n"), third);
  static const char *const figures[] = {"A.Rwd ", "liking ", "loss ", "epsilon ", "/s"};
  for (int k = 0; k < 5; ++k) EXPECT_CONTAINS(line, figures[k]);
  // Yardsticks of the first run, for the second.
  EXPECT_EQ(throng("train c.json -o run" OPTIONS "--set train.steps=1600"), 0);
  EXPECT_CONTAINS(last.err, "4 of 4 yardsticks taken from ");
  EXPECT_TRUE(strstr(last.err, "yardstick random") == NULL);
  EXPECT_CONTAINS(last.out, "A.Rwd, mean return");
}

TEST(train_view, of_several_agents_tells_their_mean_and_the_best_and_of_a_policy_its_entropy) {
  write_config();
  EXPECT_EQ(throng("train c.json -o run" OPTIONS "--set train.steps=3200 --set agent.count=2"), 0);
  const char *line = strstr(last.err, "3.2k/3.2k  A.Rwd ");
  ASSERT_TRUE(line != NULL);
  double mean = 0, best = 0;
  EXPECT_EQ(sscanf(line, "3.2k/3.2k  A.Rwd %lf, best %lf", &mean, &best), 2);
  EXPECT_GE(best, mean);
  EXPECT_EQ(throng("train c.json -o ppo" OPTIONS
                   "--set train.steps=3200 --set agent.algorithm=ppo --set agent.n_steps=10"),
            0);
  line = strstr(last.err, "3.2k/3.2k  A.Rwd ");
  ASSERT_TRUE(line != NULL);
  EXPECT_CONTAINS(line, "entropy ");
  EXPECT_TRUE(strstr(last.err, "epsilon") == NULL);
}

TEST(train_view, is_silent_where_it_is_told_to_be) {
  write_config();
  EXPECT_EQ(throng("train c.json -q -o run" OPTIONS "--set train.steps=1600"), 0);
  EXPECT_STREQ(last.err, "");
  EXPECT_EQ(throng("train c.json --progress none -o run" OPTIONS "--set train.steps=1600"), 0);
  EXPECT_TRUE(strstr(last.err, "A.Rwd") == NULL);
  EXPECT_CONTAINS(last.err, "again: ");  // notes are none of its business
  EXPECT_EQ(throng("train c.json --progress pictures"), 2);
  EXPECT_CONTAINS(last.err, "expected auto|live|lines|none, not 'pictures'");
}
