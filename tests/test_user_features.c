/// What agents see of users who change, against what the simulator goes by, and on states that the
/// replay rebuilt.
#include <math.h>
#include <stdio.h>

#include "sim/users.h"
#include "support/agent_rig.h"

enum { AGENTS = 2, LANES = 8, ALL = AGENTS * LANES, HISTORY = 16, ITEMS = 60, CATEGORIES = 9 };

static throng_sim_def changing(void) {
  throng_sim_def sim = rig_sim_def(ALL, HISTORY);
  sim.leave_probability = 0.02f;
  sim.users.temper = 20;
  sim.users.repeat_window = 3;
  sim.users.repeat_threshold = 2;
  sim.users.bored_likes = 2;
  sim.users.bored_window = 4;
  sim.users.satiation = 0.3f;
  return sim;
}

static bool open_rig(agent_rig *rig, throng_head head, const throng_sim_def *sim, int steps) {
  throng_agent_def def = rig_agent_def(head);
  def.count = AGENTS;
  throng_status status = rig_make(rig, 1, sim, &def, 4000);
  for (int t = 0; status == THRONG_OK && t < steps; ++t)
    status = throng_population_train_step(rig->agent);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static const float *features_of(const throng_population *a, const network_pass *pass, int64_t row) {
  const network *n = &a->net;
  return pass->feature + row * n->n_input + n->n_input - n->user_width - n->n_user_feature;
}

/// The columns by the simulator's own functions, topic by topic.
static void expect_as_users(const throng_population *a, const users_session *s, const float *f,
                            int32_t capacity) {
  const users_view *v = &a->net.users;
  const world_view *w = &a->net.world;
  const float *repeats = f + USER_FACTS, *left = repeats + CATEGORIES;
  const float *likes = left + CATEGORIES, *bored = likes + CATEGORIES;
  const float *satiation = bored + CATEGORIES;
  const float mood = users_mood(v, s);
  int32_t longest = 0;
  EXPECT_NEAR((double)f[USER_MOOD], (double)(mood / v->temper), 1e-6);
  EXPECT_NEAR((double)f[USER_MOOD_LOW], mood > 0 ? 1 / (1 + (double)mood) : 1, 1e-6);
  EXPECT_NEAR((double)f[USER_STEPS], (double)s->kept / capacity, 1e-6);
  for (int32_t c = 0; c < CATEGORIES; ++c) {
    const int32_t steps = users_topic_bored(v, w, s, c);
    longest = steps > longest ? steps : longest;
    EXPECT_NEAR((double)repeats[c] * (v->repeat_threshold + 1), users_topic_repeats(v, w, s, c),
                1e-5);
    EXPECT_EQ(left[c] > 0, repeats[c] > 0);
    EXPECT_NEAR((double)likes[c] * v->bored_likes, users_topic_likes(v, w, s, c, 1), 1e-5);
    EXPECT_NEAR((double)bored[c] * v->bored_steps, steps, 1e-5);
    EXPECT_NEAR((double)satiation[c],
                (double)(users_topic_satiation(v, w, s, c) * (1 - v->satiation_memory)), 1e-5);
  }
  EXPECT_NEAR((double)f[USER_DEAF] * v->bored_steps, longest, 1e-5);
}

TEST(user_features, are_what_the_simulator_goes_by_on_its_lanes) {
  for (int head = 0; head < 2; ++head) {
    const throng_sim_def sim = changing();
    agent_rig rig;
    if (!open_rig(&rig, (throng_head)head, &sim, 0)) return;
    double moved = 0;
    for (int t = 0; t < 25; ++t) {
      ASSERT_OK(throng_population_train_step(rig.agent));
      ASSERT_OK(throng_population_act(rig.agent, rig.sim, true, NULL));
      const sim_args args = sim_make_args(rig.sim);
      const network_pass *pass = agent_actor_pass(rig.agent->actor);
      for (int64_t lane = 0; lane < ALL; ++lane) {
        const users_session s = sim_session(&args, lane);
        const float *f = features_of(rig.agent, pass, lane);
        expect_as_users(rig.agent, &s, f, HISTORY);
        moved += (double)f[USER_DEAF];
      }
    }
    EXPECT_TRUE(moved > 0);  // some were bored
    rig_free(&rig);
  }
}

TEST(user_features, of_rebuilt_states_are_those_of_their_sessions) {
  const throng_sim_def sim = changing();
  agent_rig rig;
  if (!open_rig(&rig, THRONG_HEAD_TWO_TOWER, &sim, 60)) return;
  dqn *d = dqn_of(rig.agent);
  ASSERT_OK(replay_draw(rig.agent, &d->batch, 3));
  ASSERT_OK(dqn_gradients(rig.agent));
  const network_pass *pass[2] = {&d->batch.state, &d->batch.next};
  int32_t longest = 0;
  for (int side = 0; side < 2; ++side)
    for (int64_t row = 0; row < pass[side]->rows * AGENTS; ++row) {
      const state_view *state = &pass[side]->state;
      const history_view h = {state->entry + row * HISTORY, HISTORY, state->length[row]};
      const users_session s = users_session_of(h, state->session[row], 1);
      expect_as_users(rig.agent, &s, features_of(rig.agent, pass[side], row), HISTORY);
      longest = s.kept > longest ? s.kept : longest;
    }
  EXPECT_TRUE(longest > 4);
  rig_free(&rig);
}

TEST(user_features, say_which_session_it_is_and_how_long_the_user_was_away) {
  throng_sim_def sim = changing();
  sim.leave_probability = 0.2f;
  sim.users.sessions = 5;
  agent_rig rig;
  if (!open_rig(&rig, THRONG_HEAD_TWO_TOWER, &sim, 0)) return;
  int later = 0;
  for (int t = 0; t < 40; ++t) {
    ASSERT_OK(throng_population_train_step(rig.agent));
    ASSERT_OK(throng_population_act(rig.agent, rig.sim, true, NULL));
    const network_pass *pass = agent_actor_pass(rig.agent->actor);
    for (int64_t lane = 0; lane < ALL; ++lane) {
      const float *facts =
          features_of(rig.agent, pass, lane) + rig.agent->net.n_user_feature - USER_SESSION_FACTS;
      const int32_t number = rig.sim->session[lane], gap = rig.sim->gap[lane];
      EXPECT_NEAR((double)facts[USER_NUMBER], number / 4.0, 1e-6);
      EXPECT_NEAR((double)facts[USER_GAP], gap / (double)sim.users.return_gap, 1e-6);
      later += number > 1 && gap > 1;
    }
  }
  EXPECT_GT(later, 20);
  rig_free(&rig);
}

TEST(user_features, are_there_only_where_users_change_and_agents_may_see_it) {
  for (int head = 0; head < 2; ++head) {
    throng_sim_def sim = changing(), fixed = rig_sim_def(ALL, HISTORY);
    agent_rig rig[3];
    if (!open_rig(&rig[0], (throng_head)head, &fixed, 0)) return;
    if (!open_rig(&rig[1], (throng_head)head, &sim, 0)) return;
    sim.users.features = false;
    if (!open_rig(&rig[2], (throng_head)head, &sim, 0)) return;
    const int32_t n_input = rig[0].agent->net.n_input;
    EXPECT_EQ(rig[0].agent->net.n_user_feature, 0);
    EXPECT_EQ(rig[1].agent->net.n_input, n_input + USER_FACTS + 5 * CATEGORIES);
    EXPECT_EQ(rig[2].agent->net.n_input, n_input);
    throng_sim_def back = changing();
    agent_rig returning;
    back.users.sessions = 2;
    if (!open_rig(&returning, (throng_head)head, &back, 0)) return;
    EXPECT_EQ(returning.agent->net.n_input, rig[1].agent->net.n_input + USER_SESSION_FACTS);
    rig_free(&returning);
    for (int k = 0; k < 3; ++k) rig_free(&rig[k]);
  }
}

TEST(user_features, a_checkpoint_of_other_users_is_refused_by_the_option_that_differs) {
  char path[512];
  snprintf(path, sizeof path, "%s/user_features.safetensors", TEST_BINARY_DIR);
  throng_sim_def sim = changing();
  agent_rig rig[2];
  if (!open_rig(&rig[0], THRONG_HEAD_TWO_TOWER, &sim, 3)) return;
  sim.users.satiation = 0.4f;
  if (!open_rig(&rig[1], THRONG_HEAD_TWO_TOWER, &sim, 0)) return;
  ASSERT_OK(throng_population_save(rig[0].agent, path));
  EXPECT_OK(throng_population_restore(rig[0].agent, path));
  EXPECT_EQ(throng_population_restore(rig[1].agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "satiation");
  for (int k = 0; k < 2; ++k) rig_free(&rig[k]);
}
