/// The table of networks, and what all of them share: sizes, arrays, where parameters start.
#include "agent/network/network.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "kernels/list.h"
#include "sim/users.h"
#include "world/world.h"

#define X(NAME, name) extern const agent_network network_##name;
AGENT_NETWORKS(X)
#undef X

static const agent_network *const networks[] = {
#define X(NAME, name) [THRONG_HEAD_##NAME] = &network_##name,
    AGENT_NETWORKS(X)
#undef X
};

const agent_network *agent_network_of(throng_head head) {
  return (unsigned)head < sizeof networks / sizeof *networks ? networks[head] : NULL;
}

const char *parameter_name(int parameter) {
  static const char *const name[] = {
#define X(id, name) #name,
      NETWORK_PARAMETERS(X)
#undef X
  };
  return name[parameter];
}

/// What the network sees of users who change: nothing where they do not.
static void user_features_shape(network *n, const throng_sim *sim) {
  if (!users_are_dynamic(&sim->def.users) || !sim->def.users.features) return;
  n->users = users_make_view(&sim->def.users);
  n->world = sim->device.view;
  n->slate = sim->def.slate_size;
  n->asks_when = sim->n_examined > 0;
  n->n_user_category = n->world.n_category < (int32_t)AGENT_MAX_CATEGORY
                           ? n->world.n_category
                           : (int32_t)AGENT_MAX_CATEGORY;
  n->asks_session = sim->def.users.sessions > 1;
  n->n_user_feature = user_feature_all(&n->users, n->n_user_category);
}

static void add_norms(network *n) {
  n->parameter[PARAMETER_INPUT_GAIN] = (network_parameter){1, n->hidden[0], .all = 1};
  n->parameter[PARAMETER_INPUT_SHIFT] = (network_parameter){1, n->hidden[0], .all = 0};
  n->parameter[PARAMETER_HIDDEN_GAIN] = (network_parameter){1, n->hidden[1], .all = 1};
  n->parameter[PARAMETER_HIDDEN_SHIFT] = (network_parameter){1, n->hidden[1], .all = 0};
}

/// A policy of Stable-Baselines3: orthogonal layers of gain sqrt(2), no biases, and of what makes
/// the scores 0.01, so that all items are as likely. The item vectors of a flat head are as many as
/// the catalogue has and are not factorised: they have such a matrix's deviation.
static void start_orthogonal(network_parameter *of) {
  static const int layer[] = {PARAMETER_INPUT, PARAMETER_HIDDEN};
  static const int bias[] = {PARAMETER_INPUT_BIAS, PARAMETER_HIDDEN_BIAS};
  static const int score[] = {PARAMETER_QUERY, PARAMETER_SKIP};
  for (int k = 0; k < 2; ++k) {
    if (of[layer[k]].columns) of[layer[k]].gain = sqrtf(2.0f);
    if (of[score[k]].columns) of[score[k]].gain = 0.01f;
    of[bias[k]].uniform = 0;
  }
  network_parameter *item = &of[PARAMETER_ITEM_VECTOR];
  const int64_t longer = item->rows > item->columns ? item->rows : item->columns;
  // Of rows drawn from -u .. u the deviation is u / sqrt(3).
  item->uniform *= 0.01f * sqrtf(3.0f * (float)item->columns / (float)longer);
}

void network_init(network *n, const throng_agent_def *def, const throng_sim *sim) {
  const throng_world *world = sim->world;
  *n = (network){
      .table = agent_network_of(def->head),
      .backend = sim->backend,
      .n_agent = def->count,
      .history = sim->def.history,
      .n_item = world->n_item,
      .n_user = world->n_user,
      .hidden = {def->hidden[0], def->hidden[1]},
      .item_start = def->item_start,
      .user_start = def->user_start,
      .activation = def->activation == THRONG_ACTIVATION_TANH ? ACTIVATION_TANH : ACTIVATION_RELU,
      .layer_norm = def->layer_norm,
      .user_width = def->user_width};
  user_features_shape(n, sim);
  n->table->shape(n, def, world);
  n->table->parameters(n, n->parameter);
  if (n->layer_norm) add_norms(n);
  if (def->ortho_init) start_orthogonal(n->parameter);
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    n->size[p] = n->parameter[p].rows * n->parameter[p].columns;
}

throng_status network_register(network *n, tensor_set *constants) {
  if (!n->n_feature) return THRONG_OK;
  return tensors_add(constants, &n->item_feature, TENSOR_F32, TENSOR_SHAPE(n->n_item, n->n_feature),
                     "item_feature");
}

