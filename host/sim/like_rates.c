/// f_pop's fit: counting, then a regression on two logits.
#include "sim/like_rates.h"

#include <stdlib.h>

#include "base/status.h"
#include "data/split.h"
#include "sim/logistic.h"
#include "world/world.h"

void like_rates_free(like_rates *r) {
  free(r->item_rate);
  free(r->user_rate);
  free(r->item_n);
  free(r->user_n);
  tensors_free(&r->on_backend);
  *r = (like_rates){0};
}

/// What the regression reads: logits of the rates without an answer that was a dislike [0] or a
/// like [1]. A rate depends on nothing else of the row that is left out.
typedef struct regression {
  const throng_world *world;
  double *item, *user;  // (n_item, 2), (n_user, 2)
} regression;

static int64_t train_end(const throng_world *w, int64_t user) {
  const int64_t begin = w->user_offset[user];
  return begin + split_train_length(w->user_offset[user + 1] - begin);
}

static void count(const throng_world *w, like_rates *out, int64_t *item_like, int64_t *user_like) {
  for (int64_t u = 0; u < w->n_user; ++u)
    for (int64_t k = w->user_offset[u]; k < train_end(w, u); ++k) {
      const int32_t item = w->history_item[k];
      const int like = w->history_like[k] != 0;
      out->item_n[item] += 1;
      out->user_n[u] += 1;
      item_like[item] += like;
      user_like[u] += like;
      out->n += 1;
      out->n_like += like;
    }
}

/// Rates with all answers, and logits without one answer of either kind where there is such a one.
static void smooth(double share, int64_t n, const int64_t *answers, const int64_t *likes,
                   double *rate, double *logit) {
  for (int64_t i = 0; i < n; ++i) {
    const double like = (double)likes[i] + LIKE_RATES_PRIOR * share;
    const double all = (double)answers[i] + LIKE_RATES_PRIOR;
    rate[i] = like / all;
    if (likes[i] < answers[i]) logit[2 * i] = logistic_logit(like / (all - 1));
    if (likes[i] > 0) logit[2 * i + 1] = logistic_logit((like - 1) / (all - 1));
  }
}

static void rows(const void *of, void (*add)(void *to, const double *x, int like), void *to) {
  const regression *r = of;
  const throng_world *w = r->world;
  for (int64_t u = 0; u < w->n_user; ++u)
    for (int64_t k = w->user_offset[u]; k < train_end(w, u); ++k) {
      const int like = w->history_like[k] != 0;
      const double x[3] = {1, r->item[2 * w->history_item[k] + like], r->user[2 * u + like]};
      add(to, x, like);
    }
}

static throng_status fit(const throng_world *w, like_rates *out, regression *r, int64_t *item_like,
                         int64_t *user_like) {
  count(w, out, item_like, user_like);
  if (out->n == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "f_pop: none of %lld users has more than %d interactions; the last %d of "
                       "each are kept for evaluation, so no like rate can be learned",
                       (long long)w->n_user, SPLIT_HELD_OUT, SPLIT_HELD_OUT);
  if (out->n_like == 0 || out->n_like == out->n)
    return throng_fail(THRONG_ERROR_DATA,
                       "f_pop: all of the %lld answers to learn from are %s, so that like rates "
                       "tell nothing apart",
                       (long long)out->n, out->n_like ? "likes" : "dislikes");
  out->share = ((double)out->n_like + 1) / ((double)out->n + 2);
  smooth(out->share, w->n_item, out->item_n, item_like, out->item_rate, r->item);
  smooth(out->share, w->n_user, out->user_n, user_like, out->user_rate, r->user);
  const logistic l = {.name = "f_pop",
                      .n = 3,
                      .ridge = {0, LIKE_RATES_RIDGE, LIKE_RATES_RIDGE},
                      .rows = rows,
                      .of = r};
  return logistic_fit(&l, out->weight, NULL);
}

throng_status like_rates_fit(const throng_world *world, like_rates *out) {
  const size_t n_item = (size_t)world->n_item, n_user = (size_t)world->n_user;
  regression r = {.world = world};
  int64_t *item_like = NULL, *user_like = NULL;
  throng_status status;
  *out = (like_rates){.n_item = world->n_item, .n_user = world->n_user};
#define TAKE(array, n) \
  THRONG_TRY_GOTO(throng_alloc((void **)&(array), (n), sizeof *(array), "like rates"))
  TAKE(out->item_rate, n_item);
  TAKE(out->user_rate, n_user);
  TAKE(out->item_n, n_item);
  TAKE(out->user_n, n_user);
  TAKE(item_like, n_item);
  TAKE(user_like, n_user);
  TAKE(r.item, 2 * n_item);
  TAKE(r.user, 2 * n_user);
#undef TAKE
  THRONG_TRY_GOTO(fit(world, out, &r, item_like, user_like));
done:
  free(item_like);
  free(user_like);
  free(r.item);
  free(r.user);
  if (status != THRONG_OK) like_rates_free(out);
  return status;
}

/// to (n) = constant + weight logit(rate), on the backend.
static throng_status upload_terms(throng_backend *backend, int64_t n, const double *rate,
                                  double weight, double constant, const float *to) {
  float *term;
  THRONG_TRY(throng_alloc((void **)&term, (size_t)n, sizeof *term, "like rates"));
  for (int64_t i = 0; i < n; ++i) term[i] = (float)(constant + weight * logistic_logit(rate[i]));
  throng_status status =
      backend->ops->upload(backend, (void *)(uintptr_t)to, term, (size_t)n * sizeof *term);
  free(term);
  return status;
}

throng_status like_rates_upload(like_rates *r, throng_backend *backend) {
  THRONG_TRY(
      tensors_add(&r->on_backend, &r->view.item, TENSOR_F32, TENSOR_SHAPE(r->n_item), "item"));
  THRONG_TRY(
      tensors_add(&r->on_backend, &r->view.user, TENSOR_F32, TENSOR_SHAPE(r->n_user), "user"));
  THRONG_TRY(tensors_allocate(&r->on_backend, backend, "like rates"));
  THRONG_TRY(upload_terms(backend, r->n_item, r->item_rate, r->weight[1], 0, r->view.item));
  return upload_terms(backend, r->n_user, r->user_rate, r->weight[2], r->weight[0], r->view.user);
}
