/// Training runs: what they leave, that they learn, and that a killed one goes on exactly.
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <glob.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/backend.h"
#include "support/run_files.h"
#include "support/runaway.h"
#include "support/small_run.h"
#include "train/train_json.h"

static bool same_file(const char *folder_a, const char *folder_b, const char *name) {
  return same_bytes(folder_a, name, folder_b, name);
}

static int count(const char *folder, const char *pattern) {
  char path[1024];
  glob_t found;
  snprintf(path, sizeof path, "%s/%s", folder, pattern);
  int n = glob(path, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
  globfree(&found);
  return n;
}

static char notes[4096];
static void note(void *context, const char *text) {
  (void)context;
  size_t used = strlen(notes);
  snprintf(notes + used, sizeof notes - used, "%s\n", text);
}

/// Cancels once this many user-steps are done.
static int64_t stop_at = INT64_MAX;
static bool report_progress(void *context, const char *stage, int64_t done, int64_t total,
                            const char *unit) {
  (void)context, (void)total, (void)unit;
  return strcmp(stage, "train") != 0 || done < stop_at;
}
static const throng_progress progress = {.report = report_progress, .note = note};

static throng_status train(small_run *run, const char *out, bool resume,
                           throng_train_report *report) {
  notes[0] = '\0';
  throng_train_def def = run->train;
  def.out = out;
  def.resume = resume;
  return throng_train(run->backend, run->world, NULL, &run->sim, &run->agent, &def, &progress,
                      report);
}

#define FINAL "checkpoint-3200.safetensors"

TEST(train, run_leaves_config_rows_events_two_checkpoints_and_a_summary) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/runs/first", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_train_report report;
    run.train.evaluation.planner = THRONG_PLANNER_ON;
    run.train.evaluation.bandits = true;
    run.train.evaluation.bandit_steps = 500;
    ASSERT_OK(train(&run, out, false, &report));
    EXPECT_EQ(report.user_steps, 3200);
    EXPECT_TRUE(report.seconds > 0 && report.user_steps_per_second > 0);
    EXPECT_EQ(report.agent.episodes, 24);
    for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) EXPECT_EQ(report.yardstick[k].episodes, 24);
    EXPECT_EQ(count(out, "config.json"), 1);
    EXPECT_EQ(count(out, "events.out.tfevents.*"), 1);
    EXPECT_EQ(count(out, "checkpoint-*.safetensors"), 2);
    EXPECT_EQ(count(out, "checkpoint-2400.safetensors"), 1);
    EXPECT_EQ(count(out, FINAL), 1);
    int64_t step[16];
    ASSERT_EQ(rows_with(out, "evaluation/agent/average_reward", step, 16), 4);
    EXPECT_EQ(step[0], 0);
    EXPECT_EQ(step[1], 1280);
    EXPECT_EQ(step[2], 2560);
    EXPECT_EQ(step[3], 3200);
    EXPECT_EQ(rows_with(out, "evaluation/myopic/liking", step, 16), 1);
    ASSERT_EQ(rows_with(out, "train/loss", step, 16), 6);
    EXPECT_EQ(step[0], 800);
    size_t size;
    char *text = read_file(out, "summary.json", &size);
    cJSON *summary = cJSON_Parse(text);
    ASSERT_TRUE(summary != NULL);
    const cJSON *policies = cJSON_GetObjectItemCaseSensitive(summary, "policies");
    for (int k = -1; k < THRONG_YARDSTICK_COUNT; ++k) {
      const char *key = k < 0 ? "agent" : throng_yardstick_name((throng_yardstick)k);
      const cJSON *m = cJSON_GetObjectItemCaseSensitive(policies, key);
      ASSERT_TRUE(cJSON_IsObject(m));
      EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(m, "average_reward")->valuedouble,
                  (k < 0 ? report.agent : report.yardstick[k]).average_reward, 1e-12);
    }
    cJSON_Delete(summary);
    free(text);
  }
  small_run_close(&run);
}

