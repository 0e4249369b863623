/// The memory of a fit of SASRec, Adam's step and the batch's loss.
#include "sta/sta_trainer.h"

#include <math.h>
#include <stdlib.h>

#include "data/split.h"
#include "kernels/list.h"
#include "world/unseen.h"
#include "world/world.h"

static int compare_items(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

static throng_status sort_items(sta_trainer *t) {
  const throng_world *world = t->world;
  THRONG_TRY(throng_alloc((void **)&t->sorted, (size_t)world->n_interaction, sizeof *t->sorted,
                          "users' training items"));
  for (int64_t user = 0; user < world->n_user; ++user) {
    const int64_t begin = world->user_offset[user];
    const int64_t n = split_train_length(world->user_offset[user + 1] - begin);
    for (int64_t k = 0; k < n; ++k) t->sorted[begin + k] = world->history_item[begin + k];
    qsort(t->sorted + begin, (size_t)n, sizeof *t->sorted, compare_items);
  }
  return THRONG_OK;
}

static throng_status take_work(sta_trainer *t) {
  STA_WORK_PREAMBLE(t)
#define X(type, tensor_type, name, ...) \
  THRONG_TRY(                           \
      tensors_add(&t->work, &t->name, TENSOR_##tensor_type, TENSOR_SHAPE(__VA_ARGS__), #name));
  STA_WORK_ARRAYS(X)
#undef X
  THRONG_TRY(tensors_allocate(&t->work, t->backend, "fit of f_sta, one batch"));
  return BACKEND_LAUNCH(t->backend, fill, N + E, (&(fill_args){.x = t->ones, .value = 1.0f}));
}

static throng_status take_batch(sta_trainer *t) {
#define X(type, tensor_type, name, most, used)                                                    \
  THRONG_TRY(throng_alloc((void **)&t->host.name, (size_t)(most), sizeof(type), "batch"));        \
  THRONG_TRY(tensors_add(&t->batch_set, &t->batch.name, TENSOR_##tensor_type, TENSOR_SHAPE(most), \
                         #name));
  STA_BATCH_ARRAYS(X, t, &t->host)
#undef X
  return tensors_allocate(&t->batch_set, t->backend, "fit of f_sta, batch");
}

static throng_status take_like_parameters(sta_trainer *t, tensor_set *set, sta_arrays *arrays,
                                          const char *what) {
  THRONG_TRY(sta_register(&t->sta->def, t->sta->n_user, t->sta->n_item, set, arrays));
  return tensors_allocate(set, t->backend, what);
}

int32_t sta_negatives(const throng_sta_def *def, const throng_world *world) {
  if (def->objective != THRONG_STA_LABEL) return 0;
  return def->negatives >= 0 ? def->negatives : world_lacks_dislikes(world);
}

throng_status sta_trainer_create(throng_sta *sta, const throng_world *world, sta_trainer *t) {
  *t = (sta_trainer){.sta = sta, .world = world, .backend = sta->backend};
  t->negatives = sta_negatives(&sta->def, world);
  const throng_sta_def *def = &sta->def;
  THRONG_TRY(sta_windows_create(world, def, &t->windows));
  t->most_sequence = def->batch < t->windows.n ? def->batch : t->windows.n;
  sta_windows_most(&t->windows, def->window, t->most_sequence, &t->most_token, &t->most_example);
  // Sampled dislikes are windows of their own, with the same history.
  t->most_sequence *= 1 + t->negatives;
  t->most_token *= 1 + t->negatives;
  t->most_example *= 1 + t->negatives;
  if (t->most_token + 2 * t->most_example > INT32_MAX / 4)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sta.batch: %d windows of %d make too large a batch%s", def->batch,
                       def->window, t->negatives ? " (sta.negatives multiplies it)" : "");
  if (def->objective == THRONG_STA_NEXT_ITEM || t->negatives) THRONG_TRY(sort_items(t));
  THRONG_TRY(take_batch(t));
  THRONG_TRY(take_work(t));
  THRONG_TRY(take_like_parameters(t, &t->gradient_set, &t->gradient, "f_sta's gradients"));
  THRONG_TRY(take_like_parameters(t, &t->first_set, &t->first, "f_sta's first moments"));
  THRONG_TRY(take_like_parameters(t, &t->second_set, &t->second, "f_sta's second moments"));
  return take_like_parameters(t, &t->best_set, &t->best, "f_sta's best weights");
}

void sta_trainer_free(sta_trainer *t) {
  sta_windows_free(&t->windows);
  free(t->sorted);
#define X(type, tensor_type, name, most, used) free(t->host.name);
  STA_BATCH_ARRAYS(X, , )
#undef X
  tensors_free(&t->batch_set);
  tensors_free(&t->work);
  tensors_free(&t->gradient_set);
  tensors_free(&t->first_set);
  tensors_free(&t->second_set);
  tensors_free(&t->best_set);
}

sta_dropout sta_dropout_at(const sta_trainer *t, bool train, uint32_t site) {
  return (sta_dropout){.rate = train ? t->sta->def.dropout : 0.0f,
                       .seed = t->sta->def.seed,
                       .step = t->step,
                       .site = site};
}

throng_status sta_adam_step(sta_trainer *t) {
  const throng_sta_def *def = &t->sta->def;
  const double step = (double)t->step + 1;
  const sta_adam_args args = {.n = sta_fitted_size(t->sta),
                              .x = t->sta->parameters.block,
                              .m = t->first_set.block,
                              .v = t->second_set.block,
                              .grad = t->gradient_set.block,
                              .learning_rate = def->learning_rate,
                              .beta1 = def->beta1,
                              .beta2 = def->beta2,
                              .epsilon = 1e-8f,
                              .weight_decay = def->weight_decay,
                              .correction1 = (float)(1.0 - pow((double)def->beta1, step)),
                              .correction2 = (float)sqrt(1.0 - pow((double)def->beta2, step))};
  THRONG_TRY(
      BACKEND_LAUNCH(t->backend, sta_adam, (args.n + STA_ADAM_CHUNK - 1) / STA_ADAM_CHUNK, &args));
  ++t->step;
  return THRONG_OK;
}

throng_status sta_loss_sum(sta_trainer *t, float *scratch, double *sum) {
  const int64_t n = t->batch.n_example;
  *sum = 0;
  THRONG_TRY(t->backend->ops->download(t->backend, scratch, t->loss, (size_t)n * sizeof *scratch));
  for (int64_t i = 0; i < n; ++i) *sum += scratch[i];
  return THRONG_OK;
}
