/// Making a population: its memory, where its agents start.
#include <math.h>
#include <stdlib.h>

#include "agent/agent_fields.h"
#include "agent/optimizer.h"
#include "agent/population.h"
#include "kernels/list.h"

static throng_status check(const throng_agent_def *d, const throng_sim *sim, int64_t total_steps) {
  THRONG_TRY(fields_check(&agent_fields, d));
  THRONG_TRY(options_check(d));
  if (d->count < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.count: auto is for training runs, which know what else takes memory; "
                       "expected a number");
  if (total_steps < 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent: %lld total steps", (long long)total_steps);
  if (sim->n_lane % d->count)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.count: %d agents cannot share %d lanes evenly; sim.lanes must be a "
                       "multiple of it",
                       d->count, sim->n_lane);
  if (!sim->def.autoreset)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: training needs a simulator with sim.autoreset true");
  return THRONG_OK;
}

/// Grouping by (agent, item), (agent, user) and (agent, state or entry) counts in 32 bits.
static throng_status check_counts(const network *n, int32_t batch) {
  const int64_t entries = n->table->groups_entries ? n->history : 1;
  const int64_t largest[] = {n->n_item, n->user_width ? n->n_user : 0, batch * entries};
  for (size_t k = 0; k < sizeof largest / sizeof *largest; ++k)
    if (largest[k] * n->n_agent >= INT32_MAX)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "agent.count: %d agents times %lld (items, users or batch) is past 2^31",
                         n->n_agent, (long long)largest[k]);
  return THRONG_OK;
}

/// What of the agents' weights no gradient ever reached: all of it, or nobody knows.
static throng_status set_resting(throng_population *a, agent_range range, bool all) {
  const struct {
    float *moves;
    int64_t each;  // agent
  } flag[] = {{a->moves, optimizer_blocks(&a->net)}, {a->user_met, a->net.n_user}};
  for (size_t k = 0; k < sizeof flag / sizeof *flag; ++k) {
    if (!flag[k].moves) continue;
    const fill_args fill = {flag[k].moves + range.first * flag[k].each, all ? 0.0f : 1.0f};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, fill, range.n * flag[k].each, &fill));
  }
  return THRONG_OK;
}

throng_status population_weights_moved(throng_population *a, agent_range range) {
  int32_t *const stale[] = {a->stale, a->own_stale};
  void *block;
  a->current = 0;
  THRONG_TRY(throng_alloc(&block, (size_t)range.n, sizeof(int32_t), "flags of the agents"));
  for (int32_t i = 0; i < range.n; ++i) ((int32_t *)block)[i] = 1;
  throng_status status = THRONG_OK;
  for (int k = 0; status == THRONG_OK && k < 2; ++k)
    status = a->backend->ops->upload(a->backend, stale[k] + range.first, block,
                                     sizeof(int32_t) * (size_t)range.n);
  free(block);
  if (status != THRONG_OK) return status;
  return set_resting(a, range, false);
}

throng_status population_start_weights(throng_population *a, agent_range range) {
  THRONG_TRY(network_start_weights(&a->net, &a->weight, a->option.seed, range.first, range.n));
  THRONG_TRY(population_weights_moved(a, range));
  THRONG_TRY(a->algorithm->start(a, range));
  return set_resting(a, range, true);
}

/// `places`: without agents in them.
static throng_status fill(throng_population *a, bool places) {
  const agent_range all = {0, a->n_agent};
  THRONG_TRY(options_start(a));
  clocks_start(a, all);
  THRONG_TRY(clocks_write(a));
  THRONG_TRY(clocks_let_all_learn(a));
  // Takes time, and no memory of the backend's.
  if (!a->backend->planning) THRONG_TRY(network_fill(&a->net, a->sim->world));
  if (a->algorithm->fill) THRONG_TRY(a->algorithm->fill(a));
  for (int32_t i = 0; i < a->n_agent && places; ++i) THRONG_TRY(agent_halt(a, i, true));
  if (places) return THRONG_OK;
  return population_start_weights(a, all);
}

