/// (Double) deep Q-learning on the log: when it learns, what an update is, and target networks.
#include "agent/dqn/dqn.h"

#include "kernels/list.h"

static throng_status add_items(const throng_population *a, tensor_set *set, network_items *items,
                               const char *feature, const char *vector, const char *bias) {
  const int64_t n = (int64_t)a->def.batch * a->n_agent;
  items->rows = a->def.batch;
  THRONG_TRY(tensors_add(set, &items->feature, TENSOR_F32, TENSOR_SHAPE(n, a->net.n_feature), "%s",
                         feature));
  THRONG_TRY(
      tensors_add(set, &items->vector, TENSOR_F32, TENSOR_SHAPE(n, a->net.width), "%s", vector));
  return tensors_add(set, &items->bias, TENSOR_F32, TENSOR_SHAPE(n), "%s", bias);
}

static throng_status dqn_add_arrays(throng_population *a) {
  THRONG_TRY(throng_alloc(&a->own, 1, sizeof(dqn), "DQN"));
  dqn *d = dqn_of(a);
  tensor_set *set = &a->scratch;
  const int64_t n = (int64_t)a->def.batch * a->n_agent;
  THRONG_TRY(network_add_parameters(&a->net, &a->weights, &d->target, "target", -INFINITY));
  THRONG_TRY(optimizer_register(&d->optimizer, &a->net, &a->weights, set));
  THRONG_TRY(network_add_scratch(&a->net, set, &d->scratch, a->def.batch, "batch"));
  if (!a->def.double_dqn) THRONG_TRY(catalogue_register(&a->net, set, &d->target_catalogue, 1));
  THRONG_TRY(replay_add_batch(a, &d->batch));
  THRONG_TRY(add_items(a, set, &d->action, "batch.item_feature", "batch.vector", "batch.bias"));
  THRONG_TRY(add_items(a, set, &d->next_best, "batch.next_feature", "batch.next_vector",
                       "batch.next_bias"));
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &d->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), "batch." #slot))
  ADD(best_value, F32, n);
  ADD(best_item, I32, n);
  const int64_t packed = catalogue_packed_size(&a->net, a->def.batch, 1);
  if (packed) ADD(packed, I64, packed);
  ADD(q, F32, n);
  ADD(loss, F32, n);
  ADD(delta, F32, n);
  ADD(d_query, F32, n, a->net.width);
  ADD(d_vector, F32, n, a->net.width);
  ADD(lane_reward, F32, a->n_lane);
  ADD(lane_left, F32, a->n_lane);
  ADD(which, I32, a->n_agent);
#undef ADD
  return THRONG_OK;
}

static throng_status dqn_start(throng_population *a, agent_range range) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = a->net.size[p], at = size * range.first;
    if (size)
      THRONG_TRY(a->backend->ops->copy(a->backend, dqn_of(a)->target.at[p] + at,
                                       a->weight.at[p] + at,
                                       sizeof(float) * (size_t)(size * range.n)));
  }
  a->current &= ~(unsigned)CURRENT_OWN;
  return THRONG_OK;
}

throng_status dqn_copy_target(throng_population *a) {
  return dqn_start(a, (agent_range){0, a->n_agent});
}

static throng_status copy_target_of(throng_population *a, const int32_t *which) {
  a->current &= ~(unsigned)CURRENT_OWN;
  return parameters_copy(&a->net, &dqn_of(a)->target, &a->weight, which);
}

/// The target's side: what the next state is worth, in next_best or best_value, and next.value.
static throng_status next_values(throng_population *a) {
  dqn *d = dqn_of(a);
  const network *n = &a->net;
  network_pass *next = &d->batch.next;
  // Shown items are masked in the bootstrap's arg-max too: they are never chosen, so nothing
  // corrects their Q, and its overestimate would spread through the targets.
  best_mask mask = {0};
  if (a->sim->def.mask_seen) mask.shown = next->state;
  THRONG_TRY(n->table->features(n, next));
  if (!a->def.double_dqn) {
    if (!(a->current & CURRENT_OWN))
      THRONG_TRY(catalogue_refresh(n, &d->target, &d->target_catalogue));
    a->current |= CURRENT_OWN;
    THRONG_TRY(n->table->forward(n, &d->target, next));
    return catalogue_best(n, &d->target_catalogue, next->query, next->rows, &mask, 1, d->packed,
                          d->best_value, d->best_item);
  }
  THRONG_TRY(population_refresh(a));
  THRONG_TRY(n->table->forward(n, &a->weight, next));
  THRONG_TRY(catalogue_best(n, &a->catalogue, next->query, next->rows, &mask, 1, d->packed,
                            d->best_value, d->best_item));
  THRONG_TRY(n->table->forward(n, &d->target, next));
  return n->table->item_vectors(n, &d->target, d->best_item, &d->next_best);
}

