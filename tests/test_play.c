/// Sessions step by step are those of an evaluation and of the simulator, whoever shows and whoever
/// answers.
#include "throng/play.h"

#include <stdlib.h>

#include "evaluate/evaluator.h"
#include "evaluate/yardsticks.h"
#include "support/small_run.h"

enum { SESSIONS = 16, SEED = 77 };

static throng_evaluation_def evaluation(void) {
  throng_evaluation_def def = throng_default_evaluation_def();
  def.episodes = SESSIONS;
  def.seed = SEED;
  def.planner_width = 2;
  def.planner_depth = 3;
  def.planner_candidates = 4;
  return def;
}

/// Whole sessions 0 .. SESSIONS - 1 by themselves: likes and steps of each.
static void play_sessions(const small_run *run, throng_population *population,
                          throng_yardstick yardstick, double *total, int *steps) {
  const throng_evaluation_def planner = evaluation();
  throng_play_def def = throng_default_play_def();
  def.population = population;
  def.yardstick = yardstick;
  def.planner = &planner;
  def.seed = SEED;
  throng_play *p;
  ASSERT_OK(throng_play_create(run->backend, run->world, NULL, &run->sim, &def, &p));
  for (uint32_t k = 0; k < SESSIONS; ++k) {
    const throng_play_step *step;
    ASSERT_OK(throng_play_begin(p, k, -1));
    double sum = 0;
    do {
      ASSERT_OK(throng_play_show(p, &step));
      ASSERT_OK(throng_play_answer(p, NULL, &step));
      double likes = 0;
      for (int32_t i = 0; i < step->n_item; ++i) likes += step->item[i].like;
      EXPECT_NEAR(step->reward, likes, 0);
      sum += step->reward;
      EXPECT_NEAR(step->total, sum, 0);
    } while (step->end == THRONG_END_NONE);
    total[k] = step->total;
    steps[k] = step->step;
  }
  throng_play_close(p);
}

/// The sessions of an evaluation are these, one by one.
static void compare_yardsticks(const small_run *run) {
  const throng_evaluation_def def = evaluation();
  evaluator *e;
  ASSERT_OK(evaluator_create(run->backend, run->world, NULL, &run->sim, &def, 1, true, &e));
  for (int k = 0; k <= THRONG_YARDSTICK_PLANNER; ++k) {
    double total[SESSIONS], want[SESSIONS];
    int steps[SESSIONS], n = 0;
    throng_metrics m;
    ASSERT_OK(evaluator_play_yardstick(e, (throng_yardstick)k, NULL, &m));
    evaluator_copy_returns(e, 0, want);
    play_sessions(run, NULL, (throng_yardstick)k, total, steps);
    for (int s = 0; s < SESSIONS; ++s) {
      EXPECT_NEAR(total[s], want[s], 0);
      n += steps[s];
    }
    EXPECT_NEAR((double)n / SESSIONS, m.session_length, 1e-9);
  }
  evaluator_free(e);
}

TEST(play, sessions_of_yardsticks_are_those_of_their_evaluation) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    run.sim.mask_seen = true;
    run.sim.max_steps = 12;
    compare_yardsticks(&run);
    run.sim.users = throng_dynamic_users_def();
    compare_yardsticks(&run);
  }
  small_run_close(&run);
}

static throng_population *train(small_run *run, throng_sim **sim, int steps) {
  throng_population *population = NULL;
  EXPECT_OK(throng_sim_create(run->backend, run->world, NULL, &run->sim, sim));
  EXPECT_OK(throng_population_create(*sim, &run->agent, steps * run->sim.lanes, &population));
  for (int k = 0; k < steps; ++k) EXPECT_OK(throng_population_train_step(population));
  return population;
}

