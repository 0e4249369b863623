/// What networks are made of, over all agents at once: products, hidden layers, sums by key.
#include "agent/network/layers.h"

#include "kernels/list.h"

throng_status layer_product(const network *n, bool transpose_a, bool transpose_b, int64_t m,
                            int64_t columns, int64_t k, const float *x, const float *y, float beta,
                            float *c) {
  gemm_args g = {.transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .m = m,
                 .n = columns,
                 .k = k,
                 .alpha = 1.0f,
                 .beta = beta,
                 .a = x,
                 .b = y,
                 .c = c,
                 .lda = transpose_a ? m : k,
                 .ldb = transpose_b ? k : columns,
                 .ldc = columns,
                 .stride_a = m * k,
                 .stride_b = k * columns,
                 .stride_c = m * columns,
                 .batch = n->n_agent,
                 .used = n->used};
  return n->backend->ops->gemm(n->backend, &g);
}

throng_status layer_bias(const network *n, float *x, const float *bias, int64_t rows, int64_t width,
                         bool hidden) {
  add_bias_args add = {x,    bias,           n->used,
                       rows, (int32_t)width, hidden ? n->activation : (int32_t)ACTIVATION_NONE};
  return BACKEND_LAUNCH(n->backend, add_bias, rows * n->n_agent, &add);
}

throng_status layer_activation_gradient(const network *n, float *d, const float *y, int64_t rows,
                                        int64_t width) {
  activation_gradient_args slope = {d, y, n->used, rows, (int32_t)width, n->activation};
  return BACKEND_LAUNCH(n->backend, activation_gradient, rows * n->n_agent, &slope);
}

throng_status layer_sum_columns(const network *n, const float *x, int64_t rows, int64_t width,
                                float *to) {
  column_sum_args sum = {x, to, n->used, rows, (int32_t)width};
  return BACKEND_LAUNCH(n->backend, column_sum, width * n->n_agent, &sum);
}

/// Before rows of a table of `size` numbers are looked up, `looked_up` numbers in all: into the
/// caches, where it will be read whole.
static throng_status warm(const network *n, const float *table, int64_t size, int64_t looked_up) {
  if (!n->backend->host_memory || looked_up < size) return THRONG_OK;
  const warm_args warm = {table, size};
  return BACKEND_LAUNCH(n->backend, warm, (size + WARM_BLOCK - 1) / WARM_BLOCK, &warm);
}

throng_status layer_flat_input(const network *n, const flat_input_args *input, int64_t rows) {
  const int64_t all = rows * n->n_agent, width = input->width;
  THRONG_TRY(warm(n, input->weight, n->n_item * width * n->n_agent, all * input->capacity * width));
  return BACKEND_LAUNCH(n->backend, flat_input, all, input);
}

/// to = 0 in the rows that the groups' last sums wrote.
static throng_status clear(const network *n, const key_groups *groups, int64_t width, float *to) {
  segment_clear_args clear = {groups->key, groups->order, to, (int32_t)width};
  return BACKEND_LAUNCH(n->backend, segment_clear, groups->n, &clear);
}

/// Group the positions of (agent, index) pairs: of each row `each` indices below `n_index`, -1 for
/// none.
static throng_status group(const network *n, const key_groups *groups, const int32_t *index,
                           int32_t each, int64_t n_index) {
  agent_key_args key = {index, groups->key, n->used, groups->n / n->n_agent / each, each, n_index};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, agent_key, groups->n, &key));
  group_args group = {.n = groups->n,
                      .n_key = n_index * n->n_agent,
                      .key = groups->key,
                      .order = groups->order,
                      .n_run = n->n_agent};
  return n->backend->ops->group(n->backend, &group);
}

/// The same groups as `of`, which were made of the same pairs.
static throng_status group_alike(const network *n, const key_groups *groups, const key_groups *of) {
  throng_backend *backend = n->backend;
  const size_t bytes = (size_t)groups->n * sizeof *groups->key;
  THRONG_TRY(backend->ops->copy(backend, groups->key, of->key, bytes));
  return backend->ops->copy(backend, groups->order, of->order, bytes);
}

