/// Agents of a population one by one: begin anew, become another, stop. Everything of an agent's is
/// its part of an array, so that the others do not move by a bit.
#include "agent/population.h"

static throng_status require(const throng_population *a, int32_t first, int32_t n) {
  if (first >= 0 && n >= 0 && n <= a->n_agent - first) return THRONG_OK;
  if (n == 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", first, a->n_agent - 1);
  return throng_fail(THRONG_ERROR_ARGUMENT, "agents %d to %lld are not in 0..%d", first,
                     (long long)first + n - 1, a->n_agent - 1);
}

throng_status members_require(const throng_population *a, int32_t agent) {
  return require(a, agent, 1);
}

static void *part_of(const throng_population *a, const tensor *t, int32_t agent) {
  return (char *)t->data + population_slice(a, t) * (size_t)agent;
}

static throng_status zero_parts(throng_population *a, const tensor_set *set, agent_range range) {
  for (size_t i = 0; i < set->count; ++i) {
    const tensor *t = &set->tensor[i];
    THRONG_TRY(a->backend->ops->zero(a->backend, part_of(a, t, range.first),
                                     population_slice(a, t) * (size_t)range.n));
  }
  return THRONG_OK;
}

static throng_status copy_parts(throng_population *a, const tensor_set *set, int32_t from,
                                int32_t to) {
  for (size_t i = 0; i < set->count; ++i) {
    const tensor *t = &set->tensor[i];
    THRONG_TRY(a->backend->ops->copy(a->backend, part_of(a, t, to), part_of(a, t, from),
                                     population_slice(a, t)));
  }
  return THRONG_OK;
}

/// Agents with the options, seeds and lanes that they have, as if they had never been.
static throng_status begin(throng_population *a, agent_range range) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  THRONG_TRY(zero_parts(a, &a->weights, range));
  THRONG_TRY(zero_parts(a, &a->replay, range));
  clocks_start(a, range);
  a->diverged[0] = '\0';
  THRONG_TRY(clocks_write(a));
  THRONG_TRY(population_zero_sums(a, range));
  THRONG_TRY(sim_reset_lanes(a->sim, range.first * lanes, range.n * lanes));
  return population_start_weights(a, range);
}

throng_status throng_population_start(throng_population *a, int32_t first, int32_t n,
                                      const uint32_t *seed) {
  const agent_range range = {first, n};
  THRONG_TRY(require(a, first, n));
  if (n == 0) return THRONG_OK;
  THRONG_TRY(clocks_watch(a, true));
  if (seed) {
    for (int32_t i = 0; i < n; ++i) a->own_def[first + i].seed = seed[i];
    THRONG_TRY(a->backend->ops->upload(a->backend, a->option.seed + first, seed,
                                       sizeof *seed * (size_t)n));
  }
  return begin(a, range);
}

throng_status throng_population_begin(throng_population *a, int32_t agent,
                                      const throng_agent_def *def, int64_t total_steps,
                                      uint32_t first_lane) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  THRONG_TRY(require(a, agent, 1));
  THRONG_TRY(clocks_watch(a, true));
  THRONG_TRY(options_take(a, agent, def, total_steps));
  THRONG_TRY(sim_number_lanes(a->sim, agent * lanes, lanes, first_lane));
  return begin(a, (agent_range){agent, 1});
}

