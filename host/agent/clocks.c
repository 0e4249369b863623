/// The agents' clocks on both sides: registering, reading, who learns, who has diverged.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent/population.h"
#include "base/numbers.h"
#include "kernels/list.h"

enum { DEVICE_WATCH_EVERY = 64 };  // updates; reading waits for all that is queued

throng_status clocks_register(throng_population *a) {
  tensor_set *set = &a->clocks;
  const int64_t n = a->n_agent;
#define ADD(name, type, most, length)                                                       \
  THRONG_TRY(tensors_add(set, &a->clock.name, TENSOR_##type, TENSOR_SHAPE(length), #name)); \
  tensors_within(set, 0, (most));
  ADD(time, I64, CLOCK_MOST, 1)
  ADD(steps, I64, CLOCK_MOST, n)
  ADD(log_start, I64, CLOCK_MOST, n)
  ADD(updates, I64, CLOCK_MOST, n)
  ADD(mark, I64, CLOCK_MOST, n)
  ADD(state, I32, AGENT_DIVERGED, n)
#undef ADD
#define ADD(name, type, slot) \
  THRONG_TRY(tensors_add(&a->scratch, &(slot), TENSOR_##type, TENSOR_SHAPE(n), "learning." #name))
  ADD(learns, I32, a->clock.learns);
  ADD(rows, I32, a->clock.rows);
  ADD(loss, F32, a->sums.loss);
  ADD(q, F32, a->sums.q);
  ADD(norm, F32, a->sums.norm);
  ADD(n, I32, a->sums.n);
  ADD(last_loss, F32, a->sums.last_loss);
  if (a->algorithm->rolls) {
    ADD(explained, F32, a->sums.explained);
    ADD(n_explained, I32, a->sums.n_explained);
    THRONG_TRY(tensors_add(&a->scratch, &a->sums.policy, TENSOR_F32, TENSOR_SHAPE(n, POLICY_STATS),
                           "learning.policy"));
  }
#undef ADD
  THRONG_TRY(tensors_add(&a->scratch, &a->sums.returns, TENSOR_F32, TENSOR_SHAPE(a->n_lane),
                         "learning.returns"));
  THRONG_TRY(tensors_add(&a->scratch, &a->sums.n_episode, TENSOR_I32, TENSOR_SHAPE(a->n_lane),
                         "learning.n_episode"));
  return THRONG_OK;
}

throng_status clocks_take_host(throng_population *a) {
  const size_t n = (size_t)a->n_agent;
  THRONG_TRY(throng_alloc(&a->host_block, n,
                          sizeof *a->own_def + 5 * sizeof(int64_t) + 4 * sizeof(int32_t),
                          "clocks and options of the agents"));
  _Static_assert(sizeof *a->own_def % sizeof(int64_t) == 0, "what follows is aligned");
  a->own_def = a->host_block;
  a->host.steps = (int64_t *)(void *)(a->own_def + n);
  a->host.log_start = a->host.steps + n;
  a->host.updates = a->host.log_start + n;
  a->host.mark = a->host.updates + n;
  a->host.total_steps = (double *)(void *)(a->host.mark + n);
  a->host.state = (int32_t *)(void *)(a->host.total_steps + n);
  a->host.found = a->host.state + n;
  a->host.halted = a->host.found + n;
  a->host.epsilon_steps = (float *)(void *)(a->host.halted + n);
  return THRONG_OK;
}

/// X(backend's array, host's, elements): the clocks that both sides keep.
#define CLOCKS(X)                                   \
  X(clock.time, &a->host.time, 1)                   \
  X(clock.steps, a->host.steps, a->n_agent)         \
  X(clock.log_start, a->host.log_start, a->n_agent) \
  X(clock.updates, a->host.updates, a->n_agent)     \
  X(clock.mark, a->host.mark, a->n_agent)           \
  X(clock.state, a->host.state, a->n_agent)

throng_status clocks_write(throng_population *a) {
#define X(device, host, n) \
  THRONG_TRY(              \
      a->backend->ops->upload(a->backend, a->device, (host), sizeof *a->device *(size_t)(n)));
  CLOCKS(X)
#undef X
  return THRONG_OK;
}

throng_status clocks_read(throng_population *a) {
#define X(device, host, n) \
  THRONG_TRY(              \
      a->backend->ops->download(a->backend, (host), a->device, sizeof *a->device *(size_t)(n)));
  CLOCKS(X)
#undef X
  return THRONG_OK;
}

void clocks_start(throng_population *a, agent_range range) {
  for (int32_t i = range.first; i < range.first + range.n; ++i) {
    a->host.steps[i] = a->host.updates[i] = a->host.mark[i] = 0;
    a->host.log_start[i] = a->host.time;
    a->host.state[i] = AGENT_LEARNING;
  }
}

int64_t clocks_logged(const throng_population *a, int32_t i) {
  return a->host.time - a->host.log_start[i];
}

int64_t agent_own_steps(const throng_population *a, int32_t i) { return a->host.steps[i]; }

int64_t clocks_turns_of(const throng_population *a, const throng_agent_def *own) {
  return a->algorithm->rolls ? a->algorithm->turns(a, own) : own->updates;
}

bool clocks_may_be(const throng_population *a, const throng_agent_def *own, int64_t steps,
                   int64_t updates) {
  // A rollout of one step has the most of them, with minibatches of one. Critics have passes too.
  const double most = a->algorithm->rolls ? 20000.0 * (double)a->agent_lanes : own->updates;
  return (double)updates <= (double)steps * most;
}

bool clocks_due(const throng_population *a, int32_t i, int64_t ahead) {
  const throng_agent_def *own = &a->own_def[i];
  if (a->algorithm->rolls)
    return !a->host.halted[i] &&
           rollout_is_due(a->host.state[i], a->host.steps[i] + ahead, clocks_logged(a, i) + ahead,
                          a->host.mark[i], a->agent_lanes, own->n_steps);
  return !a->host.halted[i] && own->updates > 0 &&
         agent_is_due(a->host.state[i], a->host.steps[i] + ahead, clocks_logged(a, i) + ahead,
                      a->agent_lanes, own->learning_starts, own->update_every, own->n_step);
}

void clocks_moved(throng_population *a, bool learned) {
  ++a->host.time;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    if (a->host.halted[i])
      ++a->host.log_start[i];
    else if (a->host.state[i] == AGENT_LEARNING)
      ++a->host.steps[i];
    if (!learned || !clocks_due(a, i, 0)) continue;
    a->host.updates[i] += clocks_turns_of(a, &a->own_def[i]);
    if (a->algorithm->rolls) a->host.mark[i] = a->host.steps[i] * a->agent_lanes;
  }
  if (learned) a->unwatched += a->kinds.updates;
}

int32_t clocks_turns(const throng_population *a) {
  if (a->backend->ops->capture_begin && !a->algorithm->rolls) return a->kinds.updates;
  int32_t turns = 0;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const int64_t own = clocks_turns_of(a, &a->own_def[i]);
    if (own > turns && clocks_due(a, i, 1)) turns = (int32_t)own;
  }
  return turns;
}

throng_status clocks_let_all_learn(throng_population *a) {
  const size_t bytes = sizeof(int32_t) * (size_t)a->n_agent;
  int32_t *number = a->host.found;
  for (int32_t i = 0; i < a->n_agent; ++i) number[i] = 1;
  THRONG_TRY(a->backend->ops->upload(a->backend, a->clock.learns, number, bytes));
  for (int32_t i = 0; i < a->n_agent; ++i) number[i] = a->own_def[i].batch;
  return a->backend->ops->upload(a->backend, a->clock.rows, number, bytes);
}

throng_status clocks_find_learners(throng_population *a, int32_t turn) {
  agent_due_args due = {.clock = a->clock,
                        .learning_starts = a->option.learning_starts,
                        .update_every = a->option.update_every,
                        .updates = a->option.updates,
                        .batch = a->option.batch,
                        .n_step = a->option.n_step,
                        .halted = a->sim->halted,
                        .agent_lanes = a->agent_lanes,
                        .turn = turn};
  return BACKEND_LAUNCH(a->backend, agent_due, a->n_agent, &due);
}

throng_status agent_halt(throng_population *a, int32_t agent, bool halted) {
  if (a->host.halted[agent] == halted) return THRONG_OK;
  const int32_t lanes = (int32_t)a->agent_lanes;
  THRONG_TRY(sim_halt_lanes(a->sim, agent * lanes, lanes, halted));
  a->host.halted[agent] = halted;
  return THRONG_OK;
}

throng_status clocks_judge(throng_population *a, const float *norm, int64_t stride) {
  agent_judge_args judge = {a->clock, a->sums.last_loss, norm, a->stale, stride};
  return BACKEND_LAUNCH(a->backend, agent_judge, a->n_agent, &judge);
}

/// What a diverged agent has left, as numbers.
static throng_status scrub(throng_population *a, int32_t agent) {
  for (size_t i = 0; i < a->weights.count; ++i) {
    const tensor *t = &a->weights.tensor[i];
    const size_t slice = population_slice(a, t);
    if (t->type != TENSOR_F32) continue;
    scrub_args args = {(float *)(void *)((char *)t->data + (size_t)agent * slice),
                       (int64_t)(slice / sizeof(float))};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, scrub, (args.n + SCRUB_BLOCK - 1) / SCRUB_BLOCK, &args));
  }
  return population_weights_moved(a, (agent_range){agent, 1});
}

