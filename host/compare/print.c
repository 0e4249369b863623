/// A comparison as text of 80 columns and as JSON.
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/numbers.h"
#include "compare/compare.h"

enum { WIDTH = 80, LETTERS = 26 };

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

static void print_rule(FILE *to, bool unicode) {
  for (int i = 0; i < WIDTH; ++i) fputs(unicode ? "─" : "-", to);
  fputc('\n', to);
}

static void print_row(FILE *to, int64_t i, const contender *c, bool unicode) {
  NUMBERS_WITHOUT_LOCALE;
  char name[8], iqm[80], better[80], difference[80], error[24] = "";
  letter(i, name);
  interval(iqm, sizeof iqm, c->iqm, FOUR);
  interval(better, sizeof better, c->improvement, SHARE);
  interval(difference, sizeof difference, c->difference, SIGNED);
  if (!isnan(c->standard_error)) snprintf(error, sizeof error, "%.2g", c->standard_error);
  fprintf(to, "%-2s %4lld %-22s %7.4g %s%-6s ", name, (long long)c->n, iqm, c->mean,
          *error ? unicode ? "±" : "+-" : "", error);
  if (isnan(c->difference.point))
    fprintf(to, "%s\n", better);
  else
    fprintf(to, "%-19s %s\n", better, difference);
}

/// Words from the fourth column on, within the width.
static void print_words(FILE *to, const char *text) {
  int column = 0;
  for (const char *at = text; *at;) {
    const int n = (int)strcspn(at, " ");
    if (column == 0 || column + 1 + n > WIDTH) {
      fputs(column ? "\n  " : "  ", to);
      column = 2;
    }
    column += fprintf(to, " %.*s", n, at);
    at += n;
    at += strspn(at, " ");
  }
  fputc('\n', to);
}

static void print_legend(FILE *to, int64_t i, const contender *c) {
  NUMBERS_WITHOUT_LOCALE;
  char name[8];
  letter(i, name);
  fprintf(to, "%-2s %s", name, c->name);
  if (c->n + c->without > 1) fprintf(to, " and %lld more", (long long)(c->n + c->without - 1));
  if (c->without) fprintf(to, " (%lld diverged)", (long long)c->without);
  fputc('\n', to);
  if (c->options && *c->options) print_words(to, c->options);
  if (c->pairs > 1)
    fprintf(to, "   %lld seeds paired with A's: signed-rank p = %.3g\n", (long long)c->pairs, c->p);
}

throng_status compare_table(const comparison *c, bool unicode, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  size_t size;
  *out = NULL;
  FILE *to = open_memstream(out, &size);
  if (!to) return throng_fail(THRONG_ERROR_MEMORY, "comparison: no memory for its table");
  fprintf(to, "%s, %s is better; intervals hold %g %%\n", c->metric,
          c->minimise ? "lower" : "higher", 100 * c->level);
  fprintf(to, "%-2s %4s %-22s %-15s %-19s %s\n", "", "runs", "IQM", "   mean", "P(better than A)",
          "minus A");
  print_rule(to, unicode);
  for (int64_t i = 0; i < c->n; ++i) print_row(to, i, &c->contender[i], unicode);
  print_rule(to, unicode);
  for (int64_t i = 0; i < c->n; ++i) print_legend(to, i, &c->contender[i]);
  const bool good = !ferror(to);
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
