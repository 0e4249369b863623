/// The update against PyTorch: loss, every gradient, 50 Adam steps with target updates, for two
/// agents at once with hyperparameters of their own (tests/golden/make_dqn_golden.py).
#include <stdio.h>

#include "base/safetensors.h"
#include "support/agent_rig.h"

enum { GOLDEN_BATCHES = 5, GOLDEN_STEPS = 50, GOLDEN_SYNC = 7 };

/// Part `part` of `parts` equal ones of a tensor, into `to`.
static throng_status fetch(const safetensors_file *file, const char *name, int part, int parts,
                           void *to) {
  const safetensors_tensor *t = safetensors_find(file, name);
  if (!t) return throng_fail(THRONG_ERROR_DATA, "golden file has no '%s'", name);
  size_t bytes = t->bytes / (size_t)parts;
  return safetensors_read(file, t, bytes * (size_t)part, to, bytes);
}

static throng_status load_batch(const safetensors_file *file, int number, throng_population *a) {
  replay_batch *b = &dqn_of(a)->batch;
  const struct {
    const char *name;
    void *to;
  } part[] = {{"state.entry", b->state.state.entry},
              {"state.length", b->state.state.length},
              {"state.session", b->state.state.session},
              {"state.user", b->state.state.user},
              {"next.entry", b->next.state.entry},
              {"next.length", b->next.state.length},
              {"next.session", b->next.state.session},
              {"next.user", b->next.state.user},
              {"action", b->action},
              {"reward", b->reward},
              {"discount", b->discount}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k)
    THRONG_TRY(fetch(file, part[k].name, number, GOLDEN_BATCHES, part[k].to));
  return THRONG_OK;
}

/// Largest difference between a parameter of the agent and the golden one, relative where large.
static double furthest(const safetensors_file *file, const char *kind, const throng_population *a,
                       const parameter_set *set) {
  double worst = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    if (!a->net.size[p]) continue;
    char name[96];
    snprintf(name, sizeof name, "%s.%s", kind, parameter_name(p));
    int64_t n = a->net.size[p] * a->n_agent;
    float *expected = calloc((size_t)n, sizeof *expected);
    const safetensors_tensor *t = safetensors_find(file, name);
    EXPECT_TRUE(t && t->elements == n);
    EXPECT_OK(fetch(file, name, 0, 1, expected));
    double largest = 0;
    for (int64_t i = 0; i < n; ++i) {
      double difference = fabs((double)set->at[p][i] - (double)expected[i]);
      double size = fabs((double)expected[i]);
      if (!(difference <= 1e9)) difference = 1e9;
      if (difference / (size > 1 ? size : 1) > largest)
        largest = difference / (size > 1 ? size : 1);
    }
    if (largest > 1e-4) throng_test_fail(__FILE__, __LINE__, "%s is off by %g", name, largest);
    if (largest > worst) worst = largest;
    free(expected);
  }
  return worst;
}

/// What a file was made with beside the options that all have; each agent's own where there are
/// two.
typedef struct further {
  double action_gap[2], huber_delta[2], temperature[2];
  bool norm, no_target;
} further;

static void set_further(throng_population *a, const further *of) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_OK(throng_population_set(a, i, "action_gap", of->action_gap[i]));
    EXPECT_OK(throng_population_set(a, i, "munchausen_temperature", of->temperature[i]));
    if (of->huber_delta[i] > 0)
      EXPECT_OK(throng_population_set(a, i, "huber_delta", of->huber_delta[i]));
  }
}

