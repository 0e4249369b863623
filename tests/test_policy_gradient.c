/// PPO and A2C: what they learn, when they stop, and how they fail. (Populations of them:
/// test_population.c, built for each algorithm.)
#include <math.h>
#include <stdlib.h>

#include "agent/policy_gradient/policy_gradient.h"
#include "support/agents_differ.h"

enum { LANES = 16 };

static throng_agent_def policy_def(throng_algorithm algorithm, throng_head head) {
  const throng_agent_def usual = throng_algorithm_agent_def(algorithm);
  throng_agent_def def = rig_agent_def(head);
  def.algorithm = algorithm;
  def.use_rms_prop = usual.use_rms_prop;
  def.activation = usual.activation;
  def.normalize_advantage = usual.normalize_advantage;
  def.gae_lambda = usual.gae_lambda;
  def.beta2 = usual.beta2;
  def.adam_epsilon = usual.adam_epsilon;
  def.max_grad_norm = usual.max_grad_norm;
  def.target_kl = usual.target_kl;
  def.n_steps = algorithm == THRONG_ALGORITHM_PPO ? 16 : 5;
  def.n_epochs = 4;
  def.ortho_init = usual.ortho_init;
  def.batch = 64;
  def.gamma = 0;  // a contextual bandit
  // RMSprop's means of squares begin at 0: its first steps are 1 / sqrt(1 - beta2) times as long.
  def.learning_rate = usual.use_rms_prop ? 0.003f : 0.01f;
  def.seed = 3;
  return def;
}

static throng_status open_rig(agent_rig *rig, const throng_agent_def *def, bool mask) {
  throng_sim_def sim = rig_sim_def(LANES * def->count, 10);
  sim.mask_seen = mask;
  return rig_make(rig, 2, &sim, def, 100000);
}

/// Mean likes a step of training.
static double play(agent_rig *rig, int steps) {
  double sum = 0;
  for (int t = 0; t < steps; ++t) {
    throng_outcome outcome;
    EXPECT_OK(throng_population_train_step(rig->agent));
    EXPECT_OK(throng_sim_outcome(rig->sim, &outcome));
    for (int l = 0; l < rig->agent->n_lane; ++l) sum += (double)outcome.reward[l];
  }
  return sum / ((double)steps * (double)rig->agent->n_lane);
}

static throng_population_stats stats_of(agent_rig *rig) {
  throng_population_stats stats = {0};
  EXPECT_OK(throng_population_get_stats(rig->agent, &stats));
  return stats;
}

#ifndef CUDA_IN_PLACE_OF_CPU  // a device looks at all rows
enum { MANY_USERS = 300, UPDATES = 6 };

/// A user's row that no gradient ever reached is not looked at, which nothing shows.
static void rows_rest(throng_algorithm algorithm, throng_head head) {
  agent_rig rig[2];
  throng_agent_def def = policy_def(algorithm, head);
  throng_sim_def sim = rig_sim_def(2 * LANES, 10);
  def.count = 2;
  def.user_width = 8;
  for (int all = 0; all < 2; ++all) {
    agent_rig *r = &rig[all];
    *r = (agent_rig){.world = small_world(7, MANY_USERS, 60, 6, 12)};
    ASSERT_OK(backend_cpu_open(1 + all, &r->backend));
    ASSERT_OK(throng_sim_create(r->backend, &r->world, NULL, &sim, &r->sim));
    ASSERT_OK(throng_population_create(r->sim, &def, 100000, &r->agent));
    policy_gradient *p = policy_gradient_of(r->agent);
    if (all) p->optimizer.user_met = p->critic_optimizer.user_met = NULL;
    play(r, UPDATES * def.n_steps);
  }
  int met = 0;
  for (int k = 0; k < 2 * MANY_USERS; ++k) met += rig[0].agent->user_met[k] != 0.0f;
  EXPECT_GT(met, 2 * LANES - 1);
  EXPECT_LT(met, 2 * MANY_USERS);
  EXPECT_EQ(stats_of(&rig[0]).updates[1], stats_of(&rig[1]).updates[1]);
  EXPECT_GT(stats_of(&rig[0]).updates[1], UPDATES - 1);
  uint64_t hash[2];
  for (int all = 0; all < 2; ++all) ASSERT_OK(tensors_hash(&rig[all].agent->weights, &hash[all]));
  EXPECT_EQ(hash[0], hash[1]);
  for (int all = 0; all < 2; ++all) rig_free(&rig[all]);
}

TEST(policy_gradient, rows_of_users_who_were_never_met_rest_and_no_bit_differs) {
  rows_rest(THRONG_ALGORITHM_PPO, THRONG_HEAD_FLAT);
  rows_rest(THRONG_ALGORITHM_PPO, THRONG_HEAD_TWO_TOWER);
  rows_rest(THRONG_ALGORITHM_A2C, THRONG_HEAD_FLAT);
}
#endif

