/// Which trials train on: decisions of ASHA and Hyperband against Optuna's pruners
/// (tests/golden/make_schedule.py), and what they refuse.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "schedule/scheduler.h"
#include "support/golden.h"
#include "throng/sweep.h"
#include "throng_test.h"

static const char *text(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static scheduler_def case_def(const cJSON *row) {
  return (scheduler_def){.study = text(row, "study"),
                         .slots = (int32_t)golden_number(row, "slots"),
                         .period = (int64_t)golden_number(row, "period"),
                         .min_steps = (int64_t)golden_number(row, "min_steps"),
                         .max_steps = (int64_t)golden_number(row, "max_steps"),
                         .reduction = golden_number(row, "reduction")};
}

/// All rounds of a case: how many reports there were, and how many were pruned; -1 after a failure.
static int64_t replay(const cJSON *row, int64_t *pruned) {
  const scheduler_def def = case_def(row);
  scheduler *s;
  int64_t reports = 0;
  const int kind =
      strcmp(text(row, "kind"), "asha") ? THRONG_SCHEDULER_HYPERBAND : THRONG_SCHEDULER_ASHA;
  if (scheduler_create(kind, &def, &s) != THRONG_OK) return -1;
  const cJSON *round;
  cJSON_ArrayForEach(round, cJSON_GetObjectItemCaseSensitive(row, "rounds")) {
    scheduler_report report[16];
    schedule_decision decision[16];
    const int n = cJSON_GetArraySize(round);
    for (int k = 0; k < n; ++k) {
      const cJSON *entry = cJSON_GetArrayItem(round, k);
      const cJSON *value = cJSON_GetArrayItem(entry, 3);
      report[k] = (scheduler_report){
          .slot = (int32_t)cJSON_GetArrayItem(entry, 0)->valuedouble,
          .trial = (int64_t)cJSON_GetArrayItem(entry, 1)->valuedouble,
          .steps = (int64_t)cJSON_GetArrayItem(entry, 2)->valuedouble,
          .value = cJSON_IsNumber(value) ? value->valuedouble : (double)NAN,
      };
    }
    EXPECT_OK(scheduler_round(s, n, report, decision));
    for (int k = 0; k < n; ++k) {
      const int expected = (int)cJSON_GetArrayItem(cJSON_GetArrayItem(round, k), 4)->valuedouble;
      // At its end nobody asks Optuna; what has no number is pruned here even then.
      if (report[k].steps < def.max_steps)
        EXPECT_EQ(decision[k].action, expected ? SCHEDULE_PRUNE : SCHEDULE_GO_ON);
      else if (!isnan(report[k].value))
        EXPECT_EQ(decision[k].action, SCHEDULE_GO_ON);
      *pruned += expected;
    }
    reports += n;
  }
  scheduler_free(s);
  return reports;
}

TEST(schedule, decisions_are_those_of_optunas_pruners) {
  cJSON *json = golden_json("schedule.json");
  ASSERT_TRUE(json != NULL);
  int cases = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "cases")) {
    int64_t pruned = 0;
    EXPECT_GT(replay(row, &pruned), 100);
    EXPECT_GT(pruned, 5);
    ++cases;
  }
  EXPECT_EQ(cases, 6);
  cJSON_Delete(json);
}

static const scheduler_def usual = {
    .study = "s", .slots = 8, .period = 100, .max_steps = 6400, .reduction = 4};

/// One report; its decision.
static schedule_decision ask(scheduler *s, int64_t trial, int64_t steps, double value) {
  scheduler_report report = {.trial = trial, .steps = steps, .value = value};
  schedule_decision decision;
  EXPECT_OK(scheduler_round(s, 1, &report, &decision));
  return decision;
}

TEST(schedule, the_first_rung_is_the_first_report_unless_given) {
  scheduler *s;
  ASSERT_OK(scheduler_create(THRONG_SCHEDULER_ASHA, &usual, &s));
  EXPECT_EQ(ask(s, 0, 100, 1).rung, 0);
  EXPECT_EQ(ask(s, 1, 100, 2).action, SCHEDULE_PRUNE);
  EXPECT_EQ(ask(s, 0, 300, 1).rung, 0);
  EXPECT_EQ(ask(s, 0, 400, 1).rung, 1);
  scheduler_free(s);
}