/// The child of the test below: a run in the folder named by the environment.
TEST(train_child, runs_where_it_is_told) {
  const char *out = getenv("THRONG_TEST_RUN"), *folder = getenv("THRONG_TEST_WORLD");
  if (!out || !folder) SKIP("runs only as the child of another test");
  small_run run;
  if (small_run_open(&run, folder, 1)) {
    run.train.yardsticks = false;
    throng_train_report report;
    EXPECT_OK(train(&run, out, true, &report));
  }
  small_run_close(&run);
}

/// Start this program again, on the child alone; kill it after `milliseconds` (below 0: wait).
static bool run_child(const char *folder, const char *out, int milliseconds) {
  pid_t child = fork();
  if (child == 0) {
    setenv("THRONG_TEST_RUN", out, 1);
    setenv("THRONG_TEST_WORLD", folder, 1);
    if (!freopen("/dev/null", "w", stdout)) _exit(3);
    char self[] = "/proc/self/exe", filter[] = "--gtest_filter=train_child.*";
    execv(self, (char *[]){self, filter, NULL});
    _exit(2);
  }
  if (milliseconds >= 0) {
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(train, run_killed_at_random_moments_resumes_to_the_same_bytes_and_rows) {
  char straight[512], killed[512];
  const char *folder = throng_test_folder();
  snprintf(straight, sizeof straight, "%s/straight", folder);
  snprintf(killed, sizeof killed, "%s/killed", folder);
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  ASSERT_TRUE(run_child(folder, straight, -1));
  clock_gettime(CLOCK_MONOTONIC, &end);
  int whole = (int)((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
  srand((unsigned)end.tv_nsec);
  bool done = false;
  int kills = 0;
  for (int round = 0; round < 6 && !done; ++round, ++kills)
    done = run_child(folder, killed, whole / 4 + rand() % (whole / 2 + 1));
  if (!done) ASSERT_TRUE(run_child(folder, killed, -1));
  EXPECT_LT(0, kills);
  EXPECT_TRUE(same_file(straight, killed, FINAL));
  EXPECT_TRUE(same_file(straight, killed, "checkpoint-2400.safetensors"));
  int64_t a[32], b[32];
  int n = rows_with(straight, "step", a, 32), m = rows_with(killed, "step", b, 32);
  ASSERT_EQ(n, m);
  for (int k = 0; k < n; ++k) EXPECT_EQ(a[k], b[k]);
}

TEST(train, damaged_newest_checkpoint_falls_back_to_the_one_before_with_a_note) {
  small_run run;
  char straight[512], damaged[512], newest[600];
  const char *folder = throng_test_folder();
  snprintf(straight, sizeof straight, "%s/straight", folder);
  snprintf(damaged, sizeof damaged, "%s/damaged", folder);
  if (small_run_open(&run, folder, 1)) {
    run.train.yardsticks = false;
    ASSERT_OK(train(&run, straight, false, NULL));
    ASSERT_OK(train(&run, damaged, false, NULL));
    snprintf(newest, sizeof newest, "%s/" FINAL, damaged);
    ASSERT_EQ(truncate(newest, 1000), 0);
    throng_train_report report;
    ASSERT_OK(train(&run, damaged, true, &report));
    EXPECT_CONTAINS(notes, FINAL);
    EXPECT_CONTAINS(notes, "going back");
    EXPECT_CONTAINS(notes, "resumed from");
    EXPECT_EQ(report.user_steps, 3200);
    EXPECT_TRUE(same_file(straight, damaged, FINAL));
    EXPECT_EQ(count(damaged, FINAL ".damaged"), 1);
    int64_t a[32], b[32];
    EXPECT_EQ(rows_with(straight, "step", a, 32), rows_with(damaged, "step", b, 32));
  }
  small_run_close(&run);
}

/// A finished run without yardsticks in `name`; its rows and checkpoints are what must stay.
static bool finished_run(small_run *run, const char *name, char *out, size_t size) {
  snprintf(out, size, "%s/%s", throng_test_folder(), name);
  if (!small_run_open(run, throng_test_folder(), 1)) return false;
  run->train.yardsticks = false;
  throng_status status = train(run, out, false, NULL);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

TEST(train, what_keeps_a_checkpoint_from_being_read_for_now_stops_the_run_and_changes_nothing) {
  small_run run;
  char out[512], newest[600], away[600];
  if (finished_run(&run, "run", out, sizeof out)) {
    int64_t step[32];
    int rows = rows_with(out, "step", step, 32);
    snprintf(newest, sizeof newest, "%s/" FINAL, out);
    snprintf(away, sizeof away, "%s/away", out);
    // In the place of the newest: a folder, then a pipe that nobody writes to.
    ASSERT_EQ(rename(newest, away), 0);
    for (int kind = 0; kind < 2; ++kind) {
      ASSERT_EQ(kind ? mkfifo(newest, 0600) : mkdir(newest, 0700), 0);
      EXPECT_EQ(train(&run, out, true, NULL), THRONG_ERROR_IO);
      EXPECT_CONTAINS(throng_error_message(), "cannot resume");
      EXPECT_CONTAINS(throng_error_message(), FINAL ": is not a file");
      EXPECT_EQ(count(out, "*.damaged"), 0);
      EXPECT_EQ(remove(newest), 0);
    }
    ASSERT_EQ(rename(away, newest), 0);
    // Descriptors run out at each of the files in turn: somewhere on the way it is the
    // checkpoint's.
    struct rlimit before, few;
    getrlimit(RLIMIT_NOFILE, &before);
    int lowest = open("/dev/null", O_RDONLY), stopped = 0;
    close(lowest);
    throng_status status = THRONG_ERROR_IO;
    for (int more = 1; more <= 16 && status != THRONG_OK; ++more) {
      few = before;
      few.rlim_cur = (rlim_t)(lowest + more);
      setrlimit(RLIMIT_NOFILE, &few);
      status = train(&run, out, true, NULL);
      setrlimit(RLIMIT_NOFILE, &before);
      stopped += status == THRONG_ERROR_IO &&
                 strstr(throng_error_message(), "Too many open files") != NULL;
    }
    EXPECT_OK(status);
    EXPECT_GE(stopped, 3);  // at the lock, the rows, the list of checkpoints or one of them
    EXPECT_EQ(count(out, "*.damaged"), 0);
    EXPECT_EQ(count(out, "checkpoint-*.safetensors"), 2);
    EXPECT_EQ(rows_with(out, "step", step, 32), rows);
  }
  small_run_close(&run);
}

TEST(train, run_whose_checkpoints_are_all_damaged_stops_and_keeps_its_rows) {
  small_run run;
  char out[512], path[600];
  if (finished_run(&run, "run", out, sizeof out)) {
    int64_t step[32];
    int rows = rows_with(out, "step", step, 32);
    snprintf(path, sizeof path, "%s/" FINAL, out);
    FILE *file = fopen(path, "r+b");
    ASSERT_TRUE(file != NULL);
    fseek(file, -200, SEEK_END);  // one bit of some weight or lane
    int byte = getc(file);
    fseek(file, -200, SEEK_END);
    putc(byte ^ 4, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/checkpoint-2400.safetensors", out);
    ASSERT_EQ(truncate(path, 5000), 0);
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(train(&run, out, true, NULL), THRONG_ERROR_DATA);
      EXPECT_CONTAINS(throng_error_message(), "all 2 checkpoints are damaged");
      EXPECT_EQ(count(out, "checkpoint-*.safetensors"), 2);
      EXPECT_EQ(rows_with(out, "step", step, 32), rows);
    }
    // The same where an earlier run put them aside already.
    char aside[700];
    snprintf(aside, sizeof aside, "%s.damaged", path);
    ASSERT_EQ(rename(path, aside), 0);
    snprintf(path, sizeof path, "%s/" FINAL, out);
    ASSERT_EQ(unlink(path), 0);
    EXPECT_EQ(train(&run, out, true, NULL), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), "put aside as damaged");
    EXPECT_EQ(rows_with(out, "step", step, 32), rows);
    EXPECT_OK(train(&run, out, false, NULL));
    EXPECT_CONTAINS(notes, "moved to");
  }
  small_run_close(&run);
}

TEST(train, checkpoint_under_another_name_is_not_taken_for_that_step) {
  small_run run;
  char out[512], from[600], to[600];
  if (finished_run(&run, "run", out, sizeof out)) {
    snprintf(from, sizeof from, "%s/" FINAL, out);
    snprintf(to, sizeof to, "%s/checkpoint-4000.safetensors", out);
    ASSERT_EQ(rename(from, to), 0);
    EXPECT_EQ(train(&run, out, true, NULL), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), "stands at 3200 user-steps, its name says 4000");
  }
  small_run_close(&run);
}

TEST(train, resuming_on_another_kernel_warns_and_goes_on) {
  small_run run;
  char out[512];
  size_t size;
  if (finished_run(&run, "run", out, sizeof out)) {
    char *summary = read_file(out, "summary.json", &size);
    ASSERT_TRUE(summary != NULL);
    EXPECT_CONTAINS(summary, run.backend->arithmetic);
    free(summary);
    EXPECT_OK(train(&run, out, true, NULL));
    EXPECT_FALSE(strstr(notes, "warning"));
    snprintf(run.backend->arithmetic, sizeof run.backend->arithmetic, "cpu, elsewhere");
    EXPECT_OK(train(&run, out, true, NULL));
    EXPECT_CONTAINS(notes, "warning: the checkpoint was computed with (");
    EXPECT_CONTAINS(notes, "this machine computes with (cpu, elsewhere)");
  }
  small_run_close(&run);
}

TEST(train, cancelled_run_keeps_what_it_learned_and_resumes_to_the_same_bytes) {
  small_run run;
  char straight[512], stopped[512];
  const char *folder = throng_test_folder();
  snprintf(straight, sizeof straight, "%s/straight", folder);
  snprintf(stopped, sizeof stopped, "%s/stopped", folder);
  if (small_run_open(&run, folder, 1)) {
    run.train.yardsticks = false;
    ASSERT_OK(train(&run, straight, false, NULL));
    stop_at = 1300;
    EXPECT_EQ(train(&run, stopped, false, NULL), THRONG_ERROR_CANCELLED);
    stop_at = INT64_MAX;
    EXPECT_EQ(count(stopped, "checkpoint-1312.safetensors"), 1);
    EXPECT_EQ(count(stopped, "summary.json"), 0);
    ASSERT_OK(train(&run, stopped, true, NULL));
    EXPECT_TRUE(same_file(straight, stopped, FINAL));
  }
  small_run_close(&run);
}

TEST(train, another_agents_checkpoint_is_refused_and_left_alone) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.yardsticks = false;
    ASSERT_OK(train(&run, out, false, NULL));
    run.agent.gamma = 0.5f;
    EXPECT_NE(train(&run, out, true, NULL), THRONG_OK);
    EXPECT_CONTAINS(throng_error_message(), "cannot resume");
    EXPECT_CONTAINS(throng_error_message(), "gamma");
    EXPECT_EQ(count(out, "checkpoint-*.safetensors"), 2);
  }
  small_run_close(&run);
}

TEST(train, diverging_run_is_an_error_that_says_which_checkpoint_is_kept) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.yardsticks = false;
    runaway_def(&run.agent);
    run.agent.learning_starts = 1600;
    run.agent.updates = 1;
    run.agent.loss = THRONG_LOSS_MSE;
    EXPECT_NE(train(&run, out, false, NULL), THRONG_OK);
    EXPECT_CONTAINS(throng_error_message(), "loss");
    EXPECT_CONTAINS(throng_error_message(), "checkpoint of 1600 user-steps is kept");
    EXPECT_EQ(count(out, "checkpoint-1600.safetensors"), 1);
    EXPECT_EQ(count(out, "summary.json"), 0);
  }
  small_run_close(&run);
}

