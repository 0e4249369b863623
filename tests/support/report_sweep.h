/// A sweep as a report sees it, made by hand: 4 options (one depends on another), some trials of
/// every state, and a confirmation. Whoever includes it may spoil names first.
#ifndef THRONG_TEST_REPORT_SWEEP_H
#define THRONG_TEST_REPORT_SWEEP_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep_report/sweep_report.h"

enum { SWEEP_MOST = 6000, SWEEP_SEEDS = 10, SWEEP_TAUS = 11, SWEEP_OPTIONS = 4 };

typedef struct report_sweep {
  field number;
  space_parameter parameter[SWEEP_OPTIONS];
  const char *choice[3];
  double when[1];
  space space;
  trials_def def;
  trials_list list;
  trial_row row[SWEEP_MOST];
  double x[SWEEP_MOST][SWEEP_OPTIONS], value[SWEEP_MOST][2];
  int64_t step[SWEEP_MOST][2];
  double report[SWEEP_MOST][2];
  char ended[SWEEP_MOST][32], attributes[SWEEP_MOST][96];
  double importance[SWEEP_OPTIONS], rung[3], tau[SWEEP_TAUS], score[3][SWEEP_SEEDS];
  statistics_interval profile[3][SWEEP_TAUS];
  sweep_report_contender contender[3];
  sweep_report_extra extra;
} report_sweep;

static double report_sweep_uniform(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return ((double)(*state >> 8) + 0.5) / 16777216.0;
}

static void report_sweep_trial(report_sweep *s, int64_t i, uint32_t *random) {
  trial_row *t = &s->row[i];
  double *x = s->x[i];
  x[0] = exp(log(1e-5) + report_sweep_uniform(random) * log(1e3));
  x[1] = floor(3 * report_sweep_uniform(random));
  x[2] = x[1] == 1 ? 16 + 16 * floor(8 * report_sweep_uniform(random)) : (double)NAN;
  x[3] = 0.8 + 0.199 * report_sweep_uniform(random);
  const double good =
      0.5 - 0.03 * pow(log(x[0] / 4e-4), 2) + 0.06 * (x[1] == 1) + 0.3 * (x[3] - 0.9);
  s->value[i][0] = good + 0.05 * report_sweep_uniform(random);
  s->value[i][1] = 0.2 + 0.5 * report_sweep_uniform(random) - 0.2 * good;
  const int state = (int)(i % 16);
  *t = (trial_row){.number = i, .x = x, .value = s->value[i], .ended = s->ended[i]};
  t->state = state == 7 ? TRIAL_FAILED : state % 2 ? TRIAL_PRUNED : TRIAL_COMPLETE;
  const int64_t evaluations = t->state == TRIAL_COMPLETE ? 16 : state % 4 == 1 ? 1 : 4;
  if (t->state == TRIAL_FAILED) s->value[i][0] = s->value[i][1] = (double)NAN;
  s->step[i][0] = 1, s->step[i][1] = evaluations;
  s->report[i][0] = 0.1, s->report[i][1] = s->value[i][0];
  t->n_report = 2;
  t->report_step = s->step[i];
  t->report_value = s->report[i];
  snprintf(s->ended[i], sizeof s->ended[i], "2026-11-28 %02d:%02d:%02d.000000",
           (int)(i / 3600 % 24), (int)(i / 60 % 60), (int)(i % 60));
  snprintf(s->attributes[i], sizeof s->attributes[i], "{\"user_steps\":%lld%s}",
           (long long)evaluations * 50000,
           t->state == TRIAL_FAILED ? ",\"cause\":\"the loss is no number at step 12\"" : "");
  t->attributes = s->attributes[i];
}

static void report_sweep_confirm(report_sweep *s, uint32_t *random) {
  static const double mean[] = {0.42, 0.55, 0.52};
  for (int k = 0; k < 3; ++k) {
    for (int i = 0; i < SWEEP_SEEDS; ++i)
      s->score[k][i] = mean[k] + 0.04 * (report_sweep_uniform(random) - 0.5);
    for (int i = 0; i < SWEEP_TAUS; ++i) {
      int above = 0;
      s->tau[i] = 0.4 + 0.02 * i;
      for (int j = 0; j < SWEEP_SEEDS; ++j) above += s->score[k][j] > s->tau[i];
      const double share = above / (double)SWEEP_SEEDS;
      s->profile[k][i] = (statistics_interval){share, fmax(0, share - 0.2), fmin(1, share + 0.2)};
    }
    s->contender[k] = (sweep_report_contender){
        .trial = k * 14,
        .n_seed = SWEEP_SEEDS,
        .score = s->score[k],
        .iqm = {mean[k], mean[k] - 0.0125, mean[k] + 0.0125},
        .improvement = k ? (statistics_interval){0.9375, 0.85, 0.99}
                         : (statistics_interval){(double)NAN, (double)NAN, (double)NAN},
        .profile = s->profile[k]};
  }
}

static report_sweep *report_sweep_make(int64_t n) {
  report_sweep *s = calloc(1, sizeof *s);
  uint32_t random = 3;
  s->number = (field){.name = "number", .kind = FIELD_KIND_F64};
  s->choice[0] = "\"flat\"", s->choice[1] = "\"two_tower\"", s->choice[2] = "\"sasrec\"";
  s->when[0] = 1;
  space_parameter all[SWEEP_OPTIONS] = {
      {.name = "agent.learning_rate", .kind = SPACE_FLOAT, .low = 1e-5, .high = 1e-2, .log = true},
      {.name = "agent.head", .kind = SPACE_CHOICE, .n_choice = 3, .choice = s->choice},
      {.name = "agent.width",
       .kind = SPACE_INT,
       .low = 16,
       .high = 128,
       .step = 16,
       .n_when = 1,
       .when = s->when},
      {.name = "agent.gamma", .kind = SPACE_FLOAT, .low = 0.8, .high = 0.999}};
  for (int k = 0; k < SWEEP_OPTIONS; ++k) {
    s->parameter[k] = all[k];
    s->parameter[k].field = &s->number;
    s->parameter[k].parent = k == 2 ? 1 : -1;
  }
  s->space = (space){.n = SWEEP_OPTIONS, .parameter = s->parameter};
  s->def = (trials_def){.path = "trials.db",
                        .study = "demo",
                        .space = &s->space,
                        .n_objective = 2,
                        .metric = {"A.Rwd", "A.Div"},
                        .maximise = {true, true}};
  for (int64_t i = 0; i < n; ++i) report_sweep_trial(s, i, &random);
  if (n > 3) s->row[n - 1].state = TRIAL_RUNNING, s->row[n - 1].ended = NULL;
  s->list = (trials_list){.n = n, .row = s->row};
  report_sweep_confirm(s, &random);
  const double importance[SWEEP_OPTIONS] = {0.625, 0.21, (double)NAN, 0.165};
  const double rung[3] = {50000, 200000, 800000};
  memcpy(s->importance, importance, sizeof importance);
  memcpy(s->rung, rung, sizeof rung);
  s->extra = (sweep_report_extra){.title = "demo: a sweep of four options",
                                  .version = "0.3.0",
                                  .step_unit = 50000,
                                  .n_rung = 3,
                                  .rung = s->rung,
                                  .importance = s->importance,
                                  .importance_name = "PED-ANOVA",
                                  .n_contender = 3,
                                  .contender = s->contender,
                                  .level = 0.95,
                                  .n_tau = SWEEP_TAUS,
                                  .tau = s->tau};
  return s;
}

#endif
