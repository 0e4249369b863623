/// throng evaluate --agent: agents of a run judged again.
#include "run_fixture.h"

/// Every number of `want` is in `found`, the same: objects, lists and null alike.
static void expect_same(const cJSON *want, const cJSON *found, const char *where) {
  EXPECT_TRUE(found != NULL);
  if (!found) fprintf(stderr, "no %s\n", where);
  if (cJSON_IsNumber(want)) {
    EXPECT_TRUE(cJSON_IsNumber(found));
    if (!found || fabs(want->valuedouble - found->valuedouble) > 1e-12)
      fprintf(stderr, "%s: %.17g, not %.17g\n", where, found ? found->valuedouble : NAN,
              want->valuedouble);
    EXPECT_NEAR(want->valuedouble, found ? found->valuedouble : NAN, 1e-12);
  }
  if (cJSON_IsNull(want)) EXPECT_TRUE(cJSON_IsNull(found));
  int k = 0;
  for (const cJSON *one = want ? want->child : NULL; one; one = one->next, ++k)
    expect_same(one, one->string ? at(found, one->string) : cJSON_GetArrayItem(found, k),
                one->string ? one->string : where);
}

TEST(cli_judge, as_in_training_agents_and_yardsticks_have_the_figures_of_the_runs_last_evaluation) {
  if (!make_run()) return;
  cJSON *summary = read_summary();
  ASSERT_EQ(throng("evaluate --agent run -q --json"), 0);
  cJSON *found = document();
  EXPECT_EQ(cJSON_GetArraySize(at(found, "agents")), 2);
  EXPECT_TRUE(number(at(at(summary, "policies"), "agent"), "average_reward_sem") > 0);
  expect_same(at(summary, "policies"), at(found, "policies"), "policies");
  expect_same(at(summary, "gap_closed"), at(found, "gap_closed"), "gap_closed");
  for (int k = 0; k < 2; ++k)
    expect_same(at(cJSON_GetArrayItem(at(summary, "agents"), k), "metrics"),
                at(cJSON_GetArrayItem(at(found, "agents"), k), "metrics"), "metrics");
  EXPECT_TRUE(cJSON_IsTrue(at(found, "same_world")));
  EXPECT_NEAR(number(found, "trained_user_steps"), 1280, 0);
  cJSON_Delete(found);

  ASSERT_EQ(throng("evaluate --agent run -q --json --agent-number 1"), 0);
  found = document();
  const cJSON *own = at(cJSON_GetArrayItem(at(summary, "agents"), 1), "metrics");
  expect_same(own, at(at(found, "policies"), "agent"), "agent 1");
  EXPECT_EQ(cJSON_GetArraySize(at(found, "agents")), 1);
  EXPECT_NEAR(number(cJSON_GetArrayItem(at(found, "agents"), 0), "agent"), 1, 0);
  cJSON_Delete(found);
  cJSON_Delete(summary);
}

/// A.Rwd of `who` as evaluate has it, or of agent 0 as play has it.
static double judged(const char *options, const char *who) {
  char line[300];
  snprintf(line, sizeof line, "%s", options);
  if (throng(line) != 0) return NAN;
  cJSON *found = document();
  const double value =
      who ? number(at(at(found, "policies"), who), "average_reward") : number(found, "mean_return");
  cJSON_Delete(found);
  return value;
}

TEST(cli_judge, before_other_users_it_is_what_play_shows_session_by_session) {
  if (!make_run()) return;
  static const char *const changes[] = {
      "--set users.temper=4", "--set votes.rule=f_mat", "--set sim.leave_probability=0.2",
      "--set users.preset=dynamic --set users.temper=9 --set users.bored_window=3 --seed 5"};
  double before = -1;
  for (size_t k = 0; k < sizeof changes / sizeof *changes; ++k) {
    char line[300];
    snprintf(line, sizeof line, "evaluate --agent run --agent-number 0 --episodes 20 -q --json %s",
             changes[k]);
    const double agent = judged(line, "agent"), popular = judged(line, "popular");
    snprintf(line, sizeof line, "play run --sessions 20 -q --json %s", changes[k]);
    EXPECT_NEAR(agent, judged(line, NULL), 1e-9);
    snprintf(line, sizeof line, "play run --agent popular --sessions 20 -q --json %s", changes[k]);
    EXPECT_NEAR(popular, judged(line, NULL), 1e-9);
    EXPECT_TRUE(agent + popular != before);
    before = agent + popular;
  }
}

