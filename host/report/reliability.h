/// A reliability diagram: what was said to be likely against how often it came true. On the
/// diagonal is who may be believed; below it who says too much.
#ifndef THRONG_REPORT_RELIABILITY_H
#define THRONG_REPORT_RELIABILITY_H

#include "base/status.h"

/// One curve: bins with what was said, what was real, and the interval of the latter.
typedef struct reliability_curve {
  const char *name;
  double ece;  // for the legend; NaN: none
  int n;
  const double *said, *real, *low, *high;  // (n) 0 .. 1; NaN: no interval
} reliability_curve;

/// Draw up to SVG_COLOURS curves into the file at `path`, atomically. `subject`: "the last
/// interactions of 500 users". Errors: IO, MEMORY.
throng_status reliability_draw(const char *path, const char *subject, int n,
                               const reliability_curve *curve);

#endif