TEST(schedule, a_report_past_several_rungs_is_recorded_at_each) {
  scheduler *s;
  ASSERT_OK(scheduler_create(THRONG_SCHEDULER_ASHA, &usual, &s));
  EXPECT_EQ(ask(s, 0, 1600, 1).rung, 2);
  EXPECT_EQ(ask(s, 1, 100, 2).action, SCHEDULE_PRUNE);
  EXPECT_EQ(ask(s, 2, 1600, 0.5).rung, 2);
  scheduler_free(s);
}

TEST(schedule, what_is_no_number_is_pruned_at_a_rung_and_judges_nobody) {
  scheduler *s;
  ASSERT_OK(scheduler_create(THRONG_SCHEDULER_ASHA, &usual, &s));
  EXPECT_EQ(ask(s, 0, 100, (double)NAN).action, SCHEDULE_PRUNE);
  EXPECT_EQ(ask(s, 1, 100, 5).action, SCHEDULE_GO_ON);
  EXPECT_EQ(ask(s, 1, 200, (double)NAN).action, SCHEDULE_GO_ON);
  EXPECT_EQ(ask(s, 1, 6400, (double)NAN).action, SCHEDULE_PRUNE);
  scheduler_free(s);
}

/// 100 * 2.2 is a bit more than 220 in doubles, and 33 / 2.2 a bit less than 15.
TEST(schedule, rungs_and_shares_of_any_reduction_are_whole_where_they_are_meant_to_be) {
  const scheduler_def def = {
      .study = "s", .period = 20, .min_steps = 100, .max_steps = 1000, .reduction = 2.2};
  scheduler *s;
  int32_t on = 0;
  ASSERT_OK(scheduler_create(THRONG_SCHEDULER_ASHA, &def, &s));
  for (int64_t trial = 0; trial < 33; ++trial) {
    // The last one is the 15th best of 33.
    const scheduler_report report = {
        .trial = trial, .steps = trial ? 100 : 220, .value = trial < 32 ? (double)trial : 13.5};
    schedule_decision decision;
    ASSERT_OK(scheduler_round(s, 1, &report, &decision));
    on = decision.action == SCHEDULE_GO_ON;
    if (trial == 0) EXPECT_EQ(decision.rung, 1);
  }
  EXPECT_TRUE(on);
  scheduler_free(s);
}

TEST(schedule, without_a_scheduler_every_trial_goes_on) {
  scheduler *s;
  ASSERT_OK(scheduler_create(THRONG_SCHEDULER_NONE, &usual, &s));
  for (int k = 0; k < 50; ++k) EXPECT_EQ(ask(s, k, 100, k).action, SCHEDULE_GO_ON);
  scheduler_free(s);
  EXPECT_EQ(scheduler_steps(THRONG_SCHEDULER_NONE, &usual, 10), 64000);
}

TEST(schedule, asha_is_predicted_to_take_a_fraction_of_the_steps) {
  // 64 trials: 64 to 100, 16 to 400, 4 to 1600, 1 to 6400.
  EXPECT_EQ(scheduler_steps(THRONG_SCHEDULER_ASHA, &usual, 64),
            64 * 100 + 16 * 300 + 4 * 1200 + 4800);
  const int64_t hyperband = scheduler_steps(THRONG_SCHEDULER_HYPERBAND, &usual, 64);
  EXPECT_GT(hyperband, scheduler_steps(THRONG_SCHEDULER_ASHA, &usual, 64));
  EXPECT_LT(hyperband, 64 * 6400);
}

TEST(schedule, what_cannot_be_scheduled_is_refused_with_its_key) {
  scheduler *s;
  scheduler_def def = usual;
  def.min_steps = 7000;
  EXPECT_EQ(scheduler_create(THRONG_SCHEDULER_ASHA, &def, &s), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sweep.min_steps: expected 0..6400");
  def = usual;
  def.reduction = 1;
  EXPECT_EQ(scheduler_create(THRONG_SCHEDULER_HYPERBAND, &def, &s), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sweep.reduction");
  def = usual;
  def.period = 0;
  EXPECT_EQ(scheduler_create(THRONG_SCHEDULER_NONE, &def, &s), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(scheduler_create(99, &usual, &s), THRONG_ERROR_ARGUMENT);
  EXPECT_TRUE(s == NULL);
}
