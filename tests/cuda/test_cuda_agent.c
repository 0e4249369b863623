/// Learning on both backends: a fit of f_sta, DQN with both heads, yardsticks, and a whole run.
#include "agent/population.h"
#include "cuda_parity.h"
#include "evaluate/evaluator.h"
#include "sta/sta.h"
#include "support/agent_rig.h"
#include "support/small_run.h"
#include "support/small_world.h"

/// Adam divides by a gradient's own size: rounding of a small one may cost a share of a step, each
/// of at most the learning rate, 1e-3.
#define WEIGHT_TOLERANCE (PARITY_EXACT ? 0.0 : 2e-2)

/// Largest difference between two sets of tensors that hold floats, relative to the larger of 1
/// and the value; -1 where a shape or another number differs.
static double set_difference(const tensor_set *x, const tensor_set *y) {
  double worst = 0;
  if (x->count != y->count) return -1;
  for (size_t i = 0; i < x->count; ++i) {
    const tensor *t = &x->tensor[i], *u = tensors_find(y, t->name);
    if (!u || tensor_bytes(t) != tensor_bytes(u)) return -1;
    const size_t bytes = tensor_bytes(t);
    float *a = malloc(bytes + 4), *b = malloc(bytes + 4);
    EXPECT_OK(x->backend->ops->download(x->backend, a, t->data, bytes));
    EXPECT_OK(y->backend->ops->download(y->backend, b, u->data, bytes));
    if (t->type != TENSOR_F32 && memcmp(a, b, bytes) != 0) worst = 1e30;
    for (size_t k = 0; t->type == TENSOR_F32 && k < bytes / sizeof *a; ++k) {
      const double size = fabs((double)a[k]) > 1 ? fabs((double)a[k]) : 1;
      const double difference = fabs((double)a[k] - (double)b[k]) / size;
      if (!(difference <= worst)) worst = difference;
    }
    free(a);
    free(b);
  }
  return worst;
}

TEST(cuda_agent, a_fit_of_f_sta_ends_at_the_same_weights_under_both_objectives) {
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(31, 120, 60, 8, 40);
  for (int objective = 0; objective < 2; ++objective) {
    throng_sta *sta[2];
    throng_sta_report report[2];
    for (int side = 0; side < 2; ++side) {
      throng_sta_def def = throng_default_sta_def();
      def.width = 16;
      def.window = 10;
      def.batch = 32;
      def.epochs = 3;
      def.dropout = 0.1f;
      def.objective = (throng_sta_objective)objective;
      def.biases = true;
      ASSERT_OK(
          throng_sta_fit(side ? p.cuda : p.cpu, &world, &def, NULL, &sta[side], &report[side]));
    }
    const double difference = set_difference(&sta[0]->parameters, &sta[1]->parameters);
    // On a device: the bias of keys has no gradient but rounding, which Adam blows up to whole
    // steps that no score depends on; so that there the losses are compared.
    EXPECT_TRUE(difference >= 0 && (!PARITY_EXACT || difference == 0));
    EXPECT_TRUE(parity_near(report[0].train_loss, report[1].train_loss, 1e-4));
    EXPECT_TRUE(parity_near(report[0].test_auc, report[1].test_auc, 1e-3));
    for (int side = 0; side < 2; ++side) throng_sta_close(sta[side]);
  }
  small_world_free(&world);
  parity_close(&p);
}

typedef struct learners {
  parity p;
  throng_world world;
  throng_sim *sim[2];
  throng_population *agent[2];
} learners;

static bool learners_open(learners *l, const throng_sim_def *sim, const throng_agent_def *agent) {
  memset(l, 0, sizeof *l);
  if (!parity_open(&l->p)) return false;
  l->world = small_world(7, 20, 60, 6, 12);
  for (int side = 0; side < 2; ++side) {
    throng_backend *b = side ? l->p.cuda : l->p.cpu;
    throng_status status = throng_sim_create(b, &l->world, NULL, sim, &l->sim[side]);
    if (status == THRONG_OK)
      status = throng_population_create(l->sim[side], agent, 12 * 400, &l->agent[side]);
    EXPECT_OK(status);
    if (status != THRONG_OK) return false;
  }
  return true;
}

static void learners_close(learners *l) {
  for (int side = 0; side < 2; ++side) {
    throng_population_close(l->agent[side]);
    throng_sim_close(l->sim[side]);
  }
  small_world_free(&l->world);
  parity_close(&l->p);
}

