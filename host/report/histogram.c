/// Counting values in buckets.
#include "report/histogram.h"

#include <assert.h>
#include <math.h>

void histogram_of_values(int64_t n, const float *value, histogram *out) {
  *out = (histogram){.least = INFINITY, .most = -INFINITY};
  for (int64_t i = 0; i < n; ++i) {
    const double x = (double)value[i];
    if (!isfinite(x)) continue;
    out->least = fmin(out->least, x);
    out->most = fmax(out->most, x);
    out->n += 1;
    out->sum += x;
    out->sum_of_squares += x * x;
  }
  if (out->n == 0) {
    *out = (histogram){.buckets = 0};
    return;
  }
  const double width = (out->most - out->least) / HISTOGRAM_BUCKETS;
  out->buckets = width > 0 ? (int32_t)HISTOGRAM_BUCKETS : 1;
  for (int32_t k = 0; k < out->buckets; ++k) out->limit[k] = out->least + width * (k + 1);
  out->limit[out->buckets - 1] = out->most;
  for (int64_t i = 0; i < n; ++i) {
    const double x = (double)value[i];
    if (!isfinite(x)) continue;
    int32_t k = width > 0 ? (int32_t)((x - out->least) / width) : 0;
    if (k >= out->buckets) k = out->buckets - 1;
    out->count[k] += 1;
  }
}

void histogram_of_counts(int32_t n, const int64_t *count, histogram *out) {
  assert(n <= HISTOGRAM_BUCKETS);
  *out = (histogram){.buckets = 0};
  for (int32_t k = 0; k < n; ++k) {
    if (count[k] == 0 && out->buckets == 0) continue;  // no bucket before the first that holds any
    if (out->n == 0) out->least = k;
    if (count[k] > 0) out->most = k;
    out->limit[out->buckets] = k + 0.5;
    out->count[out->buckets++] = (double)count[k];
    out->n += (double)count[k];
    out->sum += (double)count[k] * k;
    out->sum_of_squares += (double)count[k] * k * k;
  }
  while (out->buckets > 0 && out->count[out->buckets - 1] == 0) --out->buckets;
}
