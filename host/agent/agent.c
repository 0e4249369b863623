/// Making an agent and its steps of training.
#include <stdlib.h>

#include "agent/agent_fields.h"
#include "agent/learner.h"

static throng_status check(const throng_agent_def *d, const throng_sim *sim, int64_t total_steps) {
  THRONG_TRY(fields_check(&agent_fields, d));
  if (d->epsilon == THRONG_EPSILON_EXPONENTIAL && !(d->epsilon_start > 0 && d->epsilon_end > 0))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.epsilon_end: an exponential schedule needs a start and an end above "
                       "0, they are %g and %g",
                       (double)d->epsilon_start, (double)d->epsilon_end);
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
  // Grouping by (agent, item) and (agent, user) counts in 32 bits.
  const int64_t largest[] = {
      sim->world->n_item, d->user_width ? sim->world->n_user : 0,
      (int64_t)d->batch * (d->head == THRONG_HEAD_FLAT ? sim->def.history : 1)};
  for (size_t k = 0; k < sizeof largest / sizeof *largest; ++k)
    if (largest[k] * d->count >= INT32_MAX)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "agent.count: %d agents times %lld (items, users or batch) is past 2^31",
                         d->count, (long long)largest[k]);
  return THRONG_OK;
}

static throng_status make_constants(throng_population *a) {
  void *item = NULL;
  throng_status status = THRONG_OK;
  if (a->backend->planning) return THRONG_OK;  // takes time, and no memory of the backend's
  if (a->def.head == THRONG_HEAD_TWO_TOWER) {
    size_t size = (size_t)(a->n_item * a->n_feature);
    THRONG_TRY(throng_alloc(&item, size, sizeof(float), "item features"));
    status = item_features_make(a->sim->world, a->n_direction, a->n_category, item);
    if (status == THRONG_OK)
      status = a->backend->ops->upload(a->backend, a->item_feature, item, size * sizeof(float));
  }
  if (status == THRONG_OK) status = agent_start_weights(a);
  free(item);
  return status;
}

static throng_status register_tables(throng_population *a) {
  THRONG_TRY(
      tensors_add(&a->scratch, &a->tile, TENSOR_F32, TENSOR_SHAPE(agent_tile_size(a)), "tile"));
  if (a->def.head == THRONG_HEAD_FLAT) return THRONG_OK;
  THRONG_TRY(tensors_add(&a->constants, &a->item_feature, TENSOR_F32,
                         TENSOR_SHAPE(a->n_item, a->n_feature), "item_feature"));
  for (int target = 0; target < (a->def.double_dqn ? 1 : 2); ++target) {
    THRONG_TRY(tensors_add(&a->scratch, target ? &a->target_vector : &a->vector, TENSOR_F32,
                           TENSOR_SHAPE(a->n_agent, a->n_item, a->width), "vector%d", target));
    THRONG_TRY(tensors_add(&a->scratch, target ? &a->target_vector_bias : &a->vector_bias,
                           TENSOR_F32, TENSOR_SHAPE(a->n_agent, a->n_item), "vector_bias%d",
                           target));
  }
  return THRONG_OK;
}

/// The flat head's catalogue is its output layer.
static void bind_tables(throng_population *a) {
  pass_bind(a, &a->batch.state);
  pass_bind(a, &a->batch.next);
  if (a->def.head == THRONG_HEAD_TWO_TOWER) return;
  a->vector = a->weight.at[PARAMETER_ITEM_VECTOR];
  a->vector_bias = a->weight.at[PARAMETER_ITEM_BIAS];
  a->target_vector = a->target.at[PARAMETER_ITEM_VECTOR];
  a->target_vector_bias = a->target.at[PARAMETER_ITEM_BIAS];
}

