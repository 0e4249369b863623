/// Whom episodes begin with: lists of users, given histories, another seed; what stays as it was.
#include <stdio.h>
#include <stdlib.h>

#include "sim/sim.h"
#include "support/agent_rig.h"
#include "support/small_sim.h"
#include "throng_test.h"

enum { USERS = 40, ITEMS = 150, LANES = 48, HISTORY = 12 };

static throng_sim_def small_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = HISTORY;
  def.leave_probability = 0.2f;
  def.max_steps = 9;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static bool open_fixture(small_sim *f, int threads, const throng_sim_def *def) {
  return small_sim_open(f, small_world(21, USERS, ITEMS, 24, 30), threads, def);
}

static void walk(throng_sim *sim, uint32_t first, uint32_t steps) {
  int32_t action[LANES];
  for (uint32_t t = first; t < first + steps; ++t) {
    for (uint32_t k = 0; k < LANES; ++k)
      action[k] = (int32_t)random_index(random_draw(4, 77, t, k, 0, 0).w[0], ITEMS);
    ASSERT_OK(throng_sim_step(sim, action));
  }
}

static uint64_t hash_after(throng_sim *sim, uint32_t steps) {
  uint64_t hash = 0;
  walk(sim, 0, steps);
  EXPECT_OK(throng_sim_hash(sim, &hash));
  return hash;
}

TEST(starts, a_list_of_all_users_in_order_is_what_a_new_simulator_does) {
  const throng_sim_def def = small_def();
  small_sim f;
  ASSERT_TRUE(open_fixture(&f, 1, &def));
  int32_t user[USERS];
  for (int32_t u = 0; u < USERS; ++u) user[u] = u;
  const uint64_t before = hash_after(f.sim, 30);
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, USERS, user, NULL, NULL, NULL));
  EXPECT_EQ(hash_after(f.sim, 30), before);
  user[0] = 1;
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, USERS, user, NULL, NULL, NULL));
  EXPECT_NE(hash_after(f.sim, 30), before);
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, 0, NULL, NULL, NULL, NULL));
  EXPECT_EQ(hash_after(f.sim, 30), before);
  small_sim_close(&f);
}

TEST(starts, every_episode_begins_with_a_user_of_the_list_and_each_comes_about_as_often) {
  const throng_sim_def def = small_def();
  const int32_t user[] = {3, 17, 8, 31};
  int seen[USERS] = {0}, total = 0;
  small_sim f;
  ASSERT_TRUE(open_fixture(&f, 2, &def));
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, 4, user, NULL, NULL, NULL));
  throng_observation o;
  for (uint32_t t = 0; t < 60; ++t) {
    ASSERT_OK(throng_sim_observe(f.sim, &o));
    for (int lane = 0; lane < LANES; ++lane) {
      if (o.step[lane] != 0) continue;
      const int32_t u = o.user[lane];
      const int64_t real = f.world.user_offset[u + 1] - f.world.user_offset[u];
      EXPECT_EQ(o.length[lane], real < HISTORY ? real : HISTORY);
      ++seen[u];
      ++total;
    }
    walk(f.sim, t, 1);
  }
  EXPECT_EQ(seen[3] + seen[17] + seen[8] + seen[31], total);
  for (int k = 0; k < 4; ++k) EXPECT_GT(seen[user[k]], total / 6);
  small_sim_close(&f);
}

TEST(starts, given_histories_are_what_lanes_remember_the_newest_entries_of) {
  const throng_sim_def def = small_def();
  // Start 0: more entries than a lane keeps; 1: two; 2: none, and the user of start 0 again.
  int32_t user[] = {5, 9, 5}, item[HISTORY + 5];
  uint8_t like[HISTORY + 5];
  const int64_t offset[] = {0, HISTORY + 3, HISTORY + 5, HISTORY + 5};
  for (int k = 0; k < HISTORY + 5; ++k) {
    item[k] = 2 * k;
    like[k] = k % 3 == 0;
  }
  small_sim f;
  ASSERT_TRUE(open_fixture(&f, 1, &def));
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_BY_LANE, 3, user, offset, item, like));
  throng_observation o;
  for (uint32_t t = 0; t < 30; ++t) {
    ASSERT_OK(throng_sim_observe(f.sim, &o));
    for (int lane = 0; lane < LANES; ++lane) {
      const int start = lane % 3;
      EXPECT_EQ(o.user[lane], user[start]);
      if (o.step[lane] != 0) continue;
      const int64_t end = offset[start + 1];
      const int64_t n = end - offset[start] < HISTORY ? end - offset[start] : HISTORY;
      ASSERT_EQ(o.length[lane], n);
      for (int64_t k = 0; k < n; ++k) {
        EXPECT_EQ(o.item[lane * HISTORY + k], item[end - n + k]);
        EXPECT_EQ(o.like[lane * HISTORY + k], like[end - n + k] ? 1 : -1);
      }
    }
    walk(f.sim, t, 1);
  }
  small_sim_close(&f);
}

