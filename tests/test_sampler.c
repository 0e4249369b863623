/// What all samplers promise, and grid and random search.
#include "suggest/sampler.h"

#include "support/sampler_rig.h"

static const char mixed[] =
    "{\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": true},"
    " \"agent.gamma\": {\"min\": 0.9, \"max\": 1},"
    " \"agent.head\": {\"values\": [\"flat\", \"two_tower\"]},"
    " \"agent.width\": {\"min\": 16, \"max\": 128, \"step\": 16, \"when\": {\"agent.head\": "
    "\"two_tower\"}},"
    " \"agent.n_step\": {\"min\": 1, \"max\": 8}}";

static const char table[] =
    "{\"agent.head\": {\"values\": [\"flat\", \"two_tower\"]}, \"agent.width\": {\"min\": 16, "
    "\"max\": 64, \"step\": 16, \"when\": "
    "{\"agent.head\": \"two_tower\"}}, \"agent.batch\": {\"values\": [32, 64, 128]}, "
    "\"agent.tau\": {\"min\": 0.1, \"max\": 0.5, \"step\": 0.1}}";

static bool same_point(const double *a, const double *b, int32_t n) {
  for (int32_t k = 0; k < n; ++k)
    if (a[k] != b[k] && !(isnan(a[k]) && isnan(b[k]))) return false;
  return true;
}

/// A smooth value of a point, so that models have something to learn.
static double value_of(const sampler_rig *rig, const double *x) {
  double sum = 0;
  for (int32_t k = 0; k < rig->space->n; ++k)
    if (!isnan(x[k])) sum += pow(space_to_unit(&rig->space->parameter[k], x[k]) - 0.3, 2);
  return sum;
}

static const int kinds[] = {THRONG_SAMPLER_RANDOM, THRONG_SAMPLER_SOBOL, THRONG_SAMPLER_TPE,
                            THRONG_SAMPLER_GP};
enum { N_KIND = sizeof kinds / sizeof *kinds };

TEST(sampler, points_lie_in_the_space_and_have_no_value_where_they_do_not_apply) {
  for (int i = 0; i < N_KIND; ++i) {
    sampler_rig rig;
    double x[8], rounded[8];
    ASSERT_OK(rig_open(&rig, kinds[i], mixed));
    for (int64_t t = 0; t < 60; ++t) {
      bool end;
      ASSERT_OK(sampler_suggest(rig.sampler, t, x, &end));
      EXPECT_FALSE(end);
      memcpy(rounded, x, sizeof x);
      space_round(rig.space, rounded);
      EXPECT_TRUE(same_point(x, rounded, rig.space->n));
      EXPECT_EQ(isnan(x[3]), x[2] == 0);
      const double value = value_of(&rig, x);
      ASSERT_OK(rig_tell(&rig, t, t % 7 == 3 ? TRIAL_FAILED : TRIAL_COMPLETE, x,
                         t % 7 == 3 ? (double[]){(double)NAN} : &value));
    }
    rig_close(&rig);
  }
}

TEST(sampler, a_suggestion_follows_from_what_was_told_and_not_from_how) {
  for (int i = 0; i < N_KIND; ++i) {
    if (kinds[i] == THRONG_SAMPLER_GP) continue;  // follows the order of ends, too (test_gp.c)
    sampler_rig rig, late;
    double x[40][8], again[8];
    bool end;
    ASSERT_OK(rig_open(&rig, kinds[i], mixed));
    for (int64_t t = 0; t < 40; ++t) {
      ASSERT_OK(sampler_suggest(rig.sampler, t, x[t], &end));
      // First running, then with a report, then at its end.
      const double first = 3, value = value_of(&rig, x[t]);
      ASSERT_OK(rig_tell(&rig, t, TRIAL_RUNNING, x[t], (double[]){(double)NAN}));
      ASSERT_OK(rig_tell(&rig, t, TRIAL_RUNNING, x[t], &first));
      ASSERT_OK(rig_tell(&rig, t, TRIAL_COMPLETE, x[t], &value));
    }
    ASSERT_OK(sampler_suggest(rig.sampler, 40, again, &end));
    // A sampler that is told all of it at once, in another order, as after a resume.
    ASSERT_OK(rig_open(&late, kinds[i], mixed));
    for (int64_t t = 39; t >= 0; --t) {
      const double value = value_of(&late, x[t]);
      ASSERT_OK(rig_tell(&late, t, TRIAL_COMPLETE, x[t], &value));
    }
    double other[8];
    ASSERT_OK(sampler_suggest(late.sampler, 40, other, &end));
    EXPECT_TRUE(same_point(again, other, rig.space->n));
    rig_close(&rig);
    rig_close(&late);
  }
}

/// 0.1 + 2 * 0.1 is not 0.3: what hangs on the value must be drawn all the same.
TEST(sampler, what_hangs_on_a_value_of_steps_is_drawn) {
  static const char hung[] =
      "{\"agent.tau\": {\"min\": 0.1, \"max\": 0.5, \"step\": 0.1}, \"agent.gamma\": {\"min\": "
      "0.1, "
      "\"max\": 0.9, \"when\": {\"agent.tau\": 0.3}}}";
  for (int i = 0; i < N_KIND; ++i) {
    sampler_rig rig;
    int drawn = 0;
    ASSERT_OK(rig_open(&rig, kinds[i], hung));
    for (int64_t t = 0; t < 80; ++t) {
      double x[2];
      bool end;
      ASSERT_OK(sampler_suggest(rig.sampler, t, x, &end));
      EXPECT_EQ(isnan(x[1]), x[0] != 0.3);
      // The config's own is what a value that was forgotten becomes.
      drawn += t >= 10 && x[0] == 0.3 && x[1] != rig.space->parameter[1].initial;
      const double value = fabs(x[0] - 0.3);
      ASSERT_OK(rig_tell(&rig, t, TRIAL_COMPLETE, x, &value));
    }
    EXPECT_GE(drawn, 8);
    rig_close(&rig);
  }
}

