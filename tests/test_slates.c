/// Choice models over slates and users who come back (docs/slates.md): against trajectories and
/// closed forms of independent code (tests/golden/make_choice.py), and what follows for histories,
/// masks, snapshots.
#include <stdio.h>

#include "base/safetensors.h"
#include "sim/sim.h"
#include "support/small_world.h"
#include "throng_test.h"

enum { SLATE = 4, LANES = 32, DRAWS = 1000000, ITEMS = 5 };

static throng_backend *open_cpu(void) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend = NULL;
  def.name = "cpu";  // the tests read its memory
  EXPECT_OK(throng_backend_open(&def, &backend));
  return backend;
}

static void *golden_array(safetensors_file *file, const char *name) {
  const safetensors_tensor *t = safetensors_find(file, name);
  void *data = NULL;
  if (!t || safetensors_read_all(file, t, &data) != THRONG_OK)
    throng_test_fail(__FILE__, __LINE__, "golden tensor '%s' is missing", name);
  return data;
}

static safetensors_file *open_golden(void) {
  safetensors_file *file = NULL;
  EXPECT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/choice.safetensors", &file));
  return file;
}

typedef struct fixture {
  throng_world world;
  throng_backend *backend;
  throng_sim *sim;
} fixture;

static throng_sim_def slate_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.slate_size = SLATE;
  def.history = 16;
  def.max_steps = 12;
  def.leave_probability = 0.1f;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static bool fixture_open(fixture *f, const throng_sim_def *def) {
  memset(f, 0, sizeof *f);
  f->world = small_world(21, 40, 150, 24, 30);
  f->backend = open_cpu();
  const throng_status status = throng_sim_create(f->backend, &f->world, NULL, def, &f->sim);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static void fixture_close(fixture *f) {
  throng_sim_close(f->sim);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

static void choose(int32_t *action, int n, uint32_t step, int32_t n_item) {
  for (int k = 0; k < n; ++k)
    action[k] =
        (int32_t)random_index(random_draw(4, 77, step, (uint32_t)k, 0, 0).w[0], (uint32_t)n_item);
}

// ---- trajectories
// --------------------------------------------------------------------------------

/// What the golden file says of a case, (steps, lanes, ..).
typedef struct golden_case {
  uint8_t *examined, *like, *ended, *returned, *session, *step, *entries;
} golden_case;

#define GOLDEN_ARRAYS(X) X(examined) X(like) X(ended) X(returned) X(session) X(step) X(entries)

static golden_case read_case(safetensors_file *file, int number) {
  golden_case g;
  char name[64];
#define X(array)                                     \
  snprintf(name, sizeof name, "%d." #array, number); \
  g.array = golden_array(file, name);
  GOLDEN_ARRAYS(X)
#undef X
  return g;
}

static void free_case(golden_case *g) {
#define X(array) free(g->array);
  GOLDEN_ARRAYS(X)
#undef X
}

static throng_sim_def golden_def(const float *c, int32_t seed) {
  throng_sim_def def = slate_def();
  def.seed = (uint32_t)seed;
  def.users.choice = (throng_choice)c[0];
  def.users.no_choice = c[1];
  def.users.position_bias = c[2];
  def.users.choices = (int32_t)c[3];
  def.leave_probability = c[4];
  def.users.sessions = (int32_t)c[5];
  def.users.return_bias = c[6];
  def.users.return_reward = c[7];
  def.users.return_gap = (int32_t)c[8];
  def.max_steps = (int32_t)c[9];
  return def;
}

/// A step in which the chance of each slot's like is `p` (lanes, slate): the kernels that answer
/// and move lanes, with the votes' rule drawing from f_sta's score alone.
static void step_with(throng_sim *sim, const float *p, uint32_t t) {
  sim_args a = sim_make_args(sim);
  memset(a.rule.weights, 0, sizeof a.rule.weights);
  a.rule.weights[THRONG_VOTE_F_STA] = 1;
  a.rule.draws = 1;
  choose(sim->action, LANES * SLATE, t, (int32_t)sim->world->n_item);
  for (int lane = 0; lane < LANES; ++lane) {
    for (int k = 0; k < SLATE; ++k) sim->vote[lane * SLATE + k].p_like = p[lane * SLATE + k];
    sim_respond_row(&a, lane);
    sim_transition_row(&a, lane);
  }
}

static int compare_lane(const throng_sim *sim, const golden_case *g, int lane, int64_t at) {
  int wrong = 0, likes = 0;
  for (int k = 0; k < SLATE; ++k) {
    const int examined = sim->examined ? sim->examined[lane * SLATE + k] : 1;
    wrong += examined != g->examined[at * SLATE + k];
    wrong += sim->vote[lane * SLATE + k].like != g->like[at * SLATE + k];
    likes += g->like[at * SLATE + k];
  }
  wrong += sim->reward[lane] != (float)likes;
  wrong += sim->ended[lane] != g->ended[at];
  wrong += sim->step[lane] != g->step[at];
  wrong += sim->count[lane] - sim->initial_count[lane] != g->entries[at];
  wrong += (sim->session ? sim->session[lane] : 0) != g->session[at];
  wrong += (sim->returned ? sim->returned[lane] : 0) != g->returned[at];
  return wrong;
}

TEST(slates, trajectories_are_those_of_independent_code_with_the_same_uniforms) {
  safetensors_file *file = open_golden();
  float *p = golden_array(file, "p"), *cases = golden_array(file, "case");
  int32_t *seed = golden_array(file, "seed");
  const int64_t steps = safetensors_find(file, "p")->shape[0];
  const int64_t n_case = safetensors_find(file, "case")->shape[0];
  ASSERT_EQ(n_case, 6);
  for (int n = 0; n < n_case; ++n) {
    fixture f;
    golden_case g = read_case(file, n);
    const throng_sim_def def = golden_def(cases + n * 10, seed[0]);
    ASSERT_TRUE(fixture_open(&f, &def));
    int wrong = 0;
    for (int64_t t = 0; t < steps; ++t) {
      step_with(f.sim, p + t * LANES * SLATE, (uint32_t)t);
      for (int lane = 0; lane < LANES; ++lane)
        wrong += compare_lane(f.sim, &g, lane, t * LANES + lane);
    }
    EXPECT_EQ(wrong, 0);
    fixture_close(&f);
    free_case(&g);
  }
  free(p);
  free(cases);
  free(seed);
  safetensors_close(file);
}

// ---- distributions
// -------------------------------------------------------------------------------

/// Pearson's statistic of counts against chances, and its degrees of freedom.
static double chi_square(const int64_t *count, const double *chance, int n, int *freedom) {
  double sum = 0;
  *freedom = -1;
  for (int k = 0; k < n; ++k) {
    const double expected = chance[k] * DRAWS;
    if (!(expected > 0)) {
      EXPECT_EQ(count[k], 0);
      continue;
    }
    sum += ((double)count[k] - expected) * ((double)count[k] - expected) / expected;
    *freedom += 1;
  }
  return sum;
}

static void expect_chances(safetensors_file *file, const char *name, const int64_t *count, int n) {
  double *chance = golden_array(file, name), *limit = golden_array(file, "limit");
  int freedom;
  const double statistic = chi_square(count, chance, n, &freedom);
  ASSERT_TRUE(freedom >= 1);
  EXPECT_LT(statistic, limit[freedom - 1]);
  free(chance);
  free(limit);
}

/// Which sets of slots a race chooses, in DRAWS lanes.
static void count_sets(const users_view *rule, const float *score, int64_t *count) {
  memset(count, 0, sizeof *count << ITEMS);
  for (uint32_t lane = 0; lane < DRAWS; ++lane) {
    uint8_t examined[ITEMS] = {0};
    const vote_stream s = {9, 0, 3, lane, 0};
    choice_race(rule, &s, score, ITEMS, examined);
    int set = 0;
    for (int k = 0; k < ITEMS; ++k) set |= examined[k] << k;
    ++count[set];
  }
}

TEST(slates, choices_have_the_closed_forms_chances_over_a_million_draws) {
  safetensors_file *file = open_golden();
  float *score = golden_array(file, "score");
  int64_t count[1 << ITEMS];
  users_view rule = {.choice = THRONG_CHOICE_MULTINOMIAL, .no_choice = 0.7f};
  count_sets(&rule, score, count);
  expect_chances(file, "multinomial", count, 1 << ITEMS);
  rule.no_choice = 0;
  count_sets(&rule, score, count);
  expect_chances(file, "multinomial_forced", count, 1 << ITEMS);
  rule = (users_view){.choice = THRONG_CHOICE_PLACKETT_LUCE,
                      .choices = 3,
                      .no_choice = 0.7f,
                      .position_bias = 0.5f};
  count_sets(&rule, score, count);
  expect_chances(file, "plackett_luce", count, 1 << ITEMS);
  free(score);
  safetensors_close(file);
}

TEST(slates, a_cascade_and_position_bias_have_the_closed_forms_chances_over_a_million_draws) {
  safetensors_file *file = open_golden();
  float *score = golden_array(file, "score");
  double *attention = golden_array(file, "attention"), *limit = golden_array(file, "limit");
  const users_view cascade = {.choice = THRONG_CHOICE_CASCADE, .position_bias = 0.5f};
  const users_view each = {.choice = THRONG_CHOICE_EACH, .position_bias = 0.5f};
  int64_t liked[ITEMS + 1] = {0}, looked[ITEMS] = {0};
  for (uint32_t lane = 0; lane < DRAWS; ++lane) {
    uint8_t examined[ITEMS] = {0};
    throng_vote vote[ITEMS] = {{.like = 0}};
    const vote_stream s = {9, 0, 3, lane, 0};
    for (uint32_t k = 0; k < ITEMS; ++k)
      vote[k].like =
          (uint8_t)random_bernoulli(random_draw(9, RANDOM_ANSWER, k, 3, lane, 0).w[0], score[k]);
    choice_scan(&cascade, &s, vote, ITEMS, examined);
    int which = ITEMS;
    for (int k = ITEMS - 1; k >= 0; --k)
      if (examined[k] && vote[k].like) which = k;
    ++liked[which];
    choice_scan(&each, &s, vote, ITEMS, examined);
    for (int k = 0; k < ITEMS; ++k) looked[k] += examined[k];
  }
  expect_chances(file, "cascade", liked, ITEMS + 1);
  EXPECT_EQ(looked[0], DRAWS);
  for (int k = 1; k < ITEMS; ++k) {
    const double p = attention[k], deviation = (double)looked[k] - p * DRAWS;
    EXPECT_LT(deviation * deviation / (DRAWS * p * (1 - p)), limit[0]);
  }
  free(score);
  free(attention);
  free(limit);
  safetensors_close(file);
}

TEST(slates, users_come_back_on_kuaisims_days_and_the_rest_never_do) {
  safetensors_file *file = open_golden();
  double *never = golden_array(file, "never"), *days = golden_array(file, "days");
  const users_view rule = {.return_gap = 10};
  int64_t count[11] = {0};
  double chance[11];
  for (uint32_t lane = 0; lane < DRAWS; ++lane)
    ++count[return_day(&rule, 0.23f,
                       random_uniform(random_draw(9, RANDOM_RETURN, 0, 0, lane, 0).w[0]))];
  chance[0] = never[0];
  for (int k = 0; k < 10; ++k) chance[k + 1] = days[k] * (1 - never[0]);
  int freedom;
  double *limit = golden_array(file, "limit");
  const double statistic = chi_square(count, chance, 11, &freedom);
  EXPECT_EQ(freedom, 10);
  EXPECT_LT(statistic, limit[freedom - 1]);
  free(never);
  free(days);
  free(limit);
  safetensors_close(file);
}

TEST(slates, the_chance_of_return_is_clipped_and_grows_with_activity_and_reward) {
  users_view rule = {.return_bias = 0.4f, .return_reward = 0.1f};
  EXPECT_NEAR(return_chance(&rule, 7, 0.5f), 0.45, 1e-6);
  rule.return_activity = 0.2f;
  rule.activity = 10;
  EXPECT_NEAR(return_chance(&rule, 10, 0.5f), 0.45, 1e-6);
  EXPECT_NEAR(return_chance(&rule, 30, 0), 0.4 + 0.2 * 20 / 40, 1e-6);
  EXPECT_NEAR(return_chance(&rule, 0, 0), 0.2, 1e-6);
  rule.return_bias = 2;
  EXPECT_NEAR(return_chance(&rule, 0, 0), 0.999, 1e-6);
  rule.return_bias = -2;
  EXPECT_NEAR(return_chance(&rule, 0, 0), 0.001, 1e-6);
}

// ---- histories, masks, sessions
// ------------------------------------------------------------------

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

TEST(slates, what_was_not_looked_at_stands_in_no_history_and_counts_as_seen) {
  int64_t back = 0;
  for (int choice = THRONG_CHOICE_EACH; choice <= THRONG_CHOICE_CASCADE; ++choice)
    follow_lanes((throng_choice)choice, 1, &back);
  EXPECT_EQ(back, 0);
}

TEST(slates, a_user_who_comes_back_keeps_the_history_and_begins_a_session_with_nothing_seen) {
  int64_t back = 0;
  for (int choice = THRONG_CHOICE_EACH; choice <= THRONG_CHOICE_CASCADE; ++choice)
    follow_lanes((throng_choice)choice, 5, &back);
  EXPECT_GT(back, 500);
}

TEST(slates, satiation_falls_with_every_step_whether_it_left_an_entry_or_not) {
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

// ---- files, and what is refused
// ------------------------------------------------------------------

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

TEST(slates, a_restored_simulator_goes_on_as_it_would_have) {
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

TEST(slates, lanes_whose_sessions_do_not_fit_together_are_refused) {
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

TEST(slates, without_choices_and_returns_there_is_none_of_their_arrays) {
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

TEST(slates, what_contradicts_is_refused_with_what_would_help) {
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

TEST(slates, a_cascade_of_one_slot_is_that_slot_by_itself) {
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
