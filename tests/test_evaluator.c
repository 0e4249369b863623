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

static throng_metrics evaluate(const small_run *run, throng_yardstick yardstick) {
  throng_metrics m = {0};
  throng_evaluation_def def = evaluation();
  EXPECT_OK(throng_evaluate_yardstick(run->backend, run->world, NULL, &run->sim, &def, yardstick,
                                      NULL, &m));
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
    throng_metrics m = evaluate(&run, THRONG_YARDSTICK_POPULAR);
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

TEST(evaluator, the_myopic_policy_beats_random_and_popular_and_the_thirds_add_up_to_the_whole) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_metrics m[THRONG_YARDSTICK_COUNT];
    for (int p = 0; p < THRONG_YARDSTICK_COUNT; ++p) m[p] = evaluate(&run, (throng_yardstick)p);
    for (int p = 0; p < THRONG_YARDSTICK_MOST_SIMILAR; ++p) {
      EXPECT_TRUE(m[p].average_reward < m[THRONG_YARDSTICK_MYOPIC].average_reward);
      EXPECT_TRUE(m[p].liking <= m[THRONG_YARDSTICK_MYOPIC].liking);
      // Players meet the same users, who leave at the same times.
      EXPECT_NEAR(m[p].session_length, m[THRONG_YARDSTICK_MYOPIC].session_length, 0);
    }
    EXPECT_TRUE(m[THRONG_YARDSTICK_RANDOM].coverage > 0.5);
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
      if (count[k]) sum += count[k] * m[THRONG_YARDSTICK_MYOPIC].tercile_reward[k];
    EXPECT_NEAR(sum, m[THRONG_YARDSTICK_MYOPIC].total_reward, 1e-6);
    throng_sim_close(sim);
  }
  small_run_close(&run);
}

TEST(evaluator, gives_the_same_numbers_again_and_on_any_number_of_threads) {
  small_run one, three;
  if (small_run_open(&one, throng_test_folder(), 1) &&
      small_run_open(&three, throng_test_folder(), 3)) {
    for (int p = 0; p < THRONG_YARDSTICK_COUNT; ++p) {
      throng_metrics a = evaluate(&one, (throng_yardstick)p),
                     b = evaluate(&three, (throng_yardstick)p);
      EXPECT_EQ(memcmp(&a, &b, sizeof a), 0);
    }
    evaluator *e;
    throng_evaluation_def def = evaluation();
    ASSERT_OK(evaluator_create(one.backend, one.world, NULL, &one.sim, &def, 1, true, &e));
    throng_metrics first, again;
    EXPECT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_MYOPIC, NULL, &first));
    EXPECT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_RANDOM, NULL, &again));
    EXPECT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_MYOPIC, NULL, &again));
    EXPECT_EQ(memcmp(&first, &again, sizeof first), 0);
    evaluator_free(e);
  }
  small_run_close(&one);
  small_run_close(&three);
}

typedef struct learners {
  small_run run;
  throng_sim *sim;
  throng_population *population;
} learners;

