/// The table that ends a run: players side by side. Text only; printing it is the program's
/// business.
#ifndef THRONG_REPORT_TABLE_H
#define THRONG_REPORT_TABLE_H

#include "base/status.h"

/// A player's numbers; their meaning is throng_metrics'.
typedef struct table_row {
  const char *title;
  const char *state;  // stands behind the numbers ("diverged"); NULL: nothing
  double average_reward, average_reward_sem, total_reward, liking;
  double coverage, gini, diversity, session_length;
} table_row;

/// Best A.Rwd first, those without a number last. `*out` is malloc'd. Errors: MEMORY.
throng_status table_render(int n, const table_row *row, bool unicode, char **out);

#endif
