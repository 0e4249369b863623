/// report.html: the page around a sweep's drawings.
#include "sweep_report/sweep_report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "sweep_report/parts.h"

double report_value(const report *r, int64_t row, int32_t objective) {
  return r->list->row[row].value ? r->list->row[row].value[objective] : (double)NAN;
}

bool report_better(const report *r, int32_t objective, double a, double b) {
  return r->def->maximise[objective] ? a > b : a < b;
}

void report_hint(const report *r, int64_t row, char *text, size_t size) {
  const trial_row *t = &r->list->row[row];
  char value[32];
  int n = snprintf(text, size, "trial %lld", (long long)t->number);
  for (int32_t j = 0; j < r->def->n_objective && n >= 0 && (size_t)n < size; ++j)
    n += snprintf(text + n, size - (size_t)n, "%s %s %s", j ? "," : ":", r->def->metric[j],
                  svg_number(report_value(r, row, j), false, value));
}

const char *report_shade(const report *r, int64_t place) {
  static const char *const name[] = {"s4", "s3", "s2", "s1", "s0"};
  return name[place * SVG_SHADES / (r->n_scored > 0 ? r->n_scored : 1)];
}

void report_section(const report *r, const char *heading, const char *note) {
  fputs("<section>\n<h2>", r->out);
  svg_escaped(r->out, heading);
  fputs("</h2>\n", r->out);
  if (!note) return;
  fputs("<p>", r->out);
  svg_escaped(r->out, note);
  fputs("</p>\n", r->out);
}

void report_section_end(const report *r) { fputs("</section>\n", r->out); }

void report_figure(const report *r, const char *id, const char *title, const char *description,
                   svg_axis *x, svg_axis *y) {
  x->from = y->name ? 142 : 52, x->to = WIDE - 12;
  y->from = HIGH - 40, y->to = 30;
  fputs("<figure>\n", r->out);
  svg_begin(r->out, id, WIDE, HIGH, title, description, false);
  svg_grid(r->out, x, y);
}

void report_figure_end(const report *r) {
  svg_end(r->out);
  fputs("</figure>\n", r->out);
}

const char *report_option(const space_parameter *p, double x, char *text, size_t size) {
  text[0] = 0;
  if (isnan(x)) return text;
  space_value_text(p, x, text, size);
  const size_t n = strlen(text);
  if (text[0] != '"' || n < 2) return text;
  memmove(text, text + 1, n);  // a name needs no quotes here
  if (text[n - 2] == '"') text[n - 2] = 0;
  return text;
}

void report_cell(const report *r, const char *element, const char *text) {
  fprintf(r->out, "<%s>", element);
  svg_escaped(r->out, text);
  fprintf(r->out, "</%s>", element);
}

// ---- what the parts look up ---------------------------------------------------------------------
static double attribute_steps(const trial_row *t) {
  cJSON *json = t->attributes ? cJSON_Parse(t->attributes) : NULL;
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, TRIALS_USER_STEPS);
  const double steps = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
  cJSON_Delete(json);
  return steps;
}

static double steps_of(const report *r, int64_t row) {
  const trial_row *t = &r->list->row[row];
  if (r->extra->steps) return r->extra->steps[row];
  const double steps = attribute_steps(t);
  if (!isnan(steps)) return steps;
  return t->n_report && r->extra->step_unit > 0
             ? (double)t->report_step[t->n_report - 1] * r->extra->step_unit
             : (double)NAN;
}

typedef struct ranked {
  const char *ended;
  double value;  // small is good
  int64_t row;
} ranked;

