/// Agents as a whole: checkpoints, threads, populations, errors.
#include <stdio.h>
#include <unistd.h>

#include "support/agent_rig.h"

static throng_status train(agent_rig *rig, int steps) {
  for (int t = 0; t < steps; ++t) THRONG_TRY(throng_population_train_step(rig->agent));
  return THRONG_OK;
}

static void expect_same_agents(const throng_population *x, const throng_population *y) {
  uint64_t a, b;
  ASSERT_OK(tensors_hash(&x->weights, &a));
  ASSERT_OK(tensors_hash(&y->weights, &b));
  EXPECT_TRUE(a == b);
  ASSERT_OK(tensors_hash(&x->replay, &a));
  ASSERT_OK(tensors_hash(&y->replay, &b));
  EXPECT_TRUE(a == b);
  ASSERT_OK(throng_sim_hash(x->sim, &a));
  ASSERT_OK(throng_sim_hash(y->sim, &b));
  EXPECT_TRUE(a == b);
}

static void resume_and_compare(throng_head head, float tau, bool mask_seen) {
  throng_sim_def sim = rig_sim_def(8, 10);
  sim.mask_seen = mask_seen;
  throng_agent_def def = rig_agent_def(head);
  def.count = 2;
  def.n_step = 2;
  def.tau = tau;
  agent_rig whole, resumed;
  char path[512];
  snprintf(path, sizeof path, "%s/agent.safetensors", throng_test_folder());
  ASSERT_OK(rig_make(&whole, 1, &sim, &def, 2000));
  ASSERT_OK(train(&whole, 60));
  ASSERT_OK(throng_population_save(whole.agent, path));
  ASSERT_OK(train(&whole, 60));
  ASSERT_OK(rig_make(&resumed, 1, &sim, &def, 2000));
  ASSERT_OK(train(&resumed, 7));  // what is restored must not show what was there
  ASSERT_OK(throng_population_restore(resumed.agent, path));
  ASSERT_OK(train(&resumed, 60));
  EXPECT_GT(whole.agent->host.updates[0], 50);
  EXPECT_EQ(whole.agent->host.updates[0], resumed.agent->host.updates[0]);
  expect_same_agents(whole.agent, resumed.agent);
  rig_free(&whole);
  rig_free(&resumed);
}

TEST(agent, a_restored_two_tower_agent_goes_on_to_the_same_bits) {
  resume_and_compare(THRONG_HEAD_TWO_TOWER, 1.0f, false);
}
TEST(agent, a_restored_flat_agent_goes_on_to_the_same_bits) {
  resume_and_compare(THRONG_HEAD_FLAT, 1.0f, true);
}
TEST(agent, a_restored_agent_with_a_soft_target_goes_on_to_the_same_bits) {
  resume_and_compare(THRONG_HEAD_TWO_TOWER, 0.05f, true);
}

/// Sessions that nobody leaves and that show every item: their last states hold nothing to choose.
static void learn_from_whole_catalogues(throng_head head, bool twice, int32_t slate) {
  throng_sim_def sim = rig_sim_def(8, 70);
  sim.mask_seen = true;
  sim.leave_probability = 0;
  sim.slate_size = slate;
  sim.max_steps = 60 / slate;
  throng_agent_def def = rig_agent_def(head);
  def.double_dqn = twice;
  def.n_step = 2;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim, &def, 4000));
  ASSERT_EQ((int64_t)sim.max_steps * slate, rig.agent->net.n_item);
  EXPECT_OK(train(&rig, 3 * sim.max_steps));
  int64_t last = 0, open = 0;
  dqn *d = dqn_of(rig.agent);
  const replay_batch *b = &d->batch;
  for (uint64_t draw = 0; draw < 200; ++draw) {
    ASSERT_OK(replay_draw(rig.agent, &d->batch, draw));
    for (int32_t row = 0; row < def.batch; ++row) {
      bool shown = b->next.state.session[row] >= rig.agent->net.n_item;
      EXPECT_TRUE(shown == (b->discount[row] == 0.0f));
      last += shown;
      open += !shown;
    }
  }
  EXPECT_GT(last, 10);
  EXPECT_GT(open, last);
  rig_free(&rig);
}

