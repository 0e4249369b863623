/// The epochs of a fit of f_sta (SASRec), early stopping and the report. What a batch does is
/// sta_trainer.h's.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory_plan.h"
#include "data/split.h"
#include "kernels/base/random.h"
#include "sta/sta_evaluate.h"
#include "sta/sta_prior.h"
#include "sta/sta_trainer.h"
#include "world/unseen.h"
#include "world/world.h"

typedef struct fit {
  throng_backend *backend;
  throng_sta *sta;
  sta_trainer trainer;
  sta_evaluation validation, test;
  sta_answers answers;
  int64_t *order;  // (n_window) shuffled each epoch
  float *loss;     // (most_example)
  const throng_progress *progress;
} fit;

/// Fisher-Yates from the first order, so that an epoch's order depends on its number alone.
static void shuffle(fit *f, int32_t epoch) {
  const int64_t n = f->trainer.windows.n;
  for (int64_t i = 0; i < n; ++i) f->order[i] = i;
  for (int64_t i = n - 1; i > 0; --i) {
    random_words r =
        random_draw(f->sta->def.seed, RANDOM_SHUFFLE, (uint32_t)i, (uint32_t)epoch, 0, 0);
    const int64_t j = (int64_t)random_index(r.w[0], (uint32_t)i + 1);
    const int64_t kept = f->order[i];
    f->order[i] = f->order[j];
    f->order[j] = kept;
  }
}

static throng_status learn_batch(fit *f, int64_t first, int64_t n, double *loss) {
  sta_trainer *t = &f->trainer;
  sta_batch_compose(t, n, f->order + first);
  THRONG_TRY(sta_batch_upload(t));
  THRONG_TRY(sta_forward(t, true));
  THRONG_TRY(sta_backward(t));
  THRONG_TRY(sta_adam_step(t));
  return sta_loss_sum(t, f->loss, loss);
}

static throng_status learn_epoch(fit *f, int32_t epoch, double *mean_loss) {
  const throng_sta_def *def = &f->sta->def;
  const int64_t n = f->trainer.windows.n;
  int64_t n_example = 0;
  double sum = 0;
  shuffle(f, epoch);
  for (int64_t first = 0; first < n; first += def->batch) {
    if (!throng_report(f->progress, "fit f_sta", (epoch - 1) * n + first, def->epochs * n,
                       "windows"))
      return throng_cancelled("fit f_sta");
    double loss = 0;
    THRONG_TRY(learn_batch(f, first, n - first < def->batch ? n - first : def->batch, &loss));
    if (!isfinite(loss))
      return throng_fail(THRONG_ERROR_DIVERGED,
                         "fit f_sta: the loss became %g in epoch %d, batch %lld: "
                         "sta.learning_rate %g is too large for this world; try %g",
                         loss, epoch, (long long)(first / def->batch) + 1,
                         (double)def->learning_rate, (double)def->learning_rate / 10);
    sum += loss;
    n_example += f->trainer.host.n_example;
  }
  *mean_loss = sum / (double)n_example;
  return THRONG_OK;
}

static throng_status copy_weights(fit *f, void *to, const void *from) {
  throng_backend *backend = f->sta->backend;
  return backend->ops->copy(backend, to, from, f->sta->parameters.bytes);
}

/// What early stopping watches, higher being better. NaN where it cannot be measured.
static double watched(const fit *f, const sta_measures *m) {
  const throng_sta_def *def = &f->sta->def;
  if (def->objective == THRONG_STA_NEXT_ITEM) return m->ndcg10;
  return def->stop_on == THRONG_STA_STOP_AUC ? m->auc : -m->log_loss;
}

static void note_epoch(const fit *f, int32_t epoch, double loss, const sta_measures *m,
                       double seconds) {
  if (f->sta->def.objective == THRONG_STA_LABEL)
    throng_note(f->progress, "epoch %d: loss %.4f, validation log-loss %.4f, AUC %.4f, %.2f s",
                epoch, loss, m->log_loss, m->auc, seconds);
  else
    throng_note(f->progress, "epoch %d: loss %.4f, validation HR@10 %.4f, NDCG@10 %.4f, %.2f s",
                epoch, loss, m->hr10, m->ndcg10, seconds);
}

