/// A training run while it goes on and at its end: its curve with the yardsticks as lines, and its
/// figures, live or as lines that stay.
#ifndef THRONG_CLI_TRAIN_VIEW_H
#define THRONG_CLI_TRAIN_VIEW_H

#include "cli/cli.h"
#include "report/curve.h"
#include "train/train_watch.h"

typedef struct train_view {
  const char *out;  // run folder
  bool live;        // else lines
  train_watch watch;
  // The curve: evaluations of the run so far, with those of earlier processes.
  double *x, *y;  // (n) user-steps, A.Rwd
  int64_t n;
  size_t capacity_x, capacity_y;
  curve_level level[THRONG_YARDSTICK_COUNT];
  int64_t n_level;
  train_evaluation last;   // n_agent 0: none yet; `agent` is `metrics`
  throng_metrics metrics;  // of the last evaluation
  double started, heard;   // the clock at the first evaluation of this process, and at the last
  int64_t started_at;      // user-steps at the first
} train_view;

/// Begin to watch; `wanted`: auto, live, lines or none. The view must live as long as the run.
void train_view_start(train_view *view, const char *out, cli_progress wanted);
/// The curve as it is at the end, on stdout. Errors: MEMORY.
throng_status train_view_print(const train_view *view);
void train_view_free(train_view *view);

#endif
