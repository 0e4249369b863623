/// Votes outside any lane: what `throng votes` and `throng evaluate` ask, each pair after its own
/// history of any length.
#include <stdlib.h>

#include "base/memory_plan.h"
#include "kernels/base/history.h"
#include "kernels/list.h"
#include "sim/sim.h"

static throng_status check_pairs(const throng_world *world, int64_t n, const int32_t *user,
                                 const int32_t *candidate, const int64_t *offset,
                                 const int32_t *item) {
  for (int64_t r = 0; r < n; ++r) {
    if (user[r] < 0 || user[r] >= world->n_user)
      return throng_fail(THRONG_ERROR_ARGUMENT, "pair %lld: user %d is not in 0..%lld",
                         (long long)r, user[r], (long long)world->n_user - 1);
    if (candidate[r] < 0 || candidate[r] >= world->n_item)
      return throng_fail(THRONG_ERROR_ARGUMENT, "pair %lld: item %d is not in 0..%lld",
                         (long long)r, candidate[r], (long long)world->n_item - 1);
    if (offset[r + 1] < offset[r] || offset[0] != 0 || offset[r + 1] - offset[r] > INT32_MAX)
      return throng_fail(THRONG_ERROR_ARGUMENT, "pair %lld: its history runs from %lld to %lld",
                         (long long)r, (long long)offset[r], (long long)offset[r + 1]);
  }
  for (int64_t k = 0; n > 0 && k < offset[n]; ++k)
    if (item[k] < 0 || item[k] >= world->n_item)
      return throng_fail(THRONG_ERROR_ARGUMENT, "history entry %lld: item %d is not in 0..%lld",
                         (long long)k, item[k], (long long)world->n_item - 1);
  return THRONG_OK;
}

/// What is asked, in host memory.
typedef struct pair_lists {
  int64_t n;
  const int32_t *user, *candidate;  // (n)
  const int64_t *offset;            // (n + 1)
  const int32_t *item;              // (offset[n])
  const uint8_t *like;              // (offset[n])
} pair_lists;

typedef struct pair_arrays {
  int32_t *candidate;
  int64_t *offset;
  uint32_t *history;
  float *p;
  vote_record *vote;
} pair_arrays;

static throng_status vote_pairs(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *def, uint32_t seed,
                                const pair_lists *lists, throng_vote *vote) {
  const backend_ops *ops = backend->ops;
  const int64_t n = lists->n;
  const size_t n_pair = (size_t)n, n_entry = (size_t)lists->offset[n];
  world_device device = {0};
  tensor_set set = {0};
  pair_arrays on_device;
  uint32_t *packed = NULL;
  float *p = NULL;
  throng_status status;
  THRONG_TRY_GOTO(world_device_acquire(backend, world, 0, false, &device));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&packed, n_entry, sizeof *packed, "histories of the pairs"));
  THRONG_TRY_GOTO(throng_alloc((void **)&p, n_pair, sizeof *p, "scores of the pairs"));
  for (size_t k = 0; k < n_entry; ++k) packed[k] = history_pack(lists->item[k], lists->like[k]);
  for (size_t r = 0; r < n_pair; ++r) p[r] = 0.5f;
  if (sta)
    THRONG_TRY_GOTO(throng_sta_score(sta, n, lists->user, lists->candidate, lists->offset,
                                     lists->item, lists->like, p));
  THRONG_TRY_GOTO(
      tensors_add(&set, &on_device.candidate, TENSOR_I32, TENSOR_SHAPE(n), "candidate"));
  THRONG_TRY_GOTO(tensors_add(&set, &on_device.offset, TENSOR_I64, TENSOR_SHAPE(n + 1), "offset"));
  THRONG_TRY_GOTO(
      tensors_add(&set, &on_device.history, TENSOR_U32, TENSOR_SHAPE(lists->offset[n]), "history"));
  THRONG_TRY_GOTO(tensors_add(&set, &on_device.p, TENSOR_F32, TENSOR_SHAPE(n), "p"));
  THRONG_TRY_GOTO(tensors_add(&set, &on_device.vote, TENSOR_U8,
                              TENSOR_SHAPE(n, (int64_t)sizeof(vote_record)), "vote"));
  THRONG_TRY_GOTO(tensors_allocate(&set, backend, "pairs"));
  THRONG_TRY_GOTO(ops->upload(backend, on_device.candidate, lists->candidate,
                              n_pair * sizeof *lists->candidate));
  THRONG_TRY_GOTO(
      ops->upload(backend, on_device.offset, lists->offset, (n_pair + 1) * sizeof *lists->offset));
  THRONG_TRY_GOTO(ops->upload(backend, on_device.history, packed, n_entry * sizeof *packed));
  THRONG_TRY_GOTO(ops->upload(backend, on_device.p, p, n_pair * sizeof *p));
  pair_vote_args args = {
      .world = device.view,
      .rule = vote_make_rule(def, sta),
      .seed = seed,
      .candidate = on_device.candidate,
      .offset = on_device.offset,
      .history = on_device.history,
      .p = on_device.p,
      .vote = on_device.vote,
  };
  THRONG_TRY_GOTO(BACKEND_LAUNCH(backend, pair_vote, n, &args));
  THRONG_TRY_GOTO(ops->download(backend, vote, on_device.vote, n_pair * sizeof *vote));
done:
  tensors_free(&set);
  world_device_release(&device);
  free(packed);
  free(p);
  return status;
}

/// On a device: the sum of everything that the votes take, against what is free, before anything is
/// uploaded. The weights of f_sta are there already.
static throng_status check_memory(throng_backend *backend, const throng_world *world,
                                  const throng_sta *sta, const throng_votes_def *def,
                                  const pair_lists *lists, throng_vote *vote) {
  throng_backend *plan;
  throng_sta planned;
  if (!backend->ops->memory) return THRONG_OK;
  THRONG_TRY(memory_plan_open(backend, &plan));
  if (sta) {
    planned = *sta;
    planned.backend = plan;
  }
  throng_status status = vote_pairs(plan, world, sta ? &planned : NULL, def, 0, lists, vote);
  if (status == THRONG_OK)
    status = memory_plan_check(
        plan, backend, world_device_held(backend, world, 0, false), "asking for votes",
        "the number of pairs (of users, for an evaluation) or sta.window, or "
        "use --backend cpu");
  throng_backend_close(plan);
  return status;
}

throng_status throng_votes_evaluate(throng_backend *backend, const throng_world *world,
                                    const throng_sta *sta, const throng_votes_def *def,
                                    uint32_t seed, int64_t n, const int32_t *user,
                                    const int32_t *candidate, const int64_t *offset,
                                    const int32_t *item, const uint8_t *like, throng_vote *vote) {
  if (n == 0) return THRONG_OK;
  if (n < 0) return throng_fail(THRONG_ERROR_ARGUMENT, "pairs: %lld is negative", (long long)n);
  const pair_lists lists = {n, user, candidate, offset, item, like};
  THRONG_TRY(votes_check(def, sta));
  THRONG_TRY(check_pairs(world, n, user, candidate, offset, item));
  THRONG_TRY(check_memory(backend, world, sta, def, &lists, vote));
  return vote_pairs(backend, world, sta, def, seed, &lists, vote);
}
