/// The numbers of throng_metrics as lists, for everything that goes through all of them.
#ifndef THRONG_EVALUATE_METRICS_H
#define THRONG_EVALUATE_METRICS_H

#include "throng/evaluate.h"

/// X(field): single numbers, in the order in which they are written.
#define METRICS(X)      \
  X(average_reward)     \
  X(average_reward_sem) \
  X(total_reward)       \
  X(liking)             \
  X(coverage)           \
  X(gini)               \
  X(diversity)          \
  X(session_length)     \
  X(reward_per_step)    \
  X(reward_per_step_sem)
/// X(field): single numbers that only a released environment has.
#define METRICS_PUBLISHED(X) X(other_user_share) X(coin_share)
/// X(field): what throng_comparison holds.
#define COMPARISONS(X) X(random) X(myopic)
/// X(field): three numbers each, by user activity.
#define METRICS_TERCILES(X) X(tercile_reward) X(tercile_liking) X(tercile_length)

/// Every number's mean over those of `n` players that `counts` (NULL: all); the standard error of a
/// mean of such means is not theirs, so the standard errors become NaN unless one counts. All zero,
/// `episodes` too, where none counts.
throng_metrics metrics_mean(int32_t n, const throng_metrics *each, const bool *counts);

/// Share of the gap between random items and the myopic policy that an agent closes, 0-100; NaN
/// where one of the three was not evaluated or there is no gap.
double metrics_gap_closed(const throng_metrics *agent, const throng_metrics *random,
                          const throng_metrics *myopic);

#endif
