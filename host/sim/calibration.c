/// f_cal's tables: an item's like rate, and a user's effect beside it (a random intercept with a
/// normal prior whose variance the users themselves tell).
#include "sim/calibration.h"

#include <math.h>
#include <stdlib.h>

#include "base/status.h"
#include "sim/calibration_rows.h"
#include "sim/logistic.h"
#include "world/world.h"

void calibration_free(calibration *c) {
  free(c->item_rate);
  free(c->user_effect);
  free(c->item_n);
  free(c->user_n);
  tensors_free(&c->on_backend);
  *c = (calibration){0};
}

bool calibration_suits(const sta_calibration *fitted, const throng_votes_def *def) {
  return (int)fitted->semantics == (int)def->semantics &&
         (int)fitted->similarity == (int)def->similarity;
}

// ---- counts ------------------------------------------------------------------------------------

void calibration_counts_free(calibration_counts *c) {
  free(c->item_n);
  free(c->item_like);
  free(c->offered);
  *c = (calibration_counts){0};
}

static int64_t counted_end(const calibration_counts *c, int64_t user) {
  const int64_t *offset = c->world->user_offset;
  const int64_t end = offset[user + 1] - c->hidden;
  return end > offset[user] ? end : offset[user];
}

static void count(calibration_counts *c) {
  const throng_world *w = c->world;
  int64_t n = 0, n_like = 0;
  for (int64_t u = 0; u < w->n_user; ++u)
    for (int64_t k = w->user_offset[u]; k < counted_end(c, u); ++k) {
      const int like = w->history_like[k] != 0;
      c->item_n[w->history_item[k]] += 1;
      c->item_like[w->history_item[k]] += like;
      n += 1;
      n_like += like;
    }
  c->one_kind = n_like == 0 || n_like == n;
  c->share = ((double)n_like + 1) / ((double)n + 2);
}

throng_status calibration_count(const throng_world *world, int hidden, calibration_counts *c) {
  *c = (calibration_counts){.world = world, .hidden = hidden};
  throng_status status;
#define TAKE(array, n) \
  THRONG_TRY_GOTO(throng_alloc((void **)&(array), (size_t)(n), sizeof *(array), "calibration"))
  TAKE(c->item_n, world->n_item);
  TAKE(c->item_like, world->n_item);
  TAKE(c->offered, world->n_interaction);
#undef TAKE
  count(c);
  for (int64_t u = 0; u < world->n_user; ++u)
    for (int64_t k = world->user_offset[u]; k < counted_end(c, u); ++k)
      c->offered[k] = calibration_item_logit(c, k);
  return THRONG_OK;
done:
  calibration_counts_free(c);
  return status;
}

static double item_rate(const calibration_counts *c, int64_t like, int64_t n) {
  return ((double)like + CALIBRATION_PRIOR * c->share) / ((double)n + CALIBRATION_PRIOR);
}

double calibration_item_logit(const calibration_counts *c, int64_t k) {
  const int32_t item = c->world->history_item[k];
  const int like = c->world->history_like[k] != 0;
  return logistic_logit(item_rate(c, c->item_like[item] - like, c->item_n[item] - 1));
}

// ---- users' effects ----------------------------------------------------------------------------

/// Newton's method on a concave function of one number; steps of at most 1 keep it from jumping.
double calibration_user_effect(const calibration_counts *c, int64_t user, int64_t end,
                               double variance, double start, double *curvature) {
  const throng_world *w = c->world;
  double b = start;
  for (int taken = 0; taken < 50; ++taken) {
    double gradient = -b / variance, h = 1 / variance;
    for (int64_t k = w->user_offset[user]; k < end; ++k) {
      const double p = logistic_sigmoid(c->offered[k] + b);
      gradient += (w->history_like[k] != 0) - p;
      h += p * (1 - p);
    }
    const double step = fmin(fmax(gradient / h, -1), 1);
    b += step;
    *curvature = h;
    if (fabs(step) < 1e-10) break;
  }
  return b;
}