static throng_status allocate(throng_population *a) {
  THRONG_TRY(agent_register_weights(a));
  THRONG_TRY(agent_register_replay(a));
  THRONG_TRY(agent_register_batch(a));
  THRONG_TRY(register_tables(a));
  THRONG_TRY(
      tensors_add(&a->counters, &a->counter, TENSOR_I64, TENSOR_SHAPE(AGENT_COUNTERS), "counter"));
  tensors_within(&a->counters, 0, AGENT_CLOCK_MOST);
  const struct {
    tensor_set *set;
    const char *what;
  } part[] = {{&a->weights, "weights of the agents"},
              {&a->hyper, "hyperparameters"},
              {&a->replay, "replay log of the agents"},
              {&a->counters, "counters"},
              {&a->constants, "item features"},
              {&a->scratch, "gradients and batches of the agents"}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k)
    THRONG_TRY(tensors_allocate(part[k].set, a->backend, part[k].what));
  const size_t n = (size_t)a->n_agent;
  THRONG_TRY(throng_alloc((void **)&a->shown_state, n, sizeof *a->shown_state, "statistics"));
  THRONG_TRY(throng_alloc((void **)&a->shown_steps, n, sizeof(int64_t), "statistics"));
  THRONG_TRY(throng_alloc((void **)&a->shown_updates, n, sizeof(int64_t), "statistics"));
  return throng_alloc((void **)&a->statistics, 4 * n, sizeof(float), "statistics");
}

static void set_shapes(throng_population *a, throng_sim *sim) {
  bool two = a->def.head == THRONG_HEAD_TWO_TOWER;
  a->n_agent = a->def.count;
  a->n_lane = sim->n_lane;
  a->lanes = a->n_lane / a->n_agent;
  a->history = sim->def.history;
  a->slate = sim->def.slate_size;
  a->n_item = sim->world->n_item;
  a->n_user = sim->world->n_user;
  a->width = two ? a->def.width : a->def.hidden[1];
  a->n_input = a->def.user_width;
  if (!two) return;
  item_features_shape(sim->world, &a->n_direction, &a->n_category);
  a->n_feature = 2 * a->n_direction + a->n_category + AGENT_ITEM_FACTS;
  a->n_input = state_feature_count(a->n_direction, a->n_category, a->def.user_width);
}

throng_status throng_population_create(throng_sim *sim, const throng_agent_def *def,
                                       int64_t total_steps, throng_population **out) {
  *out = NULL;
  THRONG_TRY(check(def, sim, total_steps));
  THRONG_TRY(sim_require_real_histories(sim));
  void *block;
  throng_status status;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(throng_population), "agent"));
  throng_population *a = block;
  a->def = *def;
  a->sim = sim;
  a->sim_generation = sim->generation;
  a->backend = sim->backend;
  a->total_steps = total_steps;
  set_shapes(a, sim);
  THRONG_TRY_GOTO(allocate(a));
  bind_tables(a);
  THRONG_TRY_GOTO(make_constants(a));
  THRONG_TRY_GOTO(agent_actor_create(a, sim, 0, &a->actor));
  *out = a;
  return THRONG_OK;
done:
  throng_population_close(a);
  return status;
}

void throng_population_close(throng_population *agent) {
  if (!agent) return;
  agent_graphs_free(agent);
  agent_actor_free(agent->actor);
  agent_actor_free(agent->visitor);
  tensors_free(&agent->weights);
  tensors_free(&agent->hyper);
  tensors_free(&agent->replay);
  tensors_free(&agent->counters);
  tensors_free(&agent->constants);
  tensors_free(&agent->scratch);
  free(agent->statistics);
  free(agent->shown_state);
  free(agent->shown_steps);
  free(agent->shown_updates);
  free(agent);
}

throng_status throng_population_act(throng_population *agent, throng_sim *sim, bool greedy,
                                    int32_t *action) {
  agent_actor **actor = &agent->actor;
  if (!agent_actor_fits(agent->actor, sim)) {
    actor = &agent->visitor;
    if (*actor && !agent_actor_fits(*actor, sim)) {
      agent_actor_free(*actor);
      *actor = NULL;
    }
    if (!*actor) THRONG_TRY(agent_actor_create(agent, sim, 0, actor));
  }
  THRONG_TRY(agent_actor_act(*actor, sim, greedy));
  if (!action) return THRONG_OK;
  size_t n = (size_t)sim->n_lane * (size_t)sim->def.slate_size;
  return agent->backend->ops->download(agent->backend, action, sim->action, n * sizeof *action);
}
