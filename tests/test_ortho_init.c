/// agent.ortho_init: what torch.nn.init.orthogonal_ says of its matrices holds for ours, of every
/// agent, of policies and critics.
#include <math.h>

#include "agent/policy_gradient/policy_gradient.h"
#include "support/agents_differ.h"

enum { LANES = 4, AGENTS = 3 };

static throng_agent_def policy_def(throng_head head, int32_t hidden0, int32_t hidden1) {
  throng_agent_def def = throng_algorithm_agent_def(THRONG_ALGORITHM_PPO);
  def.head = head;
  def.hidden[0] = hidden0;
  def.hidden[1] = hidden1;
  def.width = 8;
  def.user_width = 4;
  def.n_steps = 6;
  def.count = AGENTS;
  return def;
}

static throng_status open_agents(agent_rig *rig, const throng_agent_def *def, uint32_t first_lane) {
  throng_sim_def sim = rig_sim_def(def->count * LANES, 10);
  sim.first_lane = first_lane;
  return rig_make(rig, 1, &sim, def, 1000);
}

/// The largest difference of w' w (w w', where w is wider than long) from gain^2 I.
static double from_orthogonal(const float *w, int64_t rows, int64_t columns, double gain) {
  const bool wide = columns > rows;
  const int64_t n = wide ? columns : rows, l = wide ? rows : columns;
  const int64_t along = wide ? 1 : columns, across = wide ? columns : 1;
  double worst = 0;
  for (int64_t i = 0; i < l; ++i)
    for (int64_t j = 0; j < l; ++j) {
      double sum = i == j ? -gain * gain : 0;
      for (int64_t k = 0; k < n; ++k)
        sum += (double)w[k * along + i * across] * (double)w[k * along + j * across];
      worst = fmax(worst, fabs(sum));
    }
  return worst;
}

/// Agent `i`'s weights of a parameter, in host memory; the caller frees.
static float *weights_of(const throng_population *a, const network *n, const parameter_set *w,
                         int p, int i) {
  const size_t bytes = sizeof(float) * (size_t)n->size[p];
  float *to = malloc(bytes);
  EXPECT_OK(a->backend->ops->download(a->backend, to, w->at[p] + i * n->size[p], bytes));
  return to;
}

static void check(const throng_population *a, const network *n, const parameter_set *w, int p,
                  double gain) {
  if (!n->size[p]) return;
  for (int i = 0; i < AGENTS; ++i) {
    float *x = weights_of(a, n, w, p, i);
    EXPECT_LT(from_orthogonal(x, n->parameter[p].rows, n->parameter[p].columns, gain),
              1e-6 * (1 + gain * gain));
    if (i > 0 && n->size[p] > 1) {
      float *first = weights_of(a, n, w, p, 0);
      EXPECT_TRUE(memcmp(first, x, sizeof(float) * (size_t)n->size[p]) != 0);
      free(first);
    }
    free(x);
  }
}

static void check_zero(const throng_population *a, const network *n, const parameter_set *w,
                       int p) {
  for (int i = 0; i < AGENTS; ++i) {
    float *x = weights_of(a, n, w, p, i);
    for (int64_t k = 0; k < n->size[p]; ++k) EXPECT_EQ(x[k], 0.0f);
    free(x);
  }
}

TEST(ortho_init, layers_are_orthogonal_with_their_gains_and_biases_0_of_policies_and_critics) {
  static const int32_t sizes[][2] = {{12, 10}, {10, 12}, {3, 40}, {1, 1}};
  for (int head = 0; head < 2; ++head)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
      agent_rig rig;
      const throng_agent_def def = policy_def((throng_head)head, sizes[s][0], sizes[s][1]);
      ASSERT_OK(open_agents(&rig, &def, 0));
      throng_population *a = rig.agent;
      const policy_gradient *p = policy_gradient_of(a);
      const network *nets[] = {&a->net, &p->critic};
      const parameter_set *sets[] = {&a->weight, &p->critic_weight};
      for (int k = 0; k < 2; ++k) {
        check(a, nets[k], sets[k], PARAMETER_INPUT, sqrt(2));
        check(a, nets[k], sets[k], PARAMETER_HIDDEN, sqrt(2));
        check_zero(a, nets[k], sets[k], PARAMETER_INPUT_BIAS);
        check_zero(a, nets[k], sets[k], PARAMETER_HIDDEN_BIAS);
      }
      check(a, &a->net, &a->weight, PARAMETER_QUERY, 0.01);
      check(a, &a->net, &a->weight, PARAMETER_SKIP, 0.01);
      check(a, &p->critic, &p->critic_weight, PARAMETER_VALUE, 1);
      rig_free(&rig);
    }
}

/// Of many matrices the elements' mean is 0 and every sign as likely: Householder's own are not.
TEST(ortho_init, of_many_seeds_no_direction_is_likelier) {
  agent_rig rig;
  double sum[4] = {0};
  enum { SEEDS = 300 };
  throng_agent_def def = policy_def(THRONG_HEAD_FLAT, 2, 2);
  def.count = 1;
  ASSERT_OK(open_agents(&rig, &def, 0));
  for (uint32_t seed = 1; seed <= SEEDS; ++seed) {
    ASSERT_OK(throng_population_start(rig.agent, 0, 1, &seed));
    float *x = weights_of(rig.agent, &rig.agent->net, &rig.agent->weight, PARAMETER_HIDDEN, 0);
    for (int k = 0; k < 4; ++k) sum[k] += (double)x[k] / SEEDS;
    free(x);
  }
  // An element's deviation is sqrt(2) / sqrt(2): the mean's 1 / sqrt(SEEDS).
  for (int k = 0; k < 4; ++k) EXPECT_LT(fabs(sum[k]), 4.5 / sqrt(SEEDS));
  rig_free(&rig);
}

TEST(ortho_init, all_items_are_nearly_as_likely_at_first_and_an_agent_starts_as_it_does_alone) {
  for (int head = 0; head < 2; ++head) {
    agent_rig rig, alone;
    throng_agent_def def = policy_def((throng_head)head, 12, 10), own;
    ASSERT_OK(open_agents(&rig, &def, 0));
    ASSERT_OK(throng_population_get_agent_def(rig.agent, 1, &own));
    ASSERT_OK(open_agents(&alone, &own, LANES));
    EXPECT_TRUE(agents_differ(&rig, 1, &alone, 0) == 0);
    throng_population_stats stats;
    ASSERT_OK(train(rig.agent, def.n_steps));
    ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
    for (int i = 0; i < AGENTS; ++i)
      EXPECT_NEAR(stats.entropy_loss[i], -log((double)rig.world.n_item), 0.01);
    rig_free(&rig);
    rig_free(&alone);
  }
}
