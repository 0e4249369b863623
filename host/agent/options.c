/// The options that each agent of a population has of its own: those of FIELD_PER_AGENT, on the
/// host as a Def an agent, on the backend as an array an option.
#include <assert.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/population.h"
#include "base/identity.h"

/// epsilon_share is kept as user-steps, so that kernels need not know how long a run is.
static bool is_share(const field *f) { return !strcmp(f->name, "epsilon_share"); }
static double own_steps(const throng_population *a) { return (double)a->total_steps / a->n_agent; }

static tensor_type type_of(const field *f) {
  return f->kind == FIELD_KIND_F32 ? TENSOR_F32 : TENSOR_I64;
}

/// An exponential schedule divides by its ends.
static double least_of(const throng_population *a, const field *f) {
  const bool ends = !strcmp(f->name, "epsilon_start") || !strcmp(f->name, "epsilon_end");
  return ends && a->def.epsilon == THRONG_EPSILON_EXPONENTIAL ? (double)FLT_TRUE_MIN : f->least;
}

throng_status options_register(throng_population *a) {
  assert(agent_fields.count <= MOST_FIELDS);
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));) {
    const bool share = is_share(f), whole = type_of(f) == TENSOR_I64;
    tensor_set *set = whole ? &a->intervals : &a->hyper;
    THRONG_TRY(tensors_add(set, &a->option_of[f - agent_fields.row], type_of(f),
                           TENSOR_SHAPE(a->n_agent), "%s", share ? "epsilon_steps" : f->name));
    // Limits are held in the option's own precision.
    const double least = least_of(a, f), most = share ? (double)FLT_MAX : f->most;
    tensors_within(set, whole ? least : (double)(float)least, whole ? most : (double)(float)most);
  }
  return tensors_add(&a->hyper, &a->option.seed, TENSOR_U32, TENSOR_SHAPE(a->n_agent), "seed");
}

/// The arrays under the names that kernels' arguments have.
static void bind(throng_population *a) {
#define X(type, name)                                                                      \
  a->option.name =                                                                         \
      a->option_of[fields_find(&agent_fields,                                              \
                               strcmp(#name, "epsilon_steps") ? #name : "epsilon_share") - \
                   agent_fields.row];
  AGENT_OPTIONS(X)
#undef X
}

/// One agent's option as its array keeps it.
static void keep(const throng_population *a, const field *f, int32_t agent, void *to) {
  const double value = field_get(f, &a->own_def[agent], 0);
  if (type_of(f) == TENSOR_I64)
    *(int64_t *)to = (int64_t)value;
  else if (is_share(f))
    *(float *)to = a->host.epsilon_steps[agent] = (float)(value * own_steps(a));
  else
    *(float *)to = (float)value;
}

static bool in_set(const throng_population *a, const field *f, const tensor_set *set) {
  return set == (type_of(f) == TENSOR_I64 ? &a->intervals : &a->hyper);
}

throng_status options_write(throng_population *a, const tensor_set *set) {
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(int64_t), "options of the agents"));
  throng_status status = THRONG_OK;
  for (const field *f = NULL;
       status == THRONG_OK && (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));) {
    const size_t size = tensor_type_size(type_of(f));
    if (!in_set(a, f, set)) continue;
    for (int32_t i = 0; i < a->n_agent; ++i) keep(a, f, i, (char *)block + size * (size_t)i);
    status = a->backend->ops->upload(a->backend, a->option_of[f - agent_fields.row], block,
                                     size * (size_t)a->n_agent);
  }
  free(block);
  return status;
}

throng_status options_start(throng_population *a) {
  void *block;
  bind(a);
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(uint32_t), "seeds of the agents"));
  uint32_t *seed = block;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    a->own_def[i] = a->def;
    // Agents of a population differ in their seed, so that one's luck is not all's.
    a->own_def[i].seed = seed[i] = a->def.seed + (uint32_t)i;
  }
  throng_status status =
      a->backend->ops->upload(a->backend, a->option.seed, seed, sizeof *seed * (size_t)a->n_agent);
  free(block);
  THRONG_TRY(status);
  THRONG_TRY(options_write(a, &a->intervals));
  return options_write(a, &a->hyper);
}

