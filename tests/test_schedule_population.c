/// PBT and MF-PBT: who is replaced by a copy of whom, and with which options.
#include <math.h>
#include <stdlib.h>

#include "schedule/explore.h"
#include "schedule/scheduler.h"
#include "throng/sweep.h"
#include "throng_test.h"

enum { N = 7, SLOTS = 32 };
enum { GAMMA, RATE, STEPS, LOSS, WIDTH, WINDOW, TAU };

static const field number_field = {.kind = FIELD_KIND_F64};
static const char *const losses[] = {"\"huber\"", "\"mse\"", "\"other\""};
static const double no_numbers[3];
static space_parameter parameters[N] = {
    [GAMMA] =
        {.name = "agent.gamma", .field = &number_field, .low = 0.8, .high = 0.999, .parent = -1},
    [RATE] = {.name = "agent.learning_rate",
              .field = &number_field,
              .low = 1e-5,
              .high = 1e-2,
              .log = true,
              .parent = -1},
    [STEPS] = {.name = "agent.n_step",
               .field = &number_field,
               .kind = SPACE_INT,
               .low = 1,
               .high = 6,
               .step = 1,
               .parent = -1},
    [LOSS] = {.name = "agent.loss",
              .field = &number_field,
              .kind = SPACE_CHOICE,
              .n_choice = 3,
              .choice = losses,
              .choice_number = no_numbers,
              .parent = -1},
    [WIDTH] = {.name = "agent.width",
               .field = &number_field,
               .kind = SPACE_INT,
               .low = 16,
               .high = 64,
               .step = 16,
               .parent = -1,
               .structural = true},
    [WINDOW] = {.name = "agent.window",
                .field = &number_field,
                .low = 0,
                .high = 10,
                .parent = WIDTH,
                .when_low = 32,
                .when_high = 64},
    [TAU] = {.name = "agent.tau", .field = &number_field, .low = 0, .high = 1, .parent = -1},
};
static const space points = {.n = N, .parameter = parameters};

static const scheduler_def usual = {.space = &points,
                                    .study = "s",
                                    .seed = 7,
                                    .slots = SLOTS,
                                    .period = 100,
                                    .max_steps = 20000,
                                    .quantile = 0.25,
                                    .resample = 0.25,
                                    .factor_low = 0.8,
                                    .factor_high = 1.2};

/// A population between its rounds: every slot's options and value.
typedef struct population {
  scheduler *schedule;
  double x[SLOTS][N], next[SLOTS][N], value[SLOTS];
  schedule_decision decision[SLOTS];
  int64_t steps;
} population;

static void population_begin(population *p, int kind, const scheduler_def *def) {
  for (int32_t k = 0; k < SLOTS; ++k) {
    p->x[k][GAMMA] = 0.9;
    p->x[k][RATE] = 1e-3;
    p->x[k][STEPS] = 3;
    p->x[k][LOSS] = 1;
    p->x[k][WIDTH] = 16 * (1 + k % 4);
    p->x[k][WINDOW] = p->x[k][WIDTH] >= 32 ? 5 : (double)NAN;
    p->x[k][TAU] = 0;
    p->value[k] = k;
  }
  for (int32_t k = 0; k < SLOTS; ++k) space_round(&points, p->x[k]);
  p->steps = 0;
  p->schedule = NULL;
  EXPECT_OK(scheduler_create(kind, def, &p->schedule));
}

/// A round of reports; how many slots are replaced.
static int32_t population_round(population *p) {
  scheduler_report report[SLOTS];
  p->steps += usual.period;
  for (int32_t k = 0; k < SLOTS; ++k) {
    report[k] = (scheduler_report){k, k, p->steps, p->value[k], p->x[k]};
    p->decision[k].x = p->next[k];
  }
  EXPECT_OK(scheduler_round(p->schedule, SLOTS, report, p->decision));
  int32_t replaced = 0;
  for (int32_t k = 0; k < SLOTS; ++k) replaced += p->decision[k].action == SCHEDULE_REPLACE;
  return replaced;
}

/// The replaced become what the decisions say.
static void population_move(population *p) {
  for (int32_t k = 0; k < SLOTS; ++k)
    if (p->decision[k].action == SCHEDULE_REPLACE) {
      memcpy(p->x[k], p->next[k], sizeof p->x[k]);
      p->value[k] = p->value[p->decision[k].from];
    }
}

