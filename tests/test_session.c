/// Sessions: driven by hand they are a run, from any mark they go on to the same bytes, and what is
/// done to one agent does not move another.
#include <math.h>

#include "support/run_files.h"
#include "support/small_run.h"

static char notes[2048];
static void note(void *context, const char *text) {
  (void)context;
  snprintf(notes, sizeof notes, "%s", text);
}
static const throng_progress progress = {.note = note};

static throng_session *open_session(const small_run *run) {
  throng_session *session = NULL;
  EXPECT_OK(throng_session_create(run->backend, run->world, NULL, &run->sim, &run->agent,
                                  &run->train, &progress, &session));
  return session;
}

static void save(throng_session *session, const char *name) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  EXPECT_OK(throng_session_save(session, path));
}

static bool same_saves(const char *a, const char *b) {
  return same_bytes(throng_test_folder(), a, throng_test_folder(), b);
}

TEST(session, driven_by_hand_it_is_the_run_that_throng_train_makes) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.evaluation.planner = THRONG_PLANNER_ON;
    run.train.evaluation.bandits = true;
    run.train.evaluation.bandit_steps = 500;
    throng_train_def def = run.train;
    throng_train_report whole, driven;
    def.out = out;
    ASSERT_OK(throng_train(run.backend, run.world, NULL, &run.sim, &run.agent, &def, NULL, &whole));
    throng_session *session = open_session(&run);
    ASSERT_TRUE(session != NULL);
    for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k)
      EXPECT_OK(throng_session_evaluate_yardstick(session, (throng_yardstick)k, NULL, NULL));
    // evaluate_every 1,280, checkpoint_every 800, steps 3,200
    const int64_t at[] = {800, 1280, 1600, 2400, 2560, 3200};
    const uint32_t expected[] = {
        THRONG_MARK_CHECKPOINT, THRONG_MARK_EVALUATION,
        THRONG_MARK_CHECKPOINT, THRONG_MARK_CHECKPOINT,
        THRONG_MARK_EVALUATION, THRONG_MARK_EVALUATION | THRONG_MARK_CHECKPOINT | THRONG_MARK_END};
    for (int k = 0; k < 6; ++k) {
      uint32_t marks;
      ASSERT_OK(throng_session_step(session, NULL, &marks));
      EXPECT_EQ(marks, expected[k]);
      throng_session_get_report(session, &driven);
      EXPECT_EQ(driven.user_steps, at[k]);
      if (marks & THRONG_MARK_EVALUATION) EXPECT_OK(throng_session_evaluate(session, NULL, NULL));
    }
    throng_session_get_report(session, &driven);
    EXPECT_EQ(memcmp(&driven.agent, &whole.agent, sizeof whole.agent), 0);
    EXPECT_EQ(memcmp(driven.yardstick, whole.yardstick, sizeof whole.yardstick), 0);
    EXPECT_TRUE(driven.seconds > 0 && driven.user_steps_per_second > 0);
    save(session, "driven");
    EXPECT_TRUE(same_bytes(out, "checkpoint-3200.safetensors", throng_test_folder(), "driven"));
    throng_session_close(session);
  }
  small_run_close(&run);
}

TEST(session, goes_on_from_every_mark_to_the_same_bytes_statistics_and_metrics) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.agent.count = 2;
    run.train.yardsticks = false;
    throng_session *straight = open_session(&run);
    ASSERT_TRUE(straight != NULL);
    uint32_t marks = 0;
    int n = 0;
    char name[32];
    while (!(marks & THRONG_MARK_END)) {
      ASSERT_OK(throng_session_step(straight, NULL, &marks));
      snprintf(name, sizeof name, "mark%d", n++);
      save(straight, name);
    }
    throng_metrics last[2], again[2];
    EXPECT_OK(throng_session_evaluate(straight, NULL, last));
    EXPECT_EQ(n, 6);
    for (int k = 0; k < n - 1; ++k) {
      throng_session *later = open_session(&run);
      ASSERT_TRUE(later != NULL);
      char path[600];
      snprintf(path, sizeof path, "%s/mark%d", throng_test_folder(), k);
      ASSERT_OK(throng_session_restore(later, path));
      for (int rest = k + 1; rest < n; ++rest) ASSERT_OK(throng_session_step(later, NULL, &marks));
      save(later, "later");
      EXPECT_TRUE(same_saves("later", "mark5"));
      throng_population_stats a = throng_session_get_stats(straight),
                              b = throng_session_get_stats(later);
      EXPECT_EQ(memcmp(a.loss, b.loss, 2 * sizeof *a.loss), 0);
      EXPECT_EQ(memcmp(a.epsilon, b.epsilon, 2 * sizeof *a.epsilon), 0);
      EXPECT_EQ(memcmp(a.mean_return, b.mean_return, 2 * sizeof *a.mean_return), 0);
      EXPECT_GT(a.episodes[0], 0);
      EXPECT_OK(throng_session_evaluate(later, NULL, again));
      EXPECT_EQ(memcmp(last, again, sizeof last), 0);
      throng_session_close(later);
    }
    throng_session_close(straight);
  }
  small_run_close(&run);
}

