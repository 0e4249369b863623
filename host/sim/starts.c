/// Whom episodes begin with: all users of the world, or starts that the caller gave. And another
/// seed for what follows.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sim/sim.h"
#include "world/histories.h"

void sim_starts_free(sim_starts *starts) {
  tensors_free(&starts->set);
  free(starts->user);
  free(starts->length);
  *starts = (sim_starts){0};
}

throng_status sim_require_real_histories(const throng_sim *s) {
  if (!s->starts.view.offset) return THRONG_OK;
  return throng_fail(
      THRONG_ERROR_ARGUMENT,
      "populations learn on the users' real histories, and this simulator's episodes "
      "start with given ones: let it play there, and learn on another");
}

/// What is given, in host memory, as throng_sim_set_starts has it.
typedef struct start_lists {
  int32_t count, by_lane;
  const int32_t *user;    // (count)
  const int64_t *offset;  // (count + 1) or NULL
  const int32_t *item;    // (offset[count])
  const uint8_t *like;
} start_lists;

static throng_status check_lists(const throng_world *w, const start_lists *l) {
  if (l->offset) {
    const given_histories histories = {l->count, l->user, l->offset, l->item, l->like};
    return histories_check(&histories, "start", w->n_user, w->n_item);
  }
  for (int64_t k = 0; k < l->count; ++k)
    if (l->user[k] < 0 || l->user[k] >= w->n_user)
      return throng_fail(THRONG_ERROR_ARGUMENT, "start %lld: user %d is not in 0..%lld",
                         (long long)k, l->user[k], (long long)w->n_user - 1);
  return THRONG_OK;
}

static int64_t longest_of(const throng_world *w, const start_lists *l) {
  int64_t longest = 0;
  for (int64_t k = 0; k < l->count; ++k) {
    const int64_t *span = l->offset ? l->offset + k : w->user_offset + l->user[k];
    if (span[1] - span[0] > longest) longest = span[1] - span[0];
  }
  return longest;
}

/// Never 0: that means no starts.
static uint64_t hash_lists(const start_lists *l) {
  const size_t n = (size_t)l->count;
  const int32_t sizes[] = {l->count, l->by_lane, l->offset != NULL};
  uint64_t hash = hash64(sizes, sizeof sizes, 0);
  hash = hash64(l->user, n * sizeof *l->user, hash);
  if (l->offset) {
    hash = hash64(l->offset, (n + 1) * sizeof *l->offset, hash);
    hash = hash64(l->item, (size_t)l->offset[n] * sizeof *l->item, hash);
    hash = hash64(l->like, (size_t)l->offset[n] * sizeof *l->like, hash);
  }
  return hash ? hash : 1;
}

static throng_status upload_histories(throng_backend *backend, const start_lists *l,
                                      const sim_starts *to) {
  const size_t n_entry = (size_t)l->offset[l->count];
  uint32_t *packed;
  THRONG_TRY(throng_alloc((void **)&packed, n_entry, sizeof *packed, "histories of the starts"));
  for (size_t k = 0; k < n_entry; ++k) packed[k] = history_pack(l->item[k], l->like[k]);
  throng_status status =
      backend->ops->upload(backend, (void *)(uintptr_t)to->view.offset, l->offset,
                           ((size_t)l->count + 1) * sizeof *l->offset);
  if (status == THRONG_OK)
    status = backend->ops->upload(backend, (void *)(uintptr_t)to->view.history, packed,
                                  n_entry * sizeof *packed);
  free(packed);
  return status;
}

/// Memory on the backend and on the host, filled.
static throng_status starts_make(const throng_sim *s, const start_lists *l, sim_starts *to) {
  const size_t n = (size_t)l->count;
  const int64_t *real = s->world->user_offset;
  to->view.count = l->count;
  to->view.by_lane = l->by_lane;
  THRONG_TRY(tensors_add(&to->set, &to->view.user, TENSOR_I32, TENSOR_SHAPE(l->count), "user"));
  if (l->offset) {
    THRONG_TRY(tensors_add(&to->set, &to->view.offset, TENSOR_I64,
                           TENSOR_SHAPE((int64_t)l->count + 1), "offset"));
    THRONG_TRY(tensors_add(&to->set, &to->view.history, TENSOR_U32,
                           TENSOR_SHAPE(l->offset[l->count]), "history"));
  }
  THRONG_TRY(tensors_allocate(&to->set, s->backend, "starts of the simulator"));
  THRONG_TRY(throng_alloc((void **)&to->user, n, sizeof *to->user, "starts"));
  THRONG_TRY(throng_alloc((void **)&to->length, n, sizeof *to->length, "starts"));
  memcpy(to->user, l->user, n * sizeof *to->user);
  for (int32_t k = 0; k < l->count; ++k) {
    const int64_t *span = l->offset ? l->offset + k : real + l->user[k];
    to->length[k] = (int32_t)(span[1] - span[0]);
  }
  THRONG_TRY(s->backend->ops->upload(s->backend, (void *)(uintptr_t)to->view.user, l->user,
                                     n * sizeof *l->user));
  if (l->offset) THRONG_TRY(upload_histories(s->backend, l, to));
  to->hash = hash_lists(l);
  return THRONG_OK;
}

throng_status throng_sim_set_starts(throng_sim *s, throng_start_order order, int32_t count,
                                    const int32_t *user, const int64_t *offset, const int32_t *item,
                                    const uint8_t *like) {
  if ((int)order < 0 || order > THRONG_START_BY_LANE)
    return throng_fail(THRONG_ERROR_ARGUMENT, "starts: order %d is none", (int)order);
  if (count < 0 || (count > 0 && !user))
    return throng_fail(THRONG_ERROR_ARGUMENT, "starts: %d of them and %s users", count,
                       user ? "their" : "no");
  const start_lists lists = {count, order == THRONG_START_BY_LANE, user, offset, item, like};
  sim_starts fresh = {0};
  throng_status status = THRONG_OK;
  if (count > 0) {
    THRONG_TRY(check_lists(s->world, &lists));
    THRONG_TRY(sim_check_mask(&s->def, s->world, longest_of(s->world, &lists)));
    status = starts_make(s, &lists, &fresh);
  }
  if (status != THRONG_OK) {
    sim_starts_free(&fresh);
    return status;
  }
  sim_starts_free(&s->starts);
  s->starts = fresh;
  s->generation += 1;
  return throng_sim_reset(s);
}

throng_status throng_sim_reseed(throng_sim *s, uint32_t seed) {
  s->def.seed = seed;
  s->generation += 1;
  return throng_sim_reset(s);
}