static segment_sum_args sums_of(const key_groups *groups, const float *scale, const float *from,
                                int32_t repeat, int64_t width, float *to) {
  return (segment_sum_args){.key = groups->key,
                            .order = groups->order,
                            .scale = scale,
                            .from = from,
                            .to = to,
                            .n = groups->n,
                            .from_stride = width,
                            .from_repeat = repeat,
                            .width = (int32_t)width,
                            .met = groups->met};
}

throng_status layer_table_gradient(const network *n, const key_groups *groups, const key_groups *of,
                                   const int32_t *index, int32_t each, int64_t n_index,
                                   const float *scale, const float *from, int64_t width,
                                   float *to) {
  // With more positions than keys, the sums visit nearly all keys as it is.
  const bool all = groups->n >= n_index * n->n_agent;
  if (!all) THRONG_TRY(clear(n, groups, width, to));
  if (!of)
    THRONG_TRY(group(n, groups, index, each, n_index));
  else if (!all)
    THRONG_TRY(group_alike(n, groups, of));
  segment_sum_args sum = sums_of(of && all ? of : groups, scale, from, each, width, to);
  if (all) {
    sum.run_keys = n_index;
    sum.n_run = n->n_agent;
    sum.used = n->used;
  }
  return BACKEND_LAUNCH(n->backend, segment_sum, groups->n, &sum);
}

throng_status layer_user_features(const network *n, network_pass *pass) {
  if (!n->n_user_feature) return THRONG_OK;
  user_features_args features = {
      .state = pass->state,
      .users = n->users,
      .world = n->world,
      .used = n->used,
      .rows = pass->rows,
      .slate = n->slate,
      .n_category = n->n_user_category,
      .feature = pass->feature + n->n_input - n->user_width - n->n_user_feature,
      .stride = n->n_input};
  return BACKEND_LAUNCH(n->backend, user_features, pass->rows * n->n_agent, &features);
}

throng_status layer_user(const network *n, const parameter_set *w, network_pass *pass) {
  if (!n->user_width) return THRONG_OK;
  gather_args user = {w->at[PARAMETER_USER],
                      pass->state.user,
                      pass->feature + n->n_input - n->user_width,
                      n->used,
                      pass->rows,
                      n->n_user,
                      n->n_input,
                      n->user_width,
                      0};
  return BACKEND_LAUNCH(n->backend, gather, pass->rows * n->n_agent, &user);
}

throng_status layer_input(const network *n, const parameter_set *w, network_pass *pass) {
  if (n->n_input)
    return layer_product(n, false, false, pass->rows, n->hidden[0], n->n_input, pass->feature,
                         w->at[PARAMETER_INPUT], 0.0f, pass->hidden0);
  const int64_t numbers = pass->rows * n->n_agent * n->hidden[0];
  return n->backend->ops->zero(n->backend, pass->hidden0, sizeof(float) * (size_t)numbers);
}

/// Norm and activation of the sums of hidden layer `k`, which stand in `x`.
static throng_status normalise(const network *n, const parameter_set *w, const network_pass *pass,
                               int k, float *x) {
  if (!n->layer_norm) return THRONG_OK;
  layer_norm_args norm = {.x = x,
                          .normal = pass->normal[k],
                          .inverse = pass->inverse[k],
                          .gain = w->at[k ? PARAMETER_HIDDEN_GAIN : PARAMETER_INPUT_GAIN],
                          .shift = w->at[k ? PARAMETER_HIDDEN_SHIFT : PARAMETER_INPUT_SHIFT],
                          .used = n->used,
                          .rows = pass->rows,
                          .width = n->hidden[k],
                          .activation = n->activation};
  return BACKEND_LAUNCH(n->backend, layer_norm, pass->rows * n->n_agent, &norm);
}

