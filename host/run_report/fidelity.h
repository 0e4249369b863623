/// A fidelity report's contenders as curves of a reliability diagram.
#ifndef THRONG_RUN_REPORT_FIDELITY_H
#define THRONG_RUN_REPORT_FIDELITY_H

#include "evaluate/fidelity_report.h"
#include "report/reliability.h"

/// One contender's; `value` (4, RELIABILITY_BINS) is filled and must outlive the curve.
reliability_curve fidelity_curve(const fidelity_report *r, int contender,
                                 double value[4][RELIABILITY_BINS]);
/// The ensemble, the votes and the strongest yardstick as a file of its own, atomically.
/// Errors: IO, MEMORY.
throng_status fidelity_draw(const fidelity_report *r, const char *path);

#endif
