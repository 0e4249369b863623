/// The sampler "gp" on functions whose optimum is known: it beats random search, takes cost, failed
/// and running trials into account, and survives what sweeps bring.
#include "suggest/samplers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "statistics/statistics.h"
#include "throng_test.h"

enum { MOST = 32, TRIALS = 400 };

/// A sweep without training: a space made by hand, and all trials so far.
typedef struct rig {
  space_parameter parameter[MOST];
  char name[MOST][16];
  space space;
  sampler_def def;
  void *own;
  sampler_history history;
  trial_state state[TRIALS];
  double x[TRIALS * MOST], value[TRIALS * 2], resource[TRIALS], cost[TRIALS];
} rig;

static const field plain = {.name = "number", .kind = FIELD_KIND_F64};

static rig *rig_make(int32_t n, uint32_t seed) {
  rig *r = calloc(1, sizeof *r);
  r->space = (space){.n = n, .parameter = r->parameter};
  for (int32_t k = 0; k < n; ++k) {
    snprintf(r->name[k], sizeof r->name[k], "agent.p%d", (int)(k % 1000));
    r->parameter[k] = (space_parameter){.name = r->name[k],
                                        .field = &plain,
                                        .kind = SPACE_FLOAT,
                                        .low = 0,
                                        .high = 1,
                                        .parent = -1,
                                        .initial = 0.5};
  }
  r->def = (sampler_def){.space = &r->space,
                         .n_objective = 1,
                         .seed = seed,
                         .startup_trials = 8,
                         .constant_liar = true};
  r->history = (sampler_history){.def = &r->def,
                                 .state = r->state,
                                 .x = r->x,
                                 .value = r->value,
                                 .resource = r->resource,
                                 .cost = r->cost};
  return r;
}

static void rig_begin(rig *r) { ASSERT_OK(sampler_gp.create(&r->def, &r->own)); }

static void rig_free(rig *r) {
  sampler_gp.free(r->own);
  free(r);
}

/// The next trial's point; it runs from now on.
static const double *rig_next(rig *r) {
  const int64_t k = r->history.n;
  double *x = r->x + k * r->space.n;
  bool end = true;
  EXPECT_OK(sampler_gp.suggest(r->own, &r->history, k, x, &end));
  EXPECT_FALSE(end);
  r->history.n = k + 1;
  r->state[k] = TRIAL_RUNNING;
  for (int32_t j = 0; j < r->def.n_objective; ++j)
    r->value[k * r->def.n_objective + j] = (double)NAN;
  EXPECT_OK(sampler_gp.tell(r->own, &r->history, k));
  return x;
}

static void rig_end(rig *r, int64_t k, trial_state state, double value, double cost) {
  r->state[k] = state;
  r->value[k * r->def.n_objective] = value;
  r->resource[k] = r->cost[k] = cost;
  EXPECT_OK(sampler_gp.tell(r->own, &r->history, k));
}

static double uniform(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return ((double)(*state >> 8) + 0.5) / 16777216.0;
}

static double *random_point(int32_t n, uint32_t *state, double *x) {
  for (int32_t k = 0; k < n; ++k) x[k] = uniform(state);
  return x;
}

// ---- functions to minimise over the unit cube, above their optimum ------------------------------
static double branin(const double *u) {
  const double a = 15 * u[0] - 5, b = 15 * u[1];
  const double t = b - 5.1 / (4 * M_PI * M_PI) * a * a + 5 / M_PI * a - 6;
  return t * t + 10 * (1 - 1 / (8 * M_PI)) * cos(a) + 10 - 0.397887;
}

