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
  if (a->def.target_network)
    THRONG_TRY(network_add_parameters(&a->net, &a->weights, &d->target, "target", -INFINITY));
  THRONG_TRY(optimizer_register(&d->optimizer, &a->net, &a->weights, set));
  THRONG_TRY(network_add_scratch(&a->net, set, &d->scratch, a->def.batch, "batch"));
  THRONG_TRY(replay_add_batch(a, &d->batch));
  THRONG_TRY(add_items(a, set, &d->action, "batch.item_feature", "batch.vector", "batch.bias"));
  THRONG_TRY(add_items(a, set, &d->next_online, "batch.next_feature", "batch.next_vector",
                       "batch.next_bias"));
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &d->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), "batch." #slot))
  ADD(by_online, I32, a->n_agent);
  ADD(by_best, I32, a->n_agent);
  ADD(by_soft, I32, a->n_agent);
  ADD(by_hard, I32, a->n_agent);
  ADD(best_value, F32, n);
  ADD(best_item, I32, n);
  ADD(online_value, F32, n);
  ADD(online_item, I32, n);
  const int64_t packed = catalogue_packed_size(&a->net, a->def.batch, 1);
  if (packed) ADD(packed, I64, packed);
  ADD(q, F32, n);
  ADD(loss, F32, n);
  ADD(delta, F32, n);
  ADD(gap, F32, n);
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
    if (size && a->def.target_network)
      THRONG_TRY(a->backend->ops->copy(a->backend, dqn_of(a)->target.at[p] + at,
                                       a->weight.at[p] + at,
                                       sizeof(float) * (size_t)(size * range.n)));
  }
  a->current &= ~(unsigned)CURRENT_OWN;
  return THRONG_OK;
}

throng_status dqn_copy_target(throng_population *a) {
  const agent_range all = {0, a->n_agent};
  THRONG_TRY(population_weights_moved(a, all));
  return dqn_start(a, all);
}

/// Targets of the agents that `which` names, whose flags in own_stale are set.
static throng_status copy_target_of(throng_population *a, const int32_t *which) {
  a->current &= ~(unsigned)CURRENT_OWN;
  if (!a->def.target_network) return THRONG_OK;
  return parameters_copy(&a->net, &dqn_of(a)->target, &a->weight, which);
}

/// The target's catalogue is large, and a population of double agents has no use for it but for
/// action gaps.
static throng_status take_target_catalogue(throng_population *a) {
  dqn *d = dqn_of(a);
  const agent_kinds *k = &a->kinds;
  // Of a flat head nothing is registered, and yet memory is taken: the count does not tell.
  if ((!k->singles && !k->gaps && !k->tempered) || a->late.block || !a->def.target_network)
    return THRONG_OK;
  THRONG_TRY(catalogue_register(&a->net, &a->late, &d->target_catalogue, 1));
  const throng_status status = tensors_allocate(&a->late, a->backend, "target of the agents");
  if (status != THRONG_OK) tensors_free(&a->late);
  return status;
}

static throng_status add_tempered(throng_population *a) {
  dqn *d = dqn_of(a);
  tensor_set *set = &a->tempered;
  const int64_t n = (int64_t)a->def.batch * a->n_agent;
  THRONG_TRY(softmax_register(&a->net, set, &d->soft, a->def.batch, 1, "batch.soft"));
  THRONG_TRY(tensors_add(set, &d->soft_query, TENSOR_F32, TENSOR_SHAPE(n, a->net.width),
                         "batch.soft_query"));
  THRONG_TRY(tensors_add(set, &d->soft_bias, TENSOR_F32, TENSOR_SHAPE(a->n_agent, a->net.n_item),
                         "batch.soft_bias"));
  return tensors_allocate(set, a->backend, "soft values of the agents");
}

static throng_status dqn_follow(throng_population *a) {
  THRONG_TRY(take_target_catalogue(a));
  if (!a->kinds.tempered || a->tempered.block) return THRONG_OK;
  const throng_status status = add_tempered(a);
  if (status != THRONG_OK) tensors_free(&a->tempered);
  return status;
}

/// The best items of the next states by the agents' own weights, which leaves them in online_item.
static throng_status find_online(throng_population *a, const int32_t *rows, const best_mask *mask) {
  dqn *d = dqn_of(a);
  network_pass *next = &d->batch.next;
  const network n = network_of(&a->net, rows);
  THRONG_TRY(population_refresh(a, a->kinds.singles ? rows : NULL));
  THRONG_TRY(n.table->forward(&n, &a->weight, next));
  return catalogue_best(&n, &a->catalogue, next->query, next->rows, mask, 1, d->packed,
                        d->online_value, d->online_item);
}

