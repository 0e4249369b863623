/// Values counted in buckets, as TensorBoard's histograms have them.
#ifndef THRONG_REPORT_HISTOGRAM_H
#define THRONG_REPORT_HISTOGRAM_H

#include "base/status.h"

enum { HISTOGRAM_BUCKETS = 64 };

typedef struct histogram {
  double least, most, n, sum, sum_of_squares;
  int32_t buckets;  // 0: nothing was counted
  double
      limit[HISTOGRAM_BUCKETS];  // a bucket holds what is above the limit before it, up to its own
  double count[HISTOGRAM_BUCKETS];
} histogram;

/// Buckets of one width between the least and the largest value; what is not finite is left out.
void histogram_of_values(int64_t n, const float *value, histogram *out);
/// `count` (n): how often 0, 1, ... came, of which the last may stand for all that is larger.
/// n <= HISTOGRAM_BUCKETS.
void histogram_of_counts(int32_t n, const int64_t *count, histogram *out);

#endif
