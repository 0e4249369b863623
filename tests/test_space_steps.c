/// Ranges with steps, which are Optuna's, and conditions and words that a space refuses.
#include <math.h>

#include "support/golden.h"
#include "support/space_text.h"

/// A range that its steps do not fill ends at the last of them, and reads back to the same.
static void expect_end(const char *json, double end) {
  throng_config config;
  space *s, *again;
  char *first, *second;
  ASSERT_OK(make("", json, &config, &s));
  EXPECT_NEAR(s->parameter[0].high, end, 0);
  ASSERT_OK(space_print(s, &first));
  release(&config, s);
  ASSERT_OK(make("", first, &config, &again));
  ASSERT_OK(space_print(again, &second));
  EXPECT_STREQ(first, second);
  release(&config, again);
  free(first);
  free(second);
}

TEST(space_steps, a_range_ends_at_the_last_of_its_steps) {
  expect_end("{\"agent.gamma\": {\"min\": 0.9, \"max\": 0.99, \"step\": 0.06}}", 0.96);
  expect_end("{\"agent.gamma\": {\"min\": 0.9, \"max\": 0.96, \"step\": 0.06}}", 0.96);
  expect_end("{\"agent.gamma\": {\"min\": 0.1, \"max\": 0.35, \"step\": 0.1}}", 0.3);
  expect_end("{\"agent.gamma\": {\"min\": 0.5, \"max\": 0.9, \"step\": 0.3333333333333333}}",
             0.8333333333333333);
  expect_end("{\"agent.learning_rate\": {\"min\": 1e-59, \"max\": 1, \"step\": 0.03}}", 0.99);
  expect_end("{\"agent.tau\": {\"min\": 1e-9, \"max\": 1, \"step\": 0.3333333333333333}}",
             0.6666666676666666);
  expect_end("{\"agent.gamma\": {\"min\": 0.1, \"max\": 0.9, \"step\": 1e-7}}", 0.9);
}

/// [min, max, step, how many values, then the first, second, middle and last of them].
static void expect_as_optuna(const cJSON *row) {
  throng_config config;
  space *s;
  char json[160];
  double number[8];
  const int n = cJSON_GetArraySize(row);
  for (int k = 0; k < n; ++k) number[k] = cJSON_GetArrayItem(row, k)->valuedouble;
  snprintf(json, sizeof json,
           "{\"agent.gamma\": {\"min\": %.17g, \"max\": %.17g, \"step\": %.17g}}", number[0],
           number[1], number[2]);
  expect_end(json, number[n - 1]);
  ASSERT_OK(make("", json, &config, &s));
  EXPECT_EQ(space_values(s->parameter), (int64_t)number[3]);
  for (int k = 4; k < n; ++k) {
    double x = number[k];
    space_round(s, &x);
    EXPECT_NEAR(x, number[k], 0);
  }
  release(&config, s);
}

TEST(space_steps, steps_are_those_of_optuna_to_the_last_digit) {
  cJSON *rows = golden_json("steps.json"), *row;
  ASSERT_TRUE(cJSON_GetArraySize(rows) == 300);
  cJSON_ArrayForEach(row, rows) expect_as_optuna(row);
  cJSON_Delete(rows);
}

TEST(space_steps, what_is_wrong_with_a_condition_is_said_of_it) {
  static const char head[] =
      "{\"agent.double_dqn\": {}, \"agent.n_step\": {\"min\": 1, \"max\": 7, "
      "\"step\": 3}, \"agent.gamma\": {\"min\": 0, \"max\": 1, \"when\": ";
  static const struct {
    const char *when, *cause;
  } wrong[] = {
      {"{\"agent.double_dqn\": null}", "agent.gamma: when: agent.double_dqn: null is no value"},
      {"{\"agent.double_dqn\": \"true\"}",
       "agent.gamma: when: agent.double_dqn: expected true or false, not \"true\""},
      {"{\"agent.n_step\": {\"min\": 1.2, \"max\": 3.9}}", "is never {\"min\":1.2,\"max\":3.9}"},
      {"{\"agent.n_step\": {\"min\": 7.5}}", "is never"},
      {"{\"agent.n_step\": {\"min\": 2.6, \"max\": 4}}", "(accepted)"},
      {"{\"agent.n_step\": {\"min\": 6}}", "(accepted)"},
      {"{\"agent.n_step\": {\"max\": 1}}", "(accepted)"}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; ++k) {
    char json[400];
    snprintf(json, sizeof json, "%s%s}}", head, wrong[k].when);
    EXPECT_CONTAINS(refusal(json), wrong[k].cause);
  }
}

TEST(space_steps, a_range_of_one_value_may_have_a_step) {
  EXPECT_STREQ(refusal("{\"agent.n_step\": {\"min\": 2, \"max\": 2, \"step\": 1}}"), "(accepted)");
  EXPECT_STREQ(refusal("{\"agent.gamma\": {\"min\": 0.9, \"max\": 0.9, \"step\": 0.1}}"),
               "(accepted)");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.9, \"max\": 0.9, \"step\": 0}}", "above 0, not 0");
}

TEST(space_steps, words_of_other_tools_and_equal_choices_are_refused) {
  expect_refusal("{\"agent.gamma\": {\"low\": 0.1, \"high\": 1}}", "did you mean min?");
  expect_refusal("{\"agent.loss\": {\"choices\": [\"mse\"]}}", "did you mean values?");
  expect_refusal("{\"agent.ent_coef\": {\"values\": [0, -0.0]}}", "stands there twice");
}
