/// Steps whose answers come from elsewhere: they stand where a simulated answer would.
#include <stdlib.h>

#include "sim/sim.h"
#include "support/small_sim.h"
#include "throng_test.h"

enum { CELLS = RULE_LANES * RULE_SLATE };

static bool open_twins(small_sim f[2], const throng_sim_def *def) {
  return small_sim_open(&f[0], small_world(5, 40, 150, 16, 20), 0, def) &&
         small_sim_open(&f[1], small_world(5, 40, 150, 16, 20), 0, def);
}

TEST(step_answered, with_the_simulated_answers_lanes_go_on_by_the_bit) {
  throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
  def.preferences = true;
  def.mask = THRONG_MASK_SESSION;
  def.users = throng_dynamic_users_def();
  def.users.temper = 8;
  def.users.bored_steps = 3;
  for (int autoreset = 0; autoreset < 2; ++autoreset) {
    small_sim f[2];
    int32_t action[CELLS];
    uint8_t like[CELLS];
    def.autoreset = autoreset != 0;
    ASSERT_TRUE(open_twins(f, &def));
    for (uint32_t t = 0; t < 20; ++t) {
      throng_outcome o;
      uint64_t hash[2];
      rule_choose(action, t, 150);
      ASSERT_OK(throng_sim_step(f[0].sim, action));
      ASSERT_OK(throng_sim_outcome(f[0].sim, &o));
      for (int k = 0; k < CELLS; ++k) like[k] = o.vote[k].like;
      ASSERT_OK(throng_sim_step_answered(f[1].sim, action, like));
      for (int k = 0; k < 2; ++k) ASSERT_OK(throng_sim_hash(f[k].sim, &hash[k]));
      EXPECT_EQ(hash[0], hash[1]);
    }
    for (int k = 0; k < 2; ++k) small_sim_close(&f[k]);
  }
}

TEST(step_answered, what_was_answered_stands_in_histories_rewards_and_moods) {
  throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
  def.leave_probability = 0;
  def.users.temper = 6;  // a slate of dislikes costs 2, of likes 1: the third or the sixth ends it
  small_sim f[2];
  int32_t action[CELLS];
  uint8_t like[CELLS];
  ASSERT_TRUE(open_twins(f, &def));
  for (uint32_t t = 0; t < 3; ++t) {
    throng_outcome free_o, o;
    throng_observation seen;
    rule_choose(action, t, 150);
    ASSERT_OK(throng_sim_step(f[0].sim, action));
    ASSERT_OK(throng_sim_outcome(f[0].sim, &free_o));
    for (int k = 0; k < CELLS; ++k) like[k] = k / RULE_SLATE % 2 != 0;  // odd lanes like it all
    ASSERT_OK(throng_sim_step_answered(f[1].sim, action, like));
    ASSERT_OK(throng_sim_outcome(f[1].sim, &o));
    for (int k = 0; k < CELLS && t == 0; ++k) {  // the votes are as they are, whatever is answered
      EXPECT_EQ(o.vote[k].alpha_pos, free_o.vote[k].alpha_pos);
      EXPECT_EQ(o.vote[k].f_sim, free_o.vote[k].f_sim);
      EXPECT_EQ(o.vote[k].like, like[k]);
    }
    for (int lane = 0; lane < RULE_LANES; ++lane) {
      const bool likes = lane % 2 != 0;
      EXPECT_EQ(o.reward[lane], likes ? (float)RULE_SLATE : 0.0f);
      EXPECT_EQ(o.ended[lane], t == 2 && !likes ? THRONG_END_LEFT : THRONG_END_NONE);
      if (o.ended[lane] != THRONG_END_NONE) EXPECT_EQ(o.left[lane], THRONG_LEAVE_MOOD);
    }
    ASSERT_OK(throng_sim_observe_final(f[1].sim, &seen));
    for (int lane = 0; lane < RULE_LANES; ++lane)
      for (int slot = 0; slot < RULE_SLATE; ++slot) {
        const int32_t at = lane * RULE_HISTORY + seen.length[lane] - RULE_SLATE + slot;
        EXPECT_EQ(seen.item[at], action[lane * RULE_SLATE + slot]);
        EXPECT_EQ(seen.like[at], lane % 2 ? 1 : -1);
      }
  }
  for (int k = 0; k < 2; ++k) small_sim_close(&f[k]);
}

TEST(step_answered, of_a_slate_that_users_need_not_look_at_every_answer_counts) {
  throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
  def.leave_probability = 0;
  def.users.choice = THRONG_CHOICE_CASCADE;
  small_sim f;
  int32_t action[CELLS];
  uint8_t like[CELLS];
  throng_outcome o;
  ASSERT_TRUE(small_sim_open(&f, small_world(5, 40, 150, 16, 20), 0, &def));
  rule_choose(action, 0, 150);
  memset(like, 1, sizeof like);
  ASSERT_OK(throng_sim_step_answered(f.sim, action, like));
  ASSERT_OK(throng_sim_outcome(f.sim, &o));
  for (int k = 0; k < CELLS; ++k) EXPECT_EQ(o.examined[k], 1);
  for (int lane = 0; lane < RULE_LANES; ++lane) EXPECT_EQ(o.reward[lane], (float)RULE_SLATE);
  small_sim_close(&f);
}

TEST(step_answered, an_answer_or_an_item_that_is_none_is_refused_and_nothing_moves) {
  const throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
  small_sim f;
  int32_t action[CELLS];
  uint8_t like[CELLS] = {0};
  uint64_t before, after;
  ASSERT_TRUE(small_sim_open(&f, small_world(5, 40, 150, 16, 20), 0, &def));
  rule_choose(action, 0, 150);
  ASSERT_OK(throng_sim_hash(f.sim, &before));
  like[3] = 2;
  EXPECT_EQ(throng_sim_step_answered(f.sim, action, like), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "lane 1: the answer is 2");
  like[3] = 1;
  action[5] = 150;
  EXPECT_EQ(throng_sim_step_answered(f.sim, action, like), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "lane 2");
  ASSERT_OK(throng_sim_hash(f.sim, &after));
  EXPECT_EQ(before, after);
  small_sim_close(&f);
}
