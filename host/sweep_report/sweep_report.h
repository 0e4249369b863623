/// report.html of a sweep: one file with its drawings in it, for a browser without a network, a
/// phone and a printer. Draws the numbers that it is given; computes no statistic.
#ifndef THRONG_SWEEP_REPORT_SWEEP_REPORT_H
#define THRONG_SWEEP_REPORT_SWEEP_REPORT_H

#include "statistics/statistics.h"
#include "trials/trials.h"

/// One of those that were trained again on fresh seeds.
typedef struct sweep_report_contender {
  int64_t trial;
  int64_t n_seed;
  const double *score;                 // (n_seed) on the fresh seeds, in the objective's sign
  statistics_interval iqm;             // of them
  statistics_interval improvement;     // P(better than trial 0); NaN: not known, or trial 0
  const statistics_interval *profile;  // (n_tau) share of seeds with a score above tau, or NULL
} sweep_report_contender;

/// What a sweep knows beside its trials. All zero is allowed: what is not known is not drawn.
typedef struct sweep_report_extra {
  const char *title;    // "demo: 256 trials"; NULL: the study's name
  const char *version;  // of the program
  bool running;         // more trials are to come
  double step_unit;     // user-steps between a trial's evaluations (TRIALS_PERIOD); 0: not known
  const double *steps;  // (list->n) user-steps of each trial with all its seeds; NULL: its
                        // attribute TRIALS_USER_STEPS, or its last report times step_unit
  const double *total;  // (list->n) user-steps of the whole sweep when the trial ended (now, where
                        // it runs), NaN: not known; NULL: summed in the order in which they ended
  int32_t n_rung;
  const double *rung;           // (n_rung) user-steps, rising
  const double *importance;     // (space->n) shares that sum to 1, NaN: not known; or NULL
  const char *importance_name;  // "PED-ANOVA"
  int32_t n_contender;
  const sweep_report_contender *contender;  // (n_contender)
  double level;                             // of their intervals: 0.95
  int32_t n_tau;
  const double *tau;  // (n_tau) rising
} sweep_report_extra;

/// Write the report to `path`, whole or not at all. `extra` may be NULL. Errors: IO, MEMORY.
throng_status sweep_report_write(const trials_list *list, const trials_def *def,
                                 const sweep_report_extra *extra, const char *path);

#endif
