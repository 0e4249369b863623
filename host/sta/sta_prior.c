/// Priors of f_sta: mean embeddings for who has no training answer, like rates for a world that has
/// too few.
#include "sta/sta_prior.h"

#include <math.h>
#include <stdlib.h>

#include "world/world.h"

void sta_answers_free(sta_answers *answers) {
  free(answers->user);
  free(answers->item);
}

throng_status sta_answers_count(const throng_world *world, int held_out, sta_answers *out) {
  *out = (sta_answers){0};
  THRONG_TRY(
      throng_alloc((void **)&out->user, (size_t)world->n_user, sizeof *out->user, "answers"));
  THRONG_TRY(
      throng_alloc((void **)&out->item, (size_t)world->n_item, sizeof *out->item, "answers"));
  for (int64_t user = 0; user < world->n_user; ++user)
    for (int64_t k = world->user_offset[user]; k < world->user_offset[user + 1] - held_out; ++k) {
      out->user[user] += 1;
      out->item[world->history_item[k]] += 1;
      out->n += 1;
      out->n_like += world->history_like[k] != 0;
    }
  return THRONG_OK;
}

/// The same for one table (n, width).
static throng_status fill_table(throng_backend *backend, float *table, int64_t n, int64_t width,
                                const int32_t *answers) {
  const size_t bytes = (size_t)(n * width) * sizeof *table;
  float *rows = NULL;
  double *mean = NULL, total = 0;
  throng_status status = THRONG_OK;
  for (int64_t i = 0; i < n; ++i) total += answers[i];
  THRONG_TRY_GOTO(throng_alloc((void **)&rows, (size_t)(n * width), sizeof *rows, "embeddings"));
  THRONG_TRY_GOTO(throng_alloc((void **)&mean, (size_t)width, sizeof *mean, "embeddings"));
  THRONG_TRY_GOTO(backend->ops->download(backend, rows, table, bytes));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t d = 0; d < width; ++d) mean[d] += answers[i] / total * (double)rows[i * width + d];
  for (int64_t i = 0; i < n; ++i)
    for (int64_t d = 0; answers[i] == 0 && d < width; ++d) rows[i * width + d] = (float)mean[d];
  THRONG_TRY_GOTO(backend->ops->upload(backend, table, rows, bytes));
done:
  free(rows);
  free(mean);
  return status;
}

static bool any_without(const int32_t *answers, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    if (answers[i] == 0) return true;
  return false;
}

throng_status sta_prior_fill(throng_sta *sta, const sta_answers *answers) {
  throng_backend *backend = sta->backend;
  const int64_t width = sta->def.width;
  const sta_arrays *a = &sta->arrays;
  if (answers->n == 0) return THRONG_OK;
  if (any_without(answers->item, sta->n_item)) {
    THRONG_TRY(fill_table(backend, a->item, sta->n_item, width, answers->item));
    if (a->item_bias) THRONG_TRY(fill_table(backend, a->item_bias, sta->n_item, 1, answers->item));
  }
  if (any_without(answers->user, sta->n_user)) {
    THRONG_TRY(fill_table(backend, a->user, sta->n_user, width, answers->user));
    if (a->user_bias) THRONG_TRY(fill_table(backend, a->user_bias, sta->n_user, 1, answers->user));
  }
  return THRONG_OK;
}

static double logit_of(double likes, double answers, double prior, double share) {
  const double rate = (likes + prior * share) / (answers + prior);
  return log(rate / (1 - rate));
}

/// to (n) = logit(rate) - logit(share), on the backend.
static throng_status upload_rates(throng_backend *backend, int64_t n, const int32_t *likes,
                                  const int32_t *answers, double share, float *to) {
  float *bias;
  THRONG_TRY(throng_alloc((void **)&bias, (size_t)n, sizeof *bias, "like rates"));
  for (int64_t i = 0; i < n; ++i)
    bias[i] = (float)(logit_of(likes[i], answers[i], STA_RATES_PRIOR, share) -
                      logit_of(share, 1, 0, share));
  throng_status status = backend->ops->upload(backend, to, bias, (size_t)n * sizeof *bias);
  free(bias);
  return status;
}

static throng_status put_rates(throng_sta *sta, const throng_world *world, int held_out,
                               const sta_answers *answers) {
  throng_backend *backend = sta->backend;
  const double share = ((double)answers->n_like + 1) / ((double)answers->n + 2);
  const float bias = (float)logit_of(share, 1, 0, share);
  int32_t *user = NULL, *item = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&user, (size_t)sta->n_user, sizeof *user, "likes"));
  THRONG_TRY_GOTO(throng_alloc((void **)&item, (size_t)sta->n_item, sizeof *item, "likes"));
  for (int64_t u = 0; u < world->n_user; ++u)
    for (int64_t k = world->user_offset[u]; k < world->user_offset[u + 1] - held_out; ++k) {
      user[u] += world->history_like[k] != 0;
      item[world->history_item[k]] += world->history_like[k] != 0;
    }
  THRONG_TRY_GOTO(backend->ops->upload(backend, sta->arrays.out_bias, &bias, sizeof bias));
  THRONG_TRY_GOTO(
      upload_rates(backend, sta->n_user, user, answers->user, share, sta->arrays.user_bias));
  THRONG_TRY_GOTO(
      upload_rates(backend, sta->n_item, item, answers->item, share, sta->arrays.item_bias));
done:
  free(user);
  free(item);
  return status;
}

throng_status sta_rates_create(throng_backend *backend, const throng_world *world,
                               const throng_sta_def *def, int held_out, throng_sta **out) {
  throng_sta_def shape = *def;
  shape.objective = THRONG_STA_LABEL;
  shape.biases = true;
  THRONG_TRY(sta_allocate(backend, world, &shape, out));
  sta_answers answers;
  throng_status status = sta_answers_count(world, held_out, &answers);
  if (status == THRONG_OK) status = put_rates(*out, world, held_out, &answers);
  if (status == THRONG_OK) status = sta_products_make(*out);
  sta_answers_free(&answers);
  if (status == THRONG_OK) return THRONG_OK;
  throng_sta_close(*out);
  *out = NULL;
  return status;
}

throng_status sta_is_rates(const throng_sta *sta, bool *out) {
  const size_t n = (size_t)(sta->n_item * sta->def.width);
  float *item;
  *out = sta->arrays.item_bias != NULL;
  if (!*out) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&item, n, sizeof *item, "embeddings"));
  const throng_status status =
      sta->backend->ops->download(sta->backend, item, sta->arrays.item, n * sizeof *item);
  for (size_t k = 0; k < n && *out; ++k) *out = item[k] == 0;
  free(item);
  return status;
}