throng_status layer_norm_input(const network *n, const parameter_set *w, network_pass *pass) {
  return normalise(n, w, pass, 0, pass->hidden0);
}

/// Gradients of the norm of hidden layer `k` from `d` behind it, which becomes that before it.
static throng_status norm_gradients(const network *n, const parameter_set *w,
                                    const network_pass *pass, int k, float *d, parameter_set *g) {
  if (!n->layer_norm) return THRONG_OK;
  const int gain = k ? PARAMETER_HIDDEN_GAIN : PARAMETER_INPUT_GAIN;
  const int shift = k ? PARAMETER_HIDDEN_SHIFT : PARAMETER_INPUT_SHIFT;
  layer_norm_sums_args sums = {d,       pass->normal[k], g->at[gain], g->at[shift],
                               n->used, pass->rows,      n->hidden[k]};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, layer_norm_sums, n->hidden[k] * n->n_agent, &sums));
  layer_norm_slope_args slope = {d,       pass->normal[k], pass->inverse[k], w->at[gain],
                                 n->used, pass->rows,      n->hidden[k]};
  return BACKEND_LAUNCH(n->backend, layer_norm_slope, pass->rows * n->n_agent, &slope);
}

throng_status layer_hidden(const network *n, const parameter_set *w, network_pass *pass) {
  THRONG_TRY(layer_product(n, false, false, pass->rows, n->hidden[1], n->hidden[0], pass->hidden0,
                           w->at[PARAMETER_HIDDEN], 0.0f, pass->hidden1));
  THRONG_TRY(layer_bias(n, pass->hidden1, w->at[PARAMETER_HIDDEN_BIAS], pass->rows, n->hidden[1],
                        !n->layer_norm));
  return normalise(n, w, pass, 1, pass->hidden1);
}

throng_status layer_hidden_gradients(const network *n, const parameter_set *w,
                                     const network_pass *pass, network_scratch *scratch,
                                     parameter_set *g) {
  const int64_t rows = pass->rows, hidden0 = n->hidden[0], hidden1 = n->hidden[1];
  float *d0 = scratch->d_hidden0, *d1 = scratch->d_hidden1;
  THRONG_TRY(layer_activation_gradient(n, d1, pass->hidden1, rows, hidden1));
  THRONG_TRY(norm_gradients(n, w, pass, 1, d1, g));
  THRONG_TRY(layer_product(n, true, false, hidden0, hidden1, rows, pass->hidden0, d1, 0.0f,
                           g->at[PARAMETER_HIDDEN]));
  THRONG_TRY(layer_sum_columns(n, d1, rows, hidden1, g->at[PARAMETER_HIDDEN_BIAS]));
  THRONG_TRY(
      layer_product(n, false, true, rows, hidden0, hidden1, d1, w->at[PARAMETER_HIDDEN], 0.0f, d0));
  THRONG_TRY(layer_activation_gradient(n, d0, pass->hidden0, rows, hidden0));
  THRONG_TRY(norm_gradients(n, w, pass, 0, d0, g));
  THRONG_TRY(layer_sum_columns(n, d0, rows, hidden0, g->at[PARAMETER_INPUT_BIAS]));
  if (!n->n_input) return THRONG_OK;
  return layer_product(n, true, false, n->n_input, hidden0, rows, pass->feature, d0, 0.0f,
                       g->at[PARAMETER_INPUT]);
}

throng_status layer_from_user(const network *n, const float *user, int64_t rows, int64_t k,
                              const float *matrix, float *to) {
  if (!n->user_width) return THRONG_OK;
  gemm_args g = {.m = rows,
                 .n = k,
                 .k = n->user_width,
                 .alpha = 1.0f,
                 .beta = 1.0f,
                 .a = user,
                 .b = matrix + (n->n_input - n->user_width) * k,
                 .c = to,
                 .lda = n->user_width,
                 .ldb = k,
                 .ldc = k,
                 .stride_a = rows * n->user_width,
                 .stride_b = n->n_input * k,
                 .stride_c = rows * k,
                 .batch = n->n_agent,
                 .used = n->used};
  return n->backend->ops->gemm(n->backend, &g);
}

