/// Values of a space as text: for configs, for people and for Optuna.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "space/decimal.h"
#include "space/parts.h"

void space_number_text(double x, char *buffer, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  if (x == rint(x) && fabs(x) < 1e15)
    snprintf(buffer, size, "%.0f", x);
  else
    field_number_text(x, false, buffer, size);
}

void space_value_text(const space_parameter *p, double x, char *buffer, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  if (isnan(x))
    snprintf(buffer, size, "null");
  else if (p->kind == SPACE_CHOICE)
    snprintf(buffer, size, "%s", p->choice[(int32_t)x]);
  else
    space_number_text(x, buffer, size);
}

/// "agent.head=flat": names stand without quotes there.
static size_t override_line(const space_parameter *p, double x, char *to, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  char number[40];
  const char *text = number;
  int length, skip = 0;
  if (p->kind == SPACE_CHOICE)
    text = p->choice[(int32_t)x];
  else
    space_number_text(x, number, sizeof number);
  length = (int)strlen(text);
  if (*text == '"') skip = 1, length -= 2;
  return (size_t)snprintf(to, size, "%s=%.*s", p->name, length, text + skip) + 1;
}

throng_status space_overrides(const space *s, const double *x, char ***out) {
  size_t bytes = 0, n = 0;
  for (int32_t k = 0; k < s->n; ++k)
    if (!isnan(x[k])) bytes += override_line(&s->parameter[k], x[k], NULL, 0), ++n;
  THRONG_TRY(throng_alloc((void **)out, 1, (n + 1) * sizeof(char *) + bytes, "overrides"));
  char *to = (char *)(*out + n + 1), *end = to + bytes;
  n = 0;
  for (int32_t k = 0; k < s->n; ++k) {
    if (isnan(x[k])) continue;
    (*out)[n++] = to;
    to += override_line(&s->parameter[k], x[k], to, (size_t)(end - to));
  }
  return THRONG_OK;
}

double space_end(const space_parameter *p) {
  if (p->kind != SPACE_FLOAT || !(p->step > 0)) return p->high;
  return decimal_end(p->low, p->step, rint((p->high - p->low) / p->step));
}

/// As Python writes it: a float has a point or an exponent.
static void python_float(double x, char *buffer, size_t size) {
  space_number_text(x, buffer, size);
  if (!strpbrk(buffer, ".e")) snprintf(buffer + strlen(buffer), size - strlen(buffer), ".0");
}

/// Optuna takes null, booleans, numbers and strings: a list becomes the string of its JSON.
static cJSON *optuna_choice(const char *text) {
  return *text == '[' ? cJSON_CreateString(text) : cJSON_CreateRaw(text);
}

static cJSON *optuna_attributes(const space_parameter *p) {
  cJSON *a = cJSON_CreateObject();
  if (p->kind == SPACE_CHOICE) {
    cJSON *choices = cJSON_AddArrayToObject(a, "choices");
    for (int32_t k = 0; k < p->n_choice; ++k)
      cJSON_AddItemToArray(choices, optuna_choice(p->choice[k]));
    return a;
  }
  char low[40], high[40], step[40] = "null";
  void (*print)(double, char *, size_t) = p->kind == SPACE_INT ? space_number_text : python_float;
  print(p->low, low, sizeof low);
  print(space_end(p), high, sizeof high);
  if (p->step > 0) print(p->step, step, sizeof step);
  cJSON_AddRawToObject(a, "step", step);
  cJSON_AddRawToObject(a, "low", low);
  cJSON_AddRawToObject(a, "high", high);
  cJSON_AddBoolToObject(a, "log", p->log);
  return a;
}

throng_status space_distribution_json(const space_parameter *p, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  static const char *const names[] = {[SPACE_FLOAT] = "FloatDistribution",
                                      [SPACE_INT] = "IntDistribution",
                                      [SPACE_CHOICE] = "CategoricalDistribution"};
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "name", names[p->kind]);
  cJSON_AddItemToObject(root, "attributes", optuna_attributes(p));
  *out = cJSON_PrintUnformatted(root);
  cJSON_Delete(root);
  if (!*out) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", p->name);
  return THRONG_OK;
}
