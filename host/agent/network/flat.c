/// The paper's network: the user's row and one slot an item (+1 liked, -1 disliked, 0 unseen)
/// through two hidden layers to one score an item. The last hidden layer is the query, the output
/// layer's rows are the item vectors. flat_dueling has an output for the state's own value beside
/// them (Wang et al., ICML 2016, equation 7): every answer teaches it, where an item's row learns
/// from its own alone. The mean of the catalogue is not taken off, which would give every row a
/// gradient at every step: rows that start small keep the split.
#include <math.h>

#include "agent/network/layers.h"
#include "kernels/list.h"

static void flat_shape(network *n, const throng_agent_def *def, const throng_world *world) {
  (void)world;
  n->width = def->hidden[1];
  n->n_input = n->n_user_feature + def->user_width;
}

/// As torch.nn.Linear; the input has n_item slots but only `history` of them are not 0.
static void flat_parameters(const network *n, network_parameter *of) {
  const float input = 1.0f / sqrtf((float)(n->n_input + n->history));
  const float hidden = 1.0f / sqrtf((float)n->hidden[0]), last = 1.0f / sqrtf((float)n->hidden[1]);
  const int64_t hidden0 = n->hidden[0], hidden1 = n->hidden[1];
  of[PARAMETER_USER] = (network_parameter){n->n_user, n->user_width, .normal = n->user_start};
  of[PARAMETER_INPUT_ITEM] = (network_parameter){n->n_item, hidden0, .uniform = input};
  of[PARAMETER_INPUT] = (network_parameter){n->n_input, hidden0, .uniform = input};
  of[PARAMETER_INPUT_BIAS] = (network_parameter){1, hidden0, .uniform = input};
  of[PARAMETER_HIDDEN] = (network_parameter){hidden0, hidden1, .uniform = hidden};
  of[PARAMETER_HIDDEN_BIAS] = (network_parameter){1, hidden1, .uniform = hidden};
  of[PARAMETER_ITEM_VECTOR] =
      (network_parameter){n->n_item, hidden1, .uniform = n->item_start * last};
  of[PARAMETER_ITEM_BIAS] = (network_parameter){n->n_item, 1, .uniform = 0};
}

static void flat_dueling_parameters(const network *n, network_parameter *of) {
  flat_parameters(n, of);
  of[PARAMETER_VALUE] = (network_parameter){n->hidden[1], 1, .uniform = 0};
  of[PARAMETER_VALUE_BIAS] = (network_parameter){1, 1, .uniform = 0};
}

static throng_status flat_add_pass(const network *n, tensor_set *set, network_pass *pass,
                                   const char *name) {
  const int64_t rows = pass->rows * n->n_agent;
  THRONG_TRY(tensors_add(set, &pass->slot, TENSOR_I32, TENSOR_SHAPE(rows, pass->state.capacity),
                         "%s.slot", name));
  return tensors_add(set, &pass->sign, TENSOR_F32, TENSOR_SHAPE(rows, pass->state.capacity),
                     "%s.sign", name);
}

static throng_status flat_features(const network *n, network_pass *pass) {
  flat_slots_args slots = {pass->state, pass->slot, pass->sign, n->used, pass->rows};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, flat_slots, pass->rows * n->n_agent, &slots));
  return layer_user_features(n, pass);
}

/// The slots' part of the input layer into `hidden`, which holds the user's.
static throng_status add_slots(const network *n, const parameter_set *w, const network_pass *pass,
                               const float *active, float *hidden) {
  flat_input_args input = {.item = pass->slot,
                           .sign = pass->sign,
                           .weight = w->at[PARAMETER_INPUT_ITEM],
                           .bias = w->at[PARAMETER_INPUT_BIAS],
                           .hidden = hidden,
                           .active = active,
                           .used = n->used,
                           .rows = pass->rows,
                           .n_item = n->n_item,
                           .capacity = pass->state.capacity,
                           .width = n->hidden[0],
                           .activation = n->layer_norm ? ACTIVATION_NONE : n->activation};
  return layer_flat_input(n, &input, pass->rows);
}

static throng_status flat_forward(const network *n, const parameter_set *w, network_pass *pass) {
  pass->query = pass->hidden1;  // and the value stays 0
  THRONG_TRY(layer_user(n, w, pass));
  THRONG_TRY(layer_input(n, w, pass));
  THRONG_TRY(add_slots(n, w, pass, NULL, pass->hidden0));
  THRONG_TRY(layer_norm_input(n, w, pass));
  THRONG_TRY(layer_hidden(n, w, pass));
  if (!n->size[PARAMETER_VALUE]) return THRONG_OK;
  state_value_args value = {.hidden = pass->hidden1,
                            .feature = pass->hidden1,  // none of them
                            .weight = w->at[PARAMETER_VALUE],
                            .skip = w->at[PARAMETER_VALUE],
                            .bias = w->at[PARAMETER_VALUE_BIAS],
                            .value = pass->value,
                            .used = n->used,
                            .rows = pass->rows,
                            .n_hidden = n->hidden[1]};
  return BACKEND_LAUNCH(n->backend, state_value, pass->rows * n->n_agent, &value);
}

