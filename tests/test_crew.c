/// Slots of a crew: whatever the others do, an agent's numbers are those of its training run alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew/crew.h"
#include "support/agent_rig.h"

enum { LANES = 6, ROUNDS = 6, MOST_REPORTS = 16 };

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
  s.train.steps = 450;
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

static bool same_report(const crew_report *x, const crew_report *y) {
  return x->state == y->state && x->user_steps == y->user_steps && x->updates == y->updates &&
         !memcmp(&x->evaluation, &y->evaluation, sizeof x->evaluation) && x->loss == y->loss &&
         x->q == y->q && x->grad_norm == y->grad_norm && x->epsilon == y->epsilon &&
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
      if (report[r].user_steps < 450) continue;
      ASSERT_OK(s->crew->ops->stop(s->crew, report[r].slot));
      trial[report[r].slot] = -1;
      --left;
    }
  }
  EXPECT_EQ(left, 0);
}

TEST(crew, an_agents_reports_are_those_of_its_run_alone_whoever_trains_beside_it) {
  enum { TRIALS = 7 };
  for (int together = 1; together <= 4; together += 3) {
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
