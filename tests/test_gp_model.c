/// Gaussian process regression against scikit-learn, the tails of the normal distribution against
/// mpmath (tests/golden/make_gp.py), and the factor that grows.
#include "suggest/gp_model.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/blas.h"
#include "suggest/gp_math.h"
#include "suggest/normal.h"
#include "support/golden.h"
#include "throng_test.h"

/// malloc'd
static double *numbers(const cJSON *object, const char *key) {
  const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key), *item;
  double *out = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *out);
  int n = 0;
  cJSON_ArrayForEach(item, array) out[n++] = item->valuedouble;
  return out;
}

static double likelihood(const gp_theta *theta, int32_t n_input, int64_t n, const double *x,
                         const double *y, double *gradient) {
  double *scratch = calloc((size_t)(n * n + n), sizeof *scratch);
  int granted = 0;
  EXPECT_OK(blas_begin(1, &granted));
  double value = gp_likelihood(theta, n_input, n, x, y, gradient, scratch);
  blas_end(granted);
  free(scratch);
  return value;
}

static void compare(const char *what, int64_t n, const double *got, const double *expected) {
  for (int64_t k = 0; k < n; ++k)
    if (!(fabs(got[k] - expected[k]) <= 1e-6 * fmax(1, fabs(expected[k]))))
      throng_test_fail(__FILE__, __LINE__, "%s[%d] is %.12g, expected %.12g", what, (int)k, got[k],
                       expected[k]);
}

static void check_regression(const cJSON *row) {
  const int32_t n_input = (int32_t)golden_number(row, "n_input");
  const int64_t n = (int64_t)golden_number(row, "n"), m = (int64_t)golden_number(row, "n_point");
  double *x = numbers(row, "x"), *y = numbers(row, "y"), *point = numbers(row, "point");
  double *length = numbers(row, "length"), *gradient = numbers(row, "gradient");
  double *mean = numbers(row, "mean"), *variance = numbers(row, "variance");
  double *fitted = numbers(row, "fitted"), got_gradient[2 + GP_MOST_INPUT];
  gp_theta theta = {.scale = golden_number(row, "scale"), .noise = golden_number(row, "noise")};
  memcpy(theta.length, length, (size_t)n_input * sizeof *length);
  const double value = golden_number(row, "likelihood");
  EXPECT_NEAR(likelihood(&theta, n_input, n, x, y, got_gradient), value, 1e-6 * fabs(value));
  compare("gradient", 2 + n_input, got_gradient, gradient);
  gp_factor *factor = NULL;
  ASSERT_OK(gp_factor_create(n_input, n, &factor));
  ASSERT_OK(gp_factor_set(factor, &theta, n, x));
  double *weight = calloc((size_t)n, sizeof *weight), *got = calloc((size_t)n, sizeof *got);
  double got_mean[16], got_variance[16], *scratch = calloc((size_t)(n * m), sizeof *scratch);
  ASSERT_OK(gp_factor_weigh(factor, n, y, weight, got));
  compare("fitted", n, got, fitted);
  ASSERT_OK(gp_factor_predict(factor, n, weight, m, point, got_mean, got_variance, scratch));
  compare("mean", m, got_mean, mean);
  compare("variance", m, got_variance, variance);
  gp_factor_free(factor);
  double *blocks[] = {x, y, point, length, gradient, mean, variance, fitted, weight, got, scratch};
  for (size_t k = 0; k < sizeof blocks / sizeof *blocks; ++k) free(blocks[k]);
}

TEST(gp_model, likelihood_gradient_mean_and_variance_are_those_of_scikit_learn) {
  cJSON *json = golden_json("gp.json");
  ASSERT_TRUE(json != NULL);
  int n = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "regressions")) {
    check_regression(row);
    ++n;
  }
  EXPECT_EQ(n, 3);
  cJSON_Delete(json);
}

TEST(gp_model, tails_of_the_normal_and_of_expected_improvement_are_those_of_mpmath) {
  cJSON *json = golden_json("gp.json");
  ASSERT_TRUE(json != NULL);
  int n = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "tails")) {
    const double z = golden_number(row, "z"), cdf = golden_number(row, "cdf"),
                 ei = golden_number(row, "improvement");
    EXPECT_NEAR(normal_log_mass(-INFINITY, z), cdf, 1e-12 * fabs(cdf));
    EXPECT_NEAR(gp_log_improvement(z), ei, 1e-13 * fabs(ei) + 1e-15);
    ++n;
  }
  EXPECT_EQ(n, 16);
  cJSON_Delete(json);
}

enum { INPUTS = 4, ROWS = 200 };

static double uniform(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / 16777216.0;
}

