/// What a sweep has come to: counts, the best value over user-steps, rungs, fronts.
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "suggest/pareto.h"
#include "sweep_report/parts.h"

static int64_t count(const report *r, trial_state state) {
  int64_t n = 0;
  for (int64_t i = 0; i < r->list->n; ++i) n += r->list->row[i].state == state;
  return n;
}

/// Why trials failed, the usual causes first: at most four are named.
static void write_causes(const report *r) {
  enum { MOST = 4 };
  cJSON *cause[MOST] = {NULL};
  int64_t times[MOST] = {0};
  int n = 0;
  for (int64_t i = 0; i < r->list->n; ++i) {
    const trial_row *t = &r->list->row[i];
    if (t->state != TRIAL_FAILED || !t->attributes) continue;
    cJSON *json = cJSON_Parse(t->attributes);
    cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(json, TRIALS_CAUSE);
    cJSON_Delete(json);
    int k = 0;
    while (k < n && cJSON_IsString(item) && strcmp(cause[k]->valuestring, item->valuestring)) ++k;
    if (cJSON_IsString(item) && k < n) ++times[k];
    if (!cJSON_IsString(item) || k < n || n == MOST) {
      cJSON_Delete(item);
      continue;
    }
    cause[n] = item;
    times[n++] = 1;
  }
  for (int k = 0; k < n; ++k) {
    fprintf(r->out, "<p class=\"small\">%lld failed: ", (long long)times[k]);
    svg_escaped(r->out, cause[k]->valuestring);
    fputs("</p>\n", r->out);
    cJSON_Delete(cause[k]);
  }
}

throng_status report_summary(const report *r) {
  double total = 0;
  bool known = false;
  char text[32];
  for (int64_t i = 0; i < r->list->n; ++i)
    if (!isnan(r->steps[i])) total += r->steps[i], known = true;
  fprintf(r->out, "<p>%lld trials: %lld complete, %lld pruned, %lld failed, %lld running",
          (long long)r->list->n, (long long)count(r, TRIAL_COMPLETE),
          (long long)count(r, TRIAL_PRUNED), (long long)count(r, TRIAL_FAILED),
          (long long)(count(r, TRIAL_RUNNING) + count(r, TRIAL_WAITING)));
  if (known) fprintf(r->out, "; %s user-steps", svg_number(total, true, text));
  fputs(r->extra->running ? ". The sweep goes on.</p>\n" : ".</p>\n", r->out);
  if (r->n_ranked) {
    fputs(r->def->n_objective > 1 ? "<p>Best of the sweep by the first objective: "
                                  : "<p>Best of the sweep: ",
          r->out);
    char hint[512];
    report_hint(r, r->ranked[0], hint, sizeof hint);
    svg_escaped(r->out, hint);
    fputs(r->extra->n_contender
              ? ". That is a maximum over many trials; what it is worth stands below.</p>\n"
              : ". That is a maximum over many trials: train it again on fresh seeds before it is "
                "believed.</p>\n",
          r->out);
  } else {
    fputs("<p>No trial is complete.</p>\n", r->out);
  }
  write_causes(r);
  return THRONG_OK;
}

