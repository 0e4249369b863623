/// Updates of PPO, A2C and TRPO against PyTorch, for two agents at once with options of their own
/// (tests/golden/make_policy_updates.py).
#include <stdio.h>

#include "agent/policy_gradient/trpo.h"
#include "base/safetensors.h"
#include "support/agent_rig.h"

enum { GOLDEN_BATCHES = 5, GOLDEN_STEPS = 50, GOLDEN_ROWS = 16 };

typedef struct golden {
  agent_rig rig;
  safetensors_file *file;
} golden;

/// Part `part` of `parts` equal ones of a tensor, into `to`.
static throng_status fetch(const safetensors_file *file, const char *name, int part, int parts,
                           void *to) {
  const safetensors_tensor *t = safetensors_find(file, name);
  if (!t) return throng_fail(THRONG_ERROR_DATA, "golden file has no '%s'", name);
  const size_t bytes = t->bytes / (size_t)parts;
  return safetensors_read(file, t, bytes * (size_t)part, to, bytes);
}

static throng_status load_batch(const safetensors_file *file, int number, throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  const struct {
    const char *name;
    void *to;
  } part[] = {{"state.entry", b->state.state.entry},
              {"state.length", b->state.state.length},
              {"state.session", b->state.state.session},
              {"state.user", b->state.state.user},
              {"action", b->action},
              {"advantage", b->advantage},
              {"target", b->target},
              {"old_value", b->old_value},
              {"old_log_prob", b->old_log_prob}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k)
    if (part[k].to) THRONG_TRY(fetch(file, part[k].name, number, GOLDEN_BATCHES, part[k].to));
  for (int i = 0; i < a->n_agent; ++i) {
    a->clock.learns[i] = 1;
    a->clock.rows[i] = GOLDEN_ROWS;
    p->items[i] = (int32_t)a->net.n_item;
  }
  return THRONG_OK;
}

/// The policy has no use for the network's own value of a state.
static bool is_value(int p) {
  return p == PARAMETER_VALUE || p == PARAMETER_VALUE_SKIP || p == PARAMETER_VALUE_BIAS;
}

/// Does every parameter of the set differ from the golden one by `most` at the most, relative where
/// it is large?
static void expect_set(const safetensors_file *file, const char *kind, const network *net,
                       const parameter_set *set, double most) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    if (!net->size[p] || (is_value(p) && net->table->catalogue)) continue;
    char name[96];
    snprintf(name, sizeof name, "%s.%s", kind, parameter_name(p));
    const int64_t n = net->size[p] * net->n_agent;
    float *expected = calloc((size_t)n, sizeof *expected);
    const safetensors_tensor *t = safetensors_find(file, name);
    EXPECT_TRUE(t && t->elements == n);
    EXPECT_OK(fetch(file, name, 0, 1, expected));
    double worst = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double size = fabs((double)expected[i]);
      const double off = fabs((double)set->at[p][i] - (double)expected[i]) / (size > 1 ? size : 1);
      if (!(off <= worst)) worst = off;
    }
    if (!(worst <= most)) throng_test_fail(__FILE__, __LINE__, "%s is off by %g", name, worst);
    free(expected);
  }
}

static void expect_rows(const safetensors_file *file, const char *name, const float *x) {
  float expected[2 * GOLDEN_ROWS];
  ASSERT_OK(fetch(file, name, 0, 1, expected));
  for (int i = 0; i < 2 * GOLDEN_ROWS; ++i)
    EXPECT_NEAR(x[i], expected[i], 2e-5 * fmax(1, fabs((double)expected[i])));
}

static void start(throng_population *a, const safetensors_file *file, const char *kind,
                  const network *net, const parameter_set *set) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    char name[96];
    snprintf(name, sizeof name, "%s.%s", kind, parameter_name(p));
    if (net->size[p] && !(is_value(p) && net->table->catalogue))
      ASSERT_OK(fetch(file, name, 0, 1, set->at[p]));
  }
  EXPECT_OK(population_weights_moved(a, (agent_range){0, a->n_agent}));
}

