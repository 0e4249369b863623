/// Means over the metrics of several players.
#include "evaluate/metrics.h"

#include <math.h>

double metrics_gap_closed(const throng_metrics *agent, const throng_metrics *random,
                          const throng_metrics *myopic) {
  if (!agent->episodes || !random->episodes || !myopic->episodes) return (double)NAN;
  double gap = myopic->average_reward - random->average_reward;
  if (!(gap > 0)) return (double)NAN;
  return 100 * (agent->average_reward - random->average_reward) / gap;
}

throng_metrics metrics_mean(int32_t n, const throng_metrics *each, const bool *counts) {
  throng_metrics mean = {0};
  int32_t counted = 0;
  for (int32_t k = 0; k < n; ++k) {
    if (counts && !counts[k]) continue;
    ++counted;
    mean.episodes = each[k].episodes;
#define X(field) mean.field += each[k].field;
    METRICS(X)
    METRICS_PUBLISHED(X)
#undef X
#define X(field) \
  for (int third = 0; third < 3; ++third) mean.field[third] += each[k].field[third];
    METRICS_TERCILES(X)
#undef X
  }
  if (counted == 0) return mean;
#define X(field) mean.field /= counted;
  METRICS(X)
  METRICS_PUBLISHED(X)
#undef X
#define X(field) \
  for (int third = 0; third < 3; ++third) mean.field[third] /= counted;
  METRICS_TERCILES(X)
#undef X
  if (counted > 1) mean.average_reward_sem = mean.reward_per_step_sem = (double)NAN;
  return mean;
}
