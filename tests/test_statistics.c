/// Statistics of few runs against scipy and rliable (tests/golden/make_statistics.py).
#include "statistics/statistics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/golden.h"
#include "throng_test.h"

enum { MOST = 256, RESAMPLES = 20000 };

/// All numbers of an array, of arrays in it too.
static int64_t numbers(const cJSON *array, double *out, int64_t n) {
  const cJSON *item;
  cJSON_ArrayForEach(item, array) {
    if (cJSON_IsArray(item))
      n = numbers(item, out, n);
    else if (n < MOST)
      out[n++] = item->valuedouble;
  }
  return n;
}

static int64_t read(const cJSON *row, const char *key, double out[MOST]) {
  return numbers(cJSON_GetObjectItemCaseSensitive(row, key), out, 0);
}

TEST(statistics, rank_test_gives_scipys_p_values) {
  cJSON *json = golden_json("statistics.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row;
  int cases = 0;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "rank")) {
    double d[MOST], p = -1;
    const int64_t n = read(row, "d", d);
    ASSERT_EQ(statistics_wilcoxon(n, d, &p), THRONG_OK);
    EXPECT_NEAR(p, cJSON_GetObjectItemCaseSensitive(row, "p")->valuedouble, 1e-12);
    ++cases;
  }
  EXPECT_EQ(cases, 31);
  cJSON_Delete(json);
}

TEST(statistics, rank_test_of_nothing_or_of_no_number_finds_nothing) {
  const double none[3] = {1, (double)NAN, 2};
  double p = -1;
  EXPECT_EQ(statistics_wilcoxon(0, none, &p), THRONG_OK);
  EXPECT_EQ(p, 1.0);
  EXPECT_EQ(statistics_wilcoxon(3, none, &p), THRONG_OK);
  EXPECT_EQ(p, 1.0);
}

TEST(statistics, interquartile_mean_is_scipys_trimmed_mean) {
  cJSON *json = golden_json("statistics.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "iqm")) {
    double x[MOST], iqm = -1;
    const int64_t n = read(row, "x", x);
    ASSERT_EQ(statistics_iqm(n, x, &iqm), THRONG_OK);
    EXPECT_NEAR(iqm, cJSON_GetObjectItemCaseSensitive(row, "iqm")->valuedouble, 1e-12);
  }
  cJSON_Delete(json);
}

static void compare(const cJSON *row, const char *key, statistics_interval got, double noise) {
  double expected[MOST];
  ASSERT_EQ(read(row, key, expected), 3);
  EXPECT_NEAR(got.point, expected[0], 1e-9);
  EXPECT_NEAR(got.low, expected[1], noise);
  EXPECT_NEAR(got.high, expected[2], noise);
}

TEST(statistics, intervals_are_rliables_within_the_bootstraps_noise) {
  cJSON *json = golden_json("statistics.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row;
  int cases = 0;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "interval")) {
    double x[MOST], y[MOST], tau[MOST], point[MOST], ends[MOST];
    statistics_interval got, profile[MOST];
    const int64_t n_task = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(row, "x"));
    const int64_t n_x = read(row, "x", x) / n_task, n_y = read(row, "y", y) / n_task;
    ASSERT_EQ(statistics_bootstrap(STATISTICS_IQM, n_task, n_x, x, 0.95, RESAMPLES, 1, &got),
              THRONG_OK);
    compare(row, "iqm", got, 0.06);
    ASSERT_EQ(statistics_bootstrap(STATISTICS_MEAN, n_task, n_x, x, 0.95, RESAMPLES, 1, &got),
              THRONG_OK);
    compare(row, "mean", got, 0.05);
    ASSERT_EQ(
        statistics_probability_of_improvement(n_task, n_x, x, n_y, y, 0.95, RESAMPLES, 1, &got),
        THRONG_OK);
    compare(row, "better", got, 0.02);
    const int64_t n_tau = read(row, "tau", tau);
    ASSERT_EQ(statistics_profile(n_task, n_x, x, n_tau, tau, 0.95, RESAMPLES, 1, profile),
              THRONG_OK);
    ASSERT_EQ(read(row, "profile", point), n_tau);
    ASSERT_EQ(read(row, "profile_low_high", ends), 2 * n_tau);
    for (int64_t k = 0; k < n_tau; ++k) {
      EXPECT_NEAR(profile[k].point, point[k], 1e-9);
      EXPECT_NEAR(profile[k].low, ends[k], 0.11);  // steps of a tenth where ten runs count
      EXPECT_NEAR(profile[k].high, ends[n_tau + k], 0.11);
    }
    ++cases;
  }
  EXPECT_EQ(cases, 3);
  cJSON_Delete(json);
}

TEST(statistics, bootstrap_is_a_function_of_its_seed) {
  const double x[6] = {1, 2, 3, 4, 5, 60};
  statistics_interval a, b, c;
  ASSERT_EQ(statistics_bootstrap(STATISTICS_MEAN, 1, 6, x, 0.95, 999, 5, &a), THRONG_OK);
  ASSERT_EQ(statistics_bootstrap(STATISTICS_MEAN, 1, 6, x, 0.95, 999, 5, &b), THRONG_OK);
  ASSERT_EQ(statistics_bootstrap(STATISTICS_MEAN, 1, 6, x, 0.95, 999, 6, &c), THRONG_OK);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_TRUE(a.low != c.low || a.high != c.high);
}

TEST(statistics, paired_differences_are_narrower_than_what_they_are_of) {
  double x[20], y[20];
  statistics_interval apart, paired;
  for (int i = 0; i < 20; ++i) {
    x[i] = 10.0 * i + 1;
    y[i] = 10.0 * i + (i % 2 ? 0.1 : -0.1);
  }
  ASSERT_EQ(statistics_bootstrap(STATISTICS_MEAN, 1, 20, x, 0.95, 2000, 1, &apart), THRONG_OK);
  ASSERT_EQ(statistics_paired(20, x, y, 0.95, 2000, 1, &paired), THRONG_OK);
  EXPECT_NEAR(paired.point, 1.0, 1e-12);
  EXPECT_GT(paired.low, 0.9);
  EXPECT_LT(paired.high, 1.1);
  EXPECT_GT(apart.high - apart.low, 10.0);
}

TEST(statistics, bootstrap_refuses_no_runs_and_shows_no_number_for_nan) {
  const double x[2] = {1, (double)NAN};
  statistics_interval got;
  EXPECT_EQ(statistics_bootstrap(STATISTICS_IQM, 1, 0, x, 0.95, 10, 1, &got),
            THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(statistics_bootstrap(STATISTICS_IQM, 1, 1, x, 1.0, 10, 1, &got), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(statistics_bootstrap(STATISTICS_IQM, 1, 2, x, 0.95, 10, 1, &got), THRONG_OK);
  EXPECT_TRUE(isnan(got.point) && isnan(got.low));
}