TEST(train, a_replay_of_few_steps_is_told_with_the_buffer_that_many_would_want) {
  small_run run;
  char out[512];
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.steps = 640;
    run.train.yardsticks = false;
    run.train.evaluation.episodes = 2;
    run.agent.learning_starts = 64;
    for (int few = 0; few < 2; ++few) {
      snprintf(out, sizeof out, "%s/run%d", throng_test_folder(), few);
      run.agent.buffer = few ? 100 : 32 * 16;
      ASSERT_OK(train(&run, out, false, NULL));
      EXPECT_EQ(strstr(notes, "agent.buffer") != NULL, few);
    }
    EXPECT_CONTAINS(notes, "100 transitions an agent are the last 4 steps of its 32 lanes");
    EXPECT_CONTAINS(notes, "256 steps want agent.buffer=8192");
  }
  small_run_close(&run);
}

TEST(train, rollouts_that_the_run_is_too_short_for_are_told_with_what_would_fit) {
  const struct {
    int32_t n_steps;
    const char *told;  // NULL: nothing is
  } of[] = {
      {101, "no rollout of 101 steps fits train.steps, which are 100 of each of the 32 lanes"},
      {30, "of which the last 10 fill no rollout and teach nothing; train.steps=2880"},
      {25, NULL}};
  for (size_t k = 0; k < sizeof of / sizeof *of; ++k) {
    small_run run;
    throng_train_report report;
    char out[512];
    notes[0] = '\0';
    ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
    snprintf(out, sizeof out, "%s/rollouts%zu", throng_test_folder(), k);
    run.train.out = out;
    run.agent.algorithm = THRONG_ALGORITHM_A2C;
    run.agent.n_steps = of[k].n_steps;
    ASSERT_OK(throng_train(run.backend, run.world, NULL, &run.sim, &run.agent, &run.train,
                           &progress, &report));
    if (of[k].told)
      EXPECT_CONTAINS(notes, of[k].told);
    else
      EXPECT_TRUE(strstr(notes, "rollout") == NULL);
    small_run_close(&run);
  }
}