throng_status agent_divergence(throng_population *a, int32_t agent, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  float loss;
  const backend_ops *ops = a->backend->ops;
  if (size) *text = '\0';
  if (a->algorithm->explain) THRONG_TRY(a->algorithm->explain(a, agent, text, size));
  if (size && *text) return THRONG_OK;
  THRONG_TRY(ops->download(a->backend, &loss, a->sums.last_loss + agent, sizeof loss));
  snprintf(text, size,
           "the %s after update %lld: learning diverged; lower agent.learning_rate (%g) or set "
           "agent.max_grad_norm",
           isnan(loss)   ? "loss is NaN"
           : isinf(loss) ? "loss is infinite"
                         : "gradient is no number",
           (long long)a->host.updates[agent], (double)a->own_def[agent].learning_rate);
  return THRONG_OK;
}

static throng_status tell(throng_population *a, int32_t agent) {
  char cause[256], text[sizeof a->diverged];
  THRONG_TRY(agent_divergence(a, agent, cause, sizeof cause));
  snprintf(text, sizeof text, "agent %d: %s", agent, cause);
  if (!a->diverged[0]) snprintf(a->diverged, sizeof a->diverged, "%s", text);
  snprintf(a->note, sizeof a->note, "%s", text);
  return THRONG_OK;
}

