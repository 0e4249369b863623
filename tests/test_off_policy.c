/// Off-policy estimators against numpy, and intervals against a bandit whose truth is known.
#include "episodes/off_policy.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/base/random.h"
#include "support/golden.h"
#include "throng_test.h"

enum { MOST = 400 };

static double reward[MOST], logged[MOST], target[MOST], model_logged[MOST], model_target[MOST];
static int64_t cluster[MOST];

static int64_t read_numbers(const cJSON *json, const char *key, double *out) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, key), *number;
  int64_t n = 0;
  cJSON_ArrayForEach(number, list) if (n < MOST) out[n++] = number->valuedouble;
  return n;
}

static off_policy_log read_log(const cJSON *json) {
  double number[MOST];
  const int64_t n = read_numbers(json, "reward", reward);
  EXPECT_EQ(n, MOST);
  EXPECT_EQ(read_numbers(json, "logged", logged), n);
  EXPECT_EQ(read_numbers(json, "target", target), n);
  EXPECT_EQ(read_numbers(json, "model_logged", model_logged), n);
  EXPECT_EQ(read_numbers(json, "model_target", model_target), n);
  EXPECT_EQ(read_numbers(json, "cluster", number), n);
  for (int64_t i = 0; i < n; ++i) cluster[i] = (int64_t)number[i];
  return (off_policy_log){n, reward, logged, target, model_logged, model_target, cluster};
}

TEST(off_policy, estimates_are_those_of_numpy_and_intervals_agree_with_its_bootstrap) {
  cJSON *json = golden_json("off_policy.json");
  ASSERT_TRUE(json != NULL);
  const off_policy_log log = read_log(json);
  off_policy_def def = off_policy_default_def();
  def.clip = golden_number(json, "clip");
  def.resamples = 20000;
  off_policy_result result;
  ASSERT_OK(off_policy_estimate(&log, &def, &result));
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");
  const cJSON *low = cJSON_GetObjectItemCaseSensitive(json, "low");
  const cJSON *high = cJSON_GetObjectItemCaseSensitive(json, "high");
  for (int e = 0; e < OFF_POLICY_COUNT; ++e) {
    const char *name = off_policy_names[e];
    EXPECT_NEAR(result.value[e], golden_number(value, name), 1e-12);
    // Two bootstraps of 20,000 resamples: their ends differ by some hundredths of their width.
    const double width = golden_number(high, name) - golden_number(low, name);
    EXPECT_NEAR(result.low[e], golden_number(low, name), 0.04 * width);
    EXPECT_NEAR(result.high[e], golden_number(high, name), 0.04 * width);
  }
  EXPECT_NEAR(result.mean_weight, golden_number(json, "mean_weight"), 1e-12);
  EXPECT_NEAR(result.effective_sample, golden_number(json, "effective_sample"), 1e-9);
  EXPECT_NEAR(result.most_weight, golden_number(json, "most_weight"), 1e-12);
  EXPECT_NEAR(result.clipped, golden_number(json, "clipped"), 1e-12);
  cJSON_Delete(json);
}

/// A log of 200 rows of a bandit with four arms; the target policy's value is 0.56.
enum { N_ARM = 4, N_ROW = 200 };
static const double pay[N_ARM] = {0.2, 0.4, 0.6, 0.8}, shows[N_ARM] = {0.4, 0.3, 0.2, 0.1},
                    asked[N_ARM] = {0.1, 0.3, 0.3, 0.3}, guess[N_ARM] = {0.3, 0.3, 0.7, 0.7};
static const double truth = 0.1 * 0.2 + 0.3 * 0.4 + 0.3 * 0.6 + 0.3 * 0.8;

static off_policy_log play_bandit(uint32_t number) {
  double guessed = 0;
  for (int a = 0; a < N_ARM; ++a) guessed += asked[a] * guess[a];
  for (int i = 0; i < N_ROW; ++i) {
    const random_words r = random_draw(7, RANDOM_BOOTSTRAP, (uint32_t)i, number, 1, 1);
    double u = (double)random_uniform(r.w[0]);
    int arm = 0;
    while (arm < N_ARM - 1 && u > shows[arm]) u -= shows[arm++];
    reward[i] = (double)random_uniform(r.w[1]) <= pay[arm];
    logged[i] = shows[arm];
    target[i] = asked[arm];
    model_logged[i] = guess[arm];
    model_target[i] = guessed;
  }
  return (off_policy_log){N_ROW, reward, logged, target, model_logged, model_target, NULL};
}