/// What the user can do about a vote that validation cannot tell from noise.
static void note_chance(const fit *f, const throng_sta_report *report, double low) {
  const throng_sta_def *def = &f->sta->def;
  const bool label = def->objective == THRONG_STA_LABEL;
  const sta_windows *windows = &f->trainer.windows;
  char measured[96];
  if (isnan(low))
    snprintf(measured, sizeof measured, "there is nothing to validate on (answers of both kinds)");
  else
    snprintf(measured, sizeof measured,
             "validation %s %.3f may be chance (95 %% interval from %.3f)", label ? "AUC" : "HR@10",
             label ? report->validation_auc : report->validation_hr10, low);
  throng_note(f->progress,
              "warning: f_sta: %s. What may help: longer histories or more users (%lld answers "
              "were learned from), sta.dropout 0.2 to 0.5, another sta.learning_rate%s; or leave "
              "f_sta out of the rule (votes.rule, votes.weights)",
              measured, (long long)windows->n_example, label && !def->biases ? ", sta.biases" : "");
}

static throng_status learn(fit *f, throng_sta_report *report) {
  const throng_sta_def *def = &f->sta->def;
  double best = -INFINITY, seconds = 0, low = NAN;
  THRONG_TRY(throng_alloc((void **)&f->sta->epoch, (size_t)def->epochs, sizeof *f->sta->epoch,
                          "epochs of a fit"));
  for (int32_t epoch = 1; epoch <= def->epochs; ++epoch) {
    const double start = clock_now();
    double loss = 0;
    sta_measures m;
    THRONG_TRY(learn_epoch(f, epoch, &loss));
    const double taken = clock_now() - start;
    seconds += taken;
    THRONG_TRY(sta_prior_fill(f->sta, &f->answers));
    THRONG_TRY(sta_products_make(f->sta));
    THRONG_TRY(sta_evaluation_run(&f->validation, &m));
    note_epoch(f, epoch, loss, &m, taken);
    f->sta->epoch[f->sta->n_epoch++] = (sta_epoch){loss, m.log_loss, m.auc, m.hr10, m.ndcg10};
    report->epochs = epoch;
    report->seconds_per_epoch = seconds / epoch;
    const double now = watched(f, &m);
    if (isnan(now) || now > best) {  // nothing to watch: the last epoch counts
      best = isnan(now) ? best : now;
      report->best_epoch = epoch;
      report->train_loss = loss;
      report->validation_auc = m.auc;
      report->validation_log_loss = m.log_loss;
      report->validation_hr10 = m.hr10;
      report->validation_ndcg10 = m.ndcg10;
      low = m.low;
      THRONG_TRY(copy_weights(f, f->trainer.best_set.block, f->sta->parameters.block));
    } else if (epoch - report->best_epoch >= def->patience) {
      break;
    }
  }
  THRONG_TRY(copy_weights(f, f->sta->parameters.block, f->trainer.best_set.block));
  THRONG_TRY(sta_products_make(f->sta));
  report->near_chance = !(low > (def->objective == THRONG_STA_LABEL ? 0.5 : STA_CHANCE_HR10));
  if (report->near_chance) note_chance(f, report, low);
  return THRONG_OK;
}

static throng_status test(fit *f, throng_sta_report *report) {
  sta_measures m;
  THRONG_TRY(sta_evaluation_run(&f->test, &m));
  report->test_auc = m.auc;
  report->test_log_loss = m.log_loss;
  report->test_hr10 = m.hr10;
  report->test_ndcg10 = m.ndcg10;
  return THRONG_OK;
}

/// Items that were drawn as negatives have been learned of, too.
static void count_negatives(fit *f) {
  const throng_sta *sta = f->sta;
  if (sta->def.objective == THRONG_STA_LABEL && !f->trainer.negatives) return;
  for (int64_t i = 0; i < sta->n_item - sta->n_cold; ++i)
    if (f->answers.item[i] == 0) f->answers.item[i] = 1;
}

static throng_status prepare(fit *f, const throng_world *world) {
  sta_trainer *t = &f->trainer;
  THRONG_TRY(sta_trainer_create(f->sta, world, t));
  THRONG_TRY(sta_answers_count(world, SPLIT_HELD_OUT, &f->answers));
  count_negatives(f);
  THRONG_TRY(throng_alloc((void **)&f->order, (size_t)t->windows.n, sizeof *f->order, "order"));
  THRONG_TRY(throng_alloc((void **)&f->loss, (size_t)t->most_example, sizeof *f->loss, "losses"));
  THRONG_TRY(sta_evaluation_create(f->sta, world, SPLIT_VALIDATION, &f->validation));
  return sta_evaluation_create(f->sta, world, SPLIT_TEST, &f->test);
}

