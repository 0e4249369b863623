/// What is known of each agent: its state, clocks, epsilon and means of its learning.
#include <stdlib.h>

#include "agent/population.h"

throng_agent_def throng_population_get_def(const throng_population *a) { return a->def; }

throng_status throng_population_get_agent_def(const throng_population *a, int32_t agent,
                                              throng_agent_def *out) {
  if (agent < 0 || agent >= a->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
  *out = a->own_def[agent];
  out->count = 1;
  return THRONG_OK;
}

/// The enumeration has the integers' size and numbers (kernels/agent/clock.h).
const throng_agent_state *agent_states(const throng_population *a) {
  return (const throng_agent_state *)(const void *)a->host.state;
}

int64_t agent_run_steps(const throng_population *a) { return a->host.time * a->n_lane; }

float agent_epsilon(throng_epsilon kind, float start, float end, float steps, int64_t agent_steps) {
  const int64_t number = kind;
  epsilon_schedule schedule = {&start, &end, &steps, &number};
  return epsilon_at(&schedule, 0, (float)agent_steps);
}

enum { ROLLOUT_STATS = POLICY_STATS + 1 };

/// What the last statistics showed: one block of memory.
typedef struct shown_stats {
  int64_t *user_steps, *updates, *episodes;
  throng_agent_state *state;
  float *epsilon, *loss, *q, *grad_norm, *mean_return;
  int32_t *n;
  float *rollout;      // (ROLLOUT_STATS, n) in the order of throng_population_stats
  float *sums;         // (n, POLICY_STATS) as they are summed
  float *lane_return;  // (n_lane)
  int32_t *lane_episodes;
} shown_stats;

static throng_status take_shown(throng_population *a, shown_stats *s) {
  const size_t n = (size_t)a->n_agent;
  const size_t n_lane = (size_t)a->n_lane;
  if (!a->shown)
    THRONG_TRY(throng_alloc(
        &a->shown,
        n * (3 * sizeof(int64_t) + (7 + ROLLOUT_STATS + POLICY_STATS) * sizeof(float)) +
            n_lane * (sizeof(float) + sizeof(int32_t)),
        1, "statistics"));
  s->user_steps = a->shown;
  s->updates = s->user_steps + n;
  s->episodes = s->updates + n;
  s->epsilon = (float *)(void *)(s->episodes + n);
  s->loss = s->epsilon + n;
  s->q = s->loss + n;
  s->grad_norm = s->q + n;
  s->mean_return = s->grad_norm + n;
  s->state = (throng_agent_state *)(void *)(s->mean_return + n);
  s->n = (int32_t *)(void *)(s->state + n);
  s->rollout = (float *)(void *)(s->n + n);
  s->sums = s->rollout + n * ROLLOUT_STATS;
  s->lane_return = s->sums + n * POLICY_STATS;
  s->lane_episodes = (int32_t *)(void *)(s->lane_return + n_lane);
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
  if (a->algorithm->rolls) {
    THRONG_TRY(a->backend->ops->zero(a->backend, a->sums.policy + first * POLICY_STATS,
                                     bytes * POLICY_STATS));
    THRONG_TRY(a->backend->ops->zero(a->backend, a->sums.explained + first, bytes));
    THRONG_TRY(a->backend->ops->zero(a->backend, a->sums.n_explained + first, bytes));
  }
  const size_t lane_bytes = bytes * (size_t)a->agent_lanes;
  const int64_t lane = first * a->agent_lanes;
  THRONG_TRY(a->backend->ops->zero(a->backend, a->sums.returns + lane, lane_bytes));
  return a->backend->ops->zero(a->backend, a->sums.n_episode + lane, lane_bytes);
}

/// Returns of the lanes to those of the agents.
static throng_status read_returns(throng_population *a, shown_stats *s) {
  const backend_ops *ops = a->backend->ops;
  const size_t n_lane = (size_t)a->n_lane;
  THRONG_TRY(
      ops->download(a->backend, s->lane_return, a->sums.returns, n_lane * sizeof *s->lane_return));
  THRONG_TRY(ops->download(a->backend, s->lane_episodes, a->sums.n_episode,
                           n_lane * sizeof *s->lane_episodes));
  for (int64_t i = 0; i < a->n_agent; ++i) {
    double sum = 0;
    s->episodes[i] = 0;
    for (int64_t l = i * a->agent_lanes; l < (i + 1) * a->agent_lanes; ++l) {
      sum += (double)s->lane_return[l];
      s->episodes[i] += s->lane_episodes[l];
    }
    s->mean_return[i] = s->episodes[i] ? (float)(sum / (double)s->episodes[i]) : 0.0f;
  }
  return THRONG_OK;
}

/// Means of what is told of rollouts, after the counts of updates.
static throng_status read_rollouts(throng_population *a, shown_stats *s) {
  const backend_ops *ops = a->backend->ops;
  const size_t n = (size_t)a->n_agent;
  int32_t *count = (int32_t *)(void *)s->lane_episodes;  // read into anew afterwards
  float *explained = s->rollout + POLICY_STATS * n;
  THRONG_TRY(ops->download(a->backend, s->sums, a->sums.policy, n * POLICY_STATS * sizeof(float)));
  THRONG_TRY(ops->download(a->backend, explained, a->sums.explained, n * sizeof(float)));
  THRONG_TRY(ops->download(a->backend, count, a->sums.n_explained, n * sizeof *count));
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < POLICY_STATS; ++k)
      s->rollout[k * n + i] = s->n[i] ? s->sums[i * POLICY_STATS + k] / (float)s->n[i] : 0.0f;
    s->rollout[i] = -s->rollout[i];  // the entropy
    explained[i] = count[i] ? explained[i] / (float)count[i] : 0.0f;
  }
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
  if (a->algorithm->rolls) THRONG_TRY(read_rollouts(a, &s));
  THRONG_TRY(read_returns(a, &s));
  THRONG_TRY(population_zero_sums(a, (agent_range){0, a->n_agent}));
  for (size_t i = 0; i < n; ++i) {
    const throng_agent_def *own = &a->own_def[i];
    s.state[i] = (throng_agent_state)a->host.state[i];
    s.user_steps[i] = a->host.steps[i] * a->agent_lanes;
    s.updates[i] = a->host.updates[i];
    s.epsilon[i] = agent_epsilon(own->epsilon, own->epsilon_start, own->epsilon_end,
                                 a->host.epsilon_steps[i], s.user_steps[i]);
  }
  *out = (throng_population_stats){.count = a->n_agent,
                                   .state = s.state,
                                   .user_steps = s.user_steps,
                                   .updates = s.updates,
                                   .epsilon = s.epsilon,
                                   .loss = s.loss,
                                   .q = s.q,
                                   .grad_norm = s.grad_norm,
                                   .episodes = s.episodes,
                                   .mean_return = s.mean_return};
  if (!a->algorithm->rolls) return THRONG_OK;
  out->entropy_loss = s.rollout;
  out->policy_gradient_loss = s.rollout + n;
  out->value_loss = s.rollout + 2 * n;
  out->approx_kl = s.rollout + 3 * n;
  out->clip_fraction = s.rollout + 4 * n;
  out->explained_variance = s.rollout + 5 * n;
  return THRONG_OK;
}
