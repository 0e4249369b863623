/// The options that each agent of a population has of its own: those of FIELD_PER_AGENT, on the
/// host as a Def an agent, on the backend as an array an option.
#include <assert.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/population.h"
#include "base/identity.h"
#include "base/safetensors.h"

#define TOTAL_STEPS "total_steps"

/// epsilon_share is kept as user-steps, so that kernels need not know how long a run is.
static bool is_share(const field *f) { return !strcmp(f->name, "epsilon_share"); }

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
  THRONG_TRY(tensors_add(&a->hyper, &a->option.seed, TENSOR_U32, TENSOR_SHAPE(a->n_agent), "seed"));
  THRONG_TRY(tensors_add(&a->hyper, &a->option.total_steps, TENSOR_F64, TENSOR_SHAPE(a->n_agent),
                         TOTAL_STEPS));
  tensors_within(&a->hyper, 0, (double)INT64_MAX);
  return THRONG_OK;
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
    *(float *)to = a->host.epsilon_steps[agent] = (float)(value * a->host.total_steps[agent]);
  else
    *(float *)to = (float)value;
}

/// An option of agents first .. first + n - 1, or their seeds and total steps, to the backend.
static throng_status upload(throng_population *a, void *array, tensor_type type, agent_range range,
                            const void *values) {
  const size_t size = tensor_type_size(type);
  return a->backend->ops->upload(a->backend, (char *)array + size * (size_t)range.first, values,
                                 size * (size_t)range.n);
}

/// All that the host knows of these agents' options to the backend. `block`: 8 bytes an agent.
static throng_status write_options(throng_population *a, agent_range range, void *block) {
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));) {
    const tensor_type type = type_of(f);
    for (int32_t i = 0; i < range.n; ++i)
      keep(a, f, range.first + i, (char *)block + tensor_type_size(type) * (size_t)i);
    THRONG_TRY(upload(a, a->option_of[f - agent_fields.row], type, range, block));
  }
  uint32_t *seed = block;
  for (int32_t i = 0; i < range.n; ++i) seed[i] = a->own_def[range.first + i].seed;
  THRONG_TRY(upload(a, a->option.seed, TENSOR_U32, range, seed));
  return upload(a, a->option.total_steps, TENSOR_F64, range, a->host.total_steps + range.first);
}

throng_status options_start(throng_population *a) {
  const agent_range all = {0, a->n_agent};
  void *block;
  bind(a);
  for (int32_t i = 0; i < a->n_agent; ++i) {
    a->own_def[i] = a->def;
    // Agents of a population differ in their seed, so that one's luck is not all's.
    a->own_def[i].seed = a->def.seed + (uint32_t)i;
    a->host.total_steps[i] = (double)a->total_steps / a->n_agent;
  }
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(int64_t), "options of the agents"));
  const throng_status status = write_options(a, all, block);
  free(block);
  return status;
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
  const double steps = a->host.total_steps[agent];
  a->host.epsilon_steps[agent] = *(const float *)from;
  // Where the share is what it was, it is not to come back rounded.
  if ((float)(def->epsilon_share * steps) != *(const float *)from)
    def->epsilon_share = steps > 0 ? (float)(*(const float *)from / steps) : 0.0f;
}

/// Has a file the array of an option of each agent?
static bool is_kept(const safetensors_file *file, const tensor *t) {
  size_t length;
  char name[TENSOR_MAX_NAME + 8];
  const char *option = strcmp(t->name, "epsilon_steps") ? t->name : "epsilon_share";
  // Files of before agents could differ in it name no run's length.
  if (!strcmp(t->name, TOTAL_STEPS)) {
    snprintf(name, sizeof name, "hyper.%s", t->name);
    return safetensors_find(file, name) != NULL;
  }
  return identity_value(safetensors_metadata(file, "agent"), option, &length) != NULL;
}

void options_of_file(const tensor_set *all, const safetensors_file *file, tensor *room,
                     tensor_set *kept) {
  *kept = *all;
  kept->tensor = room;
  kept->count = 0;
  for (size_t k = 0; k < all->count; ++k)
    if (is_kept(file, &all->tensor[k])) room[kept->count++] = all->tensor[k];
}

throng_status options_read(throng_population *a) {
  const backend_ops *ops = a->backend->ops;
  void *block;
  THRONG_TRY(ops->download(a->backend, a->host.total_steps, a->option.total_steps,
                           sizeof(double) * (size_t)a->n_agent));
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

throng_status options_check(const throng_agent_def *d) {
  if (d->epsilon != THRONG_EPSILON_EXPONENTIAL || (d->epsilon_start > 0 && d->epsilon_end > 0))
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "agent.epsilon_end: an exponential schedule needs a start and an end above 0, "
                     "they are %g and %g",
                     (double)d->epsilon_start, (double)d->epsilon_end);
}

static throng_status require_agent(const throng_population *a, int32_t agent) {
  if (agent >= 0 && agent < a->n_agent) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
}

/// Options that agents share must be what they are here; how many there are is no matter.
static throng_status check_shared(const throng_population *a, const throng_agent_def *def) {
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, 0));) {
    if (f->flags & FIELD_PER_AGENT || !strcmp(f->name, "count") || !strcmp(f->name, "seed"))
      continue;
    for (int k = 0; k < f->count; ++k)
      if (field_get(f, def, k) != field_get(f, &a->def, k))
        return throng_fail(THRONG_ERROR_ARGUMENT,
                           "agent.%s: the agents of a population share it: it is %g here, not %g",
                           f->name, field_get(f, &a->def, k), field_get(f, def, k));
  }
  return THRONG_OK;
}

throng_status options_take(throng_population *a, int32_t agent, const throng_agent_def *def,
                           int64_t total_steps) {
  int64_t block;
  THRONG_TRY(require_agent(a, agent));
  THRONG_TRY(fields_check(&agent_fields, def));
  THRONG_TRY(options_check(def));
  THRONG_TRY(check_shared(a, def));
  if (total_steps < 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent: %lld total steps", (long long)total_steps);
  a->own_def[agent] = *def;
  a->own_def[agent].count = a->def.count;
  a->host.total_steps[agent] = (double)total_steps;
  return write_options(a, (agent_range){agent, 1}, &block);
}

static throng_status find(const throng_population *a, int32_t agent, const char *option,
                          const field **out) {
  THRONG_TRY(require_agent(a, agent));
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
