/// The table that ends a run: the agent beside the yardsticks. Text only; printing it is the
/// program's business.
#ifndef THRONG_REPORT_TABLE_H
#define THRONG_REPORT_TABLE_H

#include "throng/train.h"

/// "DQN", "random", "popular", "most similar", "oracle"; never NULL.
const char *policy_title(throng_policy policy);
/// The same for keys and tags: "agent", "random", "popular", "most_similar", "oracle".
const char *policy_key(throng_policy policy);
/// One row a policy that was evaluated (episodes > 0), best A.Rwd first. `*out` is malloc'd.
/// Errors: MEMORY.
throng_status report_table(const throng_train_report *report, bool unicode, char **out);
/// Share of the gap between random and the oracle that the agent closes, 0-100; NaN where one of
/// the three was not evaluated or there is no gap.
double report_gap_closed(const throng_train_report *report);

#endif
