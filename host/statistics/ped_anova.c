/// PED-ANOVA: densities of each parameter on a grid, of the best trials and of all.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "statistics/importance.h"

enum { MOST_GRID = 50, LEAST_TRIALS = 2 };
static const double target_quantile = 0.1, prior_weight = 1.0, floor_density = 1e-12;

static bool is_single(const space_parameter *p) {
  return p->kind == SPACE_CHOICE ? p->n_choice < 2 : p->low >= p->high;
}

/// Points of the grid of a number.
static int32_t grid_size(const space_parameter *p) {
  double n = MOST_GRID;
  if (p->kind == SPACE_INT && p->log)
    n = ceil(log(p->high - p->low + 1) / log(2.0)) + 1;
  else if (p->step > 0)
    n = nearbyint((p->high - p->low) / p->step) + 1;
  return n < MOST_GRID ? (int32_t)n : MOST_GRID;
}

static int32_t grid_index(const space_parameter *p, int32_t n, double x) {
  if (p->kind == SPACE_CHOICE) return (int32_t)x;
  const double low = p->log ? log(p->low) : p->low, high = p->log ? log(p->high) : p->high;
  // Half-way values go to the lower point.
  const double at = ceil(((p->log ? log(x) : x) - low) / ((high - low) / (n - 1)) - 0.5);
  return at < 0 ? 0 : at > n - 1 ? n - 1 : (int32_t)at;
}

static double normal_mass(double a, double b) {
  // On the side where the tail is small.
  if (a > 0) return 0.5 * (erfc(a / sqrt(2.0)) - erfc(b / sqrt(2.0)));
  return 0.5 * (erfc(-b / sqrt(2.0)) - erfc(-a / sqrt(2.0)));
}

/// Scott's rule over counts on a grid, the smaller of deviation and interquartile range.
static double bandwidth(int32_t n, const double *count, double total) {
  double mean = 0, square = 0, below = 0;
  int32_t first = -1, third = -1, last = 0;
  const double quarter = floor(total / 4), three = floor(total * 3 / 4);
  for (int32_t i = 0; i < n; ++i) mean += i * count[i] / total;
  for (int32_t i = 0; i < n; ++i) {
    if (count[i] == 0) continue;
    square += (i - mean) * (i - mean) * count[i];
    below += count[i];
    if (first < 0 && below >= quarter) first = i;
    if (third < 0 && below > three) third = i;
    last = i;
  }
  if (third < 0) third = last;
  const double deviation = sqrt(square / fmax(1, total - 1));
  const double wide = 1.059 * fmin((third - first) / 1.34, deviation) * pow(total, -0.2);
  return fmax(wide, 0.5 / 1.64);  // nine tenths of a kernel within a point at the least
}

static void number_density(int32_t n, const double *count, double total, double *density) {
  const double width = bandwidth(n, count, total);
  for (int32_t k = -1; k < n; ++k) {  // -1: the prior, in the middle
    if (k >= 0 && count[k] == 0) continue;
    const double mean = k < 0 ? (n - 1) / 2.0 : k, deviation = k < 0 ? n : width;
    const double weight = (k < 0 ? prior_weight : count[k]) / (total + prior_weight);
    const double all = normal_mass((-0.5 - mean) / deviation, (n - 0.5 - mean) / deviation);
    for (int32_t i = 0; i < n; ++i)
      density[i] +=
          weight * normal_mass((i - 0.5 - mean) / deviation, (i + 0.5 - mean) / deviation) / all;
  }
}

static void choice_density(int32_t n, const double *count, double total, double *density) {
  int32_t kernels = 1;
  for (int32_t i = 0; i < n; ++i) kernels += count[i] > 0;
  const double share = prior_weight / kernels, row = 1 + n * share;
  for (int32_t i = 0; i < n; ++i) density[i] = prior_weight / (total + prior_weight) / n;
  for (int32_t k = 0; k < n; ++k)
    for (int32_t i = 0; i < n && count[k] > 0; ++i)
      density[i] += count[k] / (total + prior_weight) * (share + (i == k)) / row;
}

static void density_of(const space_parameter *p, int32_t n, const double *count, double total,
                       double *density) {
  memset(density, 0, (size_t)n * sizeof *density);
  if (p->kind == SPACE_CHOICE)
    choice_density(n, count, total, density);
  else
    number_density(n, count, total, density);
}

/// The value that the best tenth reaches; trials that are alike count in.
static throng_status cut_off(const importance_data *d, double *out) {
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)d->n, sizeof(double), "importance"));
  memcpy(block, d->value, (size_t)d->n * sizeof(double));
  sort_numbers(d->n, block);
  *out = ((double *)block)[(int64_t)ceil(target_quantile * (double)d->n) - 1];
  free(block);
  return THRONG_OK;
}

static throng_status parameter_importance(const importance_data *d, int32_t at, double cut,
                                          double *out) {
  const space_parameter *p = &d->space->parameter[at];
  const int32_t n = p->kind == SPACE_CHOICE ? p->n_choice : grid_size(p);
  *out = 0;
  if (is_single(p)) return THRONG_OK;
  void *block;
  THRONG_TRY(throng_alloc(&block, 4 * (size_t)n, sizeof(double), "importance"));
  double *best = block, *all = best + n, *best_density = all + n, *all_density = best_density + n;
  double n_best = 0, n_all = 0, targets = 0, difference = 0;
  for (int64_t k = 0; k < d->n; ++k) {
    const double x = d->x[k * d->space->n + at];
    const bool is_best = d->value[k] <= cut;
    targets += is_best;
    if (isnan(x)) continue;
    const int32_t i = grid_index(p, n, x);
    all[i] += 1, n_all += 1;
    if (is_best) best[i] += 1, n_best += 1;
  }
  if (n_all >= LEAST_TRIALS && n_best > 0) {
    density_of(p, n, best, n_best, best_density);
    density_of(p, n, all, n_all, all_density);
    for (int32_t i = 0; i < n; ++i) {
      const double local = all_density[i] + floor_density;
      const double ratio = (best_density[i] + floor_density) / local - 1;
      difference += local * ratio * ratio;
    }
    // Where it applies to some trials alone, its share of the best against its share of all.
    const double share = n_best / targets, of_all = n_all / (double)d->n;
    *out = share * share / of_all * difference;
  }
  free(block);
  return THRONG_OK;
}

throng_status importance_ped_anova(const importance_data *d, double *out) {
  const int32_t n = d->space->n;
  double cut = 0, sum = 0;
  for (int32_t i = 0; i < n; ++i) out[i] = 0;
  if (d->n >= LEAST_TRIALS) {
    THRONG_TRY(cut_off(d, &cut));
    for (int32_t i = 0; i < n; ++i) THRONG_TRY(parameter_importance(d, i, cut, &out[i]));
  }
  for (int32_t i = 0; i < n; ++i) sum += out[i];
  for (int32_t i = 0; i < n; ++i) out[i] = sum > 0 ? out[i] / sum : 1.0 / n;
  return THRONG_OK;
}
