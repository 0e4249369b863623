/// Acting: the items of greedy agents against a slow reading of their weights, epsilon over time,
/// and what exploration shows.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/agent/agent_features.h"
#include "kernels/base/exponential.h"
#include "support/agent_rig.h"

enum { TOP = 12, MAX_ITEM = 5000 };

typedef struct acting_case {
  throng_head head;
  int32_t n_item, slate;
  bool mask_seen;
} acting_case;

static bool open_rig(agent_rig *rig, const throng_sim_def *sim, const throng_agent_def *def,
                     int64_t n_item, int64_t total_steps) {
  *rig = (agent_rig){.world = small_world(7, 20, n_item, 6, 12)};
  throng_status status = backend_cpu_open(2, &rig->backend);
  if (status == THRONG_OK)
    status = throng_sim_create(rig->backend, &rig->world, NULL, sim, &rig->sim);
  if (status == THRONG_OK)
    status = throng_population_create(rig->sim, def, total_steps, &rig->agent);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static bool was_seen(const throng_sim *sim, int64_t lane, int32_t item) {
  return sim->def.mask_seen &&
         (sim->seen[lane * sim->n_seen_word + item / 32] >> (item % 32) & 1u) != 0;
}

// --- greedy actions --------------------------------------------------------------------------

/// -1, 0 or 1 by place alone.
static float whole(int parameter, int64_t row, int64_t column) {
  random_words r = random_draw(3, 9998, (uint32_t)parameter, (uint32_t)row, (uint32_t)column, 0);
  return (float)random_index(r.w[0], 3) - 1.0f;
}

/// Whole numbers as weights and item features: sums are exact however they are ordered. Each third
/// of the catalogue repeats the first, so that every Q is met about three times. Of a two_tower
/// state only the last answer and the user's row are read, for the rest are fractions.
static void set_whole_weights(throng_population *a) {
  const network *n = &a->net;
  const int two = a->def.head == THRONG_HEAD_TWO_TOWER;
  const int64_t own = n->n_item / 3, user = n->n_input - n->user_width;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const bool by_item = p == PARAMETER_ITEM_VECTOR || p == PARAMETER_ITEM_BIAS;
    const bool by_input = two && (p == PARAMETER_INPUT || p == PARAMETER_SKIP);
    for (int64_t i = 0; i < n->parameter[p].rows; ++i)
      for (int64_t j = 0; j < n->parameter[p].columns; ++j)
        a->weight.at[p][i * n->parameter[p].columns + j] =
            by_input && i < user - 1 ? 0.0f : whole(p, by_item ? i % own : i, j);
  }
  for (int64_t i = 0; two && i < a->net.n_item; ++i)
    for (int64_t j = 0; j < a->net.n_feature; ++j)
      a->net.item_feature[i * a->net.n_feature + j] = fabsf(whole(PARAMETER_COUNT, i % own, j));
  EXPECT_OK(population_weights_moved(a, (agent_range){0, a->n_agent}));
}

/// y (n) += x (m) . w (m, n)
static void add_product(const double *x, const float *w, int64_t m, int64_t n, double *y) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) y[j] += x[i] * (double)w[i * n + j];
}

static void add_row(const float *row, int64_t n, double scale, double *y) {
  for (int64_t j = 0; j < n; ++j) y[j] += scale * (double)row[j];
}

static void relu(double *x, int64_t n) {
  for (int64_t j = 0; j < n; ++j) x[j] = x[j] > 0 ? x[j] : 0;
}

