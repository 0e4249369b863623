/// An agent out of a checkpoint that is to act and not to learn: its weights, and its items'
/// features as they were, into a population whose lanes, options and world may be others.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "agent/population.h"
#include "base/identity.h"
#include "base/safetensors.h"
#include "world/world.h"

/// A whole number of the line, or `otherwise`.
static int64_t number_of(const char *line, const char *name, int64_t otherwise) {
  size_t length;
  const char *value = identity_value(line, name, &length);
  return value ? strtoll(value, NULL, 10) : otherwise;
}

/// User-steps of all lanes by the file's clock, or -1.
static throng_status read_steps(const safetensors_file *file, const char *simulator, int64_t *out) {
  const safetensors_tensor *t = safetensors_find(file, "clock.time");
  int64_t time = -1;
  if (!t) t = safetensors_find(file, "counter");  // of files from before agents had clocks
  if (t && t->type == TENSOR_I64 && t->elements > 0)
    THRONG_TRY(safetensors_read(file, t, 0, &time, sizeof time));
  const int64_t lanes = number_of(simulator, "lanes", -1);
  *out = time >= 0 && lanes > 0 && time <= (int64_t)CLOCK_MOST / lanes ? time * lanes : -1;
  return THRONG_OK;
}

throng_status agent_origin_of(const safetensors_file *file, agent_origin *out) {
  const char *path = safetensors_path(file), *line = safetensors_metadata(file, "agent");
  const char *simulator = safetensors_metadata(file, "simulator");
  if (!line || !simulator)
    return throng_fail(THRONG_ERROR_DATA, "%s: no metadata '%s': not a checkpoint of an agent",
                       path, line ? "simulator" : "agent");
  *out = (agent_origin){.n_item = number_of(line, "items", -1),
                        .n_user = number_of(line, "users", -1)};
  identity_read(&agent_fields, line, &out->def);
  size_t length;
  const char *name = identity_value(line, "algorithm", &length);
  out->def.algorithm = THRONG_ALGORITHM_DQN;
  if (name) {
    const field *f = fields_find(&agent_fields, "algorithm");
    int k = 0;
    while (f->names[k] && (strlen(f->names[k]) != length || strncmp(f->names[k], name, length)))
      ++k;
    if (!f->names[k])
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: agent.algorithm: %.*s is none that this program has", path,
                         (int)length, name);
    out->def.algorithm = (throng_algorithm)k;
  }
  THRONG_TRY(read_steps(file, simulator, &out->user_steps));
  const char *world = identity_value(simulator, "world", &length);
  if (world) snprintf(out->world, sizeof out->world, "%.*s", (int)length, world);
  return THRONG_OK;
}

/// The file's tensor has another size where the network's has `here` of `what`?
static throng_status check_width(const safetensors_file *file, const char *name, int dimension,
                                 int64_t here, const char *what, const char *because) {
  const safetensors_tensor *t = safetensors_find(file, name);
  if (!t || dimension >= t->rank || t->shape[dimension] == here) return THRONG_OK;
  return throng_fail(
      THRONG_ERROR_DATA, "%s: features differ: the agent reads %lld %s, here are %lld%s",
      safetensors_path(file), (long long)t->shape[dimension], what, (long long)here, because);
}

static throng_status check_sizes(const throng_population *a, const agent_origin *origin,
                                 const safetensors_file *file) {
  const char *path = safetensors_path(file);
  const network *n = &a->net;
  if (origin->n_item != n->n_item)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: the agent was trained on a world of %lld items, this one has %lld",
                       path, (long long)origin->n_item, (long long)n->n_item);
  if (n->user_width && origin->n_user != n->n_user)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: the agent has learned rows of %lld users (agent.user_width %d), this "
                       "world has %lld users",
                       path, (long long)origin->n_user, n->user_width, (long long)n->n_user);
  THRONG_TRY(check_width(file, "weight.item_matrix", 1, n->n_feature, "features of an item",
                         ": the worlds' embeddings or categories are others"));
  return check_width(file, "weight.input", 1, n->n_input, "numbers of a state",
                     ": users.features and the dynamics that it shows must be as in training");
}