TEST(play, sessions_of_an_agent_are_those_of_its_evaluation_slates_and_mood_too) {
  for (int slate = 1; slate <= 3; slate += 2) {
    small_run run;
    if (small_run_open(&run, throng_test_folder(), 1)) {
      const throng_evaluation_def def = evaluation();
      throng_metrics m;
      throng_sim *sim;
      double total[SESSIONS], sum = 0;
      int steps[SESSIONS], n = 0;
      run.sim.slate_size = slate;
      run.sim.users.temper = 9;
      if (slate > 1) run.sim.users.choice = THRONG_CHOICE_CASCADE;
      throng_population *population = train(&run, &sim, 60);
      ASSERT_OK(throng_evaluate_population(run.backend, run.world, NULL, &run.sim, &def, population,
                                           NULL, &m));
      play_sessions(&run, population, THRONG_YARDSTICK_RANDOM, total, steps);
      for (int s = 0; s < SESSIONS; ++s) {
        sum += total[s];
        n += steps[s];
      }
      EXPECT_NEAR(sum, m.total_reward, 1e-6);
      EXPECT_NEAR((double)n / SESSIONS, m.session_length, 1e-9);
      throng_population_close(population);
      throng_sim_close(sim);
    }
    small_run_close(&run);
  }
}

/// A lane that is stepped from outside, with the numbers of session `session` of `user`.
static throng_sim *lane_of(const small_run *run, uint32_t session, int32_t user) {
  throng_sim_def def = run->sim;
  throng_sim *sim = NULL;
  def.lanes = 1;
  def.first_lane = session;
  def.seed = SEED;
  def.autoreset = false;
  EXPECT_OK(throng_sim_create(run->backend, run->world, NULL, &def, &sim));
  EXPECT_OK(throng_sim_set_starts(sim, THRONG_START_BY_LANE, 1, &user, NULL, NULL, NULL));
  return sim;
}

TEST(play, a_users_session_is_what_the_simulator_gives_for_the_items_that_were_shown) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    const int32_t user = 7;
    throng_play_def def = throng_default_play_def();
    def.yardstick = THRONG_YARDSTICK_MOST_SIMILAR;
    def.seed = SEED;
    run.sim.users = throng_dynamic_users_def();
    run.sim.mask_seen = true;
    for (uint32_t k = 0; k < 4; ++k) {
      throng_play *p;
      const throng_play_step *step;
      throng_sim *sim = lane_of(&run, k, user);
      throng_outcome outcome;
      ASSERT_OK(throng_play_create(run.backend, run.world, NULL, &run.sim, &def, &p));
      ASSERT_OK(throng_play_begin(p, k, user));
      EXPECT_EQ(throng_play_user(p), user);
      int32_t likes;
      EXPECT_EQ(throng_play_history(p, &likes),
                throng_world_history(run.world, user, NULL, NULL, NULL));
      do {
        ASSERT_OK(throng_play_show(p, &step));
        const throng_play_item item = step->item[0];
        EXPECT_EQ(item.why->candidate, item.item);
        EXPECT_EQ(item.why->vote.like, item.vote.like);
        const double mood = item.why->session->mood_after[item.vote.like];
        ASSERT_OK(throng_sim_step(sim, &item.item));
        ASSERT_OK(throng_sim_outcome(sim, &outcome));
        ASSERT_OK(throng_play_answer(p, NULL, &step));
        EXPECT_EQ(step->item[0].like, outcome.vote[0].like);
        EXPECT_EQ(step->item[0].like, item.vote.like);
        EXPECT_NEAR(step->reward, (double)outcome.reward[0], 0);
        EXPECT_EQ((int)step->end, outcome.ended[0]);
        EXPECT_EQ((int)step->left, outcome.left[0]);
        EXPECT_EQ(step->left == THRONG_LEAVE_MOOD, step->end == THRONG_END_LEFT && mood < 1 &&
                                                       step->left != THRONG_LEAVE_REPETITION);
      } while (step->end == THRONG_END_NONE);
      EXPECT_NEAR(step->total, (double)outcome.final_return[0], 0);
      throng_sim_close(sim);
      throng_play_close(p);
    }
  }
  small_run_close(&run);
}