throng_status network_fill(network *n, const throng_world *world) {
  if (!n->n_feature) return THRONG_OK;
  void *item;
  size_t size = (size_t)(n->n_item * n->n_feature);
  THRONG_TRY(throng_alloc(&item, size, sizeof(float), "item features"));
  throng_status status = item_features_make(world, n->n_direction, n->n_category, item);
  if (status == THRONG_OK)
    status = n->backend->ops->upload(n->backend, n->item_feature, item, size * sizeof(float));
  free(item);
  return status;
}

throng_status network_add_parameters(const network *n, tensor_set *set, parameter_set *to,
                                     const char *prefix, double least) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    if (!n->size[p]) continue;
    THRONG_TRY(tensors_add(set, &to->at[p], TENSOR_F32,
                           TENSOR_SHAPE(n->n_agent, n->parameter[p].rows, n->parameter[p].columns),
                           "%s.%s", prefix, parameter_name(p)));
    if (isfinite(least)) tensors_within(set, least, (double)FLT_MAX);
  }
  return THRONG_OK;
}

#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &to->slot, type, TENSOR_SHAPE(__VA_ARGS__), "%s." #slot, name))

throng_status network_add_pass(const network *n, tensor_set *set, network_pass *to, int64_t rows,
                               int32_t history, const char *name) {
  const int64_t all = rows * n->n_agent;
  to->rows = rows;
  to->state.capacity = history;
  ADD(state.entry, TENSOR_U32, all, history);
  ADD(state.length, TENSOR_I32, all);
  ADD(state.session, TENSOR_I32, all);
  ADD(state.user, TENSOR_I32, all);
  if (n->asks_when) ADD(state.shown_at, TENSOR_I32, all, history);
  if (n->asks_session) ADD(state.number, TENSOR_I32, all);
  if (n->asks_session) ADD(state.gap, TENSOR_I32, all);
  ADD(feature, TENSOR_F32, all, n->n_input);
  ADD(hidden0, TENSOR_F32, all, n->hidden[0]);
  ADD(hidden1, TENSOR_F32, all, n->hidden[1]);
  ADD(value, TENSOR_F32, all);
  for (int k = 0; k < 2 && n->layer_norm; ++k) {
    THRONG_TRY(tensors_add(set, &to->normal[k], TENSOR_F32, TENSOR_SHAPE(all, n->hidden[k]),
                           "%s.normal%d", name, k));
    THRONG_TRY(
        tensors_add(set, &to->inverse[k], TENSOR_F32, TENSOR_SHAPE(all), "%s.inverse%d", name, k));
  }
  return n->table->add_pass(n, set, to, name);
}

static throng_status add_groups(tensor_set *set, key_groups *to, int64_t n, const char *name,
                                const char *of) {
  to->n = n;
  THRONG_TRY(tensors_add(set, &to->key, TENSOR_I32, TENSOR_SHAPE(n), "%s.key.%s", name, of));
  return tensors_add(set, &to->order, TENSOR_I32, TENSOR_SHAPE(n), "%s.order.%s", name, of);
}

throng_status network_add_scratch(const network *n, tensor_set *set, network_scratch *to,
                                  int64_t rows, const char *name) {
  const int64_t all = rows * n->n_agent;
  ADD(d_hidden1, TENSOR_F32, all, n->hidden[1]);
  ADD(d_hidden0, TENSOR_F32, all, n->hidden[0]);
  ADD(d_user, TENSOR_F32, all, n->user_width);
  THRONG_TRY(add_groups(set, &to->item, all, name, "item"));
  if (n->user_width) THRONG_TRY(add_groups(set, &to->user, all, name, "user"));
  if (n->table->groups_entries)
    THRONG_TRY(add_groups(set, &to->entry, all * n->history, name, "entry"));
  return THRONG_OK;
}

throng_status network_add_tangent(const network *n, tensor_set *set, network_tangent *to,
                                  int64_t rows, const char *name) {
  const int64_t all = rows * n->n_agent;
  if (n->user_width) ADD(user, TENSOR_F32, all, n->user_width);
  ADD(hidden0, TENSOR_F32, all, n->hidden[0]);
  ADD(hidden1, TENSOR_F32, all, n->hidden[1]);
  ADD(query, TENSOR_F32, all, n->width);
  return THRONG_OK;
}
#undef ADD

network network_of(const network *n, const int32_t *used) {
  network of = *n;
  of.used = used;
  return of;
}

network network_of_one(const network *n) {
  network one = *n;
  one.n_agent = 1;
  return one;
}

parameter_set parameters_of_one(const network *n, const parameter_set *set, int32_t agent) {
  parameter_set one = {{0}};
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    if (set->at[p]) one.at[p] = set->at[p] + agent * n->size[p];
  return one;
}