TEST(off_policy, intervals_of_unbiased_estimators_cover_a_bandit_s_known_value) {
  enum { LOGS = 400 };
  int covered[OFF_POLICY_COUNT] = {0};
  double mean[OFF_POLICY_COUNT] = {0};
  off_policy_def def = off_policy_default_def();
  def.resamples = 400;
  for (uint32_t k = 0; k < LOGS; ++k) {
    const off_policy_log log = play_bandit(k);
    off_policy_result result;
    def.seed = k;
    ASSERT_OK(off_policy_estimate(&log, &def, &result));
    for (int e = 0; e < OFF_POLICY_COUNT; ++e) {
      covered[e] += result.low[e] <= truth && truth <= result.high[e];
      mean[e] += result.value[e] / LOGS;
    }
  }
  // 95 % intervals: of 400, 380 and standard deviation 4.4; percentile bootstraps cover a little
  // less. Nothing is above 10, so that clipped ones are the others.
  const int unbiased[] = {OFF_POLICY_IPS, OFF_POLICY_SNIPS, OFF_POLICY_DR, OFF_POLICY_SNDR,
                          OFF_POLICY_DR_CLIPPED};
  for (size_t k = 0; k < sizeof unbiased / sizeof *unbiased; ++k) {
    EXPECT_NEAR(mean[unbiased[k]], truth, 0.01);
    EXPECT_GE(covered[unbiased[k]], 362);
    EXPECT_LE(covered[unbiased[k]], 396);
  }
  EXPECT_LT(covered[OFF_POLICY_DM], 40);  // the reward model alone is wrong here
}

TEST(off_policy, clusters_that_repeat_a_row_widen_the_interval) {
  off_policy_log log = play_bandit(1);
  off_policy_result alone, together;
  off_policy_def def = off_policy_default_def();
  for (int i = 0; i < N_ROW; ++i) {
    const int first = i - i % 10;
    reward[i] = reward[first], logged[i] = logged[first], target[i] = target[first];
    cluster[i] = i / 10;
  }
  ASSERT_OK(off_policy_estimate(&log, &def, &alone));
  log.cluster = cluster;
  ASSERT_OK(off_policy_estimate(&log, &def, &together));
  EXPECT_EQ(alone.value[OFF_POLICY_IPS], together.value[OFF_POLICY_IPS]);
  EXPECT_GT(together.high[OFF_POLICY_IPS] - together.low[OFF_POLICY_IPS],
            2 * (alone.high[OFF_POLICY_IPS] - alone.low[OFF_POLICY_IPS]));
}

TEST(off_policy, without_a_model_what_needs_one_is_no_number_and_the_rest_is_as_it_was) {
  off_policy_log log = play_bandit(2);
  const off_policy_def def = off_policy_default_def();
  off_policy_result with, without;
  ASSERT_OK(off_policy_estimate(&log, &def, &with));
  log.model_target = NULL;
  ASSERT_OK(off_policy_estimate(&log, &def, &without));
  EXPECT_TRUE(isnan(without.value[OFF_POLICY_DR]) && isnan(without.low[OFF_POLICY_SNDR]));
  EXPECT_EQ(with.low[OFF_POLICY_SNIPS], without.low[OFF_POLICY_SNIPS]);
}

TEST(off_policy, logs_that_cannot_be_are_refused_with_the_row) {
  off_policy_log log = play_bandit(3);
  off_policy_def def = off_policy_default_def();
  off_policy_result result;
  logged[5] = 0;
  EXPECT_EQ(off_policy_estimate(&log, &def, &result), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "row 5");
  logged[5] = 0.5;
  reward[9] = (double)NAN;
  EXPECT_EQ(off_policy_estimate(&log, &def, &result), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "row 9");
  reward[9] = 1;
  def.clip = 0;
  EXPECT_EQ(off_policy_estimate(&log, &def, &result), THRONG_ERROR_ARGUMENT);
  def.clip = 1;
  log.n = 0;
  EXPECT_EQ(off_policy_estimate(&log, &def, &result), THRONG_ERROR_ARGUMENT);
}
