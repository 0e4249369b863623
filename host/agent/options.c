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
#include "kernels/agent/policy_gradient.h"

#define TOTAL_STEPS "total_steps"

/// epsilon_share is kept as user-steps, so that kernels need not know how long a run is.
static bool is_share(const field *f) { return !strcmp(f->name, "epsilon_share"); }

static tensor_type type_of(const field *f) {
  return f->kind == FIELD_KIND_F32 ? TENSOR_F32 : TENSOR_I64;
}

/// The rows of the options that these agents have of their own, as fields_next.
static const field *next_own(const throng_population *a, const field *after) {
  do after = fields_next(&agent_fields, after, FIELD_PER_AGENT);
  while (after && !agent_field_is_of(after, a->def.algorithm));
  return after;
}

/// The largest value that the option may have here: of an enumeration, its last.
static double most_of(const throng_population *a, const field *f) {
  if (f->flags & FIELD_UP_TO) return field_get(f, &a->def, 0);
  if (f->kind != FIELD_KIND_ENUM) return f->most;
  int n = 0;
  while (f->names[n]) ++n;
  return n - 1;
}

static const char *array_of(const field *f) { return is_share(f) ? "epsilon_steps" : f->name; }

throng_status options_register(throng_population *a) {
  assert(agent_fields.count <= MOST_FIELDS);
  for (const field *f = NULL; (f = next_own(a, f));) {
    const bool share = is_share(f), whole = type_of(f) == TENSOR_I64;
    tensor_set *set = whole ? &a->intervals : &a->hyper;
    THRONG_TRY(tensors_add(set, &a->option_of[f - agent_fields.row], type_of(f),
                           TENSOR_SHAPE(a->n_agent), "%s", array_of(f)));
    // Limits are held in the option's own precision.
    const double least = f->least, most = share ? (double)FLT_MAX : most_of(a, f);
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
  for (const field *f = NULL; (f = next_own(a, f));) {
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
  THRONG_TRY(options_follow(a));
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(int64_t), "options of the agents"));
  const throng_status status = write_options(a, all, block);
  free(block);
  return status;
}

static agent_kinds kinds_of(const throng_population *a) {
  agent_kinds kinds = {.updates = 0};
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const throng_agent_def *own = &a->own_def[i];
    const bool tempered = own->munchausen_temperature > 0.0f;
    const bool doubles = own->double_dqn && a->def.target_network && !tempered;
    kinds.doubles = kinds.doubles || doubles;
    kinds.singles = kinds.singles || (!doubles && !tempered);
    kinds.tempered = kinds.tempered || tempered;
    kinds.softs = kinds.softs || (own->tau < 1.0f && a->def.target_network);
    kinds.gaps = kinds.gaps || own->action_gap > 0;
    kinds.foresee = kinds.foresee || own->gamma > 0.0f;
    kinds.folds = kinds.folds || own->fold_leave;
    const int64_t turns = clocks_turns_of(a, own);
    if (turns > kinds.updates) kinds.updates = (int32_t)(turns < INT32_MAX ? turns : INT32_MAX);
  }
  return kinds;
}

throng_status options_follow(throng_population *a) {
  const agent_kinds before = a->kinds, now = kinds_of(a);
  if (before.doubles == now.doubles && before.singles == now.singles &&
      before.tempered == now.tempered && before.softs == now.softs && before.gaps == now.gaps &&
      before.foresee == now.foresee && before.folds == now.folds && before.updates == now.updates)
    return THRONG_OK;
  a->kinds = now;
  const throng_status status = a->algorithm->follow ? a->algorithm->follow(a) : THRONG_OK;
  if (status != THRONG_OK) {
    a->kinds = before;
    return status;
  }
  population_forget_graphs(a);
  return THRONG_OK;
}

/// An option as an agent's array keeps it, into a Def; of a share, user-steps of so many.
static void take(const field *f, throng_agent_def *def, double total_steps, const void *from) {
  if (!is_share(f)) {
    field_write(
        f, def, 0,
        type_of(f) == TENSOR_I64 ? (double)*(const int64_t *)from : (double)*(const float *)from);
    return;
  }
  // Where the share is what it was, it is not to come back rounded.
  const float steps = *(const float *)from;
  if ((float)(def->epsilon_share * total_steps) != steps)
    def->epsilon_share = total_steps > 0 ? (float)(steps / total_steps) : 0.0f;
}

