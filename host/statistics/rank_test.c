/// Wilcoxon's signed-rank test (Wilcoxon 1945), the way scipy.stats.wilcoxon chooses between the
/// exact distribution and the normal one.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/statistics.h"

enum {
  EXACT_MOST = 50,       // differences, where none are alike and none is 0
  EXACT_MOST_TIED = 13,  // otherwise
};

typedef struct ranked {
  double size;  // |d|
  int sign;
  int64_t rank2;  // twice the mean rank, which is whole
} ranked;

static int by_size(const void *a, const void *b) {
  const double x = ((const ranked *)a)->size, y = ((const ranked *)b)->size;
  return (x > y) - (x < y);
}

/// Mean ranks of sorted sizes; the sum of t^3 - t over groups that are alike.
static double rank(int64_t n, ranked *r) {
  double ties = 0;
  for (int64_t i = 0; i < n;) {
    int64_t end = i + 1;
    while (end < n && r[end].size == r[i].size) ++end;
    const double t = (double)(end - i);
    ties += t * t * t - t;
    for (int64_t k = i; k < end; ++k) r[k].rank2 = i + 1 + end;
    i = end;
  }
  return ties;
}

/// P(sum of the ranks that get a plus at random >= observed4 / 4); zeros count half either way.
static throng_status exact(int64_t n, const ranked *r, int64_t observed4, double *p) {
  int64_t most = 0, split = 0;
  void *block;
  for (int64_t i = 0; i < n; ++i) {
    if (r[i].sign)
      most += r[i].rank2;
    else
      split += r[i].rank2;
  }
  THRONG_TRY(throng_alloc(&block, (size_t)most + 1, sizeof(double), "signed-rank test"));
  double *chance = block;  // of each doubled sum
  chance[0] = 1;
  int64_t top = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (!r[i].sign) continue;
    top += r[i].rank2;
    for (int64_t s = top; s >= 0; --s)
      chance[s] = 0.5 * (chance[s] + (s >= r[i].rank2 ? chance[s - r[i].rank2] : 0));
  }
  double sum = 0;
  for (int64_t s = 0; s <= most; ++s)
    if (2 * s + split >= observed4) sum += chance[s];
  *p = fmin(sum, 1);
  free(block);
  return THRONG_OK;
}

throng_status statistics_wilcoxon(int64_t n, const double *d, double *p) {
  void *block;
  *p = 1;
  for (int64_t i = 0; i < n; ++i)
    if (isnan(d[i])) return THRONG_OK;
  if (n < 1) return THRONG_OK;
  THRONG_TRY(throng_alloc(&block, (size_t)n, sizeof(ranked), "signed-rank test"));
  ranked *r = block;
  int64_t zeros = 0;
  for (int64_t i = 0; i < n; ++i) {
    r[i] = (ranked){fabs(d[i]), (d[i] > 0) - (d[i] < 0), 0};
    zeros += d[i] == 0;
  }
  qsort(r, (size_t)n, sizeof *r, by_size);
  const double ties = rank(n, r);
  double plus = 0;  // with half of the zeros
  for (int64_t i = 0; i < n; ++i)
    plus += (double)r[i].rank2 / 2 * (r[i].sign > 0 ? 1 : r[i].sign == 0 ? 0.5 : 0);
  throng_status status = THRONG_OK;
  const double count = (double)n;
  const double variance = (count * (count + 1) * (2 * count + 1) - ties / 2) / 24;
  if (n <= (ties > 0 || zeros > 0 ? EXACT_MOST_TIED : EXACT_MOST)) {
    status = exact(n, r, (int64_t)llround(4 * plus), p);
  } else if (variance > 0) {
    const double z = (plus - count * (count + 1) / 4) / sqrt(variance);
    *p = 0.5 * erfc(z / sqrt(2.0));
  }
  free(block);
  return status;
}