TEST(agent, a_state_in_which_every_item_was_shown_is_worth_nothing) {
  for (int twice = 0; twice < 2; ++twice)
    for (int32_t slate = 1; slate <= 4; slate += 3) {
      learn_from_whole_catalogues(THRONG_HEAD_TWO_TOWER, twice, slate);
      learn_from_whole_catalogues(THRONG_HEAD_FLAT, twice, slate);
    }
}

TEST(agent, training_does_not_depend_on_the_number_of_threads) {
  for (int head = 0; head < 2; ++head) {
    throng_sim_def sim = rig_sim_def(8, 10);
    throng_agent_def def = rig_agent_def((throng_head)head);
    def.batch = 300;
    def.double_dqn = head == 0;
    agent_rig one, three;
    ASSERT_OK(rig_make(&one, 1, &sim, &def, 1000));
    ASSERT_OK(rig_make(&three, 3, &sim, &def, 1000));
    ASSERT_OK(train(&one, 60));
    ASSERT_OK(train(&three, 60));
    expect_same_agents(one.agent, three.agent);
    rig_free(&one);
    rig_free(&three);
  }
}

static bool always(void *count) {
  ++*(int *)count;
  return true;
}

TEST(agent, a_step_that_is_stopped_while_it_chooses_has_changed_nothing) {
  for (int head = 0; head < 2; ++head) {
    throng_sim_def sim = rig_sim_def(8, 10);
    throng_agent_def def = rig_agent_def((throng_head)head);
    agent_rig plain, stopped;
    ASSERT_OK(rig_make(&plain, 2, &sim, &def, 1000));
    ASSERT_OK(rig_make(&stopped, 2, &sim, &def, 1000));
    ASSERT_OK(train(&plain, 60));
    throng_backend *backend = stopped.agent->backend;
    int asked = 0;
    for (int k = 0; k < 4; ++k) {
      ASSERT_OK(train(&stopped, 15));
      usleep(150000);  // it is asked some ten times a second
      backend->stop_context = &asked;
      backend->stop = always;
      EXPECT_EQ(throng_population_train_step(stopped.agent), THRONG_ERROR_CANCELLED);
      backend->stop = NULL;
      EXPECT_EQ(asked, k + 1);
    }
    expect_same_agents(plain.agent, stopped.agent);
    rig_free(&plain);
    rig_free(&stopped);
  }
}

TEST(agent, evaluating_on_another_simulator_leaves_training_as_it_was) {
  throng_sim_def sim = rig_sim_def(8, 10), other_def = rig_sim_def(12, 10);
  other_def.autoreset = false;
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.count = 2;
  agent_rig plain, visited;
  ASSERT_OK(rig_make(&plain, 1, &sim, &def, 1000));
  ASSERT_OK(rig_make(&visited, 1, &sim, &def, 1000));
  throng_sim *other;
  ASSERT_OK(throng_sim_create(visited.backend, &visited.world, NULL, &other_def, &other));
  agent_actor *actor;
  ASSERT_OK(agent_actor_create(visited.agent, other, 5, &actor));
  int32_t item[12 * 5];
  for (int t = 0; t < 40; ++t) {
    ASSERT_OK(train(&plain, 1));
    ASSERT_OK(train(&visited, 1));
    ASSERT_OK(agent_actor_rank(actor, other, 5, item));
    ASSERT_OK(agent_actor_act(actor, other, true));
    for (int lane = 0; lane < 12; ++lane) EXPECT_EQ(other->action[lane], item[lane * 5]);
    ASSERT_OK(sim_step_on_backend(other));
    ASSERT_OK(throng_population_act(visited.agent, other, false, item));
  }
  expect_same_agents(plain.agent, visited.agent);
  agent_actor_free(actor);
  throng_sim_close(other);
  rig_free(&plain);
  rig_free(&visited);
}

