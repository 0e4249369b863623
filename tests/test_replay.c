/// States rebuilt from the log are the states that the simulator showed.
#include "support/agent_rig.h"

enum { MAX_TIMES = 2000, MAX_HISTORY = 32 };

/// What a lane looked like at a time: before its step, and in the state after it.
typedef struct seen_state {
  int32_t user, step, length, session;  // session: entries of the present one, -1: not told
  uint32_t entry[MAX_HISTORY];
  int32_t shown_at[MAX_HISTORY];  // of the session's entries, where they are told
  int32_t number, gap;            // of the session in its episode, where users come back
} seen_state;

static void look(const throng_sim *sim, int32_t lane, bool final, seen_state *out) {
  int32_t capacity = sim->def.history;
  const uint32_t *ring = (final ? sim->final_history : sim->history) + (int64_t)lane * capacity;
  history_view h = {ring, capacity, final ? sim->final_count[lane] : sim->count[lane]};
  out->user = final ? sim->final_user[lane] : sim->user[lane];
  out->step = final ? sim->final_step[lane] : sim->step[lane];
  out->length = history_length(&h);
  for (int32_t k = 0; k < out->length; ++k) out->entry[k] = history_entry(&h, k);
  const int32_t session = sim->count[lane] - sim_session_counts(sim)[lane];
  out->session = final ? -1 : session < capacity ? session : capacity;
  // At its end an episode's session is the one that the last step was in: `out` has it.
  if (sim->session && !final) out->number = sim->session[lane];
  if (sim->session && !final) out->gap = sim->gap[lane];
  for (int32_t k = 1; sim->shown_at && k <= out->session; ++k)
    out->shown_at[out->length - k] =
        sim->shown_at[(int64_t)lane * capacity + (h.count - k) % capacity] - out->step;
}

static bool same(const state_view *state, int64_t row, const seen_state *expected) {
  return state->user[row] == expected->user && state->length[row] == expected->length &&
         (expected->session < 0 || state->session[row] == expected->session) &&
         (!state->number ||
          (state->number[row] == expected->number && state->gap[row] == expected->gap)) &&
         !memcmp(state->entry + row * state->capacity, expected->entry,
                 sizeof(uint32_t) * (size_t)expected->length) &&
         (expected->session < 1 || !state->shown_at ||
          !memcmp(state->shown_at + row * state->capacity + expected->length - expected->session,
                  expected->shown_at + expected->length - expected->session,
                  sizeof(int32_t) * (size_t)expected->session));
}

/// What was played: (MAX_TIMES, 8) of states before and after a step and what it gave; and what was
/// met among the samples.
typedef struct played {
  int32_t slate, n_step, history, count;
  seen_state *before, *after;
  float *reward;
  uint8_t *ended;
  uint32_t *shown;               // (MAX_TIMES, 8, slate)
  uint8_t *examined, *returned;  // (MAX_TIMES, 8, slate), (MAX_TIMES, 8)
  uint8_t *by_chance;            // (MAX_TIMES, 8) left so, where that may be folded
  float stay;
  int64_t folded, old;  // old: of sessions longer than the history, masked whole
  int64_t compared, left, truncated, wrapped, wrong, crossed, partly, back;
  int64_t later;  // states of a third session or a later one, after a gap of days
} played;

static void keep_before(const throng_sim *sim, int64_t t, played *p) {
  for (int32_t lane = 0; lane < 8; ++lane) look(sim, lane, false, &p->before[t * 8 + lane]);
}

static void keep_after(const throng_sim *sim, int64_t t, played *p) {
  for (int32_t lane = 0; lane < 8; ++lane) {
    const int64_t at = t * 8 + lane;
    p->ended[at] = sim->ended[lane];
    p->reward[at] = sim->reward[lane];
    p->by_chance[at] = p->ended[at] == THRONG_END_LEFT && !sim->session &&
                       (!sim->left || sim->left[lane] == THRONG_LEAVE_CHANCE);
    p->after[at] = p->before[at];
    look(sim, lane, p->ended[at] != THRONG_END_NONE, &p->after[at]);
    if (sim->session) p->later += p->after[at].number > 1 && p->after[at].gap > 1;
    p->returned[at] = sim->returned && sim->returned[lane] > 0;
    for (int32_t k = 0; k < p->slate; ++k) {
      const int32_t slot = lane * p->slate + k;
      p->shown[at * p->slate + k] = history_pack(sim->action[slot], sim->vote[slot].like);
      p->examined[at * p->slate + k] = !sim->examined || sim->examined[slot];
    }
  }
}

/// Items that were looked at.
static int32_t looked_at(const played *p, int64_t at) {
  int32_t n = 0;
  for (int32_t k = 0; k < p->slate; ++k) n += p->examined[at * p->slate + k];
  return n;
}

