/// Two towers: sums of item features over the history and the user's row make a query and the
/// state's value through two hidden layers, with a way past them; item features and a learned row
/// make the item's vector and bias. New items are judged by their features.
#include <math.h>

#include "agent/network/layers.h"
#include "kernels/list.h"

static void two_tower_shape(network *n, const throng_agent_def *def, const throng_world *world) {
  n->width = def->width;
  item_features_shape(world, &n->n_direction, &n->n_category);
  n->n_feature = 2 * n->n_direction + n->n_category + AGENT_ITEM_FACTS;
  n->n_input =
      state_feature_count(n->n_direction, n->n_category, n->n_user_feature + def->user_width);
}

/// As torch.nn.Linear, but that query and value start small, so that the first targets are the
/// rewards and not noise.
static void two_tower_parameters(const network *n, network_parameter *of) {
  const float input = 1.0f / sqrtf((float)n->n_input);
  const float hidden = 1.0f / sqrtf((float)n->hidden[0]), last = 1.0f / sqrtf((float)n->hidden[1]);
  const int64_t hidden0 = n->hidden[0], hidden1 = n->hidden[1], width = n->width;
  of[PARAMETER_USER] = (network_parameter){n->n_user, n->user_width, .normal = 0.1f};
  of[PARAMETER_INPUT] = (network_parameter){n->n_input, hidden0, .uniform = input};
  of[PARAMETER_INPUT_BIAS] = (network_parameter){1, hidden0, .uniform = input};
  of[PARAMETER_HIDDEN] = (network_parameter){hidden0, hidden1, .uniform = hidden};
  of[PARAMETER_HIDDEN_BIAS] = (network_parameter){1, hidden1, .uniform = hidden};
  of[PARAMETER_QUERY] = (network_parameter){hidden1, width, .uniform = 0.3f * last};
  of[PARAMETER_QUERY_BIAS] = (network_parameter){1, width, .uniform = 0};
  of[PARAMETER_SKIP] = (network_parameter){n->n_input, width, .uniform = 0.3f * input};
  of[PARAMETER_VALUE] = (network_parameter){hidden1, 1, .uniform = 0.1f * last};
  of[PARAMETER_VALUE_SKIP] = (network_parameter){n->n_input, 1, .uniform = 0};
  of[PARAMETER_VALUE_BIAS] = (network_parameter){1, 1, .uniform = 0};
  of[PARAMETER_ITEM_MATRIX] =
      (network_parameter){n->n_feature, width, .uniform = 1.0f / sqrtf((float)n->n_feature)};
  of[PARAMETER_ITEM_FACT] = (network_parameter){n->n_feature, 1, .uniform = 0};
  of[PARAMETER_ITEM_VECTOR] = (network_parameter){n->n_item, width, .uniform = 0};
  of[PARAMETER_ITEM_BIAS] = (network_parameter){n->n_item, 1, .uniform = 0};
}

static throng_status two_tower_add_pass(const network *n, tensor_set *set, network_pass *pass,
                                        const char *name) {
  return tensors_add(set, &pass->query, TENSOR_F32, TENSOR_SHAPE(pass->rows * n->n_agent, n->width),
                     "%s.query", name);
}

static throng_status two_tower_features(const network *n, network_pass *pass) {
  state_features_args features = {.state = pass->state,
                                  .used = n->used,
                                  .rows = pass->rows,
                                  .item = n->item_feature,
                                  .n_feature = n->n_feature,
                                  .n_direction = n->n_direction,
                                  .n_category = n->n_category,
                                  .feature = pass->feature,
                                  .stride = n->n_input};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, state_features, pass->rows * n->n_agent, &features));
  return layer_user_features(n, pass);
}

static throng_status two_tower_forward(const network *n, const parameter_set *w,
                                       network_pass *pass) {
  const int64_t rows = pass->rows, hidden1 = n->hidden[1], width = n->width;
  THRONG_TRY(layer_user(n, w, pass));
  THRONG_TRY(layer_input(n, w, pass));
  THRONG_TRY(layer_bias(n, pass->hidden0, w->at[PARAMETER_INPUT_BIAS], rows, n->hidden[0],
                        !n->layer_norm));
  THRONG_TRY(layer_norm_input(n, w, pass));
  THRONG_TRY(layer_hidden(n, w, pass));
  THRONG_TRY(layer_product(n, false, false, rows, width, n->n_input, pass->feature,
                           w->at[PARAMETER_SKIP], 0.0f, pass->query));
  THRONG_TRY(layer_product(n, false, false, rows, width, hidden1, pass->hidden1,
                           w->at[PARAMETER_QUERY], 1.0f, pass->query));
  THRONG_TRY(layer_bias(n, pass->query, w->at[PARAMETER_QUERY_BIAS], rows, width, false));
  state_value_args value = {pass->hidden1,
                            pass->feature,
                            w->at[PARAMETER_VALUE],
                            w->at[PARAMETER_VALUE_SKIP],
                            w->at[PARAMETER_VALUE_BIAS],
                            pass->value,
                            n->used,
                            rows,
                            (int32_t)hidden1,
                            n->n_input};
  return BACKEND_LAUNCH(n->backend, state_value, rows * n->n_agent, &value);
}

