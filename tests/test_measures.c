/// Measures of answers against scikit-learn and scipy (tests/golden/make_fidelity.py), and where
/// the truth is planted.
#include "evaluate/measures.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "kernels/base/random.h"
#include "support/golden.h"
#include "throng_test.h"

enum { MOST = 4000 };

typedef struct sample_answers {
  int32_t slot[MOST];
  uint8_t label[MOST], answer[MOST];
  float rating[MOST];
  double score[MOST];
  measured_answers a;
} sample_answers;

static double at(const cJSON *row, const char *key, int64_t i) {
  return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(row, key), (int)i)->valuedouble;
}

static void point(sample_answers *s, int64_t n, int64_t n_user) {
  s->a = (measured_answers){.n = n,
                            .n_user = n_user,
                            .slot = s->slot,
                            .label = s->label,
                            .rating = s->rating,
                            .score = s->score,
                            .answer = s->answer,
                            .rating_of = {(double)NAN, (double)NAN}};
}

static void read_case(const cJSON *row, sample_answers *s) {
  const int64_t n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(row, "label"));
  for (int64_t i = 0; i < n && i < MOST; ++i) {
    s->slot[i] = (int32_t)at(row, "user", i);
    s->label[i] = (uint8_t)at(row, "label", i);
    s->answer[i] = (uint8_t)at(row, "answer", i);
    s->rating[i] = (float)at(row, "rating", i);
    s->score[i] = at(row, "score", i);
  }
  point(s, n, 60);
  s->a.rating_of[0] = at(row, "rating_of", 0);
  s->a.rating_of[1] = at(row, "rating_of", 1);
}

TEST(measures, every_measure_is_scikit_learns) {
  static sample_answers s;
  cJSON *json = golden_json("fidelity.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row;
  int cases = 0;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "answers")) {
    measures m;
    read_case(row, &s);
    ASSERT_OK(measures_take(&s.a, 0, NULL, 0, 1, NULL, &m));
    for (int k = 0; k < MEASURE_HIT_RATE; ++k)
      EXPECT_NEAR(m.value[k], cJSON_GetObjectItemCaseSensitive(row, measure_names[k])->valuedouble,
                  1e-9);
    EXPECT_TRUE(isnan(m.value[MEASURE_HIT_RATE]));
    int shown = 0;
    for (int b = 0; b < RELIABILITY_BINS; ++b) {
      if (m.bin[b].n == 0) continue;
      EXPECT_NEAR(m.bin[b].real, at(row, "real", shown), 1e-9);
      EXPECT_NEAR(m.bin[b].said, at(row, "said", shown++), 1e-9);
    }
    EXPECT_EQ(shown, cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(row, "real")));
    EXPECT_TRUE(m.sample == NULL);
    measures_free(&m);
    ++cases;
  }
  EXPECT_EQ(cases, 2);
  cJSON_Delete(json);
}

/// Both are drawn, so they agree within what a thousand draws leave open.
TEST(measures, intervals_are_scipys_bootstrap_over_users) {
  static sample_answers s;
  enum { RESAMPLES = 4000 };
  cJSON *json = golden_json("fidelity.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row;
  static const measure_id checked[] = {MEASURE_AUC, MEASURE_WITHIN_AUC, MEASURE_BRIER};
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "answers")) {
    measures m;
    read_case(row, &s);
    ASSERT_OK(measures_take(&s.a, 0, NULL, RESAMPLES, 1, NULL, &m));
    for (int k = 0; k < 3; ++k) {
      const cJSON *ends = cJSON_GetObjectItemCaseSensitive(
          cJSON_GetObjectItemCaseSensitive(row, "interval"), measure_names[checked[k]]);
      double low, high;
      statistics_percentiles(RESAMPLES, m.sample + checked[k] * RESAMPLES, 0.95, &low, &high);
      const double width = high - low;
      EXPECT_NEAR(low, cJSON_GetArrayItem(ends, 0)->valuedouble, 0.12 * width);
      EXPECT_NEAR(high, cJSON_GetArrayItem(ends, 1)->valuedouble, 0.12 * width);
    }
    measures_free(&m);
  }
  cJSON_Delete(json);
}

