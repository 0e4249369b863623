/// Looking ahead: exact plans against every order played in the simulator, the planner against
/// exact plans.
#include "evaluate/planner.h"

#include <math.h>

#include "evaluate/exact_plan.h"
#include "evaluate/planning.h"
#include "evaluate/yardsticks.h"
#include "support/small_run.h"
#include "support/small_world.h"
#include "throng_test.h"

enum { USERS = 40, ITEMS = 6, STEPS = 4 };

typedef struct stage {
  throng_backend *backend;
  throng_world world;
  throng_sim *sim;
} stage;

/// Lanes that all begin as one user each (lane l as user l), or all as `user`.
static bool open_stage(stage *s, uint32_t seed, int64_t n_item, throng_sim_def def, int32_t user) {
  throng_backend_def backend = throng_default_backend_def();
  backend.name = "cpu";
  *s = (stage){.world = small_world(seed, USERS, n_item, 16, 20)};
  EXPECT_OK(throng_backend_open(&backend, &s->backend));
  def.history = 32;
  def.leave_probability = 0;
  def.autoreset = false;
  def.mask_seen = true;
  def.max_steps = STEPS;
  throng_status status = throng_sim_create(s->backend, &s->world, NULL, &def, &s->sim);
  EXPECT_OK(status);
  if (status != THRONG_OK) return false;
  int32_t users[USERS], n = user < 0 ? USERS : 1;
  int64_t offset[USERS + 1] = {0};
  static int32_t item[USERS * 20];
  static uint8_t like[USERS * 20];
  for (int32_t k = 0; k < n; ++k) {
    users[k] = user < 0 ? k : user;
    offset[k + 1] = offset[k];
    for (int64_t h = s->world.user_offset[users[k]]; h < s->world.user_offset[users[k] + 1]; ++h) {
      item[offset[k + 1]] = s->world.history_item[h];
      like[offset[k + 1]++] = s->world.history_like[h];
    }
  }
  status = throng_sim_set_starts(s->sim, THRONG_START_BY_LANE, n, users, offset, item, like);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static void close_stage(stage *s) {
  throng_sim_close(s->sim);
  throng_backend_close(s->backend);
  small_world_free(&s->world);
}

/// Answers without draws, and users who leave where a category comes again at once.
static throng_sim_def repeating(int32_t lanes) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = lanes;
  def.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;  // a tie is no like, and no coin
  def.votes.rule = THRONG_RULE_WEIGHTED;
  def.votes.weights[THRONG_VOTE_F_MAT] = 0;
  def.votes.weights[THRONG_VOTE_F_SIM] = 1;
  def.votes.weights[THRONG_VOTE_F_STA] = 0;
  def.votes.weight_threshold = 1;
  def.users.repeat_window = 1;
  return def;
}

/// All orders of STEPS of the ITEMS items, one a lane.
static int32_t all_orders(int32_t order[][STEPS]) {
  int32_t n = 0;
  for (int32_t code = 0; code < 6 * 6 * 6 * 6; ++code) {
    int32_t used = 0, rest = code;
    bool again = false;
    for (int k = 0; k < STEPS; ++k, rest /= ITEMS) {
      order[n][k] = rest % ITEMS;
      again = again || used >> order[n][k] & 1;
      used |= 1 << order[n][k];
    }
    n += !again;
  }
  return n;
}