static throng_sim_def lanes_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = 12;
  def.history = 9;
  def.leave_probability = 0.1f;
  def.max_steps = 15;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static throng_agent_def learner_def(throng_head head) {
  throng_agent_def def = rig_agent_def(head);
  def.count = 2;
  return def;
}

/// Train both for `steps`; on a device, while nothing has come near to a tie in Q, the same items
/// are shown and the weights stay near.
static void train_both(const throng_sim_def *sim, const throng_agent_def *agent, int steps) {
  learners l;
  if (!learners_open(&l, sim, agent)) return;
  const int same_steps = PARITY_EXACT ? steps : 40;
  for (int t = 0; t < same_steps; ++t)
    for (int side = 0; side < 2; ++side) ASSERT_OK(throng_population_train_step(l.agent[side]));
  const double difference = set_difference(&l.agent[0]->weights, &l.agent[1]->weights);
  EXPECT_TRUE(difference >= 0 && difference <= WEIGHT_TOLERANCE);
  EXPECT_EQ(l.agent[0]->host.updates[0], l.agent[1]->host.updates[0]);
  EXPECT_GT(l.agent[1]->host.updates[0], 0);
  int graphs = 0;
  for (int k = 0; k < STEP_GRAPHS; ++k) graphs += l.agent[1]->graph[k].graph != NULL;
  EXPECT_GT(graphs, 0);
  if (PARITY_EXACT) {
    EXPECT_TRUE(set_difference(&l.agent[0]->replay, &l.agent[1]->replay) == 0);
    EXPECT_TRUE(set_difference(&l.sim[0]->lanes, &l.sim[1]->lanes) == 0);
  }
  throng_population_stats stats[2];
  float loss[2][2];
  for (int side = 0; side < 2; ++side) {
    ASSERT_OK(throng_population_get_stats(l.agent[side], &stats[side]));
    memcpy(loss[side], stats[side].loss, sizeof loss[side]);
    EXPECT_TRUE(stats[side].epsilon[0] < 1.0f);
  }
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(parity_near((double)loss[0][i], (double)loss[1][i], 1e-3));
  learners_close(&l);
}

TEST(cuda_agent, agents_start_from_the_same_weights_at_first_and_when_they_begin_anew) {
  for (int head = 0; head < 2; ++head) {
    learners l;
    throng_sim_def sim = lanes_def();
    throng_agent_def agent = learner_def(head ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER);
    const uint32_t seed = 77;
    if (!learners_open(&l, &sim, &agent)) return;
    for (int again = 0; again < 2; ++again) {
      const double difference = set_difference(&l.agent[0]->weights, &l.agent[1]->weights);
      EXPECT_TRUE(difference >= 0 && difference <= (PARITY_EXACT ? 0 : 1e-6));
      for (int side = 0; side < 2; ++side)
        ASSERT_OK(throng_population_start(l.agent[side], 1, 1, &seed));
    }
    learners_close(&l);
  }
}

TEST(cuda_agent, two_tower_learns_the_same_weights_step_by_step) {
  throng_sim_def sim = lanes_def();
  throng_agent_def agent = learner_def(THRONG_HEAD_TWO_TOWER);
  train_both(&sim, &agent, PARITY_STEPS(200));
  agent.double_dqn = false;
  agent.tau = 1.0f;
  agent.update_every = 3;
  agent.loss = THRONG_LOSS_MSE;
  agent.epsilon = THRONG_EPSILON_EXPONENTIAL;
  train_both(&sim, &agent, PARITY_STEPS(200));
}

TEST(cuda_agent, flat_learns_the_same_weights_step_by_step) {
  throng_sim_def sim = lanes_def();
  throng_agent_def agent = learner_def(THRONG_HEAD_FLAT);
  train_both(&sim, &agent, PARITY_STEPS(200));
  agent.n_step = 3;
  agent.double_dqn = false;
  sim.mask_seen = true;
  sim.slate_size = 2;
  sim.max_steps = 12;
  train_both(&sim, &agent, PARITY_STEPS(200));
}

TEST(cuda_agent, a_normalised_agent_without_a_target_network_learns_the_same_weights) {
  throng_sim_def sim = lanes_def();
  throng_agent_def agent = learner_def(THRONG_HEAD_FLAT_DUELING);
  agent.layer_norm = true;
  agent.target_network = false;
  train_both(&sim, &agent, PARITY_STEPS(200));
}