/// Q of every item for a lane's present state, up to the state's own value, item by item.
static void slow_q(const throng_population *a, const throng_sim *sim, int64_t lane, double *q) {
  const int two = a->def.head == THRONG_HEAD_TWO_TOWER;
  float *const *w = a->weight.at;
  const int64_t h0 = a->def.hidden[0], h1 = a->def.hidden[1], user_width = a->def.user_width;
  const int64_t first = a->net.n_input - user_width;
  double input[256] = {0}, hidden0[64] = {0}, hidden1[64] = {0}, query[64] = {0};
  history_view h = {sim->history + lane * sim->def.history, sim->def.history, sim->count[lane]};
  const int32_t length = history_length(&h);
  add_row(w[PARAMETER_USER] + sim->user[lane] * user_width, user_width, 1, input + first);
  if (two && length > 0)
    input[first - 1] = history_like(history_entry(&h, length - 1)) ? 1.0 : -1.0;
  for (int32_t k = 0; !two && k < length; ++k) {
    const int32_t item = history_item(history_entry(&h, k));
    bool newest = true;
    for (int32_t later = k + 1; later < length; ++later)
      newest = newest && history_item(history_entry(&h, later)) != item;
    if (newest)
      add_row(w[PARAMETER_INPUT_ITEM] + item * h0, h0, history_like(history_entry(&h, k)) ? 1 : -1,
              hidden0);
  }
  add_product(input, w[PARAMETER_INPUT], a->net.n_input, h0, hidden0);
  add_row(w[PARAMETER_INPUT_BIAS], h0, 1, hidden0);
  relu(hidden0, h0);
  add_product(hidden0, w[PARAMETER_HIDDEN], h0, h1, hidden1);
  add_row(w[PARAMETER_HIDDEN_BIAS], h1, 1, hidden1);
  relu(hidden1, h1);
  if (two) {
    add_product(hidden1, w[PARAMETER_QUERY], h1, a->net.width, query);
    add_product(input, w[PARAMETER_SKIP], a->net.n_input, a->net.width, query);
    add_row(w[PARAMETER_QUERY_BIAS], a->net.width, 1, query);
  } else {
    memcpy(query, hidden1, sizeof query);
  }
  for (int64_t i = 0; i < a->net.n_item; ++i) {
    double vector[64] = {0}, feature[128] = {0};
    add_row(w[PARAMETER_ITEM_VECTOR] + i * a->net.width, a->net.width, 1, vector);
    q[i] = (double)w[PARAMETER_ITEM_BIAS][i];
    if (two) {
      add_row(a->net.item_feature + i * a->net.n_feature, a->net.n_feature, 1, feature);
      add_product(feature, w[PARAMETER_ITEM_MATRIX], a->net.n_feature, a->net.width, vector);
      add_product(feature, w[PARAMETER_ITEM_FACT], a->net.n_feature, 1, q + i);
    }
    for (int64_t j = 0; j < a->net.width; ++j) q[i] += query[j] * vector[j];
  }
}

static void compare_with_slow(acting_case c) {
  throng_sim_def sim_def = rig_sim_def(6, 10);
  sim_def.slate_size = c.slate;
  sim_def.mask_seen = c.mask_seen;
  throng_agent_def def = rig_agent_def(c.head);
  agent_rig rig;
  if (!open_rig(&rig, &sim_def, &def, c.n_item, 1000)) return;
  set_whole_weights(rig.agent);
  agent_actor *actor;
  ASSERT_OK(agent_actor_create(rig.agent, rig.sim, TOP, &actor));
  static double q[MAX_ITEM];
  static bool taken[MAX_ITEM];
  int64_t wrong = 0, tied = 0, skipped = 0;
  for (int step = 0; step < 8; ++step) {
    int32_t ranked[6 * TOP];
    ASSERT_OK(agent_actor_rank(actor, rig.sim, TOP, ranked));
    ASSERT_OK(agent_actor_act(actor, rig.sim, true));
    for (int64_t lane = 0; lane < 6; ++lane) {
      slow_q(rig.agent, rig.sim, lane, q);
      double last = INFINITY;
      for (int32_t i = 0; i < c.n_item; ++i) {
        taken[i] = was_seen(rig.sim, lane, i);
        skipped += taken[i];
      }
      for (int k = 0; k < TOP; ++k) {
        int32_t best = -1;
        for (int32_t i = 0; i < c.n_item; ++i)
          if (!taken[i] && (best < 0 || q[i] > q[best])) best = i;
        wrong += ranked[lane * TOP + k] != best;
        wrong += k < c.slate && rig.sim->action[lane * c.slate + k] != best;
        tied += q[best] == last;
        last = q[best];
        taken[best] = true;
      }
    }
    ASSERT_OK(sim_step_on_backend(rig.sim));
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(tied, 6 * 8 * TOP / 3);
  EXPECT_EQ(skipped > 0, c.mask_seen);
  agent_actor_free(actor);
  rig_free(&rig);
}

TEST(actor, a_greedy_two_tower_agent_shows_the_best_items_of_a_slow_search) {
  compare_with_slow((acting_case){THRONG_HEAD_TWO_TOWER, 4500, 1, false});
  compare_with_slow((acting_case){THRONG_HEAD_TWO_TOWER, 4500, 3, true});
}
TEST(actor, a_greedy_flat_agent_shows_the_best_items_of_a_slow_search) {
  compare_with_slow((acting_case){THRONG_HEAD_FLAT, 4500, 1, true});
  compare_with_slow((acting_case){THRONG_HEAD_FLAT, 60, 3, false});
}

// --- epsilon ---------------------------------------------------------------------------------

TEST(epsilon, falls_in_a_straight_line_and_stays_at_its_end) {
  EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_LINEAR, 1.0f, 0.05f, 1000.0f, 0), 1.0, 0);
  EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_LINEAR, 1.0f, 0.05f, 1000.0f, 250), 0.7625, 1e-6);
  EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_LINEAR, 1.0f, 0.05f, 1000.0f, 999), 0.05095, 1e-6);
  EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_LINEAR, 1.0f, 0.05f, 1000.0f, 1000), 0.05f, 0);
  EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_LINEAR, 1.0f, 0.05f, 1000.0f, 1000000000000), 0.05f, 0);
  EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_LINEAR, 1.0f, 0.05f, 0.0f, 0), 0.05f, 0);
}

