/// All trials, as of one moment.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "trials/trials_inner.h"

/// What a list owns; places become pointers when all are there.
typedef struct owned {
  int64_t n, room;          // trials, and how many there is room for
  trial_row *row;           // (n)
  int64_t *id;              // (n) trial_id, ascending as numbers are
  double *x, *value;        // (n, space->n), (n, n_objective)
  string_table start, end;  // (n) "": none
  string_table attributes;  // (n)
  int64_t *report_step;     // (n_report)
  double *report_value;     // (n_report)
  int64_t n_report, at;     // `at`: the trial of the row before
  size_t step_capacity, value_capacity;
} owned;

static throng_status damaged(const trials *t, const char *what, int64_t number) {
  return throng_fail(THRONG_ERROR_DATA, "%s: damaged: %s of trial %lld", t->file.path, what,
                     (long long)number);
}

/// Which trial has this id? Rows come ordered by it. NULL: none of the study.
static trial_row *row_of(owned *o, int64_t id) {
  while (o->at < o->n && o->id[o->at] < id) ++o->at;
  return o->at < o->n && o->id[o->at] == id ? &o->row[o->at] : NULL;
}

static throng_status append_text(string_table *table, const char *text) {
  return strings_append(table, text ? text : "", text ? strlen(text) : 0);
}

static const char *column(sqlite3_stmt *q, int i) {
  return (const char *)sqlite3_column_text(q, i);
}

static throng_status take_trial(const trials *t, owned *o, sqlite3_stmt *q) {
  int64_t id = sqlite3_column_int64(q, 0), k = o->n;
  const char *state = column(q, 2);
  if (k >= o->room || sqlite3_column_int64(q, 1) != k || (k > 0 && id <= o->id[k - 1]))
    return damaged(t, "the number", k);
  o->row[k] = (trial_row){.number = k, .state = TRIAL_WAITING + 1};
  for (int s = 0; s <= TRIAL_WAITING; ++s)
    if (state && !strcmp(state, trials_state_names[s])) o->row[k].state = (trial_state)s;
  if (o->row[k].state > TRIAL_WAITING) return damaged(t, "the state", k);
  for (int32_t p = 0; p < t->def.space->n; ++p) o->x[k * t->def.space->n + p] = NAN;
  for (int32_t p = 0; p < t->def.n_objective; ++p) o->value[k * t->def.n_objective + p] = NAN;
  o->id[o->n++] = id;
  THRONG_TRY(append_text(&o->start, column(q, 3)));
  return append_text(&o->end, column(q, 4));
}

static throng_status take_parameter(const trials *t, owned *o, sqlite3_stmt *q) {
  const trial_row *row = row_of(o, sqlite3_column_int64(q, 0));
  const char *name = column(q, 1);
  const space *s = t->def.space;
  for (int32_t p = 0; row && name && p < s->n; ++p) {
    if (strcmp(name, s->parameter[p].name) != 0) continue;
    const double x = sqlite3_column_double(q, 2);
    const int type = sqlite3_column_type(q, 2);
    // Choices are looked up by what stands here.
    if ((type != SQLITE_INTEGER && type != SQLITE_FLOAT) || !space_contains(&s->parameter[p], x))
      return damaged(t, name, row->number);
    o->x[row->number * s->n + p] = x;
  }
  return THRONG_OK;
}

static throng_status take_value(const trials *t, owned *o, sqlite3_stmt *q) {
  const trial_row *row = row_of(o, sqlite3_column_int64(q, 0));
  int64_t k = sqlite3_column_int64(q, 1);
  if (row && (k < 0 || k >= t->def.n_objective)) return damaged(t, "an objective", row->number);
  if (row && sqlite3_column_type(q, 2) != SQLITE_NULL)
    o->value[row->number * t->def.n_objective + k] = sqlite3_column_double(q, 2);
  return THRONG_OK;
}

