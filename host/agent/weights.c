/// The learner's parameters and hyperparameters: registering them, and where they start.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/learner.h"
#include "kernels/base/random.h"

static const char *const parameter_name[] = {
#define X(id, name, rows, columns) #name,
    AGENT_PARAMETERS(X)
#undef X
};

throng_status agent_register_weights(throng_population *a) {
  int two = a->def.head == THRONG_HEAD_TWO_TOWER;
  const int64_t shape[][2] = {
#define X(id, name, rows, columns) {(rows), (columns)},
      AGENT_PARAMETERS(X)
#undef X
  };
  a->n_partial = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    a->size[p] = shape[p][0] * shape[p][1];
    a->n_partial += (a->size[p] + ADAM_BLOCK - 1) / ADAM_BLOCK;
    if (!a->size[p]) continue;
    struct {
      tensor_set *set;
      parameter_set *to;
      const char *prefix;
    } part[] = {{&a->weights, &a->weight, "weight"},
                {&a->weights, &a->target, "target"},
                {&a->weights, &a->moment1, "moment1"},
                {&a->weights, &a->moment2, "moment2"},
                {&a->scratch, &a->gradient, "gradient"}};
    for (size_t k = 0; k < sizeof part / sizeof *part; ++k) {
      THRONG_TRY(tensors_add(part[k].set, &part[k].to->at[p], TENSOR_F32,
                             TENSOR_SHAPE(a->n_agent, shape[p][0], shape[p][1]), "%s.%s",
                             part[k].prefix, parameter_name[p]));
      // Means of squares, of which the root is taken.
      if (part[k].to == &a->moment2) tensors_within(part[k].set, 0, (double)FLT_MAX);
    }
  }
#define X(name, least, most)                                                                 \
  THRONG_TRY(tensors_add(&a->hyper, &a->name, TENSOR_F32, TENSOR_SHAPE(a->n_agent), #name)); \
  tensors_within(&a->hyper, least, most);
  AGENT_HYPERPARAMETERS(X)
#undef X
  return tensors_add(&a->hyper, &a->seed, TENSOR_U32, TENSOR_SHAPE(a->n_agent), "seed");
}

throng_status agent_set_hyperparameter(throng_population *a, const char *name, const float *value) {
#define X(field, ...)        \
  if (!strcmp(name, #field)) \
    return a->backend->ops->upload(a->backend, a->field, value, sizeof(float) * (size_t)a->n_agent);
  AGENT_HYPERPARAMETERS(X)
#undef X
  return throng_fail(THRONG_ERROR_ARGUMENT, "agent: there is no hyperparameter '%s'", name);
}

static throng_status start_hyperparameters(throng_population *a) {
  const throng_agent_def *d = &a->def;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(float), "hyperparameters"));
  float *value = block;
  double own_steps = (double)a->total_steps / a->n_agent;
  const struct {
    const char *name;
    float value;
  } start[] = {{"learning_rate", d->learning_rate},
               {"gamma", d->gamma},
               {"beta1", d->beta1},
               {"beta2", d->beta2},
               {"adam_epsilon", d->adam_epsilon},
               {"max_grad_norm", d->max_grad_norm},
               {"tau", d->tau},
               {"epsilon_start", d->epsilon_start},
               {"epsilon_end", d->epsilon_end},
               {"epsilon_steps", (float)(d->epsilon_share * own_steps)}};
  throng_status status = THRONG_OK;
  for (size_t k = 0; status == THRONG_OK && k < sizeof start / sizeof *start; ++k) {
    for (int32_t i = 0; i < a->n_agent; ++i) value[i] = start[k].value;
    status = agent_set_hyperparameter(a, start[k].name, value);
  }
  // Agents of a population differ in their seed, so that one's luck is not all's.
  uint32_t *seed = block;
  for (int32_t i = 0; i < a->n_agent; ++i) seed[i] = d->seed + (uint32_t)i;
  if (status == THRONG_OK)
    status =
        a->backend->ops->upload(a->backend, a->seed, seed, sizeof(uint32_t) * (size_t)a->n_agent);
  free(block);
  return status;
}

/// How a parameter's elements are drawn.
typedef struct start_rule {
  float uniform;  // in -uniform .. uniform
  float normal;   // standard deviation
} start_rule;

static start_rule rule_of(const throng_population *a, int parameter) {
  int two = a->def.head == THRONG_HEAD_TWO_TOWER;
  // As torch.nn.Linear; the flat input has n_item slots but only `history` of them are not 0.
  float inputs = (float)(a->n_input + (two ? 0 : a->history));
  float input = 1.0f / sqrtf(inputs > 0 ? inputs : 1.0f);
  float hidden = 1.0f / sqrtf((float)a->def.hidden[0]);
  float last = 1.0f / sqrtf((float)a->def.hidden[1]);
  switch (parameter) {
    case PARAMETER_USER: return (start_rule){.normal = two ? 0.1f : 1.0f};
    case PARAMETER_INPUT_ITEM:
    case PARAMETER_INPUT:
    case PARAMETER_INPUT_BIAS: return (start_rule){.uniform = input};
    case PARAMETER_HIDDEN:
    case PARAMETER_HIDDEN_BIAS: return (start_rule){.uniform = hidden};
    // Query and value start small, so that the first targets are the rewards and not noise.
    case PARAMETER_QUERY: return (start_rule){.uniform = 0.3f * last};
    case PARAMETER_SKIP: return (start_rule){.uniform = 0.3f * input};
    case PARAMETER_VALUE: return (start_rule){.uniform = 0.1f * last};
    case PARAMETER_ITEM_MATRIX: return (start_rule){.uniform = 1.0f / sqrtf((float)a->n_feature)};
    case PARAMETER_ITEM_VECTOR: return (start_rule){.uniform = two ? 0.0f : last};
    default: return (start_rule){0};
  }
}

static throng_status start_parameter(throng_population *a, int parameter, float *value) {
  start_rule rule = rule_of(a, parameter);
  int64_t size = a->size[parameter];
  for (int32_t agent = 0; agent < a->n_agent; ++agent) {
    float *v = value + agent * size;
    for (int64_t i = 0; i < size; ++i) {
      v[i] = 0.0f;
      if (rule.uniform == 0.0f && rule.normal == 0.0f) continue;
      random_words r = random_draw(a->def.seed + (uint32_t)agent, RANDOM_INIT, (uint32_t)i,
                                   (uint32_t)parameter, 0, (uint32_t)(i >> 32));
      v[i] = rule.normal > 0.0f ? rule.normal * random_normal(r.w[0], r.w[1])
                                : rule.uniform * (2.0f * random_uniform(r.w[0]) - 1.0f);
    }
  }
  return a->backend->ops->upload(a->backend, a->weight.at[parameter], value,
                                 sizeof(float) * (size_t)(size * a->n_agent));
}

throng_status agent_start_weights(throng_population *a) {
  THRONG_TRY(start_hyperparameters(a));
  int64_t largest = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    if (a->size[p] * a->n_agent > largest) largest = a->size[p] * a->n_agent;
  void *value;
  throng_status status = throng_alloc(&value, (size_t)largest, sizeof(float), "agent weights");
  for (int p = 0; status == THRONG_OK && p < PARAMETER_COUNT; ++p)
    if (a->size[p]) status = start_parameter(a, p, value);
  free(value);
  if (status == THRONG_OK) status = agent_copy_target(a);
  return status;
}