TEST(cuda_agent, munchausen_with_both_heads_learns_the_same_weights) {
  for (int head = 0; head < 2; ++head) {
    throng_sim_def sim = lanes_def();
    throng_agent_def agent = learner_def((throng_head)head);
    sim.mask_seen = head == 0;
    agent.action_gap = 0.9f;
    agent.munchausen_temperature = 0.1f;
    train_both(&sim, &agent, PARITY_STEPS(200));
  }
}

TEST(cuda_agent, policies_learn_the_same_weights_step_by_step) {
  static const throng_algorithm algorithms[] = {THRONG_ALGORITHM_PPO, THRONG_ALGORITHM_A2C,
                                                THRONG_ALGORITHM_TRPO};
  for (int k = 0; k < 6; ++k) {
    throng_sim_def sim = lanes_def();
    throng_agent_def agent = learner_def(k % 2 ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER);
    const throng_agent_def usual = throng_algorithm_agent_def(algorithms[k / 2]);
    agent.algorithm = usual.algorithm;
    agent.use_rms_prop = usual.use_rms_prop;
    agent.normalize_advantage = usual.normalize_advantage;
    agent.target_kl = usual.target_kl;
    agent.activation = usual.activation;
    agent.n_steps = 5;
    agent.n_epochs = 2;
    agent.n_critic_updates = 2;
    agent.cg_max_steps = 4;
    agent.ent_coef = 0.01f;
    agent.clip_range_vf = 0.2f;
    sim.mask_seen = k > 0;
    sim.slate_size = 1 + k % 2;
    sim.max_steps = 12;
    train_both(&sim, &agent, PARITY_STEPS(k < 4 ? 100 : 60));
  }
}

TEST(cuda_agent, a_checkpoint_of_one_backend_goes_on_on_the_other) {
  learners l;
  throng_sim_def sim = lanes_def();
  throng_agent_def agent = learner_def(THRONG_HEAD_TWO_TOWER);
  if (!learners_open(&l, &sim, &agent)) return;
  char path[512];
  snprintf(path, sizeof path, "%s/agent.safetensors", throng_test_folder());
  for (int t = 0; t < 60; ++t) ASSERT_OK(throng_population_train_step(l.agent[0]));
  ASSERT_OK(throng_population_save(l.agent[0], path));
  for (int t = 0; t < 45; ++t) ASSERT_OK(throng_population_train_step(l.agent[1]));
  ASSERT_OK(throng_population_restore(l.agent[1], path));
  const int more = PARITY_EXACT ? 60 : 2;
  for (int t = 0; t < more; ++t)
    for (int side = 0; side < 2; ++side) ASSERT_OK(throng_population_train_step(l.agent[side]));
  const double difference = set_difference(&l.agent[0]->weights, &l.agent[1]->weights);
  EXPECT_TRUE(difference >= 0 && difference <= WEIGHT_TOLERANCE);
  EXPECT_EQ(l.agent[0]->host.updates[0], l.agent[1]->host.updates[0]);
  learners_close(&l);
}

#ifdef CUDA_TEST_ON_CPU

/// The device's table, but that what is recorded fails at its `fails_at`th product.
static backend_ops failing;
static const backend_ops *whole;
static int products = -1, fails_at;  // -1: nothing is being recorded
static throng_status begin_failing(throng_backend *b) {
  products = 0;
  return whole->capture_begin(b);
}
static throng_status end_failing(throng_backend *b, struct backend_graph **out) {
  products = -1;
  return whole->capture_end(b, out);
}
static throng_status gemm_failing(throng_backend *b, const gemm_args *g) {
  if (products >= 0 && ++products == fails_at)
    return throng_fail(THRONG_ERROR_BACKEND, "a product that no graph can hold");
  return whole->gemm(b, g);
}

TEST(cuda_agent, steps_that_fail_to_be_recorded_midway_end_at_the_same_weights) {
  for (fails_at = 1; fails_at <= 31; fails_at += 10) {
    learners l;
    throng_sim_def sim = lanes_def();
    throng_agent_def agent = learner_def(THRONG_HEAD_TWO_TOWER);
    if (!learners_open(&l, &sim, &agent)) return;
    whole = l.p.cuda->ops;
    failing = *whole;
    failing.capture_begin = begin_failing;
    failing.capture_end = end_failing;
    failing.gemm = gemm_failing;
    l.p.cuda->ops = &failing;
    const char *note = NULL;
    int notes = 0;
    for (int t = 0; t < 60; ++t) {
      for (int side = 0; side < 2; ++side) ASSERT_OK(throng_population_train_step(l.agent[side]));
      if (!(note = agent_take_note(l.agent[1]))) continue;
      ++notes;
      EXPECT_CONTAINS(note, "a product that no graph can hold");
    }
    EXPECT_EQ(notes, 1);
    EXPECT_TRUE(set_difference(&l.agent[0]->weights, &l.agent[1]->weights) == 0);
    EXPECT_TRUE(set_difference(&l.agent[0]->replay, &l.agent[1]->replay) == 0);
    EXPECT_EQ(l.agent[0]->host.updates[0], l.agent[1]->host.updates[0]);
    EXPECT_EQ(l.agent[0]->host.time, l.agent[1]->host.time);
    l.p.cuda->ops = whole;
    learners_close(&l);
  }
}

