/// The returns of everybody's sessions side by side. Session k meets the same user with the same
/// draws whoever plays it, so players are compared session by session.
#ifndef THRONG_EVALUATE_RETURNS_H
#define THRONG_EVALUATE_RETURNS_H

#include "evaluate/evaluator.h"

typedef struct returns_table {
  int32_t n_agent, n_episode;
  double *agent;                                // (n_agent, n_episode)
  double *agents;                               // (n_episode) mean of the agents that count
  double *yardstick[THRONG_YARDSTICK_COUNT];    // (n_episode) each
  int32_t n_yardstick[THRONG_YARDSTICK_COUNT];  // sessions of each, from the first on; 0: none yet
  double *difference;                           // (n_episode) to work in
} returns_table;

/// Errors: MEMORY. A zeroed table may be freed.
throng_status returns_create(int32_t n_agent, int32_t n_episode, returns_table *out);
void returns_free(returns_table *t);

/// What the agents played last; `counts` (n_agent) as in evaluator_play_agents.
void returns_take_agents(returns_table *t, const evaluator *e, const bool *counts);
/// The same one by one: what `agent` played last as block `block`; then, once all have, their mean.
void returns_set_agent(returns_table *t, int32_t agent, const evaluator *e, int32_t block);
void returns_join_agents(returns_table *t, const bool *counts);
/// What a yardstick played last, in no more sessions than the agents.
void returns_take_yardstick(returns_table *t, const evaluator *e, throng_yardstick yardstick);

/// What a yardstick came to in the first `n` sessions, no more than the agents'.
void returns_set_yardstick(returns_table *t, throng_yardstick yardstick, int32_t n,
                           const double *returns);

/// By how much a yardstick, one agent, or the agents' mean is ahead of the yardsticks that have
/// played; a player is not compared with itself.
throng_comparison returns_compare_yardstick(const returns_table *t, throng_yardstick yardstick);
throng_comparison returns_compare_agent(const returns_table *t, int32_t agent);
throng_comparison returns_compare_agents(const returns_table *t);

/// Mean of a - b over `n` pairs with its error and interval; `difference` (n) is overwritten.
throng_paired paired_difference(int64_t n, const double *a, const double *b, double *difference);

#endif
