/// States rebuilt from the log are the states that the simulator showed.
#include "support/agent_rig.h"

enum { MAX_TIMES = 2000, MAX_HISTORY = 32 };

/// What a lane looked like at a time: before its step, and in the state after it.
typedef struct seen_state {
  int32_t user, step, length;
  uint32_t entry[MAX_HISTORY];
} seen_state;

static void look(const throng_sim *sim, int32_t lane, bool final, seen_state *out) {
  int32_t capacity = sim->def.history;
  const uint32_t *ring = (final ? sim->final_history : sim->history) + (int64_t)lane * capacity;
  history_view h = {ring, capacity, final ? sim->final_count[lane] : sim->count[lane]};
  out->user = final ? sim->final_user[lane] : sim->user[lane];
  out->step = final ? sim->final_step[lane] : sim->step[lane];
  out->length = history_length(&h);
  for (int32_t k = 0; k < out->length; ++k) out->entry[k] = history_entry(&h, k);
}

static bool same(const state_view *state, int64_t row, const seen_state *expected) {
  return state->user[row] == expected->user && state->length[row] == expected->length &&
         !memcmp(state->entry + row * state->capacity, expected->entry,
                 sizeof(uint32_t) * (size_t)expected->length);
}

/// What was played: (MAX_TIMES, 8) of states before and after a step and what it gave; and what was
/// met among the samples.
typedef struct played {
  int32_t slate, n_step, history;
  seen_state *before, *after;
  float *reward;
  uint8_t *ended;
  uint32_t *shown;  // (MAX_TIMES, 8, slate)
  int64_t compared, left, truncated, wrapped, wrong, crossed;
} played;

static void keep_before(const throng_sim *sim, int64_t t, played *p) {
  for (int32_t lane = 0; lane < 8; ++lane) look(sim, lane, false, &p->before[t * 8 + lane]);
}

static void keep_after(const throng_sim *sim, int64_t t, played *p) {
  for (int32_t lane = 0; lane < 8; ++lane) {
    const int64_t at = t * 8 + lane;
    p->ended[at] = sim->ended[lane];
    p->reward[at] = sim->reward[lane];
    look(sim, lane, p->ended[at] != THRONG_END_NONE, &p->after[at]);
    for (int32_t k = 0; k < p->slate; ++k)
      p->shown[at * p->slate + k] =
          history_pack(sim->action[lane * p->slate + k], sim->vote[lane * p->slate + k].like);
  }
}

/// One sample against what was kept.
static void compare(const replay_batch *b, int64_t row, played *p) {
  const int32_t lane = b->lane[row];
  const int64_t time = b->time[row];
  // The first reward is the shown item's own, later ones the slate's mean.
  uint32_t entry = p->shown[(time * 8 + lane) * p->slate + b->slot[row]];
  float expected = (float)history_like(entry), discount = 0.975f;
  int64_t last = time;
  while (last < time + p->n_step - 1 && !p->ended[last * 8 + lane]) {
    ++last;
    expected += discount * p->reward[last * 8 + lane] / (float)p->slate;
    discount *= 0.975f;
  }
  uint8_t how = p->ended[last * 8 + lane];
  const seen_state *before = &p->before[time * 8 + lane];
  p->wrong += b->action[row] != history_item(entry);
  p->wrong += fabsf(b->reward[row] - expected) > 1e-6f;
  p->wrong += b->discount[row] != (how == THRONG_END_LEFT ? 0.0f : discount);
  p->wrong += !same(&b->state.state, row, before);
  p->wrong += !same(&b->next.state, row, &p->after[last * 8 + lane]);
  int32_t session = before->step * p->slate;
  p->wrong += b->state.state.session[row] != (session < p->history ? session : p->history);
  ++p->compared;
  p->left += how == THRONG_END_LEFT;
  p->truncated += how == THRONG_END_TRUNCATED;
  p->wrapped += before->length == p->history && session > 0;
  p->crossed += last > time && last < time + p->n_step - 1;
}

