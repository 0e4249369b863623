/// Rows of an experiment in its folder.
#include "experiment/table.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/numbers.h"

struct experiment_table {
  const char *folder;
  experiment_columns columns;
  int n_label, n_value;
  experiment_row *row;
  int64_t n;
  size_t capacity;
};

static throng_status path_of(const experiment_table *t, const char *name, char path[PATH_MAX]) {
  if (snprintf(path, PATH_MAX, "%s/%s", t->folder, name) < PATH_MAX) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: the path is too long", t->folder);
}

experiment_row experiment_row_of(const char *a, const char *b, const char *c) {
  experiment_row row = {0};
  const char *const text[TABLE_LABELS] = {a, b, c};
  for (int k = 0; k < TABLE_LABELS; ++k)
    snprintf(row.label[k], TABLE_TEXT, "%s", text[k] ? text[k] : "");
  for (int k = 0; k < TABLE_VALUES; ++k) row.value[k] = (double)NAN;
  return row;
}

bool experiment_table_has(const experiment_table *t, const experiment_row *row) {
  for (int64_t k = 0; k < t->n; ++k) {
    bool same = true;
    for (int l = 0; l < t->n_label; ++l) same &= !strcmp(t->row[k].label[l], row->label[l]);
    if (same) return true;
  }
  return false;
}

int64_t experiment_table_count(const experiment_table *t) { return t->n; }
const experiment_row *experiment_table_row(const experiment_table *t, int64_t k) {
  return &t->row[k];
}
const experiment_columns *experiment_table_columns(const experiment_table *t) {
  return &t->columns;
}

// --- results.csv --------------------------------------------------------------------------------

static throng_status append(experiment_table *t, const experiment_row *row) {
  THRONG_TRY(
      throng_grow((void **)&t->row, &t->capacity, (size_t)t->n + 1, sizeof *t->row, "results"));
  t->row[t->n++] = *row;
  return THRONG_OK;
}

static void print_header(const experiment_table *t, FILE *out) {
  for (int k = 0; k < t->n_label; ++k) fprintf(out, "%s%s", k ? "," : "", t->columns.label[k]);
  for (int k = 0; k < t->n_value; ++k) fprintf(out, ",%s", t->columns.value[k]);
  fputc('\n', out);
}

static throng_status write_csv(const experiment_table *t) {
  NUMBERS_WITHOUT_LOCALE;
  char path[PATH_MAX];
  atomic_file *file;
  THRONG_TRY(path_of(t, "results.csv", path));
  THRONG_TRY(atomic_file_create(path, &file));
  FILE *out = atomic_file_stream(file);
  print_header(t, out);
  for (int64_t i = 0; i < t->n; ++i) {
    for (int k = 0; k < t->n_label; ++k) fprintf(out, "%s%s", k ? "," : "", t->row[i].label[k]);
    for (int k = 0; k < t->n_value; ++k)
      if (isnan(t->row[i].value[k]))
        fputc(',', out);
      else
        fprintf(out, ",%.17g", t->row[i].value[k]);
    fputc('\n', out);
  }
  return atomic_file_commit(file);
}

throng_status experiment_table_add(experiment_table *t, const experiment_row *row) {
  THRONG_TRY(append(t, row));
  return write_csv(t);
}

/// One line of results.csv; false where it is not a row of these columns.
static bool read_row(const experiment_table *t, char *line, experiment_row *row) {
  char *rest = line;
  *row = experiment_row_of(NULL, NULL, NULL);
  line[strcspn(line, "\r\n")] = '\0';
  for (int k = 0; k < t->n_label + t->n_value; ++k) {
    const char *field = strsep(&rest, ",");
    if (!field) return false;
    char *end = NULL;
    if (k < t->n_label)
      snprintf(row->label[k], TABLE_TEXT, "%s", field);
    else if (*field && (row->value[k - t->n_label] = strtod(field, &end), *end))
      return false;
  }
  return rest == NULL;
}

static throng_status read_csv(experiment_table *t) {
  NUMBERS_WITHOUT_LOCALE;
  char path[PATH_MAX], *line = NULL, *expected = NULL;
  size_t capacity = 0, size = 0;
  THRONG_TRY(path_of(t, "results.csv", path));
  FILE *file = fopen(path, "r"), *header = open_memstream(&expected, &size);
  throng_status status = THRONG_OK;
  if (header) {
    print_header(t, header);
    fclose(header);
  }
  for (int64_t n = 0; status == THRONG_OK && file && getline(&line, &capacity, file) > 0; ++n) {
    experiment_row row;
    if (n == 0 ? expected && !strcmp(line, expected) : read_row(t, line, &row)) {
      if (n > 0) status = append(t, &row);
    } else {
      status = throng_fail(THRONG_ERROR_DATA,
                           "%s:%lld: not a row of this experiment's table; take the file away, or "
                           "give another -o",
                           path, (long long)n + 1);
    }
  }
  if (file) fclose(file);
  free(line);
  free(expected);
  return status;
}