/// An option as the agent's array keeps it, into its Def.
static void take(const throng_population *a, const field *f, int32_t agent, const void *from) {
  throng_agent_def *def = &a->own_def[agent];
  if (!is_share(f)) {
    field_write(
        f, def, 0,
        type_of(f) == TENSOR_I64 ? (double)*(const int64_t *)from : (double)*(const float *)from);
    return;
  }
  const double steps = own_steps(a);
  a->host.epsilon_steps[agent] = *(const float *)from;
  // Where the share is what it was, it is not to come back rounded.
  if ((float)(def->epsilon_share * steps) != *(const float *)from)
    def->epsilon_share = steps > 0 ? (float)(*(const float *)from / steps) : 0.0f;
}

throng_status options_write_shared(throng_population *a) {
  for (int32_t i = 0; i < a->n_agent; ++i) a->own_def[i] = a->def;
  THRONG_TRY(options_write(a, &a->intervals));
  return options_write(a, &a->hyper);
}

void options_named(const tensor_set *all, const char *line, tensor *room, tensor_set *named) {
  size_t length;
  *named = *all;
  named->tensor = room;
  named->count = 0;
  for (size_t k = 0; k < all->count; ++k) {
    const char *array = all->tensor[k].name;
    const char *option = strcmp(array, "epsilon_steps") ? array : "epsilon_share";
    if (identity_value(line, option, &length)) room[named->count++] = all->tensor[k];
  }
}

throng_status options_read(throng_population *a) {
  const backend_ops *ops = a->backend->ops;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(int64_t), "options of the agents"));
  throng_status status = THRONG_OK;
  for (const field *f = NULL;
       status == THRONG_OK && (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));) {
    const size_t size = tensor_type_size(type_of(f));
    status = ops->download(a->backend, block, a->option_of[f - agent_fields.row],
                           size * (size_t)a->n_agent);
    for (int32_t i = 0; status == THRONG_OK && i < a->n_agent; ++i)
      take(a, f, i, (const char *)block + size * (size_t)i);
  }
  if (status == THRONG_OK)
    status =
        ops->download(a->backend, block, a->option.seed, sizeof(uint32_t) * (size_t)a->n_agent);
  for (int32_t i = 0; status == THRONG_OK && i < a->n_agent; ++i)
    a->own_def[i].seed = ((const uint32_t *)block)[i];
  free(block);
  return status;
}

static throng_status find(const throng_population *a, int32_t agent, const char *option,
                          const field **out) {
  if (agent < 0 || agent >= a->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
  const field *f = *out = fields_find(&agent_fields, option);
  if (f && f->flags & FIELD_PER_AGENT) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "agent.%s is no option that each agent has of its own",
                     option);
}

throng_status throng_population_set(throng_population *a, int32_t agent, const char *option,
                                    double value) {
  const field *f = NULL;
  int64_t kept;  // or a float
  THRONG_TRY(find(a, agent, option, &f));
  if (!strcmp(option, "tau") && a->def.tau >= 1.0f)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.tau of agent %d: the agents of this population copy their targets "
                       "whole (tau 1), every target_every user-steps",
                       agent);
  // In the option's own precision: (float)1e-20 is below 1e-20.
  if (field_holds(f, value) && (float)value < (float)least_of(a, f))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.%s of agent %d: an exponential schedule needs an end above 0", option,
                       agent);
  throng_status status = field_set(&agent_fields, f, &a->own_def[agent], 0, value);
  if (status != THRONG_OK) return throng_fail_context(status, "agent %d", agent);
  keep(a, f, agent, &kept);
  const size_t size = tensor_type_size(type_of(f));
  return a->backend->ops->upload(
      a->backend, (char *)a->option_of[f - agent_fields.row] + size * (size_t)agent, &kept, size);
}

throng_status throng_population_get(const throng_population *a, int32_t agent, const char *option,
                                    double *value) {
  const field *f = NULL;
  THRONG_TRY(find(a, agent, option, &f));
  *value = field_get(f, &a->own_def[agent], 0);
  return THRONG_OK;
}