#endif

TEST(cuda_agent, agents_of_both_backends_meet_the_same_users) {
  learners l;
  throng_sim_def sim = lanes_def();
  throng_agent_def agent = learner_def(THRONG_HEAD_TWO_TOWER);
  sim.mask_seen = true;
  if (!learners_open(&l, &sim, &agent)) return;
  throng_metrics each[2][2];
  throng_evaluation_def def = throng_default_evaluation_def();
  def.episodes = 20;
  for (int side = 0; side < 2; ++side)
    ASSERT_OK(throng_evaluate_population(side ? l.p.cuda : l.p.cpu, &l.world, NULL, &sim, &def,
                                         l.agent[side], NULL, each[side]));
  for (int side = 0; side < 2; ++side)
    for (int k = 0; k < 2; ++k) {
      EXPECT_NEAR(each[side][k].session_length, each[0][0].session_length, 0);
      EXPECT_TRUE(parity_near(each[side][k].average_reward, each[0][k].average_reward, 0.5));
      if (PARITY_EXACT) EXPECT_EQ(memcmp(&each[side][k], &each[0][k], sizeof each[0][k]), 0);
    }
  EXPECT_TRUE(each[0][0].average_reward != each[0][1].average_reward);
  learners_close(&l);
}

/// The planner asks about every item of every plan: most of this file's time on the emulated
/// device.
TEST(cuda_agent, yardsticks_play_alike) {
#ifdef CUDA_TEST_ON_CPU
  enum { ITEMS = 60, EPISODES = 5 };
#else
  enum { ITEMS = 600, EPISODES = 20 };
#endif
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(7, 20, ITEMS, 6, 12);
  throng_sim_def sim = lanes_def();
  for (int table = 0; table < 2; ++table)
    for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
      throng_metrics m[2];
      sim.votes.table_bytes = table ? 1 << 30 : 0;
      sim.mask_seen = table;
      for (int side = 0; side < 2; ++side) {
        throng_evaluation_def def = throng_default_evaluation_def();
        def.episodes = EPISODES;
        ASSERT_OK(throng_evaluate_yardstick(side ? p.cuda : p.cpu, &world, NULL, &sim, &def,
                                            (throng_yardstick)k, NULL, &m[side]));
      }
      EXPECT_TRUE(parity_near(m[0].average_reward, m[1].average_reward, 1e-9));
      EXPECT_TRUE(parity_near(m[0].liking, m[1].liking, 1e-9));
      EXPECT_TRUE(parity_near(m[0].gini, m[1].gini, 1e-9));
    }
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_agent, a_whole_run_reports_the_same_numbers) {
  parity p;
  if (!parity_open(&p)) return;
  throng_train_report report[2];
  for (int side = 0; side < 2; ++side) {
    small_run run;
    char out[512];
    ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
    snprintf(out, sizeof out, "%s/run%d", throng_test_folder(), side);
    run.train.out = out;
    ASSERT_OK(throng_train(side ? p.cuda : p.cpu, run.world, NULL, &run.sim, &run.agent, &run.train,
                           NULL, &report[side]));
    small_run_close(&run);
  }
  EXPECT_EQ(report[0].user_steps, report[1].user_steps);
  for (int k = -1; k < THRONG_YARDSTICK_COUNT; ++k) {
    const throng_metrics *x = k < 0 ? &report[0].agent : &report[0].yardstick[k];
    const throng_metrics *y = k < 0 ? &report[1].agent : &report[1].yardstick[k];
    // On a device the agents' own runs part at their first near-tie in Q.
    const double tolerance = k < 0 ? 0.5 : 1e-9;
    EXPECT_TRUE(parity_near(x->average_reward, y->average_reward, tolerance));
    EXPECT_TRUE(parity_near(x->session_length, y->session_length, tolerance));
    EXPECT_TRUE(parity_near(x->coverage, y->coverage, tolerance));
  }
  parity_close(&p);
}
