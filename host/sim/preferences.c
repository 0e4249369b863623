/// Users' preference vectors for callers: as means, and as scores over the whole catalogue.
#include <stdlib.h>
#include <string.h>

#include "kernels/list.h"
#include "sim/sim.h"

enum { SCORE_BYTES = 64 << 20 };  // of scores made at a time

static throng_status require_kept(const throng_sim *s) {
  if (s->n_preference) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "this simulator keeps no preference vectors: set sim.preferences");
}

/// Means of all lanes on the backend, and their copies on the host.
struct sim_means {
  tensor_set set;
  int32_t *sum, *count;           // (n_lane, 2, dim), (n_lane, 2)
  float *mean;                    // (n_lane, 2, dim)
  float *host_mean;               // (n_lane, 2, dim) on the host
  int32_t *host_count;            // (n_lane, 2)
  uint8_t *host_ended;            // (n_lane)
  float *liked, *disliked;        // (n_lane, dim) for throng_sim_preferences
  int32_t *n_liked, *n_disliked;  // (n_lane)
};

void sim_means_free(struct sim_means *m) {
  if (!m) return;
  tensors_free(&m->set);
  free(m->host_mean);
  free(m->host_count);
  free(m->host_ended);
  free(m->liked);
  free(m->disliked);
  free(m->n_liked);
  free(m->n_disliked);
  free(m);
}

static throng_status means_take(const throng_sim *s, struct sim_means *m) {
  const int64_t n = s->n_lane, dim = s->world->dim;
  const size_t numbers = (size_t)(n * dim), lanes = (size_t)n;
  const char *what = "preference vectors";
  THRONG_TRY(tensors_add(&m->set, &m->sum, TENSOR_I32, TENSOR_SHAPE(n, 2, dim), "sum"));
  THRONG_TRY(tensors_add(&m->set, &m->mean, TENSOR_F32, TENSOR_SHAPE(n, 2, dim), "mean"));
  THRONG_TRY(tensors_add(&m->set, &m->count, TENSOR_I32, TENSOR_SHAPE(n, 2), "count"));
  THRONG_TRY(tensors_allocate(&m->set, s->backend, what));
  THRONG_TRY(throng_alloc((void **)&m->host_mean, 2 * numbers, sizeof *m->host_mean, what));
  THRONG_TRY(throng_alloc((void **)&m->host_count, 2 * lanes, sizeof *m->host_count, what));
  THRONG_TRY(throng_alloc((void **)&m->host_ended, lanes, sizeof *m->host_ended, what));
  THRONG_TRY(throng_alloc((void **)&m->liked, numbers, sizeof *m->liked, what));
  THRONG_TRY(throng_alloc((void **)&m->disliked, numbers, sizeof *m->disliked, what));
  THRONG_TRY(throng_alloc((void **)&m->n_liked, lanes, sizeof *m->n_liked, what));
  return throng_alloc((void **)&m->n_disliked, lanes, sizeof *m->n_disliked, what);
}

/// Taken at the first call and kept: a loop that asks at every step allocates nothing.
static throng_status means_make(throng_sim *s) {
  if (s->means) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&s->means, 1, sizeof *s->means, "preference vectors"));
  throng_status status = means_take(s, s->means);
  if (status == THRONG_OK) return status;
  sim_means_free(s->means);
  s->means = NULL;
  return status;
}

/// One lane's means to the caller. `of` (2, dim), `count` (2).
static void copy_lane(size_t lane, size_t dim, const float *of, const int32_t *count,
                      const throng_preference_copy *to) {
  if (to->both) memcpy(to->both + lane * 2 * dim, of, 2 * dim * sizeof *of);
  if (to->liked) memcpy(to->liked + lane * dim, of, dim * sizeof *of);
  if (to->disliked) memcpy(to->disliked + lane * dim, of + dim, dim * sizeof *of);
  if (to->n_liked) to->n_liked[lane] = count[0];
  if (to->n_disliked) to->n_disliked[lane] = count[1];
}

/// Means as `moment` has them, in m->mean and m->count; or in `into` where that is host memory and
/// so is the backend's.
static throng_status make_means(throng_sim *s, throng_moment moment, float *into) {
  const struct sim_means *m = s->means;
  sim_preference_mean_args mean = {
      .sim = sim_make_args(s), .mean = into ? into : m->mean, .count = m->count};
  if (moment != THRONG_ENDED)
    THRONG_TRY(BACKEND_LAUNCH(s->backend, sim_preference_mean, s->n_lane, &mean));
  if (moment == THRONG_PRESENT) return THRONG_OK;
  sim_preference_final_args final = {
      .sim = mean.sim, .sum = m->sum, .mean = mean.mean, .count = m->count};
  return BACKEND_LAUNCH(s->backend, sim_preference_final, s->n_lane, &final);
}

throng_status throng_sim_copy_preferences(throng_sim *s, throng_moment moment,
                                          const throng_preference_copy *to) {
  THRONG_TRY(sim_check_moment(moment));
  THRONG_TRY(require_kept(s));
  THRONG_TRY(means_make(s));
  const struct sim_means *m = s->means;
  const backend_ops *ops = s->backend->ops;
  const size_t n = (size_t)s->n_lane, dim = (size_t)s->world->dim;
  const bool here = s->backend->host_memory;
  const bool parts = to->liked || to->disliked || to->n_liked || to->n_disliked;
  if (here && to->both && !parts) return make_means(s, moment, to->both);
  THRONG_TRY(make_means(s, moment, NULL));
  if (to->both && !parts && moment != THRONG_ENDED)
    return ops->download(s->backend, to->both, m->mean, n * 2 * dim * sizeof *m->mean);
  const float *mean = m->mean;
  const int32_t *count = m->count;
  const uint8_t *ended = s->ended;
  if (!here) {
    THRONG_TRY(ops->download(s->backend, m->host_mean, m->mean, n * 2 * dim * sizeof *m->mean));
    THRONG_TRY(ops->download(s->backend, m->host_count, m->count, n * 2 * sizeof *m->count));
    THRONG_TRY(ops->download(s->backend, m->host_ended, s->ended, n * sizeof *s->ended));
    mean = m->host_mean;
    count = m->host_count;
    ended = m->host_ended;
  }
  for (size_t lane = 0; lane < n; ++lane)
    if (moment != THRONG_ENDED || ended[lane] != THRONG_END_NONE)
      copy_lane(lane, dim, mean + lane * 2 * dim, count + 2 * lane, to);
  return THRONG_OK;
}

throng_status throng_sim_preferences(throng_sim *s, throng_preference *out) {
  THRONG_TRY(require_kept(s));
  THRONG_TRY(means_make(s));
  const struct sim_means *m = s->means;
  const throng_preference_copy own = {.liked = m->liked,
                                      .disliked = m->disliked,
                                      .n_liked = m->n_liked,
                                      .n_disliked = m->n_disliked};
  THRONG_TRY(throng_sim_copy_preferences(s, THRONG_PRESENT, &own));
  *out = (throng_preference){
      .n_lane = s->n_lane,
      .dim = s->world->dim,
      .liked = m->liked,
      .disliked = m->disliked,
      .n_liked = m->n_liked,
      .n_disliked = m->n_disliked,
  };
  return THRONG_OK;
}

/// What scores are made in, for some lanes at a time.
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