/// The target's catalogue, for the agents of whom `rows` counts any.
static throng_status refresh_target(throng_population *a, const int32_t *rows, catalogue *out) {
  dqn *d = dqn_of(a);
  if (!a->def.target_network) {
    THRONG_TRY(population_refresh(a, NULL));
    *out = a->catalogue;
    return THRONG_OK;
  }
  // Soft targets move with every update. Others stand until they are copied, and all together are
  // found current then.
  const int32_t *wanted = a->kinds.softs ? rows : NULL;
  if (!(a->current & CURRENT_OWN))
    THRONG_TRY(population_make_catalogue(a, &d->target, &d->target_catalogue, a->own_stale, wanted,
                                         a->option.tau));
  if (!wanted) a->current |= CURRENT_OWN;
  *out = d->target_catalogue;
  return THRONG_OK;
}

/// What the best items of a pass's states are worth to the target, by its queries there.
static throng_status find_best(throng_population *a, const int32_t *rows, const network_pass *pass,
                               const best_mask *mask, float *value) {
  dqn *d = dqn_of(a);
  const network n = network_of(&a->net, rows);
  catalogue items;
  THRONG_TRY(refresh_target(a, rows, &items));
  return catalogue_best(&n, &items, pass->query, pass->rows, mask, 1, d->packed, value,
                        d->best_item);
}

/// The same by the softmax of Q over the agents' temperatures: a soft maximum, or of `item` the
/// log-probability as a gap. Either of `value` and `gap` is NULL.
static throng_status find_soft(throng_population *a, const int32_t *rows, const network_pass *pass,
                               const best_mask *mask, const int32_t *item, float *value,
                               float *gap) {
  dqn *d = dqn_of(a);
  const network n = network_of(&a->net, rows);
  const int64_t batch = a->def.batch;
  catalogue items;
  THRONG_TRY(refresh_target(a, rows, &items));
  temper_args query = {.from = pass->query,
                       .to = d->soft_query,
                       .temperature = a->option.munchausen_temperature,
                       .used = rows,
                       .rows = batch,
                       .width = n.width};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, temper, batch * n.n_agent, &query));
  temper_args bias = query;
  bias.from = items.bias;
  bias.to = d->soft_bias;
  bias.used = NULL;
  bias.rows = n.n_item;
  bias.width = 1;
  THRONG_TRY(BACKEND_LAUNCH(a->backend, temper, n.n_item * n.n_agent, &bias));
  items.bias = d->soft_bias;
  THRONG_TRY(catalogue_softmax(&n, &items, d->soft_query, mask, item, &d->soft));
  soft_value_args soft = {.total = d->soft.total,
                          .log_prob = d->soft.log_prob,
                          .temperature = a->option.munchausen_temperature,
                          .value = value,
                          .gap = gap,
                          .used = rows,
                          .batch = batch};
  return BACKEND_LAUNCH(a->backend, soft_value, batch * n.n_agent, &soft);
}

static bool is_mixed(const throng_population *a) {
  return a->kinds.doubles + a->kinds.singles + a->kinds.tempered > 1;
}

/// Whose batches are valued which way, where the agents differ in it.
static throng_status find_sides(throng_population *a) {
  dqn *d = dqn_of(a);
  if (!is_mixed(a)) return THRONG_OK;
  td_sides_args sides = {.rows = a->clock.rows,
                         .double_dqn = a->kinds.doubles ? a->option.double_dqn : NULL,
                         .temperature = a->option.munchausen_temperature,
                         .by_online = d->by_online,
                         .by_best = d->by_best,
                         .by_soft = d->by_soft,
                         .by_hard = d->by_hard};
  return BACKEND_LAUNCH(a->backend, td_sides, a->n_agent, &sides);
}