static void note_negatives(const fit *f, const throng_sta_def *def) {
  if (f->trainer.negatives > 0)
    throng_note(f->progress,
                "%sbeside each like %d unseen item%s, drawn evenly, stand%s for a dislike "
                "(sta.negatives)",
                def->negatives < 0 ? "the world has no dislikes: " : "", f->trainer.negatives,
                f->trainer.negatives > 1 ? "s" : "", f->trainer.negatives > 1 ? "" : "s");
  else if (world_lacks_dislikes(f->trainer.world) && def->objective == THRONG_STA_LABEL)
    throng_note(f->progress,
                "warning: the world has no dislikes and sta.negatives is 0: p will be near 1 for "
                "everything");
}

static void fit_free(fit *f) {
  sta_trainer_free(&f->trainer);
  sta_evaluation_free(&f->validation);
  sta_evaluation_free(&f->test);
  sta_answers_free(&f->answers);
  free(f->order);
  free(f->loss);
}

/// On a device: the sum of everything that a fit takes, against what is free, before it begins.
static throng_status check_memory(throng_backend *backend, const throng_world *world,
                                  const throng_sta_def *def) {
  throng_backend *plan;
  fit trial = {0};
  if (!backend->ops->memory) return THRONG_OK;
  THRONG_TRY(memory_plan_open(backend, &plan));
  throng_status status = throng_sta_create(plan, world, def, &trial.sta);
  if (status == THRONG_OK) status = prepare(&trial, world);
  if (status == THRONG_OK)
    status = memory_plan_check(plan, backend, 0, "the fit of f_sta",
                               "sta.batch, sta.width or sta.window");
  fit_free(&trial);
  throng_sta_close(trial.sta);
  throng_backend_close(plan);
  return status;
}

/// Like rates where there are too few answers to fit: `n` is how many. Nothing is stopped by
/// validation here, and so they are of all answers but each user's last.
static throng_status fit_rates(fit *f, const throng_world *world, const throng_sta_def *def,
                               int64_t n, throng_sta_report *report) {
  *report = (throng_sta_report){.like_rates = true, .near_chance = true, .train_loss = NAN};
  report->validation_auc = report->validation_log_loss = NAN;
  report->validation_hr10 = report->validation_ndcg10 = NAN;
  throng_note(
      f->progress,
      "warning: f_sta: all but each user's last %d interactions leave %lld answers to learn "
      "from, and a fit takes %d: p is made of like rates of user and item, smoothed, of all "
      "but each user's last answer",
      SPLIT_HELD_OUT, (long long)n, STA_FEWEST_ANSWERS);
  THRONG_TRY(sta_rates_create(f->backend, world, def, SPLIT_TEST, &f->sta));
  THRONG_TRY(sta_evaluation_create(f->sta, world, SPLIT_TEST, &f->test));
  return test(f, report);
}

/// Answers to learn from.
static throng_status count_answers(const throng_world *world, const throng_sta_def *def,
                                   int64_t *n) {
  sta_windows windows;
  THRONG_TRY(sta_check_def(def));
  throng_status status = sta_windows_create(world, def, &windows);
  *n = windows.n_example;
  sta_windows_free(&windows);
  return status;
}

static throng_status fit_model(fit *f, const throng_world *world, const throng_sta_def *def,
                               throng_sta_report *report) {
  THRONG_TRY(check_memory(f->backend, world, def));
  THRONG_TRY(throng_sta_create(f->backend, world, def, &f->sta));
  THRONG_TRY(prepare(f, world));
  f->sta->def.negatives = f->trainer.negatives;
  note_negatives(f, def);
  THRONG_TRY(learn(f, report));
  return test(f, report);
}

throng_status throng_sta_fit(throng_backend *backend, const throng_world *world,
                             const throng_sta_def *def, const throng_progress *progress,
                             throng_sta **out, throng_sta_report *report) {
  throng_sta_report unused;
  if (!report) report = &unused;
  *report = (throng_sta_report){0};
  *out = NULL;
  fit f = {.backend = backend, .progress = progress};
  int64_t n;
  THRONG_TRY(count_answers(world, def, &n));
  throng_status status = n < STA_FEWEST_ANSWERS ? fit_rates(&f, world, def, n, report)
                                                : fit_model(&f, world, def, report);
  fit_free(&f);
  if (status == THRONG_OK)
    *out = f.sta;
  else
    throng_sta_close(f.sta);
  return status;
}