throng_status throng_population_copy(throng_population *a, int32_t from, int32_t to, bool replay) {
  THRONG_TRY(require(a, from, 1));
  THRONG_TRY(require(a, to, 1));
  if (replay && a->sim->starts.hash)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent %d: its sessions cannot be copied where episodes have starts of the "
                       "caller's (throng_sim_set_starts); copy without the replay",
                       from);
  if (from == to) return THRONG_OK;
  THRONG_TRY(clocks_watch(a, true));
  const uint32_t seed = a->own_def[to].seed;
  THRONG_TRY(copy_parts(a, &a->weights, from, to));
  THRONG_TRY(copy_parts(a, &a->hyper, from, to));
  THRONG_TRY(copy_parts(a, &a->intervals, from, to));
  THRONG_TRY(a->backend->ops->upload(a->backend, a->option.seed + to, &seed, sizeof seed));
  THRONG_TRY(options_read(a));
  a->host.steps[to] = a->host.steps[from];
  a->host.updates[to] = a->host.updates[from];
  // What it has of a rollout was made by another policy.
  const bool drops = a->algorithm->rolls && !replay;
  a->host.mark[to] = drops ? a->host.steps[from] * a->agent_lanes : a->host.mark[from];
  a->host.state[to] = a->host.state[from];
  if (replay) {
    THRONG_TRY(copy_parts(a, &a->replay, from, to));
    const int32_t lanes = (int32_t)a->agent_lanes;
    THRONG_TRY(sim_copy_lanes(a->sim, from * lanes, to * lanes, lanes));
    a->host.log_start[to] = a->host.log_start[from];
  }
  THRONG_TRY(clocks_write(a));
  THRONG_TRY(population_weights_moved(a, (agent_range){to, 1}));
  return population_zero_sums(a, (agent_range){to, 1});
}

void members_set_clock(throng_population *a, int32_t agent, const agent_clock *c) {
  // Steps and log are no longer than the population's time.
  const int64_t least = c->steps > c->logged ? c->steps : c->logged;
  if (a->host.time < least) {
    for (int32_t i = 0; i < a->n_agent; ++i) a->host.log_start[i] += least - a->host.time;
    a->host.time = least;
  }
  a->host.steps[agent] = c->steps;
  a->host.log_start[agent] = a->host.time - c->logged;
  a->host.updates[agent] = c->updates;
  a->host.mark[agent] = c->mark;
  a->host.state[agent] = c->state;
}

agent_clock members_get_clock(const throng_population *a, int32_t agent) {
  return (agent_clock){.steps = a->host.steps[agent],
                       .logged = clocks_logged(a, agent),
                       .updates = a->host.updates[agent],
                       .mark = a->host.mark[agent],
                       .state = a->host.state[agent]};
}

int64_t replay_ring(const throng_population *a, const throng_agent_def *def) {
  if (a->algorithm->rolls) return def->n_steps + replay_times_before(a) + 1;
  return replay_times(def->buffer, a->agent_lanes) + replay_times_before(a) + def->n_step;
}

throng_status members_shorten_log(throng_population *a, int32_t agent, int64_t keep) {
  const int64_t lost = clocks_logged(a, agent) - keep;
  if (lost <= 0) return THRONG_OK;
  THRONG_TRY(replay_turn_back(a, &a->replay, agent * a->agent_lanes, a->agent_lanes, lost));
  a->host.log_start[agent] += lost;
  return clocks_write(a);
}

throng_status agent_become(throng_population *a, int32_t agent, const throng_agent_def *def,
                           int64_t total_steps, uint32_t first_lane) {
  const int32_t lanes = (int32_t)a->agent_lanes;
  THRONG_TRY(require(a, agent, 1));
  THRONG_TRY(clocks_watch(a, true));
  const int64_t ring = replay_ring(a, &a->own_def[agent]);
  THRONG_TRY(options_take(a, agent, def, total_steps));
  if (replay_ring(a, def) > ring) THRONG_TRY(members_shorten_log(a, agent, ring));
  return sim_number_lanes(a->sim, agent * lanes, lanes, first_lane);
}

throng_status agent_forget_statistics(throng_population *a, int32_t agent) {
  return population_zero_sums(a, (agent_range){agent, 1});
}

uint32_t agent_first_lane(const throng_population *a, int32_t agent) {
  return a->sim->host_number[agent * a->agent_lanes];
}

throng_status throng_population_stop(throng_population *a, int32_t agent) {
  THRONG_TRY(require(a, agent, 1));
  THRONG_TRY(clocks_watch(a, true));
  if (a->host.state[agent] == AGENT_LEARNING) a->host.state[agent] = AGENT_STOPPED;
  return clocks_write(a);
}
