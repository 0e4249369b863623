/// The space of a sweep: what is read, what is refused and how, points, conditions, and the texts
/// that configs and Optuna take.
#include "space/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/space_text.h"

static const char usual[] =
    "{\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true},"
    " \"agent.width\": {\"min\": 16, \"max\": 120, \"step\": 16, \"when\": {\"agent.head\": "
    "\"two_tower\"}},"
    " \"agent.head\": {},"
    " \"agent.double_dqn\": {},"
    " \"agent.hidden\": {\"values\": [[64, 64], [128, 128]]},"
    " \"agent.gamma\": {\"min\": 0.9, \"max\": 0.99, \"step\": 0.03},"
    " \"agent.batch\": {\"values\": [64, 256, 1024]},"
    " \"votes.rule\": {\"value\": \"majority\"}}";

TEST(space, parameters_are_read_in_order_with_parents_before_children) {
  throng_config config;
  space *s;
  ASSERT_OK(make("", usual, &config, &s));
  static const char *const names[] = {"agent.learning_rate", "agent.head",   "agent.width",
                                      "agent.double_dqn",    "agent.hidden", "agent.gamma",
                                      "agent.batch",         "votes.rule"};
  ASSERT_EQ(s->n, 8);
  for (int k = 0; k < 8; ++k) EXPECT_STREQ(s->parameter[k].name, names[k]);
  EXPECT_EQ(s->parameter[0].kind, SPACE_FLOAT);
  EXPECT_TRUE(s->parameter[0].log);
  EXPECT_FALSE(s->parameter[0].structural);
  EXPECT_EQ(s->parameter[1].n_choice, 3);  // all of the option's names
  EXPECT_TRUE(s->parameter[1].structural);
  EXPECT_EQ(s->parameter[2].kind, SPACE_INT);
  EXPECT_EQ(s->parameter[2].parent, 1);
  EXPECT_NEAR(s->parameter[2].high, 112, 0);  // the last value of the steps
  EXPECT_STREQ(s->parameter[3].choice[1], "true");
  EXPECT_STREQ(s->parameter[4].choice[0], "[64,64]");
  EXPECT_TRUE(isnan(s->parameter[4].choice_number[0]));
  EXPECT_TRUE(s->parameter[6].ordered);
  EXPECT_NEAR(s->parameter[6].choice_number[2], 1024, 0);
  EXPECT_EQ(s->parameter[7].n_choice, 1);
  EXPECT_TRUE(s->parameter[7].structural);
  release(&config, s);
}

TEST(space, its_canonical_print_is_read_back_to_the_same) {
  throng_config config, again;
  space *s, *second;
  char *first_text, *second_text;
  ASSERT_OK(make("", usual, &config, &s));
  ASSERT_OK(space_print(s, &first_text));
  EXPECT_CONTAINS(first_text, "\"agent.learning_rate\":{\"min\":1e-05,\"max\":0.01,\"log\":true}");
  EXPECT_CONTAINS(first_text, "\"when\":{\"agent.head\":[\"two_tower\"]}");
  ASSERT_OK(make("", first_text, &again, &second));
  ASSERT_OK(space_print(second, &second_text));
  EXPECT_STREQ(first_text, second_text);
  free(first_text);
  free(second_text);
  release(&config, s);
  release(&again, second);
}

TEST(space, a_wrong_range_is_refused_with_place_and_cause) {
  expect_refusal("{\"agent.gamma\": {\"min\": 1, \"max\": 0.9}}",
                 "s.json:2:37: sweep.space: agent.gamma: min: 1 is above max, which is 0.9");
  expect_refusal("{\"agent.learning_rate\": {\"min\": 0, \"max\": 1, \"log\": true}}",
                 "agent.learning_rate: log: min is 0, which has no logarithm");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.9, \"max\": 1.5}}",
                 "agent.gamma: max: expected a number in 0..1, not 1.5");
  expect_refusal("{\"agent.batch\": {\"min\": 1.5, \"max\": 64}}",
                 "agent.batch: min: expected an integer in 1..16777216, not 1.5");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.9}}", "agent.gamma: max: missing");
  expect_refusal("{\"agent.gamma\": {\"min\": \"a\", \"max\": 1}}",
                 "min: expected a number in 0..1");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.1, \"max\": 1e999}}", "number out of range");
  expect_refusal("{\"agent.batch\": {\"min\": 1, \"max\": 9, \"step\": 0}}",
                 "step: expected a number above 0, not 0");
  expect_refusal("{\"agent.batch\": {\"min\": 1, \"max\": 9, \"step\": 1.5}}",
                 "step: expected an integer above 0, not 1.5");
  expect_refusal("{\"agent.batch\": {\"min\": 1, \"max\": 9, \"step\": 10}}",
                 "step: 10 is above max - min, which is 8");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.9, \"max\": 0.95, \"step\": 0.06}}",
                 "step: 0.06 is above max - min, which is 0.05");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.1, \"max\": 0.9, \"step\": 1e-300}}",
                 "step: 1e-300 is too small to tell values of this size apart; expected 9e-09 or "
                 "more, or no step");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.1, \"max\": 1, \"step\": 0.1, \"log\": true}}",
                 "step: expected none beside log");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.1, \"max\": 1, \"log\": 1}}",
                 "log: expected true or false");
  expect_refusal("{\"agent.head\": {\"min\": 0, \"max\": 1}}", "an option without a range");
  expect_refusal("{\"agent.hidden\": {}}", "agent.hidden: an option without a range");
}

