/// Players side by side.
#include "report/metrics_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/numbers.h"

static void print_rule(FILE *out, bool unicode, int width) {
  for (int i = 0; i < width; ++i) fputs(unicode ? "─" : "-", out);
  fputc('\n', out);
}

static bool better(const metrics_row *a, const metrics_row *b) {
  return a->average_reward > b->average_reward ||
         (isnan(b->average_reward) && !isnan(a->average_reward));
}

static void print_row(FILE *out, const metrics_row *r) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(out, "%-13s %8.2f %7.3f %10.0f %9.2f %8.1f%% %7.3f %10.3f %7.1f%s%s\n", r->title,
          r->average_reward, r->reward_per_step, r->total_reward, r->liking, 100 * r->coverage,
          r->gini, r->diversity, r->session_length, r->state ? "  " : "", r->state ? r->state : "");
}

static void print_pair(FILE *out, const metrics_pair *p) {
  NUMBERS_WITHOUT_LOCALE;
  char interval[64] = "";
  if (p->sessions > 1) snprintf(interval, sizeof interval, "[%+.2f, %+.2f]", p->low, p->high);
  if (p->sessions > 0)
    fprintf(out, " %+9.2f %-18s %6lld", p->mean, interval, (long long)p->sessions);
  else
    fprintf(out, " %9s %-18s %6s", "-", "", "-");
}

static bool compared(const metrics_row *r) {
  return r->against_random.sessions > 0 || r->against_myopic.sessions > 0;
}

/// Who earned how much more a session than whom, of those that were compared.
static void print_pairs(FILE *out, int n, const metrics_row *const *row, bool unicode) {
  int any = 0;
  for (int i = 0; i < n; ++i) any += compared(row[i]);
  if (!any) return;
  fprintf(out, "\nlikes a session more, in pairs of sessions: the same user, the same draws\n");
  fprintf(out, "%-13s %-28s %6s %-28s %6s\n", "policy", "  than random, 95 %", "pairs",
          "  than the myopic policy, 95 %", "pairs");
  print_rule(out, unicode, 85);
  for (int i = 0; i < n; ++i) {
    if (!compared(row[i])) continue;
    fprintf(out, "%-13s", row[i]->title);
    print_pair(out, &row[i]->against_random);
    print_pair(out, &row[i]->against_myopic);
    fputc('\n', out);
  }
}

throng_status metrics_table(int n, const metrics_row *row, bool unicode, char **out) {
  void *block;
  size_t size;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, (size_t)n + 1, sizeof(metrics_row *), "report"));
  const metrics_row **order = block;
  for (int i = 0; i < n; ++i) {
    int at = i;
    for (; at > 0 && better(&row[i], order[at - 1]); --at) order[at] = order[at - 1];
    order[at] = &row[i];
  }
  FILE *text = open_memstream(out, &size);
  bool good = text != NULL;
  if (good) {
    fprintf(text, "%-13s %8s %7s %10s %9s %9s %7s %10s %7s\n", "policy", "A.Rwd", "a step", "T.Rwd",
            "Liking%", "coverage", "Gini", "diversity", "steps");
    print_rule(text, unicode, 88);
    for (int i = 0; i < n; ++i) print_row(text, order[i]);
    print_pairs(text, n, order, unicode);
    good = !ferror(text);
    good = fclose(text) == 0 && good;
  }
  free(block);
  if (good) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "report: no memory for its table");
}