// ---- the best so far ----------------------------------------------------------------------------
/// One drawing: every ended trial as a point, the best complete one so far as a line. `x`, `y`,
/// `best` (n_ended)
static void draw_best(const report *r, int32_t objective, double *x, double *y, double *best) {
  bool by_steps = false;
  for (int64_t i = 0; i < r->n_ended; ++i) {
    x[i] = r->total[r->ended[i]];
    by_steps |= x[i] > 0;
  }
  double so_far = (double)NAN;
  for (int64_t i = 0; i < r->n_ended; ++i) {
    const int64_t row = r->ended[i];
    if (!by_steps) x[i] = (double)(i + 1);
    y[i] = report_value(r, row, objective);
    if (r->list->row[row].state == TRIAL_COMPLETE && isfinite(y[i]) &&
        (isnan(so_far) || report_better(r, objective, y[i], so_far)))
      so_far = y[i];
    best[i] = so_far;
  }
  svg_axis ax = svg_axis_around(by_steps ? "user-steps of the sweep" : "trials that ended",
                                r->n_ended, x, false);
  svg_axis ay = svg_axis_around(r->def->metric[objective], r->n_ended, y, false);
  ax.count = true;
  ax.low = 0;
  char id[32], hint[512];
  snprintf(id, sizeof id, "best%d", (int)objective);
  page_figure(r->out, id, "Best value so far",
              "Each ended trial's value against the user-steps of the sweep at its end, and the "
              "best complete trial so far as a line.",
              &ax, &ay);
  const int64_t every = r->n_ended / (2 * MOST_DRAWN) + 1;
  for (int64_t i = 0; i < r->n_ended; ++i) {
    const bool complete = r->list->row[r->ended[i]].state == TRIAL_COMPLETE;
    const bool new_best = i == 0 ? isfinite(best[0]) : best[i] == y[i] && !(best[i - 1] == best[i]);
    if (!isfinite(y[i]) || (i % every && !new_best)) continue;
    report_hint(r, r->ended[i], hint, sizeof hint);
    svg_point(r->out, complete ? "c0" : "hollow c6", svg_place(&ax, x[i]), svg_place(&ay, y[i]),
              2.5, hint);
  }
  svg_line(r->out, "c1", &ax, &ay, r->n_ended, x, best, true);
  static const char *const style[] = {"c1", "c0", "hollow c6"};
  static const char *const name[] = {"best so far", "complete", "pruned"};
  svg_legend(r->out, PAGE_WIDE - 240, 14, 3, style, name);
  page_figure_end(r->out);
}

throng_status report_progress(const report *r) {
  if (r->n_ended == 0) return THRONG_OK;
  void *block = NULL;
  const size_t n = (size_t)r->n_ended;
  THRONG_TRY(throng_alloc(&block, n, 3 * sizeof(double), "report"));
  double *x = block;
  page_section(r->out, NULL, "Best value so far", NULL);
  for (int32_t j = 0; j < r->def->n_objective; ++j) draw_best(r, j, x, x + n, x + 2 * n);
  page_section_end(r->out);
  free(block);
  return THRONG_OK;
}

// ---- fronts -------------------------------------------------------------------------------------
/// Two columns of all trials with both numbers known, and which of them no other beats. `pair`
/// (list->n, 2): what is drawn, `small` likewise with signs turned so that small is good.
static throng_status draw_front(const report *r, const char *id, const char *title, svg_axis ax,
                                svg_axis ay, const double *pair, const double *small) {
  const int64_t n = r->list->n;
  void *front_block = NULL, *line_block = NULL;
  throng_status status;
  int64_t n_front = 0, n_line = 0;
  THRONG_TRY_GOTO(throng_alloc(&front_block, (size_t)n, sizeof(bool), "report"));
  THRONG_TRY_GOTO(pareto_front(n, 2, small, front_block, &n_front));
  THRONG_TRY_GOTO(throng_alloc(&line_block, (size_t)n_front + 1, 2 * sizeof(double), "report"));
  const bool *front = front_block;
  double *line_x = line_block, *line_y = line_x + n_front;
  char hint[512];
  page_figure(r->out, id, title,
              "Each complete trial as a point; those that no other beats in both are joined.", &ax,
              &ay);
  const int64_t every = n / (2 * MOST_DRAWN) + 1;
  for (int64_t i = 0; i < n; ++i) {
    if (isnan(pair[2 * i]) || isnan(pair[2 * i + 1])) continue;
    if (!front[i] && i % every) continue;
    report_hint(r, i, hint, sizeof hint);
    svg_point(r->out, front[i] ? "c1" : "c0", svg_place(&ax, pair[2 * i]),
              svg_place(&ay, pair[2 * i + 1]), front[i] ? 4 : 2.5, hint);
    if (!front[i]) continue;
    int64_t at = n_line++;
    for (; at > 0 && line_x[at - 1] > pair[2 * i]; --at)
      line_x[at] = line_x[at - 1], line_y[at] = line_y[at - 1];
    line_x[at] = pair[2 * i], line_y[at] = pair[2 * i + 1];
  }
  svg_line(r->out, "thin c1", &ax, &ay, n_line, line_x, line_y, false);
  page_figure_end(r->out);
done:
  free(front_block);
  free(line_block);
  return status;
}

