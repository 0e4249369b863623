/// Players side by side.
#include "report/metrics_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/text_table.h"

static bool better(const metrics_row *a, const metrics_row *b) {
  return a->average_reward > b->average_reward ||
         (isnan(b->average_reward) && !isnan(a->average_reward));
}

static void put_row(text_table *t, const metrics_row *r) {
  if (r->state)
    text_table_put(t, "%s, %s", r->title, r->state);
  else
    text_table_put(t, "%s", r->title);
  text_table_put(t, "%.2f", r->average_reward);
  text_table_put(t, "%.3f", r->reward_per_step);
  text_table_put(t, "%.0f", r->total_reward);
  text_table_put(t, "%.2f", r->liking);
  text_table_put(t, "%.1f%%", 100 * r->coverage);
  text_table_put(t, "%.3f", r->gini);
  text_table_put(t, "%.3f", r->diversity);
  text_table_put(t, "%.1f", r->session_length);
}

static throng_status print_numbers(FILE *out, int n, const metrics_row *const *row, int width,
                                   bool unicode) {
  static const char *const head[] = {"policy",   "A.Rwd", "a step",    "T.Rwd", "Liking%",
                                     "coverage", "Gini",  "diversity", "steps"};
  enum { COLUMNS = sizeof head / sizeof *head };
  text_table t;
  text_table_begin(&t, COLUMNS);
  for (int c = 0; c < COLUMNS; ++c) text_table_put(&t, "%s", head[c]);
  for (int i = 0; i < n; ++i) put_row(&t, row[i]);
  return text_table_print(&t, width, unicode, out);
}

static void put_pair(text_table *t, const metrics_pair *p) {
  if (p->sessions > 1)
    text_table_put(t, "%+.2f [%+.2f, %+.2f]", p->mean, p->low, p->high);
  else if (p->sessions > 0)
    text_table_put(t, "%+.2f", p->mean);
  else
    text_table_put(t, "-");
  if (p->sessions > 0)
    text_table_put(t, "%lld", (long long)p->sessions);
  else
    text_table_put(t, "-");
}

static bool compared(const metrics_row *r) {
  return r->against_random.sessions > 0 || r->against_myopic.sessions > 0;
}

/// Who earned how much more a session than whom, of those that were compared.
static throng_status print_pairs(FILE *out, int n, const metrics_row *const *row, int width,
                                 bool unicode) {
  int any = 0;
  text_table t;
  for (int i = 0; i < n; ++i) any += compared(row[i]);
  if (!any) return THRONG_OK;
  fputc('\n', out);
  text_fold("likes a session more, in pairs of sessions: the same user, the same draws", width, 2,
            out);
  static const char *const head[] = {"policy", "than random, 95 %", "pairs", "than myopic, 95 %",
                                     "pairs"};
  text_table_begin(&t, 5);
  t.left[1] = t.left[3] = true;
  for (int c = 0; c < 5; ++c) text_table_put(&t, "%s", head[c]);
  for (int i = 0; i < n; ++i) {
    if (!compared(row[i])) continue;
    text_table_put(&t, "%s", row[i]->title);
    put_pair(&t, &row[i]->against_random);
    put_pair(&t, &row[i]->against_myopic);
  }
  return text_table_print(&t, width, unicode, out);
}

throng_status metrics_table(int n, const metrics_row *row, int width, bool unicode, char **out) {
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
    good = print_numbers(text, n, order, width, unicode) == THRONG_OK &&
           print_pairs(text, n, order, width, unicode) == THRONG_OK;
    good = !ferror(text) && good;
    good = fclose(text) == 0 && good;
  }
  free(block);
  if (good) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "report: no memory for its table");
}
