/// Uploading a world, sharing it between simulators, and building its item-item table.
#include "world/world_device.h"

#include <stdlib.h>

#include "kernels/base/history.h"
#include "kernels/list.h"

typedef struct world_shared {
  struct world_shared *next;
  throng_backend *backend;
  const throng_world *world;
  int users;
  world_view view;
  tensor_set tensors;
  uint32_t *table[2];  // by empty_equal
} world_shared;

int64_t world_table_bytes(int64_t n_item) {
  return 2 * n_item * n_item * (int64_t)sizeof(uint32_t);
}

static throng_status pack_histories(const throng_world *world, uint32_t **out) {
  THRONG_TRY(throng_alloc((void **)out, (size_t)world->n_interaction, sizeof **out, "histories"));
  for (int64_t k = 0; k < world->n_interaction; ++k)
    (*out)[k] = history_pack(world->history_item[k], world->history_like[k]);
  return THRONG_OK;
}

static throng_status mask_categories(const throng_world *world, uint64_t **out) {
  THRONG_TRY(throng_alloc((void **)out, (size_t)world->n_item, sizeof **out, "category masks"));
  for (int64_t i = 0; i < world->n_item; ++i)
    for (int64_t k = world->category_offset[i]; k < world->category_offset[i + 1]; ++k)
      (*out)[i] |= (uint64_t)1 << (world->category[k] % 64);
  return THRONG_OK;
}

/// The arrays that kernels read, in upload order.
#define DEVICE_ARRAYS(X)                           \
  X(I64, category_offset, world->n_item + 1, 1)    \
  X(I32, category, world->n_category_entry, 1)     \
  X(I64, pos_offset, world->n_item + 1, 1)         \
  X(I32, pos, world->n_pos_entry, 1)               \
  X(I64, neg_offset, world->n_item + 1, 1)         \
  X(I32, neg, world->n_neg_entry, 1)               \
  X(F32, embedding_pos, world->n_item, world->dim) \
  X(F32, embedding_neg, world->n_item, world->dim) \
  X(I64, user_offset, world->n_user + 1, 1)

static throng_status upload(world_shared *s) {
  const throng_world *world = s->world;
  const throng_backend *backend = s->backend;
  s->view.n_user = (int32_t)world->n_user;
  s->view.n_item = (int32_t)world->n_item;
  s->view.n_category = (int32_t)world->n_category;
  s->view.dim = world->dim;
#define X(type, name, d0, d1) \
  THRONG_TRY(tensors_add(&s->tensors, &s->view.name, TENSOR_##type, TENSOR_SHAPE(d0, d1), #name));
  DEVICE_ARRAYS(X)
#undef X
  THRONG_TRY(tensors_add(&s->tensors, &s->view.history, TENSOR_U32,
                         TENSOR_SHAPE(world->n_interaction), "history"));
  THRONG_TRY(tensors_add(&s->tensors, &s->view.category_mask, TENSOR_I64,
                         TENSOR_SHAPE(world->n_item), "category_mask"));
  THRONG_TRY(tensors_allocate(&s->tensors, s->backend, "world"));
#define X(type, name, d0, d1)                                                               \
  THRONG_TRY(backend->ops->upload(s->backend, (void *)(uintptr_t)s->view.name, world->name, \
                                  sizeof *world->name *(size_t)((d0) * (d1))));
  DEVICE_ARRAYS(X)
#undef X
  uint32_t *packed;
  THRONG_TRY(pack_histories(world, &packed));
  throng_status status =
      backend->ops->upload(s->backend, (void *)(uintptr_t)s->view.history, packed,
                           sizeof *packed * (size_t)world->n_interaction);
  free(packed);
  uint64_t *mask = NULL;
  if (status == THRONG_OK) status = mask_categories(world, &mask);
  if (status == THRONG_OK)
    status = backend->ops->upload(s->backend, (void *)(uintptr_t)s->view.category_mask, mask,
                                  sizeof *mask * (size_t)world->n_item);
  free(mask);
  if (status != THRONG_OK) return status;
  return backend->ops->synchronize(s->backend);  // forks read it on queues of their own
}

/// Lists turned round: for each of `n_key` keys the items whose list holds it, rising.
static void invert(const int64_t *offset, const int32_t *list, int64_t n_item, int64_t n_key,
                   int64_t *posting_offset, int32_t *posting) {
  for (int64_t k = 0; k < offset[n_item]; ++k) ++posting_offset[list[k] + 1];
  for (int64_t k = 0; k < n_key; ++k) posting_offset[k + 1] += posting_offset[k];
  for (int64_t i = n_item - 1; i >= 0; --i)
    for (int64_t k = offset[i]; k < offset[i + 1]; ++k)
      posting[--posting_offset[list[k] + 1]] = (int32_t)i;
  // Filling from the back has moved every end to its group's start: the ends are shifted by one.
  for (int64_t k = 0; k < n_key; ++k) posting_offset[k] = posting_offset[k + 1];
  posting_offset[n_key] = offset[n_item];
}

typedef struct inverted {
  int64_t *offset;
  int32_t *item;
} inverted;

static throng_status upload_inverted(throng_backend *backend, tensor_set *set, inverted *on_device,
                                     const int64_t *offset, const int32_t *list, int64_t n_item,
                                     int64_t n_key) {
  int64_t *host_offset = NULL;
  int32_t *host_item = NULL;
  size_t n_entry = (size_t)offset[n_item];
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&host_offset, (size_t)n_key + 1, sizeof *host_offset,
                               "inverted lists"));
  THRONG_TRY_GOTO(throng_alloc((void **)&host_item, n_entry, sizeof *host_item, "inverted lists"));
  invert(offset, list, n_item, n_key, host_offset, host_item);
  THRONG_TRY_GOTO(
      tensors_add(set, &on_device->offset, TENSOR_I64, TENSOR_SHAPE(n_key + 1), "offset"));
  THRONG_TRY_GOTO(
      tensors_add(set, &on_device->item, TENSOR_I32, TENSOR_SHAPE((int64_t)n_entry), "item"));
  THRONG_TRY_GOTO(tensors_allocate(set, backend, "inverted lists"));
  THRONG_TRY_GOTO(backend->ops->upload(backend, on_device->offset, host_offset,
                                       sizeof *host_offset * (size_t)(n_key + 1)));
  THRONG_TRY_GOTO(
      backend->ops->upload(backend, on_device->item, host_item, sizeof *host_item * n_entry));
done:
  free(host_offset);
  free(host_item);
  return status;
}

