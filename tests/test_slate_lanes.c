/// What follows from not looking and from coming back (docs/slates.md), for histories, masks,
/// sessions, files; and what is refused.
#include <stdio.h>

#include "support/slate_fixture.h"
#include "throng/explain.h"

// --- histories, masks, sessions ----------------------------------------------------------------

/// What a lane has met, kept by hand: steps, items and answers of the episode, and where its
/// present session began.
typedef struct slow_lane {
  int32_t user, n, session, item[600], step_of[600];
  uint8_t like[600];
  int32_t n_shown, shown[600];  // in this session
  int32_t step;
} slow_lane;

static void slow_begin(const fixture *f, int32_t lane, slow_lane *s) {
  const throng_sim *sim = f->sim;
  *s = (slow_lane){.user = sim->user[lane]};
  const int64_t *span = f->world.user_offset + s->user;
  int64_t k = span[1] - span[0] > sim->def.history ? span[1] - sim->def.history : span[0];
  for (; k < span[1]; ++k, ++s->n) {
    s->item[s->n] = f->world.history_item[k];
    s->like[s->n] = f->world.history_like[k];
    s->step_of[s->n] = -1;
  }
  s->session = s->n;
}

/// The step that `sim` has just made, without its end.
static void slow_step(const throng_sim *sim, int32_t lane, slow_lane *s) {
  float likes = 0;
  int32_t n_looked = 0;
  for (int k = 0; k < SLATE; ++k) {
    const int32_t at = lane * SLATE + k;
    s->shown[s->n_shown++] = sim->action[at];
    if (!sim->examined[at]) EXPECT_EQ(sim->vote[at].like, 0);
    if (!sim->examined[at]) continue;
    s->item[s->n] = sim->action[at];
    s->like[s->n] = sim->vote[at].like;
    s->step_of[s->n++] = s->step;
    likes += sim->vote[at].like;
    ++n_looked;
  }
  EXPECT_TRUE(sim->reward[lane] == likes);
  if (sim->def.users.choice == THRONG_CHOICE_MULTINOMIAL) EXPECT_TRUE(n_looked <= 1);
  if (sim->def.users.choice == THRONG_CHOICE_PLACKETT_LUCE) EXPECT_TRUE(n_looked <= 2);
  if (sim->def.users.choice == THRONG_CHOICE_CASCADE) EXPECT_TRUE(likes <= 1);
  s->step += 1;
}

/// Does the lane show what was kept?
static int slow_compare(const throng_sim *sim, int32_t lane, const slow_lane *s) {
  const int32_t capacity = sim->def.history, kept = s->n < capacity ? s->n : capacity;
  const history_view h = {sim->history + lane * capacity, capacity, sim->count[lane]};
  const sim_args a = sim_make_args(sim);
  const users_session session = sim_session(&a, lane);
  int wrong = sim->count[lane] != s->n || history_length(&h) != kept;
  const int32_t own = s->n - s->session < capacity ? s->n - s->session : capacity;
  wrong += session.kept != own;
  for (int32_t k = 0; k < kept && !wrong; ++k) {
    const int32_t n = s->n - kept + k;
    wrong += history_entry(&h, k) != history_pack(s->item[n], s->like[n]);
  }
  for (int32_t back = 0; back < own && !wrong; ++back)
    wrong += users_steps_ago(&session, back) != s->step - s->step_of[s->n - 1 - back];
  for (int32_t i = 0; i < sim->world->n_item; ++i) {
    int shown = 0;
    for (int32_t k = 0; k < s->n_shown; ++k) shown |= s->shown[k] == i;
    const uint32_t word = sim->seen[lane * sim->n_seen_word + i / 32];
    wrong += (int)(word >> (i % 32) & 1) != shown;
  }
  return wrong;
}