/// Answers drawn with the probability that is said.
static void plant(sample_answers *s, bool shuffled) {
  for (int64_t i = 0; i < MOST; ++i) {
    const random_words w = random_draw(3, 9999, (uint32_t)i, 0, 0, 0);
    const double p = (double)random_uniform(w.w[0]);
    s->slot[i] = (int32_t)(i / 20);
    s->label[i] = (double)random_uniform(w.w[1]) < p;
    s->score[i] = p;
    s->answer[i] = p >= 0.5;
    s->rating[i] = (float)NAN;
  }
  for (int64_t i = 0; shuffled && i + 1 < MOST; ++i) {
    const int64_t j =
        i + random_index(random_draw(4, 9999, (uint32_t)i, 0, 0, 0).w[0], (uint32_t)(MOST - i));
    const double kept = s->score[i];
    s->score[i] = s->score[j];
    s->score[j] = kept;
  }
  point(s, MOST, MOST / 20);
}

TEST(measures, a_true_probability_is_calibrated_and_a_shuffled_one_is_not) {
  static sample_answers s;
  measures m, shuffled;
  plant(&s, false);
  ASSERT_OK(measures_take(&s.a, 0, NULL, 0, 1, NULL, &m));
  EXPECT_LT(m.value[MEASURE_ECE], 0.03);
  EXPECT_NEAR(m.value[MEASURE_BRIER], 1.0 / 6, 0.01);  // the mean of p (1 - p)
  EXPECT_NEAR(m.value[MEASURE_LOG_LOSS], 0.5, 0.02);   // the mean entropy
  plant(&s, true);
  ASSERT_OK(measures_take(&s.a, 0, NULL, 0, 1, NULL, &shuffled));
  EXPECT_GT(shuffled.value[MEASURE_ECE], 0.2);
  EXPECT_NEAR(shuffled.value[MEASURE_AUC], 0.5, 0.03);
  EXPECT_GT(shuffled.value[MEASURE_LOG_LOSS], 0.9);
  measures_free(&m);
  measures_free(&shuffled);
}

TEST(measures, a_score_that_only_knows_the_user_is_worth_nothing_within_users) {
  static sample_answers s;
  measures m;
  plant(&s, false);
  for (int64_t i = 0; i < MOST; ++i) {
    s.score[i] = 0.05 + 0.9 * (s.slot[i] % 10) / 10.0;
    const random_words w = random_draw(8, 9999, (uint32_t)i, 0, 0, 0);
    s.label[i] = (double)random_uniform(w.w[0]) < s.score[i];
  }
  ASSERT_OK(measures_take(&s.a, 0, NULL, 0, 1, NULL, &m));
  EXPECT_GT(m.value[MEASURE_AUC], 0.7);
  EXPECT_EQ(m.value[MEASURE_WITHIN_AUC], 0.5);
  measures_free(&m);
}

TEST(measures, samples_do_not_depend_on_threads_nor_on_who_else_is_measured) {
  static sample_answers s;
  measures one, many, part;
  workers *pool;
  static int32_t row[MOST];
  plant(&s, false);
  ASSERT_OK(workers_open(4, &pool));
  ASSERT_OK(measures_take(&s.a, 0, NULL, 50, 9, NULL, &one));
  ASSERT_OK(measures_take(&s.a, 0, NULL, 50, 9, pool, &many));
  for (int k = 0; k <= MEASURE_MACRO_F1; ++k)
    EXPECT_EQ(memcmp(one.sample + k * 50, many.sample + k * 50, 50 * sizeof(double)), 0);
  // All questions by name are all questions.
  for (int32_t i = 0; i < MOST; ++i) row[i] = i;
  ASSERT_OK(measures_take(&s.a, MOST, row, 50, 9, pool, &part));
  EXPECT_EQ(memcmp(one.sample, part.sample, 50 * sizeof(double)), 0);
  measures_free(&one);
  measures_free(&many);
  measures_free(&part);
  // And no question has no measure.
  ASSERT_OK(measures_take(&s.a, 0, row, 50, 9, pool, &part));
  EXPECT_TRUE(isnan(part.value[MEASURE_AUC]) && isnan(part.value[MEASURE_ECE]));
  EXPECT_TRUE(part.sample == NULL);
  measures_free(&part);
  workers_close(pool);
}