static bool lists_fit_record(const throng_world *world) {
  for (int64_t i = 0; i < world->n_item; ++i)
    if (world->pos_offset[i + 1] - world->pos_offset[i] > PAIR_MAX_MATCHES ||
        world->neg_offset[i + 1] - world->neg_offset[i] > PAIR_MAX_MATCHES)
      return false;
  return true;
}

static throng_status build_table(world_shared *s, bool empty_equal) {
  const throng_world *world = s->world;
  throng_backend *backend = s->backend;
  int64_t n = world->n_item;
  tensor_set set[3] = {{0}};
  inverted pos, neg, category;
  uint32_t *table = NULL;
  throng_status status;
  THRONG_TRY_GOTO(backend->ops->alloc(backend, (size_t)world_table_bytes(n), "item-item table",
                                      (void **)&table));
  pair_table_similarity_args similarity = {.world = s->view, .table = table};
  int64_t n_tile = (n + PAIR_TABLE_TILE - 1) / PAIR_TABLE_TILE;
  THRONG_TRY_GOTO(BACKEND_LAUNCH(backend, pair_table_similarity, 2 * n_tile, &similarity));
  THRONG_TRY_GOTO(
      upload_inverted(backend, &set[0], &pos, world->pos_offset, world->pos, n, world->n_keyword));
  THRONG_TRY_GOTO(
      upload_inverted(backend, &set[1], &neg, world->neg_offset, world->neg, n, world->n_keyword));
  THRONG_TRY_GOTO(upload_inverted(backend, &set[2], &category, world->category_offset,
                                  world->category, n, world->n_category));
  pair_table_match_args match = {
      .world = s->view,
      .table = table,
      .posting_offset = {pos.offset, neg.offset},
      .posting = {pos.item, neg.item},
      .category_posting_offset = category.offset,
      .category_posting = category.item,
      .empty_equal = empty_equal,
  };
  THRONG_TRY_GOTO(BACKEND_LAUNCH(backend, pair_table_match, 2 * n, &match));
  THRONG_TRY_GOTO(backend->ops->synchronize(backend));
  s->table[empty_equal] = table;
  table = NULL;
done:
  for (int k = 0; k < 3; ++k) tensors_free(&set[k]);
  if (table) backend->ops->release(backend, table);
  return status;
}

static void shared_free(world_shared *s) {
  world_shared **link = (world_shared **)&s->backend->shared;
  while (*link && *link != s) link = &(*link)->next;
  if (*link) *link = s->next;
  for (int k = 0; k < 2; ++k)
    if (s->table[k]) s->backend->ops->release(s->backend, s->table[k]);
  tensors_free(&s->tensors);
  free(s);
}

throng_status world_device_acquire(throng_backend *backend, const throng_world *world,
                                   int64_t table_budget, bool empty_equal, world_device *out) {
  *out = (world_device){0};
  backend = backend_root(backend);
  world_shared *s = backend->shared;
  while (s && s->world != world) s = s->next;
  if (!s) {
    THRONG_TRY(throng_alloc((void **)&s, 1, sizeof *s, "world"));
    s->backend = backend;
    s->world = world;
    s->next = backend->shared;
    backend->shared = s;
    throng_status status = upload(s);
    if (status != THRONG_OK) {
      shared_free(s);
      return status;
    }
  }
  s->users += 1;
  out->shared = s;
  out->view = s->view;
  if (world_table_bytes(world->n_item) > table_budget || !lists_fit_record(world)) return THRONG_OK;
  if (!s->table[empty_equal]) {
    throng_status status = build_table(s, empty_equal);
    if (status != THRONG_OK) {
      world_device_release(out);
      return status;
    }
  }
  out->table = s->table[empty_equal];
  return THRONG_OK;
}

size_t world_device_held(const throng_backend *backend, const throng_world *world,
                         int64_t table_budget, bool empty_equal) {
  const world_shared *s = (backend->root ? backend->root : backend)->shared;
  while (s && s->world != world) s = s->next;
  if (!s) return 0;
  const int64_t table = world_table_bytes(world->n_item);
  return s->tensors.bytes + (table <= table_budget && s->table[empty_equal] ? (size_t)table : 0);
}

void world_device_release(world_device *device) {
  world_shared *s = device->shared;
  *device = (world_device){0};
  if (s && --s->users == 0) shared_free(s);
}