/// Play MAX_TIMES steps at random, checking samples drawn on the way.
static void play_and_compare(int32_t slate, int32_t n_step, int32_t count, int32_t history) {
  throng_sim_def sim_def = rig_sim_def(8, history);
  sim_def.slate_size = slate;
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.n_step = n_step;
  def.count = count;
  def.buffer = 100;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim_def, &def, 100000));
  throng_population *a = rig.agent;
  played p = {.slate = slate, .n_step = n_step, .history = history};
  p.before = calloc(MAX_TIMES * 8, sizeof *p.before);
  p.after = calloc(MAX_TIMES * 8, sizeof *p.after);
  p.reward = calloc(MAX_TIMES * 8, sizeof *p.reward);
  p.ended = calloc(MAX_TIMES * 8, 1);
  p.shown = calloc(MAX_TIMES * 8 * (size_t)slate, sizeof *p.shown);
  for (int64_t t = 0; t < MAX_TIMES; ++t) {
    keep_before(rig.sim, t, &p);
    ASSERT_OK(agent_actor_act(a->actor, rig.sim, false));
    ASSERT_OK(replay_before_step(a));
    ASSERT_OK(sim_step_on_backend(rig.sim));
    ASSERT_OK(replay_after_step(a));
    keep_after(rig.sim, t, &p);
    if (t + 1 < n_step) continue;
    ASSERT_OK(replay_draw(a, &dqn_of(a)->batch, (uint64_t)t));
    const replay_batch *b = &dqn_of(a)->batch;
    for (int64_t row = 0; row < def.batch * count; ++row) {
      ASSERT_EQ(b->lane[row] / (8 / count), row / def.batch);
      ASSERT_TRUE(b->time[row] >= 0 && b->time[row] + n_step <= t + 1);
      compare(b, row, &p);
    }
  }
  EXPECT_EQ(p.wrong, 0);
  // The comparison means something only where each case came up.
  EXPECT_GT(p.compared, 20000);
  EXPECT_GT(p.left, 1000);
  EXPECT_GT(p.truncated, 200);
  EXPECT_GT(p.wrapped, 1000);
  if (n_step > 2) EXPECT_GT(p.crossed, 200);
  free(p.before);
  free(p.after);
  free(p.reward);
  free(p.ended);
  free(p.shown);
  rig_free(&rig);
}

TEST(replay, rebuilt_states_are_the_simulators_over_thousands_of_steps) {
  play_and_compare(1, 1, 1, 10);
}

TEST(replay, rebuilt_states_are_the_simulators_with_three_steps_and_two_agents) {
  play_and_compare(1, 3, 2, 10);
}

TEST(replay, rebuilt_states_are_the_simulators_with_slates_that_do_not_divide_the_history) {
  play_and_compare(3, 2, 1, 10);
}

TEST(replay, rebuilt_states_are_the_simulators_where_a_slate_is_longer_than_the_history) {
  play_and_compare(5, 1, 4, 4);
}

TEST(replay, an_agent_made_within_a_session_rebuilds_no_more_of_it_than_it_has_seen) {
  throng_sim_def sim_def = rig_sim_def(8, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  sim_def.leave_probability = 0;
  agent_rig rig = {.world = small_world(7, 20, 60, 6, 12)};
  ASSERT_OK(backend_cpu_open(1, &rig.backend));
  ASSERT_OK(throng_sim_create(rig.backend, &rig.world, NULL, &sim_def, &rig.sim));
  int32_t action[8] = {0};
  for (int t = 0; t < 9; ++t) ASSERT_OK(throng_sim_step(rig.sim, action));
  ASSERT_OK(throng_population_create(rig.sim, &def, 1000, &rig.agent));
  throng_population *a = rig.agent;
  const replay_batch *b = &dqn_of(a)->batch;
  for (int t = 0; t < 5; ++t) {
    ASSERT_OK(throng_population_train_step(a));
    ASSERT_OK(replay_draw(a, &dqn_of(a)->batch, (uint64_t)t));
    for (int64_t row = 0; row < def.batch; ++row) {
      EXPECT_LE(b->state.state.session[row], b->time[row]);
      EXPECT_LE(b->next.state.session[row], b->time[row] + 1);
    }
  }
  rig_free(&rig);
}
