/// Fixed features of items for the two_tower network: the leading directions of e+ and e-, category
/// buckets, and a few facts. What unseen items are judged by.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/network/network.h"
#include "base/blas.h"
#include "kernels/list.h"
#include "world/world.h"

enum { SAMPLE_ROWS = 16384 };

throng_status lane_states(const throng_sim *sim, const state_view *to) {
  lane_state_args state = {.history = sim->history,
                           .count = sim->count,
                           .session_of = sim_session_counts(sim),
                           .user = sim->user,
                           .shown_at = sim->shown_at,
                           .step = sim->step,
                           .number = sim->session,
                           .gap = sim->gap,
                           .slate = sim->def.slate_size,
                           .state = *to};
  return BACKEND_LAUNCH(sim->backend, lane_state, sim->n_lane, &state);
}

void item_features_shape(const throng_world *world, int32_t *n_direction, int32_t *n_category) {
  *n_direction = world->dim < AGENT_MAX_DIRECTION ? world->dim : AGENT_MAX_DIRECTION;
  *n_category = world->n_category < AGENT_MAX_CATEGORY ? (int32_t)world->n_category
                                                       : (int32_t)AGENT_MAX_CATEGORY;
}

/// Of a symmetric a (d, d): the upper triangle.
static bool all_finite(const float *a, int32_t d) {
  for (int32_t i = 0; i < d; ++i)
    for (int32_t j = i; j < d; ++j)
      if (!isfinite(a[(size_t)i * (size_t)d + (size_t)j])) return false;
  return true;
}

throng_status principal_directions(const float *rows, int64_t n, int64_t stride, int32_t d,
                                   int32_t k, float *basis) {
  memset(basis, 0, sizeof(float) * (size_t)d * (size_t)k);
  if (k >= d) {
    for (int32_t i = 0; i < d; ++i) basis[i * k + i] = 1.0f;
    return THRONG_OK;
  }
  int64_t step = (n + SAMPLE_ROWS - 1) / SAMPLE_ROWS;
  if (step < 1) step = 1;
  int64_t sampled = (n + step - 1) / step;
  void *moment = NULL, *value = NULL;
  throng_status status = throng_alloc(&moment, (size_t)d * (size_t)d, sizeof(float), "features");
  if (status == THRONG_OK) status = throng_alloc(&value, (size_t)d, sizeof(float), "features");
  int granted = 0;
  if (status == THRONG_OK) status = blas_begin(1, &granted);
  if (status == THRONG_OK) {
    blas()->ssyrk(CblasRowMajor, CblasUpper, CblasTrans, d, (blasint)sampled,
                  sampled ? 1.0f / (float)sampled : 0.0f, rows, (blasint)(stride * step), 0.0f,
                  moment, d);
    blas_end(granted);
    if (!all_finite(moment, d))
      status = throng_fail(THRONG_ERROR_DATA,
                           "item features: the embeddings' principal directions cannot be found: "
                           "the embeddings hold numbers that are not finite, or are too large");
  }
  if (status == THRONG_OK) status = blas_eigen(moment, d, value, "item features");
  // Eigenvalues rise: the leading vectors are the last columns. A vector's sign is arbitrary, so
  // its largest component is made positive.
  for (int32_t j = 0; status == THRONG_OK && j < k; ++j) {
    const float *m = moment;
    int32_t column = d - 1 - j, largest = 0;
    for (int32_t i = 1; i < d; ++i)
      if (fabsf(m[i * d + column]) > fabsf(m[largest * d + column])) largest = i;
    float sign = m[largest * d + column] < 0.0f ? -1.0f : 1.0f;
    for (int32_t i = 0; i < d; ++i) basis[i * k + j] = sign * m[i * d + column];
  }
  free(moment);
  free(value);
  return status;
}

static throng_status project(const float *embedding, const throng_world *w, int32_t n_direction,
                             int64_t n_feature, float *to) {
  // Rows of unit length are scaled so that their elements, like the other features, are about 1.
  void *basis;
  THRONG_TRY(
      throng_alloc(&basis, (size_t)w->dim * (size_t)n_direction, sizeof(float), "item features"));
  throng_status status =
      principal_directions(embedding, w->n_item, w->dim, w->dim, n_direction, basis);
  int granted = 0;
  if (status == THRONG_OK && w->n_item && w->dim) status = blas_begin(1, &granted);
  if (granted) {
    blas()->sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)w->n_item, n_direction,
                  w->dim, sqrtf((float)n_direction), embedding, w->dim, basis, n_direction, 0.0f,
                  to, (blasint)n_feature);
    blas_end(granted);
  }
  free(basis);
  return status;
}

/// How often an item was liked and disliked in the real histories: an item's facts are its like
/// rate (shrunk towards the mean by five answers), log popularity, and its numbers of keywords.
static throng_status item_facts(const throng_world *w, int64_t n_feature, float *fact) {
  void *block;
  THRONG_TRY(throng_alloc(&block, 2 * (size_t)w->n_item, sizeof(double), "item features"));
  double *shown = block, *liked = shown + w->n_item, likes = 0;
  for (int64_t k = 0; k < w->n_interaction; ++k) {
    shown[w->history_item[k]] += 1;
    liked[w->history_item[k]] += w->history_like[k] != 0;
    likes += w->history_like[k] != 0;
  }
  double mean = w->n_interaction ? likes / (double)w->n_interaction : 0.5;
  for (int64_t i = 0; i < w->n_item; ++i) {
    double pos = (double)(w->pos_offset[i + 1] - w->pos_offset[i]);
    double neg = (double)(w->neg_offset[i + 1] - w->neg_offset[i]);
    float *f = fact + i * n_feature;
    f[0] = (float)((liked[i] + 5 * mean) / (shown[i] + 5) - mean);
    f[1] = (float)(log1p(shown[i]) / 8);
    f[2] = (float)(log1p(pos) / 4);
    f[3] = (float)(log1p(neg) / 4);
  }
  free(block);
  return THRONG_OK;
}

throng_status item_features_make(const throng_world *world, int32_t n_direction, int32_t n_category,
                                 float *item) {
  int64_t n_feature = 2 * n_direction + n_category + AGENT_ITEM_FACTS;
  THRONG_TRY(project(world->embedding_pos, world, n_direction, n_feature, item));
  THRONG_TRY(project(world->embedding_neg, world, n_direction, n_feature, item + n_direction));
  for (int64_t i = 0; n_category && i < world->n_item; ++i)
    for (int64_t k = world->category_offset[i]; k < world->category_offset[i + 1]; ++k)
      item[i * n_feature + 2 * n_direction + world->category[k] % n_category] = 1.0f;
  return item_facts(world, n_feature, item + 2 * n_direction + n_category);
}