TEST(space, wrong_values_are_refused) {
  expect_refusal("{\"agent.batch\": {\"values\": []}}", "expected an array of one value at least");
  expect_refusal("{\"agent.batch\": {\"values\": 64}}", "expected an array of one value at least");
  expect_refusal("{\"agent.batch\": {\"values\": [64, 128, 64]}}", "64 stands there twice");
  expect_refusal("{\"agent.gamma\": {\"values\": [0.9, 0.9000000001]}}", "0.9 stands there twice");
  expect_refusal("{\"agent.batch\": {\"values\": [64, 0]}}",
                 "agent.batch: values: expected an integer in 1..16777216, not 0");
  expect_refusal("{\"agent.batch\": {\"values\": [64, null]}}", "null is no value");
  expect_refusal("{\"agent.head\": {\"values\": [\"flat\", \"round\"]}}",
                 "expected flat, two_tower or flat_dueling, not \"round\"");
  expect_refusal("{\"agent.hidden\": {\"values\": [[64, 64], [64]]}}",
                 "expected an array of 2, each an integer in 1..8192");
  expect_refusal("{\"agent.batch\": {\"values\": [64], \"min\": 3}}", "more than one is given");
}

TEST(space, unknown_names_and_words_are_refused_with_what_was_meant) {
  expect_refusal("{\"agent.gama\": {\"min\": 0.9, \"max\": 1}}",
                 "agent.gama: no such option; did you mean agent.gamma?");
  expect_refusal("{\"agent.count\": {\"values\": [1, 2]}}",
                 "agent.count: cannot be varied in a sweep; of agent these can: algorithm, head");
  expect_refusal("{\"sta.width\": {\"values\": [1, 2]}}",
                 "sta.width: cannot be varied in a sweep, like all of the section sta");
  expect_refusal("{\"agent.gamma\": {\"mim\": 0.9, \"max\": 1}}",
                 "agent.gamma: mim: no such word; did you mean min?");
  expect_refusal("{\"agent.gamma\": {\"distribution\": \"uniform\"}}",
                 "distribution: no such word; expected min, max, log, step, values, value or when");
  expect_refusal("{\"agent.gamma\": {\"min\": 0.9, \"max\": 1, \"min\": 0.8}}", "min: given twice");
  expect_refusal("{\"agent.gamma\": {}, \"agent.gamma\": {}}", "agent.gamma: min: missing");
  expect_refusal("{\"agent.gamma\": [0.9, 1]}", "agent.gamma: expected {\"min\": ..");
  expect_refusal("{\"agent.tau\": {\"value\": 1}, \"agent.tau\": {\"value\": 1}}",
                 "agent.tau: given twice");
  expect_refusal("{}", "0 parameters; expected 1 to 64");
  char many[2048] = "{", *at = many + 1;
  for (int k = 0; k < 65; ++k) at += sprintf(at, "%s\"agent.x%d\": {}", k ? ", " : "", k);
  strcpy(at, "}");
  expect_refusal(many, "65 parameters; expected 1 to 64");
  expect_refusal("[]", "sweep.space: expected an object");
}