static throng_status room_for_report(owned *o) {
  size_t needed = (size_t)o->n_report + 1;
  THRONG_TRY(throng_grow((void **)&o->report_step, &o->step_capacity, needed,
                         sizeof *o->report_step, "reports"));
  return throng_grow((void **)&o->report_value, &o->value_capacity, needed, sizeof *o->report_value,
                     "reports");
}

static throng_status take_report(const trials *t, owned *o, sqlite3_stmt *q) {
  trial_row *row = row_of(o, sqlite3_column_int64(q, 0));
  (void)t;
  if (!row) return THRONG_OK;
  THRONG_TRY(room_for_report(o));
  o->report_step[o->n_report] = sqlite3_column_int64(q, 1);
  o->report_value[o->n_report++] =
      sqlite3_column_type(q, 2) == SQLITE_NULL ? NAN : sqlite3_column_double(q, 2);
  ++row->n_report;
  return THRONG_OK;
}

static throng_status take_attributes(const trials *t, owned *o, sqlite3_stmt *q) {
  const trial_row *row = row_of(o, sqlite3_column_int64(q, 0));
  (void)t;
  while (row && o->attributes.n < row->number) THRONG_TRY(append_text(&o->attributes, "{}"));
  return row ? append_text(&o->attributes, column(q, 1)) : THRONG_OK;
}

/// Each row of a statement about the study.
static throng_status each_row(trials *t, owned *o, const char *sql,
                              throng_status (*take)(const trials *, owned *, sqlite3_stmt *)) {
  sqlite3_stmt *q = NULL;
  THRONG_TRY(database_prepare(&t->file, sql, &q));
  sqlite3_bind_int64(q, 1, t->study);
  int code = SQLITE_DONE;
  throng_status status = THRONG_OK;
  o->at = 0;
  while (status == THRONG_OK && (code = sqlite3_step(q)) == SQLITE_ROW) status = take(t, o, q);
  if (status == THRONG_OK && code != SQLITE_DONE) status = database_fail(&t->file, code, "reading");
  sqlite3_finalize(q);
  return status;
}

static throng_status read_rows(trials *t, owned *o) {
  sqlite3_stmt *q = NULL;
  THRONG_TRY(database_prepare(&t->file, "SELECT count(*) FROM trials WHERE study_id = ?1", &q));
  sqlite3_bind_int64(q, 1, t->study);
  int code = sqlite3_step(q);
  o->room = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  if (code != SQLITE_ROW) return database_fail(&t->file, code, "reading");
  size_t n = (size_t)o->room + 1;  // never an empty block
  THRONG_TRY(throng_alloc((void **)&o->row, n, sizeof *o->row, "trials"));
  THRONG_TRY(throng_alloc((void **)&o->id, n, sizeof *o->id, "trials"));
  THRONG_TRY(
      throng_alloc((void **)&o->x, n * (size_t)(t->def.space->n + 1), sizeof *o->x, "trials"));
  THRONG_TRY(
      throng_alloc((void **)&o->value, n * (size_t)t->def.n_objective, sizeof *o->value, "trials"));
  THRONG_TRY(room_for_report(o));
  THRONG_TRY(each_row(t, o,
                      "SELECT trial_id, number, state, datetime_start, datetime_complete FROM "
                      "trials WHERE study_id = ?1 ORDER BY trial_id",
                      take_trial));
  THRONG_TRY(each_row(t, o,
                      "SELECT trial_id, param_name, param_value FROM trial_params JOIN trials "
                      "USING (trial_id) WHERE study_id = ?1 ORDER BY trial_id",
                      take_parameter));
  THRONG_TRY(each_row(t, o,
                      "SELECT trial_id, objective, CASE value_type WHEN 'INF_POS' THEN 9e999 WHEN "
                      "'INF_NEG' THEN -9e999 ELSE value END FROM trial_values JOIN trials USING "
                      "(trial_id) WHERE study_id = ?1 ORDER BY trial_id",
                      take_value));
  THRONG_TRY(each_row(
      t, o,
      "SELECT trial_id, step, value FROM (SELECT trial_id, step, CASE intermediate_value_type WHEN "
      "'INF_POS' THEN 9e999 WHEN 'INF_NEG' THEN -9e999 ELSE intermediate_value END AS value FROM "
      "trial_intermediate_values UNION ALL SELECT trial_id, step, value FROM "
      "throng_thinned_values) JOIN trials USING (trial_id) WHERE study_id = ?1 ORDER BY trial_id, "
      "step",
      take_report));
  return each_row(t, o,
                  "SELECT trial_id, json_group_object(\"key\", json(value_json)) FROM "
                  "trial_user_attributes JOIN trials USING (trial_id) WHERE study_id = ?1 AND "
                  "json_valid(value_json) GROUP BY trial_id ORDER BY trial_id",
                  take_attributes);
}

