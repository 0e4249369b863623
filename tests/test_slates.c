/// Choice models over slates and users who come back (docs/slates.md), against trajectories and
/// closed forms of independent code (tests/golden/make_choice.py).
#include <stdio.h>

#include "base/safetensors.h"
#include "support/golden_array.h"
#include "support/slate_fixture.h"

enum { DRAWS = 1000000, ITEMS = 5 };

static safetensors_file *open_golden(void) {
  safetensors_file *file = NULL;
  EXPECT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/choice.safetensors", &file));
  return file;
}

// --- trajectories ------------------------------------------------------------------------------

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
  g.array = golden_array(file, name, NULL);
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
  float *p = golden_array(file, "p", NULL), *cases = golden_array(file, "case", NULL);
  int32_t *seed = golden_array(file, "seed", NULL);
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

// --- distributions -----------------------------------------------------------------------------

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
  double *chance = golden_array(file, name, NULL), *limit = golden_array(file, "limit", NULL);
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
  float *score = golden_array(file, "score", NULL);
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
  float *score = golden_array(file, "score", NULL);
  double *attention = golden_array(file, "attention", NULL),
         *limit = golden_array(file, "limit", NULL);
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
  double *never = golden_array(file, "never", NULL), *days = golden_array(file, "days", NULL);
  const users_view rule = {.return_gap = 10};
  int64_t count[11] = {0};
  double chance[11];
  for (uint32_t lane = 0; lane < DRAWS; ++lane)
    ++count[return_day(&rule, 0.23f,
                       random_uniform(random_draw(9, RANDOM_RETURN, 0, 0, lane, 0).w[0]))];
  chance[0] = never[0];
  for (int k = 0; k < 10; ++k) chance[k + 1] = days[k] * (1 - never[0]);
  int freedom;
  double *limit = golden_array(file, "limit", NULL);
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