TEST(session, evaluating_changes_nothing_and_gives_the_same_numbers_twice) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.agent.count = 2;
    throng_session *plain = open_session(&run), *measured = open_session(&run);
    ASSERT_TRUE(plain && measured);
    uint32_t marks = 0;
    throng_metrics first[2], second[2], alone[2];
    throng_evaluation_def def = run.train.evaluation;
    while (!(marks & THRONG_MARK_END)) {
      ASSERT_OK(throng_session_step(plain, NULL, &marks));
      ASSERT_OK(throng_session_step(measured, NULL, &marks));
      ASSERT_OK(throng_session_evaluate(measured, NULL, first));
      ASSERT_OK(throng_session_evaluate_yardstick(measured, THRONG_YARDSTICK_MYOPIC, NULL, NULL));
      ASSERT_OK(throng_session_evaluate(measured, NULL, second));
      EXPECT_EQ(memcmp(first, second, sizeof first), 0);
    }
    save(plain, "plain");
    save(measured, "measured");
    EXPECT_TRUE(same_saves("plain", "measured"));
    // On lanes of their own the agents get the same.
    ASSERT_OK(throng_evaluate_population(run.backend, run.world, NULL, &run.sim, &def,
                                         throng_session_get_population(plain), NULL, alone));
    EXPECT_EQ(memcmp(first, alone, sizeof alone), 0);
    throng_train_report report;
    throng_session_get_report(measured, &report);
    EXPECT_NEAR(report.agent.average_reward,
                (first[0].average_reward + first[1].average_reward) / 2, 1e-12);
    // Everybody against the one yardstick that has played, and nobody against another.
    throng_comparison against;
    for (int32_t k = 0; k < 2; ++k) {
      ASSERT_OK(throng_session_compare(measured, k, &against));
      EXPECT_EQ(against.random.sessions, 0);
      EXPECT_EQ(against.myopic.sessions, def.episodes);
      EXPECT_NEAR(
          against.myopic.mean,
          first[k].average_reward - report.yardstick[THRONG_YARDSTICK_MYOPIC].average_reward, 1e-9);
    }
    EXPECT_NEAR(
        report.agent_against.myopic.mean,
        report.agent.average_reward - report.yardstick[THRONG_YARDSTICK_MYOPIC].average_reward,
        1e-9);
    EXPECT_EQ(throng_session_compare(measured, 2, &against), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "agent 2 is not in 0..1");
    EXPECT_EQ(throng_session_compare(plain, 0, &against), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "no agent has been evaluated yet");
    throng_session_close(plain);
    throng_session_close(measured);
  }
  small_run_close(&run);
}

static int64_t stop_at;
static bool report_until(void *context, const char *stage, int64_t done, int64_t total,
                         const char *unit) {
  (void)context, (void)total, (void)unit;
  return strcmp(stage, "train") != 0 || done < stop_at;
}

TEST(session, stopped_between_two_marks_goes_on_to_the_same_bytes) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.yardsticks = false;
    throng_session *straight = open_session(&run), *stopped = open_session(&run);
    ASSERT_TRUE(straight && stopped);
    const throng_progress until = {.report = report_until};
    uint32_t marks;
    ASSERT_OK(throng_session_step(straight, NULL, &marks));
    stop_at = 320;
    EXPECT_EQ(throng_session_step(stopped, &until, &marks), THRONG_ERROR_CANCELLED);
    EXPECT_EQ(marks, 0u);
    throng_train_report report;
    throng_session_get_report(stopped, &report);
    EXPECT_EQ(report.user_steps, 320);
    save(stopped, "stopped");
    ASSERT_OK(throng_session_step(stopped, NULL, &marks));
    save(straight, "straight");
    save(stopped, "gone-on");
    EXPECT_TRUE(same_saves("straight", "gone-on"));
    throng_session_close(stopped);
    stopped = open_session(&run);
    char path[600];
    snprintf(path, sizeof path, "%s/stopped", throng_test_folder());
    ASSERT_OK(throng_session_restore(stopped, path));
    ASSERT_OK(throng_session_step(stopped, NULL, &marks));
    save(stopped, "restored");
    EXPECT_TRUE(same_saves("straight", "restored"));
    throng_session_close(straight);
    throng_session_close(stopped);
  }
  small_run_close(&run);
}

