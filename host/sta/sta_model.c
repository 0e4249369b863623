/// f_sta's (SASRec's) Def, parameters and their fresh values. Files are sta_file.c's, fitting
/// sta_fit.c's.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "kernels/list.h"
#include "sta/sta.h"
#include "sta/sta_fields.h"
#include "world/world.h"

throng_status sta_check_def(const throng_sta_def *def) {
  THRONG_TRY(fields_check(&sta_fields, def));
  if (def->width % def->heads)
    return throng_fail(THRONG_ERROR_ARGUMENT, "sta.heads: %d does not divide the width %d",
                       def->heads, def->width);
  if (def->window % 2)
    return throng_fail(THRONG_ERROR_ARGUMENT, "sta.window: %d is odd, expected an even number",
                       def->window);
  return THRONG_OK;
}

bool sta_has_biases(const throng_sta_def *def) {
  return def->biases && def->objective == THRONG_STA_LABEL;
}

throng_status sta_register(const throng_sta_def *def, int64_t n_user, int64_t n_item,
                           tensor_set *set, sta_arrays *arrays) {
  const int64_t width = def->width, layers = def->layers, window = def->window;
#define X(name, fresh, ...)                                                                  \
  THRONG_TRY(tensors_add(set, &arrays->name, TENSOR_F32, TENSOR_SHAPE(__VA_ARGS__), #name)); \
  tensors_within(set, -STA_WEIGHT_MOST, STA_WEIGHT_MOST);
  STA_PARAMETERS(X)
  if (!sta_has_biases(def)) return THRONG_OK;
  STA_BIASES(X)
#undef X
  return THRONG_OK;
}

int64_t sta_fitted_size(const throng_sta *sta) {
  const float *begin = sta->parameters.block;
  if (sta->def.objective == THRONG_STA_NEXT_ITEM) return sta->arrays.user - begin;
  return (int64_t)(sta->parameters.bytes / sizeof(float));
}

static void set_view(throng_sta *sta) {
  const throng_sta_def *def = &sta->def;
  sta->view = (sta_view){.n_item = (int32_t)sta->n_item,
                         .n_user = (int32_t)sta->n_user,
                         .width = def->width,
                         .layers = def->layers,
                         .heads = def->heads,
                         .window = def->window,
                         .labels = def->labels,
                         .label_scale = def->scale_labels ? sqrtf((float)def->width) : 1.0f,
                         .threshold = def->threshold};
#define X(name, fresh, ...) sta->view.name = sta->arrays.name;
  STA_PARAMETERS(X)
  STA_BIASES(X)
#undef X
}

throng_status sta_allocate(throng_backend *backend, const throng_world *world,
                           const throng_sta_def *def, throng_sta **out) {
  *out = NULL;
  THRONG_TRY(sta_check_def(def));
  if (world->n_item < 1 || world->n_user < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "f_sta: the world has %lld users and %lld items",
                       (long long)world->n_user, (long long)world->n_item);
  if (world->n_item > INT32_MAX / 2 || world->n_user > INT32_MAX / 2)
    return throng_fail(THRONG_ERROR_ARGUMENT, "f_sta: the world is too large for 31-bit indices");
  throng_sta *sta;
  THRONG_TRY(throng_alloc((void **)&sta, 1, sizeof *sta, "f_sta"));
  sta->def = *def;
  sta->backend = backend;
  sta->n_user = world->n_user;
  sta->n_item = world->n_item;
  sta->n_cold = world->n_cold;
  sta->world_hash = world->hash;
  throng_status status =
      sta_register(def, sta->n_user, sta->n_item, &sta->parameters, &sta->arrays);
  if (status == THRONG_OK) status = tensors_allocate(&sta->parameters, backend, "f_sta");
  if (status == THRONG_OK) {
    set_view(sta);
    status = sta_products_allocate(sta);
  }
  if (status != THRONG_OK) {
    throng_sta_close(sta);
    return status;
  }
  *out = sta;
  return THRONG_OK;
}

/// Deviations chosen by validation AUC on the real sets: tokens start with entries near 1
/// (embedding times sqrt(width)), products with matrices keep their length.
enum { ZEROS, ONES, EMBEDDING, MATRIX };

static throng_status fresh_values(throng_sta *sta) {
  throng_backend *backend = sta->backend;
  const float width = (float)sta->def.width;
  uint32_t number = 0;
#define X(name, fresh, ...)                                                                        \
  {                                                                                                \
    const tensor *t = &sta->parameters.tensor[number];                                             \
    const int64_t n = tensor_elements(t);                                                          \
    if (fresh == ONES)                                                                             \
      THRONG_TRY(                                                                                  \
          BACKEND_LAUNCH(backend, fill, n, (&(fill_args){.x = sta->arrays.name, .value = 1.0f}))); \
    if (fresh == EMBEDDING || fresh == MATRIX)                                                     \
      THRONG_TRY(BACKEND_LAUNCH(                                                                   \
          backend, sta_normal, n,                                                                  \
          (&(sta_normal_args){.x = sta->arrays.name,                                               \
                              .deviation = fresh == MATRIX ? 1.0f / sqrtf(width) : 0.1f,           \
                              .seed = sta->def.seed,                                               \
                              .tensor = number})));                                                \
    ++number;                                                                                      \
  }
  STA_PARAMETERS(X)
#undef X
  return THRONG_OK;
}

/// Next-item scores are z . E(i): the read-out is the identity on z, and users have no part in it.
static throng_status fixed_read_out(throng_sta *sta) {
  throng_backend *backend = sta->backend;
  const size_t width = (size_t)sta->def.width, bytes = 2 * width * width * sizeof(float);
  float *identity;
  THRONG_TRY(throng_alloc((void **)&identity, 2 * width * width, sizeof *identity, "read-out"));
  for (size_t i = 0; i < width; ++i) identity[i * width + i] = 1.0f;
  throng_status status = backend->ops->upload(backend, sta->arrays.mix, identity, bytes);
  free(identity);
  return status;
}

throng_status throng_sta_create(throng_backend *backend, const throng_world *world,
                                const throng_sta_def *def, throng_sta **out) {
  THRONG_TRY(sta_allocate(backend, world, def, out));
  throng_status status = fresh_values(*out);
  if (status == THRONG_OK && def->objective == THRONG_STA_NEXT_ITEM) status = fixed_read_out(*out);
  if (status == THRONG_OK) status = sta_products_make(*out);
  if (status == THRONG_OK) return THRONG_OK;
  throng_sta_close(*out);
  *out = NULL;
  return status;
}

void throng_sta_close(throng_sta *sta) {
  if (!sta) return;
  tensors_free(&sta->parameters);
  tensors_free(&sta->products_set);
  free(sta->path);
  free(sta->epoch);
  free(sta);
}

throng_sta_def throng_sta_get_def(const throng_sta *sta) { return sta->def; }

throng_status sta_check_world(const throng_sta *sta, const throng_world *world) {
  if (sta->n_user != world->n_user || sta->n_item != world->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "f_sta was fitted on %lld users and %lld items, the world has %lld and %lld",
                       (long long)sta->n_user, (long long)sta->n_item, (long long)world->n_user,
                       (long long)world->n_item);
  if (sta->world_hash != world->hash)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "f_sta was fitted on world %016" PRIx64 ", but this world is %016" PRIx64
                       " (other contents, same sizes); fit again",
                       sta->world_hash, world->hash);
  return THRONG_OK;
}