static throng_status two_tower_tangent(const network *n, const parameter_set *w,
                                       const parameter_set *along, const network_pass *pass,
                                       network_tangent *to) {
  const int64_t rows = pass->rows, hidden0 = n->hidden[0], hidden1 = n->hidden[1], width = n->width;
  THRONG_TRY(layer_input_tangent(n, w, along, pass, to));
  THRONG_TRY(layer_bias(n, to->hidden0, along->at[PARAMETER_INPUT_BIAS], rows, hidden0, false));
  THRONG_TRY(layer_activation_gradient(n, to->hidden0, pass->hidden0, rows, hidden0));
  THRONG_TRY(layer_hidden_tangent(n, w, along, pass, to));
  THRONG_TRY(layer_product(n, false, false, rows, width, n->n_input, pass->feature,
                           along->at[PARAMETER_SKIP], 0.0f, to->query));
  THRONG_TRY(layer_from_user(n, to->user, rows, width, w->at[PARAMETER_SKIP], to->query));
  THRONG_TRY(layer_product(n, false, false, rows, width, hidden1, to->hidden1,
                           w->at[PARAMETER_QUERY], 1.0f, to->query));
  THRONG_TRY(layer_product(n, false, false, rows, width, hidden1, pass->hidden1,
                           along->at[PARAMETER_QUERY], 1.0f, to->query));
  return layer_bias(n, to->query, along->at[PARAMETER_QUERY_BIAS], rows, width, false);
}

/// Gradients of query and value; leaves that of hidden1 in d_hidden1.
static throng_status output_gradients(const network *n, const parameter_set *w,
                                      const network_pass *pass, const float *d_query,
                                      const float *d_value, network_scratch *scratch,
                                      parameter_set *g) {
  const int64_t rows = pass->rows, hidden1 = n->hidden[1], width = n->width;
  THRONG_TRY(layer_sum_columns(n, d_query, rows, width, g->at[PARAMETER_QUERY_BIAS]));
  THRONG_TRY(layer_product(n, true, false, n->n_input, width, rows, pass->feature, d_query, 0.0f,
                           g->at[PARAMETER_SKIP]));
  THRONG_TRY(layer_product(n, true, false, hidden1, width, rows, pass->hidden1, d_query, 0.0f,
                           g->at[PARAMETER_QUERY]));
  THRONG_TRY(layer_sum_columns(n, d_value, rows, 1, g->at[PARAMETER_VALUE_BIAS]));
  THRONG_TRY(layer_product(n, true, false, n->n_input, 1, rows, pass->feature, d_value, 0.0f,
                           g->at[PARAMETER_VALUE_SKIP]));
  THRONG_TRY(layer_product(n, true, false, hidden1, 1, rows, pass->hidden1, d_value, 0.0f,
                           g->at[PARAMETER_VALUE]));
  THRONG_TRY(layer_product(n, false, true, rows, hidden1, width, d_query, w->at[PARAMETER_QUERY],
                           0.0f, scratch->d_hidden1));
  add_outer_args value = {d_value, w->at[PARAMETER_VALUE], scratch->d_hidden1, n->used,
                          rows,    (int32_t)hidden1};
  return BACKEND_LAUNCH(n->backend, add_outer, rows * n->n_agent, &value);
}

static throng_status two_tower_backward(const network *n, const parameter_set *w,
                                        const network_pass *pass, const float *d_query,
                                        const float *d_value, network_scratch *scratch,
                                        parameter_set *g) {
  const int64_t rows = pass->rows;
  THRONG_TRY(output_gradients(n, w, pass, d_query, d_value, scratch, g));
  THRONG_TRY(layer_hidden_gradients(n, w, pass, scratch, g));
  if (!n->user_width) return THRONG_OK;
  THRONG_TRY(layer_into_user(n, scratch, scratch->d_hidden0, rows, n->hidden[0],
                             w->at[PARAMETER_INPUT], 0.0f));
  THRONG_TRY(layer_into_user(n, scratch, d_query, rows, n->width, w->at[PARAMETER_SKIP], 1.0f));
  THRONG_TRY(layer_into_user(n, scratch, d_value, rows, 1, w->at[PARAMETER_VALUE_SKIP], 1.0f));
  return layer_user_gradient(n, pass, scratch, g);
}

