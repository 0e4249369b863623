/// A sweep's table: redrawn in place, ten times a second at most, as wide as the terminal.
#include "cli/sweep_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/curve.h"

enum { BEST = 5 };

void sweep_table_start(const cli_run *run, sweep_table *table) {
  *table = (sweep_table){.run = run, .terminal = cli_redraws() && !run->quiet};
  table->bold = table->terminal && cli_colour(STDERR_FILENO);
  table->shown = clock_now();
}

void sweep_table_clear(sweep_table *table) {
  cli_progress_clear();
  for (; table->lines > 0; --table->lines) fprintf(stderr, "\033[A\033[K");
}

static void time_text(double seconds, char *text, size_t size) {
  const long s = (long)(seconds + 0.5);
  if (s >= 3600)
    snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

void sweep_options_text(const sweep *s, int64_t trial, char *text, size_t size) {
  const space *space = sweep_get_space(s);
  const double *x = sweep_point(s, trial);
  size_t used = 0;
  text[0] = '\0';
  for (int32_t k = 0; k < space->n && used < size; ++k) {
    char value[64];
    if (isnan(x[k])) continue;
    const space_parameter *p = &space->parameter[k];
    const char *dot = strrchr(p->name, '.');
    if (p->kind == SPACE_FLOAT)
      snprintf(value, sizeof value, "%.3g", x[k]);
    else
      space_value_text(p, x[k], value, sizeof value);
    used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? " " : "",
                             dot ? dot + 1 : p->name, value);
  }
}

/// What the rate of this process leaves to do, or "".
static void left_text(const sweep_view *v, char *text, size_t size) {
  const double rate = v->process_seconds > 0 ? (double)v->process_steps / v->process_seconds : 0;
  text[0] = '\0';
  if (rate <= 0 || v->planned_steps <= v->user_steps || v->tests_planned > 0) return;
  char time[32];
  time_text((double)(v->planned_steps - v->user_steps) / rate, time, sizeof time);
  snprintf(text, size, ", about %s left", time);
}

static void status_text(const sweep_view *v, char *text, size_t size) {
  char rate[32], steps[32], left[64];
  curve_count(v->process_seconds > 0 ? (double)v->process_steps / v->process_seconds : 0, rate);
  curve_count((double)v->user_steps, steps);
  left_text(v, left, sizeof left);
  if (v->tests_planned > 0)
    snprintf(text, size,
             "test seeds: %" PRId64 " of %" PRId64 " runs, slots in use %d of %d, %s steps/s",
             v->tests_done, v->tests_planned, v->in_use, v->slots, rate);
  else
    snprintf(text, size, "round %" PRId64 ", slots in use %d of %d, %s steps at %s/s%s", v->round,
             v->in_use, v->slots, steps, rate, left);
}

static void count_text(const sweep_view *v, char *text, size_t size) {
  snprintf(text, size,
           "%" PRId64 " trials: %" PRId64 " running, %" PRId64 " complete, %" PRId64
           " given up, %" PRId64 " failed",
           v->n_trial, v->count[TRIAL_RUNNING], v->count[TRIAL_COMPLETE], v->count[TRIAL_PRUNED],
           v->count[TRIAL_FAILED]);
}

static void draw_line(sweep_table *table, bool bold, const char *text) {
  fprintf(stderr, "\033[K%s%.*s%s\n", bold && table->bold ? "\033[1m" : "",
          cli_width(STDERR_FILENO) - 1, text, bold && table->bold ? "\033[0m" : "");
  ++table->lines;
}

/// A trial's value, or its last evaluation while it runs; NaN: none that counts.
static double standing(const sweep_trial *t) {
  return t->state == TRIAL_COMPLETE  ? t->value[0]
         : t->state == TRIAL_RUNNING ? t->last
                                     : (double)NAN;
}

/// The best so far, of those that run, too.
static int32_t find_leaders(const sweep *s, int64_t leader[BEST]) {
  const sweep_objective *objective;
  const sweep_trial *all;
  const int64_t n_trial = sweep_trials(s, &all);
  int32_t n = 0;
  sweep_objectives(s, &objective);
  for (int64_t k = 0; k < n_trial; ++k) {
    const double x = objective_signed(objective, standing(&all[k]));
    int32_t at = n;
    if (isnan(x)) continue;
    while (at > 0 && x < objective_signed(objective, standing(&all[leader[at - 1]]))) --at;
    if (at == BEST) continue;
    if (n < BEST) ++n;
    memmove(leader + at + 1, leader + at, (size_t)(n - at - 1) * sizeof *leader);
    leader[at] = k;
  }
  return n;
}