/// `count` agents of `lanes` lanes each that have learned a little; the first has `seed`.
static bool learners_open(learners *l, int32_t count, int32_t lanes, uint32_t first_lane,
                          uint32_t seed) {
  *l = (learners){0};
  if (!small_run_open(&l->run, throng_test_folder(), 1)) return false;
  l->run.sim.lanes = count * lanes;
  l->run.sim.first_lane = first_lane;
  l->run.sim.mask_seen = true;
  l->run.agent.count = count;
  l->run.agent.seed = seed;
  l->run.agent.learning_starts = 64;
  throng_status status =
      throng_sim_create(l->run.backend, l->run.world, NULL, &l->run.sim, &l->sim);
  if (status == THRONG_OK)
    status = throng_population_create(l->sim, &l->run.agent, 100 * count * lanes, &l->population);
  for (int step = 0; step < 60 && status == THRONG_OK; ++step)
    status = throng_population_train_step(l->population);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static void learners_close(learners *l) {
  throng_population_close(l->population);
  throng_sim_close(l->sim);
  small_run_close(&l->run);
}

static throng_status evaluate_learners(learners *l, throng_metrics *each) {
  throng_evaluation_def def = evaluation();
  return throng_evaluate_population(l->run.backend, l->run.world, NULL, &l->run.sim, &def,
                                    l->population, NULL, each);
}

TEST(evaluator, agents_together_get_what_each_gets_alone_and_get_it_again) {
  enum { AGENTS = 3, LANES = 8 };
  learners all, one;
  throng_metrics each[AGENTS], again[AGENTS], alone;
  if (learners_open(&all, AGENTS, LANES, 0, 1)) {
    ASSERT_OK(evaluate_learners(&all, each));
    ASSERT_OK(evaluate_learners(&all, again));
    EXPECT_EQ(memcmp(each, again, sizeof each), 0);
    for (int32_t k = 0; k < AGENTS; ++k) {
      EXPECT_EQ(each[k].episodes, EPISODES);
      // The same users leave at the same times, whoever recommends.
      EXPECT_NEAR(each[k].session_length, each[0].session_length, 0);
      if (learners_open(&one, 1, LANES, (uint32_t)(k * LANES), (uint32_t)(1 + k))) {
        ASSERT_OK(evaluate_learners(&one, &alone));
        EXPECT_EQ(memcmp(&each[k], &alone, sizeof alone), 0);
      }
      learners_close(&one);
    }
    EXPECT_TRUE(each[0].average_reward != each[1].average_reward);
  }
  learners_close(&all);
}

TEST(evaluator, agents_and_yardsticks_meet_the_same_users) {
  learners all;
  throng_metrics each[2];
  if (learners_open(&all, 2, 8, 0, 1)) {
    ASSERT_OK(evaluate_learners(&all, each));
    throng_metrics random = evaluate(&all.run, THRONG_YARDSTICK_RANDOM);
    EXPECT_NEAR(random.session_length, each[1].session_length, 0);
    for (int third = 0; third < 3; ++third)
      EXPECT_NEAR(random.tercile_length[third], each[1].tercile_length[third], 0);
  }
  learners_close(&all);
}

/// Keywords of what is shown, counted by somebody who looks on.
static throng_status count_keywords(void *context, throng_sim *sim, const int32_t *shown,
                                    const uint8_t *ended) {
  int64_t(*hits)[EVALUATOR_HITS] = context;
  throng_outcome outcome = {0};
  (void)shown;
  THRONG_TRY(throng_sim_outcome(sim, &outcome));
  for (int32_t lane = EPISODES; lane < 2 * EPISODES; ++lane) {  // the second agent's
    if (ended[lane]) continue;
    const int32_t liked = outcome.vote[lane].alpha_pos, disliked = outcome.vote[lane].alpha_neg;
    ++hits[0][liked < EVALUATOR_HITS ? liked : EVALUATOR_HITS - 1];
    ++hits[1][disliked < EVALUATOR_HITS ? disliked : EVALUATOR_HITS - 1];
  }
  return THRONG_OK;
}

TEST(evaluator, keywords_hit_are_those_of_the_first_agent_that_counts) {
  learners all;
  throng_metrics each[2], mean;
  int64_t hits[2][EVALUATOR_HITS] = {{0}};
  if (learners_open(&all, 2, 8, 0, 1)) {
    evaluator *e;
    agent_actor *actor;
    throng_evaluation_def def = evaluation();
    ASSERT_OK(
        evaluator_create(all.run.backend, all.run.world, NULL, &all.run.sim, &def, 2, true, &e));
    ASSERT_OK(agent_actor_create(all.population, evaluator_sim(e), evaluator_top(e), &actor));
    const bool second[2] = {false, true}, none[2] = {false};
    evaluator_set_watch(
        e, &(evaluator_watch){.context = hits, .answered = count_keywords, .keywords = true});
    ASSERT_OK(evaluator_play_agents(e, actor, second, NULL, each, &mean));
    EXPECT_EQ(evaluator_watched(e), 1);
    EXPECT_EQ(memcmp(hits[0], evaluator_hits(e, 0), sizeof hits[0]), 0);
    EXPECT_EQ(memcmp(hits[1], evaluator_hits(e, 1), sizeof hits[1]), 0);
    int64_t shown = 0, met = 0;
    for (int k = 0; k < EVALUATOR_HITS; ++k) shown += hits[0][k], met += k > 0 ? hits[0][k] : 0;
    EXPECT_NEAR((double)shown, each[1].session_length * EPISODES, 1e-6);
    EXPECT_GT(met, 0);
    evaluator_set_watch(e, NULL);
    ASSERT_OK(evaluator_play_agents(e, actor, second, NULL, each, &mean));
    for (int k = 0; k < EVALUATOR_HITS; ++k) EXPECT_EQ(evaluator_hits(e, 0)[k], 0);  // unasked
    ASSERT_OK(evaluator_play_agents(e, actor, none, NULL, each, &mean));
    EXPECT_EQ(evaluator_watched(e), -1);
    // A yardstick's sessions are nobody's.
    ASSERT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_RANDOM, NULL, &mean));
    EXPECT_EQ(evaluator_watched(e), -1);
    agent_actor_free(actor);
    evaluator_free(e);
  }
  learners_close(&all);
}