static void expect_in_space(const double *x) {
  double rounded[N];
  memcpy(rounded, x, sizeof rounded);
  space_round(&points, rounded);
  for (int32_t k = 0; k < N; ++k)
    EXPECT_TRUE(x[k] == rounded[k] || (isnan(x[k]) && isnan(rounded[k])));
}

TEST(schedule_population, the_worst_quarter_becomes_copies_of_the_best_quarter) {
  population p;
  population_begin(&p, THRONG_SCHEDULER_PBT, &usual);
  EXPECT_EQ(population_round(&p), SLOTS / 4);
  uint32_t sources = 0;
  for (int32_t k = 0; k < SLOTS; ++k) {
    EXPECT_EQ(p.decision[k].action, k >= 24 ? SCHEDULE_REPLACE : SCHEDULE_GO_ON);
    if (k < 24) continue;
    EXPECT_LT(p.decision[k].from, 8);
    sources |= 1u << p.decision[k].from;
    EXPECT_EQ(p.next[k][WIDTH], p.x[p.decision[k].from][WIDTH]);
    expect_in_space(p.next[k]);
  }
  EXPECT_NE(sources & (sources - 1), 0);  // not all of one
  scheduler_free(p.schedule);
}

TEST(schedule_population, a_quantile_is_rounded_up_to_half_at_most) {
  // Ray: ceil(5 * 0.25) = 2; of 3 with 0.5: ceil is 2, more than half, hence 1.
  const struct {
    int64_t n;
    double quantile;
    int32_t replaced;
  } cases[] = {{5, 0.25, 2}, {3, 0.5, 1}, {2, 0.25, 1}, {1, 0.5, 0}, {8, 0, 0}};
  for (int c = 0; c < 5; ++c) {
    scheduler_def def = usual;
    def.quantile = cases[c].quantile;
    population p;
    population_begin(&p, THRONG_SCHEDULER_PBT, &def);
    scheduler_report report[8];
    for (int32_t k = 0; k < cases[c].n; ++k) {
      report[k] = (scheduler_report){k, k, 100, k, p.x[k]};
      p.decision[k].x = p.next[k];
    }
    EXPECT_OK(scheduler_round(p.schedule, cases[c].n, report, p.decision));
    int32_t replaced = 0;
    for (int32_t k = 0; k < cases[c].n; ++k) replaced += p.decision[k].action == SCHEDULE_REPLACE;
    EXPECT_EQ(replaced, cases[c].replaced);
    scheduler_free(p.schedule);
  }
}

TEST(schedule_population, nothing_is_copied_while_all_are_alike) {
  population p;
  population_begin(&p, THRONG_SCHEDULER_PBT, &usual);
  for (int32_t k = 0; k < SLOTS; ++k) p.value[k] = 1.5;
  EXPECT_EQ(population_round(&p), 0);
  scheduler_free(p.schedule);
  population_begin(&p, THRONG_SCHEDULER_MF_PBT, &usual);
  for (int32_t k = 0; k < SLOTS; ++k) p.value[k] = 1.5;
  for (int r = 0; r < 50; ++r) EXPECT_EQ(population_round(&p), 0);
  scheduler_free(p.schedule);
}

TEST(schedule_population, what_has_no_number_is_replaced_and_never_copied) {
  const int kinds[] = {THRONG_SCHEDULER_PBT, THRONG_SCHEDULER_MF_PBT};
  for (int c = 0; c < 2; ++c) {
    population p;
    population_begin(&p, kinds[c], &usual);
    // All of the last sub-population, and one of the first.
    for (int32_t k = 24; k < SLOTS; ++k) p.value[k] = (double)NAN;
    p.value[0] = (double)NAN;
    population_round(&p);
    for (int32_t k = 0; k < SLOTS; ++k) {
      if (isnan(p.value[k])) EXPECT_EQ(p.decision[k].action, SCHEDULE_REPLACE);
      if (p.decision[k].action == SCHEDULE_REPLACE)
        EXPECT_FALSE(isnan(p.value[p.decision[k].from]));
    }
    for (int32_t k = 0; k < SLOTS; ++k) p.value[k] = (double)NAN;
    EXPECT_EQ(population_round(&p), 0);
    scheduler_free(p.schedule);
  }
}

