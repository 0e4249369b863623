/// Answers of f_sta (SASRec) outside a simulator: probabilities and ranks of candidates after
/// histories, in pieces of bounded memory.
#include "sta/sta_score.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/base/history.h"
#include "kernels/list.h"
#include "world/histories.h"

enum { PIECE = 1024 };  // histories whose scratch memory is held at a time

throng_status sta_scorer_create(throng_backend *backend, const sta_view *view, int64_t n,
                                int64_t n_question, int64_t n_entry, int32_t n_other,
                                sta_scorer *s) {
  *s = (sta_scorer){.n = n, .n_question = n_question, .n_other = n_other, .view = *view};
  const int64_t piece = n < PIECE ? n : PIECE, asked = n_question;
  THRONG_TRY(tensors_add(&s->tensors, &s->user, TENSOR_I32, TENSOR_SHAPE(n), "user"));
  THRONG_TRY(tensors_add(&s->tensors, &s->begin, TENSOR_I64, TENSOR_SHAPE(n), "begin"));
  THRONG_TRY(tensors_add(&s->tensors, &s->count, TENSOR_I32, TENSOR_SHAPE(n), "count"));
  THRONG_TRY(tensors_add(&s->tensors, &s->question, TENSOR_I64, TENSOR_SHAPE(n + 1), "question"));
  THRONG_TRY(tensors_add(&s->tensors, &s->candidate, TENSOR_I32, TENSOR_SHAPE(asked), "candidate"));
  THRONG_TRY(
      tensors_add(&s->tensors, &s->other, TENSOR_I32, TENSOR_SHAPE(asked, n_other), "other"));
  THRONG_TRY(tensors_add(&s->tensors, &s->history, TENSOR_U32, TENSOR_SHAPE(n_entry), "history"));
  THRONG_TRY(tensors_add(&s->tensors, &s->p, TENSOR_F32, TENSOR_SHAPE(asked), "p"));
  THRONG_TRY(tensors_add(&s->tensors, &s->rank, TENSOR_I32, TENSOR_SHAPE(asked), "rank"));
  THRONG_TRY(tensors_add(&s->tensors, &s->scratch, TENSOR_F32,
                         TENSOR_SHAPE(piece, sta_pairs_scratch(view)), "scratch"));
  return tensors_allocate(&s->tensors, backend, "f_sta's scores");
}

void sta_scorer_free(sta_scorer *s) { tensors_free(&s->tensors); }

static sta_pairs_args piece_args(const sta_scorer *s, int64_t first) {
  return (sta_pairs_args){.view = s->view,
                          .user = s->user + first,
                          .begin = s->begin + first,
                          .count = s->count + first,
                          .question = s->question + first,
                          .candidate = s->candidate,
                          .history = s->history,
                          .scratch = s->scratch,
                          .p = s->p};
}