TEST(space, wrong_conditions_are_refused) {
  expect_refusal(
      "{\"agent.width\": {\"min\": 1, \"max\": 9, \"when\": {\"agent.head\": \"flat\"}}}",
      "agent.width: when: agent.head is not in the space");
  expect_refusal(
      "{\"agent.head\": {\"values\": [\"two_tower\"]}, \"agent.width\": {\"min\": 1, \"max\": 9, "
      "\"when\": {\"agent.head\": \"flat\"}}}",
      "agent.width: when: agent.head is never \"flat\" in this space");
  expect_refusal(
      "{\"agent.batch\": {\"min\": 1, \"max\": 9, \"when\": {\"agent.width\": 3}},"
      " \"agent.width\": {\"min\": 1, \"max\": 9, \"when\": {\"agent.batch\": 3}}}",
      "when: the conditions form a circle");
  expect_refusal("{\"agent.width\": {\"min\": 1, \"max\": 9, \"when\": {\"agent.width\": 3}}}",
                 "when: a condition on the parameter itself");
  expect_refusal(
      "{\"agent.head\": {}, \"agent.loss\": {}, \"agent.width\": {\"value\": 9, "
      "\"when\": {\"agent.head\": \"flat\", \"agent.loss\": \"mse\"}}}",
      "when: expected one parameter and its value");
  expect_refusal(
      "{\"agent.gamma\": {\"min\": 0.9, \"max\": 1}, \"agent.tau\": {\"value\": 1, "
      "\"when\": {\"agent.gamma\": 0.95}}}",
      "when: agent.gamma has no steps; expected {\"min\": .., \"max\": ..}");
  expect_refusal(
      "{\"agent.gamma\": {\"min\": 0.9, \"max\": 1}, \"agent.tau\": {\"value\": 1, "
      "\"when\": {\"agent.gamma\": {\"min\": 0.1, \"max\": 0.2}}}}",
      "when: agent.gamma is never {\"min\":0.1,\"max\":0.2} in this space");
  expect_refusal(
      "{\"agent.gamma\": {\"min\": 0.9, \"max\": 1}, \"agent.tau\": {\"value\": 1, "
      "\"when\": {\"agent.gamma\": {\"least\": 0.1}}}}",
      "when: expected {\"min\": .., \"max\": ..} with numbers for agent.gamma");
  expect_refusal(
      "{\"agent.gamma\": {\"min\": 0.9, \"max\": 1}, \"agent.tau\": {\"value\": 1, "
      "\"when\": {\"agent.gama\": 1}}}",
      "agent.gama is not in the space; did you mean agent.gamma?");
}

TEST(space, conditions_hold_where_they_say) {
  throng_config config;
  space *s;
  ASSERT_OK(make("",
                 "{\"agent.head\": {}, \"agent.batch\": {\"min\": 1, \"max\": 9, \"when\": "
                 "{\"agent.head\": [\"flat\"]}},"
                 " \"agent.tau\": {\"min\": 0.1, \"max\": 1, \"when\": {\"agent.batch\": [3, 5]}},"
                 " \"agent.gamma\": {\"min\": 0.9, \"max\": 1, \"when\": {\"agent.tau\": {\"min\": "
                 "0.5}}}}",
                 &config, &s));
  struct {
    double x[4];
    bool applies[4];
  } const cases[] = {{{0, 3, 0.6, 0.95}, {true, true, true, true}},
                     {{0, 3, 0.4, 0.95}, {true, true, true, false}},
                     {{0, 4, 0.6, 0.95}, {true, true, false, false}},
                     {{1, 3, 0.6, 0.95}, {true, false, false, false}}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
    double x[4];
    memcpy(x, cases[c].x, sizeof x);
    space_round(s, x);
    for (int k = 0; k < 4; ++k) {
      EXPECT_EQ(space_applies(s, cases[c].x, k), cases[c].applies[k]);
      EXPECT_EQ(isnan(x[k]), !cases[c].applies[k]);
    }
  }
  // A parameter that begins to apply without a value gets the config's own.
  double x[4] = {0, (double)NAN, (double)NAN, (double)NAN};
  space_round(s, x);
  EXPECT_NEAR(x[1], 9, 0);  // of 512 the nearest
  release(&config, s);
}

TEST(space, a_condition_on_a_list_of_numbers_may_be_a_range) {
  throng_config config;
  space *s;
  char *text;
  ASSERT_OK(make("",
                 "{\"agent.batch\": {\"values\": [64, 256, 1024]}, \"agent.updates\": {\"min\": 1, "
                 "\"max\": 3, \"when\": {\"agent.batch\": {\"min\": 100}}}}",
                 &config, &s));
  ASSERT_OK(space_print(s, &text));
  EXPECT_CONTAINS(text, "\"when\":{\"agent.batch\":[256,1024]}");
  free(text);
  release(&config, s);
}

