/// Slots of a crew: whatever the others do, an agent's numbers are those of its training run alone.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory_plan.h"
#include "crew/crew.h"
#include "support/agent_rig.h"
#include "support/runaway.h"
#include "support/tensor_edit.h"

enum { LANES = 6, MOST_REPORTS = 16 };
#ifdef CUDA_IN_PLACE_OF_CPU  // where a step takes a hundred times as long
enum { TRIALS = 3, STEPS = 250, ALONE_TOO = 0 };
#else
enum { TRIALS = 7, STEPS = 450, ALONE_TOO = 1 };
#endif

typedef struct stage {
  throng_world world;
  throng_backend *backend;
  crew *crew;
} stage;

static bool open_stage(stage *s, int threads, int32_t n_slot) {
  memset(s, 0, sizeof *s);
  s->world = small_world(7, 20, 60, 6, 12);
  return backend_cpu_open(threads, &s->backend) == THRONG_OK &&
         crew_local_create(s->backend, &s->world, NULL, n_slot, &s->crew) == THRONG_OK;
}

static void close_stage(stage *s) {
  if (s->crew) s->crew->ops->close(s->crew);
  throng_backend_close(s->backend);
  small_world_free(&s->world);
}

/// Trial number k: shapes, options, seeds and lanes differ. 100 user-steps are no multiple of its
/// lanes, so that agents reach their marks after different numbers of steps.
static crew_setup setup_of(int k) {
  crew_setup s = {.sim = rig_sim_def(LANES, 8),
                  .agent = rig_agent_def(k % 3 == 2 ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER),
                  .train = throng_default_train_def()};
  s.sim.first_lane = (uint32_t)(1000 * k);
  s.sim.mask_seen = true;
  s.agent.seed = (uint32_t)(17 + k);
  s.agent.learning_rate = 1e-3f * (float)(1 + k % 4);
  s.agent.gamma = k % 2 ? 0.9f : 0.97f;
  s.agent.update_every = 1 + k % 3;
  s.agent.learning_starts = 50 + 10 * k;
  s.agent.epsilon_share = 0.3f;
  s.agent.batch = 8 + 8 * (k % 3);  // what sizes arrays differs within a cohort, too
  s.agent.n_step = 1 + k % 2;
  s.agent.buffer = 120 + 70 * (k % 4);
  s.agent.double_dqn = k % 4 != 1;
  s.agent.tau = k % 5 ? 0.05f : 1.0f;
  s.train.steps = STEPS;
  s.train.evaluate_every = 100;
  s.train.checkpoint_every = 130;
  s.train.yardsticks = false;
  s.train.evaluation.episodes = 9;
  s.train.evaluation.top = 4;
  return s;
}

/// What a run of its own reports at its evaluations.
static int run_alone(const stage *s, int threads, const crew_setup *setup, crew_report *out) {
  throng_session *run = NULL;
  throng_backend *backend = NULL;
  int n = 0;
  EXPECT_OK(backend_cpu_open(threads, &backend));
  EXPECT_OK(throng_session_create(backend, &s->world, NULL, &setup->sim, &setup->agent,
                                  &setup->train, NULL, &run));
  for (uint32_t marks = 0; run && !(marks & THRONG_MARK_END);) {
    throng_metrics each;
    if (throng_session_step(run, NULL, &marks) != THRONG_OK) break;
    if (!(marks & THRONG_MARK_EVALUATION)) continue;
    const throng_population_stats stats = throng_session_get_stats(run);
    EXPECT_OK(throng_session_evaluate(run, NULL, &each));
    out[n++] = (crew_report){.state = stats.state[0],
                             .user_steps = stats.user_steps[0],
                             .updates = stats.updates[0],
                             .evaluation = each,
                             .loss = (double)stats.loss[0],
                             .q = (double)stats.q[0],
                             .grad_norm = (double)stats.grad_norm[0],
                             .epsilon = (double)stats.epsilon[0],
                             .mean_return = (double)stats.mean_return[0],
                             .episodes = stats.episodes[0]};
  }
  throng_session_close(run);
  throng_backend_close(backend);
  return n;
}

/// To the bit; a device sums a norm in an order that depends on what stands beside it.
static bool same(double x, double y) {
#ifdef CUDA_IN_PLACE_OF_CPU
  return fabs(x - y) <= 1e-6 * fabs(x);
#else
  return x == y;
#endif
}

static bool same_report(const crew_report *x, const crew_report *y) {
  return x->state == y->state && x->user_steps == y->user_steps && x->updates == y->updates &&
         !memcmp(&x->evaluation, &y->evaluation, sizeof x->evaluation) && same(x->loss, y->loss) &&
         same(x->q, y->q) && same(x->grad_norm, y->grad_norm) && x->epsilon == y->epsilon &&
         x->mean_return == y->mean_return && x->episodes == y->episodes;
}

