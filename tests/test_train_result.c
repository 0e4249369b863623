/// What a run says of several agents, and when one of them has diverged: rows, table and JSON.
#include "train/train_result.h"

#include <math.h>
#include <stdlib.h>

#include "support/run_files.h"
#include "support/small_run.h"
#include "train/train_json.h"
#include "train/train_row.h"

enum { AGENTS = 3 };

static const throng_agent_state state[AGENTS] = {THRONG_AGENT_LEARNING, THRONG_AGENT_DIVERGED,
                                                 THRONG_AGENT_LEARNING};

static double value_of(const train_row *row, const char *name) {
  for (int64_t k = 0; k < row->n; ++k)
    if (!strcmp(row->value[k].name, name)) return row->value[k].value;
  EXPECT_STREQ(name, "the name of a value in the row");
  return 0;
}

TEST(train_row, a_diverged_agent_has_its_state_and_no_part_in_the_means) {
  const int64_t steps[AGENTS] = {800, 300, 800}, updates[AGENTS] = {40, 10, 40};
  const float epsilon[AGENTS] = {0.5f, 1, 0.25f}, loss[AGENTS] = {1, NAN, 3};
  const float q[AGENTS] = {2, INFINITY, 4}, norm[AGENTS] = {1, NAN, 1};
  const int64_t episodes[AGENTS] = {3, 0, 1};
  const float mean_return[AGENTS] = {10, 0, 30};
  const throng_population_stats stats = {.count = AGENTS,
                                         .state = state,
                                         .user_steps = steps,
                                         .updates = updates,
                                         .epsilon = epsilon,
                                         .loss = loss,
                                         .q = q,
                                         .grad_norm = norm,
                                         .episodes = episodes,
                                         .mean_return = mean_return};
  throng_metrics each[AGENTS] = {{.average_reward = 10}, {.average_reward = 1}, {0}};
  train_row row;
  ASSERT_OK(train_row_create(AGENTS, &row));
  train_row_add_stats(&row, &stats);
  train_row_add_agents(&row, AGENTS, each);
  EXPECT_NEAR(value_of(&row, "train/loss"), 2, 0);
  EXPECT_NEAR(value_of(&row, "train/q"), 3, 0);
  EXPECT_NEAR(value_of(&row, "train/epsilon"), 0.375, 0);
  EXPECT_NEAR(value_of(&row, "train/updates"), 40, 0);
  EXPECT_NEAR(value_of(&row, "train/agent_1/state"), THRONG_AGENT_DIVERGED, 0);
  EXPECT_NEAR(value_of(&row, "train/agent_1/user_steps"), 300, 0);
  EXPECT_TRUE(isnan(value_of(&row, "train/agent_1/loss")));
  EXPECT_NEAR(value_of(&row, "train/agent_2/loss"), 3, 0);
  EXPECT_NEAR(value_of(&row, "train/episodes"), 4, 0);
  EXPECT_NEAR(value_of(&row, "train/return"), 15, 0);  // of the four sessions
  EXPECT_NEAR(value_of(&row, "train/agent_2/return"), 30, 0);
  EXPECT_TRUE(isnan(value_of(&row, "train/agent_1/return")));
  EXPECT_NEAR(value_of(&row, "evaluation/agent_1/average_reward"), 1, 0);
  train_row_free(&row);
}

TEST(train_row, holds_all_that_is_measured_of_many_agents_and_none_of_a_single_ones_own) {
  enum { MANY = 300 };
  static throng_agent_state learning[MANY];
  static int64_t count[MANY];
  static float number[MANY];
  static throng_metrics each[MANY];
  // All that can be measured: in a released environment, and compared with two others.
  for (int k = 0; k < MANY; ++k) each[k].episodes = 2;
  const throng_comparison against = {{.sessions = 2}, {.sessions = 2}};
  for (int32_t n = 1; n <= MANY; n += MANY - 1) {
    const throng_population_stats stats = {.count = n,
                                           .state = learning,
                                           .user_steps = count,
                                           .updates = count,
                                           .epsilon = number,
                                           .loss = number,
                                           .q = number,
                                           .grad_norm = number,
                                           .entropy_loss = number,
                                           .policy_gradient_loss = number,
                                           .value_loss = number,
                                           .approx_kl = number,
                                           .clip_fraction = number,
                                           .explained_variance = number,
                                           .episodes = count,
                                           .mean_return = number};
    train_row row;
    ASSERT_OK(train_row_create(n, &row));
    train_row_add_stats(&row, &stats);
    train_row_add_rate(&row, 1);
    train_row_add_metrics(&row, "agent", &each[0]);
    train_row_add_agents(&row, n, each);
    train_row_add_comparison(&row, "agent", &against);
    for (int32_t k = 0; k < n && n > 1; ++k) train_row_add_comparison(&row, "agent_0", &against);
    EXPECT_LT(row.n, row.most);  // nothing was left out for want of room
    EXPECT_EQ(row.n, 8 + 31 + (n > 1 ? n * 31 : 0));
    train_row_free(&row);
  }
}

static train_result three_agents(train_agent *agent) {
  for (int k = 0; k < AGENTS; ++k)
    agent[k] = (train_agent){state[k], 800, 40, {.episodes = 4, .average_reward = 20 - 5 * k}};
  train_result result = {.title = "DQN", .n_agent = AGENTS, .agent = agent};
  result.report.agent = (throng_metrics){.episodes = 4, .average_reward = 15};
  result.report.yardstick[THRONG_YARDSTICK_RANDOM] =
      (throng_metrics){.episodes = 4, .average_reward = 5};
  result.report.yardstick[THRONG_YARDSTICK_MYOPIC] =
      (throng_metrics){.episodes = 4, .average_reward = 25};
  return result;
}

