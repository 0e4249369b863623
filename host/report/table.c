/// Agent and yardsticks side by side.
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "base/status.h"

static const struct {
  const char *title, *key;
} policy_name[THRONG_POLICY_COUNT] = {
    [THRONG_POLICY_AGENT] = {"DQN", "agent"},
    [THRONG_POLICY_RANDOM] = {"random", "random"},
    [THRONG_POLICY_POPULAR] = {"popular", "popular"},
    [THRONG_POLICY_MOST_SIMILAR] = {"most similar", "most_similar"},
    [THRONG_POLICY_ORACLE] = {"oracle", "oracle"},
};

const char *policy_title(throng_policy policy) {
  return (unsigned)policy < THRONG_POLICY_COUNT ? policy_name[policy].title : "unknown";
}
const char *policy_key(throng_policy policy) {
  return (unsigned)policy < THRONG_POLICY_COUNT ? policy_name[policy].key : "unknown";
}

double report_gap_closed(const throng_train_report *report) {
  const throng_metrics *agent = &report->policy[THRONG_POLICY_AGENT];
  const throng_metrics *random = &report->policy[THRONG_POLICY_RANDOM];
  const throng_metrics *oracle = &report->policy[THRONG_POLICY_ORACLE];
  if (!agent->episodes || !random->episodes || !oracle->episodes) return (double)NAN;
  double gap = oracle->average_reward - random->average_reward;
  if (!(gap > 0)) return (double)NAN;
  return 100 * (agent->average_reward - random->average_reward) / gap;
}

static void print_rule(FILE *out, bool unicode, int width) {
  for (int i = 0; i < width; ++i) fputs(unicode ? "─" : "-", out);
  fputc('\n', out);
}

throng_status report_table(const throng_train_report *report, bool unicode, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  *out = NULL;
  int order[THRONG_POLICY_COUNT], n = 0;
  for (int p = 0; p < THRONG_POLICY_COUNT; ++p) {
    if (report->policy[p].episodes <= 0) continue;
    int at = n++;
    for (;
         at > 0 && report->policy[order[at - 1]].average_reward < report->policy[p].average_reward;
         --at)
      order[at] = order[at - 1];
    order[at] = p;
  }
  size_t size;
  FILE *text = open_memstream(out, &size);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "report: no memory for its table");
  const char *plus_minus = unicode ? "±" : "+-";
  fprintf(text, "%-13s %16s %10s %9s %9s %7s %10s %7s\n", "policy", "A.Rwd", "T.Rwd", "Liking%",
          "coverage", "Gini", "diversity", "steps");
  print_rule(text, unicode, 88);
  for (int i = 0; i < n; ++i) {
    const throng_metrics *m = &report->policy[order[i]];
    fprintf(text, "%-13s %8.2f %s %*.2f %10.0f %9.2f %8.1f%% %7.3f %10.3f %7.1f\n",
            policy_title((throng_policy)order[i]), m->average_reward, plus_minus, unicode ? 5 : 4,
            m->average_reward_sem, m->total_reward, m->liking, 100 * m->coverage, m->gini,
            m->diversity, m->session_length);
  }
  bool good = !ferror(text);
  good = fclose(text) == 0 && good;
  if (good) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "report: no memory for its table");
}