TEST(schedule_population, exploits_wait_for_burn_in_and_interval_and_stop_before_the_end) {
  scheduler_def def = usual;
  def.min_steps = 500;
  def.interval = 300;
  def.max_steps = 1100;
  population p;
  population_begin(&p, THRONG_SCHEDULER_PBT, &def);
  for (int64_t steps = 100; steps <= 1100; steps += 100)
    EXPECT_EQ(population_round(&p) > 0, steps == 500 || steps == 800);
  scheduler_free(p.schedule);
}

/// Over many exploits: what becomes of one option of the copies.
static void explored(const scheduler_def *def, int32_t option, double *before, double *after) {
  population p;
  population_begin(&p, THRONG_SCHEDULER_PBT, def);
  int32_t n = 0;
  while (n < 400) {
    population_round(&p);
    for (int32_t k = 24; k < SLOTS && n < 400; ++k, ++n) {
      before[n] = p.x[p.decision[k].from][option];
      after[n] = p.next[k][option];
    }
  }
  scheduler_free(p.schedule);
}

TEST(schedule_population, what_hangs_on_an_explored_option_is_drawn_for_the_value_it_got) {
  space_parameter two[] = {parameters[STEPS], parameters[WINDOW]};
  two[1].parent = 0;
  two[1].when_low = two[1].when_high = 5;  // 3 * 1.5, on its grid
  const space both = {.n = 2, .parameter = two};
  const double parent[] = {3, (double)NAN};
  scheduler_def def = usual;
  def.space = &both;
  def.resample = 0;
  def.factor_low = 0.5;
  def.factor_high = 1.5;
  int32_t higher = 0;
  for (int32_t slot = 0; slot < 64; ++slot) {
    double x[2];
    explore(&def, 1, slot, parent, x);
    EXPECT_EQ(isnan(x[1]), x[0] != 5);
    if (x[0] != 5) continue;
    ++higher;
    EXPECT_NE(x[1], two[1].initial);
  }
  EXPECT_TRUE(higher > 16 && higher < 48);
}

TEST(schedule_population, options_are_perturbed_by_two_factors_and_gamma_by_its_distance_to_1) {
  scheduler_def def = usual;
  def.resample = 0;
  double before[400], after[400];
  int32_t lower = 0, higher = 0;
  explored(&def, RATE, before, after);
  for (int k = 0; k < 400; ++k) {
    lower += fabs(after[k] - 8e-4) < 1e-12;
    higher += fabs(after[k] - 1.2e-3) < 1e-12;
  }
  EXPECT_EQ(lower + higher, 400);
  EXPECT_GT(lower, 150);
  EXPECT_GT(higher, 150);
  explored(&def, GAMMA, before, after);
  for (int k = 0; k < 400; ++k)
    EXPECT_NEAR(fabs(after[k] - 0.9), 0.02, 1e-12);  // 1 - 0.1 * 0.8 or 1.2
  explored(&def, STEPS, before, after);
  for (int k = 0; k < 400; ++k) EXPECT_EQ(fabs(after[k] - 3), 1);
  explored(&def, LOSS, before, after);
  for (int k = 0; k < 400; ++k) EXPECT_EQ(fabs(after[k] - 1), 1);
}

TEST(schedule_population, an_integer_at_2_is_not_held_there_by_rounding) {
  scheduler_def def = usual;
  def.resample = 0;
  population p;
  population_begin(&p, THRONG_SCHEDULER_PBT, &def);
  for (int32_t k = 0; k < SLOTS; ++k) p.x[k][STEPS] = 2;
  population_round(&p);
  for (int32_t k = 24; k < SLOTS; ++k) EXPECT_EQ(fabs(p.next[k][STEPS] - 2), 1);
  scheduler_free(p.schedule);
}

TEST(schedule_population, a_zero_that_no_factor_moves_is_drawn_anew) {
  scheduler_def def = usual;
  def.resample = 0;
  double before[400], after[400], sum = 0;
  explored(&def, TAU, before, after);
  for (int k = 0; k < 400; ++k) sum += after[k];
  EXPECT_NEAR(sum / 400, 0.5, 0.05);
}

