/// Players compared session by session: planted differences, scipy's paired interval
/// (tests/golden/make_metrics.py), and sessions that were really played.
#include "evaluate/returns.h"

#include <math.h>
#include <stdlib.h>

#include "support/golden.h"
#include "support/small_run.h"

enum { SESSIONS = 64 };

TEST(returns, a_planted_difference_is_found_whatever_the_spread_that_both_share) {
  double one[SESSIONS], two[SESSIONS], room[SESSIONS];
  for (int k = 0; k < SESSIONS; ++k) {
    two[k] = 100.0 * (k % 7);  // the lengths of sessions, say
    one[k] = two[k] + 2;
  }
  throng_paired d = paired_difference(SESSIONS, one, two, room);
  EXPECT_EQ(d.sessions, SESSIONS);
  EXPECT_EQ(d.mean, 2);
  EXPECT_EQ(d.sem, 0);
  EXPECT_EQ(d.low, 2);
  EXPECT_EQ(d.high, 2);
  d = paired_difference(SESSIONS, two, one, room);
  EXPECT_EQ(d.mean, -2);
  // One like more in half of the sessions, three in the others.
  for (int k = 0; k < SESSIONS; ++k) one[k] = two[k] + 1 + 2 * (k % 2);
  d = paired_difference(SESSIONS, one, two, room);
  EXPECT_EQ(d.mean, 2);
  EXPECT_NEAR(d.sem, 1 / sqrt(SESSIONS - 1.0), 1e-12);
  EXPECT_TRUE(d.low > 1.7 && d.high < 2.3);
}

TEST(returns, the_interval_is_that_of_scipys_paired_test) {
  cJSON *json = golden_json("metrics.json");
  const cJSON *paired = cJSON_GetObjectItemCaseSensitive(json, "paired");
  double one[16], two[16], room[16];
  int n = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(paired, "one")) one[n++] =
      item->valuedouble;
  n = 0;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(paired, "two")) two[n++] =
      item->valuedouble;
  ASSERT_EQ(n, 12);
  const throng_paired d = paired_difference(n, one, two, room);
  EXPECT_NEAR(d.mean, golden_number(paired, "mean"), 1e-12);
  EXPECT_NEAR(d.sem, golden_number(paired, "sem"), 1e-12);
  EXPECT_NEAR(d.low, golden_number(paired, "low"), 1e-4);
  EXPECT_NEAR(d.high, golden_number(paired, "high"), 1e-4);
  cJSON_Delete(json);
}

TEST(returns, no_pair_says_nothing_and_a_single_one_has_no_interval) {
  double one = 5, two = 3, room;
  throng_paired d = paired_difference(0, &one, &two, &room);
  EXPECT_EQ(d.sessions, 0);
  d = paired_difference(1, &one, &two, &room);
  EXPECT_EQ(d.sessions, 1);
  EXPECT_EQ(d.mean, 2);
  EXPECT_TRUE(isnan(d.sem) && isnan(d.low) && isnan(d.high));
}

TEST(returns, a_yardstick_of_fewer_sessions_is_compared_over_those_that_both_played) {
  returns_table t;
  ASSERT_OK(returns_create(1, 10, &t));
  for (int k = 0; k < 10; ++k) {
    t.agent[k] = t.agents[k] = k < 4 ? 7 : 1000;
    t.yardstick[THRONG_YARDSTICK_MYOPIC][k] = 10;
    t.yardstick[THRONG_YARDSTICK_RANDOM][k] = 2;
  }
  t.n_yardstick[THRONG_YARDSTICK_MYOPIC] = 4;
  throng_comparison c = returns_compare_agents(&t);
  EXPECT_EQ(c.myopic.sessions, 4);
  EXPECT_EQ(c.myopic.mean, -3);
  EXPECT_EQ(c.random.sessions, 0);  // it has not played
  t.n_yardstick[THRONG_YARDSTICK_RANDOM] = 10;
  c = returns_compare_yardstick(&t, THRONG_YARDSTICK_MYOPIC);
  EXPECT_EQ(c.random.sessions, 4);
  EXPECT_EQ(c.random.mean, 8);
  EXPECT_EQ(c.myopic.sessions, 0);  // not with itself
  returns_free(&t);
}

TEST(returns, played_sessions_are_paired_by_their_users) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    evaluator *e;
    returns_table t;
    throng_metrics random, myopic;
    throng_evaluation_def def = throng_default_evaluation_def();
    def.episodes = SESSIONS;
    ASSERT_OK(returns_create(1, SESSIONS, &t));
    ASSERT_OK(evaluator_create(run.backend, run.world, NULL, &run.sim, &def, 1, true, &e));
    ASSERT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_RANDOM, NULL, &random));
    returns_take_yardstick(&t, e, THRONG_YARDSTICK_RANDOM);
    ASSERT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_MYOPIC, NULL, &myopic));
    returns_take_yardstick(&t, e, THRONG_YARDSTICK_MYOPIC);
    const throng_comparison c = returns_compare_yardstick(&t, THRONG_YARDSTICK_MYOPIC);
    EXPECT_EQ(c.random.sessions, SESSIONS);
    EXPECT_NEAR(c.random.mean, myopic.average_reward - random.average_reward, 1e-9);
    double squares = 0;
    for (int k = 0; k < SESSIONS; ++k) {
      const double d = t.yardstick[THRONG_YARDSTICK_MYOPIC][k] -
                       t.yardstick[THRONG_YARDSTICK_RANDOM][k] - c.random.mean;
      squares += d * d;
    }
    EXPECT_NEAR(c.random.sem, sqrt(squares / (SESSIONS - 1) / SESSIONS), 1e-9);
    // Pairs tell more than the two spreads, of which most is that of the lengths of sessions.
    EXPECT_TRUE(c.random.sem < hypot(myopic.average_reward_sem, random.average_reward_sem));
    EXPECT_NEAR(myopic.reward_per_step, myopic.average_reward / myopic.session_length, 1e-12);
    EXPECT_TRUE(myopic.reward_per_step_sem * myopic.session_length < myopic.average_reward_sem / 2);
    EXPECT_TRUE(isnan(myopic.other_user_share) && isnan(myopic.coin_share));
    evaluator_free(e);
    returns_free(&t);
  }
  small_run_close(&run);
}
