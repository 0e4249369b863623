/// Pareto fronts against their definition.
#include "suggest/pareto.h"

#include <math.h>

#include "throng_test.h"

enum { N = 200 };

static bool beaten(const double *value, int32_t m, int64_t i) {
  for (int64_t j = 0; j < N; ++j) {
    bool as_good = true, better = false, known = true;
    for (int32_t k = 0; k < m; ++k) {
      known &= !isnan(value[j * m + k]);
      as_good &= value[j * m + k] <= value[i * m + k];
      better |= value[j * m + k] < value[i * m + k];
    }
    if (known && as_good && better) return true;
  }
  return false;
}

TEST(pareto, the_front_is_what_no_other_row_beats) {
  for (int32_t m = 1; m <= 4; ++m) {
    double value[N * 4];
    bool on_front[N];
    uint32_t state = 7;
    for (int64_t i = 0; i < N * m; ++i) {
      state = state * 1664525u + 1013904223u;
      value[i] = (double)(state >> 28);  // with many equal ones
    }
    value[3 * m] = (double)NAN;
    int64_t n_front = 0, counted = 0;
    ASSERT_OK(pareto_front(N, m, value, on_front, &n_front));
    for (int64_t i = 0; i < N; ++i) {
      bool known = true;
      for (int32_t k = 0; k < m; ++k) known &= !isnan(value[i * m + k]);
      EXPECT_EQ(on_front[i], known && !beaten(value, m, i));
      counted += on_front[i];
    }
    EXPECT_EQ(n_front, counted);
    EXPECT_GT(n_front, 0);
  }
}
