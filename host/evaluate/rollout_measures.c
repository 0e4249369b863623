/// What lanes come to, with bootstrap intervals over users.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/processors.h"
#include "evaluate/measures.h"
#include "evaluate/rollout.h"

enum { FIFTHS = 5 };

/// What a user's positions add up to; the same for both modes on the real side.
typedef struct lane_sums {
  double n, real, real_alike;
  double likes[ROLLOUT_MODES], alike[ROLLOUT_MODES];
  double ends;                                       // positions in a fifth
  double first[ROLLOUT_MODES], last[ROLLOUT_MODES];  // simulated minus real likes there
} lane_sums;

static bool is_alike(double likes, double n) { return likes == 0 || likes == n; }

static lane_sums sum_lane(const rollout_lanes *l, int64_t lane) {
  const int n = l->length[lane], fifth = n / FIFTHS > 0 ? n / FIFTHS : 1;
  const int64_t at = lane * LATER_MOST;
  lane_sums s = {.n = n, .ends = fifth};
  for (int k = 0; k < n; ++k) {
    s.real += l->real[at + k];
    for (int m = 0; m < ROLLOUT_MODES; ++m) {
      const int gap = l->answer[m][at + k] - l->real[at + k];
      s.likes[m] += l->answer[m][at + k];
      if (k < fifth) s.first[m] += gap;
      if (k >= n - fifth) s.last[m] += gap;
    }
  }
  s.real_alike = is_alike(s.real, n);
  for (int m = 0; m < ROLLOUT_MODES; ++m) s.alike[m] = is_alike(s.likes[m], n);
  return s;
}

/// Pearson's of the users' like rates; NaN where one side has no spread.
static double correlation(const lane_sums *s, int64_t n, const int32_t *weight, int mode) {
  double total = 0, x1 = 0, y1 = 0, xx = 0, yy = 0, xy = 0;
  for (int64_t u = 0; u < n; ++u) {
    const double w = weight ? weight[u] : 1;
    const double x = s[u].real / s[u].n, y = s[u].likes[mode] / s[u].n;
    total += w;
    x1 += w * x;
    y1 += w * y;
    xx += w * x * x;
    yy += w * y * y;
    xy += w * x * y;
  }
  const double vx = xx - x1 * x1 / total, vy = yy - y1 * y1 / total;
  return vx > 1e-12 && vy > 1e-12 ? (xy - x1 * y1 / total) / sqrt(vx * vy) : (double)NAN;
}

enum { REAL_VALUES = 2 };  // like rate, alike
/// real like rate, real alike, then the measures of each mode, but for both AUCs.
enum { VALUES = REAL_VALUES + ROLLOUT_MODES * ROLLOUT_MEASURE_COUNT };

static void values_of(const lane_sums *s, int64_t n, const int32_t *weight, int64_t stride,
                      double *out) {
  lane_sums t = {0};
  double users = 0;
  for (int64_t u = 0; u < n; ++u) {
    const double w = weight ? weight[u] : 1;
    users += w;
    t.n += w * s[u].n;
    t.real += w * s[u].real;
    t.real_alike += w * s[u].real_alike;
    t.ends += w * s[u].ends;
    for (int m = 0; m < ROLLOUT_MODES; ++m) {
      t.likes[m] += w * s[u].likes[m];
      t.alike[m] += w * s[u].alike[m];
      t.first[m] += w * s[u].first[m];
      t.last[m] += w * s[u].last[m];
    }
  }
  out[0] = t.real / t.n;
  out[stride] = t.real_alike / users;
  for (int m = 0; m < ROLLOUT_MODES; ++m) {
    double *to = out + (REAL_VALUES + m * ROLLOUT_MEASURE_COUNT) * stride;
    to[ROLLOUT_LIKE_RATE * stride] = t.likes[m] / t.n;
    to[ROLLOUT_GAP * stride] = (t.likes[m] - t.real) / t.n;
    to[ROLLOUT_FIRST_GAP * stride] = t.first[m] / t.ends;
    to[ROLLOUT_LAST_GAP * stride] = t.last[m] / t.ends;
    to[ROLLOUT_CORRELATION * stride] = correlation(s, n, weight, m);
    to[ROLLOUT_ALIKE * stride] = t.alike[m] / users;
  }
}

/// AUCs, by the measures that questions have; `place` is the mode's in VALUES.
static throng_status add_auc(const rollout_lanes *l, const rollout_def *def, int mode,
                             workers *pool, double *value, double *sample) {
  const int64_t cells = l->n * LATER_MOST;
  const int64_t place = REAL_VALUES + mode * ROLLOUT_MEASURE_COUNT;
  int32_t *slot = NULL, *row = NULL;
  float *rating = NULL;
  measures of = {.sample = NULL};
  throng_status status;
  int64_t n = 0;
  THRONG_TRY_GOTO(throng_alloc((void **)&slot, (size_t)cells, sizeof *slot, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&row, (size_t)cells, sizeof *row, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&rating, (size_t)cells, sizeof *rating, "rollout"));
  for (int64_t lane = 0; lane < l->n; ++lane)
    for (int k = 0; k < LATER_MOST; ++k) {
      slot[lane * LATER_MOST + k] = (int32_t)lane;
      if (k < l->length[lane]) row[n++] = (int32_t)(lane * LATER_MOST + k);
    }
  const measured_answers answers = {.n = cells,
                                    .n_user = l->n,
                                    .slot = slot,
                                    .label = l->real,
                                    .rating = rating,
                                    .score = l->score[mode],
                                    .answer = l->answer[mode],
                                    .rating_of = {(double)NAN, (double)NAN}};
  THRONG_TRY_GOTO(measures_take(&answers, n, row, def->resamples, def->seed, pool, &of));
  value[place + ROLLOUT_AUC] = of.value[MEASURE_AUC];
  value[place + ROLLOUT_WITHIN_AUC] = of.value[MEASURE_WITHIN_AUC];
  const size_t size = (size_t)def->resamples * sizeof *sample;
  const int64_t stride = def->resamples;
  if (of.sample) {
    memcpy(sample + (place + ROLLOUT_AUC) * stride, of.sample + MEASURE_AUC * stride, size);
    memcpy(sample + (place + ROLLOUT_WITHIN_AUC) * stride, of.sample + MEASURE_WITHIN_AUC * stride,
           size);
  }
done:
  measures_free(&of);
  free(slot);
  free(row);
  free(rating);
  return status;
}