static void free_owned(owned *o) {
  free(o->row);
  free(o->id);
  free(o->x);
  free(o->value);
  strings_free(&o->start);
  strings_free(&o->end);
  strings_free(&o->attributes);
  free(o->report_step);
  free(o->report_value);
  free(o);
}

static const char *text_at(const string_table *table, int64_t k) {
  const char *text = strings_get(table, k);
  return *text ? text : NULL;
}

throng_status trials_read(trials *t, trials_list *out) {
  *out = (trials_list){0};
  owned *o;
  THRONG_TRY(throng_alloc((void **)&o, 1, sizeof *o, "trials"));
  // All tables as of one moment, whoever writes meanwhile.
  bool own = sqlite3_get_autocommit(t->file.db);
  throng_status status = own ? database_execute(&t->file, "BEGIN", "reading") : THRONG_OK;
  if (status == THRONG_OK) status = read_rows(t, o);
  if (own) sqlite3_exec(t->file.db, "COMMIT", NULL, NULL, NULL);
  while (status == THRONG_OK && o->attributes.n < o->n) status = append_text(&o->attributes, "{}");
  if (status != THRONG_OK) return free_owned(o), status;
  int64_t report = 0;
  for (int64_t k = 0; k < o->n; ++k) {
    trial_row *row = &o->row[k];
    row->x = o->x + k * t->def.space->n;
    row->value = o->value + k * t->def.n_objective;
    row->report_step = o->report_step + report;
    row->report_value = o->report_value + report;
    report += row->n_report;
    row->started = text_at(&o->start, k);
    row->ended = text_at(&o->end, k);
    row->attributes = strings_get(&o->attributes, k);
  }
  *out = (trials_list){.n = o->n, .row = o->row, .owned = o};
  return THRONG_OK;
}

void trials_list_free(trials_list *list) {
  if (list->owned) free_owned(list->owned);
  *list = (trials_list){0};
}

throng_status trials_get(trials *t, int64_t number, const char *key, char **json) {
  sqlite3_stmt *q = NULL;
  *json = NULL;
  THRONG_TRY(database_prepare(
      &t->file,
      number < 0
          ? "SELECT value_json FROM study_user_attributes WHERE study_id = ?1 AND \"key\" = ?2"
          : "SELECT value_json FROM trial_user_attributes JOIN trials USING (trial_id) WHERE "
            "study_id = ?1 AND \"key\" = ?2 AND number = ?3",
      &q));
  sqlite3_bind_int64(q, 1, t->study);
  sqlite3_bind_text(q, 2, key, -1, SQLITE_STATIC);
  if (number >= 0) sqlite3_bind_int64(q, 3, number);
  int code = sqlite3_step(q);
  throng_status status = THRONG_OK;
  if (code == SQLITE_ROW && column(q, 0)) {
    *json = strdup(column(q, 0));
    if (!*json) status = throng_fail(THRONG_ERROR_MEMORY, "attribute %s: out of memory", key);
  } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
    status = database_fail(&t->file, code, "reading");
  }
  sqlite3_finalize(q);
  return status;
}