/// Two agents with the golden file's weights and options.
static void open_golden(golden *g, const char *name, throng_algorithm algorithm, throng_head head,
                        int32_t slate, bool mask) {
  throng_sim_def sim = rig_sim_def(8, 10);
  throng_agent_def def = throng_algorithm_agent_def(algorithm);
  const throng_agent_def shape = rig_agent_def(head);
  const double rate = head == THRONG_HEAD_FLAT ? 1 : 0.1;
  char path[512];
  sim.slate_size = slate;
  sim.mask_seen = mask;
  sim.max_steps = 5;  // histories hold whole sessions
  def.head = head;
  def.hidden[0] = shape.hidden[0];
  def.hidden[1] = shape.hidden[1];
  def.width = shape.width;
  def.user_width = shape.user_width;
  def.activation = head == THRONG_HEAD_FLAT ? THRONG_ACTIVATION_TANH : THRONG_ACTIVATION_RELU;
  def.count = 2;
  def.batch = GOLDEN_ROWS;
  def.n_steps = GOLDEN_ROWS / 4;  // of four lanes
  ASSERT_OK(rig_make(&g->rig, 2, &sim, &def, 1000));
  throng_population *a = g->rig.agent;
  snprintf(path, sizeof path, "%s/golden/%s.safetensors", TEST_SOURCE_DIR, name);
  ASSERT_OK(safetensors_open(path, &g->file));
  const struct {
    const char *name;
    double value[2];
  } option[] = {{"learning_rate", {0.01 * rate, 0.003 * rate}},
                {"max_grad_norm", {0.5, 0}},
                {"adam_epsilon", {0.01, 0.02}},
                {"beta2",
                 {algorithm == THRONG_ALGORITHM_A2C ? 0.99 : 0.999,
                  algorithm == THRONG_ALGORITHM_A2C ? 0.9 : 0.999}},
                {"clip_range", {0.2, 0.1}},
                {"clip_range_vf", {0, algorithm == THRONG_ALGORITHM_A2C ? 0 : 0.3}},
                {"ent_coef", {0.02, 0}},
                {"vf_coef", {0.5, 0.25}},
                {"normalize_advantage", {1, 0}},
                {"target_kl",
                 {algorithm == THRONG_ALGORITHM_TRPO ? 0.01 : 0,
                  algorithm == THRONG_ALGORITHM_TRPO ? 0.3 : 0}},
                {"cg_damping", {0.1, 0.02}},
                {"cg_max_steps", {10, 4}},
                {"line_search_shrinking_factor", {0.8, 0.5}},
                {"line_search_max_iter", {10, 10}}};
  for (size_t k = 0; k < sizeof option / sizeof *option; ++k)
    for (int i = 0; i < 2; ++i)
      ASSERT_OK(throng_population_set(a, i, option[k].name, option[k].value[i]));
  if (head == THRONG_HEAD_TWO_TOWER)
    ASSERT_OK(fetch(g->file, "item_feature", 0, 1, a->net.item_feature));
  policy_gradient *p = policy_gradient_of(a);
  start(a, g->file, "start", &a->net, &a->weight);
  start(a, g->file, "critic_start", &p->critic, &p->critic_weight);
}

static void close_golden(golden *g) {
  safetensors_close(g->file);
  rig_free(&g->rig);
}

static void compare(const char *name, throng_algorithm algorithm, throng_head head, int32_t slate,
                    bool mask) {
  golden g;
  open_golden(&g, name, algorithm, head, slate, mask);
  throng_population *a = g.rig.agent;
  policy_gradient *p = policy_gradient_of(a);
  for (int step = 0; step < GOLDEN_STEPS; ++step) {
    ASSERT_OK(load_batch(g.file, step % GOLDEN_BATCHES, a));
    ASSERT_OK(policy_gradient_gradients(a));
    if (step == 0) {
      float loss[2];
      ASSERT_OK(fetch(g.file, "loss", 0, 1, loss));
      for (int i = 0; i < 2; ++i) EXPECT_NEAR(a->sums.last_loss[i], loss[i], 1e-5);
      expect_rows(g.file, "log_prob", p->batch.score.log_prob);
      expect_rows(g.file, "entropy", p->batch.score.entropy);
      expect_rows(g.file, "value", p->batch.critic.value);
      expect_set(g.file, "gradient", &a->net, &p->optimizer.gradient, 1e-4);
      expect_set(g.file, "critic_gradient", &p->critic, &p->critic_optimizer.gradient, 1e-4);
    }
    ASSERT_OK(policy_gradient_apply(a));
  }
  expect_set(g.file, "weight", &a->net, &a->weight, 1e-4);
  expect_set(g.file, "critic_weight", &p->critic, &p->critic_weight, 1e-4);
  close_golden(&g);
}