static throng_status add_flags(throng_population *a) {
#define ADD(slot) \
  THRONG_TRY(tensors_add(&a->scratch, &a->slot, TENSOR_I32, TENSOR_SHAPE(a->n_agent), #slot))
  ADD(stale);
  ADD(own_stale);
  ADD(catalogue_rows);
#undef ADD
  return tensors_add(&a->scratch, &a->moves, TENSOR_F32,
                     TENSOR_SHAPE(a->n_agent, optimizer_blocks(&a->net)), "moves");
}

static throng_status allocate(throng_population *a) {
  THRONG_TRY(network_add_parameters(&a->net, &a->weights, &a->weight, "weight", -INFINITY));
  THRONG_TRY(options_register(a));
  THRONG_TRY(replay_register(a));
  THRONG_TRY(clocks_register(a));
  THRONG_TRY(network_register(&a->net, &a->constants));
  THRONG_TRY(catalogue_register_tile(&a->net, &a->scratch, &a->net.tile, "tile"));
  THRONG_TRY(catalogue_register(&a->net, &a->scratch, &a->catalogue, 0));
  THRONG_TRY(add_flags(a));
  THRONG_TRY(a->algorithm->add_arrays(a));
  const struct {
    tensor_set *set;
    const char *what;
  } part[] = {{&a->weights, "weights of the agents"},
              {&a->hyper, "hyperparameters"},
              {&a->intervals, "hyperparameters"},
              {&a->replay, "replay log of the agents"},
              {&a->clocks, "counters"},
              {&a->constants, "item features"},
              {&a->scratch, "gradients and batches of the agents"}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k)
    THRONG_TRY(tensors_allocate(part[k].set, a->backend, part[k].what));
  return clocks_take_host(a);
}

static throng_status create(throng_sim *sim, const throng_agent_def *def,
                            const agent_algorithm *algorithm, int64_t total_steps, bool places,
                            throng_population **out) {
  *out = NULL;
  THRONG_TRY(check(def, sim, total_steps));
  THRONG_TRY(sim_require_real_histories(sim));
  if (!algorithm)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent.algorithm: %d is none", (int)def->algorithm);
  void *block;
  throng_status status;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(throng_population), "agent"));
  throng_population *a = block;
  a->def = *def;
  a->algorithm = algorithm;
  a->sim = sim;
  a->sim_generation = sim->generation;
  a->backend = sim->backend;
  a->total_steps = total_steps;
  a->n_agent = def->count;
  a->n_lane = sim->n_lane;
  a->agent_lanes = a->n_lane / a->n_agent;
  a->history = sim->def.history;
  a->slate = sim->def.slate_size;
  network_init(&a->net, def, sim);
  THRONG_TRY_GOTO(options_check_turns(a, def));
  THRONG_TRY_GOTO(check_counts(&a->net, def->batch));
  THRONG_TRY_GOTO(allocate(a));
  THRONG_TRY_GOTO(fill(a, places));
  THRONG_TRY_GOTO(agent_actor_create(a, sim, 0, &a->actor));
  *out = a;
  return THRONG_OK;
done:
  throng_population_close(a);
  return status;
}

throng_status population_create(throng_sim *sim, const throng_agent_def *def,
                                const agent_algorithm *algorithm, int64_t total_steps,
                                throng_population **out) {
  return create(sim, def, algorithm, total_steps, false, out);
}

throng_status agent_create_places(throng_sim *sim, const throng_agent_def *def, int64_t total_steps,
                                  throng_population **out) {
  *out = NULL;
  return create(sim, def, agent_algorithm_of(def->algorithm), total_steps, true, out);
}

throng_status throng_population_create(throng_sim *sim, const throng_agent_def *def,
                                       int64_t total_steps, throng_population **out) {
  *out = NULL;
  const agent_algorithm *algorithm = def ? agent_algorithm_of(def->algorithm) : NULL;
  return population_create(sim, def, algorithm, total_steps, out);
}

void throng_population_close(throng_population *a) {
  if (!a) return;
  population_free_graphs(a);
  agent_actor_free(a->actor);
  agent_actor_free(a->guest);
  tensors_free(&a->weights);
  tensors_free(&a->hyper);
  tensors_free(&a->intervals);
  tensors_free(&a->replay);
  tensors_free(&a->clocks);
  tensors_free(&a->constants);
  tensors_free(&a->scratch);
  tensors_free(&a->late);
  tensors_free(&a->tempered);
  free(a->own);
  free(a->host_block);
  free(a->shown);
  free(a);
}

throng_status throng_population_act(throng_population *a, throng_sim *sim, bool greedy,
                                    int32_t *action) {
  agent_actor **actor = &a->actor;
  if (!agent_actor_fits(a->actor, sim)) {
    actor = &a->guest;
    if (*actor && !agent_actor_fits(*actor, sim)) {
      agent_actor_free(*actor);
      *actor = NULL;
    }
    if (!*actor) THRONG_TRY(agent_actor_create(a, sim, 0, actor));
  }
  THRONG_TRY(agent_actor_act(*actor, sim, greedy));
  if (!action) return THRONG_OK;
  size_t n = (size_t)sim->n_lane * (size_t)sim->def.slate_size;
  return a->backend->ops->download(a->backend, action, sim->action, n * sizeof *action);
}
