/// A run's numbers, collected and side by side.
#include "train/train_result.h"

#include <stdio.h>
#include <stdlib.h>

#include "evaluate/metrics.h"
#include "evaluate/yardsticks.h"
#include "report/metrics_table.h"
#include "train/session.h"

enum { AGENT_ROWS = 16 };  // more agents than that are shown as their mean alone

_Static_assert((int)THRONG_YARDSTICK_COUNT <= THRONG_YARDSTICKS_MOST, "room in the report");

throng_status train_result_take(train_result *result, throng_session *session,
                                const throng_metrics *each) {
  const throng_population_stats stats = throng_session_get_stats(session);
  throng_session_get_report(session, &result->report);
  result->title = session_agent_title(session);
  THRONG_TRY(throng_alloc((void **)&result->agent, (size_t)stats.count, sizeof *result->agent,
                          "training"));
  result->n_agent = stats.count;
  THRONG_TRY(throng_alloc((void **)&result->against, (size_t)stats.count, sizeof *result->against,
                          "training"));
  for (int32_t k = 0; k < stats.count; ++k) {
    result->agent[k] =
        (train_agent){stats.state[k], stats.user_steps[k], stats.updates[k], each[k]};
    THRONG_TRY(throng_session_compare(session, k, &result->against[k]));
  }
  return THRONG_OK;
}

void train_result_free(train_result *result) {
  free(result->agent);
  free(result->against);
  *result = (train_result){0};
}

throng_comparison train_comparison(const train_result *result, int32_t k) {
  return result->against ? result->against[k] : (throng_comparison){.random = {0}};
}

const char *train_state_name(throng_agent_state state) {
  switch (state) {
    case THRONG_AGENT_LEARNING: return "learning";
    case THRONG_AGENT_STOPPED: return "stopped";
    case THRONG_AGENT_DIVERGED: return "diverged";
  }
  return "unknown";
}

int32_t train_count_state(const train_result *result, throng_agent_state state) {
  int32_t n = 0;
  for (int32_t k = 0; k < result->n_agent; ++k) n += result->agent[k].state == state;
  return n;
}

double train_gap_closed(const throng_train_report *report) {
  return metrics_gap_closed(&report->agent, &report->yardstick[THRONG_YARDSTICK_RANDOM],
                            &report->yardstick[THRONG_YARDSTICK_MYOPIC]);
}

static metrics_pair pair_of(const throng_paired *p) {
  return (metrics_pair){p->sessions, p->mean, p->low, p->high};
}

static metrics_row row_of(const char *title, const char *state, const throng_metrics *m,
                          const throng_comparison *c) {
  return (metrics_row){.title = title,
                       .state = state,
                       .average_reward = m->average_reward,
                       .reward_per_step = m->reward_per_step,
                       .total_reward = m->total_reward,
                       .liking = m->liking,
                       .coverage = m->coverage,
                       .gini = m->gini,
                       .diversity = m->diversity,
                       .session_length = m->session_length,
                       .against_random = pair_of(&c->random),
                       .against_myopic = pair_of(&c->myopic)};
}

throng_status train_table(const train_result *result, int width, bool unicode, char **out) {
  metrics_row row[1 + THRONG_YARDSTICK_COUNT + AGENT_ROWS];
  char title[AGENT_ROWS][32];
  const throng_train_report *report = &result->report;
  const bool several = result->n_agent > 1 && result->n_agent <= AGENT_ROWS;
  int n = 0;
  if (report->agent.episodes > 0)
    row[n++] = row_of(result->title, NULL, &report->agent, &report->agent_against);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k)
    if (report->yardstick[k].episodes > 0)
      row[n++] = row_of(yardstick_title((throng_yardstick)k), NULL, &report->yardstick[k],
                        &report->yardstick_against[k]);
  for (int32_t k = 0; several && k < result->n_agent; ++k) {
    const train_agent *a = &result->agent[k];
    const throng_comparison against = train_comparison(result, k);
    snprintf(title[k], sizeof title[k], "agent %d", k);
    row[n++] =
        row_of(title[k], a->state == THRONG_AGENT_LEARNING ? NULL : train_state_name(a->state),
               &a->metrics, &against);
  }
  return metrics_table(n, row, width, unicode, out);
}