TEST(policy_updates, ppo_with_the_flat_network_follows_pytorch) {
  compare("ppo_flat", THRONG_ALGORITHM_PPO, THRONG_HEAD_FLAT, 1, false);
}
TEST(policy_updates, ppo_with_two_towers_slates_and_masks_follows_pytorch) {
  compare("ppo_two_tower", THRONG_ALGORITHM_PPO, THRONG_HEAD_TWO_TOWER, 2, true);
}
TEST(policy_updates, a2c_with_the_flat_network_slates_and_masks_follows_pytorch) {
  compare("a2c_flat", THRONG_ALGORITHM_A2C, THRONG_HEAD_FLAT, 2, true);
}
TEST(policy_updates, a2c_with_two_towers_follows_pytorch) {
  compare("a2c_two_tower", THRONG_ALGORITHM_A2C, THRONG_HEAD_TWO_TOWER, 1, false);
}

static const safetensors_file *part_file;

/// The golden file's first batch in place of a rollout.
static throng_status golden_part(throng_population *a, const int32_t *which, int64_t first) {
  EXPECT_EQ(first, 0);
  THRONG_TRY(load_batch(part_file, 0, a));
  for (int i = 0; i < a->n_agent; ++i)
    if (!which[i]) a->clock.rows[i] = policy_gradient_of(a)->items[i] = 0;
  return THRONG_OK;
}

static void begin_step(throng_population *a, const safetensors_file *file) {
  trpo *t = trpo_of(a);
  t->part = golden_part;
  part_file = file;
  ASSERT_OK(load_batch(file, 0, a));
  for (int i = 0; i < a->n_agent; ++i) {
    const float *advantage = t->of.batch.advantage + i * GOLDEN_ROWS;
    double mean = 0, squares = 0;
    for (int k = 0; k < GOLDEN_ROWS; ++k) mean += (double)advantage[k] / GOLDEN_ROWS;
    for (int k = 0; k < GOLDEN_ROWS; ++k) squares += pow((double)advantage[k] - mean, 2);
    t->taking[i] = 1;
    t->trust.mean[i] = mean;
    t->trust.deviation[i] = sqrt(squares / (GOLDEN_ROWS - 1));
    t->trust.weight[i] = 1.0f / GOLDEN_ROWS;
  }
}

static void compare_trpo(const char *name, throng_head head, bool mask) {
  golden g;
  float objective[2], length[2], accepted[2], kl[2];
  open_golden(&g, name, THRONG_ALGORITHM_TRPO, head, 1, mask);
  throng_population *a = g.rig.agent;
  trpo *t = trpo_of(a);
  begin_step(a, g.file);
  ASSERT_OK(fetch(g.file, "objective", 0, 1, objective));
  ASSERT_OK(fetch(g.file, "length", 0, 1, length));
  ASSERT_OK(fetch(g.file, "accepted", 0, 1, accepted));
  ASSERT_OK(fetch(g.file, "kl", 0, 1, kl));

  ASSERT_OK(trpo_gradient(a));
  expect_set(g.file, "gradient", &a->net, &t->residual, 1e-4);
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    char along[96];
    snprintf(along, sizeof along, "along.%s", parameter_name(p));
    if (a->net.size[p] && !is_value(p)) ASSERT_OK(fetch(g.file, along, 0, 1, t->along.at[p]));
  }
  ASSERT_OK(trpo_fisher(a, &t->along, t->taking, false));
  expect_set(g.file, "product", &a->net, &t->product, 1e-4);
  ASSERT_OK(trpo_direction(a));
  expect_set(g.file, "direction", &a->net, &t->direction, 2e-4);
  ASSERT_OK(trpo_search(a));
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(t->trust.objective[i], objective[i], 1e-5);
    EXPECT_NEAR(t->trust.length[i] / (double)length[i], 1, 1e-4);
    EXPECT_EQ(t->trust.accepted[i], 1);
    EXPECT_NEAR((double)t->trust.step[i] / t->trust.length[i], accepted[i], 1e-6);
    EXPECT_NEAR(t->trust.kl[i] / (double)kl[i], 1, 1e-3);
  }
  expect_set(g.file, "weight", &a->net, &a->weight, 1e-4);
  close_golden(&g);
}

TEST(policy_updates, trpo_with_the_flat_network_takes_pytorch_s_step) {
  compare_trpo("trpo_flat", THRONG_HEAD_FLAT, true);
}
TEST(policy_updates, trpo_with_two_towers_takes_pytorch_s_step) {
  compare_trpo("trpo_two_tower", THRONG_HEAD_TWO_TOWER, false);
}