static throng_status td_errors(throng_population *a) {
  dqn *d = dqn_of(a);
  const replay_batch *b = &d->batch;
  td_error_args td = {.query = b->state.query,
                      .vector = d->action.vector,
                      .bias = d->action.bias,
                      .value = b->state.value,
                      .next_query = b->next.query,
                      .next_vector = a->def.double_dqn ? d->next_best.vector : NULL,
                      .next_bias = d->next_best.bias,
                      .next_best = d->best_value,
                      .next_value = b->next.value,
                      .reward = b->reward,
                      .discount = b->discount,
                      .q = d->q,
                      .loss = d->loss,
                      .delta = d->delta,
                      .d_query = d->d_query,
                      .d_vector = d->d_vector,
                      .batch = a->def.batch,
                      .width = a->net.width,
                      .huber = a->def.loss == THRONG_LOSS_HUBER};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, td_error, (int64_t)a->def.batch * a->n_agent, &td));
  return population_add_losses(a, d->loss, d->q, a->def.batch);
}

throng_status dqn_gradients(throng_population *a) {
  dqn *d = dqn_of(a);
  const network *n = &a->net;
  network_pass *state = &d->batch.state;
  parameter_set *g = &d->optimizer.gradient;
  THRONG_TRY(next_values(a));
  THRONG_TRY(n->table->features(n, state));
  THRONG_TRY(n->table->forward(n, &a->weight, state));
  THRONG_TRY(n->table->item_vectors(n, &a->weight, d->batch.action, &d->action));
  THRONG_TRY(td_errors(a));
  THRONG_TRY(n->table->item_gradients(n, d->batch.action, &d->action, d->d_vector, d->delta,
                                      &d->scratch, g));
  return n->table->backward(n, &a->weight, state, d->d_query, d->delta, &d->scratch, g);
}

throng_status dqn_apply(throng_population *a) {
  dqn *d = dqn_of(a);
  const bool soft = a->def.tau < 1.0f;
  THRONG_TRY(population_step_weights(a, &d->optimizer, soft ? &d->target : NULL));
  if (soft) a->current &= ~(unsigned)CURRENT_OWN;
  return THRONG_OK;
}

throng_status dqn_update(throng_population *a) {
  THRONG_TRY(replay_draw_next(a, &dqn_of(a)->batch));
  THRONG_TRY(dqn_gradients(a));
  return dqn_apply(a);
}

static int dqn_kind_of_step(const throng_population *a) {
  bool learns = false, first = false;
  for (int32_t i = 0; a->def.updates > 0 && i < a->n_agent; ++i) {
    if (!clocks_due(a, i, 1)) continue;
    learns = true;
    first = first || a->host.updates[i] == 0;
  }
  return first ? STEP_ALONE : learns ? STEP_LEARNS : STEP_ACTS;
}

/// The constant part of Q starts from the value of the policy that filled the log.
static throng_status dqn_prepare(throng_population *a) {
  dqn *d = dqn_of(a);
  const int constant = a->net.table->constant;
  log_sum_args sum = {a->log, a->clock, a->agent_lanes, d->lane_reward, d->lane_left};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, log_sum, a->n_lane, &sum));
  value_start_args start = {.clock = a->clock,
                            .reward = d->lane_reward,
                            .left = d->lane_left,
                            .gamma = a->option.gamma,
                            .bias = a->weight.at[constant],
                            .first = d->which,
                            .agent_lanes = a->agent_lanes,
                            .width = a->net.size[constant]};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, value_start, a->n_agent, &start));
  a->current &= ~(unsigned)CURRENT_CATALOGUE;
  return copy_target_of(a, d->which);
}

/// Hard copies of the target, where an agent's is due.
static throng_status dqn_after_step(throng_population *a) {
  bool due = false;
  if (a->def.tau < 1.0f) return THRONG_OK;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const int64_t steps = a->host.steps[i] * a->agent_lanes;
    if (a->host.state[i] != AGENT_LEARNING || steps - a->host.mark[i] < a->own_def[i].target_every)
      continue;
    a->host.mark[i] = steps;
    due = true;
  }
  if (!due) return THRONG_OK;
  target_due_args args = {a->clock, a->option.target_every, dqn_of(a)->which, a->agent_lanes};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, target_due, a->n_agent, &args));
  return copy_target_of(a, dqn_of(a)->which);
}

const agent_algorithm algorithm_dqn = {
    .name = "dqn",
    .title = "DQN",
    .add_arrays = dqn_add_arrays,
    .start = dqn_start,
    .choose = actor_choose_by_epsilon,
    .kind_of_step = dqn_kind_of_step,
    .prepare = dqn_prepare,
    .learn = dqn_update,
    .after_step = dqn_after_step,
};
