/// trials.csv: a line a trial, for spreadsheets and data frames.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/strings.h"
#include "trials/trials_inner.h"

/// RFC 4180: quoted where it must be.
static void put(FILE *to, const char *text) {
  if (!text[strcspn(text, ",\"\r\n")]) {
    fputs(text, to);
    return;
  }
  putc('"', to);
  for (const char *c = text; *c; ++c) {
    if (*c == '"') putc('"', to);
    putc(*c, to);
  }
  putc('"', to);
}

static void put_number(FILE *to, double x) {
  char text[40] = "";
  if (!isnan(x)) space_number_text(x, text, sizeof text);
  fprintf(to, ",%s", text);
}

/// A choice as the config says it, without a string's quotes.
static void put_parameter(FILE *to, const space_parameter *p, double x) {
  char text[512] = "";
  if (!isnan(x)) space_value_text(p, x, text, sizeof text);
  size_t n = strlen(text);
  putc(',', to);
  if (n >= 2 && text[0] == '"') text[n - 1] = '\0';
  put(to, text + (n >= 2 && text[0] == '"'));
}

/// Attributes that any trial has, in order of first sight: a column each.
static throng_status find_keys(const trials_list *list, interner *keys) {
  for (int64_t k = 0; k < list->n; ++k) {
    cJSON *all = NULL;
    const char *text = list->row[k].attributes;
    THRONG_TRY(json_parse("attributes", 1, text, strlen(text), JSON_STRICT, &all));
    throng_status status = THRONG_OK;
    for (const cJSON *c = all->child; c && status == THRONG_OK; c = c->next) {
      int64_t id;
      status = interner_add(keys, c->string, strlen(c->string), &id, NULL);
    }
    cJSON_Delete(all);
    THRONG_TRY(status);
  }
  return THRONG_OK;
}

static throng_status put_attributes(FILE *to, const trial_row *row, const string_table *keys) {
  cJSON *all = NULL;
  THRONG_TRY(
      json_parse("attributes", 1, row->attributes, strlen(row->attributes), JSON_STRICT, &all));
  throng_status status = THRONG_OK;
  for (int64_t k = 0; k < keys->n && status == THRONG_OK; ++k) {
    const cJSON *c = cJSON_GetObjectItemCaseSensitive(all, strings_get(keys, k));
    if (cJSON_IsNumber(c)) {
      put_number(to, c->valuedouble);
      continue;
    }
    putc(',', to);
    if (!c || cJSON_IsNull(c)) continue;
    char *text = cJSON_IsString(c) ? c->valuestring : cJSON_PrintUnformatted(c);
    if (text) put(to, text);
    if (!text) status = throng_fail(THRONG_ERROR_MEMORY, "trials.csv: out of memory");
    if (!cJSON_IsString(c)) cJSON_free(text);
  }
  cJSON_Delete(all);
  return status;
}

static throng_status write_rows(const trials_list *list, const trials_def *def,
                                const string_table *keys, FILE *to) {
  fputs("number,state", to);
  for (int32_t k = 0; k < def->n_objective; ++k) putc(',', to), put(to, def->metric[k]);
  for (int32_t p = 0; p < def->space->n; ++p) putc(',', to), put(to, def->space->parameter[p].name);
  fputs(",started,ended,evaluations", to);
  for (int64_t k = 0; k < keys->n; ++k) putc(',', to), put(to, strings_get(keys, k));
  putc('\n', to);
  for (int64_t i = 0; i < list->n; ++i) {
    const trial_row *row = &list->row[i];
    fprintf(to, "%lld,%s", (long long)row->number, trials_state_name(row->state));
    for (int32_t k = 0; k < def->n_objective; ++k) put_number(to, row->value[k]);
    for (int32_t p = 0; p < def->space->n; ++p)
      put_parameter(to, &def->space->parameter[p], row->x[p]);
    fprintf(to, ",%s,%s,%lld", row->started ? row->started : "", row->ended ? row->ended : "",
            row->n_report ? (long long)row->report_step[row->n_report - 1] : 0LL);
    THRONG_TRY(put_attributes(to, row, keys));
    putc('\n', to);
  }
  return THRONG_OK;
}

throng_status trials_csv_write(const trials_list *list, const trials_def *def, FILE *to) {
  interner *keys = NULL;
  THRONG_TRY(interner_create(&keys));
  throng_status status = find_keys(list, keys);
  if (status == THRONG_OK) status = write_rows(list, def, interner_strings(keys), to);
  interner_free(keys);
  return status;
}

throng_status trials_csv(const trials_list *list, const trials_def *def, const char *path) {
  atomic_file *file = NULL;
  THRONG_TRY(atomic_file_create(path, &file));
  throng_status status = trials_csv_write(list, def, atomic_file_stream(file));
  if (status == THRONG_OK) return atomic_file_commit(file);
  atomic_file_abort(file);
  return status;
}
