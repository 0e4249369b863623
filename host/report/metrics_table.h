/// The table that ends a run: players side by side. Text only; printing it is the program's
/// business.
#ifndef THRONG_REPORT_METRICS_TABLE_H
#define THRONG_REPORT_METRICS_TABLE_H

#include "base/status.h"

/// A player's numbers; their meaning is throng_metrics'.
typedef struct metrics_row {
  const char *title;
  const char *state;  // stands behind the numbers ("diverged"); NULL: nothing
  double average_reward, average_reward_sem, total_reward, liking;
  double coverage, gini, diversity, session_length;
} metrics_row;

/// Best A.Rwd first, those without a number last. `*out` is malloc'd. Errors: MEMORY.
throng_status metrics_table(int n, const metrics_row *row, bool unicode, char **out);

#endif
