/// What a sweep will take, before it starts.
#ifndef THRONG_SWEEP_PLAN_H
#define THRONG_SWEEP_PLAN_H

#include "sweep/sweep.h"

enum { SWEEP_MOST_COHORTS = 1000000 };  // so many, or more

typedef struct sweep_memory {
  double agent_bytes;   // of a further agent, of the largest that the space holds
  double shared_bytes;  // world, votes, evaluation
  int64_t most;         // agents that fit
  int64_t cohorts;      // kinds that cannot share a population, at most
} sweep_memory;

/// Values are tried one parameter at a time, so that of several that depend on each other the
/// largest may be missed. Errors: CONFIG, ARGUMENT (the config's own values do not do), MEMORY.
throng_status sweep_plan_memory(const sweep *s, throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, sweep_memory *out);

typedef struct sweep_time {
  int32_t agents;             // that were measured
  double step_seconds;        // of a user-step, agents side by side
  double evaluation_seconds;  // of one evaluation of one agent
  int64_t search_steps, test_steps;
  double search_seconds, test_seconds;
} sweep_time;

/// Agents of the config's own values train for a second or two in a crew where nobody is. They
/// learn from their first batch on. Errors: those of the crew.
throng_status sweep_plan_time(const sweep *s, crew *crew, const throng_progress *progress,
                              sweep_time *out);

#endif