TEST(evaluator, mean_over_agents_leaves_out_those_that_do_not_count) {
  learners all;
  throng_metrics each[3], mean;
  if (learners_open(&all, 3, 8, 0, 1)) {
    evaluator *e;
    agent_actor *actor;
    throng_evaluation_def def = evaluation();
    ASSERT_OK(
        evaluator_create(all.run.backend, all.run.world, NULL, &all.run.sim, &def, 3, false, &e));
    ASSERT_OK(agent_actor_create(all.population, evaluator_sim(e), evaluator_top(e), &actor));
    const bool two[3] = {true, false, true}, one[3] = {false, true, false}, none[3] = {false};
    ASSERT_OK(evaluator_play_agents(e, actor, two, NULL, each, &mean));
    EXPECT_EQ(mean.episodes, EPISODES);
    EXPECT_NEAR(mean.average_reward, (each[0].average_reward + each[2].average_reward) / 2, 1e-12);
    EXPECT_NEAR(mean.tercile_liking[2], (each[0].tercile_liking[2] + each[2].tercile_liking[2]) / 2,
                1e-12);
    EXPECT_TRUE(mean.average_reward_sem > 0);
    // A standard error is a norm: that of the mean is at most the mean of the two.
    EXPECT_TRUE(mean.average_reward_sem <=
                (each[0].average_reward_sem + each[2].average_reward_sem) / 2 + 1e-12);
    ASSERT_OK(evaluator_play_agents(e, actor, one, NULL, each, &mean));
    EXPECT_EQ(memcmp(&mean, &each[1], sizeof mean), 0);
    ASSERT_OK(evaluator_play_agents(e, actor, none, NULL, each, &mean));
    EXPECT_EQ(mean.episodes, 0);
    EXPECT_EQ(evaluator_play_yardstick(e, THRONG_YARDSTICK_RANDOM, NULL, &mean),
              THRONG_ERROR_ARGUMENT);
    agent_actor_free(actor);
    evaluator_free(e);
  }
  learners_close(&all);
}

TEST(evaluator, more_lanes_than_a_simulator_takes_are_refused_with_both_factors) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    evaluator *e;
    throng_evaluation_def def = evaluation();
    def.episodes = 1 << 20;
    EXPECT_EQ(evaluator_create(run.backend, run.world, NULL, &run.sim, &def, 17, false, &e),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "evaluation.episodes: 1048576 for each of 17 agents");
  }
  small_run_close(&run);
}

TEST(evaluator, wrong_fields_are_refused_by_name) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_metrics m;
    throng_evaluation_def def = evaluation();
    def.episodes = 0;
    EXPECT_EQ(throng_evaluate_yardstick(run.backend, run.world, NULL, &run.sim, &def,
                                        THRONG_YARDSTICK_RANDOM, NULL, &m),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(),
                    "train.evaluation.episodes: expected an integer in 1..1048576, not 0");
    def = evaluation();
    def.top = 0;
    EXPECT_EQ(throng_evaluate_yardstick(run.backend, run.world, NULL, &run.sim, &def,
                                        THRONG_YARDSTICK_RANDOM, NULL, &m),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(),
                    "train.evaluation.top: expected an integer in 1..1000, not 0");
    def = evaluation();
    EXPECT_EQ(throng_evaluate_yardstick(run.backend, run.world, NULL, &run.sim, &def,
                                        THRONG_YARDSTICK_COUNT, NULL, &m),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "yardstick: 7 is none");
  }
  small_run_close(&run);
}