#ifdef CUDA_IN_PLACE_OF_CPU  // slow: one network each
enum { NEXT_LEARNER = 3 };
#else
enum { NEXT_LEARNER = 1 };
#endif

TEST(policy_gradient, learns_what_users_like) {
  for (int k = 0; k < 4; k += NEXT_LEARNER) {
    agent_rig rig;
    const throng_agent_def def =
        policy_def(k < 2 ? THRONG_ALGORITHM_PPO : THRONG_ALGORITHM_A2C, (throng_head)(k % 2));
    ASSERT_OK(open_rig(&rig, &def, false));
    const double first = play(&rig, 16);
    const float even = stats_of(&rig).entropy_loss[0];
    play(&rig, 1200);
    stats_of(&rig);
    const double last = play(&rig, 200);
    const throng_population_stats stats = stats_of(&rig);
    EXPECT_GT(last, first + 0.2);
    EXPECT_GT(stats.entropy_loss[0], even + 0.1f);  // surer than at first
    EXPECT_TRUE(stats.value_loss[0] > 0 && stats.explained_variance[0] < 1);
    EXPECT_EQ(stats.approx_kl[0] > 0, def.algorithm == THRONG_ALGORITHM_PPO);
    rig_free(&rig);
  }
}

TEST(policy_gradient, rollouts_are_learned_from_in_epochs_of_minibatches_and_then_dropped) {
  agent_rig rig;
  throng_agent_def def = policy_def(THRONG_ALGORITHM_PPO, THRONG_HEAD_TWO_TOWER);
  def.batch = 100;  // 256 steps: minibatches of 100, 100, 56
  ASSERT_OK(open_rig(&rig, &def, false));
  play(&rig, def.n_steps - 1);
  EXPECT_EQ(stats_of(&rig).updates[0], 0);
  play(&rig, 1);
  EXPECT_EQ(stats_of(&rig).updates[0], 4 * 3);
  EXPECT_EQ(rig.agent->host.updates[0], rig.agent->clock.updates[0]);
  EXPECT_EQ(policy_gradient_of(rig.agent)->taken[0], 4 * 3);
  play(&rig, def.n_steps);
  EXPECT_EQ(stats_of(&rig).updates[0], 2 * 4 * 3);
  rig_free(&rig);
}

/// Every step once in each epoch, and not in the same order twice; also with words drawn before.
TEST(policy_gradient, an_epoch_takes_every_step_of_a_rollout_once) {
  uint32_t word[SHUFFLE_WORDS];
  int drawn = 0;
  for (int64_t n = 1; n < 5000; n += n < 700 ? 37 : 1999) {
    const shuffle one = shuffle_of(n, 5, 77), other = shuffle_of(n, 5, 78);
    shuffle quick = one;
    shuffle_draw_words(&quick, n, word);
    drawn += quick.word != NULL;
    int *seen = calloc((size_t)n, sizeof *seen), moved = 0;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t to = shuffled(&one, i);
      ASSERT_TRUE(to >= 0 && to < n);
      ++seen[to];
      moved += to != shuffled(&other, i);
      EXPECT_EQ(shuffled(&quick, i), to);
    }
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(seen[i], 1);
    if (n > 30) EXPECT_GT(moved, n / 2);
    free(seen);
  }
  EXPECT_GT(drawn, 0);
}

TEST(policy_gradient, the_first_minibatch_of_a_rollout_has_the_ratio_of_one_to_the_bit) {
  for (int mask = 0; mask < 2; ++mask)
    for (int head = 0; head < 2; ++head) {
      agent_rig rig;
      throng_agent_def def = policy_def(THRONG_ALGORITHM_PPO, (throng_head)head);
      def.n_epochs = 1;
      def.batch = LANES * def.n_steps;
      ASSERT_OK(open_rig(&rig, &def, mask != 0));
      for (int rollout = 0; rollout < 4; ++rollout) {
        play(&rig, def.n_steps);
        const throng_population_stats stats = stats_of(&rig);
        // States, masks and sums are those of acting: only products of other sizes may round.
        EXPECT_LT(fabs((double)stats.approx_kl[0]), 1e-6);
        EXPECT_EQ(stats.clip_fraction[0], 0.0f);
      }
      rig_free(&rig);
    }
}

#ifdef CUDA_IN_PLACE_OF_CPU  // sums with others' zeros
#define SAME(x, i, y, j) (agents_apart(x, i, y, j) <= 1e-5)
#else
#define SAME(x, i, y, j) (agents_differ(x, i, y, j) == 0)
#endif