typedef struct history {
  int n;
  crew_report report[MOST_REPORTS];
} history;

/// Trials enter whatever slot is free, `together` of them at once, each one round after the other,
/// until all `n` have come to their ends.
static void run_all(stage *s, int n, int together, history *got) {
  int trial[8], next = 0, left = n;
  crew_report report[8];
  for (int k = 0; k < together; ++k) trial[k] = -1;
  for (int round = 0; left > 0 && round < 100; ++round) {
    for (int k = 0, begun = 0; k < together && next < n && begun < 1 + round % 2; ++k) {
      if (trial[k] >= 0) continue;
      const crew_setup setup = setup_of(next);
      trial[k] = next++;
      ++begun;
      ASSERT_OK(s->crew->ops->start(s->crew, k, &setup));
    }
    int32_t n_report = 0;
    ASSERT_OK(s->crew->ops->round(s->crew, NULL, report, &n_report));
    for (int32_t r = 0; r < n_report; ++r) {
      history *h = &got[trial[report[r].slot]];
      ASSERT_TRUE(h->n < MOST_REPORTS);
      h->report[h->n++] = report[r];
      if (report[r].user_steps < STEPS) continue;
      ASSERT_OK(s->crew->ops->stop(s->crew, report[r].slot));
      trial[report[r].slot] = -1;
      --left;
    }
  }
  EXPECT_EQ(left, 0);
}

TEST(crew, an_agents_reports_are_those_of_its_run_alone_whoever_trains_beside_it) {
  for (int together = ALONE_TOO ? 1 : 4; together <= 4; together += 3) {
    stage s;
    history got[TRIALS];
    memset(got, 0, sizeof got);
    ASSERT_TRUE(open_stage(&s, together == 1 ? 1 : 2, 4));
    run_all(&s, TRIALS, together, got);
    for (int k = 0; k < TRIALS; ++k) {
      crew_report alone[MOST_REPORTS];
      const crew_setup setup = setup_of(k);
      memset(alone, 0, sizeof alone);
      ASSERT_EQ(run_alone(&s, 1 + k % 2, &setup, alone), got[k].n);
      for (int r = 0; r < got[k].n; ++r)
        if (!same_report(&alone[r], &got[k].report[r]))
          throng_test_fail(__FILE__, __LINE__, "trial %d, round %d of %d at once", k, r, together);
    }
    close_stage(&s);
  }
}

/// A round of all slots in use; reports by slot, those that are none zero.
static void round_of(stage *s, crew_report by_slot[4]) {
  crew_report report[4];
  int32_t n = 0;
  memset(by_slot, 0, 4 * sizeof *by_slot);
  ASSERT_OK(s->crew->ops->round(s->crew, NULL, report, &n));
  for (int32_t r = 0; r < n; ++r) by_slot[report[r].slot] = report[r];
}

static const char *state_path(int slot) {
  static char path[512];
  snprintf(path, sizeof path, "%s/slot_%d.safetensors", throng_test_folder(), slot);
  return path;
}

static void start(stage *s, int slot, int trial) {
  const crew_setup setup = setup_of(trial);
  ASSERT_OK(s->crew->ops->start(s->crew, slot, &setup));
}

TEST(crew, agents_saved_in_one_crew_go_on_in_other_slots_of_another) {
  stage first, second;
  crew_report a[4], b[4];
  ASSERT_TRUE(open_stage(&first, 2, 4) && open_stage(&second, 1, 4));
  for (int k = 0; k < 3; ++k) start(&first, k, k);
  round_of(&first, a);
  start(&first, 3, 3);  // saved before its first step
  for (int k = 0; k < 4; ++k) ASSERT_OK(first.crew->ops->save(first.crew, k, state_path(k)));
  for (int k = 0; k < 4; ++k) {
    const crew_setup setup = setup_of(k);
    ASSERT_OK(second.crew->ops->load(second.crew, 3 - k, &setup, state_path(k)));
  }
  for (int round = 0; round < 4; ++round) {
    round_of(&first, a);
    round_of(&second, b);
    for (int k = 0; k < 4; ++k) EXPECT_TRUE(same_report(&a[k], &b[3 - k]));
  }
  EXPECT_GT(a[0].updates, 20);
  close_stage(&first);
  close_stage(&second);
}

