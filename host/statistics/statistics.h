/// Statistics of few noisy runs, as rliable (Agarwal et al., NeurIPS 2021) and Optuna have them.
#ifndef THRONG_STATISTICS_STATISTICS_H
#define THRONG_STATISTICS_STATISTICS_H

#include "base/status.h"

/// Interquartile mean, scipy.stats.trim_mean(x, 0.25); NaN for n = 0. Errors: MEMORY.
throng_status statistics_iqm(int64_t n, const double *x, double *out);
double statistics_mean(int64_t n, const double *x);
/// Standard error of the mean (n - 1); NaN below 2.
double statistics_standard_error(int64_t n, const double *x);

typedef struct statistics_interval {
  double point, low, high;
} statistics_interval;
typedef enum statistics_of { STATISTICS_MEAN = 0, STATISTICS_IQM } statistics_of;

// Everything below is NaN where one of the numbers is.
/// Percentile bootstrap of `of`, stratified by task: x (n_task, n_run), runs are drawn within each
/// task, and the mean or IQM is that of all n_task * n_run. `level` 0.95; `resamples` 50,000.
/// Draws are a function of the seed. Errors: ARGUMENT, MEMORY.
throng_status statistics_bootstrap(statistics_of of, int64_t n_task, int64_t n_run, const double *x,
                                   double level, int64_t resamples, uint32_t seed,
                                   statistics_interval *out);
/// P(X > Y) over all pairs, ties count half (Mann-Whitney's U / (n_x n_y)), mean over tasks, with
/// its stratified bootstrap interval.
throng_status statistics_probability_of_improvement(int64_t n_task, int64_t n_x, const double *x,
                                                    int64_t n_y, const double *y, double level,
                                                    int64_t resamples, uint32_t seed,
                                                    statistics_interval *out);
/// Performance profile: share of runs with a score above each tau, with intervals.
throng_status statistics_profile(int64_t n_task, int64_t n_run, const double *x, int64_t n_tau,
                                 const double *tau, double level, int64_t resamples, uint32_t seed,
                                 statistics_interval *out);
/// Wilcoxon's signed-rank test of paired differences d (n), zeros split as zsplit has it: the
/// one-sided p-value that the median is above 0. Exact up to 50 without ties or zeros (13 with),
/// else normal with a correction for ties, as scipy.stats.wilcoxon(alternative="greater",
/// zero_method="zsplit"). 1 for n = 0.
throng_status statistics_wilcoxon(int64_t n, const double *d, double *p);
/// The percentile interval of values that something resampled: those that are NaN are left out, and
/// with none left both ends are NaN. `value` (n) is reordered.
void statistics_percentiles(int64_t n, double *value, double level, double *low, double *high);
/// How often each of `n` things is drawn in resample `number`: n draws with replacement. The same
/// for whoever asks with this seed, so that what is compared is compared on the same resamples.
void statistics_resample(uint32_t seed, int64_t number, int64_t n, int32_t *count);
/// Paired bootstrap of the mean difference x - y.
throng_status statistics_paired(int64_t n, const double *x, const double *y, double level,
                                int64_t resamples, uint32_t seed, statistics_interval *out);

#endif
