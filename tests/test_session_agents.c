/// What is done to one agent of a session (started anew, copied, stopped, lost to a learning rate)
/// moves no other agent by a bit.
#include <cjson/cJSON.h>
#include <math.h>
#include <sys/stat.h>

#include "support/run_files.h"
#include "support/runaway.h"
#include "support/small_run.h"

enum { AGENTS = 3, MARKS = 6 };  // checkpoint_every 800, evaluate_every 1,280, steps 3,200

static char notes[2048];
static void note(void *context, const char *text) {
  (void)context;
  size_t used = strlen(notes);
  snprintf(notes + used, sizeof notes - used, "%s\n", text);
}
static const throng_progress progress = {.note = note};

/// What a session shows of its agents at every mark.
typedef struct curves {
  throng_metrics metrics[MARKS][AGENTS];
  float loss[MARKS][AGENTS];
  int64_t user_steps[MARKS][AGENTS];
  throng_agent_state state[MARKS][AGENTS];
  throng_train_report report;
} curves;

/// Done to the session after its second mark.
typedef throng_status meddling(throng_population *population);

static throng_status leave_alone(throng_population *population) {
  (void)population;
  return THRONG_OK;
}
static throng_status start_anew(throng_population *population) {
  const uint32_t seed = 77;
  return throng_population_start(population, 0, 1, &seed);
}
static throng_status copy_second_onto_first(throng_population *population) {
  return throng_population_copy(population, 1, 0, true);
}
static throng_status stop_first(throng_population *population) {
  return throng_population_stop(population, 0);
}
static throng_status lose_first(throng_population *population) {
  return runaway_set(population, 0);
}

