/// Learning curves: each trial's reports against its user-steps.
#include <math.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "sweep_report/parts.h"

enum { MOST_CURVES = 200 };

/// User-steps of a report: the last evaluation of a trial may come before its period is over.
static double report_steps(const report *r, int64_t row, int64_t i, double unit) {
  const double steps = (double)r->list->row[row].report_step[i] * unit;
  return r->extra->step_unit > 0 ? fmin(steps, r->steps[row]) : steps;  // NaN: not known
}

/// The curve of a scored trial.
static void draw_curve(const report *r, int64_t place, const svg_axis *ax, const svg_axis *ay,
                       double unit) {
  NUMBERS_WITHOUT_LOCALE;
  const trial_row *t = &r->list->row[r->scored[place]];
  char hint[512];
  bool pen = false;
  fprintf(r->out, "<path class=\"line thin %s\" d=\"", report_shade(r, place));
  for (int64_t i = 0; i < t->n_report; ++i) {
    if (!isfinite(t->report_value[i])) continue;
    fprintf(r->out, "%c%.1f %.1f", pen ? 'L' : 'M',
            svg_place(ax, report_steps(r, r->scored[place], i, unit)),
            svg_place(ay, t->report_value[i]));
    pen = true;
  }
  fputs("\"><title>", r->out);
  report_hint(r, r->scored[place], hint, sizeof hint);
  svg_escaped(r->out, hint);
  fputs("</title></path>\n", r->out);
}

throng_status report_curves(const report *r) {
  NUMBERS_WITHOUT_LOCALE;
  const double unit = r->extra->step_unit > 0 ? r->extra->step_unit : 1;
  const int64_t every = (r->n_scored + MOST_CURVES - 1) / MOST_CURVES;
  int64_t n_point = 0, n_curve = 0, filled = 0;
  for (int64_t i = 0; i < r->n_scored; i += every) {
    n_point += r->list->row[r->scored[i]].n_report;
    n_curve += r->list->row[r->scored[i]].n_report > 0;
  }
  if (n_point == 0) return THRONG_OK;
  void *block = NULL;
  THRONG_TRY(throng_alloc(&block, (size_t)n_point, 2 * sizeof(double), "report"));
  double *x = block, *y = x + n_point;
  for (int64_t i = 0; i < r->n_scored; i += every) {
    const trial_row *t = &r->list->row[r->scored[i]];
    for (int64_t j = 0; j < t->n_report; ++j) {
      x[filled] = report_steps(r, r->scored[i], j, unit);
      y[filled++] = t->report_value[j];
    }
  }
  svg_axis ax = svg_axis_around(r->extra->step_unit > 0 ? "user-steps of the trial" : "evaluations",
                                n_point, x, false);
  svg_axis ay = svg_axis_around(r->def->metric[0], n_point, y, false);
  free(block);
  ax.count = true;
  ax.low = 0;
  char note[160];
  snprintf(note, sizeof note,
           "Each trial's evaluations; the best fifth in the warm colour. Drawn: %lld of %lld.",
           (long long)n_curve, (long long)r->n_scored);
  page_section(r->out, NULL, "Learning curves", note);
  page_figure(r->out, "curves", "Learning curves", note, &ax, &ay);
  for (int64_t i = (r->n_scored - 1) / every * every; i >= 0; i -= every)
    if (r->list->row[r->scored[i]].n_report) draw_curve(r, i, &ax, &ay, unit);
  page_figure_end(r->out);
  page_section_end(r->out);
  return THRONG_OK;
}