/// `users` on a simulator with f_sta's votes outside, preference vectors, a mask.
static void follow_lanes(throng_choice choice, int32_t sessions, int64_t *back) {
  throng_sim_def def = slate_def();
  def.mask_seen = def.preferences = true;
  def.leave_probability = 0.2f;
  def.users.choice = choice;
  def.users.choices = 2;
  def.users.no_choice = 0.3f;
  def.users.position_bias = choice == THRONG_CHOICE_MULTINOMIAL ? 0 : 0.6f;
  def.users.sessions = sessions;
  def.users.satiation = 0.3f;
  def.votes.rule = THRONG_RULE_PROBABILITY;
  def.votes.weights[THRONG_VOTE_F_STA] = 0;
  static slow_lane slow[LANES];
  fixture f;
  int32_t action[LANES * SLATE];
  int wrong = 0, partly = 0;
  ASSERT_TRUE(fixture_open(&f, &def));
  for (int lane = 0; lane < LANES; ++lane) slow_begin(&f, lane, &slow[lane]);
  for (uint32_t t = 0; t < 80; ++t) {
    throng_outcome out;
    choose(action, LANES * SLATE, t, (int32_t)f.world.n_item);
    ASSERT_OK(throng_sim_step(f.sim, action));
    ASSERT_OK(throng_sim_outcome(f.sim, &out));
    for (int32_t lane = 0; lane < LANES; ++lane) {
      slow_lane *s = &slow[lane];
      slow_step(f.sim, lane, s);
      const int32_t days = out.returned ? out.returned[lane] : 0;
      for (int k = 0; k < SLATE; ++k) partly += !out.examined[lane * SLATE + k];
      if (days > 0) {
        *back += 1;
        EXPECT_TRUE(out.left[lane] == THRONG_LEAVE_CHANCE && out.ended[lane] == THRONG_END_NONE);
        s->session = s->n;
        s->n_shown = 0;
      }
      if (out.ended[lane]) slow_begin(&f, lane, s);
      wrong += slow_compare(f.sim, lane, s);
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(partly, 500);
  // A snapshot's checks count the preference vectors anew, and look at the sessions.
  char path[4096];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_OK(throng_sim_save(f.sim, path));
  EXPECT_OK(throng_sim_restore(f.sim, path));
  fixture_close(&f);
}

TEST(slate_lanes, what_was_not_looked_at_stands_in_no_history_and_counts_as_seen) {
  int64_t back = 0;
  for (int choice = THRONG_CHOICE_EACH; choice <= THRONG_CHOICE_CASCADE; ++choice)
    follow_lanes((throng_choice)choice, 1, &back);
  EXPECT_EQ(back, 0);
}

TEST(slate_lanes, a_user_who_comes_back_keeps_the_history_and_begins_a_session_with_nothing_seen) {
  int64_t back = 0;
  for (int choice = THRONG_CHOICE_EACH; choice <= THRONG_CHOICE_CASCADE; ++choice)
    follow_lanes((throng_choice)choice, 5, &back);
  EXPECT_GT(back, 500);
}

TEST(slate_lanes, satiation_falls_with_every_step_whether_it_left_an_entry_or_not) {
  throng_sim_def def = slate_def();
  def.users.choice = THRONG_CHOICE_PLACKETT_LUCE;
  def.users.no_choice = 2;
  def.users.satiation = 0.2f;
  def.leave_probability = 0;
  def.max_steps = 100;
  def.history = 64;
  fixture f;
  static double level[LANES][16];
  int32_t action[LANES * SLATE], empty = 0;
  ASSERT_TRUE(fixture_open(&f, &def));
  const int32_t topics = (int32_t)f.world.n_category;
  memset(level, 0, sizeof level);
  for (uint32_t t = 0; t < 12; ++t) {
    choose(action, LANES * SLATE, t, (int32_t)f.world.n_item);
    ASSERT_OK(throng_sim_step(f.sim, action));
    const sim_args a = sim_make_args(f.sim);
    for (int lane = 0; lane < LANES; ++lane) {
      const users_session session = sim_session(&a, lane);
      int looked = 0;
      for (int k = 0; k < SLATE; ++k) looked += f.sim->examined[lane * SLATE + k];
      empty += looked == 0;
      for (int32_t topic = 0; topic < topics; ++topic) {
        int has = 0;
        for (int k = 0; k < SLATE; ++k)
          has |= f.sim->examined[lane * SLATE + k] &&
                 users_has_topic(&a.world, action[lane * SLATE + k], topic);
        level[lane][topic] = 0.7 * level[lane][topic] + has;
        EXPECT_NEAR(users_topic_satiation(&a.users, &a.world, &session, topic), level[lane][topic],
                    1e-5);
      }
    }
  }
  EXPECT_GT(empty, 20);
  fixture_close(&f);
}

TEST(slate_lanes, an_explanation_has_the_session_and_the_chance_of_coming_back) {
  throng_sim_def def = slate_def();
  def.leave_probability = 0.2f;
  def.users.sessions = 3;
  def.users.return_activity = 0.1f;
  fixture f;
  int32_t action[LANES * SLATE];
  int later = 0, last = 0;
  ASSERT_TRUE(fixture_open(&f, &def));
  for (uint32_t t = 0; t < 12; ++t) {
    for (int32_t lane = 0; lane < LANES; lane += 7) {
      const int32_t session = f.sim->session[lane], step = f.sim->step[lane];
      const int64_t *span = f.world.user_offset + f.sim->user[lane];
      const double n = (double)(span[1] - span[0]);
      const double mean = (double)f.world.n_interaction / (double)f.world.n_user;
      throng_explanation *why;
      ASSERT_OK(throng_sim_explain(f.sim, lane, 5, &why));
      const throng_explained_session *x = why->session;
      EXPECT_EQ(x->number, session);
      EXPECT_EQ(x->gap, f.sim->gap[lane]);
      const double shown = (step + 1 - f.sim->first_step[lane]) * SLATE;
      const double likes = (double)(f.sim->running_return[lane] - f.sim->first_return[lane]);
      for (int like = 0; like < 2; ++like) {
        const double p = 0.4 + 0.1 * (likes + like * SLATE) / shown + 0.1 * (n - mean) / (n + mean);
        const bool none = session == 2 || step + 1 == def.max_steps;
        EXPECT_NEAR(x->return_chance[like], none ? 0 : p, 1e-6);
        last += none;
      }
      later += session > 0 && session < 2;
      throng_explanation_free(why);
    }
    choose(action, LANES * SLATE, t, (int32_t)f.world.n_item);
    ASSERT_OK(throng_sim_step(f.sim, action));
  }
  EXPECT_TRUE(later > 5 && last > 1);
  fixture_close(&f);
}

// --- files, and what is refused ----------------------------------------------------------------

static throng_sim_def everything_def(void) {
  throng_sim_def def = slate_def();
  def.mask_seen = true;
  def.leave_probability = 0.2f;
  def.users.choice = THRONG_CHOICE_CASCADE;
  def.users.position_bias = 0.5f;
  def.users.sessions = 3;
  return def;
}

static void play(throng_sim *sim, uint32_t from, uint32_t to) {
  int32_t action[LANES * SLATE];
  for (uint32_t t = from; t < to; ++t) {
    choose(action, LANES * SLATE, t, (int32_t)sim->world->n_item);
    EXPECT_OK(throng_sim_step(sim, action));
  }
}

TEST(slate_lanes, a_restored_simulator_goes_on_as_it_would_have) {
  const throng_sim_def def = everything_def();
  fixture f;
  char path[4096];
  uint64_t on, again;
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_TRUE(fixture_open(&f, &def));
  play(f.sim, 0, 30);
  ASSERT_OK(throng_sim_save(f.sim, path));
  play(f.sim, 30, 60);
  ASSERT_OK(throng_sim_hash(f.sim, &on));
  throng_sim_close(f.sim);
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &f.sim));
  ASSERT_OK(throng_sim_restore(f.sim, path));
  play(f.sim, 30, 60);
  ASSERT_OK(throng_sim_hash(f.sim, &again));
  EXPECT_TRUE(on == again);
  fixture_close(&f);
}