throng_status sta_scorer_run(sta_scorer *s, float *p, int32_t *rank) {
  throng_backend *backend = s->tensors.backend;
  for (int64_t first = 0; first < s->n; first += PIECE) {
    const int64_t rows = s->n - first < PIECE ? s->n - first : PIECE;
    const sta_pairs_args pairs = piece_args(s, first);
    if (p) THRONG_TRY(BACKEND_LAUNCH(backend, sta_pairs, rows, &pairs));
    if (rank) {
      const sta_rank_args ranks = {
          .pairs = pairs, .n_other = s->n_other, .other = s->other, .rank = s->rank};
      THRONG_TRY(BACKEND_LAUNCH(backend, sta_rank, rows, &ranks));
    }
  }
  const size_t asked = (size_t)s->n_question;
  if (p) THRONG_TRY(backend->ops->download(backend, p, s->p, asked * sizeof *p));
  if (rank) THRONG_TRY(backend->ops->download(backend, rank, s->rank, asked * sizeof *rank));
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

/// The distinct histories of pairs, on the host; pairs that share one stand side by side.
typedef struct shared_histories {
  int64_t n, n_entry;
  int32_t *user, *count;      // (n)
  int64_t *begin, *question;  // (n), (n + 1) as in sta_scorer
  uint32_t *packed;           // (n_entry)
} shared_histories;

static void shared_free(shared_histories *s) {
  free(s->user);
  free(s->count);
  free(s->begin);
  free(s->question);
  free(s->packed);
}

/// Is pair r asked after the history of the pair before it?
static bool goes_on(const given_histories *pairs, int64_t r) {
  const int64_t *offset = pairs->offset;
  if (r == 0 || pairs->user[r] != pairs->user[r - 1]) return false;
  const int64_t count = offset[r + 1] - offset[r];
  if (offset[r] - offset[r - 1] != count) return false;
  for (int64_t k = offset[r]; k < offset[r + 1]; ++k)
    if (pairs->item[k] != pairs->item[k - count] || pairs->like[k] != pairs->like[k - count])
      return false;
  return true;
}

static throng_status shared_create(const given_histories *pairs, shared_histories *s) {
  const int64_t *offset = pairs->offset;
  const size_t n = (size_t)pairs->n, n_entry = (size_t)offset[pairs->n];
  *s = (shared_histories){0};
  THRONG_TRY(throng_alloc((void **)&s->user, n, sizeof *s->user, "histories"));
  THRONG_TRY(throng_alloc((void **)&s->count, n, sizeof *s->count, "histories"));
  THRONG_TRY(throng_alloc((void **)&s->begin, n, sizeof *s->begin, "histories"));
  THRONG_TRY(throng_alloc((void **)&s->question, n + 1, sizeof *s->question, "histories"));
  THRONG_TRY(throng_alloc((void **)&s->packed, n_entry, sizeof *s->packed, "histories"));
  for (int64_t r = 0; r < pairs->n; ++r) {
    if (goes_on(pairs, r)) continue;
    s->user[s->n] = pairs->user[r];
    s->count[s->n] = (int32_t)(offset[r + 1] - offset[r]);
    s->begin[s->n] = s->n_entry;
    s->question[s->n++] = r;
    for (int64_t k = offset[r]; k < offset[r + 1]; ++k)
      s->packed[s->n_entry++] = history_pack(pairs->item[k], pairs->like[k]);
  }
  s->question[s->n] = pairs->n;
  return THRONG_OK;
}

throng_status throng_sta_score(const throng_sta *sta, int64_t n, const int32_t *user,
                               const int32_t *candidate, const int64_t *offset, const int32_t *item,
                               const uint8_t *like, float *p) {
  const given_histories pairs = {n, user, offset, item, like};
  THRONG_TRY(check_pairs(sta, &pairs, candidate));
  if (n == 0) return THRONG_OK;
  throng_backend *backend = sta->backend;
  const backend_ops *ops = backend->ops;
  sta_scorer scorer = {0};
  shared_histories h;
  throng_status status;
  THRONG_TRY_GOTO(shared_create(&pairs, &h));
  const size_t rows = (size_t)h.n;
  THRONG_TRY_GOTO(sta_scorer_create(backend, &sta->view, h.n, n, h.n_entry, 0, &scorer));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.user, h.user, rows * sizeof *h.user));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.count, h.count, rows * sizeof *h.count));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.begin, h.begin, rows * sizeof *h.begin));
  THRONG_TRY_GOTO(
      ops->upload(backend, scorer.question, h.question, (rows + 1) * sizeof *h.question));
  THRONG_TRY_GOTO(ops->upload(backend, scorer.candidate, candidate, (size_t)n * sizeof *candidate));
  THRONG_TRY_GOTO(
      ops->upload(backend, scorer.history, h.packed, (size_t)h.n_entry * sizeof *h.packed));
  THRONG_TRY_GOTO(sta_scorer_run(&scorer, p, NULL));
done:
  shared_free(&h);
  sta_scorer_free(&scorer);
  return status;
}
