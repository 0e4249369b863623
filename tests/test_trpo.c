/// TRPO's agents: steps that stay in the trust region and are better, agents that are themselves
/// alone, that learn, that fail with their cause. Its arithmetic: test_policy_updates.
#include <math.h>

#include "agent/policy_gradient/trpo.h"
#include "support/agents_differ.h"

enum { AGENTS = 3, LANES = 4, STEPS = 8 };

static throng_agent_def def_of(throng_head head, int32_t count) {
  const throng_agent_def shape = rig_agent_def(head);
  throng_agent_def def = throng_algorithm_agent_def(THRONG_ALGORITHM_TRPO);
  def.head = head;
  def.hidden[0] = shape.hidden[0];
  def.hidden[1] = shape.hidden[1];
  def.width = shape.width;
  def.user_width = shape.user_width;
  def.count = count;
  def.n_steps = STEPS;
  def.batch = 16;
  def.n_critic_updates = 2;
  def.cg_max_steps = 5;
  def.seed = 5;
  return def;
}

static bool open_agents(agent_rig *rig, const throng_agent_def *def, int32_t slate,
                        uint32_t first_lane) {
  throng_sim_def sim = rig_sim_def(def->count * LANES, 10);
  sim.slate_size = slate;
  sim.mask_seen = slate > 1;
  sim.first_lane = first_lane;
  const throng_status status = rig_make(rig, 1, &sim, def, 4000);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

/// What the agents' last steps came to, from where they learn.
typedef struct steps_taken {
  int32_t accepted[AGENTS];
  double kl[AGENTS], objective[AGENTS], after[AGENTS];
} steps_taken;

static steps_taken download_steps(throng_population *a) {
  const trust_region *t = &trpo_of(a)->trust;
  steps_taken s = {0};
  EXPECT_OK(a->backend->ops->download(a->backend, s.accepted, t->accepted, sizeof s.accepted));
  EXPECT_OK(a->backend->ops->download(a->backend, s.kl, t->kl, sizeof s.kl));
  EXPECT_OK(a->backend->ops->download(a->backend, s.objective, t->objective, sizeof s.objective));
  EXPECT_OK(a->backend->ops->download(a->backend, s.after, t->after, sizeof s.after));
  return s;
}

TEST(trpo, a_step_stays_in_its_region_and_raises_what_it_maximises) {
  for (int head = 0; head <= THRONG_HEAD_FLAT_DUELING; ++head) {
    agent_rig rig;
    const throng_agent_def def = def_of((throng_head)head, AGENTS);
    if (!open_agents(&rig, &def, 1, 0)) return;
    ASSERT_OK(throng_population_set(rig.agent, 1, "target_kl", 0.001));
    int accepted = 0;
    for (int rollout = 0; rollout < 6; ++rollout) {
      ASSERT_OK(train(rig.agent, STEPS));
      const steps_taken t = download_steps(rig.agent);
      for (int i = 0; i < AGENTS; ++i) {
        if (!t.accepted[i]) continue;
        ++accepted;
        EXPECT_TRUE(t.kl[i] > 0 && t.kl[i] < (i == 1 ? 0.001 : 0.01));
        EXPECT_GT(t.after[i], t.objective[i]);
        EXPECT_NEAR(t.objective[i], 0, 1e-5);  // ratios are 1 and advantages normalised
      }
    }
    EXPECT_GT(accepted, 6 * AGENTS / 2);
    rig_free(&rig);
  }
}

TEST(trpo, an_agent_with_options_of_its_own_is_itself_alone) {
  for (int head = 0; head <= THRONG_HEAD_FLAT_DUELING; ++head)
    for (int32_t slate = 1; slate <= 2; ++slate) {
      agent_rig rig, alone;
      throng_agent_def def = def_of((throng_head)head, AGENTS), own = def_of((throng_head)head, 1);
      own.n_steps = 6;
      own.batch = 10;
      own.n_critic_updates = 3;
      own.cg_max_steps = 3;
      own.cg_damping = 0.05f;
      own.target_kl = 0.02f;
      own.line_search_max_iter = 4;
      own.sub_sampling_factor = 2;
      own.normalize_advantage = false;
      own.seed = 9;
      if (!open_agents(&rig, &def, slate, 0) || !open_agents(&alone, &own, slate, 40)) return;
      ASSERT_OK(throng_population_begin(rig.agent, 1, &own, 4000, 40));
      for (int k = 0; k < 4; ++k) {
        ASSERT_OK(train(rig.agent, STEPS));
        ASSERT_OK(train(alone.agent, STEPS));
        EXPECT_EQ(agents_differ(&rig, 1, &alone, 0), 0);
      }
      EXPECT_EQ(alone.agent->host.updates[0], 4 * STEPS / 6 * 3 * 3);  // passes of 24 steps by 10
      rig_free(&rig);
      rig_free(&alone);
    }
}

TEST(trpo, says_what_its_steps_came_to_where_its_critic_learns_nothing) {
  agent_rig rig;
  const throng_agent_def def = def_of(THRONG_HEAD_FLAT, AGENTS);
  if (!open_agents(&rig, &def, 1, 0)) return;
  ASSERT_OK(throng_population_set(rig.agent, 1, "n_critic_updates", 0));
  ASSERT_OK(train(rig.agent, 4 * STEPS));
  throng_population_stats stats = {0};
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  EXPECT_EQ(stats.updates[1], 0);
  for (int i = 0; i < AGENTS; ++i) EXPECT_LT(stats.entropy_loss[i], -1.0f);
  for (int i = 0; i < AGENTS; ++i) EXPECT_GT(stats.approx_kl[i], 0.0f);
  rig_free(&rig);
}

TEST(trpo, an_agent_whose_scores_are_no_numbers_fails_with_its_cause_and_alone) {
  agent_rig rig, plain;
  const throng_agent_def def = def_of(THRONG_HEAD_FLAT, AGENTS);
  if (!open_agents(&rig, &def, 1, 0) || !open_agents(&plain, &def, 1, 0)) return;
  ASSERT_OK(train(rig.agent, STEPS));
  ASSERT_OK(train(plain.agent, STEPS));
  float *first = rig.agent->weight.at[PARAMETER_ITEM_BIAS];
  const float nan = NAN;
  ASSERT_OK(rig.backend->ops->upload(rig.backend, first + rig.agent->net.n_item, &nan,
                                     sizeof nan));  // agent 1's first
  ASSERT_OK(train(rig.agent, 2 * STEPS));
  ASSERT_OK(train(plain.agent, 2 * STEPS));
  char text[512];
  ASSERT_OK(clocks_watch(rig.agent, true));  // a device is looked at now and then
  EXPECT_EQ(rig.agent->host.state[1], AGENT_DIVERGED);
  ASSERT_OK(agent_divergence(rig.agent, 1, text, sizeof text));
  EXPECT_CONTAINS(text, "log-probability or entropy of a state is no number");
  EXPECT_EQ(agents_differ(&rig, 0, &plain, 0), 0);
  EXPECT_EQ(agents_differ(&rig, 2, &plain, 2), 0);
  rig_free(&rig);
  rig_free(&plain);
}

TEST(trpo, an_agent_gets_more_likes_than_it_got_at_first) {
  agent_rig rig;
  throng_agent_def def = def_of(THRONG_HEAD_FLAT, 1);
  def.n_steps = 32;
  if (!open_agents(&rig, &def, 1, 0)) return;
  throng_population_stats stats;
  ASSERT_OK(train(rig.agent, 32 * 4));
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  const float first = stats.mean_return[0];
  ASSERT_OK(train(rig.agent, 32 * 60));
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  ASSERT_OK(train(rig.agent, 32 * 8));
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  EXPECT_GT(stats.mean_return[0], 1.2f * first);
  rig_free(&rig);
}