/// The front of first objective and cost (`other` -1), or of the first objective and another.
static throng_status one_front(const report *r, int32_t other, double *work) {
  const int64_t n = r->list->n;
  double *pair = work, *small = pair + 2 * n, *x = small + 2 * n, *y = x + n;
  char id[32], title[256];
  for (int64_t i = 0; i < n; ++i) {
    const bool complete = r->list->row[i].state == TRIAL_COMPLETE;
    const double cost = other < 0 ? r->steps[i] : report_value(r, i, other);
    pair[2 * i] = x[i] = complete ? cost : (double)NAN;
    pair[2 * i + 1] = y[i] = complete && !isnan(cost) ? report_value(r, i, 0) : (double)NAN;
    small[2 * i] = other >= 0 && r->def->maximise[other] ? -x[i] : x[i];
    small[2 * i + 1] = r->def->maximise[0] ? -y[i] : y[i];
  }
  svg_axis ax = svg_axis_around(other < 0 ? "user-steps of the trial" : r->def->metric[other], n, x,
                                other < 0);
  svg_axis ay = svg_axis_around(r->def->metric[0], n, y, false);
  ax.count = other < 0;
  snprintf(id, sizeof id, "front%d", (int)other + 1);
  snprintf(title, sizeof title, "Front of %s and %s", r->def->metric[0],
           other < 0 ? "cost" : r->def->metric[other]);
  return draw_front(r, id, title, ax, ay, pair, small);
}

static bool costs_differ(const report *r) {
  double least = INFINITY, most = 0;
  for (int64_t i = 0; i < r->n_ranked; ++i) {
    least = fmin(least, r->steps[r->ranked[i]]);
    most = fmax(most, r->steps[r->ranked[i]]);
  }
  return most > 1.01 * least;
}

throng_status report_fronts(const report *r) {
  const bool cost = costs_differ(r);
  if (r->n_ranked == 0 || (!cost && r->def->n_objective == 1)) return THRONG_OK;
  void *work = NULL;
  throng_status status = THRONG_OK;
  THRONG_TRY(throng_alloc(&work, (size_t)r->list->n, 6 * sizeof(double), "report"));
  page_section(r->out, NULL, "Pareto front",
               "Complete trials; those that no other beats in both are joined.");
  if (cost) status = one_front(r, -1, work);
  for (int32_t j = 1; j < r->def->n_objective && status == THRONG_OK; ++j)
    status = one_front(r, j, work);
  page_section_end(r->out);
  free(work);
  return status;
}

// ---- rungs --------------------------------------------------------------------------------------
throng_status report_rungs(const report *r) {
  NUMBERS_WITHOUT_LOCALE;
  enum { MOST = 16 };
  const int32_t n = r->extra->n_rung < MOST ? r->extra->n_rung : MOST;
  if (n == 0) return THRONG_OK;
  double reached[MOST + 1] = {0};
  char text[MOST][32], hint[96];
  const char *name[MOST];
  for (int32_t k = 0; k < n; ++k) {
    for (int64_t i = 0; i < r->list->n; ++i) reached[k] += r->steps[i] >= r->extra->rung[k];
    name[k] = svg_number(r->extra->rung[k], true, text[k]);
  }
  svg_axis x = {.label = "user-steps", .low = -0.6, .high = n - 0.4, .name = name, .n_name = n};
  svg_axis y = svg_axis_around("trials that reached it", n + 1, reached, false);
  y.low = 0;
  y.high *= 1.1;  // for the numbers above the bars
  page_section(r->out, NULL, "Rungs", NULL);
  page_figure(r->out, "rungs", "Rungs",
              "How many trials were trained for at least as many user-steps.", &x, &y);
  for (int32_t k = 0; k < n; ++k) {
    const double top = svg_place(&y, reached[k]), width = 0.7 * (x.to - x.from) / n;
    snprintf(hint, sizeof hint, "%.0f trials reached %s user-steps", reached[k], name[k]);
    svg_bar(r->out, "c0", svg_place(&x, k) - width / 2, top, width, y.from - top, hint);
    snprintf(hint, sizeof hint, "%.0f", reached[k]);
    svg_text(r->out, "middle", svg_place(&x, k), top - 4, hint);
  }
  page_figure_end(r->out);
  page_section_end(r->out);
  return THRONG_OK;
}
