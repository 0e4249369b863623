/// The parts of a sweep's report, in the order in which a page has them.
#ifndef THRONG_SWEEP_REPORT_PARTS_H
#define THRONG_SWEEP_REPORT_PARTS_H

#include <stdio.h>

#include "report/page.h"
#include "sweep_report/sweep_report.h"

enum { MOST_DRAWN = 1000 /* trials in one drawing */ };

typedef struct report {
  FILE *out;
  const trials_list *list;
  const trials_def *def;
  const sweep_report_extra *extra;  // never NULL
  double *steps;                    // (list->n) user-steps of a trial; NaN: not known
  double *total;                    // (list->n) of the sweep at a trial's end; NaN: not known
  int64_t n_ended, *ended;          // rows in the order in which they ended
  int64_t n_ranked, *ranked;        // complete ones by the first objective, the best first
  int64_t n_scored, *scored;        // complete and pruned ones with a value, likewise
} report;

/// The values (list->n) of an objective, NaN where a trial has none.
double report_value(const report *r, int64_t row, int32_t objective);
/// Is a better than b?
bool report_better(const report *r, int32_t objective, double a, double b);
/// "trial 12: A.Rwd 0.345"
void report_hint(const report *r, int64_t row, char *text, size_t size);
/// The class of a scored trial by its place among them: "s4" for the best fifth, "s0" for the
/// worst.
const char *report_shade(const report *r, int64_t place);
/// An option's value as people write it; "" where it does not apply. Returns `text`.
const char *report_option(const space_parameter *p, double x, char *text, size_t size);

throng_status report_summary(const report *r);
throng_status report_confirmation(const report *r);
throng_status report_progress(const report *r);
throng_status report_fronts(const report *r);
throng_status report_importance(const report *r);
throng_status report_parallel(const report *r);
throng_status report_slices(const report *r);
throng_status report_rungs(const report *r);
throng_status report_curves(const report *r);
throng_status report_best(const report *r);

#endif
