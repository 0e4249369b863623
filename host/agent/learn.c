/// One update of every agent: loss, gradients, clipping, Adam, target network.
#include <math.h>

#include "agent/learner.h"
#include "kernels/list.h"

enum { HOST_CHECK_EVERY = 1, DEVICE_CHECK_EVERY = 64 };

static bool two_tower(const throng_population *a) { return a->def.head == THRONG_HEAD_TWO_TOWER; }
static int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }

throng_status agent_register_batch(throng_population *a) {
  agent_batch *b = &a->batch;
  tensor_set *set = &a->scratch;
  int64_t n = (int64_t)a->def.batch * a->n_agent;
  bool flat = !two_tower(a);
  THRONG_TRY(pass_register(a, set, &b->state, a->def.batch, a->history, "batch.state"));
  THRONG_TRY(pass_register(a, set, &b->next, a->def.batch, a->history, "batch.next"));
  int64_t positions = flat ? n * a->history : n;
  int64_t keys = larger(a->n_item, a->def.user_width ? a->n_user : 0) * a->n_agent;
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &b->slot, type, TENSOR_SHAPE(__VA_ARGS__), "batch." #slot))
  ADD(lane, TENSOR_I32, n);
  ADD(slot, TENSOR_I32, n);
  ADD(time, TENSOR_I64, n);
  ADD(number, TENSOR_I64, 1);
  ADD(action, TENSOR_I32, n);
  ADD(reward, TENSOR_F32, n);
  ADD(discount, TENSOR_F32, n);
  ADD(best_value, TENSOR_F32, n);
  ADD(best_item, TENSOR_I32, n);
  if (agent_packed_size(a, a->def.batch, 1))
    ADD(packed, TENSOR_I64, agent_packed_size(a, a->def.batch, 1));
  ADD(item_feature, TENSOR_F32, n, a->n_feature);
  ADD(next_feature, TENSOR_F32, n, a->n_feature);
  ADD(vector, TENSOR_F32, n, a->width);
  ADD(bias, TENSOR_F32, n);
  ADD(next_vector, TENSOR_F32, n, a->width);
  ADD(next_bias, TENSOR_F32, n);
  ADD(q, TENSOR_F32, n);
  ADD(loss, TENSOR_F32, n);
  ADD(delta, TENSOR_F32, n);
  ADD(d_query, TENSOR_F32, n, a->width);
  ADD(d_vector, TENSOR_F32, n, a->width);
  ADD(d_hidden1, TENSOR_F32, n, a->def.hidden[1]);
  ADD(d_hidden0, TENSOR_F32, n, a->def.hidden[0]);
  ADD(d_user, TENSOR_F32, n, a->def.user_width);
  ADD(key, TENSOR_I32, positions);
  ADD(order, TENSOR_I32, positions);
  ADD(offset, TENSOR_I32, keys + 1);
  ADD(partial, TENSOR_F64, a->n_agent, a->n_partial);
  ADD(scale, TENSOR_F32, a->n_agent, 4);
  ADD(loss_mean, TENSOR_F32, a->n_agent);
  ADD(loss_sum, TENSOR_F32, a->n_agent);
  ADD(q_sum, TENSOR_F32, a->n_agent);
  ADD(norm_sum, TENSOR_F32, a->n_agent);
  ADD(lane_reward, TENSOR_F32, a->n_lane);
  ADD(lane_left, TENSOR_F32, a->n_lane);
#undef ADD
  return THRONG_OK;
}

/// Group the positions of (agent, index) pairs: `rows` an agent, indices below `n_index`.
static throng_status group_by(throng_population *a, const int32_t *index, int64_t rows,
                              int64_t n_index) {
  agent_batch *b = &a->batch;
  agent_key_args key = {index, b->key, rows, n_index};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, agent_key, rows * a->n_agent, &key));
  group_args group = {rows * a->n_agent, n_index * a->n_agent, b->key, b->offset, b->order};
  return a->backend->ops->group(a->backend, &group);
}

static throng_status scatter(throng_population *a, int64_t n_index, const float *scale,
                             const float *from, int32_t repeat, int64_t width, float *to) {
  scatter_sum_args sum = {a->batch.offset, a->batch.order, scale,         from, to,
                          width,           repeat,         (int32_t)width};
  return BACKEND_LAUNCH(a->backend, scatter_sum, n_index * a->n_agent, &sum);
}

static throng_status sum_columns(throng_population *a, const float *x, int64_t width, float *to) {
  column_sum_args sum = {x, to, a->def.batch, (int32_t)width};
  return BACKEND_LAUNCH(a->backend, column_sum, width * a->n_agent, &sum);
}

