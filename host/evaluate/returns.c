/// Comparing players session by session.
#include "evaluate/returns.h"

#include <stdlib.h>
#include <string.h>

#include "base/statistics.h"

throng_status returns_create(int32_t n_agent, int32_t n_episode, returns_table *out) {
  const size_t n = (size_t)n_episode;
  *out = (returns_table){.n_agent = n_agent, .n_episode = n_episode};
  throng_status status;
#define TAKE(name, count) \
  THRONG_TRY_GOTO(throng_alloc((void **)&out->name, (count), sizeof(double), "returns of sessions"))
  TAKE(agent, (size_t)n_agent * n);
  TAKE(agents, n);
  TAKE(difference, n);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) TAKE(yardstick[k], n);
#undef TAKE
done:
  if (status != THRONG_OK) returns_free(out);
  return status;
}

void returns_free(returns_table *t) {
  free(t->agent);
  free(t->agents);
  free(t->difference);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) free(t->yardstick[k]);
  *t = (returns_table){0};
}

void returns_set_agent(returns_table *t, int32_t agent, const evaluator *e, int32_t block) {
  evaluator_copy_returns(e, block, t->agent + (int64_t)agent * t->n_episode);
}

void returns_join_agents(returns_table *t, const bool *counts) {
  int32_t counted = 0;
  for (int32_t k = 0; k < t->n_episode; ++k) t->agents[k] = 0;
  for (int32_t agent = 0; agent < t->n_agent; ++agent) {
    const double *own = t->agent + (int64_t)agent * t->n_episode;
    if (counts && !counts[agent]) continue;
    ++counted;
    for (int32_t k = 0; k < t->n_episode; ++k) t->agents[k] += own[k];
  }
  for (int32_t k = 0; k < t->n_episode && counted > 0; ++k) t->agents[k] /= counted;
}

void returns_take_agents(returns_table *t, const evaluator *e, const bool *counts) {
  for (int32_t agent = 0; agent < t->n_agent; ++agent) returns_set_agent(t, agent, e, agent);
  returns_join_agents(t, counts);
}

void returns_take_yardstick(returns_table *t, const evaluator *e, throng_yardstick yardstick) {
  t->n_yardstick[yardstick] = evaluator_episodes(e);
  evaluator_copy_returns(e, 0, t->yardstick[yardstick]);
}

void returns_set_yardstick(returns_table *t, throng_yardstick yardstick, int32_t n,
                           const double *returns) {
  t->n_yardstick[yardstick] = n;
  memcpy(t->yardstick[yardstick], returns, (size_t)n * sizeof *returns);
}

throng_paired paired_difference(int64_t n, const double *a, const double *b, double *difference) {
  if (n < 1) return (throng_paired){0};
  for (int64_t k = 0; k < n; ++k) difference[k] = a[k] - b[k];
  const mean_error d = mean_with_error(n, difference);
  const double half = student_quantile(n - 1) * d.sem;
  return (throng_paired){
      .sessions = n, .mean = d.mean, .sem = d.sem, .low = d.mean - half, .high = d.mean + half};
}

/// `own` (n) against a yardstick; both begin with the same sessions.
static throng_paired against(const returns_table *t, throng_yardstick other, int32_t n,
                             const double *own) {
  const int32_t both = t->n_yardstick[other] < n ? t->n_yardstick[other] : n;
  return own == t->yardstick[other]
             ? (throng_paired){0}
             : paired_difference(both, own, t->yardstick[other], t->difference);
}

static throng_comparison compare(const returns_table *t, int32_t n, const double *own) {
  return (throng_comparison){.random = against(t, THRONG_YARDSTICK_RANDOM, n, own),
                             .myopic = against(t, THRONG_YARDSTICK_MYOPIC, n, own)};
}

throng_comparison returns_compare_yardstick(const returns_table *t, throng_yardstick yardstick) {
  return compare(t, t->n_yardstick[yardstick], t->yardstick[yardstick]);
}
throng_comparison returns_compare_agent(const returns_table *t, int32_t agent) {
  return compare(t, t->n_episode, t->agent + (int64_t)agent * t->n_episode);
}
throng_comparison returns_compare_agents(const returns_table *t) {
  return compare(t, t->n_episode, t->agents);
}
