/// Users' preference vectors for callers: as means, and as scores over the whole catalogue.
#include <stdlib.h>

#include "kernels/list.h"
#include "sim/sim.h"

enum { SCORE_BYTES = 64 << 20 };  // of scores made at a time

static throng_status require_kept(const throng_sim *s) {
  if (s->n_preference) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "this simulator keeps no preference vectors: set sim.preferences");
}

typedef struct mean_arrays {
  tensor_set set;
  float *mean, *score;
  int32_t *count;
} mean_arrays;

static throng_status arrays_make(const throng_sim *s, int64_t n_row, int64_t n_score,
                                 mean_arrays *m) {
  *m = (mean_arrays){0};
  THRONG_TRY(
      tensors_add(&m->set, &m->mean, TENSOR_F32, TENSOR_SHAPE(n_row, 2, s->world->dim), "mean"));
  THRONG_TRY(tensors_add(&m->set, &m->count, TENSOR_I32, TENSOR_SHAPE(n_row, 2), "count"));
  THRONG_TRY(tensors_add(&m->set, &m->score, TENSOR_F32, TENSOR_SHAPE(n_row, n_score), "score"));
  return tensors_allocate(&m->set, s->backend, "preference vectors");
}

throng_status throng_sim_preferences(throng_sim *s, throng_preference *out) {
  THRONG_TRY(require_kept(s));
  const backend_ops *ops = s->backend->ops;
  const size_t n = (size_t)s->n_lane, dim = (size_t)s->world->dim;
  const sim_host_preference *to = sim_host_preferences(s->host);
  float *mean = NULL;
  int32_t *count = NULL;
  mean_arrays m = {0};
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&mean, n * 2 * dim, sizeof *mean, "preference vectors"));
  THRONG_TRY_GOTO(throng_alloc((void **)&count, n * 2, sizeof *count, "preference vectors"));
  THRONG_TRY_GOTO(arrays_make(s, s->n_lane, 0, &m));
  sim_preference_mean_args a = {.sim = sim_make_args(s), .mean = m.mean, .count = m.count};
  THRONG_TRY_GOTO(BACKEND_LAUNCH(s->backend, sim_preference_mean, s->n_lane, &a));
  THRONG_TRY_GOTO(ops->download(s->backend, mean, m.mean, n * 2 * dim * sizeof *mean));
  THRONG_TRY_GOTO(ops->download(s->backend, count, m.count, n * 2 * sizeof *count));
  for (size_t lane = 0; lane < n; ++lane) {
    for (size_t k = 0; k < dim; ++k) {
      to->liked[lane * dim + k] = mean[lane * 2 * dim + k];
      to->disliked[lane * dim + k] = mean[(lane * 2 + 1) * dim + k];
    }
    to->n_liked[lane] = count[lane * 2];
    to->n_disliked[lane] = count[lane * 2 + 1];
  }
  *out = (throng_preference){
      .n_lane = s->n_lane,
      .dim = s->world->dim,
      .liked = to->liked,
      .disliked = to->disliked,
      .n_liked = to->n_liked,
      .n_disliked = to->n_disliked,
  };
done:
  tensors_free(&m.set);
  free(mean);
  free(count);
  return status;
}

/// score += mean E^T, for one side of `n_row` lanes.
static throng_status add_product(const throng_sim *s, const mean_arrays *m, int64_t n_row,
                                 int side) {
  const int64_t dim = s->world->dim, n_item = s->world->n_item;
  const world_view *w = &s->device.view;
  gemm_args g = {
      .transpose_b = true,
      .m = n_row,
      .n = n_item,
      .k = dim,
      .alpha = 1,
      .beta = 1,
      .a = m->mean + side * dim,
      .b = side == PAIR_POS ? w->embedding_pos : w->embedding_neg,
      .c = m->score,
      .lda = 2 * dim,
      .ldb = dim,
      .ldc = n_item,
      .batch = 1,
  };
  return s->backend->ops->gemm(s->backend, &g);
}

throng_status throng_sim_preference_scores(throng_sim *s, float *score) {
  THRONG_TRY(require_kept(s));
  const int64_t n_item = s->world->n_item;
  int64_t most = SCORE_BYTES / (n_item * (int64_t)sizeof *score);
  if (most < 1) most = 1;
  if (most > s->n_lane) most = s->n_lane;
  mean_arrays m;
  throng_status status;
  THRONG_TRY_GOTO(arrays_make(s, most, n_item, &m));
  for (int64_t first = 0; first < s->n_lane; first += most) {
    int64_t n_row = s->n_lane - first < most ? s->n_lane - first : most;
    sim_preference_mean_args a = {.sim = sim_make_args(s),
                                  .first = first,
                                  .mean = m.mean,
                                  .count = m.count,
                                  .score = m.score};
    THRONG_TRY_GOTO(BACKEND_LAUNCH(s->backend, sim_preference_mean, n_row, &a));
    for (int side = 0; side < 2; ++side) THRONG_TRY_GOTO(add_product(s, &m, n_row, side));
    THRONG_TRY_GOTO(s->backend->ops->download(s->backend, score + first * n_item, m.score,
                                              (size_t)(n_row * n_item) * sizeof *score));
  }
done:
  tensors_free(&m.set);
  return status;
}