/// x is masked by the ReLU's output y.
static throng_status through_relu(throng_population *a, float *x, const float *y, int64_t width) {
  relu_gradient_args relu = {x, y, (int32_t)width};
  return BACKEND_LAUNCH(a->backend, relu_gradient, (int64_t)a->def.batch * a->n_agent, &relu);
}

/// The target's side: what the next state is worth, in next_vector or best_value and next.value.
static throng_status next_values(throng_population *a) {
  agent_batch *b = &a->batch;
  // An item that may not be shown again must not be hoped for either: its Q is never put right by
  // experience, and its overestimate would feed itself.
  best_mask mask = {0};
  if (a->sim->def.mask_seen) mask.shown = b->next.state;
  THRONG_TRY(pass_features(a, &b->next));
  if (!a->def.double_dqn) {
    THRONG_TRY(agent_refresh_target(a));
    THRONG_TRY(pass_forward(a, &a->target, &b->next));
    return agent_best(a, a->target_vector, a->target_vector_bias, b->next.query, a->def.batch,
                      &mask, 1, b->packed, b->best_value, b->best_item);
  }
  THRONG_TRY(agent_refresh(a));
  THRONG_TRY(pass_forward(a, &a->weight, &b->next));
  THRONG_TRY(agent_best(a, a->vector, a->vector_bias, b->next.query, a->def.batch, &mask, 1,
                        b->packed, b->best_value, b->best_item));
  THRONG_TRY(pass_forward(a, &a->target, &b->next));
  return item_vectors(a, &a->target, b->best_item, a->def.batch, b->next_feature, b->next_vector,
                      b->next_bias);
}

static throng_status td_errors(throng_population *a) {
  agent_batch *b = &a->batch;
  bool twice = a->def.double_dqn;
  td_error_args td = {.query = b->state.query,
                      .vector = b->vector,
                      .bias = b->bias,
                      .value = b->state.value,
                      .next_query = b->next.query,
                      .next_vector = twice ? b->next_vector : NULL,
                      .next_bias = b->next_bias,
                      .next_best = b->best_value,
                      .next_value = b->next.value,
                      .reward = b->reward,
                      .discount = b->discount,
                      .q = b->q,
                      .loss = b->loss,
                      .delta = b->delta,
                      .d_query = b->d_query,
                      .d_vector = b->d_vector,
                      .batch = a->def.batch,
                      .width = a->width,
                      .huber = a->def.loss == THRONG_LOSS_HUBER};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, td_error, (int64_t)a->def.batch * a->n_agent, &td));
  batch_mean_args mean = {b->loss, b->q, b->loss_mean, b->loss_sum, b->q_sum, a->def.batch};
  return BACKEND_LAUNCH(a->backend, batch_mean, a->n_agent, &mean);
}

/// Gradients of the item side and, for two_tower, of everything between the last hidden layer and
/// Q; leaves the gradient with respect to hidden1 (before its ReLU) in d_hidden1.
static throng_status output_gradients(throng_population *a) {
  agent_batch *b = &a->batch;
  float **g = a->gradient.at;
  int64_t batch = a->def.batch, hidden1 = a->def.hidden[1], width = a->width;
  THRONG_TRY(group_by(a, b->action, batch, a->n_item));
  THRONG_TRY(scatter(a, a->n_item, NULL, b->d_vector, 1, width, g[PARAMETER_ITEM_VECTOR]));
  THRONG_TRY(scatter(a, a->n_item, NULL, b->delta, 1, 1, g[PARAMETER_ITEM_BIAS]));
  if (!two_tower(a)) {  // the query is the last hidden layer itself
    THRONG_TRY(a->backend->ops->copy(a->backend, b->d_hidden1, b->d_query,
                                     sizeof(float) * (size_t)(batch * a->n_agent * width)));
    return through_relu(a, b->d_hidden1, b->state.hidden1, hidden1);
  }
  THRONG_TRY(agent_product(a, true, false, a->n_feature, width, batch, b->item_feature, b->d_vector,
                           0.0f, g[PARAMETER_ITEM_MATRIX]));
  THRONG_TRY(agent_product(a, true, false, a->n_feature, 1, batch, b->item_feature, b->delta, 0.0f,
                           g[PARAMETER_ITEM_FACT]));
  THRONG_TRY(sum_columns(a, b->d_query, width, g[PARAMETER_QUERY_BIAS]));
  THRONG_TRY(agent_product(a, true, false, a->n_input, width, batch, b->state.feature, b->d_query,
                           0.0f, g[PARAMETER_SKIP]));
  THRONG_TRY(agent_product(a, true, false, hidden1, width, batch, b->state.hidden1, b->d_query,
                           0.0f, g[PARAMETER_QUERY]));
  THRONG_TRY(sum_columns(a, b->delta, 1, g[PARAMETER_VALUE_BIAS]));
  THRONG_TRY(agent_product(a, true, false, a->n_input, 1, batch, b->state.feature, b->delta, 0.0f,
                           g[PARAMETER_VALUE_SKIP]));
  THRONG_TRY(agent_product(a, true, false, hidden1, 1, batch, b->state.hidden1, b->delta, 0.0f,
                           g[PARAMETER_VALUE]));
  THRONG_TRY(agent_product(a, false, true, batch, hidden1, width, b->d_query,
                           a->weight.at[PARAMETER_QUERY], 0.0f, b->d_hidden1));
  add_outer_args value = {b->delta, a->weight.at[PARAMETER_VALUE], b->d_hidden1, batch,
                          (int32_t)hidden1};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, add_outer, batch * a->n_agent, &value));
  return through_relu(a, b->d_hidden1, b->state.hidden1, hidden1);
}

