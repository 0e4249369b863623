/// A reliability diagram: what was said to be likely against how often it came true. On the
/// diagonal is who may be believed; below it who says too much.
#ifndef THRONG_REPORT_RELIABILITY_H
#define THRONG_REPORT_RELIABILITY_H

#include "report/svg.h"

/// One curve: bins with what was said, what was real, and the interval of the latter.
typedef struct reliability_curve {
  const char *name;
  double ece;  // for the legend; NaN: none
  int n;
  const double *said, *real, *low, *high;  // (n) 0 .. 1; NaN: no interval
} reliability_curve;

/// Both axes, 0 .. 1, without a place yet.
svg_axis reliability_said(void);
svg_axis reliability_real(void);
/// The diagonal and the curves within a drawing whose grid is there, and their legend in rows of
/// `in_row` from (x, y) on.
void reliability_curves(FILE *out, const svg_axis *x, const svg_axis *y, int n,
                        const reliability_curve *curve);
void reliability_legend(FILE *out, double x, double y, int in_row, int n,
                        const reliability_curve *curve);

/// Draw up to SVG_COLOURS curves into the file at `path`, atomically. `subject`: "the last
/// interactions of 500 users". Errors: IO, MEMORY.
throng_status reliability_draw(const char *path, const char *subject, int n,
                               const reliability_curve *curve);

#endif