static rollout_value interval(double value, int64_t n, double *sample) {
  rollout_value v = {value, (double)NAN, (double)NAN};
  statistics_percentiles(n, sample, 0.95, &v.low, &v.high);
  return v;
}

static void conclude(const double *value, int64_t n, double *sample, rollout *out) {
  for (int k = 0; k < ROLLOUT_MEASURE_COUNT; ++k) {
    const int64_t forced = REAL_VALUES + k, free_ = forced + ROLLOUT_MEASURE_COUNT;
    double *from = sample + free_ * n, *base = sample + forced * n;
    rollout_value *difference = &out->free_minus_forced[k];
    // In place: the free side's samples become differences, and its interval is taken before that.
    double *kept = sample + VALUES * n;
    memcpy(kept, from, (size_t)n * sizeof *kept);
    out->mode[ROLLOUT_FREE][k] = interval(value[free_], n, kept);
    for (int64_t r = 0; r < n; ++r) from[r] -= base[r];
    *difference = interval(value[free_] - value[forced], n, from);
    out->mode[ROLLOUT_FORCED][k] = interval(value[forced], n, base);
  }
  out->real_like_rate = interval(value[0], n, sample);
  out->real_alike = interval(value[1], n, sample + n);
}

/// All lanes that have a position, AUC by counting pairs in order.
static throng_status add_positions(const rollout_lanes *l, workers *pool, rollout *out) {
  int32_t *slot = NULL;
  uint8_t *label = NULL, *answer = NULL;
  float *rating = NULL;
  double *score = NULL;
  const size_t n = (size_t)l->n;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&slot, n, sizeof *slot, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&label, n, 1, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&answer, n, 1, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&rating, n, sizeof *rating, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&score, n, sizeof *score, "rollout"));
  for (int position = 0; position < LATER_MOST; ++position) {
    rollout_position *p = &out->position[position];
    for (int m = 0; m < ROLLOUT_MODES; ++m) {
      measured_answers a = {.n_user = l->n,
                            .slot = slot,
                            .label = label,
                            .rating = rating,
                            .score = score,
                            .answer = answer,
                            .rating_of = {(double)NAN, (double)NAN}};
      measures of;
      double likes = 0;
      for (int64_t lane = 0; lane < l->n; ++lane) {
        if (position >= l->length[lane]) continue;
        const int64_t cell = lane * LATER_MOST + position;
        slot[a.n] = (int32_t)lane;
        label[a.n] = l->real[cell];
        answer[a.n] = l->answer[m][cell];
        score[a.n++] = l->score[m][cell];
        likes += l->real[cell];
      }
      THRONG_TRY_GOTO(measures_take(&a, 0, NULL, 0, 0, pool, &of));
      p->users = a.n;
      p->real = a.n ? likes / (double)a.n : (double)NAN;
      p->simulated[m] = of.value[MEASURE_LIKE_RATE_ANSWERED];
      p->auc[m] = of.value[MEASURE_AUC];
      measures_free(&of);
    }
  }
done:
  free(slot);
  free(label);
  free(answer);
  free(rating);
  free(score);
  return status;
}

throng_status rollout_measure_lanes(const rollout_lanes *l, const rollout_def *def, rollout *out) {
  lane_sums *sum = NULL;
  int32_t *weight = NULL;
  double *sample = NULL, value[VALUES];
  workers *pool = NULL;
  const int64_t n = def->resamples;
  throng_status status;
  *out = (rollout){.def = *def, .users = l->n};
  THRONG_TRY_GOTO(workers_open(processors_usable(), &pool));
  THRONG_TRY_GOTO(throng_alloc((void **)&sum, (size_t)l->n, sizeof *sum, "rollout"));
  THRONG_TRY_GOTO(throng_alloc((void **)&weight, (size_t)l->n, sizeof *weight, "rollout"));
  // One row more, to take an interval in.
  THRONG_TRY_GOTO(
      throng_alloc((void **)&sample, (size_t)((VALUES + 1) * n), sizeof *sample, "rollout"));
  for (int64_t lane = 0; lane < l->n; ++lane) {
    sum[lane] = sum_lane(l, lane);
    out->answers += l->length[lane];
  }
  values_of(sum, l->n, NULL, 1, value);
  for (int64_t r = 0; r < n; ++r) {
    statistics_resample(def->seed, r, l->n, weight);
    values_of(sum, l->n, weight, n, sample + r);
  }
  for (int m = 0; m < ROLLOUT_MODES; ++m) THRONG_TRY_GOTO(add_auc(l, def, m, pool, value, sample));
  conclude(value, n, sample, out);
  THRONG_TRY_GOTO(add_positions(l, pool, out));
done:
  workers_close(pool);
  free(sum);
  free(weight);
  free(sample);
  return status;
}
