/// What a training run comes to, for whoever prints it: the public report, and each agent's own.
#ifndef THRONG_TRAIN_TRAIN_RESULT_H
#define THRONG_TRAIN_TRAIN_RESULT_H

#include "throng/train.h"

/// An agent at the end of its run.
typedef struct train_agent {
  throng_agent_state state;
  int64_t user_steps, updates;  // of its own clock
  throng_metrics metrics;       // of the last evaluation
} train_agent;

typedef struct train_result {
  throng_train_report report;
  const char *title;           // what tables call the agents: "DQN"
  int32_t n_agent;             // 0 before anything was made
  train_agent *agent;          // (n_agent)
  throng_comparison *against;  // (n_agent) each against the yardsticks; NULL: none was compared
} train_result;

/// Of agent k; empty where none was compared.
throng_comparison train_comparison(const train_result *result, int32_t k);
/// Take what a session came to; `each` (count): its last evaluation. Errors: MEMORY.
throng_status train_result_take(train_result *result, throng_session *session,
                                const throng_metrics *each);
void train_result_free(train_result *result);

/// "learning", "stopped", "diverged"; never NULL.
const char *train_state_name(throng_agent_state state);
int32_t train_count_state(const train_result *result, throng_agent_state state);
/// Share of the gap between random and the myopic policy that the agents close, see
/// metrics_gap_closed.
double train_gap_closed(const throng_train_report *report);
/// The tables that end a run: the agents' mean beside the yardsticks; up to 16 agents in rows of
/// their own, with their state where they do not learn; in lines of `width` characters at most.
/// `*out` is malloc'd. Errors: MEMORY.
throng_status train_table(const train_result *result, int width, bool unicode, char **out);

#endif