/// d_user += d (rows, k) . (the user's rows of a matrix with n_input rows)^T
static throng_status into_user(throng_population *a, const float *d, int64_t k, const float *matrix,
                               float beta) {
  int64_t batch = a->def.batch, user_width = a->def.user_width;
  gemm_args g = {.transpose_b = true,
                 .m = batch,
                 .n = user_width,
                 .k = k,
                 .alpha = 1.0f,
                 .beta = beta,
                 .a = d,
                 .b = matrix + (a->n_input - user_width) * k,
                 .c = a->batch.d_user,
                 .lda = k,
                 .ldb = k,
                 .ldc = user_width,
                 .stride_a = batch * k,
                 .stride_b = a->n_input * k,
                 .stride_c = batch * user_width,
                 .batch = a->n_agent};
  return a->backend->ops->gemm(a->backend, &g);
}

static throng_status hidden_gradients(throng_population *a) {
  agent_batch *b = &a->batch;
  float **g = a->gradient.at;
  int64_t batch = a->def.batch, hidden0 = a->def.hidden[0], hidden1 = a->def.hidden[1];
  THRONG_TRY(agent_product(a, true, false, hidden0, hidden1, batch, b->state.hidden0, b->d_hidden1,
                           0.0f, g[PARAMETER_HIDDEN]));
  THRONG_TRY(sum_columns(a, b->d_hidden1, hidden1, g[PARAMETER_HIDDEN_BIAS]));
  THRONG_TRY(agent_product(a, false, true, batch, hidden0, hidden1, b->d_hidden1,
                           a->weight.at[PARAMETER_HIDDEN], 0.0f, b->d_hidden0));
  THRONG_TRY(through_relu(a, b->d_hidden0, b->state.hidden0, hidden0));
  THRONG_TRY(sum_columns(a, b->d_hidden0, hidden0, g[PARAMETER_INPUT_BIAS]));
  if (a->n_input)
    THRONG_TRY(agent_product(a, true, false, a->n_input, hidden0, batch, b->state.feature,
                             b->d_hidden0, 0.0f, g[PARAMETER_INPUT]));
  if (!two_tower(a)) {
    THRONG_TRY(group_by(a, b->state.slot, batch * a->history, a->n_item));
    THRONG_TRY(scatter(a, a->n_item, b->state.sign, b->d_hidden0, a->history, hidden0,
                       g[PARAMETER_INPUT_ITEM]));
  }
  if (!a->def.user_width) return THRONG_OK;
  THRONG_TRY(into_user(a, b->d_hidden0, hidden0, a->weight.at[PARAMETER_INPUT], 0.0f));
  if (two_tower(a)) {
    THRONG_TRY(into_user(a, b->d_query, a->width, a->weight.at[PARAMETER_SKIP], 1.0f));
    THRONG_TRY(into_user(a, b->delta, 1, a->weight.at[PARAMETER_VALUE_SKIP], 1.0f));
  }
  THRONG_TRY(group_by(a, b->state.state.user, batch, a->n_user));
  return scatter(a, a->n_user, NULL, b->d_user, 1, a->def.user_width, g[PARAMETER_USER]);
}

