/// An agent's network as numbers on the host, in one form for all heads.
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/population.h"

/// A block of `n` numbers that the copy owns.
static throng_status add(agent_copy *c, int64_t n, float **out) {
  THRONG_TRY(throng_alloc(&c->block[c->n_block], (size_t)n + 1, sizeof(float), "copy of an agent"));
  *out = c->block[c->n_block++];
  return THRONG_OK;
}

void agent_copy_free(agent_copy *copy) {
  for (int k = 0; k < copy->n_block; ++k) free(copy->block[k]);
  memset(copy, 0, sizeof *copy);
}

static throng_status download(const throng_population *a, const float *from, int64_t n, float *to) {
  return a->backend->ops->download(a->backend, to, from, sizeof *to * (size_t)n);
}

/// A parameter into a block of its own; NULL where the network has none such.
static throng_status take(const throng_population *a, const parameter_set *w, int parameter,
                          agent_copy *c, float **out) {
  const int64_t n = a->net.size[parameter];
  if (!n) return THRONG_OK;
  THRONG_TRY(add(c, n, out));
  return download(a, w->at[parameter], n, *out);
}

/// Rows of all users, and their mean.
static throng_status take_users(const throng_population *a, const parameter_set *w, agent_copy *c) {
  const int64_t n = c->n_user, width = c->user_width;
  if (!width) return THRONG_OK;
  THRONG_TRY(add(c, (n + 1) * width, &c->user));
  THRONG_TRY(download(a, w->at[PARAMETER_USER], n * width, c->user));
  for (int64_t k = 0; k < width; ++k) {
    double sum = 0;
    for (int64_t u = 0; u < n; ++u) sum += (double)c->user[u * width + k];
    c->user[n * width + k] = n ? (float)(sum / (double)n) : 0.0f;
  }
  return THRONG_OK;
}

/// The first layer: of flat heads a row a slot, then those of the other inputs.
static throng_status take_input(const throng_population *a, const parameter_set *w, agent_copy *c) {
  const int64_t hidden = c->n_hidden[0], slots = a->net.size[PARAMETER_INPUT_ITEM];
  THRONG_TRY(add(c, (c->n_state + c->user_width) * hidden, &c->input));
  if (slots) THRONG_TRY(download(a, w->at[PARAMETER_INPUT_ITEM], slots, c->input));
  const int64_t rest = a->net.size[PARAMETER_INPUT];
  return rest ? download(a, w->at[PARAMETER_INPUT], rest, c->input + slots) : THRONG_OK;
}

static throng_status take_catalogue(throng_population *a, int32_t agent, agent_copy *c) {
  THRONG_TRY(population_refresh(a, NULL));
  const catalogue items = catalogue_of_one(&a->net, &a->catalogue, agent);
  THRONG_TRY(add(c, c->n_item * c->width, &c->vector));
  THRONG_TRY(add(c, c->n_item, &c->bias));
  THRONG_TRY(download(a, items.vector, c->n_item * c->width, c->vector));
  THRONG_TRY(download(a, items.bias, c->n_item, c->bias));
  if (!c->n_feature) return THRONG_OK;
  THRONG_TRY(add(c, c->n_item * c->n_feature, &c->feature));
  return download(a, a->net.item_feature, c->n_item * c->n_feature, c->feature);
}

static throng_status fill(throng_population *a, int32_t agent, agent_copy *c) {
  const parameter_set w = parameters_of_one(&a->net, &a->weight, agent);
  const struct {
    int parameter;
    float **to;
  } part[] = {{PARAMETER_INPUT_BIAS, &c->input_bias},
              {PARAMETER_HIDDEN, &c->hidden},
              {PARAMETER_HIDDEN_BIAS, &c->hidden_bias},
              {PARAMETER_INPUT_GAIN, &c->input_gain},
              {PARAMETER_INPUT_SHIFT, &c->input_shift},
              {PARAMETER_HIDDEN_GAIN, &c->hidden_gain},
              {PARAMETER_HIDDEN_SHIFT, &c->hidden_shift},
              {PARAMETER_QUERY, &c->query},
              {PARAMETER_QUERY_BIAS, &c->query_bias},
              {PARAMETER_SKIP, &c->skip},
              {PARAMETER_VALUE, &c->value},
              {PARAMETER_VALUE_BIAS, &c->value_bias},
              {PARAMETER_VALUE_SKIP, &c->value_skip}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k)
    THRONG_TRY(take(a, &w, part[k].parameter, c, part[k].to));
  THRONG_TRY(take_users(a, &w, c));
  THRONG_TRY(take_input(a, &w, c));
  return take_catalogue(a, agent, c);
}

throng_status agent_copy_make(throng_population *a, int32_t agent, agent_copy *out) {
  const network *n = &a->net;
  memset(out, 0, sizeof *out);
  THRONG_TRY(members_require(a, agent));
  *out = (agent_copy){
      .algorithm = a->algorithm->name,
      .head = n->table->name,
      .activation = n->activation == ACTIVATION_TANH ? "tanh" : "relu",
      .width = n->width,
      .n_hidden = {n->hidden[0], n->hidden[1]},
      .user_width = n->user_width,
      .history = a->history,
      .n_direction = n->n_direction,
      .n_category = n->n_category,
      .n_feature = n->n_feature,
      .n_user_feature = n->n_user_feature,
      .n_item = n->n_item,
      .n_user = n->n_user,
      .n_state = n->n_input - n->user_width + (n->size[PARAMETER_INPUT_ITEM] ? n->n_item : 0)};
  throng_status status = fill(a, agent, out);
  if (status != THRONG_OK) agent_copy_free(out);
  return status;
}