TEST(play, a_persons_answers_go_into_history_and_choices_as_a_users_would) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_sim *training;
    run.sim.leave_probability = 0.9f;  // which nobody who is a person leaves by
    throng_population *population = train(&run, &training, 60);
    throng_play_def def = throng_default_play_def();
    def.population = population;
    def.seed = SEED;
    def.person = true;
    int32_t shown[2][40];
    for (int way = 0; way < 2; ++way) {
      throng_play *p;
      const throng_play_step *step;
      throng_sim_def lane = run.sim;
      run.sim.leave_probability = 0;
      throng_sim *sim = lane_of(&run, 3, 11);
      run.sim = lane;
      ASSERT_OK(throng_play_create(run.backend, run.world, NULL, &run.sim, &def, &p));
      ASSERT_OK(throng_play_begin(p, 3, 11));
      do {
        ASSERT_OK(throng_play_show(p, &step));
        const uint8_t like = way == 0 ? 0 : (uint8_t)(step->step % 3 != 0);
        int32_t action;
        // The agent sees the very state that the simulator makes of these answers.
        ASSERT_OK(throng_population_act(population, sim, true, &action));
        EXPECT_EQ(action, step->item[0].item);
        shown[way][step->step - 1] = action;
        ASSERT_OK(throng_sim_step_answered(sim, &action, &like));
        ASSERT_OK(throng_play_answer(p, &like, &step));
        EXPECT_EQ(step->item[0].like, like);
        EXPECT_NEAR(step->reward, like, 0);
      } while (step->end == THRONG_END_NONE);
      EXPECT_EQ(step->step, run.sim.max_steps);
      EXPECT_EQ((int)step->end, THRONG_END_TRUNCATED);
      EXPECT_EQ((int)step->left, THRONG_LEAVE_NONE);
      throng_sim_close(sim);
      throng_play_close(p);
    }
    EXPECT_TRUE(memcmp(shown[0], shown[1], sizeof shown[0]) != 0);
    throng_population_close(population);
    throng_sim_close(training);
  }
  small_run_close(&run);
}

TEST(play, an_agent_that_asks_which_session_it_is_needs_users_who_may_come_back) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_sim *training;
    run.sim.users.sessions = 2;
    throng_population *population = train(&run, &training, 4);
    throng_play_def def = throng_default_play_def();
    def.population = population;
    throng_play *p;
    run.sim.users = throng_default_users_def();
    EXPECT_EQ(throng_play_create(run.backend, run.world, NULL, &run.sim, &def, &p),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "which session it is");
    throng_population_close(population);
    throng_sim_close(training);
  }
  small_run_close(&run);
}

TEST(play, what_cannot_be_played_is_refused) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_play_def def = throng_default_play_def();
    def.yardstick = THRONG_YARDSTICK_LINUCB;
    const throng_play_step *step;
    throng_play *p;
    EXPECT_EQ(throng_play_create(run.backend, run.world, NULL, &run.sim, &def, &p),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "LinUCB cannot play a single session");
    EXPECT_TRUE(p == NULL);
    def.yardstick = THRONG_YARDSTICK_POPULAR;
    ASSERT_OK(throng_play_create(run.backend, run.world, NULL, &run.sim, &def, &p));
    EXPECT_EQ(throng_play_show(p, &step), THRONG_ERROR_ARGUMENT);
    EXPECT_EQ(throng_play_begin(p, 0, 400), THRONG_ERROR_ARGUMENT);
    ASSERT_OK(throng_play_begin(p, 0, 5));
    EXPECT_EQ(throng_play_answer(p, NULL, &step), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "nothing was shown");
    ASSERT_OK(throng_play_show(p, &step));
    EXPECT_EQ(throng_play_show(p, &step), THRONG_ERROR_ARGUMENT);
    const uint8_t neither = 2;
    EXPECT_EQ(throng_play_answer(p, &neither, &step), THRONG_ERROR_ARGUMENT);
    ASSERT_OK(throng_play_answer(p, (const uint8_t[]){1}, &step));
    EXPECT_NEAR(step->total, 1, 0);
    throng_play_close(p);
  }
  small_run_close(&run);
}