TEST(epsilon, falls_by_equal_factors_where_exponential) {
  // 0.64 -> 0.04 is a factor of 16: a half in each quarter.
  const double expected[] = {0.64, 0.32, 0.16, 0.08, 0.04, 0.04};
  for (int k = 0; k < 6; ++k)
    EXPECT_NEAR(agent_epsilon(THRONG_EPSILON_EXPONENTIAL, 0.64f, 0.04f, 400.0f, 100 * k),
                expected[k], 1e-6);
}

TEST(epsilon, that_falls_exponentially_to_nothing_is_a_number_from_its_start_on) {
  EXPECT_TRUE(agent_epsilon(THRONG_EPSILON_EXPONENTIAL, 0.5f, 0.0f, 400.0f, 0) == 0.5f);
  EXPECT_TRUE(agent_epsilon(THRONG_EPSILON_EXPONENTIAL, 0.5f, 0.0f, 400.0f, 1) == 0.0f);
  EXPECT_TRUE(agent_epsilon(THRONG_EPSILON_EXPONENTIAL, 0.0f, 0.0f, 400.0f, 200) == 0.0f);
}

TEST(epsilon, logarithms_are_those_of_the_machine_within_two_units_of_the_last_place) {
  for (uint32_t i = 0; i < 200000; ++i) {
    // Exponents and mantissas of all sizes, and the neighbourhood of 1.
    const uint32_t word = random_draw(3, 9999, i, 0, 0, 0).w[0];
    float x = i % 4 ? ldexpf(1.0f + (float)(word >> 9) * 0x1p-23f, (int)(word % 250) - 125)
                    : 1.0f + ((float)(word >> 8) * 0x1p-24f - 0.5f) * 0x1p-6f;
    const double truth = log((double)x), size = fabs(truth) > 1e-30 ? fabs(truth) : 1;
    ASSERT_TRUE(fabs((double)log_portable(x) - truth) / size < 2.4e-7);
  }
  EXPECT_TRUE(log_portable(1.0f) == 0.0f);
  EXPECT_TRUE(log_portable(0.0f) == -INFINITY && log_portable(1e-40f) == -INFINITY);
  EXPECT_TRUE(log_portable(INFINITY) == INFINITY);
  EXPECT_TRUE(isnan(log_portable(-1.0f)) && isnan(log_portable(NAN)));
}

TEST(epsilon, of_a_resumed_agent_goes_on_where_it_was) {
  for (int kind = 0; kind < 2; ++kind) {
    throng_sim_def sim = rig_sim_def(8, 10);
    throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
    def.epsilon = (throng_epsilon)kind;
    def.epsilon_share = 0.5f;
    agent_rig whole_run, resumed;
    char path[512];
    snprintf(path, sizeof path, "%s/agent.safetensors", throng_test_folder());
    if (!open_rig(&whole_run, &sim, &def, 60, 800) || !open_rig(&resumed, &sim, &def, 60, 800))
      return;
    throng_population_stats x, y;
    for (int step = 0; step < 60; ++step) {  // epsilon falls over 50 steps of 8 lanes
      if (step == 20) {
        ASSERT_OK(throng_population_save(whole_run.agent, path));
        ASSERT_OK(throng_population_restore(resumed.agent, path));
      }
      ASSERT_OK(throng_population_get_stats(whole_run.agent, &x));
      const double share = step < 50 ? step / 50.0 : 1.0;
      EXPECT_NEAR(x.epsilon[0], kind == 0 ? 1 - 0.95 * share : pow(0.05, share), 1e-6);
      ASSERT_OK(throng_population_train_step(whole_run.agent));
      if (step < 20) continue;
      ASSERT_OK(throng_population_get_stats(resumed.agent, &y));
      EXPECT_TRUE(x.epsilon[0] == y.epsilon[0]);
      ASSERT_OK(throng_population_train_step(resumed.agent));
    }
    rig_free(&whole_run);
    rig_free(&resumed);
  }
}

