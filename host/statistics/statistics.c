/// Means that outliers do not move, and bootstrap intervals stratified by task.
#include "statistics/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "kernels/base/random.h"

double statistics_mean(int64_t n, const double *x) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  return n > 0 ? sum / (double)n : (double)NAN;
}

double statistics_standard_error(int64_t n, const double *x) {
  const double mean = statistics_mean(n, x);
  double sum = 0;
  if (n < 2) return (double)NAN;
  for (int64_t i = 0; i < n; ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sqrt(sum / (double)(n - 1) / (double)n);
}

static double iqm_of_sorted(int64_t n, const double *x) {
  const int64_t cut = n / 4;
  return statistics_mean(n - 2 * cut, x + cut);
}

/// For few values, as a bootstrap asks it thousands of times.
static void sort(int64_t n, double *x) {
  if (n > 64) {
    sort_numbers(n, x);
    return;
  }
  for (int64_t i = 1; i < n; ++i) {
    const double value = x[i];
    int64_t k = i;
    for (; k > 0 && x[k - 1] > value; --k) x[k] = x[k - 1];
    x[k] = value;
  }
}

throng_status statistics_iqm(int64_t n, const double *x, double *out) {
  void *block;
  *out = (double)NAN;
  for (int64_t i = 0; i < n; ++i)
    if (isnan(x[i])) return THRONG_OK;
  if (n == 0) return THRONG_OK;
  THRONG_TRY(throng_alloc(&block, (size_t)n, sizeof *x, "interquartile mean"));
  memcpy(block, x, (size_t)n * sizeof *x);
  sort(n, block);
  *out = iqm_of_sorted(n, block);
  free(block);
  return THRONG_OK;
}

/// numpy.percentile's linear interpolation in sorted values.
static double quantile(int64_t n, const double *x, double q) {
  const double at = q * (double)(n - 1);
  const int64_t i = (int64_t)at;
  return i + 1 < n ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[n - 1];
}

/// What a resample is drawn for: so that no two use the same numbers.
enum { DRAW_X, DRAW_Y, DRAW_COUNTS };

static void resample(uint32_t seed, int64_t number, int which, int64_t n_task, int64_t n_run,
                     const double *x, double *out) {
  random_words words = {{0, 0, 0, 0}};
  for (int64_t t = 0; t < n_task; ++t)
    for (int64_t i = 0; i < n_run; ++i) {
      if (i % 4 == 0)
        words = random_draw(seed, RANDOM_BOOTSTRAP, (uint32_t)(i / 4), (uint32_t)t,
                            (uint32_t)number, (uint32_t)which);
      out[t * n_run + i] = x[t * n_run + random_index(words.w[i % 4], (uint32_t)n_run)];
    }
}

static throng_status check(int64_t n_task, int64_t n_run, double level, int64_t resamples) {
  if (n_task < 1 || n_run < 1 || n_task * n_run > INT32_MAX)
    return throng_fail(THRONG_ERROR_ARGUMENT, "bootstrap: %lld tasks of %lld runs",
                       (long long)n_task, (long long)n_run);
  if (!(level > 0 && level < 1) || resamples < 1 || resamples > INT32_MAX)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "bootstrap: expected a level in 0..1 and at least one resample, not %g "
                       "and %lld",
                       level, (long long)resamples);
  return THRONG_OK;
}

static bool all_numbers(int64_t n, const double *x) {
  for (int64_t i = 0; i < n; ++i)
    if (isnan(x[i])) return false;
  return true;
}

/// The interval of `value` (resamples), which is sorted here.
static void take_interval(int64_t resamples, double *value, double level,
                          statistics_interval *out) {
  sort_numbers(resamples, value);
  out->low = quantile(resamples, value, (1 - level) / 2);
  out->high = quantile(resamples, value, (1 + level) / 2);
}

void statistics_percentiles(int64_t n, double *value, double level, double *low, double *high) {
  int64_t kept = 0;
  for (int64_t i = 0; i < n; ++i)
    if (!isnan(value[i])) value[kept++] = value[i];
  statistics_interval interval = {.low = (double)NAN, .high = (double)NAN};
  if (kept > 0) take_interval(kept, value, level, &interval);
  *low = interval.low;
  *high = interval.high;
}

void statistics_resample(uint32_t seed, int64_t number, int64_t n, int32_t *count) {
  random_words words = {{0, 0, 0, 0}};
  memset(count, 0, (size_t)n * sizeof *count);
  for (int64_t i = 0; i < n; ++i) {
    if (i % 4 == 0)
      words =
          random_draw(seed, RANDOM_BOOTSTRAP, (uint32_t)(i / 4), 0, (uint32_t)number, DRAW_COUNTS);
    ++count[random_index(words.w[i % 4], (uint32_t)n)];
  }
}

static double aggregate(statistics_of of, int64_t n, double *x) {
  if (of == STATISTICS_MEAN) return statistics_mean(n, x);
  sort(n, x);
  return iqm_of_sorted(n, x);
}