TEST(agent, an_agent_of_a_population_learns_as_it_would_alone) {
  // Agent 1 of two has seed 2 and lanes 4..7; alone it has the same, from first_lane 4.
  throng_sim_def sim = rig_sim_def(8, 10), half = rig_sim_def(4, 10);
  half.first_lane = 4;
  throng_agent_def alone = rig_agent_def(THRONG_HEAD_FLAT), def = alone;
  def.count = 2;
  alone.seed = def.seed + 1;
  agent_rig both, one;
  ASSERT_OK(rig_make(&both, 1, &sim, &def, 800));
  ASSERT_OK(rig_make(&one, 1, &half, &alone, 400));
  ASSERT_OK(train(&both, 50));
  ASSERT_OK(train(&one, 50));
  EXPECT_GT(one.agent->host.updates[0], 20);
  int64_t size = one.agent->log.n_time * 4;
  EXPECT_EQ(memcmp(both.agent->log.entry + size, one.agent->log.entry, (size_t)size * 4), 0);
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    if (one.agent->net.size[p])
      EXPECT_EQ(memcmp(both.agent->weight.at[p] + one.agent->net.size[p], one.agent->weight.at[p],
                       (size_t)one.agent->net.size[p] * sizeof(float)),
                0);
  rig_free(&both);
  rig_free(&one);
}

TEST(agent, a_checkpoint_of_other_options_is_refused_and_nothing_changes) {
  throng_sim_def sim = rig_sim_def(8, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER), other = def;
  other.batch = 17;
  agent_rig a, b;
  char path[512];
  snprintf(path, sizeof path, "%s/agent.safetensors", throng_test_folder());
  ASSERT_OK(rig_make(&a, 1, &sim, &def, 1000));
  ASSERT_OK(rig_make(&b, 1, &sim, &other, 1000));
  ASSERT_OK(train(&b, 20));
  ASSERT_OK(throng_population_save(a.agent, path));
  uint64_t before, after;
  ASSERT_OK(tensors_hash(&b.agent->weights, &before));
  EXPECT_EQ(throng_population_restore(b.agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has batch 16, this one has batch 17");
  ASSERT_OK(throng_sim_save(a.sim, path));
  EXPECT_EQ(throng_population_restore(b.agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "not a checkpoint of a");
  EXPECT_EQ(throng_population_restore(b.agent, "/nowhere/agent.safetensors"), THRONG_ERROR_IO);
  ASSERT_OK(tensors_hash(&b.agent->weights, &after));
  EXPECT_TRUE(before == after);
  rig_free(&a);
  rig_free(&b);
}

/// A ReLU turns NaN into 0, so the output layer is spoilt too.
static void spoil(throng_population *a, int32_t agent) {
  const int64_t hidden = a->net.size[PARAMETER_HIDDEN_BIAS], items = a->net.n_item;
  for (int64_t k = 0; k < hidden; ++k)
    a->weight.at[PARAMETER_HIDDEN_BIAS][agent * hidden + k] = NAN;
  for (int64_t k = 0; k < items; ++k) a->weight.at[PARAMETER_ITEM_BIAS][agent * items + k] = NAN;
}

TEST(agent, a_loss_that_is_not_a_number_ends_the_last_agent_with_an_error_that_names_the_update) {
  throng_sim_def sim = rig_sim_def(8, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
  def.count = 2;
  def.learning_starts = 8;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim, &def, 1000));
  ASSERT_OK(train(&rig, 4));
  const int64_t updates = rig.agent->host.updates[0];
  spoil(rig.agent, 1);
  EXPECT_OK(throng_population_train_step(rig.agent));
  EXPECT_CONTAINS(agent_take_note(rig.agent), "agent 1: the loss is NaN after update");
  spoil(rig.agent, 0);
  for (int k = 0; k < 2; ++k) {  // and it stays one
    EXPECT_EQ(throng_population_train_step(rig.agent), THRONG_ERROR_DIVERGED);
    char expected[64];
    snprintf(expected, sizeof expected, "agent 1: the loss is NaN after update %lld",
             (long long)updates + 1);
    EXPECT_CONTAINS(throng_error_message(), expected);
    EXPECT_CONTAINS(throng_error_message(), "lower agent.learning_rate");
  }
  EXPECT_EQ(rig.agent->host.time, 6);
  rig_free(&rig);
}

TEST(agent, options_out_of_range_are_named_with_what_was_expected) {
  throng_sim_def sim = rig_sim_def(8, 10);
  const throng_agent_def good = rig_agent_def(THRONG_HEAD_FLAT);
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim, &good, 1000));
  throng_population *none = NULL;
#define REFUSED(change, part)                                                               \
  do {                                                                                      \
    throng_agent_def def = good;                                                            \
    change;                                                                                 \
    EXPECT_EQ(throng_population_create(rig.sim, &def, 1000, &none), THRONG_ERROR_ARGUMENT); \
    EXPECT_CONTAINS(throng_error_message(), part);                                          \
    EXPECT_TRUE(none == NULL);                                                              \
  } while (0)
  REFUSED(def.cookie = 0, "throng_default_agent_def()");
  REFUSED(def.count = 65536, "agent.count: expected an integer in 1..65535 or \"auto\", not 65536");
  REFUSED(def.count = 3, "3 agents cannot share 8 lanes evenly");
  REFUSED(def.gamma = 1.5f, "agent.gamma: expected a number in 0..1, not 1.5");
  REFUSED(def.gamma = NAN, "agent.gamma: expected a number in 0..1, not NaN");
  REFUSED(def.learning_rate = -1, "agent.learning_rate: expected a number in 0..10, not -1");
  REFUSED(def.batch = 0, "agent.batch: expected an integer in 1..16777216, not 0");
  REFUSED(def.tau = 0, "agent.tau: expected a number in 1e-09..1, not 0");
  REFUSED((def.epsilon = THRONG_EPSILON_EXPONENTIAL, def.epsilon_end = 0), "above 0");
#undef REFUSED
  rig_free(&rig);
}