TEST(schedule_population, a_quarter_of_the_options_is_drawn_anew) {
  double before[400], after[400];
  explored(&usual, RATE, before, after);
  int32_t anew = 0;
  for (int k = 0; k < 400; ++k)
    anew += fabs(after[k] - 8e-4) > 1e-12 && fabs(after[k] - 1.2e-3) > 1e-12;
  EXPECT_NEAR(anew / 400., 0.25, 0.07);
}

TEST(schedule_population, options_stay_in_their_ranges_over_a_whole_run) {
  const int kinds[] = {THRONG_SCHEDULER_PBT, THRONG_SCHEDULER_MF_PBT};
  for (int c = 0; c < 2; ++c) {
    population p;
    population_begin(&p, kinds[c], &usual);
    int32_t replaced = 0;
    for (int r = 0; r < 190; ++r) {
      // The value is a place in the space, so that the population runs into its corners.
      for (int32_t k = 0; k < SLOTS; ++k)
        p.value[k] = -p.x[k][RATE] - p.x[k][GAMMA] * 0.01 + 1e-9 * k;
      replaced += population_round(&p);
      for (int32_t k = 0; k < SLOTS; ++k) {
        if (p.decision[k].action != SCHEDULE_REPLACE) continue;
        expect_in_space(p.next[k]);
        EXPECT_EQ(p.next[k][WIDTH], p.x[p.decision[k].from][WIDTH]);
        EXPECT_NE(p.decision[p.decision[k].from].action, SCHEDULE_REPLACE);
      }
      population_move(&p);
    }
    EXPECT_GT(replaced, 300);
    double best = 0;
    for (int32_t k = 0; k < SLOTS; ++k) best = fmax(best, p.x[k][RATE]);
    EXPECT_GT(best, 9e-3);  // from 1e-3 to the bound at 1e-2
    scheduler_free(p.schedule);
  }
}

TEST(schedule_population, a_schedule_repeats_and_depends_on_its_seed) {
  population p, q, r;
  scheduler_def other = usual;
  other.seed = 8;
  population_begin(&p, THRONG_SCHEDULER_MF_PBT, &usual);
  population_begin(&q, THRONG_SCHEDULER_MF_PBT, &usual);
  population_begin(&r, THRONG_SCHEDULER_MF_PBT, &other);
  int32_t differ = 0;
  for (int k = 0; k < 60; ++k) {
    EXPECT_EQ(population_round(&p), population_round(&q));
    population_round(&r);
    for (int32_t slot = 0; slot < SLOTS; ++slot) {
      EXPECT_EQ(p.decision[slot].from, q.decision[slot].from);
      if (p.decision[slot].action != SCHEDULE_REPLACE) continue;
      EXPECT_EQ(memcmp(p.next[slot], q.next[slot], sizeof p.next[slot]), 0);
      differ += memcmp(p.next[slot], r.next[slot], sizeof p.next[slot]) != 0;
    }
    population_move(&p);
    population_move(&q);
    population_move(&r);
  }
  EXPECT_GT(differ, 10);
  scheduler_free(p.schedule);
  scheduler_free(q.schedule);
  scheduler_free(r.schedule);
}

// --- MF-PBT: sub-populations 0-7, 8-15, 16-23, 24-31; 200 exploits: every 1, 10, 25, 50
// -----------

TEST(schedule_population, sub_populations_evolve_at_their_own_frequencies) {
  const int32_t every[] = {1, 10, 25, 50};
  population p;
  population_begin(&p, THRONG_SCHEDULER_MF_PBT, &usual);
  for (int exploit = 1; exploit <= 100; ++exploit) {
    population_round(&p);
    for (int32_t part = 0; part < 4; ++part) {
      int32_t replaced = 0;
      for (int32_t k = 8 * part; k < 8 * part + 8; ++k)
        replaced += p.decision[k].action == SCHEDULE_REPLACE;
      EXPECT_EQ(replaced > 0, exploit % every[part] == 0);
    }
  }
  scheduler_free(p.schedule);
}