throng_status statistics_bootstrap(statistics_of of, int64_t n_task, int64_t n_run, const double *x,
                                   double level, int64_t resamples, uint32_t seed,
                                   statistics_interval *out) {
  const int64_t n = n_task * n_run;
  void *block;
  *out = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  THRONG_TRY(check(n_task, n_run, level, resamples));
  if (!all_numbers(n, x)) return THRONG_OK;
  THRONG_TRY(throng_alloc(&block, (size_t)(n + resamples), sizeof(double), "bootstrap"));
  double *drawn = block, *value = drawn + n;
  memcpy(drawn, x, (size_t)n * sizeof *x);
  out->point = aggregate(of, n, drawn);
  for (int64_t r = 0; r < resamples; ++r) {
    resample(seed, r, DRAW_X, n_task, n_run, x, drawn);
    value[r] = aggregate(of, n, drawn);
  }
  take_interval(resamples, value, level, out);
  free(block);
  return THRONG_OK;
}

static double improvement(int64_t n_task, int64_t n_x, const double *x, int64_t n_y,
                          const double *y) {
  double sum = 0;
  for (int64_t t = 0; t < n_task; ++t)
    for (int64_t i = 0; i < n_x; ++i)
      for (int64_t j = 0; j < n_y; ++j) {
        const double a = x[t * n_x + i], b = y[t * n_y + j];
        sum += a > b ? 1 : a == b ? 0.5 : 0;
      }
  return sum / (double)(n_task * n_x * n_y);
}

throng_status statistics_probability_of_improvement(int64_t n_task, int64_t n_x, const double *x,
                                                    int64_t n_y, const double *y, double level,
                                                    int64_t resamples, uint32_t seed,
                                                    statistics_interval *out) {
  const int64_t size_x = n_task * n_x, size_y = n_task * n_y;
  void *block;
  *out = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  THRONG_TRY(check(n_task, n_x, level, resamples));
  THRONG_TRY(check(n_task, n_y, level, resamples));
  if (!all_numbers(size_x, x) || !all_numbers(size_y, y)) return THRONG_OK;
  THRONG_TRY(
      throng_alloc(&block, (size_t)(size_x + size_y + resamples), sizeof(double), "bootstrap"));
  double *drawn_x = block, *drawn_y = drawn_x + size_x, *value = drawn_y + size_y;
  out->point = improvement(n_task, n_x, x, n_y, y);
  for (int64_t r = 0; r < resamples; ++r) {
    resample(seed, r, DRAW_X, n_task, n_x, x, drawn_x);
    resample(seed, r, DRAW_Y, n_task, n_y, y, drawn_y);
    value[r] = improvement(n_task, n_x, drawn_x, n_y, drawn_y);
  }
  take_interval(resamples, value, level, out);
  free(block);
  return THRONG_OK;
}

static double share_above(int64_t n, const double *x, double tau) {
  int64_t above = 0;
  for (int64_t i = 0; i < n; ++i) above += x[i] > tau;
  return (double)above / (double)n;
}

throng_status statistics_profile(int64_t n_task, int64_t n_run, const double *x, int64_t n_tau,
                                 const double *tau, double level, int64_t resamples, uint32_t seed,
                                 statistics_interval *out) {
  const int64_t n = n_task * n_run;
  void *block;
  for (int64_t k = 0; k < n_tau; ++k)
    out[k] = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  THRONG_TRY(check(n_task, n_run, level, resamples));
  if (!all_numbers(n, x) || n_tau < 1) return THRONG_OK;
  THRONG_TRY(throng_alloc(&block, (size_t)(n + resamples * n_tau), sizeof(double), "bootstrap"));
  double *drawn = block, *value = drawn + n;
  for (int64_t r = 0; r < resamples; ++r) {
    resample(seed, r, DRAW_X, n_task, n_run, x, drawn);
    for (int64_t k = 0; k < n_tau; ++k) value[k * resamples + r] = share_above(n, drawn, tau[k]);
  }
  for (int64_t k = 0; k < n_tau; ++k) {
    out[k].point = share_above(n, x, tau[k]);
    take_interval(resamples, value + k * resamples, level, &out[k]);
  }
  free(block);
  return THRONG_OK;
}

throng_status statistics_paired(int64_t n, const double *x, const double *y, double level,
                                int64_t resamples, uint32_t seed, statistics_interval *out) {
  void *block;
  *out = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  THRONG_TRY(check(1, n, level, resamples));
  THRONG_TRY(throng_alloc(&block, (size_t)n, sizeof *x, "bootstrap"));
  double *difference = block;
  for (int64_t i = 0; i < n; ++i) difference[i] = x[i] - y[i];
  throng_status status =
      statistics_bootstrap(STATISTICS_MEAN, 1, n, difference, level, resamples, seed, out);
  free(block);
  return status;
}