TEST(agent, statistics_are_means_since_the_last_call) {
  throng_sim_def sim = rig_sim_def(8, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.learning_starts = 8;
  def.updates = 1;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim, &def, 10000));
  ASSERT_OK(train(&rig, 10));
  throng_population_stats stats;
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  EXPECT_EQ(stats.user_steps[0], 80);
  EXPECT_EQ(stats.updates[0], 10);
  EXPECT_TRUE(stats.loss[0] > 0 && stats.grad_norm[0] > 0);
  EXPECT_NEAR(stats.epsilon[0], 1.0 - 0.95 * 80 / 1000, 1e-6);
  ASSERT_OK(train(&rig, 1));
  float last = rig.agent->sums.last_loss[0];
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  EXPECT_NEAR(stats.loss[0], last, 1e-7);
  rig_free(&rig);
}

/// The draws as docs/file_formats.md gives them: Philox of (element, parameter) by (seed, INIT).
TEST(agent, weights_start_as_their_seeds_say_whatever_the_number_of_agents) {
  agent_rig rig;
  throng_sim_def sim = rig_sim_def(6, 9);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.count = 3;
  def.seed = 40;
  ASSERT_OK(rig_make(&rig, 2, &sim, &def, 1000));
  const network *n = &rig.agent->net;
  int drawn = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    for (int64_t k = 0; k < 3 * n->size[p]; ++k) {
      const uint32_t seed = 40 + (uint32_t)(k / n->size[p]);
      const network_parameter *of = &n->parameter[p];
      const random_words r =
          random_draw(seed, RANDOM_INIT, (uint32_t)(k % n->size[p]), (uint32_t)p, 0, 0);
      float is = of->uniform * (2.0f * random_uniform(r.w[0]) - 1.0f);
      if (of->normal > 0) is = of->normal * random_normal(r.w[0], r.w[1]);
      if (of->normal == 0 && of->uniform == 0) is = 0;
      EXPECT_EQ(rig.agent->weight.at[p][k], is);
      drawn += is != 0;
    }
  EXPECT_GT(drawn, 3000);
  rig_free(&rig);
}