TEST(slate_lanes, lanes_whose_sessions_do_not_fit_together_are_refused) {
  const throng_sim_def def = everything_def();
  fixture f;
  char path[4096];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_TRUE(fixture_open(&f, &def));
  play(f.sim, 0, 30);
  int lane = 0, first = 0;  // in a later session and within one; in an episode's first
  while (f.sim->session[lane] == 0 || f.sim->step[lane] == f.sim->first_step[lane]) ++lane;
  while (f.sim->session[first] > 0 || f.sim->step[first] == 0) ++first;
  const int newest = lane * def.history + (f.sim->count[lane] - 1) % def.history;
  int slot = 0;
  while (f.sim->examined[slot]) ++slot;
  struct lie {
    void *at;
    int32_t value;
    size_t bytes;
    const char *says;
  } lies[] = {
      {&f.sim->first_step[lane], f.sim->step[lane] + 1, 4, "first_step"},
      {&f.sim->session[first], 1, 4, "first_step"},
      {&f.sim->first_count[lane], f.sim->count[lane] + 1, 4, "first_count"},
      {&f.sim->first_count[lane], 0, 4, "first_count"},
      {&f.sim->gap[lane], 0, 4, "gap"},
      {&f.sim->gap[first], 2, 4, "gap"},
      {&f.sim->returned[lane], 3, 4, "gap"},
      {&f.sim->shown_at[newest], 0, 4, "shown_at"},
      {&f.sim->count[lane], f.sim->initial_count[lane] + f.sim->step[lane] * SLATE + 1, 4, "count"},
      {&f.sim->vote[slot].like, 1, 1, "examined"},
  };
  for (size_t k = 0; k < sizeof lies / sizeof *lies; ++k) {
    int32_t kept = 0;
    memcpy(&kept, lies[k].at, lies[k].bytes);
    memcpy(lies[k].at, &lies[k].value, lies[k].bytes);
    ASSERT_OK(throng_sim_save(f.sim, path));
    memcpy(lies[k].at, &kept, lies[k].bytes);
    EXPECT_EQ(throng_sim_restore(f.sim, path), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), lies[k].says);
  }
  fixture_close(&f);
}