throng_status clocks_watch(throng_population *a, bool now) {
  const int64_t every = a->backend->host_memory ? 1 : DEVICE_WATCH_EVERY;
  if (!now && a->unwatched < every) return THRONG_OK;
  a->unwatched = 0;
  const size_t bytes = sizeof(int32_t) * (size_t)a->n_agent;
  int32_t *before = a->host.found;
  memcpy(before, a->host.state, bytes);
  THRONG_TRY(a->backend->ops->download(a->backend, a->host.state, a->clock.state, bytes));
  if (!memcmp(before, a->host.state, bytes)) return THRONG_OK;
  THRONG_TRY(clocks_read(a));  // the counts stood still since then
  for (int32_t i = 0; i < a->n_agent; ++i) {
    if (a->host.state[i] == before[i]) continue;
    THRONG_TRY(tell(a, i));
    THRONG_TRY(scrub(a, i));
  }
  return THRONG_OK;
}

throng_status agent_any_left(const throng_population *a) {
  bool diverged = false;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    if (a->host.state[i] == AGENT_LEARNING) return THRONG_OK;
    diverged = diverged || a->host.state[i] == AGENT_DIVERGED;
  }
  if (!diverged) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DIVERGED, "%s",
                     a->diverged[0] ? a->diverged : "no agent learns any more: learning diverged");
}
