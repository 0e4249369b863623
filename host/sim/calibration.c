/// f_cal's tables: an item's and a user's effect and factors, times their weights.
#include "sim/calibration.h"

#include <stdlib.h>

#include "base/status.h"
#include "world/world.h"

void calibration_free(calibration *c) {
  world_fit_give_back(c->fit);
  world_fit_give_back(c->factors_fit);
  tensors_free(&c->on_backend);
  *c = (calibration){0};
}

bool calibration_suits(const sta_calibration *fitted, const throng_votes_def *def) {
  const int terms = def->factors ? STA_CALIBRATION_WITH_FACTORS : STA_CALIBRATION_TERMS;
  return (int)fitted->terms == terms && (int)fitted->semantics == (int)def->semantics &&
         (int)fitted->similarity == (int)def->similarity;
}

throng_status calibration_make(const throng_world *world, const sta_calibration *fitted, int hidden,
                               calibration *out) {
  *out = (calibration){.fitted = *fitted};
  THRONG_TRY(world_fit_take(world->fits, world, &effects_of_world, hidden, &out->fit));
  out->effects = world_fit_get(out->fit);
  if (fitted->terms != STA_CALIBRATION_WITH_FACTORS) return THRONG_OK;
  THRONG_TRY(world_fit_take(world->fits, world, &factors_of_world, hidden, &out->factors_fit));
  out->factors = world_fit_get(out->factors_fit);
  return THRONG_OK;
}

/// to (n) = constant + weight effect, on the backend.
static throng_status upload_terms(throng_backend *backend, int64_t n, const double *effect,
                                  double weight, double constant, const float *to) {
  float *term;
  THRONG_TRY(throng_alloc((void **)&term, (size_t)n, sizeof *term, "calibration"));
  for (int64_t i = 0; i < n; ++i) term[i] = (float)(constant + weight * effect[i]);
  const throng_status status =
      backend->ops->upload(backend, (void *)(uintptr_t)to, term, (size_t)n * sizeof *term);
  free(term);
  return status;
}

_Static_assert((int)CALIBRATION_FACTORS == (int)BIASED_MF_FACTORS, "kernels and fit differ");

/// to (n, CALIBRATION_FACTORS) = weight factors, on the backend.
static throng_status upload_factors(throng_backend *backend, int64_t n, const double *vector,
                                    double weight, const float *to) {
  float *factor;
  const size_t size = (size_t)n * CALIBRATION_FACTORS;
  THRONG_TRY(throng_alloc((void **)&factor, size, sizeof *factor, "calibration"));
  for (int64_t i = 0; i < n; ++i)
    for (int d = 0; d < CALIBRATION_FACTORS; ++d)  // after the bias
      factor[i * CALIBRATION_FACTORS + d] = (float)(weight * vector[i * BIASED_MF_SIZE + 1 + d]);
  const throng_status status =
      backend->ops->upload(backend, (void *)(uintptr_t)to, factor, size * sizeof *factor);
  free(factor);
  return status;
}

throng_status calibration_upload(calibration *c, throng_backend *backend) {
  const sta_calibration *f = &c->fitted;
  const effects *e = c->effects;
  THRONG_TRY(
      tensors_add(&c->on_backend, &c->view.item, TENSOR_F32, TENSOR_SHAPE(e->n_item), "item"));
  THRONG_TRY(
      tensors_add(&c->on_backend, &c->view.user, TENSOR_F32, TENSOR_SHAPE(e->n_user), "user"));
  const bool weighs = c->factors && f->factors > 0;
  if (weighs) {
    THRONG_TRY(tensors_add(&c->on_backend, &c->view.item_factor, TENSOR_F32,
                           TENSOR_SHAPE(e->n_item, CALIBRATION_FACTORS), "item_factor"));
    THRONG_TRY(tensors_add(&c->on_backend, &c->view.user_factor, TENSOR_F32,
                           TENSOR_SHAPE(e->n_user, CALIBRATION_FACTORS), "user_factor"));
  }
  THRONG_TRY(tensors_allocate(&c->on_backend, backend, "calibration"));
  if (weighs) {
    THRONG_TRY(upload_factors(backend, e->n_item, c->factors->item, 1, c->view.item_factor));
    THRONG_TRY(
        upload_factors(backend, e->n_user, c->factors->user, f->factors, c->view.user_factor));
  }
  THRONG_TRY(upload_terms(backend, e->n_item, e->item, f->item, 0, c->view.item));
  THRONG_TRY(upload_terms(backend, e->n_user, e->user, f->user, f->intercept, c->view.user));
  c->view.mat = (float)f->mat;
  c->view.sim = (float)f->sim;
  c->view.sta = (float)f->sta;
  c->view.prior_pos = (float)(f->smoothing * effects_share(e));
  c->view.prior_neg = (float)(f->smoothing * (1 - effects_share(e)));
  c->view.threshold = (float)f->threshold;
  return THRONG_OK;
}
