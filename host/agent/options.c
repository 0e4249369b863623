/// What each agent of a population has of its own: its options, and what is known of its learning.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/population.h"

throng_status options_register(throng_population *a) {
  const double epsilon_least = a->def.epsilon == THRONG_EPSILON_EXPONENTIAL ? OPTION_ABOVE_0 : 0;
  tensor_set *set = &a->hyper;
#define X(type, tensor_type, name, least, most)                                                  \
  THRONG_TRY(                                                                                    \
      tensors_add(set, &a->option.name, TENSOR_##tensor_type, TENSOR_SHAPE(a->n_agent), #name)); \
  tensors_within(set, least, most);
  OPTION_FLOATS(X, epsilon_least)
  THRONG_TRY(tensors_add(set, &a->option.seed, TENSOR_U32, TENSOR_SHAPE(a->n_agent), "seed"));
  set = &a->intervals;
  OPTION_INTERVALS(X)
#undef X
  return THRONG_OK;
}

throng_status options_start_intervals(throng_population *a) {
  const size_t n = (size_t)a->n_agent;
  agent_options *o = &a->host_option;
  for (size_t i = 0; i < n; ++i) {
    o->learning_starts[i] = a->def.learning_starts;
    o->update_every[i] = a->def.update_every;
    o->target_every[i] = a->def.target_every;
  }
#define X(type, tensor_type, name, ...) \
  THRONG_TRY(a->backend->ops->upload(a->backend, a->option.name, o->name, n * sizeof *o->name));
  OPTION_INTERVALS(X)
#undef X
  return THRONG_OK;
}

throng_status options_start(throng_population *a) {
  const throng_agent_def *d = &a->def;
  const float epsilon_steps = (float)(d->epsilon_share * ((double)a->total_steps / a->n_agent));
  const size_t n = (size_t)a->n_agent;
  agent_options *o = &a->host_option;
  for (size_t i = 0; i < n; ++i) {
    o->learning_rate[i] = d->learning_rate;
    o->gamma[i] = d->gamma;
    o->beta1[i] = d->beta1;
    o->beta2[i] = d->beta2;
    o->adam_epsilon[i] = d->adam_epsilon;
    o->max_grad_norm[i] = d->max_grad_norm;
    o->tau[i] = d->tau;
    o->epsilon_start[i] = d->epsilon_start;
    o->epsilon_end[i] = d->epsilon_end;
    o->epsilon_steps[i] = epsilon_steps;
    // Agents of a population differ in their seed, so that one's luck is not all's.
    o->seed[i] = d->seed + (uint32_t)i;
  }
#define X(type, tensor_type, name, ...) \
  THRONG_TRY(a->backend->ops->upload(a->backend, a->option.name, o->name, n * sizeof *o->name));
  OPTION_FLOATS(X, 0)
  X(uint32_t, U32, seed)
#undef X
  return options_start_intervals(a);
}

throng_status options_read(throng_population *a) {
  const size_t n = (size_t)a->n_agent;
  agent_options *o = &a->host_option;
#define X(type, tensor_type, name, ...) \
  THRONG_TRY(a->backend->ops->download(a->backend, o->name, a->option.name, n * sizeof *o->name));
  OPTION_FLOATS(X, 0)
  OPTION_INTERVALS(X)
  X(uint32_t, U32, seed)
#undef X
  return THRONG_OK;
}

/// Where an agent's option stands on both sides, by the Def's name for it.
typedef struct own_option {
  tensor_type type;  // F32 or I64
  void *host, *device;
  double least, most;
  double scale;  // kept = scale * value: the share of a run is kept as user-steps
} own_option;

static throng_status find(const throng_population *a, int32_t agent, const char *option,
                          own_option *out) {
  const double epsilon_least = a->def.epsilon == THRONG_EPSILON_EXPONENTIAL ? OPTION_ABOVE_0 : 0;
  const bool share = !strcmp(option, "epsilon_share");
  const char *kept = share ? "epsilon_steps" : option;
  if (agent < 0 || agent >= a->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
#define X(type, tensor_type, name, from, to)                                 \
  if (!strcmp(kept, #name))                                                  \
    *out = (own_option){TENSOR_##tensor_type,   a->host_option.name + agent, \
                        a->option.name + agent, (double)(from),              \
                        (double)(to),           1};
  *out = (own_option){.host = NULL};
  OPTION_FLOATS(X, epsilon_least)
  OPTION_INTERVALS(X)
#undef X
  if (!out->host || !strcmp(option, "epsilon_steps"))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.%s is no option that each agent has of its own", option);
  if (share) out->most = 1;
  if (share) out->scale = (double)a->total_steps / a->n_agent;
  return THRONG_OK;
}

throng_status throng_population_set(throng_population *a, int32_t agent, const char *option,
                                    double value) {
  own_option o;
  THRONG_TRY(find(a, agent, option, &o));
  const bool whole = o.type == TENSOR_I64;
  if (!(value >= o.least && value <= o.most) ||
      (whole && (value != floor(value) || value > CLOCK_MOST)))
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent.%s of agent %d: %g is not %s %g..%g", option,
                       agent, value, whole ? "a whole number in" : "in", o.least,
                       whole && o.most > CLOCK_MOST ? CLOCK_MOST : o.most);
  if (!strcmp(option, "tau") && a->def.tau >= 1.0f)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.tau of agent %d: the agents of this population copy their targets "
                       "whole (tau 1), every target_every user-steps",
                       agent);
  if (whole) {
    *(int64_t *)o.host = (int64_t)value;
    return a->backend->ops->upload(a->backend, o.device, o.host, sizeof(int64_t));
  }
  *(float *)o.host = (float)(value * o.scale);
  return a->backend->ops->upload(a->backend, o.device, o.host, sizeof(float));
}

throng_status throng_population_get(const throng_population *a, int32_t agent, const char *option,
                                    double *value) {
  own_option o;
  THRONG_TRY(find(a, agent, option, &o));
  const double kept = o.type == TENSOR_I64 ? (double)*(int64_t *)o.host : (double)*(float *)o.host;
  *value = o.scale > 0 ? kept / o.scale : 0;
  return THRONG_OK;
}

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
  const agent_options *o = &a->host_option;
  for (size_t i = 0; i < n; ++i) {
    s.state[i] = (throng_agent_state)a->host.state[i];
    s.user_steps[i] = a->host.steps[i] * a->agent_lanes;
    s.updates[i] = a->host.updates[i];
    s.epsilon[i] = agent_epsilon(a->def.epsilon, o->epsilon_start[i], o->epsilon_end[i],
                                 o->epsilon_steps[i], s.user_steps[i]);
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