TEST(session, goes_on_past_its_end_from_mark_to_mark) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.yardsticks = false;
    run.train.steps = 640;
    throng_session *session = open_session(&run);
    ASSERT_TRUE(session != NULL);
    const int64_t at[] = {640, 800, 1280};
    for (int k = 0; k < 3; ++k) {
      uint32_t marks;
      throng_train_report report;
      ASSERT_OK(throng_session_step(session, NULL, &marks));
      throng_session_get_report(session, &report);
      EXPECT_EQ(report.user_steps, at[k]);
      EXPECT_TRUE(marks & THRONG_MARK_END);
      EXPECT_EQ((marks & THRONG_MARK_EVALUATION) != 0, k != 1);
    }
    throng_session_close(session);
  }
  small_run_close(&run);
}

TEST(session, past_its_end_a_step_returns_however_far_the_next_mark_is) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.train.yardsticks = false;
    run.train.steps = 640;
    run.train.evaluate_every = run.train.checkpoint_every = INT64_C(1) << 40;
    throng_session *session = open_session(&run);
    ASSERT_TRUE(session != NULL);
    for (int k = 1; k <= 2; ++k) {
      uint32_t marks;
      throng_train_report report;
      ASSERT_OK(throng_session_step(session, NULL, &marks));
      throng_session_get_report(session, &report);
      EXPECT_EQ(report.user_steps, k * 640);
      EXPECT_EQ(marks, k == 1 ? THRONG_MARK_EVALUATION | THRONG_MARK_CHECKPOINT | THRONG_MARK_END
                              : THRONG_MARK_END);
    }
    throng_session_close(session);
  }
  small_run_close(&run);
}

TEST(session, wrong_fields_and_yardsticks_without_lanes_are_refused_by_name) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_session *session;
    run.train.evaluate_every = 0;
    EXPECT_EQ(throng_session_create(run.backend, run.world, NULL, &run.sim, &run.agent, &run.train,
                                    NULL, &session),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "train.evaluate_every");
    EXPECT_TRUE(session == NULL);
    run.train.evaluate_every = 32;
    EXPECT_EQ(throng_session_create(run.backend, run.world, NULL, &run.sim, NULL, &run.train, NULL,
                                    &session),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "throng_default_agent_def()");
    // What writes the run's config.json looks names up by these numbers.
    throng_agent_def headless = run.agent;
    throng_sim_def unruly = run.sim;
    run.train.out = throng_test_folder();
    headless.head = (throng_head)99;
    unruly.votes.rule = (throng_rule)-1;
    EXPECT_EQ(
        throng_train(run.backend, run.world, NULL, &run.sim, &headless, &run.train, NULL, NULL),
        THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "agent.head: expected");
    EXPECT_EQ(
        throng_train(run.backend, run.world, NULL, &unruly, &run.agent, &run.train, NULL, NULL),
        THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "votes.rule: expected");
    EXPECT_EQ(throng_train(run.backend, run.world, NULL, &run.sim, NULL, &run.train, NULL, NULL),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "throng_default_agent_def()");
    throng_metrics none;
    EXPECT_EQ(throng_evaluate_yardstick(run.backend, run.world, NULL, NULL, &run.train.evaluation,
                                        THRONG_YARDSTICK_RANDOM, NULL, &none),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "throng_default_sim_def()");
    run.train.yardsticks = false;
    session = open_session(&run);
    ASSERT_TRUE(session != NULL);
    EXPECT_EQ(throng_session_evaluate_yardstick(session, THRONG_YARDSTICK_RANDOM, NULL, NULL),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "train.yardsticks is false");
    EXPECT_EQ(throng_session_evaluate_yardstick(session, THRONG_YARDSTICK_COUNT, NULL, NULL),
              THRONG_ERROR_ARGUMENT);
    EXPECT_EQ(throng_session_restore(session, "/nowhere/session"), THRONG_ERROR_IO);
    throng_session_close(session);
    throng_session_close(NULL);
  }
  small_run_close(&run);
}