static void fill(double *x, double *y) {
  uint32_t state = 5;
  for (int i = 0; i < ROWS; ++i) {
    for (int k = 0; k < INPUTS; ++k) x[i * INPUTS + k] = uniform(&state);
    // The last input does nothing.
    y[i] = sin(6 * x[i * INPUTS]) + x[i * INPUTS + 1] + 0.3 * x[i * INPUTS + 2] - 0.8 +
           0.1 * (uniform(&state) - 0.5);
  }
}

TEST(gp_model, a_factor_that_grew_has_the_bits_of_a_fresh_one) {
  static double x[ROWS * INPUTS], y[ROWS];
  fill(x, y);
  const gp_theta theta = {.noise = -5, .length = {-1, 0, 0, 1}};
  gp_factor *grown = NULL, *fresh = NULL;
  ASSERT_OK(gp_factor_create(INPUTS, ROWS, &grown));
  ASSERT_OK(gp_factor_create(INPUTS, ROWS, &fresh));
  // Grows by ones over two blocks' ends, falls back, and goes on with other rows.
  for (int n = 1; n <= 150; ++n) ASSERT_OK(gp_factor_set(grown, &theta, n, x));
  ASSERT_OK(gp_factor_set(grown, &theta, 100, x));
  x[120 * INPUTS] += 0.25;
  ASSERT_OK(gp_factor_set(grown, &theta, ROWS, x));
  ASSERT_OK(gp_factor_set(fresh, &theta, ROWS, x));
  static double weight[2][ROWS], mean[2][3], variance[2][3], scratch[3 * ROWS];
  gp_factor *both[] = {grown, fresh};
  for (int k = 0; k < 2; ++k) {
    ASSERT_OK(gp_factor_weigh(both[k], ROWS, y, weight[k], NULL));
    ASSERT_OK(gp_factor_predict(both[k], ROWS, weight[k], 3, x, mean[k], variance[k], scratch));
    gp_factor_free(both[k]);
  }
  EXPECT_EQ(memcmp(weight[0], weight[1], sizeof weight[0]), 0);
  EXPECT_EQ(memcmp(mean[0], mean[1], sizeof mean[0]), 0);
  EXPECT_EQ(memcmp(variance[0], variance[1], sizeof variance[0]), 0);
}

TEST(gp_model, what_is_hallucinated_narrows_the_variance_and_leaves_the_mean) {
  static double x[ROWS * INPUTS], y[ROWS], weight[ROWS], scratch[ROWS];
  fill(x, y);
  const gp_theta theta = {.noise = -9, .length = {-1, 0, 0, 1}};
  gp_factor *factor = NULL;
  ASSERT_OK(gp_factor_create(INPUTS, ROWS, &factor));
  double mean[2], variance[2];
  const double *pending = x + 30 * INPUTS;
  for (int k = 0; k < 2; ++k) {
    ASSERT_OK(gp_factor_set(factor, &theta, k ? 31 : 30, x));
    ASSERT_OK(gp_factor_weigh(factor, 30, y, weight, NULL));
    ASSERT_OK(gp_factor_predict(factor, 30, weight, 1, pending, &mean[k], &variance[k], scratch));
  }
  EXPECT_NEAR(mean[1], mean[0], 1e-12);
  EXPECT_LT(variance[1], 0.2 * variance[0]);
  gp_factor_free(factor);
}

TEST(gp_model, a_fit_ends_where_nothing_is_to_be_gained_and_finds_the_idle_input) {
  static double x[ROWS * INPUTS], y[ROWS];
  fill(x, y);
  const gp_prior prior = gp_usual_prior(INPUTS);
  gp_theta theta = prior.mean;
  const double before = likelihood(&theta, INPUTS, 80, x, y, NULL);
  ASSERT_OK(gp_fit(&theta, &prior, INPUTS, 80, x, y, 200));
  double gradient[2 + INPUTS];
  EXPECT_GT(likelihood(&theta, INPUTS, 80, x, y, gradient), before + 10);
  const double *at[] = {&theta.scale, &theta.noise};
  const double *mean[] = {&prior.mean.scale, &prior.mean.noise};
  const double *sd[] = {&prior.sd.scale, &prior.sd.noise};
  for (int k = 0; k < 2; ++k)
    EXPECT_NEAR(gradient[k] - (*at[k] - *mean[k]) / (*sd[k] * *sd[k]), 0, 0.1);
  for (int k = 0; k < INPUTS; ++k)
    EXPECT_NEAR(gradient[2 + k] - (theta.length[k] - prior.mean.length[k]) /
                                      (prior.sd.length[k] * prior.sd.length[k]),
                0, 0.1);
  EXPECT_GT(theta.length[3], theta.length[0] + 1);
}