TEST(sampler, seeds_and_numbers_give_other_points) {
  for (int i = 0; i < N_KIND; ++i) {
    sampler_rig rig;
    double x[8], y[8];
    bool end;
    ASSERT_OK(rig_open(&rig, kinds[i], mixed));
    ASSERT_OK(sampler_suggest(rig.sampler, 3, x, &end));
    ASSERT_OK(sampler_suggest(rig.sampler, 4, y, &end));
    EXPECT_FALSE(same_point(x, y, rig.space->n));
    sampler_free(rig.sampler);
    rig.def.seed = 2;
    ASSERT_OK(sampler_create(kinds[i], &rig.def, &rig.sampler));
    ASSERT_OK(sampler_suggest(rig.sampler, 3, y, &end));
    EXPECT_FALSE(same_point(x, y, rig.space->n));
    rig_close(&rig);
  }
}

TEST(sampler_random, draws_are_uniform_in_the_logarithm_where_log) {
  sampler_rig rig;
  double x[8];
  bool end;
  int bin[10] = {0}, head[2] = {0};
  ASSERT_OK(rig_open(&rig, THRONG_SAMPLER_RANDOM, mixed));
  for (int64_t t = 0; t < 10000; ++t) {
    ASSERT_OK(sampler_suggest(rig.sampler, t, x, &end));
    ++bin[(int)fmin(9, (log10(x[0]) + 5) / 0.4)];
    ++head[(int)x[2]];
  }
  double chi2 = 0;  // 9 degrees of freedom
  for (int k = 0; k < 10; ++k) chi2 += pow(bin[k] - 1000, 2) / 1000;
  EXPECT_LT(chi2, 21.7);  // 1 %
  EXPECT_NEAR(head[0], 5000, 150);
  rig_close(&rig);
}

TEST(sampler_grid, every_point_comes_once_and_then_the_end) {
  sampler_rig rig;
  double x[256][4];
  bool end = false;
  int64_t n = 0;
  ASSERT_OK(rig_open(&rig, THRONG_SAMPLER_GRID, table));
  for (; n < 256; ++n) {
    ASSERT_OK(sampler_suggest(rig.sampler, n, x[n], &end));
    if (end) break;
    for (int64_t j = 0; j < n; ++j) EXPECT_FALSE(same_point(x[n], x[j], 4));
  }
  EXPECT_TRUE(end);
  EXPECT_EQ(n, (1 + 4) * 3 * 5);
  rig_close(&rig);
}

TEST(sampler_grid, the_first_trials_spread_over_every_parameter) {
  sampler_rig rig;
  double x[4];
  bool end, seen[4][8] = {{false}};
  ASSERT_OK(rig_open(&rig, THRONG_SAMPLER_GRID, table));
  for (int64_t t = 0; t < 75 / 5; ++t) {
    ASSERT_OK(sampler_suggest(rig.sampler, t, x, &end));
    seen[0][(int)x[0]] = true;
    if (!isnan(x[1])) seen[1][(int)x[1] / 16 - 1] = true;
    seen[2][(int)x[2]] = true;
    seen[3][(int)rint(x[3] * 10) - 1] = true;
  }
  static const int values[4] = {2, 4, 3, 5};
  for (int k = 0; k < 4; ++k)
    for (int v = 0; v < values[k]; ++v) EXPECT_TRUE(seen[k][v]);
  rig_close(&rig);
}

TEST(sampler_grid, points_that_were_told_do_not_come_again) {
  sampler_rig rig;
  double x[4];
  bool end = false;
  int64_t n = 0;
  ASSERT_OK(rig_open(&rig, THRONG_SAMPLER_GRID, table));
  space_initial(rig.space, x);  // trial 0; its batch of 512 becomes 128
  double initial[4];
  memcpy(initial, x, sizeof x);
  ASSERT_OK(rig_tell(&rig, 0, TRIAL_RUNNING, x, (double[]){(double)NAN}));
  EXPECT_GE(space_index(rig.space, x), 0);
  for (; !end; ++n) {
    ASSERT_OK(sampler_suggest(rig.sampler, n + 1, x, &end));
    if (!end) EXPECT_FALSE(same_point(x, initial, 4));
  }
  EXPECT_EQ(n - 1, 75 - 1);
  rig_close(&rig);
}

TEST(sampler_grid, a_range_without_steps_is_refused) {
  sampler_rig rig;
  ASSERT_OK(rig_space(&rig, mixed));
  EXPECT_EQ(sampler_create(THRONG_SAMPLER_GRID, &rig.def, &rig.sampler), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(),
                  "sweep.sampler grid: agent.learning_rate has a range without a step");
  rig_close(&rig);
  ASSERT_OK(rig_space(&rig,
                      "{\"agent.batch\": {\"min\": 1, \"max\": 100000}, \"agent.buffer\": "
                      "{\"min\": 1, \"max\": 100000}}"));
  EXPECT_EQ(sampler_create(THRONG_SAMPLER_GRID, &rig.def, &rig.sampler), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "100000000 points or more");
  rig_close(&rig);
}
