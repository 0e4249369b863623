/// Evaluation of policies: every metric recomputed from a simulator driven through the public face.
#include "evaluate/evaluator.h"

#include <math.h>
#include <stdlib.h>

#include "base/statistics.h"
#include "support/small_run.h"
#include "world/world.h"

enum { EPISODES = 24, TOP = 10 };

static throng_evaluation_def evaluation(void) {
  throng_evaluation_def def = throng_default_evaluation_def();
  def.episodes = EPISODES;
  def.seed = 77;
  def.top = TOP;
  return def;
}

static throng_metrics evaluate(const small_run *run, throng_policy policy) {
  throng_metrics m = {0};
  throng_evaluation_def def = evaluation();
  EXPECT_OK(
      throng_evaluate_policy(run->backend, run->world, NULL, &run->sim, &def, policy, NULL, &m));
  return m;
}

/// The most liked items, straight from the histories.
static void popular_items(const throng_world *world, int32_t *item, int n) {
  int64_t *likes = calloc((size_t)world->n_item, sizeof *likes);
  for (int64_t k = 0; k < world->n_interaction; ++k)
    likes[world->history_item[k]] += world->history_like[k];
  for (int rank = 0; rank < n; ++rank) {
    int32_t best = 0;
    for (int32_t i = 1; i < world->n_item; ++i)
      if (likes[i] > likes[best]) best = i;
    item[rank] = best;
    likes[best] = -1;
  }
  free(likes);
}

TEST(evaluator, metrics_of_popular_are_those_of_sessions_played_by_hand) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.sim.slate_size = 2;
    throng_metrics m = evaluate(&run, THRONG_POLICY_POPULAR);
    int32_t top[TOP], action[EPISODES * TOP];
    popular_items(run.world, top, TOP);
    throng_sim_def def = run.sim;
    def.lanes = EPISODES;
    def.autoreset = false;
    def.seed = 77;
    throng_sim *sim;
    throng_outcome outcome;
    ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &def, &sim));
    for (int k = 0; k < EPISODES * 2; ++k) action[k] = top[k % 2];
    bool ended[EPISODES] = {false};
    int64_t shown = 0;
    for (int left = EPISODES; left > 0;) {
      for (int lane = 0; lane < EPISODES; ++lane) shown += !ended[lane];
      ASSERT_OK(throng_sim_step(sim, action));
      ASSERT_OK(throng_sim_outcome(sim, &outcome));
      left = EPISODES;
      for (int lane = 0; lane < EPISODES; ++lane) left -= ended[lane] = outcome.ended[lane] != 0;
    }
    double reward = 0, length = 0;
    for (int lane = 0; lane < EPISODES; ++lane) {
      reward += (double)outcome.final_return[lane];
      length += outcome.final_length[lane];
    }
    EXPECT_EQ(m.episodes, EPISODES);
    EXPECT_NEAR(m.average_reward, reward / EPISODES, 1e-9);
    EXPECT_NEAR(m.total_reward, reward, 1e-6);
    EXPECT_NEAR(m.session_length, length / EPISODES, 1e-9);
    EXPECT_NEAR(length, shown, 0);
    EXPECT_NEAR(m.coverage, 2.0 / (double)run.world->n_item, 1e-12);
    EXPECT_NEAR(m.gini, 1 - 2.0 / (double)run.world->n_item, 1e-12);
    EXPECT_NEAR(m.diversity, list_diversity(TOP, top, run.world->embedding_pos, run.world->dim),
                1e-9);
    throng_sim_close(sim);

    // Liking%: a slate of the ten items at the start of the same sessions.
    def.slate_size = TOP;
    ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &def, &sim));
    for (int k = 0; k < EPISODES * TOP; ++k) action[k] = top[k % TOP];
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &outcome));
    double likes = 0;
    for (int lane = 0; lane < EPISODES; ++lane) likes += (double)outcome.reward[lane];
    EXPECT_NEAR(m.liking, 100 * likes / (EPISODES * TOP), 1e-9);
    throng_sim_close(sim);
  }
  small_run_close(&run);
}