throng_status calibration_user_variance(const calibration_counts *c, double *out) {
  const throng_world *w = c->world;
  double *effect, variance = 1;
  THRONG_TRY(throng_alloc((void **)&effect, (size_t)w->n_user, sizeof *effect, "calibration"));
  for (int taken = 0; taken < CALIBRATION_EM_STEPS; ++taken) {
    double sum = 0, curvature = 1;
    int64_t n = 0;
    for (int64_t u = 0; u < w->n_user; ++u) {
      if (counted_end(c, u) == w->user_offset[u]) continue;
      effect[u] = calibration_user_effect(c, u, counted_end(c, u), variance, effect[u], &curvature);
      sum += effect[u] * effect[u] + 1 / curvature;
      ++n;
    }
    if (n) variance = fmax(sum / (double)n, 1e-6);
  }
  free(effect);
  *out = variance;
  return THRONG_OK;
}

// ---- tables ------------------------------------------------------------------------------------

throng_status calibration_make(const throng_world *world, const sta_calibration *fitted, int hidden,
                               calibration *out) {
  calibration_counts counts = {0};
  throng_status status;
  *out = (calibration){.fitted = *fitted, .n_item = world->n_item, .n_user = world->n_user};
#define TAKE(array, n) \
  THRONG_TRY_GOTO(throng_alloc((void **)&(array), (size_t)(n), sizeof *(array), "calibration"))
  TAKE(out->item_rate, world->n_item);
  TAKE(out->item_n, world->n_item);
  TAKE(out->user_effect, world->n_user);
  TAKE(out->user_n, world->n_user);
#undef TAKE
  THRONG_TRY_GOTO(calibration_count(world, hidden, &counts));
  out->share = counts.share;
  for (int64_t i = 0; i < world->n_item; ++i) {
    out->item_n[i] = counts.item_n[i];
    out->item_rate[i] = item_rate(&counts, counts.item_like[i], counts.item_n[i]);
  }
  for (int64_t u = 0; u < world->n_user; ++u) {
    double curvature;
    const int64_t end = counted_end(&counts, u);
    out->user_n[u] = end - world->user_offset[u];
    out->user_effect[u] =
        calibration_user_effect(&counts, u, end, fitted->user_variance, 0, &curvature);
  }
done:
  calibration_counts_free(&counts);
  if (status != THRONG_OK) calibration_free(out);
  return status;
}

static throng_status upload(throng_backend *backend, int64_t n, const float *term,
                            const float *to) {
  return backend->ops->upload(backend, (void *)(uintptr_t)to, term, (size_t)n * sizeof *term);
}

throng_status calibration_upload(calibration *c, throng_backend *backend) {
  const sta_calibration *f = &c->fitted;
  const int64_t most = c->n_item > c->n_user ? c->n_item : c->n_user;
  THRONG_TRY(
      tensors_add(&c->on_backend, &c->view.item, TENSOR_F32, TENSOR_SHAPE(c->n_item), "item"));
  THRONG_TRY(
      tensors_add(&c->on_backend, &c->view.user, TENSOR_F32, TENSOR_SHAPE(c->n_user), "user"));
  THRONG_TRY(tensors_allocate(&c->on_backend, backend, "calibration"));
  float *term;
  THRONG_TRY(throng_alloc((void **)&term, (size_t)most, sizeof *term, "calibration"));
  for (int64_t i = 0; i < c->n_item; ++i)
    term[i] = (float)(f->item * logistic_logit(c->item_rate[i]));
  throng_status status = upload(backend, c->n_item, term, c->view.item);
  for (int64_t u = 0; u < c->n_user; ++u)
    term[u] = (float)(f->intercept + f->user * c->user_effect[u]);
  if (status == THRONG_OK) status = upload(backend, c->n_user, term, c->view.user);
  free(term);
  c->view.mat = (float)f->mat;
  c->view.sim = (float)f->sim;
  c->view.sta = (float)f->sta;
  c->view.prior_pos = (float)(f->smoothing * c->share);
  c->view.prior_neg = (float)(f->smoothing * (1 - c->share));
  c->view.threshold = (float)f->threshold;
  return status;
}