/// The table's line that begins with `title`.
static void line_of(const char *table, const char *title, char line[256]) {
  const char *at = strstr(table, title);
  snprintf(line, 256, "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
}

TEST(train_result, table_has_a_row_for_each_of_few_agents_and_says_which_diverged) {
  train_agent agent[AGENTS];
  train_result result = three_agents(agent);
  char *text, line[256];
  ASSERT_OK(train_table(&result, 80, false, &text));
  line_of(text, "agent 1", line);
  EXPECT_CONTAINS(line, "15.00");
  EXPECT_CONTAINS(line, "diverged");
  line_of(text, "agent 2", line);
  EXPECT_CONTAINS(line, "10.00");
  EXPECT_FALSE(strstr(line, "learning"));
  line_of(text, "DQN", line);
  EXPECT_CONTAINS(line, "15.00");
  EXPECT_FALSE(strstr(text, "popular"));
  free(text);
  result.n_agent = 1;  // alone it is the mean already
  ASSERT_OK(train_table(&result, 80, false, &text));
  EXPECT_FALSE(strstr(text, "agent 0"));
  free(text);
  EXPECT_EQ(train_count_state(&result, THRONG_AGENT_DIVERGED), 0);
}

TEST(train_result, gap_closed_is_the_share_between_random_and_myopic) {
  train_agent agent[AGENTS];
  train_result result = three_agents(agent);
  EXPECT_NEAR(train_gap_closed(&result.report), 50, 1e-12);
  result.report.yardstick[THRONG_YARDSTICK_MYOPIC].episodes = 0;
  EXPECT_TRUE(isnan(train_gap_closed(&result.report)));
}

TEST(train_result, json_lists_several_agents_with_state_and_metrics_and_not_a_single_one) {
  train_agent agent[AGENTS];
  train_result result = three_agents(agent);
  cJSON *json;
  ASSERT_OK(train_result_json(&result, &json));
  const cJSON *agents = cJSON_GetObjectItemCaseSensitive(json, "agents");
  ASSERT_EQ(cJSON_GetArraySize(agents), AGENTS);
  const cJSON *one = cJSON_GetArrayItem(agents, 1);
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "state")), "diverged");
  const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(one, "metrics");
  EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(metrics, "average_reward")->valuedouble, 15, 0);
  cJSON_Delete(json);
  result.n_agent = 1;
  ASSERT_OK(train_result_json(&result, &json));
  EXPECT_FALSE(cJSON_HasObjectItem(json, "agents"));
  cJSON_Delete(json);
}

TEST(train_result, run_of_several_agents_has_rows_of_each_beside_their_mean) {
  small_run run;
  char out[512];
  snprintf(out, sizeof out, "%s/run", throng_test_folder());
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.agent.count = 2;
    run.train.yardsticks = false;
    run.train.out = out;
    throng_train_report report;
    ASSERT_OK(throng_train(run.backend, run.world, NULL, &run.sim, &run.agent, &run.train, NULL,
                           &report));
    size_t size = 0;
    char *text = read_file(out, "metrics.jsonl", &size);
    ASSERT_TRUE(text != NULL && size > 0);
    text[size - 1] = '\0';
    cJSON *row = cJSON_Parse(strrchr(text, '\n') + 1);  // the last row
    ASSERT_TRUE(row != NULL);
    const char *const mean[] = {"train/loss", "train/epsilon", "evaluation/agent/average_reward",
                                "evaluation/agent/gini"};
    const char *const each[] = {"train/agent_%d/loss", "train/agent_%d/epsilon",
                                "evaluation/agent_%d/average_reward", "evaluation/agent_%d/gini"};
    for (int k = 0; k < 4; ++k) {
      double sum = 0;
      for (int agent = 0; agent < 2; ++agent) {
        char name[96];
        snprintf(name, sizeof name, each[k], agent);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, name);
        ASSERT_TRUE(cJSON_IsNumber(value));
        sum += value->valuedouble;
      }
      EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(row, mean[k])->valuedouble, sum / 2, 1e-9);
    }
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(row, "train/agent_1/state");
    EXPECT_TRUE(cJSON_IsNumber(state) && state->valuedouble == THRONG_AGENT_LEARNING);
    cJSON_Delete(row);
    free(text);
    text = read_file(out, "summary.json", &size);
    cJSON *summary = cJSON_Parse(text);
    const cJSON *agents = cJSON_GetObjectItemCaseSensitive(summary, "agents"), *agent;
    EXPECT_EQ(cJSON_GetArraySize(agents), 2);
    double sum = 0;
    cJSON_ArrayForEach(agent, agents) {
      const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(agent, "metrics");
      EXPECT_TRUE(!strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(agent, "state")),
                          "learning"));
      EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(metrics, "episodes")->valuedouble, 24, 0);
      sum += cJSON_GetObjectItemCaseSensitive(metrics, "average_reward")->valuedouble;
    }
    EXPECT_NEAR(report.agent.average_reward, sum / 2, 1e-9);
    cJSON_Delete(summary);
    free(text);
  }
  small_run_close(&run);
}