TEST(evaluator, oracle_beats_random_and_popular_and_the_thirds_add_up_to_the_whole) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_metrics m[THRONG_POLICY_COUNT];
    for (int p = 1; p < THRONG_POLICY_COUNT; ++p) m[p] = evaluate(&run, (throng_policy)p);
    for (int p = 1; p < THRONG_POLICY_MOST_SIMILAR; ++p) {
      EXPECT_TRUE(m[p].average_reward < m[THRONG_POLICY_ORACLE].average_reward);
      EXPECT_TRUE(m[p].liking <= m[THRONG_POLICY_ORACLE].liking);
      // Policies meet the same users, who leave at the same times.
      EXPECT_NEAR(m[p].session_length, m[THRONG_POLICY_ORACLE].session_length, 0);
    }
    EXPECT_TRUE(m[THRONG_POLICY_RANDOM].coverage > 0.5);
    throng_sim_def def = run.sim;
    def.lanes = EPISODES;
    def.seed = 77;
    throng_sim *sim;
    throng_observation seen;
    ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &def, &sim));
    ASSERT_OK(throng_sim_observe(sim, &seen));
    int count[3] = {0};
    for (int lane = 0; lane < EPISODES; ++lane) {
      // Rank of the user among all users by length, then number.
      int64_t rank = 0, length = throng_world_history(run.world, seen.user[lane], NULL, NULL, NULL);
      for (int32_t u = 0; u < run.world->n_user; ++u) {
        int64_t other = throng_world_history(run.world, u, NULL, NULL, NULL);
        rank += other < length || (other == length && u < seen.user[lane]);
      }
      count[3 * rank / run.world->n_user] += 1;
    }
    double sum = 0;
    for (int k = 0; k < 3; ++k)
      if (count[k]) sum += count[k] * m[THRONG_POLICY_ORACLE].tercile_reward[k];
    EXPECT_NEAR(sum, m[THRONG_POLICY_ORACLE].total_reward, 1e-6);
    throng_sim_close(sim);
  }
  small_run_close(&run);
}

TEST(evaluator, gives_the_same_numbers_again_and_on_any_number_of_threads) {
  small_run one, three;
  if (small_run_open(&one, throng_test_folder(), 1) &&
      small_run_open(&three, throng_test_folder(), 3)) {
    for (int p = 1; p < THRONG_POLICY_COUNT; ++p) {
      throng_metrics a = evaluate(&one, (throng_policy)p), b = evaluate(&three, (throng_policy)p);
      EXPECT_EQ(memcmp(&a, &b, sizeof a), 0);
    }
    evaluator *e;
    throng_evaluation_def def = evaluation();
    ASSERT_OK(evaluator_create(one.backend, one.world, NULL, &one.sim, &def, 1, &e));
    throng_metrics first, again;
    EXPECT_OK(evaluator_run(e, THRONG_POLICY_ORACLE, NULL, NULL, &first));
    EXPECT_OK(evaluator_run(e, THRONG_POLICY_RANDOM, NULL, NULL, &again));
    EXPECT_OK(evaluator_run(e, THRONG_POLICY_ORACLE, NULL, NULL, &again));
    EXPECT_EQ(memcmp(&first, &again, sizeof first), 0);
    evaluator_free(e);
  }
  small_run_close(&one);
  small_run_close(&three);
}

TEST(evaluator, population_plays_a_multiple_of_its_agents) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.agent.count = 16;
    throng_sim *sim;
    throng_population *agent;
    throng_metrics m;
    throng_evaluation_def def = evaluation();
    ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &run.sim, &sim));
    ASSERT_OK(throng_population_create(sim, &run.agent, 1000, &agent));
    EXPECT_OK(throng_evaluate_policy(run.backend, run.world, NULL, &run.sim, &def,
                                     THRONG_POLICY_AGENT, agent, &m));
    EXPECT_EQ(m.episodes, 32);
    throng_population_close(agent);
    throng_sim_close(sim);
  }
  small_run_close(&run);
}

TEST(evaluator, wrong_fields_are_refused_by_name) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_metrics m;
    throng_evaluation_def def = evaluation();
    def.episodes = 0;
    EXPECT_EQ(throng_evaluate_policy(run.backend, run.world, NULL, &run.sim, &def,
                                     THRONG_POLICY_RANDOM, NULL, &m),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(),
                    "train.evaluation.episodes: expected an integer in 1..1048576, not 0");
    def = evaluation();
    def.top = 0;
    EXPECT_EQ(throng_evaluate_policy(run.backend, run.world, NULL, &run.sim, &def,
                                     THRONG_POLICY_RANDOM, NULL, &m),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(),
                    "train.evaluation.top: expected an integer in 1..1000, not 0");
    def = evaluation();
    EXPECT_EQ(throng_evaluate_policy(run.backend, run.world, NULL, &run.sim, &def,
                                     THRONG_POLICY_AGENT, NULL, &m),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "an agent must be given");
  }
  small_run_close(&run);
}
