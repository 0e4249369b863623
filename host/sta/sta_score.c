/// Answers of f_sta (SASRec) outside a simulator: probabilities and ranks for pairs with their
/// histories, in pieces of bounded memory.
#include "sta/sta_score.h"

#include <stdlib.h>

#include "kernels/base/history.h"
#include "kernels/list.h"
#include "world/histories.h"

enum { PIECE = 1024 };  // pairs whose scratch memory is held at a time

throng_status sta_scorer_create(throng_backend *backend, const sta_view *view, int64_t n,
                                int64_t n_entry, int32_t n_other, sta_scorer *s) {
  *s = (sta_scorer){.n = n, .n_other = n_other, .view = *view};
  const int64_t piece = n < PIECE ? n : PIECE;
  THRONG_TRY(tensors_add(&s->tensors, &s->user, TENSOR_I32, TENSOR_SHAPE(n), "user"));
  THRONG_TRY(tensors_add(&s->tensors, &s->candidate, TENSOR_I32, TENSOR_SHAPE(n), "candidate"));
  THRONG_TRY(tensors_add(&s->tensors, &s->begin, TENSOR_I64, TENSOR_SHAPE(n), "begin"));
  THRONG_TRY(tensors_add(&s->tensors, &s->count, TENSOR_I32, TENSOR_SHAPE(n), "count"));
  THRONG_TRY(tensors_add(&s->tensors, &s->other, TENSOR_I32, TENSOR_SHAPE(n, n_other), "other"));
  THRONG_TRY(tensors_add(&s->tensors, &s->history, TENSOR_U32, TENSOR_SHAPE(n_entry), "history"));
  THRONG_TRY(tensors_add(&s->tensors, &s->p, TENSOR_F32, TENSOR_SHAPE(n), "p"));
  THRONG_TRY(tensors_add(&s->tensors, &s->rank, TENSOR_I32, TENSOR_SHAPE(n), "rank"));
  THRONG_TRY(tensors_add(&s->tensors, &s->scratch, TENSOR_F32,
                         TENSOR_SHAPE(piece, sta_pairs_scratch(view)), "scratch"));
  return tensors_allocate(&s->tensors, backend, "f_sta's scores");
}

void sta_scorer_free(sta_scorer *s) { tensors_free(&s->tensors); }

static sta_pairs_args piece_args(const sta_scorer *s, int64_t first) {
  return (sta_pairs_args){.view = s->view,
                          .user = s->user + first,
                          .candidate = s->candidate + first,
                          .begin = s->begin + first,
                          .count = s->count + first,
                          .history = s->history,
                          .scratch = s->scratch,
                          .p = s->p + first};
}

throng_status sta_scorer_run(sta_scorer *s, float *p, int32_t *rank) {
  throng_backend *backend = s->tensors.backend;
  for (int64_t first = 0; first < s->n; first += PIECE) {
    const int64_t rows = s->n - first < PIECE ? s->n - first : PIECE;
    const sta_pairs_args pairs = piece_args(s, first);
    if (p) THRONG_TRY(BACKEND_LAUNCH(backend, sta_pairs, rows, &pairs));
    if (rank) {
      const sta_rank_args ranks = {.pairs = pairs,
                                   .n_other = s->n_other,
                                   .other = s->other + first * s->n_other,
                                   .rank = s->rank + first};
      THRONG_TRY(BACKEND_LAUNCH(backend, sta_rank, rows, &ranks));
    }
  }
  if (p) THRONG_TRY(backend->ops->download(backend, p, s->p, (size_t)s->n * sizeof *p));
  if (rank) THRONG_TRY(backend->ops->download(backend, rank, s->rank, (size_t)s->n * sizeof *rank));
  return THRONG_OK;
}

static throng_status check_pairs(const throng_sta *sta, const given_histories *pairs,
                                 const int32_t *candidate) {
  const int64_t n = pairs->n;
  if (n < 0) return throng_fail(THRONG_ERROR_ARGUMENT, "n: %lld pairs", (long long)n);
  if (n > 0 && (!pairs->user || !candidate || !pairs->offset))
    return throng_fail(THRONG_ERROR_ARGUMENT, "pairs: users, candidates and offsets are needed");
  for (int64_t r = 0; r < n; ++r)
    if (candidate[r] < 0 || candidate[r] >= sta->n_item)
      return throng_fail(THRONG_ERROR_ARGUMENT, "pair %lld: candidate %d is not in 0..%lld",
                         (long long)r, candidate[r], (long long)sta->n_item - 1);
  return histories_check(pairs, "pair", sta->n_user, sta->n_item);
}

throng_status throng_sta_score(const throng_sta *sta, int64_t n, const int32_t *user,
                               const int32_t *candidate, const int64_t *offset, const int32_t *item,
                               const uint8_t *like, float *p) {
  const given_histories pairs = {n, user, offset, item, like};
  THRONG_TRY(check_pairs(sta, &pairs, candidate));
  if (n == 0) return THRONG_OK;
  throng_backend *backend = sta->backend;
  const backend_ops *ops = backend->ops;
  const int64_t n_entry = offset[n];
  const size_t rows = (size_t)n;
  sta_scorer scorer;
  uint32_t *packed = NULL;
  int32_t *count = NULL;
  throng_status status = sta_scorer_create(backend, &sta->view, n, n_entry, 0, &scorer);
  if (status != THRONG_OK) goto done;
  THRONG_TRY_GOTO(throng_alloc((void **)&packed, (size_t)n_entry, sizeof *packed, "histories"));
  THRONG_TRY_GOTO(throng_alloc((void **)&count, rows, sizeof *count, "histories"));
  for (int64_t k = 0; k < n_entry; ++k) packed[k] = history_pack(item[k], like[k]);
  for (int64_t r = 0; r < n; ++r) count[r] = (int32_t)(offset[r + 1] - offset[r]);
  THRONG_TRY_GOTO(ops->upload(backend, scorer.user, user, rows * sizeof *user));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.candidate, candidate, rows * sizeof *candidate));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.begin, offset, rows * sizeof *offset));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.count, count, rows * sizeof *count));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.history, packed, (size_t)n_entry * sizeof *packed));
  THRONG_TRY_GOTO(sta_scorer_run(&scorer, p, NULL));
done:
  free(packed);
  free(count);
  sta_scorer_free(&scorer);
  return status;
}
