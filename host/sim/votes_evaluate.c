/// Votes outside any lane: what `throng votes` and `throng evaluate` ask, each pair after its own
/// history of any length.
#include <stdlib.h>

#include "base/memory_plan.h"
#include "kernels/base/history.h"
#include "kernels/list.h"
#include "sim/sim.h"
#include "world/histories.h"

static throng_status check_pairs(const throng_world *world, const throng_pairs *pairs) {
  if (pairs->n < 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "pairs: %lld is negative", (long long)pairs->n);
  if (pairs->n == 0) return THRONG_OK;
  if (!pairs->user || !pairs->candidate || !pairs->offset)
    return throng_fail(THRONG_ERROR_ARGUMENT, "pairs: users, candidates and offsets are needed");
  for (int64_t r = 0; r < pairs->n; ++r)
    if (pairs->candidate[r] < 0 || pairs->candidate[r] >= world->n_item)
      return throng_fail(THRONG_ERROR_ARGUMENT, "pair %lld: item %d is not in 0..%lld",
                         (long long)r, pairs->candidate[r], (long long)world->n_item - 1);
  const given_histories histories = {pairs->n, pairs->user, pairs->offset, pairs->item,
                                     pairs->like};
  return histories_check(&histories, "pair", world->n_user, world->n_item);
}

typedef struct pair_arrays {
  int32_t *user, *candidate;
  int64_t *offset;
  uint32_t *history;
  float *p;
  throng_vote *vote;
  float *further[THRONG_VOTE_FURTHER];
} pair_arrays;

/// What one call asks, besides its pairs.
typedef struct pair_votes {
  const throng_sta *sta;
  const throng_votes_def *def;
  const vote_models *models;
  uint32_t seed;
  throng_vote *vote;      // (n)
  float *const *further;  // THRONG_VOTE_FURTHER of (n) or NULL; or NULL
} pair_votes;

static float *wanted(const pair_votes *v, int k) { return v->further ? v->further[k] : NULL; }

static throng_status register_arrays(const throng_pairs *pairs, const pair_votes *v,
                                     tensor_set *set, pair_arrays *a) {
  const int64_t n = pairs->n, n_entry = pairs->offset[n], bytes = (int64_t)sizeof(throng_vote);
  *a = (pair_arrays){0};
  THRONG_TRY(tensors_add(set, &a->user, TENSOR_I32, TENSOR_SHAPE(n), "user"));
  THRONG_TRY(tensors_add(set, &a->candidate, TENSOR_I32, TENSOR_SHAPE(n), "candidate"));
  THRONG_TRY(tensors_add(set, &a->offset, TENSOR_I64, TENSOR_SHAPE(n + 1), "offset"));
  THRONG_TRY(tensors_add(set, &a->history, TENSOR_U32, TENSOR_SHAPE(n_entry), "history"));
  THRONG_TRY(tensors_add(set, &a->p, TENSOR_F32, TENSOR_SHAPE(n), "p"));
  THRONG_TRY(tensors_add(set, &a->vote, TENSOR_U8, TENSOR_SHAPE(n, bytes), "vote"));
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (wanted(v, k))
      THRONG_TRY(tensors_add(set, &a->further[k], TENSOR_F32, TENSOR_SHAPE(n), "further %d", k));
  return THRONG_OK;
}

