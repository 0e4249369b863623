/// Lanes that callers begin anew one by one, and items chosen by continuous queries.
#include <math.h>
#include <stdlib.h>

#include "sim/sim.h"
#include "support/small_sim.h"
#include "throng_test.h"

enum { ITEMS = 150, DIM = 21, LANES = 48, HISTORY = 10 };

static throng_sim_def small_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = HISTORY;
  def.leave_probability = 0.2f;
  def.max_steps = 9;
  def.mask = THRONG_MASK_SESSION;
  def.preferences = true;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static bool open_fixture(small_sim *f, const throng_sim_def *def) {
  return small_sim_open(f, small_world(5, 40, ITEMS, DIM, 20), 0, def);
}

/// An item that depends on lane, episode and step alone.
static void choose(throng_sim *sim, int32_t *action) {
  throng_observation o;
  ASSERT_OK(throng_sim_observe(sim, &o));
  const int slate = throng_sim_get_def(sim).slate_size;
  for (int k = 0; k < LANES * slate; ++k)
    action[k] = (int32_t)random_index(
        random_draw(8, 77, (uint32_t)o.step[k / slate], (uint32_t)k, 0, o.episode[k / slate]).w[0],
        ITEMS);
}

/// Likes of the first `episodes` episodes of every lane, with autoreset or by hand.
static void play(bool by_hand, int episodes, float *likes) {
  throng_sim_def def = small_def();
  def.autoreset = !by_hand;
  small_sim f;
  int32_t action[LANES];
  uint8_t again[LANES];
  int left = LANES * episodes, finished[LANES] = {0};
  ASSERT_TRUE(open_fixture(&f, &def));
  for (int t = 0; t < 400 && left > 0; ++t) {
    throng_outcome out;
    choose(f.sim, action);
    ASSERT_OK(throng_sim_step(f.sim, action));
    ASSERT_OK(throng_sim_outcome(f.sim, &out));
    for (int lane = 0; lane < LANES; ++lane) {
      again[lane] = out.ended[lane] != THRONG_END_NONE;
      if (!again[lane] || finished[lane] == episodes) continue;
      likes[lane * episodes + finished[lane]++] = out.final_return[lane];
      --left;
    }
    if (by_hand) ASSERT_OK(throng_sim_restart(f.sim, again));
  }
  EXPECT_EQ(left, 0);
  small_sim_close(&f);
}

TEST(sim_restart, lanes_begun_by_hand_do_what_autoreset_does) {
  enum { EPISODES = 4 };
  static float own[LANES * EPISODES], hand[LANES * EPISODES];
  play(false, EPISODES, own);
  play(true, EPISODES, hand);
  EXPECT_EQ(memcmp(own, hand, sizeof own), 0);
}

TEST(sim_restart, only_the_chosen_lanes_move) {
  throng_sim_def def = small_def();
  def.autoreset = false;
  small_sim f;
  int32_t action[LANES];
  uint8_t chosen[LANES] = {0};
  static uint8_t before[LANES * ITEMS], after[LANES * ITEMS];
  static float mean[2][LANES * 2 * DIM];
  ASSERT_TRUE(open_fixture(&f, &def));
  choose(f.sim, action);
  ASSERT_OK(throng_sim_step(f.sim, action));
  const throng_preference_copy first = {.both = mean[0]}, second = {.both = mean[1]};
  ASSERT_OK(throng_sim_copy_preferences(f.sim, THRONG_PRESENT, &first));
  ASSERT_OK(throng_sim_copy_seen(f.sim, before));
  for (int lane = 0; lane < LANES; lane += 3) chosen[lane] = 1;
  ASSERT_OK(throng_sim_restart(f.sim, chosen));
  throng_observation o;
  ASSERT_OK(throng_sim_copy_preferences(f.sim, THRONG_PRESENT, &second));
  ASSERT_OK(throng_sim_copy_seen(f.sim, after));
  ASSERT_OK(throng_sim_observe(f.sim, &o));
  for (int lane = 0; lane < LANES; ++lane) {
    EXPECT_EQ(o.episode[lane], chosen[lane] ? 1u : 0u);
    EXPECT_EQ(o.step[lane], chosen[lane] ? 0 : 1);
    int shown = 0;
    for (int item = 0; item < ITEMS; ++item) shown += after[lane * ITEMS + item];
    EXPECT_EQ(shown, chosen[lane] ? 0 : 1);
    if (chosen[lane]) continue;
    EXPECT_EQ(memcmp(before + lane * ITEMS, after + lane * ITEMS, ITEMS), 0);
    EXPECT_EQ(memcmp(mean[0] + lane * 2 * DIM, mean[1] + lane * 2 * DIM, 2 * DIM * sizeof(float)),
              0);
  }
  small_sim_close(&f);
}

