/// What a sweep will take: user-steps by its scheduler, kinds of agents, memory, time.
#include "sweep/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sweep/inside.h"

static int64_t planned_trials(const sweep *s) {
  const int64_t size = space_size(s->space);
  int64_t trials = s->def.max_trials;
  if (s->population) return s->def.slots;
  if (s->def.sampler == THRONG_SAMPLER_GRID && size >= 0 && (trials == 0 || size < trials))
    trials = size;
  return trials;
}

int64_t sweep_planned_steps(const sweep *s) {
  const scheduler_def def = sweep_scheduler_def(s);
  const int64_t trials = planned_trials(s);
  if (trials == 0) return s->def.max_steps;
  int64_t steps = scheduler_steps(s->def.scheduler, &def, trials);
  // Later seeds are of those that reached the end; how many the paired test gives up is not known.
  if (s->def.scheduler == THRONG_SCHEDULER_NONE) steps *= s->def.seeds;
  return s->def.max_steps > 0 && s->def.max_steps < steps ? s->def.max_steps : steps;
}

/// Kinds of agents that cannot share a population: at most the product of what is structural.
static int64_t count_cohorts(const sweep *s) {
  int64_t n = 1;
  for (int32_t k = 0; k < s->space->n; ++k) {
    const space_parameter *p = &s->space->parameter[k];
    if (!p->structural) continue;
    const int64_t values = space_values(p);
    if (values < 0 || n > SWEEP_MOST_COHORTS / values) return SWEEP_MOST_COHORTS;
    n *= values;
  }
  return n;
}

/// Values for what applies now that a parent has changed.
static void complete_point(const space *space, double *x) {
  for (int32_t k = 0; k < space->n; ++k) {
    const space_parameter *p = &space->parameter[k];
    if (!space_applies(space, x, k))
      x[k] = (double)NAN;
    else if (isnan(x[k]))
      x[k] = p->kind == SPACE_CHOICE ? p->n_choice - 1 : p->high;
  }
}

typedef struct plan_place {
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
} plan_place;

static throng_status memory_at(const sweep *s, const plan_place *at, const double *x,
                               sweep_memory *out) {
  trial_setup setup;
  THRONG_TRY(setup_make(s, x, 0, &setup));
  throng_status status = crew_local_plan(at->backend, at->world, at->sta, &setup.crew,
                                         &out->agent_bytes, &out->shared_bytes, &out->most);
  setup_free(&setup);
  return status;
}

/// Put value `v` of parameter k into x where agents then take more. One that cannot be made takes
/// nothing.
static void try_value(const sweep *s, const plan_place *at, double *x, double *room, int32_t k,
                      double v, sweep_memory *most) {
  sweep_memory now;
  memcpy(room, x, (size_t)s->space->n * sizeof *x);
  room[k] = v;
  complete_point(s->space, room);
  if (memory_at(s, at, room, &now) != THRONG_OK || now.agent_bytes <= most->agent_bytes) return;
  *most = now;
  memcpy(x, room, (size_t)s->space->n * sizeof *x);
}

throng_status sweep_plan_memory(const sweep *s, throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, sweep_memory *out) {
  const plan_place at = {backend, world, sta};
  void *block;
  THRONG_TRY(throng_alloc(&block, 2 * (size_t)s->space->n, sizeof(double), "plan"));
  double *x = block, *room = x + s->space->n;
  space_initial(s->space, x);
  throng_status status = memory_at(s, &at, x, out);
  for (int32_t k = 0; k < s->space->n && status == THRONG_OK; ++k) {
    const space_parameter *p = &s->space->parameter[k];
    if (!space_applies(s->space, x, k)) continue;
    if (p->kind != SPACE_CHOICE) {
      if (p->kind == SPACE_INT) try_value(s, &at, x, room, k, p->high, out);
      continue;
    }
    for (int32_t v = 0; v < p->n_choice; ++v) try_value(s, &at, x, room, k, v, out);
  }
  out->cohorts = count_cohorts(s);
  free(x);
  return status;
}

// --- time -------------------------------------------------------------------------------------

/// Seconds of a round of `n` fresh agents that train `steps` user-steps each, after a first one
/// that makes them and fills their replay.
static throng_status time_round(const sweep *s, crew *crew, int32_t n, int64_t steps,
                                const throng_progress *progress, double *seconds) {
  crew_setup setup = sweep_setup(s);
  void *block;
  int32_t reported;
  setup.agent.learning_starts = setup.agent.batch;
  setup.train.evaluate_every = steps;
  setup.train.steps = 16 * steps;
  THRONG_TRY(throng_alloc(&block, (size_t)n, sizeof(crew_report), "plan"));
  throng_status status = THRONG_OK;
  int32_t made = 0;
  for (; made < n && status == THRONG_OK; ++made) status = crew->ops->start(crew, made, &setup);
  if (status == THRONG_OK) status = crew->ops->round(crew, progress, block, &reported);
  const double begun = clock_now();
  if (status == THRONG_OK) status = crew->ops->round(crew, progress, block, &reported);
  *seconds = clock_now() - begun;
  for (int32_t k = 0; k < made; ++k) (void)crew->ops->stop(crew, k);
  free(block);
  return status;
}

throng_status sweep_plan_time(const sweep *s, crew *crew, const throng_progress *progress,
                              sweep_time *out) {
  enum { MOST_AGENTS = 64 };
  const double enough = 0.3;
  const int32_t n = crew->n_slot < MOST_AGENTS ? crew->n_slot : MOST_AGENTS;
  const int64_t lanes = s->clock.lanes;
  double shorter, longer = 0;
  // The first round fills the replay up to the first update.
  int64_t steps = (s->config->agent.batch / lanes + 2) * lanes;
  THRONG_TRY(time_round(s, crew, n, steps, progress, &shorter));
  for (int k = 0; k < 8; ++k) {  // until the longer one is long enough to be told apart
    steps *= 4;
    THRONG_TRY(time_round(s, crew, n, steps, progress, &longer));
    if (longer >= enough && longer > 1.5 * shorter) break;
    shorter = longer;
  }
  // A round is an evaluation and its steps.
  const int64_t before = steps / 4;
  const double slope = (longer - shorter) / ((double)(steps - before) * (double)n);
  out->agents = n;
  out->step_seconds = slope > 0 ? slope : longer / ((double)steps * n);
  const double rest = longer / n - out->step_seconds * (double)steps;
  out->evaluation_seconds = rest > 0 ? rest : 0;
  out->search_steps = sweep_planned_steps(s);
  out->test_steps = (int64_t)s->def.test_seeds * (s->def.top > 0 ? s->def.top + 1 : 0) *
                    clock_after(&s->clock, clock_reports(&s->clock));
  const double period = (double)clock_next(&s->clock, 0);
  const double per_step = out->step_seconds + out->evaluation_seconds / period;
  out->search_seconds = per_step * (double)out->search_steps;
  out->test_seconds = per_step * (double)out->test_steps;
  return THRONG_OK;
}