TEST(space, trial_zero_is_the_config_itself_or_what_is_nearest) {
  throng_config config;
  space *s;
  double x[8];
  ASSERT_OK(
      make("\"learning_rate\": 0.003, \"batch\": 300, \"hidden\": [128, 128], "
           "\"gamma\": 0.5, \"head\": \"flat\"",
           usual, &config, &s));
  space_initial(s, x);
  EXPECT_NEAR(x[0], 0.003, 0);
  EXPECT_TRUE(s->parameter[0].holds_initial);
  EXPECT_NEAR(x[1], 0, 0);
  EXPECT_TRUE(isnan(x[2]));  // the head is flat
  EXPECT_NEAR(x[4], 1, 0);
  EXPECT_NEAR(x[5], 0.9, 0);
  EXPECT_FALSE(s->parameter[5].holds_initial);
  EXPECT_NEAR(x[6], 1, 0);  // 256 is nearest to 300
  EXPECT_FALSE(s->parameter[6].holds_initial);
  release(&config, s);
}

TEST(space, values_lie_in_their_range_and_on_their_steps) {
  throng_config config;
  space *s;
  ASSERT_OK(make("", usual, &config, &s));
  for (int i = 0; i <= 1000; ++i) {
    const double u = i / 1000.0;
    for (int k = 0; k < s->n; ++k) {
      const space_parameter *p = &s->parameter[k];
      const double x = space_from_unit(p, u);
      EXPECT_TRUE(p->kind == SPACE_CHOICE ? x == floor(x) && x >= 0 && x < p->n_choice
                                          : x >= p->low && x <= p->high);
      const double back = space_to_unit(p, x);
      EXPECT_TRUE(back >= 0 && back <= 1);
      // A value is its own nearest, and its place along the range leads back to it.
      EXPECT_NEAR(space_from_unit(p, back), x, 1e-6 * fabs(x));
      if (p->step == 0 && p->kind == SPACE_FLOAT) EXPECT_NEAR(back, u, 1e-6);
    }
  }
  EXPECT_NEAR(space_from_unit(&s->parameter[5], 0.99), 0.99, 0);  // 0.9 + 3 * 0.03, as a decimal
  EXPECT_NEAR(space_from_unit(&s->parameter[0], 0.5), sqrt(1e-5 * 1e-2), 1e-10);
  release(&config, s);
}

TEST(space, every_value_of_a_step_has_the_same_share) {
  throng_config config;
  space *s;
  int count[8] = {0};
  ASSERT_OK(make("", "{\"agent.n_step\": {\"min\": 1, \"max\": 8}}", &config, &s));
  for (int i = 0; i < 8000; ++i)
    ++count[(int)space_from_unit(&s->parameter[0], (i + 0.5) / 8000) - 1];
  for (int k = 0; k < 8; ++k) EXPECT_EQ(count[k], 1000);
  release(&config, s);
}

TEST(space, overrides_read_back_to_the_same_values) {
  throng_config config, changed;
  space *s, *again;
  char **lines;
  ASSERT_OK(make("", usual, &config, &s));
  double x[8], y[8];
  for (int k = 0; k < 8; ++k) x[k] = space_from_unit(&s->parameter[k], 0.7);
  x[1] = 1;
  space_round(s, x);
  ASSERT_OK(space_overrides(s, x, &lines));
  int n = 0;
  while (lines[n]) ++n;
  EXPECT_EQ(n, 8);
  EXPECT_STREQ(lines[1], "agent.head=two_tower");
  EXPECT_STREQ(lines[4], "agent.hidden=[128,128]");
  ASSERT_OK(config_load(NULL, (const char *const *)lines, &changed));
  EXPECT_EQ(changed.agent.hidden[0], 128);
  // Read as the config's own values, they are the same point.
  cJSON *json = cJSON_Parse(usual);
  char *text = cJSON_PrintUnformatted(json);
  changed.sweep_space = text;
  ASSERT_OK(config_space(&changed, &again));
  space_initial(again, y);
  for (int k = 0; k < 8; ++k) EXPECT_NEAR(x[k], y[k], 0);
  changed.sweep_space = NULL;
  cJSON_free(text);
  cJSON_Delete(json);
  free(lines);
  release(&changed, again);
  release(&config, s);
}

static const char *difference(const char *before, const char *after) {
  static char said[1024];
  throng_config a_config, b_config;
  space *a, *b;
  char *a_text, *b_text, *lines;
  *said = '\0';
  if (make("", before, &a_config, &a) != THRONG_OK) return "(refused)";
  if (make("", after, &b_config, &b) != THRONG_OK) return "(refused)";
  EXPECT_OK(space_print(a, &a_text));
  EXPECT_OK(space_print(b, &b_text));
  EXPECT_OK(space_difference(a_text, b_text, &lines));
  if (lines) snprintf(said, sizeof said, "%s", lines);
  free(lines);
  free(a_text);
  free(b_text);
  release(&a_config, a);
  release(&b_config, b);
  return said;
}