static void compare(const char *golden, throng_head head, bool double_dqn, throng_loss loss,
                    bool soft, const further *of) {
  throng_sim_def sim = rig_sim_def(8, 10);
  throng_agent_def def = rig_agent_def(head);
  def.count = 2;
  def.double_dqn = double_dqn;
  def.loss = loss;
  def.tau = soft ? 0.5f : 1.0f;
  def.layer_norm = of->norm;
  def.target_network = !of->no_target;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 2, &sim, &def, 1000));
  throng_population *a = rig.agent;
  char path[512];
  snprintf(path, sizeof path, "%s/golden/%s.safetensors", TEST_SOURCE_DIR, golden);
  safetensors_file *file;
  ASSERT_OK(safetensors_open(path, &file));
  const struct {
    const char *name;
    float value[2];
  } hyper[] = {{"learning_rate", {0.01f, 0.003f}}, {"beta1", {0.9f, 0.8f}},
               {"beta2", {0.999f, 0.99f}},         {"adam_epsilon", {0.01f, 0.02f}},
               {"max_grad_norm", {0.5f, 0.0f}},    {"tau", {0.05f, 0.2f}}};
  for (size_t k = 0; k < sizeof hyper / sizeof *hyper; ++k)
    for (int i = 0; i < 2; ++i)
      if (soft || strcmp(hyper[k].name, "tau") != 0)  // hard copies have none
        ASSERT_OK(throng_population_set(a, i, hyper[k].name, (double)hyper[k].value[i]));
  set_further(a, of);
  if (head == THRONG_HEAD_TWO_TOWER)
    ASSERT_OK(fetch(file, "item_feature", 0, 1, a->net.item_feature));
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    char name[96];
    snprintf(name, sizeof name, "start.%s", parameter_name(p));
    if (a->net.size[p]) ASSERT_OK(fetch(file, name, 0, 1, a->weight.at[p]));
  }
  ASSERT_OK(dqn_copy_target(a));
  EXPECT_OK(population_weights_moved(a, (agent_range){0, a->n_agent}));

  for (int step = 0; step < GOLDEN_STEPS; ++step) {
    ASSERT_OK(load_batch(file, step % GOLDEN_BATCHES, a));
    ASSERT_OK(dqn_gradients(a));
    if (step == 0) {
      float expected[2];
      ASSERT_OK(fetch(file, "loss", 0, 1, expected));
      for (int i = 0; i < 2; ++i)
        EXPECT_NEAR(a->sums.last_loss[i], expected[i], 1e-4 * fmax(1.0, (double)expected[i]));
      EXPECT_TRUE(furthest(file, "gradient", a, &dqn_of(a)->optimizer.gradient) < 1e-4);
    }
    ASSERT_OK(dqn_apply(a));
    if (!soft && (step + 1) % GOLDEN_SYNC == 0) ASSERT_OK(dqn_copy_target(a));
  }
  EXPECT_TRUE(furthest(file, "weight", a, &a->weight) < 1e-4);
  EXPECT_TRUE(furthest(file, "target", a, dqn_target(a)) < 1e-4);
  safetensors_close(file);
  rig_free(&rig);
}

static const further plain = {.norm = false};

TEST(dqn, two_tower_with_double_huber_and_hard_target_follows_pytorch) {
  compare("dqn_two_tower_double_huber_hard", THRONG_HEAD_TWO_TOWER, true, THRONG_LOSS_HUBER, false,
          &plain);
}
TEST(dqn, two_tower_with_single_mse_and_soft_target_follows_pytorch) {
  compare("dqn_two_tower_single_mse_soft", THRONG_HEAD_TWO_TOWER, false, THRONG_LOSS_MSE, true,
          &plain);
}
TEST(dqn, flat_with_double_mse_and_hard_target_follows_pytorch) {
  compare("dqn_flat_double_mse_hard", THRONG_HEAD_FLAT, true, THRONG_LOSS_MSE, false, &plain);
}
TEST(dqn, flat_with_single_huber_and_soft_target_follows_pytorch) {
  compare("dqn_flat_single_huber_soft", THRONG_HEAD_FLAT, false, THRONG_LOSS_HUBER, true, &plain);
}
TEST(dqn, flat_dueling_with_action_gaps_and_two_deltas_follows_pytorch) {
  const further of = {.action_gap = {0.6, 0}, .huber_delta = {0.4, 2}};
  compare("dqn_flat_dueling_double_huber_hard", THRONG_HEAD_FLAT_DUELING, true, THRONG_LOSS_HUBER,
          false, &of);
}
TEST(dqn, a_normalised_network_without_a_target_network_follows_pytorch) {
  const further of = {.norm = true, .no_target = true};
  compare("dqn_pqn", THRONG_HEAD_FLAT_DUELING, true, THRONG_LOSS_HUBER, false, &of);
}
TEST(dqn, a_normalised_two_tower_with_double_huber_and_soft_target_follows_pytorch) {
  const further of = {.norm = true};
  compare("dqn_two_tower_norm", THRONG_HEAD_TWO_TOWER, true, THRONG_LOSS_HUBER, true, &of);
}
TEST(dqn, two_temperatures_of_munchausen_on_flat_follow_pytorch) {
  const further of = {.action_gap = {0.9, 0.5}, .temperature = {0.03, 0.5}};
  compare("dqn_munchausen", THRONG_HEAD_FLAT, true, THRONG_LOSS_HUBER, true, &of);
}
TEST(dqn, munchausen_beside_double_with_action_gaps_on_two_tower_follows_pytorch) {
  const further of = {.action_gap = {0.9, 0.6}, .temperature = {0.1, 0}};
  compare("dqn_munchausen_beside_double", THRONG_HEAD_TWO_TOWER, true, THRONG_LOSS_MSE, false, &of);
}