/// The best return of any order, played step by step in the simulator itself.
static double best_by_playing(uint32_t seed, int32_t user) {
  static int32_t order[6 * 6 * 6 * 6][STEPS], action[6 * 6 * 6 * 6];
  const int32_t n = all_orders(order);
  stage s;
  double best = -1;
  if (!open_stage(&s, seed, ITEMS, repeating(n), user)) return best;
  throng_outcome out;
  static double total[6 * 6 * 6 * 6];
  static bool over[6 * 6 * 6 * 6];
  for (int32_t l = 0; l < n; ++l) total[l] = over[l] = 0;
  for (int k = 0; k < STEPS; ++k) {
    for (int32_t l = 0; l < n; ++l) action[l] = order[l][k];
    EXPECT_OK(throng_sim_step(s.sim, action));
    EXPECT_OK(throng_sim_outcome(s.sim, &out));
    for (int32_t l = 0; l < n; ++l) {
      if (!over[l]) total[l] += (double)out.reward[l];
      over[l] = over[l] || out.ended[l] != THRONG_END_NONE;
    }
  }
  for (int32_t l = 0; l < n; ++l) best = total[l] > best ? total[l] : best;
  close_stage(&s);
  return best;
}

/// Returns of one session a lane.
static void play(stage *s, throng_yardstick who, int32_t width, float *returns) {
  throng_evaluation_def def = throng_default_evaluation_def();
  yardsticks *p;
  def.planner_width = width;
  def.planner_depth = STEPS;
  ASSERT_OK(yardsticks_create(s->sim, 1, &p));
  EXPECT_OK(yardsticks_add_planner(p, &def));
  EXPECT_OK(throng_sim_reset(s->sim));
  for (int k = 0; k < STEPS; ++k) {
    EXPECT_OK(yardsticks_act(p, who));
    EXPECT_OK(sim_step_on_backend(s->sim));
  }
  for (int32_t l = 0; l < s->sim->n_lane; ++l) returns[l] = s->sim->final_return[l];
  yardsticks_free(p);
}

TEST(exact_plan, is_the_best_of_all_orders_that_the_simulator_plays) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    stage s;
    if (!open_stage(&s, seed, ITEMS, repeating(USERS), -1)) return;
    exact_plan *e;
    const int32_t item[ITEMS] = {0, 1, 2, 3, 4, 5};
    ASSERT_OK(exact_plan_create(s.sim, ITEMS, STEPS, &e));
    for (int32_t user = 0; user < USERS; user += 5) {
      exact_values values;
      ASSERT_OK(exact_plan_solve(e, user, item, &values));
      EXPECT_NEAR(values.best, best_by_playing(seed, user), 1e-6);
      EXPECT_TRUE(values.myopic <= values.best);
    }
    exact_plan_free(e);
    close_stage(&s);
  }
}

TEST(planner, reaches_what_exact_plans_say_and_the_myopic_policy_does_not) {
  double missed = 0;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    stage s;
    if (!open_stage(&s, seed, ITEMS, repeating(USERS), -1)) return;
    float planned[USERS], myopic[USERS];
    double best[USERS];
    exact_plan *e;
    const int32_t item[ITEMS] = {0, 1, 2, 3, 4, 5};
    ASSERT_OK(exact_plan_create(s.sim, ITEMS, STEPS, &e));
    for (int32_t user = 0; user < USERS; ++user) {
      exact_values values;
      ASSERT_OK(exact_plan_solve(e, user, item, &values));
      best[user] = values.best;
    }
    exact_plan_free(e);
    play(&s, THRONG_YARDSTICK_PLANNER, 64, planned);
    play(&s, THRONG_YARDSTICK_MYOPIC, 64, myopic);
    for (int32_t user = 0; user < USERS; ++user) {
      EXPECT_NEAR((double)planned[user], best[user], 1e-6);
      EXPECT_TRUE((double)myopic[user] <= best[user]);
      missed += best[user] - (double)myopic[user];
    }
    close_stage(&s);
  }
  EXPECT_TRUE(missed > 10);
}

/// Answers drawn with a chance that satiation lowers.
static throng_sim_def satiable(int32_t lanes) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = lanes;
  def.votes.rule = THRONG_RULE_PROBABILITY;
  def.votes.weights[THRONG_VOTE_F_STA] = 0;
  def.users.satiation = 0.8f;
  def.users.bored_likes = 2;
  return def;
}

