/// Opens a trained run, lets its agent play sessions that are watched, popular and random items
/// beside it, and holds its votes against what real users answered.
#ifndef THRONG_RUN_REPORT_MEASURE_H
#define THRONG_RUN_REPORT_MEASURE_H

#include "run_report/measured.h"

/// Open the run in `folder`, play, ask. What cannot be done leaves its reason and is no error.
/// `agent`: of a population. `overrides`: as trained_def's, or NULL. `returns_only`: neither
/// fidelity nor explanations. `lent`: as trained_def's. Errors: CONFIG (an override that is none),
/// MEMORY, CANCELLED.
throng_status run_measures_take(const char *folder, int32_t agent, bool returns_only,
                                const char *const *overrides, bool (*stop)(void *user),
                                throng_world *lent, const throng_progress *progress,
                                run_measures *out);
void run_measures_free(run_measures *measures);

#endif