/// Of three agents the second folds what the others draw, and is what it would be alone.
TEST(policy_gradient, whether_leaving_by_chance_is_in_the_discount_is_each_agents_own) {
  for (int k = 1; k < 4; ++k) {
    agent_rig rig, plain, alone;
    throng_agent_def def = policy_def((throng_algorithm)k, THRONG_HEAD_FLAT), own;
    def.count = 3;
    def.gamma = 0.9f;
    def.fold_leave = false;
    ASSERT_OK(open_rig(&rig, &def, true));
    ASSERT_OK(open_rig(&plain, &def, true));
    ASSERT_OK(throng_population_set(rig.agent, 1, "fold_leave", 1));
    ASSERT_OK(throng_population_get_agent_def(rig.agent, 1, &own));
    EXPECT_TRUE(own.fold_leave);
    throng_sim_def sim = rig_sim_def(LANES, 10);
    sim.mask_seen = true;
    sim.first_lane = LANES;
    ASSERT_OK(rig_make(&alone, 1, &sim, &own, 100000));
    ASSERT_OK(train(rig.agent, 3 * def.n_steps));
    ASSERT_OK(train(plain.agent, 3 * def.n_steps));
    ASSERT_OK(train(alone.agent, 3 * def.n_steps));
    EXPECT_TRUE(SAME(&rig, 1, &alone, 0));
    EXPECT_TRUE(SAME(&rig, 0, &plain, 0) && SAME(&rig, 2, &plain, 2));
    EXPECT_TRUE(agents_apart(&rig, 1, &plain, 1) > 1e-4);
    rig_free(&rig);
    rig_free(&plain);
    rig_free(&alone);
  }
}

TEST(policy_gradient, values_are_in_the_units_of_each_agents_reward_scale) {
  for (int k = 1; k < 4; ++k) {
    agent_rig rig;
    throng_agent_def def = policy_def((throng_algorithm)k, THRONG_HEAD_TWO_TOWER);
    def.count = 2;
    if (def.algorithm == THRONG_ALGORITHM_TRPO) def.target_kl = 0.01f;
    ASSERT_OK(open_rig(&rig, &def, false));
    ASSERT_OK(throng_population_set(rig.agent, 1, "reward_scale", 10));
    ASSERT_OK(train(rig.agent, 2 * def.n_steps));
    const throng_population_stats stats = stats_of(&rig);
    EXPECT_GT(stats.value_loss[1], 30 * stats.value_loss[0]);
    EXPECT_GT(stats.value_loss[0], 0.0f);
    rig_free(&rig);
  }
}

TEST(policy_gradient, a_kl_target_ends_a_rollout_and_not_its_count) {
  agent_rig rig;
  throng_agent_def def = policy_def(THRONG_ALGORITHM_PPO, THRONG_HEAD_TWO_TOWER);
  def.target_kl = 1e-3f;
  ASSERT_OK(open_rig(&rig, &def, false));
  play(&rig, 4 * def.n_steps);
  const int64_t turns = 4 * 4 * (LANES * def.n_steps / def.batch);
  EXPECT_EQ(stats_of(&rig).updates[0], turns);
  const int64_t taken = policy_gradient_of(rig.agent)->taken[0];
  EXPECT_TRUE(taken >= 4 && taken < turns / 2);  // before the first step nothing has moved
  rig_free(&rig);
}

static void expect_failure(throng_agent_def def, bool mask, const char *cause,
                           void (*spoil)(throng_population *)) {
  agent_rig rig;
  def.count = 2;
  ASSERT_OK(open_rig(&rig, &def, mask));
  spoil(rig.agent);
  int t = 0;
  for (; t < 40 && rig.agent->host.state[0] == AGENT_LEARNING; ++t)
    ASSERT_OK(throng_population_train_step(rig.agent));
  ASSERT_OK(clocks_watch(rig.agent, true));  // a device is looked at now and then
  const char *note = agent_take_note(rig.agent);
  EXPECT_EQ(rig.agent->host.state[0], AGENT_DIVERGED);
  EXPECT_EQ(rig.agent->host.state[1], AGENT_LEARNING);
  EXPECT_CONTAINS(note ? note : "nothing", cause);
  for (int k = 0; k < 40; ++k) EXPECT_OK(throng_population_train_step(rig.agent));
  rig_free(&rig);
}