TEST(sim_restart, an_ended_lane_that_began_again_is_stepped_again) {
  throng_sim_def def = small_def();
  def.autoreset = false;
  def.leave_probability = 1;
  small_sim f;
  int32_t action[LANES] = {0};
  uint8_t all[LANES];
  memset(all, 1, sizeof all);
  throng_observation o;
  ASSERT_TRUE(open_fixture(&f, &def));
  for (uint32_t t = 1; t <= 3; ++t) {
    ASSERT_OK(throng_sim_step(f.sim, action));
    ASSERT_OK(throng_sim_step(f.sim, action));  // nobody moves
    ASSERT_OK(throng_sim_observe(f.sim, &o));
    for (int lane = 0; lane < LANES; ++lane) EXPECT_EQ(o.step[lane], 1);
    ASSERT_OK(throng_sim_restart(f.sim, all));
    ASSERT_OK(throng_sim_observe(f.sim, &o));
    for (int lane = 0; lane < LANES; ++lane) {
      EXPECT_EQ(o.step[lane], 0);
      EXPECT_EQ(o.episode[lane], t);
    }
  }
  small_sim_close(&f);
}

static double product(const float *a, const float *b) {
  double sum = 0;
  for (int d = 0; d < DIM; ++d) sum += (double)a[d] * (double)b[d];
  return sum;
}

TEST(sim_restart, a_query_finds_the_item_with_the_largest_product_that_is_not_masked) {
  enum { SLATE = 3 };
  throng_sim_def def = small_def();
  def.slate_size = SLATE;
  small_sim f;
  static int32_t action[LANES * SLATE], item[LANES * SLATE];
  static float query[LANES * SLATE * DIM];
  static uint8_t seen[LANES * ITEMS];
  test_random r = {.seed = 3};
  ASSERT_TRUE(open_fixture(&f, &def));
  for (int t = 0; t < 5; ++t) {
    choose(f.sim, action);
    ASSERT_OK(throng_sim_step(f.sim, action));
  }
  for (int k = 0; k < LANES * SLATE * DIM; ++k) query[k] = test_unit(&r) - 0.5f;
  ASSERT_OK(throng_sim_copy_seen(f.sim, seen));
  ASSERT_OK(throng_sim_nearest(f.sim, query, item));
  for (int k = 0; k < LANES * SLATE; ++k) {
    const int lane = k / SLATE;
    double best = -INFINITY;
    for (int i = 0; i < ITEMS; ++i) {
      bool taken = seen[lane * ITEMS + i];
      for (int before = lane * SLATE; before < k; ++before) taken |= item[before] == i;
      const double p = product(query + k * DIM, f.world.embedding_pos + i * DIM);
      if (!taken && p > best) best = p;
    }
    ASSERT_TRUE(item[k] >= 0 && item[k] < ITEMS);
    EXPECT_FALSE(seen[lane * ITEMS + item[k]]);
    EXPECT_NEAR(product(query + k * DIM, f.world.embedding_pos + item[k] * DIM), best, 1e-5);
  }
  query[7 * SLATE * DIM + 4] = NAN;
  EXPECT_EQ(throng_sim_nearest(f.sim, query, item), THRONG_ERROR_ARGUMENT);
  EXPECT_TRUE(strstr(throng_error_message(), "lane 7") != NULL);
  small_sim_close(&f);
}