TEST(train, wrong_fields_are_refused_by_name_and_leave_no_folder) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.steps = 0;
    EXPECT_EQ(train(&run, out, false, NULL), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "train.steps: expected an integer in 1..");
    run.train = throng_default_train_def();
    EXPECT_EQ(train(&run, NULL, false, NULL), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "train.out");
    run.train.cookie = 0;
    EXPECT_EQ(train(&run, out, false, NULL), THRONG_ERROR_ARGUMENT);
    EXPECT_EQ(count(throng_test_folder(), "run"), 0);
  }
  small_run_close(&run);
}

TEST(train, dqn_learns_to_beat_random_and_popular_in_a_small_world) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.sim.lanes = 128;
    run.agent.hidden[0] = run.agent.hidden[1] = 32;
    run.agent.width = 32;
    run.agent.batch = 128;
    run.agent.buffer = 32768;
    run.agent.learning_starts = 2048;
    run.agent.target_every = 2048;
    run.train.steps = 128 * 400;
    run.train.evaluate_every = run.train.checkpoint_every = run.train.steps;
    run.train.evaluation.episodes = 128;
    throng_train_report report;
    ASSERT_OK(train(&run, out, false, &report));
    const throng_metrics *m = report.yardstick;
    double least =
        fmax(m[THRONG_YARDSTICK_RANDOM].average_reward, m[THRONG_YARDSTICK_POPULAR].average_reward);
    EXPECT_TRUE(report.agent.average_reward > least + 2 * report.agent.average_reward_sem);
    EXPECT_TRUE(train_gap_closed(&report) > 30);
    printf("A.Rwd %.2f, gap closed: %.0f %%, %.0f user-steps/s\n", report.agent.average_reward,
           train_gap_closed(&report), report.user_steps_per_second);
  }
  small_run_close(&run);
}
