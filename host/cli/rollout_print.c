/// What real and simulated users came to, and position by position.
#include "cli/rollout_print.h"

#include <math.h>
#include <stdio.h>

#include "cli/cli.h"

enum { TOGETHER = 5 };  // positions a row

static void interval(const rollout_value *v, bool sign) {
  char text[64];
  if (isnan(v->value))
    snprintf(text, sizeof text, "-");
  else if (isnan(v->low))
    snprintf(text, sizeof text, sign ? "%+.3f" : "%.3f", v->value);
  else
    snprintf(text, sizeof text, sign ? "%+.3f [%+.3f, %+.3f]" : "%.3f [%.3f, %.3f]", v->value,
             v->low, v->high);
  printf("%-25s", text);
}

static void row(const rollout *r, const char *name, const rollout_value *real, rollout_measure k,
                bool sign) {
  printf("%-24s", name);
  if (real && !isnan(real->value))
    printf("%-7.3f", real->value);
  else
    printf("%-7s", "");
  interval(&r->mode[ROLLOUT_FORCED][k], sign);
  interval(&r->mode[ROLLOUT_FREE][k], sign);
  if (!isnan(r->free_minus_forced[k].value)) printf("%+.3f", r->free_minus_forced[k].value);
  putchar('\n');
}

/// Means over the users of a row's positions.
static void print_positions(const rollout *r) {
  printf("\n%-12s %8s %8s %8s %8s %14s %10s\n", "positions", "answers", "real", "forced", "free",
         "AUC forced", "AUC free");
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
    char name[32];
    snprintf(name, sizeof name, "%d to %d", first + 1, last + 1);
    printf("%-12s %8.0f %8.3f %8.3f %8.3f", name, users, real / users, likes[0] / users,
           likes[1] / users);
    if (n_auc > 0)
      printf(" %14.3f %10.3f\n", auc[0] / n_auc, auc[1] / n_auc);
    else
      printf(" %14s %10s\n", "-", "-");
  }
}

void rollout_print(const rollout *r) {
  char users[32], answers[32];
  printf("%s users along up to %d of their later interactions, %s in all, under rule %s;\n",
         cli_count(r->users, users), LATER_MOST, cli_count(r->answers, answers),
         throng_rule_name(r->rule));
  printf("forced: the real answers are remembered; free: their own; the newest %d each\n",
         r->def.history);
  if (!r->has_time) puts("later in the order of the file: this world has no times");
  putchar('\n');
  printf("%-24s%-7s%-25s%-25s%s\n", "", "real", "forced", "free", "free - forced");
  row(r, "like rate", &r->real_like_rate, ROLLOUT_LIKE_RATE, false);
  row(r, "  simulated minus real", NULL, ROLLOUT_GAP, true);
  row(r, "  in the first fifth", NULL, ROLLOUT_FIRST_GAP, true);
  row(r, "  in the last fifth", NULL, ROLLOUT_LAST_GAP, true);
  row(r, "AUC of the scores", NULL, ROLLOUT_AUC, false);
  row(r, "  within a user", NULL, ROLLOUT_WITHIN_AUC, false);
  row(r, "users' rates, correlated", NULL, ROLLOUT_CORRELATION, false);
  row(r, "users all of one answer", &r->real_alike, ROLLOUT_ALIKE, false);
  print_positions(r);
}