static bool open_agents(small_run *run, throng_session **session) {
  if (!small_run_open(run, throng_test_folder(), 1)) return false;
  run->sim.lanes = 8 * AGENTS;
  run->agent.count = AGENTS;
  run->agent.buffer = 512;
  run->agent.learning_starts = 64;
  run->agent.updates = 1;
  run->agent.loss = THRONG_LOSS_MSE;
  run->train.yardsticks = false;
  run->train.steps = 8 * AGENTS * 100;
  run->train.checkpoint_every = 8 * AGENTS * 25;
  run->train.evaluate_every = 8 * AGENTS * 40;
  throng_status status = throng_session_create(run->backend, run->world, NULL, &run->sim,
                                               &run->agent, &run->train, &progress, session);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

/// Save the session and go on in another one.
static throng_status move_on(small_run *run, throng_session **session) {
  char path[600];
  throng_session *other = NULL;
  snprintf(path, sizeof path, "%s/moved", throng_test_folder());
  throng_status status = throng_session_save(*session, path);
  if (status == THRONG_OK)
    status = throng_session_create(run->backend, run->world, NULL, &run->sim, &run->agent,
                                   &run->train, NULL, &other);
  if (status == THRONG_OK) status = throng_session_restore(other, path);
  EXPECT_OK(status);
  throng_session_close(*session);
  *session = other;
  return status;
}

static bool play(meddling *meddle, bool interrupted, curves *out) {
  small_run run;
  throng_session *session = NULL;
  notes[0] = '\0';
  bool good = open_agents(&run, &session);
  for (int k = 0; k < MARKS && good; ++k) {
    uint32_t marks;
    throng_status status = throng_session_step(session, &progress, &marks);
    if (status == THRONG_OK) status = throng_session_evaluate(session, NULL, out->metrics[k]);
    EXPECT_OK(status);
    good = status == THRONG_OK;
    if (!good) break;
    const throng_population_stats stats = throng_session_get_stats(session);
    for (int agent = 0; agent < AGENTS; ++agent) {
      out->loss[k][agent] = stats.loss[agent];
      out->user_steps[k][agent] = stats.user_steps[agent];
      out->state[k][agent] = stats.state[agent];
    }
    if (k == 1) EXPECT_OK(meddle(throng_session_get_population(session)));
    if (k == 3 && interrupted) good = move_on(&run, &session) == THRONG_OK;
  }
  if (good) throng_session_get_report(session, &out->report);
  throng_session_close(session);
  small_run_close(&run);
  return good;
}

/// The last agents are as in the session that was left alone, the first one is not.
static void expect_only_the_first_moved(const curves *a, const curves *b) {
  for (int k = 0; k < MARKS; ++k)
    for (int agent = 1; agent < AGENTS; ++agent) {
      EXPECT_EQ(memcmp(&a->metrics[k][agent], &b->metrics[k][agent], sizeof a->metrics[k][agent]),
                0);
      EXPECT_EQ(memcmp(&a->loss[k][agent], &b->loss[k][agent], sizeof(float)), 0);
      EXPECT_EQ(a->user_steps[k][agent], b->user_steps[k][agent]);
      EXPECT_EQ(b->state[k][agent], THRONG_AGENT_LEARNING);
    }
  for (int k = 0; k < 2; ++k)
    EXPECT_EQ(memcmp(&a->metrics[k][0], &b->metrics[k][0], sizeof a->metrics[k][0]), 0);
  EXPECT_NE(memcmp(&a->metrics[MARKS - 1][0], &b->metrics[MARKS - 1][0], sizeof a->metrics[0][0]),
            0);
}

static bool same_but_for_the_first(meddling *meddle, curves *moved) {
  static curves plain, again;
  if (!play(leave_alone, false, &plain) || !play(meddle, false, moved)) return false;
  expect_only_the_first_moved(&plain, moved);
  // And what was done to the first is part of what a session saves.
  if (!play(meddle, true, &again)) return false;
  EXPECT_EQ(memcmp(moved->metrics, again.metrics, sizeof again.metrics), 0);
  EXPECT_EQ(memcmp(moved->user_steps, again.user_steps, sizeof again.user_steps), 0);
  EXPECT_EQ(memcmp(moved->state, again.state, sizeof again.state), 0);
  return true;
}

TEST(session_agents, one_started_anew_begins_at_nothing_and_moves_no_other) {
  static curves c;
  if (same_but_for_the_first(start_anew, &c)) {
    EXPECT_EQ(c.user_steps[1][0], c.user_steps[1][1]);
    EXPECT_EQ(c.user_steps[2][0], c.user_steps[2][1] - c.user_steps[1][1]);
    EXPECT_EQ(c.state[MARKS - 1][0], THRONG_AGENT_LEARNING);
  }
}

TEST(session_agents, one_copied_onto_gets_the_numbers_of_the_other_and_moves_none) {
  static curves c;
  if (same_but_for_the_first(copy_second_onto_first, &c)) {
    EXPECT_NE(memcmp(&c.metrics[1][0], &c.metrics[1][1], sizeof c.metrics[1][0]), 0);
    EXPECT_EQ(c.user_steps[2][0], c.user_steps[2][1]);
  }
}

TEST(session_agents, one_stopped_learns_no_more_leaves_the_mean_and_moves_no_other) {
  static curves c;
  if (same_but_for_the_first(stop_first, &c)) {
    for (int k = 2; k < MARKS; ++k) {
      EXPECT_EQ(c.state[k][0], THRONG_AGENT_STOPPED);
      EXPECT_EQ(memcmp(&c.metrics[k][0], &c.metrics[1][0], sizeof c.metrics[k][0]), 0);
    }
    EXPECT_NEAR(
        c.report.agent.average_reward,
        (c.metrics[MARKS - 1][1].average_reward + c.metrics[MARKS - 1][2].average_reward) / 2,
        1e-12);
  }
}

TEST(session_agents, one_that_diverges_is_told_of_leaves_the_mean_and_moves_no_other) {
  static curves c;
  if (same_but_for_the_first(lose_first, &c)) {
    EXPECT_EQ(c.state[1][0], THRONG_AGENT_LEARNING);
    EXPECT_EQ(c.state[MARKS - 1][0], THRONG_AGENT_DIVERGED);
    EXPECT_CONTAINS(notes, "agent 0");
    EXPECT_TRUE(isfinite(c.report.agent.average_reward));
    EXPECT_NEAR(
        c.report.agent.average_reward,
        (c.metrics[MARKS - 1][1].average_reward + c.metrics[MARKS - 1][2].average_reward) / 2,
        1e-12);
  }
}

TEST(session_agents, when_the_last_has_diverged_the_step_says_so) {
  small_run run;
  throng_session *session = NULL;
  if (open_agents(&run, &session)) {
    throng_population *population = throng_session_get_population(session);
    for (int agent = 0; agent < AGENTS; ++agent) EXPECT_OK(runaway_set(population, agent));
    uint32_t marks;
    throng_status status = THRONG_OK;
    for (int k = 0; k < MARKS && status == THRONG_OK; ++k)
      status = throng_session_step(session, NULL, &marks);
    EXPECT_EQ(status, THRONG_ERROR_DIVERGED);
    EXPECT_EQ(marks, 0u);
    // A slot that is filled anew learns again.
    for (int agent = 0; agent < AGENTS; ++agent) EXPECT_OK(runaway_unset(population, agent));
    EXPECT_OK(throng_population_start(population, 0, AGENTS, NULL));
    EXPECT_OK(throng_session_step(session, NULL, &marks));
    EXPECT_EQ(throng_session_get_stats(session).state[1], THRONG_AGENT_LEARNING);
  }
  throng_session_close(session);
  small_run_close(&run);
}

/// The last line of metrics.jsonl.
static cJSON *last_row(const char *folder) {
  size_t size = 0;
  char *text = read_file(folder, "metrics.jsonl", &size);
  while (size > 0 && text[size - 1] == '\n') text[--size] = '\0';
  const char *line = text ? strrchr(text, '\n') : NULL;
  cJSON *row = cJSON_Parse(line ? line + 1 : text);
  free(text);
  return row;
}

TEST(session_agents, a_run_goes_on_without_one_that_diverges_and_says_so_in_its_files) {
  small_run run;
  throng_session *session = NULL;
  char out[512], path[600];
  size_t size = 0;
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  snprintf(path, sizeof path, "%s/checkpoint-600.safetensors", out);
  if (open_agents(&run, &session)) {
    uint32_t marks;
    EXPECT_OK(lose_first(throng_session_get_population(session)));
    EXPECT_OK(throng_session_step(session, NULL, &marks));
    ASSERT_EQ(mkdir(out, 0700), 0);
    EXPECT_OK(throng_session_save(session, path));  // of 8 * AGENTS * 25 user-steps
    run.train.out = out;
    run.train.resume = true;
    throng_train_report report;
    ASSERT_OK(throng_train(run.backend, run.world, NULL, &run.sim, &run.agent, &run.train, NULL,
                           &report));
    EXPECT_EQ(report.user_steps, run.train.steps);
    cJSON *row = last_row(out);
    EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(row, "train/agent_0/state")->valuedouble,
                THRONG_AGENT_DIVERGED, 0);
    EXPECT_TRUE(isfinite(cJSON_GetObjectItemCaseSensitive(row, "train/loss")->valuedouble));
    cJSON_Delete(row);
    char *text = read_file(out, "summary.json", &size);
    cJSON *summary = cJSON_Parse(text);
    const cJSON *agents = cJSON_GetObjectItemCaseSensitive(summary, "agents");
    double sum = 0;
    for (int k = 0; k < AGENTS; ++k) {
      const cJSON *agent = cJSON_GetArrayItem(agents, k);
      const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(agent, "metrics");
      EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(agent, "state")),
                   k == 0 ? "diverged" : "learning");
      if (k > 0) sum += cJSON_GetObjectItemCaseSensitive(metrics, "average_reward")->valuedouble;
    }
    EXPECT_NEAR(report.agent.average_reward, sum / 2, 1e-12);
    cJSON_Delete(summary);
    free(text);
  }
  throng_session_close(session);
  small_run_close(&run);
}