throng_status layer_input_tangent(const network *n, const parameter_set *w,
                                  const parameter_set *along, const network_pass *pass,
                                  network_tangent *to) {
  network_pass part = *pass;  // layer_input's, into another place
  part.hidden0 = to->hidden0;
  THRONG_TRY(layer_input(n, along, &part));
  if (!n->user_width) return THRONG_OK;
  gather_args user = {.table = along->at[PARAMETER_USER],
                      .index = pass->state.user,
                      .to = to->user,
                      .used = n->used,
                      .rows = pass->rows,
                      .n_table = n->n_user,
                      .to_stride = n->user_width,
                      .width = n->user_width};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, gather, pass->rows * n->n_agent, &user));
  return layer_from_user(n, to->user, pass->rows, n->hidden[0], w->at[PARAMETER_INPUT],
                         to->hidden0);
}

throng_status layer_hidden_tangent(const network *n, const parameter_set *w,
                                   const parameter_set *along, const network_pass *pass,
                                   network_tangent *to) {
  const int64_t rows = pass->rows, hidden0 = n->hidden[0], hidden1 = n->hidden[1];
  THRONG_TRY(layer_product(n, false, false, rows, hidden1, hidden0, to->hidden0,
                           w->at[PARAMETER_HIDDEN], 0.0f, to->hidden1));
  THRONG_TRY(layer_product(n, false, false, rows, hidden1, hidden0, pass->hidden0,
                           along->at[PARAMETER_HIDDEN], 1.0f, to->hidden1));
  THRONG_TRY(layer_bias(n, to->hidden1, along->at[PARAMETER_HIDDEN_BIAS], rows, hidden1, false));
  return layer_activation_gradient(n, to->hidden1, pass->hidden1, rows, hidden1);
}

throng_status layer_into_user(const network *n, network_scratch *scratch, const float *d,
                              int64_t rows, int64_t k, const float *matrix, float beta) {
  const int64_t user_width = n->user_width;
  gemm_args g = {.transpose_b = true,
                 .m = rows,
                 .n = user_width,
                 .k = k,
                 .alpha = 1.0f,
                 .beta = beta,
                 .a = d,
                 .b = matrix + (n->n_input - user_width) * k,
                 .c = scratch->d_user,
                 .lda = k,
                 .ldb = k,
                 .ldc = user_width,
                 .stride_a = rows * k,
                 .stride_b = n->n_input * k,
                 .stride_c = rows * user_width,
                 .batch = n->n_agent,
                 .used = n->used};
  return n->backend->ops->gemm(n->backend, &g);
}

throng_status layer_user_gradient(const network *n, const network_pass *pass,
                                  network_scratch *scratch, parameter_set *g) {
  return layer_table_gradient(n, &scratch->user, NULL, pass->state.user, 1, n->n_user, NULL,
                              scratch->d_user, n->user_width, g->at[PARAMETER_USER]);
}

throng_status layer_item_gradients(const network *n, const int32_t *item, const float *d_vector,
                                   const float *d_bias, network_scratch *scratch,
                                   parameter_set *g) {
  const key_groups *groups = &scratch->item;
  float *vector = g->at[PARAMETER_ITEM_VECTOR], *bias = g->at[PARAMETER_ITEM_BIAS];
  THRONG_TRY(clear(n, groups, n->width, vector));
  THRONG_TRY(clear(n, groups, 1, bias));
  THRONG_TRY(group(n, groups, item, 1, n->n_item));
  const segment_sum_args vectors = sums_of(groups, NULL, d_vector, 1, n->width, vector);
  THRONG_TRY(BACKEND_LAUNCH(n->backend, segment_sum, groups->n, &vectors));
  const segment_sum_args biases = sums_of(groups, NULL, d_bias, 1, 1, bias);
  return BACKEND_LAUNCH(n->backend, segment_sum, groups->n, &biases);
}