TEST(epsilon, is_the_share_of_lanes_that_explore) {
  enum { LANES = 4000 };
  throng_sim_def sim = rig_sim_def(LANES, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.epsilon_start = 0.8f;
  def.epsilon_end = 0.2f;
  def.epsilon_share = 0.5f;
  def.learning_starts = (int64_t)1 << 40;
  agent_rig rig;
  if (!open_rig(&rig, &sim, &def, 600, 8 * LANES)) return;
  static int32_t greedy[LANES], action[LANES];
  for (int step = 0; step < 6; ++step) {
    ASSERT_OK(throng_population_act(rig.agent, rig.sim, true, greedy));
    ASSERT_OK(throng_population_act(rig.agent, rig.sim, false, action));
    int differ = 0;
    for (int lane = 0; lane < LANES; ++lane) differ += action[lane] != greedy[lane];
    const double epsilon = step < 4 ? 0.8 - 0.15 * step : 0.2, chance = epsilon * 599 / 600;
    EXPECT_NEAR((double)differ / LANES, chance, 5 * sqrt(chance * (1 - chance) / LANES));
    ASSERT_OK(throng_population_train_step(rig.agent));
  }
  rig_free(&rig);
}

// --- exploration -----------------------------------------------------------------------------

static bool open_explorer(agent_rig *rig, int32_t slate, bool mask_seen, uint32_t seed,
                          int64_t n_item) {
  throng_sim_def sim = rig_sim_def(200, 10);
  sim.slate_size = slate;
  sim.mask_seen = mask_seen;
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.epsilon_start = def.epsilon_end = 1;
  def.seed = seed;
  return open_rig(rig, &sim, &def, n_item, 1000);
}

/// Another place in the random stream, as many steps would bring.
static void next_episode(throng_sim *sim) {
  for (int32_t lane = 0; lane < sim->n_lane; ++lane) ++sim->episode[lane];
}

/// Of 60 items every third is masked; each of the other 40 must come up equally often in every
/// slot.
static void expect_uniform(int32_t slate) {
  enum { ACTS = 60, ITEMS = 60, FREE = 40 };
  agent_rig rig;
  if (!open_explorer(&rig, slate, true, 5, ITEMS)) return;
  int count[4][ITEMS] = {{0}};
  for (int act = 0; act < ACTS; ++act) {
    for (int32_t lane = 0; lane < 200; ++lane)
      for (int32_t i = 0; i < ITEMS; i += 3)
        rig.sim->seen[lane * rig.sim->n_seen_word + i / 32] |= 1u << (i % 32);
    ASSERT_OK(throng_population_act(rig.agent, rig.sim, false, NULL));
    for (int32_t k = 0; k < 200 * slate; ++k) ++count[k % slate][rig.sim->action[k]];
    next_episode(rig.sim);
  }
  for (int32_t slot = 0; slot < slate; ++slot) {
    const double expected = (double)ACTS * 200 / FREE;
    double chi = 0;
    for (int i = 0; i < ITEMS; ++i) {
      if (i % 3 == 0)
        EXPECT_EQ(count[slot][i], 0);
      else
        chi += (count[slot][i] - expected) * (count[slot][i] - expected) / expected;
    }
    // Chi-square with 39 degrees of freedom: mean 39, standard deviation 8.8.
    EXPECT_NEAR(chi, 39, 5 * 8.8);
    EXPECT_GT(chi, 10);  // nor more even than chance is
  }
  rig_free(&rig);
}

TEST(exploration, is_uniform_over_the_items_that_are_not_masked) { expect_uniform(1); }
TEST(exploration, is_uniform_in_every_slot_of_a_slate) { expect_uniform(4); }

TEST(exploration, finds_the_last_item_that_is_not_masked) {
  agent_rig rig;
  if (!open_explorer(&rig, 1, true, 5, 1000)) return;
  for (int64_t k = 0; k < 200 * rig.sim->n_seen_word; ++k) rig.sim->seen[k] = 0xffffffffu;
  for (int32_t lane = 0; lane < 200; ++lane)
    rig.sim->seen[lane * rig.sim->n_seen_word + 5 * lane / 32] ^= 1u << (5 * lane % 32);
  ASSERT_OK(throng_population_act(rig.agent, rig.sim, false, NULL));
  for (int32_t lane = 0; lane < 200; ++lane) EXPECT_EQ(rig.sim->action[lane], 5 * lane);
  rig_free(&rig);
}

TEST(exploration, repeats_with_its_seed_and_differs_with_another) {
  agent_rig rig[3];
  const uint32_t seed[] = {5, 5, 6};
  for (int k = 0; k < 3; ++k)
    if (!open_explorer(&rig[k], 2, false, seed[k], 600)) return;
  int equal[2] = {0};
  for (int act = 0; act < 10; ++act) {
    for (int k = 0; k < 3; ++k) {
      ASSERT_OK(throng_population_act(rig[k].agent, rig[k].sim, false, NULL));
      next_episode(rig[k].sim);
    }
    for (int i = 0; i < 400; ++i) {
      equal[0] += rig[0].sim->action[i] == rig[1].sim->action[i];
      equal[1] += rig[0].sim->action[i] == rig[2].sim->action[i];
    }
  }
  EXPECT_EQ(equal[0], 4000);
  EXPECT_LT(equal[1], 30);  // 6.7 by chance
  for (int k = 0; k < 3; ++k) rig_free(&rig[k]);
}

// --- slates ----------------------------------------------------------------------------------

/// Most of the catalogue was seen before the session began in every other lane, so that masks leave
/// fewer items than a slate holds.
static void expect_no_repeats(throng_head head, float epsilon, bool mask_seen) {
  enum { LANES = 40, SLATE = 5, ITEMS = 17 };
  throng_sim_def sim = rig_sim_def(LANES, 10);
  sim.max_steps = 3;
  sim.slate_size = SLATE;
  sim.mask_seen = mask_seen;
  throng_agent_def def = rig_agent_def(head);
  def.epsilon_start = def.epsilon_end = epsilon;
  agent_rig rig;
  if (!open_rig(&rig, &sim, &def, ITEMS, 10000)) return;
  int64_t repeated = 0, outside = 0, masked_early = 0, crowded = 0;
  for (int step = 0; step < 60; ++step) {
    for (int64_t lane = 0; mask_seen && lane < LANES; lane += 2)
      rig.sim->seen[lane] |= step % 2 ? 0x1ffffu : 0x0feffu;
    ASSERT_OK(throng_population_act(rig.agent, rig.sim, false, NULL));
    for (int64_t lane = 0; lane < LANES; ++lane) {
      const int32_t *item = rig.sim->action + lane * SLATE;
      int left = ITEMS, shown_again = 0;
      for (int32_t i = 0; i < ITEMS; ++i) left -= was_seen(rig.sim, lane, i);
      for (int k = 0; k < SLATE; ++k) {
        outside += item[k] < 0 || item[k] >= ITEMS;
        for (int j = 0; j < k; ++j) repeated += item[k] == item[j];
        shown_again += was_seen(rig.sim, lane, item[k]);
      }
      // A masked item is shown only where nothing else is left for its slot.
      masked_early += shown_again != (left < SLATE ? SLATE - left : 0);
      crowded += left < SLATE;
    }
    ASSERT_OK(throng_population_train_step(rig.agent));
  }
  EXPECT_EQ(repeated, 0);
  EXPECT_EQ(outside, 0);
  EXPECT_EQ(masked_early, 0);
  EXPECT_EQ(crowded > 100, mask_seen);
  rig_free(&rig);
}

TEST(slate, never_holds_an_item_twice) {
  for (int head = 0; head < 2; ++head)
    for (int mask = 0; mask < 2; ++mask) {
      expect_no_repeats((throng_head)head, 0.0f, mask != 0);
      expect_no_repeats((throng_head)head, 0.5f, mask != 0);
      expect_no_repeats((throng_head)head, 1.0f, mask != 0);
    }
}

TEST(actor, policies_refuse_norms_that_their_networks_lack) {
  agent_rig rig;
  const throng_sim_def sim = rig_sim_def(4, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
  def.layer_norm = true;
  def.algorithm = THRONG_ALGORITHM_PPO;
  EXPECT_EQ(rig_make(&rig, 1, &sim, &def, 400), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.layer_norm: the networks of policies have none");
  rig_free(&rig);
}

TEST(actor, a_refusal_speaks_of_the_schedule_only_where_that_is_the_cause) {
  agent_rig rig;
  const throng_sim_def sim = rig_sim_def(4, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
  def.count = 2;
  def.epsilon = THRONG_EPSILON_EXPONENTIAL;
  ASSERT_OK(rig_make(&rig, 1, &sim, &def, 400));
  EXPECT_EQ(throng_population_set(rig.agent, 1, "epsilon_end", 1e-60), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "an exponential schedule needs a start and an end above");
  EXPECT_EQ(throng_population_set(rig.agent, 1, "learning_rate", -1e-3), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.learning_rate: expected a number in");
  EXPECT_OK(throng_population_set(rig.agent, 1, "learning_rate", -1e-300));  // 0 as it is kept
  rig_free(&rig);
}
