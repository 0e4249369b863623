/// The section "sweep" of configs: its two JSON keys, overrides, printing, and configs that no
/// sweep reads.
#include "config/config_sweep.h"

#include <stdlib.h>

#include "throng_test.h"

static throng_status load(const char *text, const char *override, throng_config *out) {
  const char *overrides[] = {override, NULL};
  return config_load_text(text, strlen(text), "s.json", overrides, out);
}

static const char swept[] =
    "{\"train\": {\"seed\": 7},\n"
    " \"sweep\": {\"sampler\": \"sobol\", \"slots\": 8, // of one shape\n"
    "   \"space\": {\"agent.gamma\": {\"min\": 0.9, \"max\": 0.99}},\n"
    "   \"objective\": {\"metric\": \"liking\", \"direction\": \"minimize\"}}}";

TEST(config_sweep, the_section_reaches_its_def_and_follows_the_seed) {
  throng_config config;
  ASSERT_OK(load(swept, NULL, &config));
  EXPECT_EQ(config.sweep.sampler, THRONG_SAMPLER_SOBOL);
  EXPECT_EQ(config.sweep.slots, 8);
  EXPECT_EQ(config.sweep.seed, 7);
  EXPECT_EQ(config.sweep.max_trials, throng_default_sweep_def().max_trials);
  config_free(&config);
}

TEST(config_sweep, what_is_printed_is_read_back_and_left_out_where_it_was_not_given) {
  throng_config config, again;
  char *first, *second;
  ASSERT_OK(load(swept, NULL, &config));
  ASSERT_OK(config_print(&config, &first));
  EXPECT_CONTAINS(first, "\"agent.gamma\"");
  ASSERT_OK(load(first, NULL, &again));
  ASSERT_OK(config_print(&again, &second));
  EXPECT_STREQ(first, second);
  free(first);
  free(second);
  config_free(&config);
  config_free(&again);
  ASSERT_OK(load("{}", NULL, &config));
  ASSERT_OK(config_print(&config, &first));
  EXPECT_TRUE(strstr(first, "sweep") == NULL);
  free(first);
  config_free(&config);
}

/// What a trial trains is its overrides upon the printed config.
TEST(config_sweep, where_the_algorithm_varies_each_has_its_own_values_of_what_nobody_gave) {
  static const char varied[] =
      "{\"agent\": {\"gamma\": 0.5}, \"sweep\": {\"space\": {\"agent.algorithm\": {}}}}";
  throng_config config, trial;
  char *text;
  ASSERT_OK(load(varied, NULL, &config));
  ASSERT_OK(config_print(&config, &text));
  const struct {
    const char *override;
    throng_algorithm algorithm;
  } of[] = {{"agent.algorithm=dqn", THRONG_ALGORITHM_DQN},
            {"agent.algorithm=a2c", THRONG_ALGORITHM_A2C},
            {"agent.algorithm=trpo", THRONG_ALGORITHM_TRPO}};
  for (size_t k = 0; k < sizeof of / sizeof *of; ++k) {
    const throng_agent_def usual = throng_algorithm_agent_def(of[k].algorithm);
    ASSERT_OK(load(text, of[k].override, &trial));
    EXPECT_EQ(trial.agent.learning_rate, usual.learning_rate);
    EXPECT_EQ(trial.agent.n_steps, usual.n_steps);
    EXPECT_EQ(trial.agent.use_rms_prop, usual.use_rms_prop);
    EXPECT_EQ(trial.agent.gamma, 0.5f);
    config_free(&trial);
  }
  free(text);
  config_free(&config);
}

TEST(config_sweep, null_takes_the_whole_section_away) {
  throng_config config;
  space *s;
  ASSERT_OK(load(swept, "sweep=null", &config));
  EXPECT_FALSE(config_has_section(&config, "sweep"));
  EXPECT_TRUE(config.sweep_space == NULL && config.sweep_objective == NULL);
  EXPECT_EQ(config_space(&config, &s), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "s.json: sweep.space: missing; expected what varies");
  config_free(&config);
}

/// Parameters of the space after an override, or -1.
static int32_t parameters_after(const char *override) {
  throng_config config;
  space *s;
  int32_t n = -1;
  throng_status status = load(swept, override, &config);
  EXPECT_OK(status);
  if (status != THRONG_OK) return -1;
  status = config_space(&config, &s);
  if (status == THRONG_OK) n = s->n;
  space_free(s);
  config_free(&config);
  return n;
}