TEST(space, what_differs_is_said_a_line_a_difference) {
  EXPECT_STREQ(difference(usual, usual), "");
  EXPECT_STREQ(difference("{\"agent.gamma\": {\"min\": 0.9, \"max\": 0.99}}",
                          "{\"agent.gamma\": {\"max\": 0.999, \"min\": 0.90}}"),
               "agent.gamma: max 0.99 -> 0.999\n");
  EXPECT_STREQ(difference("{\"agent.gamma\": {\"min\": 0.9, \"max\": 1}, \"agent.loss\": {}}",
                          "{\"agent.gamma\": {\"min\": 0.9, \"max\": 1, \"log\": true}, "
                          "\"agent.batch\": {\"value\": 7}}"),
               "agent.gamma: log none -> true\nagent.loss: removed\nagent.batch: added\n");
  EXPECT_STREQ(difference("{\"agent.tau\": {\"value\": 1}, \"agent.loss\": {}}",
                          "{\"agent.loss\": {}, \"agent.tau\": {\"value\": 1}}"),
               "the parameters stand in another order\n");
}

TEST(space, distributions_are_what_optuna_writes) {
  static const char *const expected[] = {
      "{\"name\":\"FloatDistribution\",\"attributes\":{\"step\":null,\"low\":1e-05,\"high\":0.01,"
      "\"log\":true}}",
      "{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[\"flat\",\"two_tower\","
      "\"flat_dueling\"]}"
      "}",
      "{\"name\":\"IntDistribution\",\"attributes\":{\"step\":16,\"low\":16,\"high\":112,"
      "\"log\":false}}",
      "{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[false,true]}}",
      "{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[\"[64,64]\","
      "\"[128,128]\"]}}",
      "{\"name\":\"FloatDistribution\",\"attributes\":{\"step\":0.03,\"low\":0.9,\"high\":0.99,"
      "\"log\":false}}",
      "{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[64,256,1024]}}",
      "{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[\"majority\"]}}"};
  throng_config config;
  space *s;
  ASSERT_OK(make("", usual, &config, &s));
  for (int k = 0; k < 8; ++k) {
    char *text;
    ASSERT_OK(space_distribution_json(&s->parameter[k], &text));
    EXPECT_STREQ(text, expected[k]);
    free(text);
  }
  release(&config, s);
}

TEST(space, every_point_has_one_number_and_conditions_double_none) {
  throng_config config;
  space *s;
  double x[4], y[4];
  ASSERT_OK(make("",
                 "{\"agent.head\": {}, \"agent.width\": {\"min\": 16, \"max\": 64, \"step\": 16, "
                 "\"when\": {\"agent.head\": \"two_tower\"}}, \"agent.loss\": {}, \"agent.tau\": "
                 "{\"min\": 0.1, \"max\": 0.3, \"step\": 0.1}}",
                 &config, &s));
  const int64_t n = space_size(s);
  EXPECT_EQ(n, (2 + 4) * 2 * 3);
  for (int64_t k = 0; k < n; ++k) {
    space_point(s, k, x);
    EXPECT_EQ(space_index(s, x), k);
    memcpy(y, x, sizeof x);
    space_round(s, y);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(x[i] == y[i] || (isnan(x[i]) && isnan(y[i])));
    for (int64_t j = 0; j < k; ++j) {
      space_point(s, j, y);
      bool same = true;
      for (int i = 0; i < 4; ++i) same &= x[i] == y[i] || (isnan(x[i]) && isnan(y[i]));
      EXPECT_FALSE(same);
    }
  }
  x[3] = 0.15;
  EXPECT_EQ(space_index(s, x), -1);
  release(&config, s);
  ASSERT_OK(make("", "{\"agent.gamma\": {\"min\": 0.9, \"max\": 1}}", &config, &s));
  EXPECT_EQ(space_size(s), -1);
  release(&config, s);
  ASSERT_OK(make("",
                 "{\"agent.batch\": {\"min\": 1, \"max\": 100000}, \"agent.buffer\": {\"min\": 1, "
                 "\"max\": 1099511627776}}",
                 &config, &s));
  EXPECT_EQ(space_size(s), SPACE_POINTS);
  release(&config, s);
}