static double hartmann(const double *u) {
  static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                 {0.05, 10, 17, 0.1, 8, 14},
                                 {3, 3.5, 1.7, 10, 17, 8},
                                 {17, 8, 0.05, 10, 0.1, 14}};
  static const double at[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                  {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                  {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                  {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  static const double height[4] = {1, 1.2, 3, 3.2};
  double sum = 3.32237;
  for (int i = 0; i < 4; ++i) {
    double square = 0;
    for (int k = 0; k < 6; ++k) square += a[i][k] * (u[k] - at[i][k]) * (u[k] - at[i][k]);
    sum -= height[i] * exp(-square);
  }
  return sum;
}

/// Four of twelve matter.
static double bowl(const double *u) {
  double sum = 0;
  for (int k = 0; k < 4; ++k) sum += (u[k] - 0.3) * (u[k] - 0.3);
  return sum;
}

typedef double (*function)(const double *u);

/// Logarithm of the least value over `trials`, by random search less by the sampler: above 0 where
/// the sampler is better.
static double lead(function f, int32_t n, uint32_t seed, int trials) {
  rig *r = rig_make(n, seed);
  rig_begin(r);
  double ours = INFINITY, random = INFINITY, x[MOST];
  uint32_t state = seed * 2654435761u;
  for (int64_t k = 0; k < trials; ++k) {
    const double value = f(rig_next(r));
    rig_end(r, k, TRIAL_COMPLETE, value, 1000);
    ours = fmin(ours, value);
    random = fmin(random, f(random_point(n, &state, x)));
  }
  rig_free(r);
  return log(fmax(random, 1e-6)) - log(fmax(ours, 1e-6));
}

static void beats_random(function f, int32_t n, int trials, double least) {
  enum { SEEDS = 10 };
  double leads[SEEDS], none[SEEDS] = {0};
  for (uint32_t s = 0; s < SEEDS; ++s) leads[s] = lead(f, n, s + 1, trials);
  statistics_interval interval;
  ASSERT_OK(statistics_paired(SEEDS, leads, none, 0.95, 10000, 1, &interval));
  EXPECT_GT(interval.low, least);
}

TEST(gp, after_40_trials_branin_is_fifty_times_nearer_than_by_random_search) {
  beats_random(branin, 2, 40, log(50));
}
TEST(gp, after_60_trials_hartmann_in_six_dimensions_is_five_times_nearer) {
  beats_random(hartmann, 6, 60, log(5));
}
TEST(gp, after_60_trials_a_bowl_in_twelve_dimensions_is_fifty_times_nearer) {
  beats_random(bowl, 12, 60, log(50));
}

// ---- cost ---------------------------------------------------------------------------------------
/// A learning curve: the score after `steps` of a trial that ends at `end`.
static double curve(double end, double steps) { return end + 20 / sqrt(steps / 1000); }

static rig *rig_of_lengths(uint32_t seed) {
  rig *r = rig_make(5, seed);
  r->parameter[2] = (space_parameter){.name = "train.steps",
                                      .field = &plain,
                                      .kind = SPACE_INT,
                                      .low = 10000,
                                      .high = 1000000,
                                      .step = 1,
                                      .log = true,
                                      .parent = -1,
                                      .initial = 100000};
  return r;
}

/// User-steps until `goal` is reached, `most` at most; by random search where `r` is NULL.
static double steps_to(double goal, double most, rig *r, uint32_t seed) {
  uint32_t state = seed * 2654435761u;
  double spent = 0, x[MOST];
  for (int64_t k = 0; spent < most && k < TRIALS; ++k) {
    const double *at = r ? rig_next(r) : random_point(5, &state, x);
    const double steps = r ? at[2] : exp(log(1e4) + at[2] * log(100));
    spent += steps;
    const double value = curve(branin(at), steps);
    if (r) rig_end(r, k, TRIAL_COMPLETE, value, steps);
    if (value <= goal) return spent;
  }
  return most;
}

TEST(gp, with_lengths_a_hundredfold_apart_it_needs_a_quarter_of_random_searchs_steps) {
  enum { SEEDS = 10 };
  double ours = 0, random = 0;
  for (uint32_t s = 1; s <= SEEDS; ++s) {
    rig *r = rig_of_lengths(s);
    rig_begin(r);
    ours += steps_to(1.3, 4e7, r, s);
    random += steps_to(1.3, 4e7, NULL, s);
    rig_free(r);
  }
  EXPECT_LT(ours, 0.25 * random);
}

TEST(gp, first_trials_are_short_and_later_ones_of_all_lengths_up_to_the_bound) {
  rig *r = rig_of_lengths(3);
  r->def.max_cost = 400000;
  rig_begin(r);
  double shortest = INFINITY, longest = 0;
  for (int64_t k = 0; k < 60; ++k) {
    const double *x = rig_next(r), steps = x[2];
    if (k < r->def.startup_trials) EXPECT_LE(steps, 10000 * pow(100, 0.26));
    EXPECT_LE(steps, 400000);
    if (k >= r->def.startup_trials) {
      shortest = fmin(shortest, steps);
      longest = fmax(longest, steps);
    }
    rig_end(r, k, TRIAL_COMPLETE, curve(branin(x), steps), steps);
  }
  EXPECT_LT(shortest, 30000);
  EXPECT_GT(longest, 250000);
  rig_free(r);
}

// ---- trials that fail, run, or were given up ----------------------------------------------------
TEST(gp, where_trials_fail_no_more_are_suggested_beyond_the_edge) {
  int early = 0, late = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    rig *r = rig_make(2, seed);
    rig_begin(r);
    // What is learned promises ever more beyond the edge of what works.
    for (int64_t k = 0; k < 100; ++k) {
      const double *x = rig_next(r);
      const bool fails = x[0] > 0.5;
      if (k < 20) early += x[0] > 0.55;
      if (k >= 60) late += x[0] > 0.55;
      rig_end(r, k, fails ? TRIAL_FAILED : TRIAL_COMPLETE, fails ? (double)NAN : 1 - x[0] + x[1],
              1000);
    }
    rig_free(r);
  }
  EXPECT_GE(early, 12);
  EXPECT_LE(late, 3);
}

/// Mean distance of 16 trials that run at once from the nearest of them.
static double distance_of_running(bool liar, uint32_t seed) {
  rig *r = rig_make(2, seed);
  r->def.constant_liar = liar;
  rig_begin(r);
  for (int64_t k = 0; k < 12; ++k) {
    const double *x = rig_next(r);
    rig_end(r, k, TRIAL_COMPLETE, branin(x), 1000);
  }
  double sum = 0;
  for (int64_t k = 12; k < 28; ++k) rig_next(r);
  for (int64_t k = 12; k < 28; ++k) {
    double nearest = INFINITY;
    for (int64_t j = 12; j < 28; ++j)
      if (j != k)
        nearest =
            fmin(nearest, hypot(r->x[2 * k] - r->x[2 * j], r->x[2 * k + 1] - r->x[2 * j + 1]));
    sum += nearest;
  }
  rig_free(r);
  return sum / 16;
}

TEST(gp, running_trials_keep_their_surroundings_to_themselves) {
  double with = 0, without = 0;
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    with += distance_of_running(true, seed);
    without += distance_of_running(false, seed);
  }
  EXPECT_GT(with, 3 * without);
}

TEST(gp, trials_given_up_early_teach_it_without_passing_for_bad_ends) {
  rig *r = rig_make(2, 9);
  rig_begin(r);
  // All but every fourth are given up after a tenth, when all look bad.
  double best = INFINITY;
  for (int64_t k = 0; k < 48; ++k) {
    const double *x = rig_next(r), steps = k % 4 ? 100000 : 1000000;
    const double value = curve(branin(x), steps);
    rig_end(r, k, k % 4 ? TRIAL_PRUNED : TRIAL_COMPLETE, value, steps);
    best = fmin(best, branin(x));
  }
  EXPECT_LT(best, 0.1);
  rig_free(r);
}

// ---- a sweep that goes on -----------------------------------------------------------------------
TEST(gp, told_the_same_a_sampler_that_was_never_asked_suggests_the_same_bits) {
  rig *r = rig_make(6, 11);
  rig_begin(r);
  void *asked = r->own, *fresh = NULL;
  int64_t order[TRIALS], n_end = 0;
  // Ends come in another order than starts.
  for (int64_t k = 0; k < 90; ++k) {
    rig_next(r);
    for (; n_end + 5 <= k; ++n_end) {
      order[n_end] = n_end ^ 1;
      rig_end(r, order[n_end], TRIAL_COMPLETE, hartmann(r->x + 6 * order[n_end]), 1000);
    }
  }
  ASSERT_OK(sampler_gp.create(&r->def, &fresh));
  for (int64_t i = 0; i < n_end; ++i) ASSERT_OK(sampler_gp.tell(fresh, &r->history, order[i]));
  double x[2][6];
  bool end;
  ASSERT_OK(sampler_gp.suggest(asked, &r->history, 90, x[0], &end));
  ASSERT_OK(sampler_gp.suggest(fresh, &r->history, 90, x[1], &end));
  EXPECT_EQ(memcmp(x[0], x[1], sizeof x[0]), 0);
  sampler_gp.free(fresh);
  rig_free(r);
}

TEST(gp, two_objectives_are_traded_against_one_another_better_than_by_random_search) {
  rig *r = rig_make(4, 13);
  r->def.n_objective = 2;
  rig_begin(r);
  double ours = 0, random = 0, x_random[MOST];
  uint32_t state = 99;
  // Distances to two points: the front is the line between them. Sums of the least regrets at 11
  // trade-offs.
  static double pair[2][60][2];
  for (int64_t k = 0; k < 60; ++k) {
    const double *points[2] = {rig_next(r), random_point(4, &state, x_random)};
    for (int who = 0; who < 2; ++who)
      for (int j = 0; j < 2; ++j) {
        double square = 0;
        for (int i = 0; i < 4; ++i) square += pow(points[who][i] - (j ? 0.8 : 0.2), 2);
        pair[who][k][j] = square;
      }
    r->value[2 * k + 1] = pair[0][k][1];
    rig_end(r, k, TRIAL_COMPLETE, pair[0][k][0], 1000);
  }
  for (int t = 0; t <= 10; ++t)
    for (int who = 0; who < 2; ++who) {
      double least = INFINITY;
      for (int64_t k = 0; k < 60; ++k)
        least = fmin(least, t / 10.0 * pair[who][k][0] + (1 - t / 10.0) * pair[who][k][1]);
      *(who ? &random : &ours) += least - 1.44 * t / 10.0 * (1 - t / 10.0);
    }
  EXPECT_LT(ours, 0.5 * random);
  rig_free(r);
}

TEST(gp, of_two_objectives_what_was_given_up_without_values_is_left_alone) {
  rig *r = rig_make(2, 17);
  r->def.n_objective = 2;
  rig_begin(r);
  int early = 0, late = 0;
  for (int64_t k = 0; k < 80; ++k) {
    const double *x = rig_next(r);
    const bool bad = x[0] > 0.4;
    if (k < 20) early += bad;
    if (k >= 60) late += bad;
    r->value[2 * k + 1] = bad ? (double)NAN : 1 - x[1];
    rig_end(r, k, bad ? TRIAL_PRUNED : TRIAL_COMPLETE, bad ? (double)NAN : x[1], bad ? 100 : 1000);
  }
  EXPECT_GE(early, 3);
  EXPECT_LE(late, 6);
  rig_free(r);
}

// ---- what sweeps bring --------------------------------------------------------------------------
static void goes_on(rig *r, int trials, double (*value)(int64_t k, const double *x)) {
  rig_begin(r);
  for (int64_t k = 0; k < trials; ++k) {
    const double *x = rig_next(r);
    for (int32_t i = 0; i < r->space.n; ++i)
      if (space_applies(&r->space, x, i)) {
        const space_parameter *p = &r->parameter[i];
        EXPECT_GE(x[i], p->kind == SPACE_CHOICE ? 0 : p->low);
        EXPECT_LE(x[i], p->kind == SPACE_CHOICE ? p->n_choice - 1 : p->high);
      } else {
        EXPECT_TRUE(isnan(x[i]));
      }
    const double y = value(k, x);
    rig_end(r, k, isfinite(y) || k % 2 ? TRIAL_COMPLETE : TRIAL_FAILED, y, k % 3 ? 0 : 1000);
  }
  rig_free(r);
}

static double constant(int64_t k, const double *x) { return (void)k, (void)x, 3.5; }
static double no_number(int64_t k, const double *x) { return (void)k, (void)x, (double)NAN; }
static double wild(int64_t k, const double *x) {
  static const double odd[] = {1e300, -1e300, 0, 1e-300, (double)INFINITY, -(double)INFINITY};
  return k % 3 ? x[0] : odd[k / 3 % 6];
}
static double slope(int64_t k, const double *x) { return (void)k, x[0]; }

TEST(gp, equal_scores_no_scores_and_wild_ones_end_in_points_of_the_space) {
  goes_on(rig_make(3, 1), 60, constant);
  goes_on(rig_make(3, 1), 60, no_number);
  goes_on(rig_make(3, 1), 60, wild);
}
TEST(gp, one_parameter_and_thirty_end_in_points_of_the_space) {
  goes_on(rig_make(1, 1), 60, slope);
  goes_on(rig_make(30, 1), 60, slope);
}
TEST(gp, one_candidate_and_thousands_end_in_points_of_the_space) {
  static const int32_t candidates[] = {1, 255, 257, 3000};
  for (int k = 0; k < 4; ++k) {
    rig *r = rig_make(3, 1);
    r->def.candidates = candidates[k];
    goes_on(r, 24, slope);
  }
}
TEST(gp, one_point_told_again_and_again_does_not_end_it) {
  rig *r = rig_make(2, 1);
  rig_begin(r);
  for (int64_t k = 0; k < 80; ++k) {
    rig_next(r);
    r->x[2 * k] = r->x[2 * k + 1] = 0.5;
    rig_end(r, k, TRIAL_COMPLETE, k % 2, 1000);
  }
  rig_next(r);
  rig_free(r);
}
TEST(gp, a_space_whose_points_are_all_tried_is_suggested_from_again) {
  rig *r = rig_make(1, 1);
  r->parameter[0] = (space_parameter){.name = "agent.n_step",
                                      .field = &plain,
                                      .kind = SPACE_INT,
                                      .low = 1,
                                      .high = 5,
                                      .step = 1,
                                      .parent = -1,
                                      .initial = 1};
  rig_begin(r);
  int tried[6] = {0};
  for (int64_t k = 0; k < 20; ++k) {
    const double x = rig_next(r)[0];
    ++tried[(int)x];
    rig_end(r, k, TRIAL_COMPLETE, x, 1000);
  }
  for (int i = 1; i <= 5; ++i) EXPECT_GE(tried[i], 1);
  rig_free(r);
}

TEST(gp, of_choices_and_what_depends_on_them_the_best_is_found) {
  static const char *const heads[] = {"\"a\"", "\"b\"", "\"c\""};
  rig *r = rig_make(3, 4);
  r->parameter[0] = (space_parameter){.name = "agent.head",
                                      .field = &plain,
                                      .kind = SPACE_CHOICE,
                                      .n_choice = 3,
                                      .choice = heads,
                                      .parent = -1,
                                      .initial = 0};
  static const double when[] = {1};
  r->parameter[1].parent = 0;
  r->parameter[1].n_when = 1;
  r->parameter[1].when = when;
  rig_begin(r);
  int late = 0;
  for (int64_t k = 0; k < 50; ++k) {
    const double *x = rig_next(r);
    EXPECT_EQ(isnan(x[1]), x[0] != 1);
    // Only under "b", and there near 0.7, are scores good.
    const double value = x[0] == 1 ? fabs(x[1] - 0.7) : 1 + 0.1 * x[2];
    if (k >= 30) late += value < 0.1;
    rig_end(r, k, TRIAL_COMPLETE, value, 1000);
  }
  EXPECT_GE(late, 10);
  rig_free(r);
}