TEST(schedule_population, migrants_from_slower_ones_bring_their_options_and_others_do_not) {
  population p;
  population_begin(&p, THRONG_SCHEDULER_MF_PBT, &usual);
  for (int32_t k = 0; k < SLOTS; ++k) {
    p.x[k][WIDTH] = 64;
    p.x[k][RATE] = 1e-4 * (k + 1);
  }
  // In the 50th round all evolve. The best of all are in sub-population 1 (every 10), slots 8, 9.
  for (int32_t k = 8; k < 16; ++k) p.value[k] = k - 100;
  for (int r = 1; r < 50; ++r) population_round(&p);
  population_round(&p);
  // The third quarter of the fastest: slots 4 and 5, from the slower one's winners, options too.
  for (int32_t k = 4; k < 6; ++k) {
    EXPECT_EQ(p.decision[k].action, SCHEDULE_REPLACE);
    EXPECT_EQ(p.decision[k].from, 8 + k - 4);
    EXPECT_EQ(p.next[k][RATE], p.x[8 + k - 4][RATE]);
  }
  // The third quarter of the slowest: the same weights, with the options of its own best, slot 24.
  for (int32_t k = 28; k < 30; ++k) {
    EXPECT_EQ(p.decision[k].from, 8 + k - 28);
    EXPECT_EQ(p.next[k][RATE], p.x[24][RATE]);
  }
  // That of the best sub-population has nobody better elsewhere.
  for (int32_t k = 12; k < 14; ++k) EXPECT_EQ(p.decision[k].action, SCHEDULE_GO_ON);
  scheduler_free(p.schedule);
}

TEST(schedule_population, a_migrants_shape_comes_with_its_weights) {
  population p;
  population_begin(&p, THRONG_SCHEDULER_MF_PBT, &usual);
  for (int32_t k = 0; k < SLOTS; ++k) {
    p.x[k][WIDTH] = k < 8 ? 16 : 64;
    p.x[k][WINDOW] = k < 8 ? (double)NAN : 5;
    p.x[k][RATE] = k < 8 ? 1e-3 : 5e-3;
  }
  for (int r = 0; r < 10; ++r) population_round(&p);
  // Sub-population 1's third quarter takes weights of the first's, width 16, no window.
  EXPECT_EQ(p.decision[12].from, 0);
  EXPECT_EQ(p.next[12][WIDTH], 16);
  EXPECT_TRUE(isnan(p.next[12][WINDOW]));
  EXPECT_EQ(p.next[12][RATE], 5e-3);
  scheduler_free(p.schedule);
}

TEST(schedule_population, a_short_run_still_has_every_sub_population_evolve) {
  scheduler_def def = usual;
  def.max_steps = 2000;  // 20 exploits
  population p;
  population_begin(&p, THRONG_SCHEDULER_MF_PBT, &def);
  int32_t turns[4] = {0};
  for (int r = 1; r < 20; ++r) {
    population_round(&p);
    for (int32_t part = 0; part < 4; ++part)
      turns[part] += p.decision[8 * part + 7].action == SCHEDULE_REPLACE;
  }
  EXPECT_EQ(turns[0], 19);
  EXPECT_GE(turns[3], 3);
  EXPECT_GT(turns[1], turns[2]);
  EXPECT_GT(turns[2], turns[3]);
  scheduler_free(p.schedule);
}

TEST(schedule_population, populations_that_cannot_be_are_refused) {
  scheduler *s;
  scheduler_def def = usual;
  def.slots = 1;
  EXPECT_EQ(scheduler_create(THRONG_SCHEDULER_PBT, &def, &s), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sweep.slots: a population needs 2 at least");
  def = usual;
  def.factor_low = 1.1;
  EXPECT_EQ(scheduler_create(THRONG_SCHEDULER_PBT, &def, &s), THRONG_ERROR_ARGUMENT);
  def = usual;
  def.quantile = 0.6;
  EXPECT_EQ(scheduler_create(THRONG_SCHEDULER_MF_PBT, &def, &s), THRONG_ERROR_ARGUMENT);
  EXPECT_TRUE(scheduler_is_population(THRONG_SCHEDULER_MF_PBT));
  EXPECT_FALSE(scheduler_is_population(THRONG_SCHEDULER_HYPERBAND));
  EXPECT_EQ(scheduler_steps(THRONG_SCHEDULER_PBT, &usual, 500), SLOTS * 20000);
}