TEST(exact_plan, says_what_the_myopic_policy_gets_on_average_where_answers_are_drawn) {
  enum { LANES = 20000 };
  static float returns[LANES];
  for (int32_t user = 1; user < 4; ++user) {
    stage s;
    if (!open_stage(&s, 7, 5, satiable(LANES), user)) return;
    exact_plan *e;
    exact_values values;
    int32_t *ranked, item[5];
    yardsticks *p;
    ASSERT_OK(yardsticks_create(s.sim, 5, &p));
    ASSERT_OK(yardsticks_rank(p, THRONG_YARDSTICK_MYOPIC, 5, &ranked));
    memcpy(item, ranked, sizeof item);
    yardsticks_free(p);
    ASSERT_OK(exact_plan_create(s.sim, 5, STEPS, &e));
    ASSERT_OK(exact_plan_solve(e, 0, item, &values));
    exact_plan_free(e);
    play(&s, THRONG_YARDSTICK_MYOPIC, 1, returns);
    double sum = 0, square = 0;
    for (int k = 0; k < LANES; ++k) {
      sum += (double)returns[k];
      square += (double)returns[k] * (double)returns[k];
    }
    const double mean = sum / LANES, error = sqrt((square / LANES - mean * mean) / LANES);
    EXPECT_TRUE(error > 0);
    EXPECT_NEAR(mean, values.myopic, 4.5 * error);
    EXPECT_TRUE(values.best >= values.myopic - 1e-9);
    close_stage(&s);
  }
}

TEST(planner, shows_what_the_myopic_policy_shows_where_nothing_is_to_be_planned) {
  throng_sim_def def = repeating(USERS);
  stage s;
  def.users.repeat_window = 0;
  if (!open_stage(&s, 11, 60, def, -1)) return;
  float planned[USERS], myopic[USERS];
  play(&s, THRONG_YARDSTICK_PLANNER, 4, planned);
  play(&s, THRONG_YARDSTICK_MYOPIC, 4, myopic);
  double difference = 0;
  for (int32_t user = 0; user < USERS; ++user)
    difference += (double)planned[user] - (double)myopic[user];
  EXPECT_TRUE(difference > -0.5);  // as many likes: histories grow by different items
  close_stage(&s);
}

/// Scratch lanes are those of users from whom chance alone takes nobody: what a Def may not say.
TEST(planner, plans_for_users_who_come_back_and_leave_by_chance_alone) {
  throng_sim_def def = repeating(USERS);
  stage s;
  def.users.repeat_window = 0;
  if (!open_stage(&s, 11, 60, def, -1)) return;
  def.history = 32;
  def.max_steps = STEPS;
  def.mask_seen = true;
  def.leave_probability = 0.3f;
  def.users.sessions = 3;
  throng_evaluation_def evaluation = throng_default_evaluation_def();
  evaluation.episodes = 16;
  throng_metrics planned, myopic;
  ASSERT_OK(throng_evaluate_yardstick(s.backend, &s.world, NULL, &def, &evaluation,
                                      THRONG_YARDSTICK_PLANNER, NULL, &planned));
  ASSERT_OK(throng_evaluate_yardstick(s.backend, &s.world, NULL, &def, &evaluation,
                                      THRONG_YARDSTICK_MYOPIC, NULL, &myopic));
  EXPECT_GT(planned.average_reward, 0.9 * myopic.average_reward);
  const planning_instances instances = {.users = 4, .pool = 30, .items = 5, .steps = 4};
  planning_gain exact;
  EXPECT_OK(planning_exact(s.backend, &s.world, NULL, &def, &instances, NULL, &exact));
  EXPECT_TRUE(exact.gain >= 0);
  close_stage(&s);
}

