/// Measures against scikit-learn and numpy (tests/golden/make_metrics.py).
#include "base/statistics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/golden.h"
#include "throng_test.h"

static int numbers(const cJSON *object, const char *key, double *out, int most) {
  int n = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, key)) if (n < most) out[n++] =
      item->valuedouble;
  return n;
}

static void compare(const cJSON *row, const char *average, precision_recall got) {
  double expected[3];
  ASSERT_EQ(numbers(row, average, expected, 3), 3);
  EXPECT_NEAR(got.precision, expected[0], 1e-12);
  EXPECT_NEAR(got.recall, expected[1], 1e-12);
  EXPECT_NEAR(got.f1, expected[2], 1e-12);
}

TEST(metrics, classification_measures_are_those_of_scikit_learn) {
  cJSON *json = golden_json("metrics.json");
  ASSERT_TRUE(json != NULL);
  int cases = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "classification")) {
    double label[100], answer[100], score[100];
    uint8_t label_byte[100], answer_byte[100];
    int n = numbers(row, "label", label, 100);
    ASSERT_EQ(numbers(row, "answer", answer, 100), n);
    ASSERT_EQ(numbers(row, "score", score, 100), n);
    for (int i = 0; i < n; ++i) {
      label_byte[i] = (uint8_t)label[i];
      answer_byte[i] = (uint8_t)answer[i];
    }
    classification got;
    ASSERT_OK(classification_measure(n, label_byte, answer_byte, score, &got));
    EXPECT_EQ(got.n, n);
    if (isnan(golden_number(row, "auc")))
      EXPECT_TRUE(isnan(got.auc));
    else
      EXPECT_NEAR(got.auc, golden_number(row, "auc"), 1e-12);
    EXPECT_NEAR(got.log_loss, golden_number(row, "log_loss"), 1e-10);
    EXPECT_NEAR(got.accuracy, golden_number(row, "accuracy"), 1e-12);
    compare(row, "micro", got.micro);
    compare(row, "macro", got.macro);
    compare(row, "weighted", got.weighted);
    ++cases;
  }
  EXPECT_EQ(cases, 9);
  cJSON_Delete(json);
}

TEST(metrics, classification_of_nothing_is_not_a_number) {
  classification got;
  ASSERT_OK(classification_measure(0, NULL, NULL, NULL, &got));
  EXPECT_EQ(got.n, 0);
  EXPECT_TRUE(isnan(got.auc));
  EXPECT_TRUE(isnan(got.accuracy));
}

TEST(metrics, score_that_is_not_a_probability_is_an_error_that_names_its_place) {
  const uint8_t label[] = {0, 1, 1};
  classification got;
  const double nan_score[] = {0.5, 0.5, (double)NAN};
  EXPECT_EQ(classification_measure(3, label, label, nan_score, &got), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "score 2");
  const double large[] = {0.5, 1.5, 0.5};
  EXPECT_EQ(classification_measure(3, label, label, large, &got), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "score 1: 1.5 is not in 0..1");
}

TEST(metrics, exposure_and_diversity_are_those_of_numpy) {
  cJSON *json = golden_json("metrics.json");
  ASSERT_TRUE(json != NULL);
  double exposure[64], list[8], values[16];
  int64_t counts[64];
  int n = numbers(json, "exposure", exposure, 64);
  ASSERT_EQ(n, 40);
  for (int i = 0; i < n; ++i) counts[i] = (int64_t)exposure[i];
  double gini;
  ASSERT_OK(gini_coefficient(n, counts, &gini));
  EXPECT_NEAR(gini, golden_number(json, "gini"), 1e-12);
  EXPECT_NEAR(coverage_share(n, counts), golden_number(json, "coverage"), 1e-12);

  float vectors[30];
  int row = 0;
  const cJSON *vector;
  cJSON_ArrayForEach(vector, cJSON_GetObjectItemCaseSensitive(json, "vectors")) {
    for (int k = 0; k < 5; ++k)
      vectors[row * 5 + k] = (float)cJSON_GetArrayItem(vector, k)->valuedouble;
    ++row;
  }
  ASSERT_EQ(row, 6);
  int32_t chosen[8];
  int n_list = numbers(json, "list", list, 8);
  for (int i = 0; i < n_list; ++i) chosen[i] = (int32_t)list[i];
  EXPECT_NEAR(list_diversity(n_list, chosen, vectors, 5), golden_number(json, "diversity"), 1e-12);
  chosen[n_list] = -1;
  EXPECT_NEAR(list_diversity(n_list + 1, chosen, vectors, 5), golden_number(json, "diversity"),
              1e-12);

  int n_value = numbers(json, "values", values, 16);
  mean_error got = mean_with_error(n_value, values);
  EXPECT_NEAR(got.mean, golden_number(json, "mean"), 1e-12);
  EXPECT_NEAR(got.sem, golden_number(json, "sem"), 1e-12);
  cJSON_Delete(json);
}

TEST(metrics, ratio_of_means_and_students_quantile_are_those_of_numpy_and_scipy) {
  cJSON *json = golden_json("metrics.json");
  ASSERT_TRUE(json != NULL);
  double values[16], lengths[16], freedom[16], student[16];
  const int n = numbers(json, "values", values, 16);
  ASSERT_EQ(numbers(json, "lengths", lengths, 16), n);
  mean_error got = ratio_with_error(n, values, lengths);
  EXPECT_NEAR(got.mean, golden_number(json, "ratio"), 1e-12);
  EXPECT_NEAR(got.sem, golden_number(json, "ratio_sem"), 1e-12);
  got = ratio_with_error(1, values, lengths);
  EXPECT_NEAR(got.mean, values[0] / lengths[0], 1e-12);
  EXPECT_TRUE(isnan(got.sem));
  EXPECT_TRUE(isnan(ratio_with_error(0, values, lengths).mean));
  const int n_freedom = numbers(json, "freedom", freedom, 16);
  ASSERT_EQ(numbers(json, "student", student, 16), n_freedom);
  for (int k = 0; k < n_freedom; ++k)
    EXPECT_NEAR(student_quantile((int64_t)freedom[k]), student[k], 1e-4);
  EXPECT_TRUE(isnan(student_quantile(0)));
  cJSON_Delete(json);
}

TEST(metrics, gini_is_0_where_all_are_shown_alike_and_nears_1_for_a_single_one) {
  int64_t exposure[100] = {0};
  double gini = 1;
  ASSERT_OK(gini_coefficient(100, exposure, &gini));
  EXPECT_NEAR(gini, 0, 0);
  exposure[40] = 7;
  ASSERT_OK(gini_coefficient(100, exposure, &gini));
  EXPECT_NEAR(gini, 0.99, 1e-12);
  for (int i = 0; i < 100; ++i) exposure[i] = 3;
  ASSERT_OK(gini_coefficient(100, exposure, &gini));
  EXPECT_NEAR(gini, 0, 1e-12);
  EXPECT_NEAR(coverage_share(100, exposure), 1, 0);
}

TEST(metrics, single_value_has_a_mean_and_no_error) {
  const double x = 3;
  EXPECT_NEAR(mean_with_error(1, &x).mean, 3, 0);
  EXPECT_TRUE(isnan(mean_with_error(1, &x).sem));
  EXPECT_TRUE(isnan(mean_with_error(0, NULL).mean));
}
