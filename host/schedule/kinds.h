/// What a scheduler is made of: one table of functions each. The tables are beside their rules.
#ifndef THRONG_SCHEDULE_KINDS_H
#define THRONG_SCHEDULE_KINDS_H

#include "schedule/scheduler.h"

typedef struct scheduler_ops {
  const char *name;
  bool population;
  /// The def was checked; `own` keeps a copy.
  throng_status (*create)(const scheduler_def *def, void **own);
  void (*free)(void *own);
  throng_status (*round)(void *own, int64_t n, const scheduler_report *report,
                         schedule_decision *decision);
  int64_t (*steps)(const scheduler_def *def, int64_t trials);
} scheduler_ops;

extern const scheduler_ops scheduler_none, scheduler_asha, scheduler_hyperband, scheduler_pbt,
    scheduler_mf_pbt;

/// User-steps of the first report at or past `steps`.
int64_t scheduler_report_at(const scheduler_def *def, double steps);

#endif
