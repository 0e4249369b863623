/// Looks on while the agent plays: which keywords decide answers, and a few sessions with reasons.
#ifndef THRONG_RUN_REPORT_WATCH_H
#define THRONG_RUN_REPORT_WATCH_H

#include "run_report/measured.h"

typedef struct watcher watcher;

/// Fills `to`; sessions are those of the evaluator's `episodes` lanes. Errors: MEMORY.
throng_status watcher_create(run_measures *to, int32_t episodes, watcher **out);
void watcher_free(watcher *w);
/// As evaluator_watch's.
throng_status watcher_shown(void *context, throng_sim *sim, const int32_t *shown,
                            const uint8_t *ended);
throng_status watcher_answered(void *context, throng_sim *sim, const int32_t *shown,
                               const uint8_t *ended);

#endif