throng_status agent_gradients(throng_population *a) {
  agent_batch *b = &a->batch;
  THRONG_TRY(next_values(a));
  THRONG_TRY(pass_features(a, &b->state));
  THRONG_TRY(pass_forward(a, &a->weight, &b->state));
  THRONG_TRY(
      item_vectors(a, &a->weight, b->action, a->def.batch, b->item_feature, b->vector, b->bias));
  THRONG_TRY(td_errors(a));
  THRONG_TRY(output_gradients(a));
  return hidden_gradients(a);
}

throng_status agent_apply(throng_population *a) {
  agent_batch *b = &a->batch;
  int64_t first = 0, n_block[PARAMETER_COUNT];
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    n_block[p] = (a->size[p] + ADAM_BLOCK - 1) / ADAM_BLOCK;
    if (!a->size[p]) continue;
    square_sum_args square = {a->gradient.at[p], b->partial,   a->size[p],
                              n_block[p],        a->n_partial, first};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, square_sum, n_block[p] * a->n_agent, &square));
    first += n_block[p];
  }
  THRONG_TRY(agent_tick(a, CLOCK_UPDATES));
  ++a->updates;
  ++a->stat_updates;
  adam_scale_args scale = {.partial = b->partial,
                           .n_partial = a->n_partial,
                           .learning_rate = a->learning_rate,
                           .beta1 = a->beta1,
                           .beta2 = a->beta2,
                           .max_norm = a->max_grad_norm,
                           .update = a->counter + CLOCK_UPDATES,
                           .scale = b->scale,
                           .norm_sum = b->norm_sum};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, adam_scale, a->n_agent, &scale));
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    if (!a->size[p]) continue;
    adam_args adam = {a->weight.at[p], a->moment1.at[p], a->moment2.at[p], a->gradient.at[p],
                      b->scale,        a->beta1,         a->beta2,         a->adam_epsilon,
                      a->size[p],      n_block[p]};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, adam, n_block[p] * a->n_agent, &adam));
    if (a->def.tau >= 1.0f) continue;
    soft_update_args soft = {a->target.at[p], a->weight.at[p], a->tau, a->size[p], n_block[p]};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, soft_update, n_block[p] * a->n_agent, &soft));
  }
  a->fresh = false;
  if (a->def.tau < 1.0f) a->target_fresh = false;
  return THRONG_OK;
}

throng_status agent_copy_target(throng_population *a) {
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    if (a->size[p])
      THRONG_TRY(a->backend->ops->copy(a->backend, a->target.at[p], a->weight.at[p],
                                       sizeof(float) * (size_t)(a->size[p] * a->n_agent)));
  a->target_fresh = false;
  return THRONG_OK;
}

/// The constant part of Q starts from the value of the policy that filled the log.
static throng_status start_value(throng_population *a) {
  agent_batch *b = &a->batch;
  int64_t times = a->time < a->log.n_time ? a->time : a->log.n_time;
  int p = two_tower(a) ? PARAMETER_VALUE_BIAS : PARAMETER_ITEM_BIAS;
  log_sum_args sum = {a->log, times, b->lane_reward, b->lane_left};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, log_sum, a->n_lane, &sum));
  value_start_args start = {b->lane_reward,  b->lane_left, a->gamma,
                            a->weight.at[p], a->lanes,     a->size[p]};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, value_start, a->n_agent, &start));
  a->fresh = false;
  return agent_copy_target(a);
}

throng_status agent_check_loss(throng_population *a, int64_t before) {
  int every = a->backend->host_memory ? HOST_CHECK_EVERY : DEVICE_CHECK_EVERY;
  if (a->updates / every == before / every) return THRONG_OK;
  float *loss = a->statistics;
  THRONG_TRY(a->backend->ops->download(a->backend, loss, a->batch.loss_mean,
                                       sizeof(float) * (size_t)a->n_agent));
  for (int32_t i = 0; i < a->n_agent; ++i)
    if (!isfinite(loss[i]))
      return throng_fail(THRONG_ERROR_DIVERGED,
                         "agent %d: the loss is %s after update %lld: training diverged; lower "
                         "agent.learning_rate (%g) or set agent.max_grad_norm",
                         i, isnan(loss[i]) ? "NaN" : "infinite", (long long)a->updates,
                         (double)a->def.learning_rate);
  return THRONG_OK;
}

throng_status agent_update(throng_population *a) {
  THRONG_TRY(replay_draw_next(a));
  THRONG_TRY(agent_gradients(a));
  return agent_apply(a);
}

throng_status agent_learn(throng_population *a) {
  int64_t before = a->updates;
  if (a->updates == 0) THRONG_TRY(start_value(a));
  THRONG_TRY(agent_update(a));
  return agent_check_loss(a, before);
}
