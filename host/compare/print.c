/// A comparison as text and as JSON.
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/numbers.h"
#include "compare/compare.h"
#include "report/text_table.h"

enum { LETTERS = 26 };

/// A, B, .. Z, AA, AB, ..
static void letter(int64_t i, char text[8]) {
  if (i < LETTERS)
    snprintf(text, 8, "%c", (char)('A' + i));
  else
    snprintf(text, 8, "%c%c", (char)('A' + i / LETTERS % LETTERS - 1), (char)('A' + i % LETTERS));
}

typedef enum digits { FOUR, SHARE, SIGNED } digits;

static void number(char text[24], double x, digits d) {
  NUMBERS_WITHOUT_LOCALE;
  if (d == FOUR)
    snprintf(text, 24, "%.4g", x);
  else if (d == SHARE)
    snprintf(text, 24, "%.2f", x);
  else
    snprintf(text, 24, "%+.3g", x);
}

static void interval(char *text, size_t size, statistics_interval v, digits d) {
  char point[24], low[24], high[24];
  number(point, v.point, d);
  number(low, v.low, d);
  number(high, v.high, d);
  if (isnan(v.point))
    snprintf(text, size, "-");
  else if (isnan(v.low))  // one run alone has none
    snprintf(text, size, "%s", point);
  else
    snprintf(text, size, "%s [%s, %s]", point, low, high);
}

static void put_row(text_table *t, int64_t i, const contender *c, bool unicode) {
  char name[8], iqm[80], better[80], difference[80] = "";
  letter(i, name);
  interval(iqm, sizeof iqm, c->iqm, FOUR);
  interval(better, sizeof better, c->improvement, SHARE);
  if (!isnan(c->difference.point)) interval(difference, sizeof difference, c->difference, SIGNED);
  text_table_put(t, "%s", name);
  text_table_put(t, "%lld", (long long)c->n);
  text_table_put(t, "%s", iqm);
  if (isnan(c->standard_error))
    text_table_put(t, "%.4g", c->mean);
  else
    text_table_put(t, "%.4g %s%.2g", c->mean, unicode ? "±" : "+-", c->standard_error);
  text_table_put(t, "%s", better);
  text_table_put(t, "%s", difference);
}

static void print_legend(FILE *to, int64_t i, const contender *c, int width) {
  NUMBERS_WITHOUT_LOCALE;
  char name[8];
  letter(i, name);
  char more[64] = "", diverged[48] = "";
  if (c->n + c->without > 1)
    snprintf(more, sizeof more, " and %lld more", (long long)(c->n + c->without - 1));
  if (c->without) snprintf(diverged, sizeof diverged, " (%lld diverged)", (long long)c->without);
  fprintf(to, "%-2s %s%s%s\n", name, c->name, more, diverged);  // a path stays whole
  if (c->options && *c->options) {
    fputs("   ", to);
    text_fold(c->options, width - 3, 3, to);
  }
  if (c->pairs > 1) {
    char paired[128];
    snprintf(paired, sizeof paired, "   %lld seeds paired with A's: signed-rank p = %.3g",
             (long long)c->pairs, c->p);
    text_fold(paired, width, 3, to);
  }
}

throng_status compare_table(const comparison *c, int width, bool unicode, char **out) {
  static const char *const head[] = {"", "runs", "IQM", "mean", "P(better than A)", "minus A"};
  text_table t;
  NUMBERS_WITHOUT_LOCALE;
  size_t size;
  *out = NULL;
  FILE *to = open_memstream(out, &size);
  if (!to) return throng_fail(THRONG_ERROR_MEMORY, "comparison: no memory for its table");
  char title[256];
  snprintf(title, sizeof title, "%s, %s is better; intervals hold %g %%", c->metric,
           c->minimise ? "lower" : "higher", 100 * c->level);
  text_fold(title, width, 2, to);
  text_table_begin(&t, 6);
  for (int k = 2; k < 6; ++k) t.left[k] = true;
  for (int k = 0; k < 6; ++k) text_table_put(&t, "%s", head[k]);
  for (int64_t i = 0; i < c->n; ++i) put_row(&t, i, &c->contender[i], unicode);
  const throng_status status = text_table_print(&t, width, unicode, to);
  fputc('\n', to);
  for (int64_t i = 0; i < c->n; ++i) print_legend(to, i, &c->contender[i], width);
  const bool good = !ferror(to) && status == THRONG_OK;
  if (fclose(to) == 0 && good) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "comparison: no memory for its table");
}

static void put_interval(cJSON *object, const char *key, statistics_interval v) {
  cJSON *one = cJSON_AddObjectToObject(object, key);
  json_add_number(one, "point", v.point);
  json_add_number(one, "low", v.low);
  json_add_number(one, "high", v.high);
}

static void put_contender(cJSON *list, const comparison *c, int64_t i) {
  const contender *one = &c->contender[i];
  cJSON *object = cJSON_CreateObject();
  cJSON_AddItemToArray(list, object);
  cJSON_AddStringToObject(object, "name", one->name);
  if (one->options) cJSON_AddStringToObject(object, "options", one->options);
  cJSON_AddItemToObject(object, "values", cJSON_CreateDoubleArray(one->value, (int)one->n));
  json_add_number(object, "without", (double)one->without);
  json_add_number(object, "mean", one->mean);
  json_add_number(object, "standard_error", one->standard_error);
  put_interval(object, "iqm", one->iqm);
  if (i > 0) {
    put_interval(object, "probability_of_improvement", one->improvement);
    json_add_number(object, "pairs", (double)one->pairs);
    put_interval(object, "paired_difference", one->difference);
    json_add_number(object, "p", one->p);
  }
  cJSON *profile = cJSON_AddArrayToObject(object, "profile");
  for (int64_t k = 0; k < c->n_tau; ++k) {
    const statistics_interval v = c->profile[i * c->n_tau + k];
    const double row[3] = {v.point, v.low, v.high};
    if (!isnan(v.point)) cJSON_AddItemToArray(profile, cJSON_CreateDoubleArray(row, 3));
  }
}

throng_status compare_json(const comparison *c, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "metric", c->metric);
  cJSON_AddStringToObject(root, "direction", c->minimise ? "minimize" : "maximize");
  json_add_number(root, "level", c->level);
  cJSON_AddItemToObject(root, "tau", cJSON_CreateDoubleArray(c->tau, (int)c->n_tau));
  cJSON *list = cJSON_AddArrayToObject(root, "contenders");
  for (int64_t i = 0; i < c->n; ++i) put_contender(list, c, i);
  *out = list ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "comparison: no memory for its JSON");
}
