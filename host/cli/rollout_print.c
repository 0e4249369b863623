/// What real and simulated users came to, and position by position.
#include "cli/rollout_print.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"

enum { TOGETHER = 5 };  // positions a row

static void interval(text_table *t, const rollout_value *v, bool sign) {
  if (isnan(v->value))
    text_table_put(t, "-");
  else if (isnan(v->low) && sign)
    text_table_put(t, "%+.3f", v->value);
  else if (isnan(v->low))
    text_table_put(t, "%.3f", v->value);
  else if (sign)
    text_table_put(t, "%+.3f [%+.3f, %+.3f]", v->value, v->low, v->high);
  else
    text_table_put(t, "%.3f [%.3f, %.3f]", v->value, v->low, v->high);
}

static void row(text_table *t, const rollout *r, const char *name, const rollout_value *real,
                rollout_measure k, bool sign) {
  text_table_put(t, "%s", name);
  if (real && !isnan(real->value))
    text_table_put(t, "%.3f", real->value);
  else
    text_table_put(t, "%s", "");
  interval(t, &r->mode[ROLLOUT_FORCED][k], sign);
  interval(t, &r->mode[ROLLOUT_FREE][k], sign);
  if (isnan(r->free_minus_forced[k].value))
    text_table_put(t, "%s", "");
  else
    text_table_put(t, "%+.3f", r->free_minus_forced[k].value);
}

/// Means over the users of a row's positions.
static void print_positions(const rollout *r) {
  static const char *const head[] = {"positions", "answers",    "real",    "forced",
                                     "free",      "AUC forced", "AUC free"};
  text_table t;
  putchar('\n');
  text_table_begin(&t, 7);
  for (int k = 0; k < 7; ++k) text_table_put(&t, "%s", head[k]);
  for (int first = 0; first < LATER_MOST; first += TOGETHER) {
    double users = 0, real = 0, likes[ROLLOUT_MODES] = {0}, auc[ROLLOUT_MODES] = {0}, n_auc = 0;
    int last = first;
    for (int k = first; k < first + TOGETHER && k < LATER_MOST; ++k) {
      const rollout_position *p = &r->position[k];
      const double n = (double)p->users;
      if (p->users == 0) continue;
      last = k;
      users += n;
      real += n * p->real;
      const bool has_auc = !isnan(p->auc[0]) && !isnan(p->auc[1]);
      n_auc += has_auc ? n : 0;
      for (int m = 0; m < ROLLOUT_MODES; ++m) {
        likes[m] += n * p->simulated[m];
        if (has_auc) auc[m] += n * p->auc[m];
      }
    }
    if (users == 0) break;
    text_table_put(&t, "%d to %d", first + 1, last + 1);
    text_table_put(&t, "%.0f", users);
    text_table_put(&t, "%.3f", real / users);
    for (int m = 0; m < ROLLOUT_MODES; ++m) text_table_put(&t, "%.3f", likes[m] / users);
    for (int m = 0; m < ROLLOUT_MODES; ++m)
      if (n_auc > 0)
        text_table_put(&t, "%.3f", auc[m] / n_auc);
      else
        text_table_put(&t, "-");
  }
  cli_print_table(&t);
}

void rollout_print(const rollout *r) {
  char users[32], answers[32];
  cli_say(0,
          "%s users along up to %d of their later interactions, %s in all, under rule %s; forced: "
          "the real answers are remembered; free: their own; the newest %d each",
          cli_count(r->users, users), LATER_MOST, cli_count(r->answers, answers),
          throng_rule_name(r->rule), r->def.history);
  if (!r->has_time) cli_say(0, "later in the order of the file: this world has no times");
  putchar('\n');
  static const char *const head[] = {"", "real", "forced", "free", "free - forced"};
  text_table t;
  text_table_begin(&t, 5);
  t.left[2] = t.left[3] = true;
  for (int k = 0; k < 5; ++k) text_table_put(&t, "%s", head[k]);
  row(&t, r, "like rate", &r->real_like_rate, ROLLOUT_LIKE_RATE, false);
  row(&t, r, "  simulated minus real", NULL, ROLLOUT_GAP, true);
  row(&t, r, "  in the first fifth", NULL, ROLLOUT_FIRST_GAP, true);
  row(&t, r, "  in the last fifth", NULL, ROLLOUT_LAST_GAP, true);
  row(&t, r, "AUC of the scores", NULL, ROLLOUT_AUC, false);
  row(&t, r, "  within a user", NULL, ROLLOUT_WITHIN_AUC, false);
  row(&t, r, "users' rates, correlated", NULL, ROLLOUT_CORRELATION, false);
  row(&t, r, "users all of one answer", &r->real_alike, ROLLOUT_ALIKE, false);
  cli_print_table(&t);
  print_positions(r);
}