TEST(starts, they_are_those_of_any_number_of_threads_and_of_a_slice_of_the_lanes) {
  throng_sim_def def = small_def();
  const int32_t user[] = {3, 17, 8, 31, 2};
  for (int order = 0; order < 2; ++order) {
    uint64_t hash[2];
    throng_observation all, some;
    small_sim f[3];
    for (int k = 0; k < 3; ++k) {
      def.lanes = k == 2 ? LANES - 7 : LANES;
      def.first_lane = k == 2 ? 7 : 0;
      ASSERT_TRUE(open_fixture(&f[k], k == 1 ? 3 : 1, &def));
      ASSERT_OK(
          throng_sim_set_starts(f[k].sim, (throng_start_order)order, 5, user, NULL, NULL, NULL));
      if (k < 2) hash[k] = hash_after(f[k].sim, 25);
    }
    EXPECT_EQ(hash[0], hash[1]);
    ASSERT_OK(throng_sim_reset(f[0].sim));
    ASSERT_OK(throng_sim_observe(f[0].sim, &all));
    ASSERT_OK(throng_sim_observe(f[2].sim, &some));
    for (int lane = 0; lane < LANES - 7; ++lane) EXPECT_EQ(some.user[lane], all.user[lane + 7]);
    for (int k = 0; k < 3; ++k) small_sim_close(&f[k]);
  }
}

TEST(starts, saved_lanes_go_back_to_the_same_starts_only) {
  const throng_sim_def def = small_def();
  int32_t user[] = {3, 17, 8};
  const int64_t offset[] = {0, 2, 2, 5};
  const int32_t item[] = {1, 2, 3, 4, 5};
  const uint8_t like[] = {1, 0, 1, 1, 0};
  char path[4096];
  uint64_t hash[2];
  small_sim f;
  ASSERT_TRUE(open_fixture(&f, 1, &def));
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, 3, user, offset, item, like));
  walk(f.sim, 0, 10);
  ASSERT_OK(throng_sim_save(f.sim, path));
  walk(f.sim, 10, 20);
  ASSERT_OK(throng_sim_hash(f.sim, &hash[0]));
  ASSERT_OK(throng_sim_restore(f.sim, path));
  walk(f.sim, 10, 20);
  ASSERT_OK(throng_sim_hash(f.sim, &hash[1]));
  EXPECT_EQ(hash[0], hash[1]);
  user[1] = 16;
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, 3, user, offset, item, like));
  EXPECT_EQ(throng_sim_restore(f.sim, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "starts");
  ASSERT_OK(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, 0, NULL, NULL, NULL, NULL));
  EXPECT_EQ(throng_sim_restore(f.sim, path), THRONG_ERROR_DATA);
  small_sim_close(&f);
}

TEST(starts, a_reseeded_simulator_is_one_that_was_made_with_that_seed) {
  throng_sim_def def = small_def();
  small_sim f, other;
  ASSERT_TRUE(open_fixture(&f, 1, &def));
  def.seed = 99;
  ASSERT_TRUE(open_fixture(&other, 1, &def));
  walk(f.sim, 5, 9);
  ASSERT_OK(throng_sim_reseed(f.sim, 99));
  EXPECT_EQ(throng_sim_get_def(f.sim).seed, 99);
  EXPECT_EQ(hash_after(f.sim, 30), hash_after(other.sim, 30));
  small_sim_close(&other);
  small_sim_close(&f);
}