static void trial_text(const sweep *s, int64_t trial, char *text, size_t size) {
  const sweep_trial *all;
  char options[256], steps[32];
  sweep_trials(s, &all);
  sweep_options_text(s, trial, options, sizeof options);
  curve_count((double)all[trial].user_steps, steps);
  snprintf(text, size, "%6" PRId64 "  %14.6g  %7s  %s", trial, standing(&all[trial]), steps,
           options);
}

static void draw(sweep_table *table, const sweep *s, const sweep_view *v) {
  const sweep_objective *objective;
  char text[512];
  int64_t best[BEST];
  sweep_objectives(s, &objective);
  const int32_t n = find_leaders(s, best);
  sweep_table_clear(table);
  count_text(v, text, sizeof text);
  draw_line(table, false, text);
  status_text(v, text, sizeof text);
  draw_line(table, false, text);
  snprintf(text, sizeof text, "%6s  %14.14s  %7s  %s", "trial", objective->name, "steps",
           "options");
  if (n > 0) draw_line(table, true, text);
  for (int32_t k = 0; k < n; ++k) {
    trial_text(s, best[k], text, sizeof text);
    draw_line(table, false, text);
  }
}

static void print_line(const sweep *s, const sweep_view *v) {
  const sweep_trial *all;
  char status[256], best_text[64] = "";
  int64_t best;
  sweep_trials(s, &all);
  status_text(v, status, sizeof status);
  if (sweep_best(s, &best, 1) == 1)
    snprintf(best_text, sizeof best_text, ", best %.6g (trial %" PRId64 ")", all[best].value[0],
             best);
  fprintf(stderr, "%s; %" PRId64 " trials%s\n", status, v->n_trial, best_text);
}

bool sweep_table_round(void *context, const sweep *s, const sweep_view *view) {
  sweep_table *table = context;
  const double now = clock_now();
  if (cli_interrupted()) return false;
  if (table->run->quiet || now - table->shown < (table->terminal ? 0.1 : 10)) return true;
  table->shown = now;
  if (table->terminal)
    draw(table, s, view);
  else
    print_line(s, view);
  fflush(stderr);
  return true;
}

// --- the end ----------------------------------------------------------------------------------

static void print_best(const sweep *s) {
  enum { SHOWN = 10 };
  const sweep_objective *objective;
  const sweep_trial *all;
  int64_t best[SHOWN];
  const int32_t n_objective = sweep_objectives(s, &objective);
  const int32_t n = sweep_best(s, best, SHOWN);
  char text[512];
  sweep_trials(s, &all);
  if (n == 0) return;
  printf("\n%s, on the seeds that the sweep chose by:\n",
         n_objective > 1 ? "the Pareto front" : "the best trials");
  printf("%6s  %14.14s  %7s  %s\n", "trial", objective->name, "steps", "options");
  for (int32_t k = 0; k < n; ++k) {
    trial_text(s, best[k], text, sizeof text);
    printf("%.*s\n", cli_width(STDOUT_FILENO) - 1, text);
    for (int32_t o = 1; o < n_objective; ++o)
      printf("%6s  %14.6g  %s\n", "", all[best[k]].value[o], objective[o].name);
  }
}

static void print_confirmation(const sweep *s) {
  const sweep_tested *tested;
  const int32_t n = sweep_get_tested(s, &tested);
  if (n == 0) return;
  printf(
      "\nthe same on %d fresh seeds and other users: interquartile mean, 95 %% interval,\n"
      "chance to beat the config's own values (trial 0). The values above are biased:\n"
      "the sweep chose by them.\n",
      sweep_get_def(s)->test_seeds);
  printf("%6s  %10s  %-23s  %s\n", "trial", "IQM", "interval", "P(better)");
  for (int32_t k = 0; k < n; ++k) {
    const sweep_tested *t = &tested[k];
    char interval[64], better[64] = "the config's own";
    snprintf(interval, sizeof interval, "%.5g .. %.5g", t->iqm.low, t->iqm.high);
    if (t->trial != 0)
      snprintf(better, sizeof better, "%.3f (%.3f .. %.3f)", t->improvement.point,
               t->improvement.low, t->improvement.high);
    printf("%6" PRId64 "  %10.6g  %-23s  %s", t->trial, t->iqm.point, interval, better);
    if (t->n_failed > 0) printf(", %d failed", t->n_failed);
    putchar('\n');
  }
}

void sweep_print(const sweep *s) {
  sweep_view view;
  char text[256], steps[32], time[32];
  sweep_look(s, &view);
  count_text(&view, text, sizeof text);
  time_text(view.seconds, time, sizeof time);
  printf(
      "%s\n%s user-steps in %s, %" PRId64 " rounds, slots in use %.0f %%\n", text,
      cli_count(view.user_steps, steps), time, view.round,
      view.rounds_slots > 0 ? 100.0 * (double)view.rounds_used / (double)view.rounds_slots : 0.0);
  print_best(s);
  print_confirmation(s);
}