/// Has a file the array of an option of each agent? Not where it was written before there was such
/// an option, which its line does not name, or before it could be an agent's own.
static bool is_kept(const safetensors_file *file, const char *array) {
  static const char *const later[] = {"batch", "updates", "buffer",     "n_step",
                                      "loss",  "epsilon", "double_dqn", TOTAL_STEPS};
  for (size_t k = 0; k < sizeof later / sizeof *later; ++k)
    if (!strcmp(array, later[k])) return safetensors_find(file, "hyper." TOTAL_STEPS) != NULL;
  size_t length;
  const char *option = strcmp(array, "epsilon_steps") ? array : "epsilon_share";
  if (fields_find(&agent_fields, option)->flags & FIELD_UNSAID) {
    char name[8 + TENSOR_MAX_NAME];
    snprintf(name, sizeof name, "hyper.%s", array);
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
    if (is_kept(file, all->tensor[k].name)) room[kept->count++] = all->tensor[k];
}

/// The agents' Defs as a file has them, each array of which is known to be in its limits.
static throng_status read_defs(const throng_population *a, int64_t n, const safetensors_file *file,
                               throng_agent_def *own, void *block) {
  for (int64_t i = 0; i < n; ++i) own[i] = a->def;
  for (const field *f = NULL; (f = next_own(a, f));) {
    const size_t size = tensor_type_size(type_of(f));
    const safetensors_tensor *t;
    char name[TENSOR_MAX_NAME];
    snprintf(name, sizeof name, "hyper.%s", array_of(f));
    if (!safetensors_find(file, name)) continue;  // a file of before it was each agent's own
    THRONG_TRY(safetensors_require(file, name, type_of(f), 1, &n, &t));
    THRONG_TRY(safetensors_read(file, t, 0, block, size * (size_t)n));
    for (int64_t i = 0; i < n; ++i) take(f, &own[i], 0, (const char *)block + size * (size_t)i);
  }
  return THRONG_OK;
}

throng_status options_check_file(const throng_population *a, int32_t n,
                                 const safetensors_file *file) {
  void *own;
  THRONG_TRY(throng_alloc(&own, (size_t)n, sizeof(throng_agent_def) + sizeof(int64_t),
                          "options of a file"));
  const throng_agent_def *def = own;
  throng_status status = read_defs(a, n, file, own, (throng_agent_def *)own + n);
  for (int32_t i = 0; status == THRONG_OK && i < n; ++i)
    if (options_check(&def[i]) != THRONG_OK)
      status = throng_fail_context(THRONG_ERROR_DATA, "%s: agent %d", safetensors_path(file), i);
  free(own);
  return status;
}

static void take_own(const throng_population *a, const field *f, int32_t agent, const void *from) {
  if (is_share(f)) a->host.epsilon_steps[agent] = *(const float *)from;
  take(f, &a->own_def[agent], a->host.total_steps[agent], from);
}

throng_status options_read(throng_population *a) {
  const backend_ops *ops = a->backend->ops;
  void *block;
  THRONG_TRY(ops->download(a->backend, a->host.total_steps, a->option.total_steps,
                           sizeof(double) * (size_t)a->n_agent));
  THRONG_TRY(throng_alloc(&block, (size_t)a->n_agent, sizeof(int64_t), "options of the agents"));
  throng_status status = THRONG_OK;
  for (const field *f = NULL; status == THRONG_OK && (f = next_own(a, f));) {
    const size_t size = tensor_type_size(type_of(f));
    status = ops->download(a->backend, block, a->option_of[f - agent_fields.row],
                           size * (size_t)a->n_agent);
    for (int32_t i = 0; status == THRONG_OK && i < a->n_agent; ++i)
      take_own(a, f, i, (const char *)block + size * (size_t)i);
  }
  if (status == THRONG_OK)
    status =
        ops->download(a->backend, block, a->option.seed, sizeof(uint32_t) * (size_t)a->n_agent);
  for (int32_t i = 0; status == THRONG_OK && i < a->n_agent; ++i)
    a->own_def[i].seed = ((const uint32_t *)block)[i];
  free(block);
  return status == THRONG_OK ? options_follow(a) : status;
}

throng_status options_check(const throng_agent_def *d) {
  if (d->layer_norm && d->algorithm != THRONG_ALGORITHM_DQN)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.layer_norm: the networks of policies have none, it is DQN's alone");
  if (d->algorithm == THRONG_ALGORITHM_TRPO && !(d->target_kl > 0))
    return throng_fail(
        THRONG_ERROR_ARGUMENT,
        "agent.target_kl: TRPO's policy moves as far as this and would stay where it "
        "is; expected a number above 0 (0.01)");
  if (d->algorithm == THRONG_ALGORITHM_TRPO && (double)d->target_kl > POLICY_MOST_KL)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.target_kl: TRPO's policy moves as far as this, and an agent whose "
                       "divergence is above %g has failed; expected a number up to that, not %g",
                       POLICY_MOST_KL, (double)d->target_kl);
  if (d->epsilon != THRONG_EPSILON_EXPONENTIAL || (d->epsilon_start > 0 && d->epsilon_end > 0))
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "agent.epsilon_end: an exponential schedule needs a start and an end above 0, "
                     "they are %g and %g",
                     (double)d->epsilon_start, (double)d->epsilon_end);
}