/// x A + learned row, and the bias; `index` NULL: all items in order.
static throng_status finish_items(const network *n, const parameter_set *w, const int32_t *index,
                                  int64_t rows, float *vector, float *bias) {
  item_finish_args finish = {index,
                             n->item_feature,
                             w->at[PARAMETER_ITEM_VECTOR],
                             w->at[PARAMETER_ITEM_BIAS],
                             w->at[PARAMETER_ITEM_FACT],
                             vector,
                             bias,
                             n->used,
                             rows,
                             n->n_item,
                             n->n_feature,
                             n->width};
  return BACKEND_LAUNCH(n->backend, item_finish, rows * n->n_agent, &finish);
}

static throng_status two_tower_item_vectors(const network *n, const parameter_set *w,
                                            const int32_t *item, network_items *items) {
  gather_args features = {.table = n->item_feature,
                          .index = item,
                          .to = items->feature,
                          .used = n->used,
                          .rows = items->rows,
                          .n_table = n->n_item,
                          .to_stride = n->n_feature,
                          .width = n->n_feature,
                          .shared = 1};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, gather, items->rows * n->n_agent, &features));
  THRONG_TRY(layer_product(n, false, false, items->rows, n->width, n->n_feature, items->feature,
                           w->at[PARAMETER_ITEM_MATRIX], 0.0f, items->vector));
  return finish_items(n, w, item, items->rows, items->vector, items->bias);
}

static throng_status two_tower_item_gradients(const network *n, const int32_t *item,
                                              const network_items *items, const float *d_vector,
                                              const float *d_bias, network_scratch *scratch,
                                              parameter_set *g) {
  const int64_t rows = items->rows;
  THRONG_TRY(layer_item_gradients(n, item, d_vector, d_bias, scratch, g));
  THRONG_TRY(layer_product(n, true, false, n->n_feature, n->width, rows, items->feature, d_vector,
                           0.0f, g->at[PARAMETER_ITEM_MATRIX]));
  return layer_product(n, true, false, n->n_feature, 1, rows, items->feature, d_bias, 0.0f,
                       g->at[PARAMETER_ITEM_FACT]);
}

static throng_status two_tower_catalogue(const network *n, const parameter_set *w, float *vector,
                                         float *bias) {
  // A device's product writes all rows, so all are finished.
  const network of = network_of(n, n->backend->host_memory ? n->used : NULL);
  gemm_args g = {.m = n->n_item,
                 .n = n->width,
                 .k = n->n_feature,
                 .alpha = 1.0f,
                 .a = n->item_feature,  // shared by all agents: stride 0
                 .b = w->at[PARAMETER_ITEM_MATRIX],
                 .c = vector,
                 .lda = n->n_feature,
                 .ldb = n->width,
                 .ldc = n->width,
                 .stride_b = (int64_t)n->n_feature * n->width,
                 .stride_c = n->n_item * n->width,
                 .batch = n->n_agent,
                 .used = of.used};
  THRONG_TRY(n->backend->ops->gemm(n->backend, &g));
  return finish_items(&of, w, NULL, n->n_item, vector, bias);
}

/// Features of all items, shared by the agents, times gradients of vectors or biases: `width`
/// columns of them.
static throng_status feature_product(const network *n, const float *d, int64_t width, float *to) {
  gemm_args g = {.transpose_a = true,
                 .m = n->n_feature,
                 .n = width,
                 .k = n->n_item,
                 .alpha = 1.0f,
                 .a = n->item_feature,
                 .b = d,
                 .c = to,
                 .lda = n->n_feature,
                 .ldb = width,
                 .ldc = width,
                 .stride_b = n->n_item * width,
                 .stride_c = n->n_feature * width,
                 .batch = n->n_agent,
                 .used = n->used};
  return n->backend->ops->gemm(n->backend, &g);
}

static throng_status two_tower_catalogue_gradients(const network *n, const float *d_vector,
                                                   const float *d_bias, parameter_set *g) {
  THRONG_TRY(feature_product(n, d_vector, n->width, g->at[PARAMETER_ITEM_MATRIX]));
  return feature_product(n, d_bias, 1, g->at[PARAMETER_ITEM_FACT]);
}

const agent_network network_two_tower = {
    .name = "two_tower",
    .shape = two_tower_shape,
    .parameters = two_tower_parameters,
    .constant = PARAMETER_VALUE_BIAS,
    .add_pass = two_tower_add_pass,
    .features = two_tower_features,
    .forward = two_tower_forward,
    .backward = two_tower_backward,
    .tangent = two_tower_tangent,
    .item_vectors = two_tower_item_vectors,
    .item_gradients = two_tower_item_gradients,
    .catalogue = two_tower_catalogue,
    .catalogue_gradients = two_tower_catalogue_gradients,
};