/// The target's side: what the next state is worth, in next_online or best_value, and next.value.
/// What only one kind of agents needs is done for those; where there are none, not at all. Where
/// nobody foresees every discount is 0, which hides what stands there (td_error).
static throng_status next_values(throng_population *a) {
  dqn *d = dqn_of(a);
  if (!a->kinds.foresee) return THRONG_OK;
  const bool mixed = is_mixed(a);
  const network n = network_of(&a->net, a->clock.rows);
  const int32_t *by_online = mixed ? d->by_online : a->clock.rows;
  const int32_t *by_best = mixed ? d->by_best : a->clock.rows;
  const int32_t *by_soft = mixed ? d->by_soft : a->clock.rows;
  // Shown items are masked in the bootstrap's arg-max too: they are never chosen, so nothing
  // corrects their Q, and its overestimate would spread through the targets.
  best_mask mask = {0};
  if (a->sim->def.mask_seen)
    mask.shown = d->batch.shown.entry ? d->batch.shown : d->batch.next.state;
  if (a->sim->def.mask == THRONG_MASK_ALL) {
    const world_view *world = &a->sim->device.view;
    mask.shown.user = d->batch.next.state.user;
    mask.real = (real_histories){world->user_offset, world->history};
  }
  THRONG_TRY(n.table->features(&n, &d->batch.next));
  if (a->kinds.doubles) THRONG_TRY(find_online(a, by_online, &mask));
  THRONG_TRY(n.table->forward(&n, dqn_target(a), &d->batch.next));
  if (a->kinds.singles) THRONG_TRY(find_best(a, by_best, &d->batch.next, &mask, d->best_value));
  if (a->kinds.tempered)
    THRONG_TRY(find_soft(a, by_soft, &d->batch.next, &mask, NULL, d->best_value, NULL));
  if (!a->kinds.doubles) return THRONG_OK;
  const network some = network_of(&a->net, by_online);
  return n.table->item_vectors(&some, &d->target, d->online_item, &d->next_online);
}

/// By the target, what the shown items lack to the best ones of their states, after its forward().
/// Of the other agents nothing is left in `gap`.
static throng_status hard_gaps(throng_population *a, const int32_t *rows, const best_mask *mask) {
  dqn *d = dqn_of(a);
  const network n = network_of(&a->net, rows);
  THRONG_TRY(n.table->item_vectors(&n, dqn_target(a), d->batch.action, &d->action));
  THRONG_TRY(find_best(a, rows, &d->batch.state, mask, d->gap));
  action_gap_args gap = {.query = d->batch.state.query,
                         .vector = d->action.vector,
                         .bias = d->action.bias,
                         .gap = d->gap,
                         .used = rows,
                         .batch = a->def.batch,
                         .width = a->net.width};
  return BACKEND_LAUNCH(a->backend, action_gap, (int64_t)a->def.batch * a->n_agent, &gap);
}

/// What the targets lose by the shown items, whose states' features stand.
static throng_status action_gaps(throng_population *a) {
  dqn *d = dqn_of(a);
  network_pass *state = &d->batch.state;
  const network n = network_of(&a->net, a->clock.rows);
  best_mask mask = {0};
  if (!a->kinds.gaps) return THRONG_OK;
  if (a->sim->def.mask_seen) mask.shown = state->state;
  if (a->sim->def.mask == THRONG_MASK_ALL) {
    const world_view *world = &a->sim->device.view;
    mask.shown.user = state->state.user;
    mask.real = (real_histories){world->user_offset, world->history};
  }
  THRONG_TRY(n.table->forward(&n, dqn_target(a), state));
  const bool mixed = is_mixed(a);
  if (a->kinds.doubles || a->kinds.singles)
    THRONG_TRY(hard_gaps(a, mixed ? d->by_hard : a->clock.rows, &mask));
  if (!a->kinds.tempered) return THRONG_OK;
  const int32_t *by_soft = mixed ? d->by_soft : a->clock.rows;
  return find_soft(a, by_soft, state, &mask, d->batch.action, NULL, d->gap);
}

static throng_status td_errors(throng_population *a) {
  dqn *d = dqn_of(a);
  const replay_batch *b = &d->batch;
  td_error_args td = {.query = b->state.query,
                      .vector = d->action.vector,
                      .bias = d->action.bias,
                      .value = b->state.value,
                      .next_query = b->next.query,
                      .next_vector = d->next_online.vector,
                      .next_bias = d->next_online.bias,
                      .next_best = d->best_value,
                      .next_value = b->next.value,
                      .reward = b->reward,
                      .discount = b->discount,
                      .gap = d->gap,
                      .action_gap = a->kinds.gaps ? a->option.action_gap : NULL,
                      .q = d->q,
                      .loss = d->loss,
                      .delta = d->delta,
                      .d_query = d->d_query,
                      .d_vector = d->d_vector,
                      .double_dqn = a->kinds.doubles ? a->option.double_dqn : NULL,
                      .temperature = a->kinds.tempered ? a->option.munchausen_temperature : NULL,
                      .loss_kind = a->option.loss,
                      .huber_delta = a->option.huber_delta,
                      .used = a->clock.rows,
                      .batch = a->def.batch,
                      .width = a->net.width};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, td_error, (int64_t)a->def.batch * a->n_agent, &td));
  return population_add_losses(a, d->loss, d->q, a->def.batch, a->clock.rows);
}