static int by_end(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  const int order = strcmp(x->ended, y->ended);
  return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

static int by_value(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

static void rank(report *r, ranked *work) {
  int64_t n = 0;
  for (int64_t i = 0; i < r->list->n; ++i)
    if (r->list->row[i].ended) work[n++] = (ranked){r->list->row[i].ended, 0, i};
  qsort(work, (size_t)n, sizeof *work, by_end);
  for (int64_t i = 0; i < n; ++i) r->ended[i] = work[i].row;
  r->n_ended = n;
  n = 0;
  for (int64_t i = 0; i < r->list->n; ++i) {
    const trial_row *t = &r->list->row[i];
    const double value = report_value(r, i, 0);
    if ((t->state == TRIAL_COMPLETE || t->state == TRIAL_PRUNED) && isfinite(value))
      work[n++] = (ranked){"", r->def->maximise[0] ? -value : value, i};
  }
  qsort(work, (size_t)n, sizeof *work, by_value);
  for (int64_t i = 0; i < n; ++i) {
    r->scored[r->n_scored++] = work[i].row;
    if (r->list->row[work[i].row].state == TRIAL_COMPLETE) r->ranked[r->n_ranked++] = work[i].row;
  }
}

static void sum_steps(report *r) {
  double sum = 0;
  for (int64_t i = 0; i < r->list->n; ++i) {
    r->steps[i] = steps_of(r, i);
    r->total[i] = r->extra->total ? r->extra->total[i] : (double)NAN;
  }
  for (int64_t i = 0; i < r->n_ended && !r->extra->total; ++i) {
    sum += isnan(r->steps[r->ended[i]]) ? 0 : r->steps[r->ended[i]];
    r->total[r->ended[i]] = sum;
  }
}

// ---- the page -----------------------------------------------------------------------------------
static const char page_style[] =
    ":root{color-scheme:light dark}\n"
    "body{font:16px/1.45 system-ui,sans-serif;max-width:80ch;margin:1.5em auto;padding:0 1em;"
    "color:#222;background:#fff}\n"
    "h1{font-size:1.5em;margin:.2em 0;overflow-wrap:anywhere}\n"
    "h2{font-size:1.15em;margin:1.8em 0 .3em}\n"
    "p{margin:.4em 0;overflow-wrap:anywhere}.small{font-size:.85em;opacity:.75}\n"
    "figure{margin:.6em 0;overflow-x:auto}svg{display:block;width:100%;height:auto}\n"
    ".grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:0 1em}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.85em;font-variant-numeric:tabular-nums}\n"
    "th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid #8884;white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    "@media (prefers-color-scheme:dark){body{color:#ddd;background:#16181c}}\n"
    "@media print{body{max-width:none;font-size:11px;color:#000;background:#fff}"
    "svg{--p:#fff;color:#000;min-width:0!important;max-width:13cm!important}"
    "section,figure,tr{break-inside:avoid}figure,.scroll{overflow:visible}"
    "th,td{white-space:normal;padding:.15em .3em}}\n";

static void write_head(const report *r) {
  const char *title = r->extra->title ? r->extra->title : r->def->study;
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
      r->out);
  svg_escaped(r->out, title);
  fputs("</title>\n<style>\n", r->out);
  svg_style(r->out);
  fputs(page_style, r->out);
  fputs("</style>\n</head>\n<body>\n<h1>", r->out);
  svg_escaped(r->out, title);
  fputs("</h1>\n", r->out);
}

static throng_status write_page(const report *r) {
  write_head(r);
  THRONG_TRY(report_summary(r));
  THRONG_TRY(report_confirmation(r));
  THRONG_TRY(report_progress(r));
  THRONG_TRY(report_curves(r));
  THRONG_TRY(report_best(r));
  THRONG_TRY(report_importance(r));
  THRONG_TRY(report_fronts(r));
  THRONG_TRY(report_parallel(r));
  THRONG_TRY(report_slices(r));
  THRONG_TRY(report_rungs(r));
  fputs("<p class=\"small\">throng", r->out);
  if (r->extra->version) {
    fputc(' ', r->out);
    svg_escaped(r->out, r->extra->version);
  }
  fputs("</p>\n</body>\n</html>\n", r->out);
  return THRONG_OK;
}

throng_status sweep_report_write(const trials_list *list, const trials_def *def,
                                 const sweep_report_extra *extra, const char *path) {
  NUMBERS_WITHOUT_LOCALE;
  static const sweep_report_extra nothing;
  report r = {.list = list, .def = def, .extra = extra ? extra : &nothing};
  const size_t n = (size_t)list->n + 1;
  void *numbers = NULL, *rows = NULL, *work = NULL;
  atomic_file *file = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&numbers, n, 2 * sizeof(double), "report"));
  THRONG_TRY_GOTO(throng_alloc(&rows, n, 3 * sizeof(int64_t), "report"));
  THRONG_TRY_GOTO(throng_alloc(&work, n, sizeof(ranked), "report"));
  r.steps = numbers;
  r.total = r.steps + n;
  r.ended = rows;
  r.ranked = r.ended + n;
  r.scored = r.ranked + n;
  rank(&r, work);
  sum_steps(&r);
  THRONG_TRY_GOTO(atomic_file_create(path, &file));
  r.out = atomic_file_stream(file);
  status = write_page(&r);
  if (status == THRONG_OK)
    status = atomic_file_commit(file);
  else
    atomic_file_abort(file);
done:
  free(numbers);
  free(rows);
  free(work);
  return status;
}
