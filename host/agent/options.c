/// What each agent of a population has of its own: its options, and what is known of its learning.
#include <stdlib.h>
#include <string.h>

#include "agent/learner.h"

/// The Def's share of the run is kept as user-steps of the agent's own.
static double kept_scale(const throng_population *a, const char **option) {
  if (strcmp(*option, "epsilon_share") != 0) return 1;
  *option = "epsilon_steps";
  return (double)a->total_steps / a->n_agent;
}

static throng_status find(const throng_population *a, int32_t agent, const char *option,
                          float **kept, double *least, double *most) {
  if (agent < 0 || agent >= a->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d: there are %d", agent, a->n_agent);
#define X(field, from, to)       \
  if (!strcmp(option, #field)) { \
    *kept = a->field + agent;    \
    *least = (double)(from);     \
    *most = (double)(to);        \
    return THRONG_OK;            \
  }
  AGENT_HYPERPARAMETERS(X)
#undef X
  return throng_fail(THRONG_ERROR_ARGUMENT, "agent.%s: no option that each agent has of its own",
                     option);
}

throng_status throng_population_set(throng_population *a, int32_t agent, const char *option,
                                    double value) {
  float *kept;
  double least, most;
  const char *name = option;
  const double scale = kept_scale(a, &name);
  THRONG_TRY(find(a, agent, name, &kept, &least, &most));
  if (scale != 1) most = 1;
  if (!(value >= least && value <= most))
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent.%s of agent %d: %g is not in %g..%g", option,
                       agent, value, least, most);
  const float as_kept = (float)(value * scale);
  return a->backend->ops->upload(a->backend, kept, &as_kept, sizeof as_kept);
}

throng_status throng_population_get(const throng_population *a, int32_t agent, const char *option,
                                    double *value) {
  float *kept, as_kept;
  double least, most;
  const double scale = kept_scale(a, &option);
  THRONG_TRY(find(a, agent, option, &kept, &least, &most));
  THRONG_TRY(a->backend->ops->download(a->backend, &as_kept, kept, sizeof as_kept));
  *value = scale > 0 ? (double)as_kept / scale : 0;
  return THRONG_OK;
}

throng_agent_def throng_population_get_def(const throng_population *a) { return a->def; }

const throng_agent_state *agent_states(const throng_population *a) { return a->shown_state; }

int64_t agent_run_steps(const throng_population *a) { return a->time * a->n_lane; }

/// Epsilon of every agent at present.
static throng_status present_epsilon(throng_population *a, float *epsilon) {
  size_t bytes = sizeof(float) * (size_t)a->n_agent;
  void *block;
  THRONG_TRY(throng_alloc(&block, 3 * (size_t)a->n_agent, sizeof(float), "statistics"));
  float *start = block, *end = start + a->n_agent, *steps = end + a->n_agent;
  const backend_ops *ops = a->backend->ops;
  throng_status status;
  THRONG_TRY_GOTO(ops->download(a->backend, start, a->epsilon_start, bytes));
  THRONG_TRY_GOTO(ops->download(a->backend, end, a->epsilon_end, bytes));
  THRONG_TRY_GOTO(ops->download(a->backend, steps, a->epsilon_steps, bytes));
  for (int32_t i = 0; i < a->n_agent; ++i)
    epsilon[i] = agent_epsilon(a->def.epsilon, start[i], end[i], steps[i], agent_steps(a));
done:
  free(block);
  return status;
}

throng_status throng_population_get_stats(throng_population *a, throng_population_stats *out) {
  size_t n = (size_t)a->n_agent;
  agent_batch *b = &a->batch;
  float *const from[] = {b->loss_sum, b->q_sum, b->norm_sum};
  for (size_t k = 0; k < 3; ++k) {
    float *to = a->statistics + k * n;
    THRONG_TRY(a->backend->ops->download(a->backend, to, from[k], n * sizeof(float)));
    THRONG_TRY(a->backend->ops->zero(a->backend, from[k], n * sizeof(float)));
    for (size_t i = 0; i < n; ++i) to[i] = a->stat_updates ? to[i] / (float)a->stat_updates : 0.0f;
  }
  a->stat_updates = 0;
  THRONG_TRY(present_epsilon(a, a->statistics + 3 * n));
  for (size_t i = 0; i < n; ++i) {
    a->shown_state[i] = THRONG_AGENT_LEARNING;
    a->shown_steps[i] = agent_steps(a);
    a->shown_updates[i] = a->updates;
  }
  *out = (throng_population_stats){.count = a->n_agent,
                                   .state = a->shown_state,
                                   .user_steps = a->shown_steps,
                                   .updates = a->shown_updates,
                                   .loss = a->statistics,
                                   .q = a->statistics + n,
                                   .grad_norm = a->statistics + 2 * n,
                                   .epsilon = a->statistics + 3 * n};
  return THRONG_OK;
}

throng_status throng_population_start(throng_population *a, int32_t first, int32_t n,
                                      const uint32_t *seed) {
  (void)seed;
  return throng_fail(THRONG_ERROR_ARGUMENT, "agents %d..%d of %d cannot start anew yet", first,
                     first + n - 1, a->n_agent);
}

throng_status throng_population_copy(throng_population *a, int32_t from, int32_t to, bool replay) {
  (void)replay;
  return throng_fail(THRONG_ERROR_ARGUMENT, "agents %d and %d of %d cannot be copied yet", from, to,
                     a->n_agent);
}

throng_status throng_population_stop(throng_population *a, int32_t agent) {
  return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d of %d cannot be stopped yet", agent,
                     a->n_agent);
}