static bool make_other(const char *name, const char *change) {
  char line[400];
  snprintf(line, sizeof line,
           "synth run.json -q -o %s --set synth.users=60 --set synth.items=40 %s", name, change);
  const int code = throng(line);
  EXPECT_STREQ(last.err, "");
  return code == 0;
}

TEST(cli_judge, another_world_needs_the_items_that_the_agents_know) {
  if (!make_run()) return;
  if (!make_other("halves.safetensors", "--set synth.later_share=0.5") ||
      !make_other("more.safetensors", "--set synth.items=41") ||
      !make_other("others.safetensors", "--seed 9"))
    return;
  ASSERT_EQ(throng("evaluate halves.safetensors --agent run --json"), 0);
  EXPECT_CONTAINS(last.err, "another world than the agent was trained in");
  cJSON *found = document();
  EXPECT_TRUE(cJSON_IsFalse(at(found, "same_world")));
  EXPECT_STREQ(text(found, "world"), "halves.safetensors");
  EXPECT_NEAR(number(at(at(found, "policies"), "myopic"), "episodes"), 12, 0);
  cJSON_Delete(found);
  EXPECT_EQ(throng("evaluate more.safetensors --agent run -q"), 1);
  EXPECT_CONTAINS(last.err, "trained on a world of 40 items, this one has 41");
  EXPECT_EQ(throng("evaluate others.safetensors --agent run -q"), 1);
  EXPECT_CONTAINS(last.err, "features differ: item 0");
}

TEST(cli_judge, the_table_has_agents_and_yardsticks_and_what_differs) {
  if (!make_run()) return;
  ASSERT_EQ(throng("evaluate --agent run -q --set sim.max_steps=5"), 0);
  EXPECT_CONTAINS(last.out, "DQN of run after 1,280 user-steps, in 12 sessions");
  EXPECT_CONTAINS(last.out, "with sim.max_steps=5");
  EXPECT_CONTAINS(last.out, "agent 1");
  EXPECT_CONTAINS(last.out, "than random, 95 %");
  EXPECT_CONTAINS(last.out, "DQN: mean of 2 of 2 agents.");
  ASSERT_EQ(throng("evaluate --agent run -q --set train.yardsticks=false --agent-number 1"), 0);
  EXPECT_CONTAINS(last.out, "Agent 1 of 2.");
  EXPECT_TRUE(strstr(last.out, "popular") == NULL);
}

TEST(cli_judge, what_does_not_go_together_is_refused) {
  if (!make_run()) return;
  EXPECT_EQ(throng("evaluate -q"), 2);
  EXPECT_CONTAINS(last.err, "expected WORLD, or --agent RUN");
  EXPECT_EQ(throng("evaluate run -q"), 2);
  EXPECT_CONTAINS(last.err, "is the folder of a run; expected WORLD, or --agent run");
  EXPECT_EQ(throng("evaluate --agent run -q --rollout"), 2);
  EXPECT_CONTAINS(last.err, "--rollout is about votes");
  EXPECT_EQ(throng("evaluate run/world.safetensors -q --episodes 5"), 2);
  EXPECT_CONTAINS(last.err, "--episodes is about agents");
  EXPECT_EQ(throng("evaluate --agent run -q --agent-number 2"), 1);
  EXPECT_CONTAINS(last.err, "agent 2 is not in 0..1");
  EXPECT_EQ(throng("evaluate --agent run -q --set agent.gamma=0.5"), 1);
  EXPECT_CONTAINS(last.err, "agent.gamma");
  EXPECT_EQ(throng("evaluate --agent nowhere -q"), 1);
  EXPECT_CONTAINS(last.err, "nowhere");
}
