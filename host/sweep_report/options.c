/// How values depend on options: importance, parallel coordinates, slices, the table of the best.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "sweep_report/parts.h"

enum { BEST_ROWS = 20, MOST_LINES = 400, COLUMN = 92 /* pixels between two coordinates */ };

// ---- importance ---------------------------------------------------------------------------------
throng_status report_importance(const report *r) {
  NUMBERS_WITHOUT_LOCALE;
  const double *share = r->extra->importance;
  const int32_t n = r->def->space->n;
  int32_t order[SPACE_MOST], n_known = 0;
  if (!share) return THRONG_OK;
  for (int32_t k = 0; k < n; ++k) {
    if (!isfinite(share[k])) continue;
    int32_t at = n_known++;
    for (; at > 0 && share[order[at - 1]] < share[k]; --at) order[at] = order[at - 1];
    order[at] = k;
  }
  if (n_known == 0) return THRONG_OK;
  const double high = 24.0 * n_known + 30, most = fmax(share[order[0]], 1e-9);
  const char *name = r->extra->importance_name;
  page_section(r->out, NULL, "Importance of options", name);
  page_drawing(r->out, "importance", PAGE_WIDE, high, "Importance of options",
               "A bar for each option: its share of what explains the values.");
  for (int32_t i = 0; i < n_known; ++i) {
    const double y = 12 + 24.0 * i, width = 170 * share[order[i]] / most;
    char text[32];
    snprintf(text, sizeof text, "%.3f", share[order[i]]);
    svg_bar(r->out, "c0", 190, y, width, 16, NULL);
    svg_text(r->out, "end", 184, y + 12, r->def->space->parameter[order[i]].name);
    svg_text(r->out, "start", 196 + width, y + 12, text);
  }
  page_figure_end(r->out);
  page_section_end(r->out);
  return THRONG_OK;
}

// ---- parallel coordinates -----------------------------------------------------------------------
static const char *last_word(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot ? dot + 1 : name;
}

/// An option's coordinate: its name above, its range beside it. Names alternate in height.
static void draw_coordinate(const report *r, int32_t k, double x, double top, double bottom) {
  NUMBERS_WITHOUT_LOCALE;
  const space_parameter *p = &r->def->space->parameter[k];
  char text[128];
  fprintf(r->out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1f\"/>\n", x, bottom, top);
  svg_text(r->out, "middle", x, k % 2 ? top - 22 : top - 8, last_word(p->name));
  if (p->kind == SPACE_CHOICE) {
    for (int32_t j = 0; j < p->n_choice && p->n_choice <= 12; ++j) {
      report_option(p, j, text, sizeof text);
      svg_text(r->out, "start", x + 4, bottom + (top - bottom) * space_to_unit(p, j) + 4, text);
    }
    return;
  }
  svg_text(r->out, "middle", x, bottom + 14, svg_number(p->low, false, text));
  svg_text(r->out, "start", x + 4, top + 10, svg_number(p->high, false, text));
}

static void draw_trial(const report *r, int64_t place, const svg_axis *value, double top,
                       double bottom) {
  NUMBERS_WITHOUT_LOCALE;
  const space *s = r->def->space;
  const int64_t row = r->scored[place];
  const double *x = r->list->row[row].x;
  char hint[512];
  bool pen = false;
  fprintf(r->out, "<path class=\"line thin %s\" d=\"", report_shade(r, place));
  for (int32_t k = 0; k < s->n; ++k) {
    if (isnan(x[k])) continue;  // the option does not apply: the line passes it by
    const double u = fmin(fmax(space_to_unit(&s->parameter[k], x[k]), 0), 1);
    fprintf(r->out, "%c%d %.1f", pen ? 'L' : 'M', COLUMN / 2 + k * COLUMN,
            bottom + (top - bottom) * u);
    pen = true;
  }
  fprintf(r->out, "%c%d %.1f\"><title>", pen ? 'L' : 'M', COLUMN / 2 + s->n * COLUMN,
          svg_place(value, report_value(r, row, 0)));
  report_hint(r, row, hint, sizeof hint);
  svg_escaped(r->out, hint);
  fputs("</title></path>\n", r->out);
}

throng_status report_parallel(const report *r) {
  NUMBERS_WITHOUT_LOCALE;
  const space *s = r->def->space;
  if (r->n_scored == 0) return THRONG_OK;
  const double top = 48, bottom = 290, width = COLUMN * (s->n + 1);
  double ends[2] = {report_value(r, r->scored[0], 0),
                    report_value(r, r->scored[r->n_scored - 1], 0)};
  svg_axis value = svg_axis_around(NULL, 2, ends, false);
  value.from = bottom, value.to = top;
  char text[32], note[160];
  const int64_t every = (r->n_scored + MOST_LINES - 1) / MOST_LINES;
  snprintf(note, sizeof note,
           "A line a trial, through its options to its value; the best fifth in the warm colour. "
           "Drawn: %lld of %lld.",
           (long long)((r->n_scored + every - 1) / every), (long long)r->n_scored);
  page_section(r->out, NULL, "Parallel coordinates", note);
  page_drawing(r->out, "parallel", fmax(width, PAGE_WIDE), 312, "Parallel coordinates", note);
  for (int64_t i = (r->n_scored - 1) / every * every; i >= 0; i -= every)
    draw_trial(r, i, &value, top, bottom);
  for (int32_t k = 0; k < s->n; ++k) draw_coordinate(r, k, COLUMN / 2.0 + k * COLUMN, top, bottom);
  const double x = COLUMN / 2.0 + s->n * COLUMN;
  fprintf(r->out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1f\"/>\n", x, bottom, top);
  svg_text(r->out, "end", x + COLUMN / 2.0 - 4, s->n % 2 ? top - 22 : top - 8, r->def->metric[0]);
  double tick[SVG_MOST_TICKS];
  const int n = svg_ticks(&value, 6, tick);
  for (int k = 0; k < n; ++k)
    svg_text(r->out, "start", x + 4, svg_place(&value, tick[k]) + 4,
             svg_number(tick[k], false, text));
  page_figure_end(r->out);
  page_section_end(r->out);
  return THRONG_OK;
}

