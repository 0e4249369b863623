/// The critic of policy gradients.
#include "agent/policy_gradient/critic.h"

#include <math.h>
#include <string.h>

#include "agent/network/layers.h"
#include "kernels/list.h"

/// Its numbers in the random stream of weights begin here: they are none of the actor's.
enum { FIRST_PARAMETER = 256 };

/// What network_add_scratch asks: are there entries of histories to group?
static const agent_network dense = {.name = "critic"};
static const agent_network of_slots = {.name = "critic", .groups_entries = true};

static bool has_slots(const network *n) { return n->size[PARAMETER_INPUT_ITEM] > 0; }

void critic_init(network *to, const network *actor, bool ortho_init) {
  static const int shared[] = {PARAMETER_USER,       PARAMETER_INPUT_ITEM, PARAMETER_INPUT,
                               PARAMETER_INPUT_BIAS, PARAMETER_HIDDEN,     PARAMETER_HIDDEN_BIAS};
  const int64_t hidden1 = actor->hidden[1];
  *to = *actor;
  memset(to->parameter, 0, sizeof to->parameter);
  for (size_t k = 0; k < sizeof shared / sizeof *shared; ++k)
    to->parameter[shared[k]] = actor->parameter[shared[k]];
  to->parameter[PARAMETER_VALUE] =
      ortho_init ? (network_parameter){hidden1, 1, .gain = 1.0f}
                 : (network_parameter){hidden1, 1, .uniform = 1.0f / sqrtf((float)hidden1)};
  to->parameter[PARAMETER_VALUE_BIAS] = (network_parameter){1, 1, .uniform = 0};
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    to->size[p] = to->parameter[p].rows * to->parameter[p].columns;
  to->table = has_slots(to) ? &of_slots : &dense;
}

throng_status critic_add_pass(const network *n, const network_pass *actor, tensor_set *set,
                              network_pass *to, const char *name) {
  const int64_t all = actor->rows * n->n_agent;
  *to = (network_pass){.rows = actor->rows};
#define ADD(slot, ...) \
  THRONG_TRY(tensors_add(set, &to->slot, TENSOR_F32, TENSOR_SHAPE(__VA_ARGS__), "%s." #slot, name))
  if (n->user_width) ADD(feature, all, n->n_input);
  ADD(hidden0, all, n->hidden[0]);
  ADD(hidden1, all, n->hidden[1]);
  ADD(value, all);
#undef ADD
  return THRONG_OK;
}

throng_status critic_start_weights(const network *net, const parameter_set *w, const uint32_t *seed,
                                   int32_t first, int32_t n) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    if (!net->size[p]) continue;
    THRONG_TRY(parameter_start(net->backend, &net->parameter[p], (uint32_t)(FIRST_PARAMETER + p),
                               seed + first, w->at[p] + first * net->size[p], n));
  }
  return THRONG_OK;
}

/// The actor's features with the critic's row of the user in place of the actor's.
static throng_status take_features(const network *n, const parameter_set *w,
                                   const network_pass *actor, network_pass *pass) {
  pass->state = actor->state;
  pass->slot = actor->slot;
  pass->sign = actor->sign;
  if (!n->user_width) {
    pass->feature = actor->feature;
    return THRONG_OK;
  }
  const int64_t numbers = pass->rows * n->n_agent * n->n_input;
  THRONG_TRY(n->backend->ops->copy(n->backend, pass->feature, actor->feature,
                                   sizeof(float) * (size_t)numbers));
  return layer_user(n, w, pass);
}

throng_status critic_forward(const network *n, const parameter_set *w, const network_pass *actor,
                             network_pass *pass) {
  const int64_t rows = pass->rows;
  THRONG_TRY(take_features(n, w, actor, pass));
  THRONG_TRY(layer_input(n, w, pass));
  if (has_slots(n)) {
    flat_input_args input = {.item = pass->slot,
                             .sign = pass->sign,
                             .weight = w->at[PARAMETER_INPUT_ITEM],
                             .bias = w->at[PARAMETER_INPUT_BIAS],
                             .hidden = pass->hidden0,
                             .used = n->used,
                             .rows = rows,
                             .n_item = n->n_item,
                             .capacity = pass->state.capacity,
                             .width = n->hidden[0],
                             .activation = n->activation};
    THRONG_TRY(layer_flat_input(n, &input, rows));
  } else {
    THRONG_TRY(layer_bias(n, pass->hidden0, w->at[PARAMETER_INPUT_BIAS], rows, n->hidden[0], true));
  }
  THRONG_TRY(layer_hidden(n, w, pass));
  state_value_args value = {.hidden = pass->hidden1,
                            .feature = pass->feature,
                            .weight = w->at[PARAMETER_VALUE],
                            .skip = w->at[PARAMETER_VALUE],  // of no features
                            .bias = w->at[PARAMETER_VALUE_BIAS],
                            .value = pass->value,
                            .used = n->used,
                            .rows = rows,
                            .n_hidden = n->hidden[1]};
  return BACKEND_LAUNCH(n->backend, state_value, rows * n->n_agent, &value);
}

throng_status critic_backward(const network *n, const parameter_set *w, const network_pass *pass,
                              const float *d_value, const key_groups *entry,
                              network_scratch *scratch, parameter_set *g) {
  const int64_t rows = pass->rows, hidden1 = n->hidden[1];
  THRONG_TRY(layer_sum_columns(n, d_value, rows, 1, g->at[PARAMETER_VALUE_BIAS]));
  THRONG_TRY(layer_product(n, true, false, hidden1, 1, rows, pass->hidden1, d_value, 0.0f,
                           g->at[PARAMETER_VALUE]));
  const size_t numbers = (size_t)(rows * n->n_agent * hidden1);
  THRONG_TRY(n->backend->ops->zero(n->backend, scratch->d_hidden1, sizeof(float) * numbers));
  add_outer_args value = {d_value, w->at[PARAMETER_VALUE], scratch->d_hidden1, n->used,
                          rows,    (int32_t)hidden1};
  THRONG_TRY(BACKEND_LAUNCH(n->backend, add_outer, rows * n->n_agent, &value));
  THRONG_TRY(layer_hidden_gradients(n, w, pass, scratch, g));
  if (has_slots(n))
    THRONG_TRY(layer_table_gradient(n, &scratch->entry, entry, pass->slot, pass->state.capacity,
                                    n->n_item, pass->sign, scratch->d_hidden0, n->hidden[0],
                                    g->at[PARAMETER_INPUT_ITEM]));
  if (!n->user_width) return THRONG_OK;
  THRONG_TRY(layer_into_user(n, scratch, scratch->d_hidden0, rows, n->hidden[0],
                             w->at[PARAMETER_INPUT], 0.0f));
  return layer_user_gradient(n, pass, scratch, g);
}
