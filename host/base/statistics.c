/// Classification measures after scikit-learn's definitions; exposure and diversity of rankings.
#include "base/statistics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef struct scored {
  double score;
  uint8_t label;
} scored;

static int by_score(const void *a, const void *b) {
  double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
  return (x > y) - (x < y);
}

/// Mann-Whitney: the share of (positive, negative) pairs that the score orders rightly.
static throng_status measure_auc(int64_t n, const uint8_t *label, const double *score,
                                 double *out) {
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)n, sizeof(scored), "scores in order"));
  scored *sorted = block;
  int64_t n_positive = 0;
  for (int64_t i = 0; i < n; ++i) {
    sorted[i] = (scored){.score = score[i], .label = label[i]};
    n_positive += label[i] != 0;
  }
  qsort(sorted, (size_t)n, sizeof *sorted, by_score);
  double twice_wins = 0;  // whole numbers, exact in a double up to 2^53 pairs
  int64_t negatives_below = 0;
  for (int64_t i = 0; i < n;) {
    int64_t end = i, positives = 0;
    for (; end < n && sorted[end].score == sorted[i].score; ++end)
      positives += sorted[end].label != 0;
    int64_t negatives = end - i - positives;
    twice_wins += (double)positives * (double)(2 * negatives_below + negatives);
    negatives_below += negatives;
    i = end;
  }
  free(sorted);
  int64_t n_negative = n - n_positive;
  *out = n_positive && n_negative ? twice_wins / 2 / ((double)n_positive * (double)n_negative)
                                  : (double)NAN;
  return THRONG_OK;
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

static precision_recall of_class(int64_t hits, int64_t answered, int64_t labelled) {
  return (precision_recall){
      .precision = ratio((double)hits, (double)answered),
      .recall = ratio((double)hits, (double)labelled),
      .f1 = ratio(2.0 * (double)hits, (double)(answered + labelled)),
  };
}

static void add_weighted(precision_recall *sum, precision_recall part, double weight) {
  sum->precision += weight * part.precision;
  sum->recall += weight * part.recall;
  sum->f1 += weight * part.f1;
}

throng_status classification_measure(int64_t n, const uint8_t *label, const uint8_t *answer,
                                     const double *score, classification *out) {
  precision_recall none = {(double)NAN, (double)NAN, (double)NAN};
  *out = (classification){.auc = (double)NAN,
                          .log_loss = (double)NAN,
                          .accuracy = (double)NAN,
                          .micro = none,
                          .macro = none,
                          .weighted = none};
  if (n == 0) return THRONG_OK;
  for (int64_t i = 0; i < n; ++i)
    if (!(score[i] >= 0 && score[i] <= 1))
      return throng_fail(THRONG_ERROR_ARGUMENT, "score %lld: %g is not in 0..1", (long long)i,
                         score[i]);
  THRONG_TRY(measure_auc(n, label, score, &out->auc));
  int64_t labelled[2] = {0}, answered[2] = {0}, hits[2] = {0};
  double loss = 0;
  for (int64_t i = 0; i < n; ++i) {
    int truth = label[i] != 0, said = answer[i] != 0;
    ++labelled[truth];
    ++answered[said];
    hits[truth] += truth == said;
    double p = fmin(fmax(score[i], DBL_EPSILON), 1 - DBL_EPSILON);
    loss -= truth ? log(p) : log1p(-p);
  }
  out->n = n;
  out->n_positive = labelled[1];
  out->log_loss = loss / (double)n;
  out->accuracy = (double)(hits[0] + hits[1]) / (double)n;
  out->micro = (precision_recall){out->accuracy, out->accuracy, out->accuracy};
  out->macro = out->weighted = (precision_recall){0};
  int n_class = 0;
  for (int c = 0; c < 2; ++c) n_class += labelled[c] + answered[c] > 0;
  for (int c = 0; c < 2; ++c) {
    precision_recall part = of_class(hits[c], answered[c], labelled[c]);
    add_weighted(&out->macro, part, 1.0 / n_class);
    add_weighted(&out->weighted, part, (double)labelled[c] / (double)n);
  }
  return THRONG_OK;
}

static int by_count(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

throng_status gini_coefficient(int64_t n, const int64_t *exposure, double *out) {
  *out = 0;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)n, sizeof(int64_t), "exposure in order"));
  int64_t *sorted = block;
  for (int64_t i = 0; i < n; ++i) sorted[i] = exposure[i];
  qsort(sorted, (size_t)n, sizeof *sorted, by_count);
  double weighted = 0, total = 0;
  for (int64_t i = 0; i < n; ++i) {
    weighted += (double)(2 * (i + 1) - n - 1) * (double)sorted[i];
    total += (double)sorted[i];
  }
  free(sorted);
  if (total > 0) *out = weighted / ((double)n * total);
  return THRONG_OK;
}

double coverage_share(int64_t n, const int64_t *exposure) {
  int64_t shown = 0;
  for (int64_t i = 0; i < n; ++i) shown += exposure[i] > 0;
  return n > 0 ? (double)shown / (double)n : 0;
}

double list_diversity(int32_t n_list, const int32_t *list, const float *vector, int32_t dim) {
  double sum = 0;
  int64_t pairs = 0;
  for (int32_t i = 0; i < n_list; ++i)
    for (int32_t j = 0; j < i; ++j) {
      if (list[i] < 0 || list[j] < 0) continue;
      const float *a = vector + (int64_t)list[i] * dim, *b = vector + (int64_t)list[j] * dim;
      double dot = 0;
      for (int32_t k = 0; k < dim; ++k) dot += (double)a[k] * (double)b[k];
      sum += 1 - dot;
      ++pairs;
    }
  return pairs ? sum / (double)pairs : 0;
}

mean_error mean_with_error(int64_t n, const double *x) {
  mean_error result = {.mean = (double)NAN, .sem = (double)NAN};
  if (n < 1) return result;
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  result.mean = sum / (double)n;
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - result.mean) * (x[i] - result.mean);
  if (n > 1) result.sem = sqrt(squares / (double)(n - 1) / (double)n);
  return result;
}

mean_error ratio_with_error(int64_t n, const double *y, const double *x) {
  double sum_y = 0, sum_x = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) {
    sum_y += y[i];
    sum_x += x[i];
  }
  mean_error result = {.mean = (double)NAN, .sem = (double)NAN};
  if (!(sum_x > 0)) return result;
  result.mean = sum_y / sum_x;
  for (int64_t i = 0; i < n; ++i) {
    const double rest = y[i] - result.mean * x[i];  // these have mean 0
    squares += rest * rest;
  }
  if (n > 1) result.sem = sqrt(squares / (double)(n - 1) / (double)n) * (double)n / sum_x;
  return result;
}

double student_quantile(int64_t freedom) {
  static const double few[] = {12.70620, 4.302653, 3.182446, 2.776445, 2.570582,
                               2.446912, 2.364624, 2.306004, 2.262157};
  if (freedom < 1) return (double)NAN;
  if (freedom <= 9) return few[freedom - 1];
  // Abramowitz and Stegun 26.7.5.
  const double z = 1.959963984540054, z2 = z * z, f = (double)freedom;
  const double g1 = z * (z2 + 1) / 4, g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / f) / f) / f) / f;
}