throng_status options_check_turns(const throng_population *a, const throng_agent_def *def) {
  const int64_t turns = clocks_turns_of(a, def);
  const bool critic = def->algorithm == THRONG_ALGORITHM_TRPO;
  if (turns <= INT32_MAX) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "agent.%s: %d passes over %d steps of %lld lanes in minibatches of %d are "
                     "%lld updates of a rollout, expected at most %d",
                     critic ? "n_critic_updates" : "n_epochs",
                     critic ? def->n_critic_updates : def->n_epochs, def->n_steps,
                     (long long)a->agent_lanes, def->batch, (long long)turns, INT32_MAX);
}

throng_status agent_check_def(const throng_agent_def *def) {
  THRONG_TRY(fields_check(&agent_fields, def));
  return options_check(def);
}

static throng_status require_agent(const throng_population *a, int32_t agent) {
  if (agent >= 0 && agent < a->n_agent) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "agent %d is not in 0..%d", agent, a->n_agent - 1);
}

static throng_status refuse_shared(const throng_population *a, const field *f,
                                   const throng_agent_def *def, int element) {
  char here[32], there[32];
  snprintf(here, sizeof here, "%lld", (long long)field_get(f, &a->def, element));
  snprintf(there, sizeof there, "%lld", (long long)field_get(f, def, element));
  const bool named = f->kind == FIELD_KIND_ENUM;
  return throng_fail(
      THRONG_ERROR_ARGUMENT, "agent.%s: the agents of a population share it: it is %s here, not %s",
      f->name, named ? field_name(f, &a->def) : here, named ? field_name(f, def) : there);
}

/// May an agent of this population be of such a Def? What its arrays follow from, whole numbers and
/// names, is the population's; how many agents there are is no matter.
static throng_status check_own(const throng_population *a, const throng_agent_def *def) {
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, 0));) {
    if (!strcmp(f->name, "count") || !strcmp(f->name, "seed")) continue;
    for (int k = 0; k < f->count; ++k) {
      const double own = field_get(f, def, k), all = field_get(f, &a->def, k);
      if (!(f->flags & FIELD_PER_AGENT) && own != all) return refuse_shared(a, f, def, k);
      if (f->flags & FIELD_UP_TO && own > all)
        return throng_fail(THRONG_ERROR_ARGUMENT,
                           "agent.%s: expected at most the population's %.0f, for which its arrays "
                           "were made, not %.0f",
                           f->name, all, own);
    }
  }
  THRONG_TRY(options_check_turns(a, def));
  return options_check(def);
}

/// The agent's options are those of `def` from now on, on the host.
static throng_status become(throng_population *a, int32_t agent, const throng_agent_def *def) {
  const throng_agent_def before = a->own_def[agent];
  throng_status status = check_own(a, def);
  if (status != THRONG_OK) return throng_fail_context(status, "agent %d", agent);
  a->own_def[agent] = *def;
  status = options_follow(a);
  if (status != THRONG_OK) {
    a->own_def[agent] = before;
    return status;
  }
  // What its tables were made by may have been options.
  return population_weights_moved(a, (agent_range){agent, 1});
}

throng_status options_take(throng_population *a, int32_t agent, const throng_agent_def *def,
                           int64_t total_steps) {
  int64_t block;
  THRONG_TRY(require_agent(a, agent));
  THRONG_TRY(fields_check(&agent_fields, def));
  if (total_steps < 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent: %lld total steps", (long long)total_steps);
  throng_agent_def own = *def;
  own.count = a->def.count;
  THRONG_TRY(become(a, agent, &own));
  a->host.total_steps[agent] = (double)total_steps;
  return write_options(a, (agent_range){agent, 1}, &block);
}

static throng_status find(const throng_population *a, int32_t agent, const char *option,
                          const field **out) {
  THRONG_TRY(require_agent(a, agent));
  const field *f = *out = fields_find(&agent_fields, option);
  if (f && f->flags & FIELD_PER_AGENT && agent_field_is_of(f, a->def.algorithm)) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "agent.%s is no option that each agent has of its own%s%s", option,
                     f && f->flags & FIELD_PER_AGENT ? " with agent.algorithm " : "",
                     f && f->flags & FIELD_PER_AGENT ? a->algorithm->name : "");
}

throng_status throng_population_set(throng_population *a, int32_t agent, const char *option,
                                    double value) {
  const field *f = NULL;
  int64_t kept;  // or a float
  THRONG_TRY(find(a, agent, option, &f));
  throng_agent_def own = a->own_def[agent];
  throng_status status = field_set(&agent_fields, f, &own, 0, value);
  if (status != THRONG_OK) return throng_fail_context(status, "agent %d", agent);
  THRONG_TRY(become(a, agent, &own));
  keep(a, f, agent, &kept);
  return upload(a, a->option_of[f - agent_fields.row], type_of(f), (agent_range){agent, 1}, &kept);
}

throng_status throng_population_get(const throng_population *a, int32_t agent, const char *option,
                                    double *value) {
  const field *f = NULL;
  THRONG_TRY(find(a, agent, option, &f));
  *value = field_get(f, &a->own_def[agent], 0);
  return THRONG_OK;
}
