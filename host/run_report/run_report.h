/// report.html of a training run: one file with its drawings in it, for a browser without a
/// network, a phone and a printer. A library room: it prints nothing. What is drawn is read from
/// the run's folder, and where the trained run can be opened its agent plays some sessions and its
/// votes are held against real answers; where it cannot, the page says why.
#ifndef THRONG_RUN_REPORT_RUN_REPORT_H
#define THRONG_RUN_REPORT_RUN_REPORT_H

#include "throng/world.h"

typedef struct run_report_def {
  int n_run;
  const char *const *run;  // (n_run) folders
  const char *path;        // of the page; NULL: report.html in the folder of the only run
  bool files_only;         // open no agent: only what the folders' files say
  /// "a.b=c" over the runs' configs where agents are opened, NULL-terminated (trained_def); or
  /// NULL.
  const char *const *overrides;
  bool (*stop)(void *user);  // of the backend; may be NULL
  throng_world *world;       // as trained_def.lent; NULL: each run's is read
} run_report_def;

/// Write the page of a run, or, where there are several, one page that has them beside each other;
/// whole or not at all. `*wrote` (PATH_MAX): where. Errors: ARGUMENT (no run; several without a
/// path), CONFIG (an override that is none), IO, DATA (a folder that is no run's; no row of
/// metrics), MEMORY, CANCELLED.
throng_status run_report_write(const run_report_def *def, const throng_progress *progress,
                               char *wrote);

#endif