static throng_status vote_pairs(throng_backend *backend, const throng_world *world,
                                const throng_pairs *pairs, const pair_votes *v) {
  const backend_ops *ops = backend->ops;
  const size_t n = (size_t)pairs->n, n_entry = (size_t)pairs->offset[pairs->n];
  world_device device = {0};
  tensor_set set = {0};
  pair_arrays a;
  uint32_t *packed = NULL;
  float *p = NULL;
  throng_status status;
  THRONG_TRY_GOTO(world_device_acquire(backend, world, 0, false, &device));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&packed, n_entry, sizeof *packed, "histories of the pairs"));
  THRONG_TRY_GOTO(throng_alloc((void **)&p, n, sizeof *p, "scores of the pairs"));
  for (size_t k = 0; k < n_entry; ++k) packed[k] = history_pack(pairs->item[k], pairs->like[k]);
  for (size_t r = 0; r < n; ++r) p[r] = 0.5f;
  if (v->sta)
    THRONG_TRY_GOTO(throng_sta_score(v->sta, pairs->n, pairs->user, pairs->candidate, pairs->offset,
                                     pairs->item, pairs->like, p));
  THRONG_TRY_GOTO(register_arrays(pairs, v, &set, &a));
  THRONG_TRY_GOTO(tensors_allocate(&set, backend, "pairs"));
  THRONG_TRY_GOTO(ops->upload(backend, a.user, pairs->user, n * sizeof *a.user));
  THRONG_TRY_GOTO(ops->upload(backend, a.candidate, pairs->candidate, n * sizeof *a.candidate));
  THRONG_TRY_GOTO(ops->upload(backend, a.offset, pairs->offset, (n + 1) * sizeof *a.offset));
  THRONG_TRY_GOTO(ops->upload(backend, a.history, packed, n_entry * sizeof *packed));
  THRONG_TRY_GOTO(ops->upload(backend, a.p, p, n * sizeof *p));
  pair_vote_args args = {
      .world = device.view,
      .rule = vote_make_rule(v->def, v->sta, v->models),
      .seed = v->seed,
      .user = a.user,
      .candidate = a.candidate,
      .offset = a.offset,
      .history = a.history,
      .p = a.p,
      .vote = a.vote,
  };
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) args.further[k] = a.further[k];
  THRONG_TRY_GOTO(BACKEND_LAUNCH(backend, pair_vote, pairs->n, &args));
  THRONG_TRY_GOTO(ops->download(backend, v->vote, a.vote, n * sizeof *v->vote));
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (a.further[k])
      THRONG_TRY_GOTO(ops->download(backend, v->further[k], a.further[k], n * sizeof(float)));
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
                                  const throng_pairs *pairs, const pair_votes *votes) {
  throng_backend *plan;
  throng_sta planned;
  pair_votes v = *votes;
  if (!backend->ops->memory) return THRONG_OK;
  THRONG_TRY(memory_plan_open(backend, &plan));
  if (v.sta) {
    planned = *v.sta;
    planned.backend = plan;
    v.sta = &planned;
  }
  throng_status status = vote_pairs(plan, world, pairs, &v);
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
                                    uint32_t seed, const throng_pairs *pairs, throng_vote *vote,
                                    float *const *further) {
  return votes_evaluate_hiding(backend, world, sta, def, seed, 0, pairs, vote, further);
}

static unsigned asked_by(const throng_votes_def *def, float *const *further) {
  unsigned asked = rule_asks(def);
  for (int k = 0; further && k < THRONG_VOTE_FURTHER; ++k)
    if (further[k]) asked |= VOTE_BIT(k + THRONG_VOTE_IN_RECORD);
  return asked;
}

throng_status votes_evaluate_hiding(throng_backend *backend, const throng_world *world,
                                    const throng_sta *sta, const throng_votes_def *def,
                                    uint32_t seed, int hidden, const throng_pairs *pairs,
                                    throng_vote *vote, float *const *further) {
  vote_models models;
  THRONG_TRY(votes_check(def, world, sta));
  THRONG_TRY(check_pairs(world, pairs));
  if (pairs->n == 0) return THRONG_OK;
  THRONG_TRY(vote_models_make(backend, world, sta, def, asked_by(def, further), hidden, &models));
  const throng_status status =
      votes_evaluate_by(backend, world, sta, def, seed, &models, pairs, vote, further);
  vote_models_free(&models);
  return status;
}

throng_status votes_evaluate_by(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *def, uint32_t seed,
                                const vote_models *models, const throng_pairs *pairs,
                                throng_vote *vote, float *const *further) {
  THRONG_TRY(votes_check(def, world, sta));
  THRONG_TRY(check_pairs(world, pairs));
  if (pairs->n == 0) return THRONG_OK;
  const pair_votes v = {sta, def, models, seed, vote, further};
  THRONG_TRY(check_memory(backend, world, pairs, &v));
  return vote_pairs(backend, world, pairs, &v);
}
