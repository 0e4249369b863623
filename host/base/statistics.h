/// Measures of answers and of rankings, over plain host arrays. What to measure, and on what, is
/// decided by host/evaluate/.
#ifndef THRONG_BASE_STATISTICS_H
#define THRONG_BASE_STATISTICS_H

#include "base/status.h"

/// Precision, recall and F1 of one way of averaging over the two classes; 0 where a denominator is
/// 0, as in scikit-learn with zero_division = 0.
typedef struct precision_recall {
  double precision, recall, f1;
} precision_recall;

/// Binary classification, with scikit-learn's definitions.
typedef struct classification {
  int64_t n, n_positive;
  double auc;       ///< area under the ROC curve, ties count half; NaN where a class is missing
  double log_loss;  ///< mean -log p of the true class, p kept off 0 and 1 by DBL_EPSILON
  double accuracy;
  precision_recall micro, macro, weighted;  ///< over the classes that occur, or were answered
} classification;

/// Compare `answer` (n, 0/1) and `score` (n, in [0, 1]) with `label` (n, 0/1). n = 0: all NaN.
/// Errors: ARGUMENT (a score that is NaN or outside [0, 1], with its place), MEMORY.
throng_status classification_measure(int64_t n, const uint8_t *label, const uint8_t *answer,
                                     const double *score, classification *out);

/// Gini coefficient of how often each of `n` things was shown: 0 all alike, towards 1 only one.
/// 0 where nothing was shown. Errors: MEMORY.
throng_status gini_coefficient(int64_t n, const int64_t *exposure, double *out);
/// Share of things with exposure above 0.
double coverage_share(int64_t n, const int64_t *exposure);
/// Mean of 1 - <v_a, v_b> over the pairs of one list; rows of `vector` (n, dim) have unit length or
/// are zero. 0 for lists shorter than 2. Items below 0 are left out.
double list_diversity(int32_t n_list, const int32_t *list, const float *vector, int32_t dim);

typedef struct mean_error {
  double mean, sem;  ///< sem: standard error of the mean (n - 1); NaN for n < 2, mean NaN for n = 0
} mean_error;
mean_error mean_with_error(int64_t n, const double *x);
/// The ratio of two means and its standard error, by its first-order expansion: that of the mean of
/// (y - ratio x) / mean(x). NaN for n = 0 and where the mean of x is 0; sem NaN for n < 2.
mean_error ratio_with_error(int64_t n, const double *y, const double *x);
/// What 97.5 % of Student's t with `freedom` degrees of freedom lie below (to 1e-4): half a 95 %
/// interval of a mean in standard errors. NaN below 1.
double student_quantile(int64_t freedom);

#endif