TEST(starts, what_is_out_of_range_is_refused_with_its_place_and_changes_nothing) {
  const throng_sim_def def = small_def();
  int32_t user[] = {3, 17}, item[] = {1, 2};
  uint8_t like[] = {1, 0};
  int64_t offset[] = {0, 1, 2};
  uint64_t before, after;
  small_sim f;
  ASSERT_TRUE(open_fixture(&f, 1, &def));
  walk(f.sim, 0, 5);
  ASSERT_OK(throng_sim_hash(f.sim, &before));
#define REFUSED(order, count, text)                                               \
  EXPECT_EQ(throng_sim_set_starts(f.sim, order, count, user, offset, item, like), \
            THRONG_ERROR_ARGUMENT);                                               \
  EXPECT_CONTAINS(throng_error_message(), text)
  REFUSED((throng_start_order)2, 2, "order 2");
  REFUSED(THRONG_START_DRAWN, -1, "-1");
  user[1] = USERS;
  REFUSED(THRONG_START_DRAWN, 2, "start 1: user 40 is not in 0..39");
  user[1] = 17;
  item[1] = ITEMS;
  REFUSED(THRONG_START_DRAWN, 2, "entry 1: item 150");
  item[1] = 2;
  like[0] = 2;
  REFUSED(THRONG_START_DRAWN, 2, "entry 0: like is 2");
  like[0] = 1;
  offset[1] = 3;
  REFUSED(THRONG_START_DRAWN, 2, "start 1: its history runs from 3 to 2");
#undef REFUSED
  EXPECT_EQ(throng_sim_set_starts(f.sim, THRONG_START_DRAWN, 1, NULL, NULL, NULL, NULL),
            THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_sim_hash(f.sim, &after));
  EXPECT_EQ(before, after);
  small_sim_close(&f);
}

static void learn(agent_rig *rig, int steps) {
  for (int t = 0; t < steps; ++t) ASSERT_OK(throng_population_train_step(rig->agent));
}

/// Hash of weights and lanes after a reseed and another list of users midway. `recorded`: steps may
/// be recorded as graphs, where the backend has such.
static uint64_t learn_through_changes(bool recorded) {
  const throng_sim_def sim = rig_sim_def(16, 8);
  const throng_agent_def agent = rig_agent_def(THRONG_HEAD_FLAT);
  const int32_t user[] = {3, 9, 1};
  uint64_t lanes = 0, weights = 0;
  agent_rig rig;
  EXPECT_OK(rig_make(&rig, 1, &sim, &agent, 10000));
  rig.agent->unrecorded = !recorded;
  learn(&rig, 25);
  EXPECT_OK(throng_sim_reseed(rig.sim, 99));
  learn(&rig, 10);
  EXPECT_OK(throng_sim_set_starts(rig.sim, THRONG_START_DRAWN, 3, user, NULL, NULL, NULL));
  learn(&rig, 10);
  EXPECT_OK(tensors_hash(&rig.agent->weights, &weights));
  EXPECT_OK(throng_sim_hash(rig.sim, &lanes));
  rig_free(&rig);
  return weights ^ lanes;
}

TEST(starts, recorded_steps_follow_another_seed_and_other_users) {
  EXPECT_EQ(learn_through_changes(true), learn_through_changes(false));
}

TEST(starts, populations_play_on_given_histories_and_refuse_to_learn_on_them) {
  const throng_sim_def sim = rig_sim_def(16, 8);
  const throng_agent_def agent = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  const int32_t user[] = {3}, item[] = {1, 2};
  const int64_t offset[] = {0, 2};
  const uint8_t like[] = {1, 0};
  throng_population *other;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim, &agent, 10000));
  ASSERT_OK(throng_sim_set_starts(rig.sim, THRONG_START_DRAWN, 1, user, offset, item, like));
  EXPECT_OK(throng_population_act(rig.agent, rig.sim, true, NULL));
  EXPECT_EQ(throng_population_train_step(rig.agent), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "real histories");
  EXPECT_EQ(throng_population_create(rig.sim, &agent, 10000, &other), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_sim_set_starts(rig.sim, THRONG_START_DRAWN, 1, user, NULL, NULL, NULL));
  EXPECT_OK(throng_population_train_step(rig.agent));
  rig_free(&rig);
}

TEST(starts, parts_of_the_users_share_none_and_leave_out_none) {
  const throng_world w = {.n_user = 5000};
  int32_t *train = calloc(5000, sizeof *train), *test = calloc(5000, sizeof *test);
  const int64_t n = throng_world_split_users(&w, 7, 0, 0.8, train);
  const int64_t m = throng_world_split_users(&w, 7, 0.8, 1, test);
  EXPECT_EQ(n + m, 5000);
  EXPECT_NEAR((double)n, 4000, 150);
  int64_t i = 0, j = 0;
  for (int32_t u = 0; u < 5000; ++u) {
    const bool in_train = i < n && train[i] == u, in_test = j < m && test[j] == u;
    ASSERT_TRUE(in_train != in_test);
    i += in_train;
    j += in_test;
  }
  EXPECT_EQ(throng_world_split_users(&w, 7, 0, 0.8, NULL), n);
  EXPECT_NE(throng_world_split_users(&w, 8, 0, 0.8, train), 0);
  free(train);
  free(test);
}