TEST(crew, a_copy_is_the_same_within_a_crew_and_by_a_file_to_another) {
  stage first, second;
  crew_report a[4], b[4];
  ASSERT_TRUE(open_stage(&first, 1, 4) && open_stage(&second, 1, 4));
  for (int k = 0; k < 2; ++k) start(&first, k, k);
  start(&second, 2, 0);
  round_of(&first, a);
  round_of(&second, b);
  // Slot 1 becomes slot 0, with options, a seed and lanes of its own.
  crew_setup setup = setup_of(0);
  setup.agent.gamma = 0.5f;
  setup.agent.learning_rate = 0.004f;
  setup.agent.seed = 999;
  setup.sim.first_lane = 424242;
  ASSERT_OK(first.crew->ops->save(first.crew, 0, state_path(0)));
  ASSERT_OK(first.crew->ops->copy(first.crew, 1, 0, &setup));
  ASSERT_OK(second.crew->ops->load(second.crew, 3, &setup, state_path(0)));
  for (int round = 0; round < 3; ++round) {
    round_of(&first, a);
    round_of(&second, b);
    EXPECT_TRUE(same_report(&a[0], &b[2]));  // the original does not notice
    EXPECT_TRUE(same_report(&a[1], &b[3]));
    EXPECT_EQ(a[1].user_steps, a[0].user_steps);
    EXPECT_FALSE(same_report(&a[0], &a[1]));
  }
  // To a longer log and to a shorter one: what the file does not hold, the copy does not know.
  for (int k = 0; k < 2; ++k) {
    setup.agent.buffer = k ? 60 : 500;
    setup.agent.n_step = k ? 1 : 3;
    setup.agent.batch = k ? 4 : 32;
    ASSERT_OK(first.crew->ops->save(first.crew, 0, state_path(0)));
    ASSERT_OK(first.crew->ops->copy(first.crew, 1, 0, &setup));
    ASSERT_OK(second.crew->ops->stop(second.crew, 3));
    if (k) ASSERT_OK(second.crew->ops->stop(second.crew, 2));  // arrays for the small one alone
    ASSERT_OK(second.crew->ops->load(second.crew, 3, &setup, state_path(0)));
    round_of(&first, a);
    round_of(&second, b);
    EXPECT_TRUE(same_report(&a[1], &b[3]));
  }
  // An empty slot may become a copy, too; agents of another shape may not.
  ASSERT_OK(first.crew->ops->copy(first.crew, 3, 0, &setup));
  const crew_setup other = setup_of(2);
  EXPECT_EQ(first.crew->ops->copy(first.crew, 1, 0, &other), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agents of another shape");
  close_stage(&first);
  close_stage(&second);
}

TEST(crew, a_diverged_agent_says_why_and_neither_the_others_nor_the_round_fail) {
  stage s, plain;
  crew_report a[4], b[4];
  ASSERT_TRUE(open_stage(&s, 1, 4) && open_stage(&plain, 1, 4));
  crew_setup runaway = setup_of(0);
  runaway.agent.learning_starts = 20;
  runaway_def(&runaway.agent);
  ASSERT_OK(s.crew->ops->start(s.crew, 0, &runaway));
  start(&s, 1, 1);
  start(&plain, 2, 1);
  for (int round = 0; round < 3; ++round) {
    round_of(&s, a);
    round_of(&plain, b);
    EXPECT_TRUE(same_report(&a[1], &b[2]));
    EXPECT_EQ(a[1].state, THRONG_AGENT_LEARNING);
  }
  EXPECT_EQ(a[0].state, THRONG_AGENT_DIVERGED);
  EXPECT_CONTAINS(a[0].cause, "learning diverged");
  EXPECT_CONTAINS(a[0].cause, "agent.learning_rate (10)");
  EXPECT_EQ(a[0].evaluation.episodes, 0);
  EXPECT_TRUE(a[0].user_steps > 0 && a[0].user_steps < a[1].user_steps);
  // All of them: the round is none the worse for it, and the slots can be filled anew.
  ASSERT_OK(s.crew->ops->stop(s.crew, 1));
  round_of(&s, a);
  EXPECT_EQ(a[0].state, THRONG_AGENT_DIVERGED);
  ASSERT_OK(s.crew->ops->stop(s.crew, 0));
  start(&s, 0, 1);
  crew_report alone[MOST_REPORTS];
  const crew_setup setup = setup_of(1);
  memset(alone, 0, sizeof alone);
  ASSERT_TRUE(run_alone(&s, 1, &setup, alone) > 0);
  round_of(&s, a);
  EXPECT_TRUE(same_report(&a[0], &alone[0]));
  close_stage(&s);
  close_stage(&plain);
}

TEST(crew, what_no_agent_can_be_is_refused_when_it_starts_and_the_slot_stays_free) {
  stage s;
  ASSERT_TRUE(open_stage(&s, 1, 2));
  crew *c = s.crew;
  crew_setup setup = setup_of(0);
#define REFUSED(call, part)                        \
  do {                                             \
    EXPECT_EQ(call, THRONG_ERROR_ARGUMENT);        \
    EXPECT_CONTAINS(throng_error_message(), part); \
  } while (0)
  REFUSED(c->ops->start(c, 2, &setup), "slot 2 is not in 0..1");
  REFUSED(c->ops->stop(c, 0), "slot 0: nobody is there");
  REFUSED(c->ops->save(c, 0, "x"), "nobody is there");
  setup.agent.count = 2;
  REFUSED(c->ops->start(c, 0, &setup), "a slot trains one agent");
  setup = setup_of(0);
  setup.agent.epsilon = THRONG_EPSILON_EXPONENTIAL;
  setup.agent.epsilon_end = 0;
  REFUSED(c->ops->start(c, 0, &setup), "agent.epsilon_end");
  setup = setup_of(0);
  setup.sim.slate_size = 61;
  REFUSED(c->ops->start(c, 0, &setup), "sim.slate_size");
  setup = setup_of(0);
  setup.train.evaluation.top = 0;
  REFUSED(c->ops->start(c, 0, &setup), "evaluation.top");
  int64_t used, had;
  int32_t cohorts;
  crew_local_usage(c, &used, &had, &cohorts);
  EXPECT_EQ(cohorts, 0);
  start(&s, 0, 0);
  setup = setup_of(1);
  REFUSED(c->ops->start(c, 0, &setup), "somebody is there already");
  EXPECT_EQ(c->ops->load(c, 1, &setup, "/nonexistent"), THRONG_ERROR_IO);
  start(&s, 1, 1);  // the slot is free
  close_stage(&s);
}

static bool stop_at_50(void *context, const char *what, int64_t done, int64_t total,
                       const char *unit) {
  (void)context, (void)total, (void)unit;
  return strcmp(what, "train") != 0 || done < 50;
}

TEST(crew, a_round_that_is_stopped_reports_nothing) {
  stage s;
  ASSERT_TRUE(open_stage(&s, 1, 2));
  start(&s, 0, 0);
  crew_report report[2];
  int32_t n = -1;
  const throng_progress progress = {.report = stop_at_50};
  EXPECT_EQ(s.crew->ops->round(s.crew, &progress, report, &n), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(n, 0);
  close_stage(&s);
}

TEST(crew, places_follow_the_slots_in_use_and_an_idle_slot_takes_none) {
  stage s;
  crew_report report[4];
  int64_t used, had;
  int32_t cohorts;
  ASSERT_TRUE(open_stage(&s, 1, 4));
  start(&s, 0, 0);
  start(&s, 1, 1);
  start(&s, 2, 2);
  round_of(&s, report);
  crew_local_usage(s.crew, &used, &had, &cohorts);
  EXPECT_EQ(cohorts, 2);
  EXPECT_EQ(used, 3);
  EXPECT_EQ(had, 3);
  ASSERT_OK(s.crew->ops->stop(s.crew, 0));
  ASSERT_OK(s.crew->ops->stop(s.crew, 2));
  round_of(&s, report);
  crew_local_usage(s.crew, &used, &had, &cohorts);
  EXPECT_EQ(cohorts, 1);
  EXPECT_EQ(used, 4);
  EXPECT_EQ(had, 4);
  close_stage(&s);
}

static double set_bytes(const tensor_set *set) {
  double bytes = 0;
  for (size_t k = 0; k < set->count; ++k) bytes += (double)tensor_bytes(&set->tensor[k]);
  return bytes;
}

/// The arrays of `n` agents of a setup on a backend: their own, those of the lanes that they learn
/// on and are measured on, and what they choose items in there.
static double array_bytes(const stage *s, const crew_setup *setup, int32_t n) {
  throng_backend *plan = NULL;
  throng_sim *sim = NULL, *measured = NULL;
  throng_population *a = NULL;
  agent_actor *actor = NULL;
  throng_sim_def def = setup->sim, lanes = setup->sim;
  throng_agent_def agent = setup->agent;
  def.lanes *= n;
  lanes.lanes = setup->train.evaluation.episodes * n;
  agent.count = n;
  EXPECT_OK(memory_plan_open(s->backend, &plan));
  EXPECT_OK(throng_sim_create(plan, &s->world, NULL, &def, &sim));
  EXPECT_OK(throng_sim_create(plan, &s->world, NULL, &lanes, &measured));
  EXPECT_OK(throng_population_create(sim, &agent, 1000, &a));
  EXPECT_OK(agent_actor_create(a, measured, setup->train.evaluation.top, &actor));
  const double bytes = set_bytes(&a->weights) + set_bytes(&a->hyper) + set_bytes(&a->intervals) +
                       set_bytes(&a->replay) + set_bytes(&a->clocks) + set_bytes(&a->scratch) +
                       set_bytes(&a->late) + set_bytes(&sim->lanes) + set_bytes(&measured->lanes) +
                       (double)memory_plan_part(plan, "actor of the agents");
  agent_actor_free(actor);
  throng_population_close(a);
  throng_sim_close(measured);
  throng_sim_close(sim);
  throng_backend_close(plan);
  return bytes;
}

TEST(crew, a_further_agent_costs_what_its_arrays_hold_and_a_tenth_more_at_most) {
  stage s;
  ASSERT_TRUE(open_stage(&s, 1, 1));
  for (int head = 0; head < 2; ++head) {
    crew_setup setup = {.sim = rig_sim_def(64, 64),
                        .agent = throng_default_agent_def(),
                        .train = throng_default_train_def()};
    setup.agent.head = head ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER;
    double agent_bytes, shared_bytes;
    int64_t most;
    ASSERT_OK(
        crew_local_plan(s.backend, &s.world, NULL, &setup, &agent_bytes, &shared_bytes, &most));
    const double arrays = (array_bytes(&s, &setup, 9) - array_bytes(&s, &setup, 1)) / 8;
    EXPECT_GT(arrays, 5e6);  // a replay of 250,000 transitions and more
    EXPECT_TRUE(agent_bytes >= arrays && agent_bytes <= 1.1 * arrays);
    EXPECT_GT(most, 0);
  }
  close_stage(&s);
}

/// The value of a name in the row of metrics.jsonl at a step; NaN where there is none.
static double row_value(const char *folder, int64_t step, const char *name) {
  char path[600];
  char *line = NULL;
  size_t capacity = 0;
  double value = NAN;
  snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
  FILE *file = fopen(path, "r");
  while (file && getline(&line, &capacity, file) > 0) {
    cJSON *row = cJSON_Parse(line);
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(row, "step");
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(row, name);
    if (cJSON_IsNumber(at) && at->valuedouble == (double)step && cJSON_IsNumber(found))
      value = found->valuedouble;
    cJSON_Delete(row);
  }
  free(line);
  if (file) fclose(file);
  return value;
}

TEST(crew, what_it_reports_stands_in_the_metrics_of_a_training_run_and_its_file_goes_on_there) {
  stage s;
  crew_report a[4];
  char out[500], state[560];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  ASSERT_TRUE(open_stage(&s, 1, 4));
  crew_setup setup = setup_of(1);
  setup.train.checkpoint_every = setup.train.evaluate_every;
  start(&s, 0, 0);
  ASSERT_OK(s.crew->ops->start(s.crew, 3, &setup));
  setup.train.out = out;
  ASSERT_OK(
      throng_train(s.backend, &s.world, NULL, &setup.sim, &setup.agent, &setup.train, NULL, NULL));
  for (int64_t end = 0, round = 0; end < STEPS && round < 10; ++round) {
    round_of(&s, a);
    const crew_report *r = &a[3];
    end = r->user_steps;
    EXPECT_NEAR(row_value(out, end, "evaluation/agent/average_reward"),
                r->evaluation.average_reward, 1e-13);  // printed with 15 digits
    EXPECT_NEAR(row_value(out, end, "evaluation/agent/gini"), r->evaluation.gini, 1e-14);
    EXPECT_NEAR(row_value(out, end, "train/return"), r->mean_return, 1e-13);
    EXPECT_EQ(row_value(out, end, "train/episodes"), (double)r->episodes);
    EXPECT_EQ(row_value(out, end, "train/updates"), (double)r->updates);
    // Rows are printed with 15 digits, more than a float has.
    EXPECT_TRUE((float)row_value(out, end, "train/q") == (float)r->q);
    // The run's checkpoint is the file that the slot writes.
    snprintf(state, sizeof state, "%s/checkpoint-%lld.safetensors", out, (long long)end);
    ASSERT_OK(s.crew->ops->save(s.crew, 3, state_path(3)));
    const file_bytes run = file_bytes_read(state), slot = file_bytes_read(state_path(3));
    if (run.length)  // those that were not pruned
      EXPECT_TRUE(run.length == slot.length && !memcmp(run.data, slot.data, run.length));
    free(run.data);
    free(slot.data);
  }
  EXPECT_GT(a[3].updates, 10);
  close_stage(&s);
}