// ---- slices -------------------------------------------------------------------------------------
/// Value against one option. `x`, `y` (n_scored)
static void draw_slice(const report *r, int32_t k, double *x, double *y) {
  const space_parameter *p = &r->def->space->parameter[k];
  char id[32], hint[512], text[32][64];
  const char *name[32];
  for (int64_t i = 0; i < r->n_scored; ++i) {
    x[i] = r->list->row[r->scored[i]].x[k];
    y[i] = isnan(x[i]) ? (double)NAN : report_value(r, r->scored[i], 0);
  }
  svg_axis ax = svg_axis_around(p->name, r->n_scored, x, p->log);
  svg_axis ay = svg_axis_around(r->def->metric[0], r->n_scored, y, false);
  if (p->kind == SPACE_CHOICE && p->n_choice <= 32) {
    for (int32_t j = 0; j < p->n_choice; ++j) {
      name[j] = report_option(p, j, text[j], sizeof text[j]);
    }
    ax.name = name, ax.n_name = p->n_choice;
    ax.low = -0.5, ax.high = p->n_choice - 0.5;
  }
  ax.count = p->kind == SPACE_INT && p->high >= 10000;
  snprintf(id, sizeof id, "slice%d", (int)k);
  page_figure(r->out, id, p->name, "The value of each trial against one option.", &ax, &ay);
  const int64_t every = r->n_scored / MOST_DRAWN + 1;
  for (int64_t i = (r->n_scored - 1) / every * every; i >= 0; i -= every) {
    if (isnan(x[i])) continue;
    report_hint(r, r->scored[i], hint, sizeof hint);
    svg_point(r->out, report_shade(r, i), svg_place(&ax, x[i]), svg_place(&ay, y[i]), 2.5, hint);
  }
  page_figure_end(r->out);
}

throng_status report_slices(const report *r) {
  if (r->n_scored == 0) return THRONG_OK;
  void *block = NULL;
  THRONG_TRY(throng_alloc(&block, (size_t)r->n_scored, 2 * sizeof(double), "report"));
  double *x = block;
  page_section(r->out, NULL, "Slices",
               "The value of complete and pruned trials against each option.");
  fputs("<div class=\"grid\">\n", r->out);
  for (int32_t k = 0; k < r->def->space->n; ++k) draw_slice(r, k, x, x + r->n_scored);
  fputs("</div>\n", r->out);
  page_section_end(r->out);
  free(block);
  return THRONG_OK;
}

// ---- the best -----------------------------------------------------------------------------------
static void write_row(const report *r, int64_t row) {
  const trial_row *t = &r->list->row[row];
  char text[512];
  fputs("<tr>", r->out);
  snprintf(text, sizeof text, "%lld", (long long)t->number);
  page_cell(r->out, "td", text);
  for (int32_t j = 0; j < r->def->n_objective; ++j)
    page_cell(r->out, "td", svg_number(report_value(r, row, j), false, text));
  page_cell(r->out, "td", svg_number(r->steps[row], true, text));
  for (int32_t k = 0; k < r->def->space->n; ++k) {
    const space_parameter *p = &r->def->space->parameter[k];
    page_cell(r->out, "td", report_option(p, t->x[k], text, sizeof text));
  }
  fputs("</tr>\n", r->out);
}

throng_status report_best(const report *r) {
  if (r->n_ranked == 0) return THRONG_OK;
  page_section(
      r->out, NULL, "Best trials",
      "Complete trials by their (first) values in the sweep; empty: the option does not apply.");
  fputs("<div class=\"scroll\"><table>\n<thead><tr><th>trial</th>", r->out);
  for (int32_t j = 0; j < r->def->n_objective; ++j) page_cell(r->out, "th", r->def->metric[j]);
  page_cell(r->out, "th", "user-steps");
  for (int32_t k = 0; k < r->def->space->n; ++k)
    page_cell(r->out, "th", r->def->space->parameter[k].name);
  fputs("</tr></thead>\n<tbody>\n", r->out);
  for (int64_t i = 0; i < r->n_ranked && i < BEST_ROWS; ++i) write_row(r, r->ranked[i]);
  page_table_end(r->out);
  page_section_end(r->out);
  return THRONG_OK;
}
