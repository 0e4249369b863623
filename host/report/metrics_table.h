/// The tables that end a run: players side by side, and in pairs of sessions. Text only; printing
/// it is the program's business.
#ifndef THRONG_REPORT_METRICS_TABLE_H
#define THRONG_REPORT_METRICS_TABLE_H

#include "base/status.h"

/// A difference to another player over pairs of sessions, with its 95 % interval; `sessions` 0:
/// none.
typedef struct metrics_pair {
  int64_t sessions;
  double mean, low, high;
} metrics_pair;

/// A player's numbers; their meaning is throng_metrics'.
typedef struct metrics_row {
  const char *title;
  const char *state;  // stands behind the title ("diverged"); NULL: nothing
  double average_reward, reward_per_step, total_reward, liking;
  double coverage, gini, diversity, session_length;
  metrics_pair against_random, against_myopic;
} metrics_row;

/// Best A.Rwd first, those without a number last; a second table where players are compared in
/// pairs. Lines have `width` characters at most, from 40 on. `*out` is malloc'd. Errors: MEMORY.
throng_status metrics_table(int n, const metrics_row *row, int width, bool unicode, char **out);

#endif
