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
static throng_status write_page(const report *r) {
  page_begin(r->out, r->extra->title ? r->extra->title : r->def->study, NULL);
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
  page_end(r->out, r->extra->version);
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