/// The mask of the next state: all that its session has shown.
static int wrong_mask(const replay_batch *b, int64_t row, int32_t lane, int64_t last, played *p) {
  if (!b->shown.entry) return 0;
  int32_t n = 0;
  for (int64_t t = last; t >= 0; --t) {
    const int64_t at = t * 8 + lane;
    if (t < last && (p->ended[at] || p->returned[at])) break;
    if (t == last && p->returned[at]) break;
    for (int32_t k = p->slate - 1; k >= 0; --k, ++n) {
      const int32_t place = b->shown.session[row] - 1 - n;
      if (place < 0 ||
          b->shown.entry[row * b->shown.capacity + place] != p->shown[at * p->slate + k])
        return 1;
    }
  }
  p->old += n > p->history;
  return b->shown.session[row] != n || b->shown.length[row] != n;
}

/// One sample against what was kept.
static void compare(const replay_batch *b, int64_t row, played *p) {
  const int32_t lane = b->lane[row];
  const int64_t time = b->time[row];
  // The first reward is the shown item's own, later ones the mean over what was looked at.
  const int64_t place = (time * 8 + lane) * p->slate + b->slot[row];
  const uint32_t entry = p->shown[place];
  p->wrong += !p->examined[place];
  p->partly += looked_at(p, time * 8 + lane) < p->slate;
  // The first agent of a population folds, the others do not.
  const bool folds = lane < 8 / p->count;
  const float gamma = folds ? 0.975f * p->stay : 0.975f;
  float expected = (float)history_like(entry), discount = gamma;
  int64_t last = time;
  while (last < time + p->n_step - 1 && !p->ended[last * 8 + lane]) {
    ++last;
    const int32_t n = looked_at(p, last * 8 + lane);
    if (n > 0) expected += discount * p->reward[last * 8 + lane] / (float)n;
    p->back += p->returned[(last - 1) * 8 + lane];
    discount *= gamma;
  }
  const bool folded = folds && p->by_chance[last * 8 + lane];
  uint8_t how = p->ended[last * 8 + lane];
  const seen_state *before = &p->before[time * 8 + lane];
  p->wrong += b->action[row] != history_item(entry);
  p->wrong += fabsf(b->reward[row] - expected) > 1e-6f;
  p->wrong += b->discount[row] != (how == THRONG_END_LEFT && !folded ? 0.0f : discount);
  p->folded += folded;
  p->wrong += !same(&b->state.state, row, before);
  p->wrong += !same(&b->next.state, row, &p->after[last * 8 + lane]);
  p->wrong += wrong_mask(b, row, lane, last, p);
  p->back += p->returned[last * 8 + lane];
  ++p->compared;
  p->left += how == THRONG_END_LEFT;
  p->truncated += how == THRONG_END_TRUNCATED;
  p->wrapped += before->length == p->history && before->session > 0;
  p->crossed += last > time && last < time + p->n_step - 1;
}

static void take_memory(played *p) {
  const size_t n = (size_t)MAX_TIMES * 8;
  p->before = calloc(n, sizeof *p->before);
  p->after = calloc(n, sizeof *p->after);
  p->reward = calloc(n, sizeof *p->reward);
  p->ended = calloc(n, 1);
  p->by_chance = calloc(n, 1);
  p->returned = calloc(n, 1);
  p->examined = calloc(n * (size_t)p->slate, 1);
  p->shown = calloc(n * (size_t)p->slate, sizeof *p->shown);
}

static void give_back(played *p) {
  void *const all[] = {p->before,   p->after,    p->reward, p->ended,
                       p->returned, p->examined, p->shown,  p->by_chance};
  for (size_t k = 0; k < sizeof all / sizeof *all; ++k) free(all[k]);
}

/// Play MAX_TIMES steps at random, checking samples drawn on the way.
static played play_with(throng_sim_def sim_def, int32_t n_step, int32_t count) {
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.n_step = n_step;
  def.count = count;
  def.buffer = 100;
  agent_rig rig;
  played p = {.slate = sim_def.slate_size,
              .n_step = n_step,
              .history = sim_def.history,
              .count = count,
              .stay = sim_def.users.sessions > 1 ? 1 : 1 - sim_def.leave_probability};
  if (rig_make(&rig, 1, &sim_def, &def, 100000) != THRONG_OK) {
    throng_test_fail(__FILE__, __LINE__, "%s", throng_error_message());
    return p;
  }
  throng_population *a = rig.agent;
  EXPECT_EQ(dqn_of(a)->batch.state.state.shown_at != NULL, rig.sim->examined != NULL);
  EXPECT_EQ(dqn_of(a)->batch.state.state.number != NULL, rig.sim->session != NULL);
  take_memory(&p);
  for (int32_t k = 1; k < count; ++k) EXPECT_OK(throng_population_set(a, k, "fold_leave", 0));
  for (int64_t t = 0; t < MAX_TIMES; ++t) {
    keep_before(rig.sim, t, &p);
    EXPECT_OK(agent_actor_act(a->actor, rig.sim, false));
    EXPECT_OK(replay_before_step(a));
    EXPECT_OK(sim_step_on_backend(rig.sim));
    EXPECT_OK(replay_after_step(a));
    keep_after(rig.sim, t, &p);
    if (t + 1 < n_step) continue;
    EXPECT_OK(replay_draw(a, &dqn_of(a)->batch, (uint64_t)t));
    const replay_batch *b = &dqn_of(a)->batch;
    for (int64_t row = 0; row < def.batch * count; ++row) {
      EXPECT_EQ(b->lane[row] / (8 / count), row / def.batch);
      EXPECT_TRUE(b->time[row] >= 0 && b->time[row] + n_step <= t + 1);
      compare(b, row, &p);
    }
  }
  EXPECT_EQ(p.wrong, 0);
  EXPECT_GT(p.compared, 20000);
  give_back(&p);
  rig_free(&rig);
  return p;
}