static void leap(throng_population *a) {
  EXPECT_OK(throng_population_set(a, 0, "learning_rate", 10));
  EXPECT_OK(throng_population_set(a, 0, "max_grad_norm", 0));
}
static void no_number(throng_population *a) {
  const float nan = NAN;
  EXPECT_OK(a->backend->ops->upload(a->backend, a->weight.at[PARAMETER_QUERY_BIAS], &nan, 4));
}
static void no_value(throng_population *a) {
  const float nan = NAN;
  const policy_gradient *p = policy_gradient_of(a);
  EXPECT_OK(
      a->backend->ops->upload(a->backend, p->critic_weight.at[PARAMETER_VALUE_BIAS], &nan, 4));
}
/// A critic that says 0 for everything, in a world whose likes are never seen.
static void worthless(throng_population *a) {
  const policy_gradient *p = policy_gradient_of(a);
  EXPECT_OK(a->backend->ops->zero(a->backend, p->critic_weight.at[PARAMETER_VALUE],
                                  sizeof(float) * (size_t)p->critic.size[PARAMETER_VALUE]));
}

TEST(policy_gradient, that_leaps_or_has_no_numbers_fails_with_its_cause_and_no_other_agent) {
  const throng_agent_def def = policy_def(THRONG_ALGORITHM_PPO, THRONG_HEAD_TWO_TOWER);
  expect_failure(def, false, "KL divergence from the rollout's policy is above 1000", leap);
  expect_failure(def, false, "log-probability or entropy of a state is no number", no_number);
  expect_failure(def, false, "advantages of a rollout are no numbers", no_value);
}

TEST(policy_gradient, a_rollout_in_which_every_advantage_is_0_is_a_failure) {
  agent_rig rig;
  throng_agent_def def = policy_def(THRONG_ALGORITHM_A2C, THRONG_HEAD_TWO_TOWER);
  ASSERT_OK(open_rig(&rig, &def, false));
  throng_population *a = rig.agent;
  worthless(a);
  play(&rig, def.n_steps - 1);
  // No step of the log has a like, and a rollout ends before the next could have one.
  ASSERT_OK(rig.backend->ops->zero(rig.backend, a->log.reward,
                                   sizeof(float) * (size_t)(a->log.n_time * a->n_lane)));
  ASSERT_OK(throng_population_set(a, 0, "n_steps", def.n_steps - 1));
  ASSERT_OK(rollout_close(a));
  ASSERT_OK(policy_gradient_update(a));
  ASSERT_OK(clocks_watch(a, true));
  EXPECT_EQ(a->host.state[0], AGENT_DIVERGED);
  const char *note = agent_take_note(a);
  EXPECT_CONTAINS(note ? note : "nothing", "agent 0: the advantages of a rollout are all 0");
  rig_free(&rig);
}

TEST(policy_gradient, options_that_make_no_sense_are_refused_with_their_range) {
  throng_agent_def def = policy_def(THRONG_ALGORITHM_PPO, THRONG_HEAD_FLAT);
  agent_rig rig;
  def.n_steps = 0;
  EXPECT_EQ(open_rig(&rig, &def, false), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(),
                  "agent.n_steps: expected an integer in 1..1048576, not 0");
  rig_free(&rig);
  def.n_steps = 16;
  def.gae_lambda = 1.5f;
  EXPECT_EQ(open_rig(&rig, &def, false), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.gae_lambda: expected a number in 0..1, not 1.5");
  rig_free(&rig);
  def.gae_lambda = 1;
  def.n_steps = 1048576;
  def.n_epochs = 10000;
  def.batch = 1;
  EXPECT_EQ(open_rig(&rig, &def, false), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.n_epochs: 10000 passes over 1048576 steps");
  rig_free(&rig);
  def.algorithm = THRONG_ALGORITHM_TRPO;
  def.target_kl = 0.01f;
  def.n_critic_updates = 9999;
  EXPECT_EQ(open_rig(&rig, &def, false), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.n_critic_updates: 9999 passes over 1048576 steps");
  rig_free(&rig);
  def = policy_def(THRONG_ALGORITHM_TRPO, THRONG_HEAD_FLAT);
  ASSERT_OK(open_rig(&rig, &def, false));
  EXPECT_EQ(throng_population_set(rig.agent, 0, "target_kl", 0), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.target_kl: TRPO's policy moves as far as this");
  rig_free(&rig);
  def.target_kl = 0;
  EXPECT_EQ(open_rig(&rig, &def, false), THRONG_ERROR_ARGUMENT);
  rig_free(&rig);
  def.target_kl = 1001;  // whoever came there would have failed
  EXPECT_EQ(open_rig(&rig, &def, false), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "above 1000 has failed; expected a number up to that");
  rig_free(&rig);
  const throng_agent_def dqn = rig_agent_def(THRONG_HEAD_FLAT);
  ASSERT_OK(open_rig(&rig, &dqn, false));
  EXPECT_EQ(throng_population_set(rig.agent, 0, "clip_range", 0.1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "with agent.algorithm dqn");
  rig_free(&rig);
}
