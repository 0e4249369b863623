/// What is known of each agent: its state, clocks, epsilon and means of its learning.
#include <stdlib.h>

#include "agent/population.h"

throng_agent_def throng_population_get_def(const throng_population *a) { return a->def; }

/// The enumeration has the integers' size and numbers (kernels/agent/clock.h).
const throng_agent_state *agent_states(const throng_population *a) {
  return (const throng_agent_state *)(const void *)a->host.state;
}

int64_t agent_run_steps(const throng_population *a) { return a->host.time * a->n_lane; }

float agent_epsilon(throng_epsilon kind, float start, float end, float steps, int64_t agent_steps) {
  epsilon_schedule schedule = {&start, &end, &steps, kind == THRONG_EPSILON_EXPONENTIAL};
  return epsilon_at(&schedule, 0, (float)agent_steps);
}

/// What the last statistics showed: one block of memory.
typedef struct shown_stats {
  int64_t *user_steps, *updates;
  throng_agent_state *state;
  float *epsilon, *loss, *q, *grad_norm;
  int32_t *n;
} shown_stats;

static throng_status take_shown(throng_population *a, shown_stats *s) {
  const size_t n = (size_t)a->n_agent;
  if (!a->shown)
    THRONG_TRY(throng_alloc(&a->shown, n, 2 * sizeof(int64_t) + 6 * sizeof(float), "statistics"));
  s->user_steps = a->shown;
  s->updates = s->user_steps + n;
  s->epsilon = (float *)(void *)(s->updates + n);
  s->loss = s->epsilon + n;
  s->q = s->loss + n;
  s->grad_norm = s->q + n;
  s->state = (throng_agent_state *)(void *)(s->grad_norm + n);
  s->n = (int32_t *)(void *)(s->state + n);
  _Static_assert(sizeof(throng_agent_state) == sizeof(float), "one element for each");
  return THRONG_OK;
}

throng_status population_zero_sums(throng_population *a, agent_range range) {
  const size_t bytes = sizeof(float) * (size_t)range.n;  // the counts' too
  const int32_t first = range.first;
  void *const sums[] = {a->sums.loss + first, a->sums.q + first, a->sums.norm + first,
                        a->sums.n + first};
  for (size_t k = 0; k < sizeof sums / sizeof *sums; ++k)
    THRONG_TRY(a->backend->ops->zero(a->backend, sums[k], bytes));
  return THRONG_OK;
}

throng_status throng_population_get_stats(throng_population *a, throng_population_stats *out) {
  const backend_ops *ops = a->backend->ops;
  const size_t n = (size_t)a->n_agent;
  shown_stats s;
  THRONG_TRY(take_shown(a, &s));
  THRONG_TRY(clocks_watch(a, true));
  THRONG_TRY(ops->download(a->backend, s.n, a->sums.n, n * sizeof *s.n));
  float *const from[] = {a->sums.loss, a->sums.q, a->sums.norm};
  float *const to[] = {s.loss, s.q, s.grad_norm};
  for (size_t k = 0; k < 3; ++k) {
    THRONG_TRY(ops->download(a->backend, to[k], from[k], n * sizeof(float)));
    for (size_t i = 0; i < n; ++i) to[k][i] = s.n[i] ? to[k][i] / (float)s.n[i] : 0.0f;
  }
  THRONG_TRY(population_zero_sums(a, (agent_range){0, a->n_agent}));
  for (size_t i = 0; i < n; ++i) {
    const throng_agent_def *own = &a->own_def[i];
    s.state[i] = (throng_agent_state)a->host.state[i];
    s.user_steps[i] = a->host.steps[i] * a->agent_lanes;
    s.updates[i] = a->host.updates[i];
    s.epsilon[i] = agent_epsilon(a->def.epsilon, own->epsilon_start, own->epsilon_end,
                                 a->host.epsilon_steps[i], s.user_steps[i]);
  }
  *out = (throng_population_stats){.count = a->n_agent,
                                   .state = s.state,
                                   .user_steps = s.user_steps,
                                   .updates = s.updates,
                                   .epsilon = s.epsilon,
                                   .loss = s.loss,
                                   .q = s.q,
                                   .grad_norm = s.grad_norm};
  return THRONG_OK;
}