TEST(slate_lanes, without_choices_and_returns_there_is_none_of_their_arrays) {
  throng_sim_def def = slate_def();
  def.users.temper = 3;  // other dynamics are on
  fixture f;
  throng_array array[64];
  throng_outcome out;
  ASSERT_TRUE(fixture_open(&f, &def));
  play(f.sim, 0, 1);
  ASSERT_OK(throng_sim_outcome(f.sim, &out));
  EXPECT_TRUE(!out.examined && !out.returned && out.left);
  const int64_t n = throng_sim_arrays(f.sim, 64, array);
  const char *const name[] = {"examined", "chance", "shown_at", "session", "first_step", "gap"};
  for (size_t k = 0; k < sizeof name / sizeof *name; ++k)
    EXPECT_TRUE(throng_array_find(array, n, name[k]) == NULL);
  fixture_close(&f);
  def = everything_def();
  ASSERT_TRUE(fixture_open(&f, &def));
  const int64_t all = throng_sim_arrays(f.sim, 64, array);
  for (size_t k = 0; k < sizeof name / sizeof *name; ++k) {
    const throng_array *found = throng_array_find(array, all, name[k]);
    ASSERT_TRUE(found != NULL);
    EXPECT_EQ(found->shape[0], LANES);
  }
  fixture_close(&f);
}

TEST(slate_lanes, what_contradicts_is_refused_with_what_would_help) {
  throng_world world = small_world(21, 40, 150, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
#define REFUSED(change, says)                                                               \
  {                                                                                         \
    throng_sim_def bad = slate_def();                                                       \
    change;                                                                                 \
    EXPECT_EQ(throng_sim_create(backend, &world, NULL, &bad, &sim), THRONG_ERROR_ARGUMENT); \
    EXPECT_CONTAINS(throng_error_message(), says);                                          \
  }
  REFUSED(bad.slate_size = 1; bad.users.position_bias = 1, "users.position_bias");
  REFUSED(bad.leave_probability = 0; bad.users.sessions = 2, "users.sessions");
  REFUSED(bad.users.sessions = 2; bad.mask_seen = true; bad.max_steps = 38, "sim.max_steps");
  REFUSED(bad.users.return_gap = 256, "users.return_gap");
  REFUSED(bad.users.choices = 0, "users.choices");
#undef REFUSED
  // A choice from a slate of one is a choice between it and none: allowed.
  throng_sim_def def = slate_def();
  def.slate_size = 1;
  def.users.choice = THRONG_CHOICE_MULTINOMIAL;
  ASSERT_OK(throng_sim_create(backend, &world, NULL, &def, &sim));
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&world);
}

TEST(slate_lanes, a_cascade_of_one_slot_is_that_slot_by_itself) {
  throng_sim_def def = slate_def();
  def.slate_size = 1;
  fixture f[2];
  int32_t action[LANES];
  def.votes.rule = THRONG_RULE_PROBABILITY;
  def.votes.weights[THRONG_VOTE_F_STA] = 0;
  ASSERT_TRUE(fixture_open(&f[0], &def));
  def.users.choice = THRONG_CHOICE_CASCADE;
  ASSERT_TRUE(fixture_open(&f[1], &def));
  for (uint32_t t = 0; t < 40; ++t) {
    choose(action, LANES, t, (int32_t)f[0].world.n_item);
    for (int k = 0; k < 2; ++k) ASSERT_OK(throng_sim_step(f[k].sim, action));
    for (int lane = 0; lane < LANES; ++lane) {
      EXPECT_EQ(f[1].sim->examined[lane], 1);
      EXPECT_EQ(f[0].sim->vote[lane].like, f[1].sim->vote[lane].like);
      EXPECT_EQ(f[0].sim->count[lane], f[1].sim->count[lane]);
    }
  }
  for (int k = 0; k < 2; ++k) fixture_close(&f[k]);
}