// --- the folder ---------------------------------------------------------------------------------

static throng_status write_text(const experiment_table *t, const char *name, const char *text) {
  char path[PATH_MAX];
  atomic_file *file;
  THRONG_TRY(path_of(t, name, path));
  THRONG_TRY(atomic_file_create(path, &file));
  fputs(text, atomic_file_stream(file));
  return atomic_file_commit(file);
}

/// Is the folder's config.json, where there is one, this?
static throng_status same_config(const experiment_table *t, const char *config, bool *same) {
  char path[PATH_MAX];
  THRONG_TRY(path_of(t, "config.json", path));
  FILE *file = fopen(path, "r");
  *same = true;
  for (; file && *config; ++config) *same &= fgetc(file) == (unsigned char)*config;
  if (file) {
    *same &= fgetc(file) == EOF;
    fclose(file);
  }
  return THRONG_OK;
}

throng_status experiment_table_open(const char *folder, const experiment_columns *columns,
                                    const char *config, experiment_table **out) {
  experiment_table *t;
  bool same = true;
  *out = NULL;
  THRONG_TRY(throng_alloc((void **)&t, 1, sizeof *t, "results"));
  t->folder = folder;
  t->columns = *columns;
  while (columns->label[t->n_label]) ++t->n_label;
  while (columns->value[t->n_value]) ++t->n_value;
  throng_status status;
  THRONG_TRY_GOTO(read_csv(t));
  if (t->n > 0) THRONG_TRY_GOTO(same_config(t, config, &same));
  if (!same)
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_CONFIG,
                                "%s: holds results of another configuration; take results.csv away "
                                "to begin anew, or give another -o",
                                folder));
  THRONG_TRY_GOTO(write_text(t, "config.json", config));
  *out = t;
  return THRONG_OK;
done:
  experiment_table_free(t);
  return status;
}

void experiment_table_free(experiment_table *t) {
  if (!t) return;
  free(t->row);
  free(t);
}

void experiment_table_print(const experiment_table *t, FILE *out) {
  NUMBERS_WITHOUT_LOCALE;
  int width[TABLE_LABELS];
  for (int k = 0; k < t->n_label; ++k) {
    width[k] = (int)strlen(t->columns.label[k]);
    for (int64_t i = 0; i < t->n; ++i)
      if ((int)strlen(t->row[i].label[k]) > width[k]) width[k] = (int)strlen(t->row[i].label[k]);
    fprintf(out, "%-*s", width[k] + 2, t->columns.label[k]);
  }
  for (int k = 0; k < t->n_value; ++k) fprintf(out, " %10s", t->columns.value[k]);
  fputc('\n', out);
  for (int64_t i = 0; i < t->n; ++i) {
    for (int k = 0; k < t->n_label; ++k) fprintf(out, "%-*s", width[k] + 2, t->row[i].label[k]);
    for (int k = 0; k < t->n_value; ++k) {
      const int wide = (int)strlen(t->columns.value[k]);
      if (isnan(t->row[i].value[k]))
        fprintf(out, " %*s", wide > 10 ? wide : 10, "-");
      else
        fprintf(out, " %*.5g", wide > 10 ? wide : 10, t->row[i].value[k]);
    }
    fputc('\n', out);
  }
}

cJSON *experiment_table_json(const experiment_table *t) {
  cJSON *rows = cJSON_CreateArray();
  bool whole = rows != NULL;
  for (int64_t i = 0; whole && i < t->n; ++i) {
    cJSON *row = cJSON_CreateObject();
    for (int k = 0; k < t->n_label; ++k)
      whole &= cJSON_AddStringToObject(row, t->columns.label[k], t->row[i].label[k]) != NULL;
    for (int k = 0; k < t->n_value; ++k)
      whole &= json_add_number(row, t->columns.value[k], t->row[i].value[k]);
    whole &= cJSON_AddItemToArray(rows, row) != 0;
  }
  if (whole) return rows;
  cJSON_Delete(rows);
  return NULL;
}

static throng_status write_json(const experiment_table *t) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *document = cJSON_CreateObject(), *rows = experiment_table_json(t);
  cJSON_AddStringToObject(document, "experiment", t->columns.name);
  char *text = rows && cJSON_AddItemToObject(document, "rows", rows) ? cJSON_Print(document) : NULL;
  cJSON_Delete(document);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "results: no memory for their JSON");
  throng_status status = write_text(t, "results.json", text);
  free(text);
  return status;
}

throng_status experiment_table_finish(const experiment_table *t) {
  char path[PATH_MAX];
  atomic_file *file;
  THRONG_TRY(write_csv(t));
  THRONG_TRY(write_json(t));
  THRONG_TRY(path_of(t, "report.txt", path));
  THRONG_TRY(atomic_file_create(path, &file));
  experiment_table_print(t, atomic_file_stream(file));
  return atomic_file_commit(file);
}