TEST(config_sweep, what_is_wrong_with_a_parameter_is_said_with_its_own_place) {
  throng_config config;
  space *s;
  ASSERT_OK(
      load("{\"sweep\": {\"space\": {\n"
           "  \"agent.tau\": {\"value\": 1}, // \"agent.gamma\": no\n"
           "  \"agent.beta1\": {\"values\": [0.5, 0.9]}, \"agent.gamma\": {\n"
           "    \"min\": 2, \"max\": 3}}}}",
           NULL, &config));
  EXPECT_EQ(config_space(&config, &s), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(),
                  "s.json:3:57: sweep.space: agent.gamma: min: expected a number in 0..1, not 2");
  config_free(&config);
}

TEST(config_sweep, overrides_set_the_space_or_one_parameter_of_it) {
  EXPECT_EQ(parameters_after(NULL), 1);
  EXPECT_EQ(parameters_after("sweep.space.agent.tau={\"min\": 0.1, \"max\": 1}"), 2);
  EXPECT_EQ(parameters_after("sweep.space.agent.gamma={\"value\": 0.9}"), 1);
  EXPECT_EQ(parameters_after("sweep.space={\"agent.loss\": {}, \"agent.head\": {}}"), 2);
  EXPECT_EQ(parameters_after("sweep={\"space\": {\"agent.loss\": {}}}"), 1);
  EXPECT_EQ(parameters_after("sweep.space.agent.gamma=null"), -1);
  EXPECT_CONTAINS(throng_error_message(), "--set sweep.space: 0 parameters");
  EXPECT_EQ(parameters_after("sweep.space.agent.gamma=0.9"), -1);
  EXPECT_CONTAINS(throng_error_message(), "--set sweep.space: agent.gamma: expected {\"min\": ..");
  throng_config config;
  EXPECT_EQ(load(swept, "sweep.space={\"agent.gamma\": {\"min\": 0.9", &config),
            THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "--set sweep.space:1:");
}

TEST(config_sweep, the_configs_own_values_are_initial_whoever_gave_them) {
  throng_config config;
  space *s;
  ASSERT_OK(load(swept, "agent.gamma=0.95", &config));
  ASSERT_OK(config_space(&config, &s));
  EXPECT_NEAR(s->parameter[0].initial, 0.95, 0);
  EXPECT_TRUE(s->parameter[0].holds_initial);
  space_free(s);
  config_free(&config);
}

static throng_status objectives(const char *override, config_objective *out, int32_t *n) {
  throng_config config;
  THRONG_TRY(load("{}", override, &config));
  throng_status status = config_objectives(&config, out, n);
  config_free(&config);
  return status;
}

TEST(config_sweep, objectives_are_a_name_an_object_or_a_list_of_these) {
  config_objective one[SWEEP_MOST_OBJECTIVES];
  int32_t n;
  ASSERT_OK(objectives(NULL, one, &n));
  EXPECT_EQ(n, 1);
  EXPECT_STREQ(one[0].metric, "average_reward");
  EXPECT_FALSE(one[0].minimize);
  ASSERT_OK(objectives("sweep.objective=liking", one, &n));
  EXPECT_STREQ(one[0].metric, "liking");
  ASSERT_OK(
      objectives("sweep.objective={\"metric\": \"loss\", \"direction\": \"minimize\"}", one, &n));
  EXPECT_TRUE(one[0].minimize);
  ASSERT_OK(
      objectives("sweep.objective=[\"liking\", {\"direction\": \"minimize\", \"metric\": "
                 "\"loss\"}]",
                 one, &n));
  EXPECT_EQ(n, 2);
  EXPECT_STREQ(one[1].metric, "loss");
  EXPECT_TRUE(one[1].minimize);
}

static void expect_refused(const char *override, const char *said) {
  config_objective one[SWEEP_MOST_OBJECTIVES];
  int32_t n;
  EXPECT_EQ(objectives(override, one, &n), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), said);
}

TEST(config_sweep, wrong_objectives_are_refused) {
  expect_refused("sweep.objective=[]", "--set sweep.objective: 0 objectives; expected 1 to 4");
  expect_refused("sweep.objective=[\"a\", \"b\", \"c\", \"d\", \"e\"]", "5 objectives");
  expect_refused("sweep.objective=[\"a\", {\"metric\": \"a\"}]", "a stands there twice");
  expect_refused("sweep.objective={\"metric\": \"a\", \"direction\": \"up\"}",
                 "direction: expected maximize or minimize");
  expect_refused("sweep.objective={\"name\": \"a\"}", "name: no such word; expected metric");
  expect_refused("sweep.objective={\"direction\": \"maximize\"}", "expected the name of a metric");
  expect_refused("sweep.objective=[3]", "expected the name of a metric");
}
