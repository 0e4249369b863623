/// Items by continuous queries: the nearest in e+, for policies whose action is a vector (Dulac-
/// Arnold et al. 2015, arXiv 1512.07679).
#include <math.h>
#include <stdlib.h>

#include "sim/sim.h"

enum { SCORE_BYTES = 64 << 20 };  // of scores made at a time

/// What scores are made in, for some lanes at a time.
typedef struct work {
  tensor_set set;
  float *query, *score;  // (n_row, dim), (n_row, n_item) on the backend
  float *host_score;     // (n_row, n_item)
  uint32_t *seen;        // (n_lane, n_seen_word) host, or NULL
} work;

static throng_status work_make(const throng_sim *s, int64_t n_row, work *w) {
  const char *what = "scores of queries";
  const int64_t n_item = s->world->n_item;
  *w = (work){0};
  THRONG_TRY(
      tensors_add(&w->set, &w->query, TENSOR_F32, TENSOR_SHAPE(n_row, s->world->dim), "query"));
  THRONG_TRY(tensors_add(&w->set, &w->score, TENSOR_F32, TENSOR_SHAPE(n_row, n_item), "score"));
  THRONG_TRY(tensors_allocate(&w->set, s->backend, what));
  THRONG_TRY(
      throng_alloc((void **)&w->host_score, (size_t)(n_row * n_item), sizeof *w->host_score, what));
  if (!s->n_seen_word) return THRONG_OK;
  return throng_alloc((void **)&w->seen, (size_t)(s->n_lane * s->n_seen_word), sizeof *w->seen,
                      what);
}

static void work_free(work *w) {
  tensors_free(&w->set);
  free(w->host_score);
  free(w->seen);
}

static throng_status check(const throng_sim *s, const float *query) {
  const int64_t a_lane = (int64_t)s->def.slate_size * s->world->dim;
  for (int64_t k = 0; k < s->n_lane * a_lane; ++k)
    if (!isfinite(query[k]))
      return throng_fail(
          THRONG_ERROR_ARGUMENT,
          "query of lane %lld: number %lld is %g, expected a finite one; no lane has "
          "moved",
          (long long)(k / a_lane), (long long)(k % a_lane), (double)query[k]);
  return THRONG_OK;
}

static bool is_taken(const throng_sim *s, const work *w, int64_t lane, const int32_t *slate,
                     int32_t slot, int32_t item) {
  for (int32_t k = 0; k < slot; ++k)
    if (slate[k] == item) return true;
  return w->seen && w->seen[lane * s->n_seen_word + item / 32] >> (item % 32) & 1u;
}

/// The best of one row of scores that is not taken.
static int32_t best_of(const throng_sim *s, const work *w, const float *score, int64_t lane,
                       const int32_t *slate, int32_t slot) {
  int32_t best = -1;
  float most = -INFINITY;
  for (int32_t i = 0; i < s->world->n_item; ++i) {
    if (best >= 0 && !(score[i] > most)) continue;
    if (is_taken(s, w, lane, slate, slot, i)) continue;
    best = i;
    most = score[i];
  }
  return best;
}

static throng_status score_rows(const throng_sim *s, const work *w, const float *query,
                                int64_t n_row) {
  const int64_t dim = s->world->dim, n_item = s->world->n_item;
  const backend_ops *ops = s->backend->ops;
  gemm_args g = {
      .transpose_b = true,
      .m = n_row,
      .n = n_item,
      .k = dim,
      .alpha = 1,
      .a = w->query,
      .b = s->device.view.embedding_pos,
      .c = w->score,
      .lda = dim,
      .ldb = dim,
      .ldc = n_item,
      .batch = 1,
  };
  THRONG_TRY(ops->upload(s->backend, w->query, query, (size_t)(n_row * dim) * sizeof *query));
  THRONG_TRY(ops->gemm(s->backend, &g));
  return ops->download(s->backend, w->host_score, w->score,
                       (size_t)(n_row * n_item) * sizeof *w->score);
}

throng_status throng_sim_nearest(throng_sim *s, const float *query, int32_t *item) {
  const int64_t n_item = s->world->n_item, slate = s->def.slate_size, rows = s->n_lane * slate;
  int64_t most = SCORE_BYTES / (n_item * (int64_t)sizeof(float));
  if (most < 1) most = 1;
  if (most > rows) most = rows;
  work w;
  throng_status status;
  THRONG_TRY(check(s, query));
  THRONG_TRY_GOTO(work_make(s, most, &w));
  if (w.seen) THRONG_TRY_GOTO(throng_sim_copy_seen_bits(s, w.seen));
  for (int64_t first = 0; first < rows; first += most) {
    const int64_t n_row = rows - first < most ? rows - first : most;
    THRONG_TRY_GOTO(score_rows(s, &w, query + first * s->world->dim, n_row));
    for (int64_t k = 0; k < n_row; ++k) {
      const int64_t lane = (first + k) / slate;
      const int32_t slot = (int32_t)((first + k) % slate);
      item[first + k] = best_of(s, &w, w.host_score + k * n_item, lane, item + lane * slate, slot);
    }
  }
done:
  work_free(&w);
  return status;
}