static void play_and_compare(int32_t slate, int32_t n_step, int32_t count, int32_t history) {
  throng_sim_def def = rig_sim_def(8, history);
  def.slate_size = slate;
  const played p = play_with(def, n_step, count);
  // The comparison means something only where each case came up.
  EXPECT_GT(p.left, 1000);
  EXPECT_GT(p.truncated, 200);
  EXPECT_GT(p.wrapped, 1000);
  EXPECT_GT(p.folded, 500);
  EXPECT_GT(p.left - p.folded, count > 1 ? 500 : -1);
  if (n_step > 2) EXPECT_GT(p.crossed, 200);
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

/// Slates of which users look at a part; `slate` 5 of 60 items, so that a mask leaves some.
static throng_sim_def partly_def(throng_choice choice, int32_t history) {
  throng_sim_def def = rig_sim_def(8, history);
  def.slate_size = 5;
  def.max_steps = 10;
  def.mask_seen = true;
  def.users.choice = choice;
  def.users.position_bias = 0.5f;
  return def;
}

TEST(replay, states_batches_and_masks_go_by_what_users_looked_at) {
  for (int choice = THRONG_CHOICE_EACH; choice <= THRONG_CHOICE_CASCADE; ++choice) {
    const played p = play_with(partly_def((throng_choice)choice, 10), 1 + choice % 3, 1);
    EXPECT_GT(p.partly, 10000);
    EXPECT_GT(p.left, 1000);
    EXPECT_GT(p.truncated, 200);
    EXPECT_GT(p.wrapped, 1000);
  }
}

TEST(replay, only_leaving_by_chance_is_folded_where_users_leave_by_what_they_are_shown_too) {
  throng_sim_def def = rig_sim_def(8, 10);
  def.users.repeat_window = 2;
  def.users.repeat_threshold = 1;
  def.users.temper = 8;
  for (int32_t n_step = 1; n_step < 4; n_step += 2) {
    const played p = play_with(def, n_step, 2);
    EXPECT_GT(p.folded, 500);
    EXPECT_GT(p.left - p.folded, 1000);
  }
  def.users.sessions = 3;  // what follows a session goes by what it showed, whatever ended it
  EXPECT_EQ(play_with(def, 1, 2).folded, 0);
}

TEST(replay, masks_hold_all_of_a_session_that_is_longer_than_a_state) {
  throng_sim_def def = rig_sim_def(8, 6);
  def.mask_seen = true;
  def.max_steps = 30;
  def.leave_probability = 0.02f;
  const played p = play_with(def, 2, 2);
  EXPECT_GT(p.old, 10000);
  EXPECT_GT(p.truncated, 200);
}

TEST(replay, states_tell_the_sessions_of_a_user_who_comes_back_apart) {
  throng_sim_def def = rig_sim_def(8, 10);
  def.leave_probability = 0.3f;
  def.users.sessions = 4;
  played p = play_with(def, 3, 2);
  EXPECT_GT(p.back, 5000);
  EXPECT_GT(p.later, 500);
  EXPECT_GT(p.left, 1000);
  EXPECT_GT(p.wrapped, 1000);
  EXPECT_EQ(p.partly, 0);
  def = partly_def(THRONG_CHOICE_CASCADE, 12);
  def.leave_probability = 0.3f;
  def.users.sessions = 4;
  p = play_with(def, 2, 1);
  EXPECT_GT(p.back, 5000);
  EXPECT_GT(p.partly, 10000);
}

TEST(replay, a_log_in_which_nothing_was_looked_at_says_that_slates_earn_nothing) {
  throng_sim_def sim_def = partly_def(THRONG_CHOICE_MULTINOMIAL, 10);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  sim_def.users.no_choice = 1e6f;
  agent_rig rig;
  ASSERT_OK(rig_make(&rig, 1, &sim_def, &def, 1000));
  throng_population *a = rig.agent;
  const replay_batch *b = &dqn_of(a)->batch;
  for (int t = 0; t < 20; ++t) ASSERT_OK(throng_population_train_step(a));
  ASSERT_OK(replay_draw(a, &dqn_of(a)->batch, 1));
  for (int64_t row = 0; row < def.batch; ++row) EXPECT_EQ(b->reward[row], 0);
  rig_free(&rig);
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