/// Row `of` of a tensor whose first dimension counts agents, to where the population has its own.
static throng_status take_slice(throng_population *a, const safetensors_file *file,
                                const tensor *to, int32_t of, int64_t agents) {
  const safetensors_tensor *from;
  int64_t shape[TENSOR_MAX_RANK];
  memcpy(shape, to->shape, sizeof shape);
  shape[0] = agents;
  THRONG_TRY(safetensors_require(file, to->name, to->type, to->rank, shape, &from));
  void *block;
  const size_t bytes = tensor_bytes(to), n = bytes / sizeof(float);
  THRONG_TRY(throng_alloc(&block, n, sizeof(float), "weights of an agent"));
  throng_status status = safetensors_read(file, from, bytes * (size_t)of, block, bytes);
  for (size_t k = 0; status == THRONG_OK && k < n; ++k)
    if (!isfinite(((float *)block)[k]))
      status =
          throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' of agent %d, element %zu is no number",
                      safetensors_path(file), to->name, of, k);
  if (status == THRONG_OK) status = a->backend->ops->upload(a->backend, to->data, block, bytes);
  free(block);
  return status;
}

/// Directions and categories of an item say which item it is; its facts move with the histories.
static throng_status compare_features(const throng_population *a, const safetensors_file *file,
                                      const float *theirs) {
  const network *n = &a->net;
  const int64_t telling = n->n_feature - AGENT_ITEM_FACTS;
  const size_t size = (size_t)(n->n_item * n->n_feature);
  void *block;
  THRONG_TRY(throng_alloc(&block, size, sizeof(float), "item features"));
  const float *ours = block;
  throng_status status =
      a->backend->ops->download(a->backend, block, n->item_feature, size * sizeof(float));
  for (int64_t i = 0; status == THRONG_OK && i < n->n_item; ++i) {
    double apart = 0, length = 0;
    for (int64_t k = 0; k < telling; ++k) {
      const double x = (double)theirs[i * n->n_feature + k], y = (double)ours[i * n->n_feature + k];
      apart += (x - y) * (x - y);
      length += x * x;
    }
    if (apart > 1e-4 * length + 1e-6)
      status = throng_fail(
          THRONG_ERROR_DATA,
          "%s: features differ: item %lld ('%s') is not what it was where the agent "
          "was trained: other items, another order, or other embeddings",
          safetensors_path(file), (long long)i, throng_world_item_id(a->sim->world, (int32_t)i));
  }
  free(block);
  return status;
}

/// The features that the agent was trained with, where the file has them.
static throng_status take_features(throng_population *a, const safetensors_file *file,
                                   bool same_world) {
  const safetensors_tensor *t;
  const network *n = &a->net;
  float *feature = NULL;
  if (!n->n_feature || !safetensors_find(file, "item_feature")) return THRONG_OK;
  THRONG_TRY(safetensors_require(file, "item_feature", TENSOR_F32, 2,
                                 (const int64_t[]){n->n_item, n->n_feature}, &t));
  THRONG_TRY(safetensors_read_float(file, t, &feature));
  throng_status status = same_world ? THRONG_OK : compare_features(a, file, feature);
  if (status == THRONG_OK)
    status = a->backend->ops->upload(a->backend, n->item_feature, feature,
                                     sizeof(float) * (size_t)(n->n_item * n->n_feature));
  free(feature);
  return status;
}

throng_status agent_take_weights(throng_population *a, const safetensors_file *file, int32_t of) {
  agent_origin origin;
  char world[24];
  THRONG_TRY(agent_origin_of(file, &origin));
  THRONG_TRY(check_sizes(a, &origin, file));
  if (of < 0 || of >= origin.def.count)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: agent %d is not in 0..%d",
                       safetensors_path(file), of, origin.def.count - 1);
  snprintf(world, sizeof world, "%016" PRIx64, a->sim->world->hash);
  THRONG_TRY(take_features(a, file, !strcmp(world, origin.world)));
  for (size_t k = 0; k < a->weights.count; ++k)
    if (!strncmp(a->weights.tensor[k].name, "weight.", 7))
      THRONG_TRY(take_slice(a, file, &a->weights.tensor[k], of, origin.def.count));
  return population_weights_moved(a, (agent_range){0, 1});
}