throng_status dqn_gradients(throng_population *a) {
  dqn *d = dqn_of(a);
  const network n = network_of(&a->net, a->clock.rows);
  network_pass *state = &d->batch.state;
  parameter_set *g = &d->optimizer.gradient;
  THRONG_TRY(find_sides(a));
  THRONG_TRY(next_values(a));
  THRONG_TRY(n.table->features(&n, state));
  THRONG_TRY(action_gaps(a));
  THRONG_TRY(n.table->forward(&n, &a->weight, state));
  THRONG_TRY(n.table->item_vectors(&n, &a->weight, d->batch.action, &d->action));
  THRONG_TRY(td_errors(a));
  THRONG_TRY(n.table->item_gradients(&n, d->batch.action, &d->action, d->d_vector, d->delta,
                                     &d->scratch, g));
  return n.table->backward(&n, &a->weight, state, d->d_query, d->delta, &d->scratch, g);
}

throng_status dqn_apply(throng_population *a) {
  dqn *d = dqn_of(a);
  const bool softs = a->kinds.softs;
  THRONG_TRY(population_step_weights(a, &d->optimizer, softs ? &d->target : NULL));
  if (softs) a->current &= ~(unsigned)CURRENT_OWN;
  return THRONG_OK;
}

throng_status dqn_update(throng_population *a) {
  THRONG_TRY(replay_draw_next(a, &dqn_of(a)->batch));
  THRONG_TRY(dqn_gradients(a));
  return dqn_apply(a);
}

static int dqn_kind_of_step(const throng_population *a) {
  bool learns = false, first = false;
  for (int32_t i = 0; i < a->n_agent; ++i) {
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
  log_sum_args sum = {.log = a->log,
                      .clock = a->clock,
                      .buffer = a->option.buffer,
                      .n_step = a->option.n_step,
                      .fold_leave = a->option.fold_leave,
                      .agent_lanes = a->agent_lanes,
                      .before = replay_times_before(a),
                      .reward = d->lane_reward,
                      .left = d->lane_left};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, log_sum, a->n_lane, &sum));
  value_start_args start = {.clock = a->clock,
                            .reward = d->lane_reward,
                            .left = d->lane_left,
                            .gamma = a->option.gamma,
                            .reward_scale = a->option.reward_scale,
                            .fold_leave = a->option.fold_leave,
                            .stay = a->log.stay,
                            .bias = a->weight.at[constant],
                            .first = d->which,
                            .stale = a->stale,
                            .own_stale = a->own_stale,
                            .agent_lanes = a->agent_lanes,
                            .width = a->net.size[constant]};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, value_start, a->n_agent, &start));
  a->current &= ~(unsigned)CURRENT_CATALOGUE;
  return copy_target_of(a, d->which);
}

/// Hard copies of the target, where an agent's is due.
static throng_status dqn_after_step(throng_population *a) {
  bool due = false;
  if (!a->def.target_network) return THRONG_OK;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const throng_agent_def *own = &a->own_def[i];
    const int64_t steps = a->host.steps[i] * a->agent_lanes;
    if (own->tau < 1.0f || a->host.state[i] != AGENT_LEARNING ||
        steps - a->host.mark[i] < own->target_every)
      continue;
    a->host.mark[i] = steps;
    due = true;
  }
  if (!due) return THRONG_OK;
  target_due_args args = {.clock = a->clock,
                          .target_every = a->option.target_every,
                          .tau = a->option.tau,
                          .due = dqn_of(a)->which,
                          .stale = a->own_stale,
                          .agent_lanes = a->agent_lanes};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, target_due, a->n_agent, &args));
  return copy_target_of(a, dqn_of(a)->which);
}

const agent_algorithm algorithm_dqn = {
    .name = "dqn",
    .title = "DQN",
    .add_arrays = dqn_add_arrays,
    .start = dqn_start,
    .follow = dqn_follow,
    .choose = actor_choose_by_epsilon,
    .kind_of_step = dqn_kind_of_step,
    .prepare = dqn_prepare,
    .learn = dqn_update,
    .after_step = dqn_after_step,
};