/// What the state's own value adds to the gradients.
static throng_status value_gradients(const network *n, const parameter_set *w,
                                     const network_pass *pass, const float *d_value,
                                     network_scratch *scratch, parameter_set *g) {
  const int64_t rows = pass->rows, hidden1 = n->hidden[1];
  if (!n->size[PARAMETER_VALUE]) return THRONG_OK;
  THRONG_TRY(layer_sum_columns(n, d_value, rows, 1, g->at[PARAMETER_VALUE_BIAS]));
  THRONG_TRY(layer_product(n, true, false, hidden1, 1, rows, pass->hidden1, d_value, 0.0f,
                           g->at[PARAMETER_VALUE]));
  add_outer_args value = {d_value, w->at[PARAMETER_VALUE], scratch->d_hidden1, n->used,
                          rows,    (int32_t)hidden1};
  return BACKEND_LAUNCH(n->backend, add_outer, rows * n->n_agent, &value);
}

static throng_status flat_tangent(const network *n, const parameter_set *w,
                                  const parameter_set *along, const network_pass *pass,
                                  network_tangent *to) {
  THRONG_TRY(layer_input_tangent(n, w, along, pass, to));
  THRONG_TRY(add_slots(n, along, pass, pass->hidden0, to->hidden0));
  THRONG_TRY(layer_hidden_tangent(n, w, along, pass, to));
  to->query = to->hidden1;
  return THRONG_OK;
}

static throng_status flat_backward(const network *n, const parameter_set *w,
                                   const network_pass *pass, const float *d_query,
                                   const float *d_value, network_scratch *scratch,
                                   parameter_set *g) {
  const int64_t rows = pass->rows, numbers = rows * n->n_agent * n->width;
  THRONG_TRY(n->backend->ops->copy(n->backend, scratch->d_hidden1, d_query,
                                   sizeof(float) * (size_t)numbers));
  THRONG_TRY(value_gradients(n, w, pass, d_value, scratch, g));
  THRONG_TRY(layer_hidden_gradients(n, w, pass, scratch, g));
  THRONG_TRY(layer_table_gradient(n, &scratch->entry, NULL, pass->slot, pass->state.capacity,
                                  n->n_item, pass->sign, scratch->d_hidden0, n->hidden[0],
                                  g->at[PARAMETER_INPUT_ITEM]));
  if (!n->user_width) return THRONG_OK;
  THRONG_TRY(layer_into_user(n, scratch, scratch->d_hidden0, rows, n->hidden[0],
                             w->at[PARAMETER_INPUT], 0.0f));
  return layer_user_gradient(n, pass, scratch, g);
}

static throng_status flat_item_vectors(const network *n, const parameter_set *w,
                                       const int32_t *item, network_items *items) {
  const int64_t rows = items->rows;
  gather_args vectors = {.table = w->at[PARAMETER_ITEM_VECTOR],
                         .index = item,
                         .to = items->vector,
                         .used = n->used,
                         .rows = rows,
                         .n_table = n->n_item,
                         .to_stride = n->width,
                         .width = n->width};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, gather, rows * n->n_agent, &vectors));
  gather_args biases = vectors;
  biases.table = w->at[PARAMETER_ITEM_BIAS];
  biases.to = items->bias;
  biases.to_stride = biases.width = 1;
  return BACKEND_LAUNCH(n->backend, gather, rows * n->n_agent, &biases);
}

static throng_status flat_item_gradients(const network *n, const int32_t *item,
                                         const network_items *items, const float *d_vector,
                                         const float *d_bias, network_scratch *scratch,
                                         parameter_set *g) {
  (void)items;
  return layer_item_gradients(n, item, d_vector, d_bias, scratch, g);
}

const agent_network network_flat = {
    .name = "flat",
    .shape = flat_shape,
    .parameters = flat_parameters,
    .groups_entries = true,
    .constant = PARAMETER_ITEM_BIAS,
    .add_pass = flat_add_pass,
    .features = flat_features,
    .forward = flat_forward,
    .backward = flat_backward,
    .tangent = flat_tangent,
    .item_vectors = flat_item_vectors,
    .item_gradients = flat_item_gradients,
};

const agent_network network_flat_dueling = {
    .name = "flat_dueling",
    .shape = flat_shape,
    .parameters = flat_dueling_parameters,
    .groups_entries = true,
    .constant = PARAMETER_VALUE_BIAS,
    .add_pass = flat_add_pass,
    .features = flat_features,
    .forward = flat_forward,
    .backward = flat_backward,
    .tangent = flat_tangent,  // the state's own value moves no query
    .item_vectors = flat_item_vectors,
    .item_gradients = flat_item_gradients,
};