TEST(planning, gains_more_where_categories_must_not_repeat) {
  throng_sim_def def = repeating(1);
  stage s;
  if (!open_stage(&s, 5, 60, def, -1)) return;
  throng_evaluation_def evaluation = throng_default_evaluation_def();
  const planning_instances instances = {.users = 12, .pool = 30, .items = 6, .steps = 5};
  planning_gain exact, beam, fixed;
  evaluation.episodes = 16;
  def.history = 32;
  def.max_steps = 12;
  def.leave_probability = 0;
  EXPECT_OK(planning_exact(s.backend, &s.world, NULL, &def, &instances, NULL, &exact));
  EXPECT_OK(planning_beam(s.backend, &s.world, NULL, &def, &evaluation, NULL, &beam));
  EXPECT_TRUE(exact.gain > 0.1);
  EXPECT_TRUE(exact.gained > 0.3);
  EXPECT_TRUE(beam.gain > 0.1);
  def.users.repeat_window = 0;
  EXPECT_OK(planning_exact(s.backend, &s.world, NULL, &def, &instances, NULL, &fixed));
  EXPECT_TRUE(fixed.gain < exact.gain / 2);
  close_stage(&s);
}

TEST(planner, refuses_slates_and_sizes_by_name) {
  throng_sim_def def = repeating(4);
  stage s;
  def.users.repeat_window = 0;
  def.slate_size = 2;
  def.mask_seen = true;
  if (!open_stage(&s, 5, 60, def, -1)) return;
  throng_evaluation_def evaluation = throng_default_evaluation_def();
  planner *p;
  exact_plan *e;
  EXPECT_EQ(planner_create(s.sim, &evaluation, &p), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sim.slate_size is 2");
  EXPECT_EQ(exact_plan_create(s.sim, 5, 4, &e), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(exact_plan_create(s.sim, 4, 5, &e), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "no more steps than items");
  close_stage(&s);
}

/// Agents who look ahead beside such that do not, in one population, where users leave on a
/// repeated category.
TEST(planning, dqn_with_a_discount_beats_itself_without_and_the_myopic_policy) {
  enum { AGENTS = 4, LANES = 16 };
  small_run run;
  if (!small_run_open(&run, throng_test_folder(), 2)) return;
  throng_sim *sim;
  throng_population *a;
  throng_metrics each[AGENTS], myopic;
  run.sim.lanes = AGENTS * LANES;
  run.sim.leave_probability = 0;
  run.sim.max_steps = 20;
  run.sim.mask_seen = true;
  run.sim.users.repeat_window = 1;
  run.agent.count = AGENTS;
  run.agent.hidden[0] = run.agent.hidden[1] = 32;
  run.agent.batch = 64;
  run.agent.buffer = 20000;
  run.train.evaluation.episodes = 64;
  ASSERT_OK(throng_sim_create(run.backend, run.world, NULL, &run.sim, &sim));
  ASSERT_OK(throng_population_create(sim, &run.agent, AGENTS * LANES * 700, &a));
  for (int32_t k = 0; k < AGENTS; ++k)
    EXPECT_OK(throng_population_set(a, k, "gamma", k < AGENTS / 2 ? 0.9 : 0));
  for (int k = 0; k < 700; ++k) ASSERT_OK(throng_population_train_step(a));
  EXPECT_OK(throng_evaluate_population(run.backend, run.world, NULL, &run.sim,
                                       &run.train.evaluation, a, NULL, each));
  EXPECT_OK(throng_evaluate_yardstick(run.backend, run.world, NULL, &run.sim, &run.train.evaluation,
                                      THRONG_YARDSTICK_MYOPIC, NULL, &myopic));
  for (int32_t ahead = 0; ahead < AGENTS / 2; ++ahead) {
    for (int32_t near = AGENTS / 2; near < AGENTS; ++near)
      EXPECT_TRUE(each[ahead].average_reward > 1.5 * each[near].average_reward);
    EXPECT_TRUE(each[ahead].average_reward > 1.5 * myopic.average_reward);
    printf("gamma 0.9: %.2f, gamma 0: %.2f, myopic %.2f\n", each[ahead].average_reward,
           each[ahead + AGENTS / 2].average_reward, myopic.average_reward);
  }
  throng_population_close(a);
  throng_sim_close(sim);
  small_run_close(&run);
}
