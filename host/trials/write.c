/// Rows of trials, as they come about.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "base/field.h"
#include "base/json.h"
#include "base/numbers.h"
#include "trials/trials_inner.h"

#define UPSERT_VALUE " ON CONFLICT DO UPDATE SET value_json = excluded.value_json"

static const char *const sql[TRIALS_N_STATEMENT] = {
    [TRIALS_ADD] =
        "INSERT INTO trials (number, study_id, state, datetime_start) VALUES (?1, ?2, "
        "'RUNNING', ?3)",
    [TRIALS_ADD_PARAMETER] =
        "INSERT INTO trial_params (trial_id, param_name, param_value, "
        "distribution_json) VALUES (?1, ?2, ?3, ?4)",
    [TRIALS_REPORTED] =
        "SELECT CASE intermediate_value_type WHEN 'INF_POS' THEN 9e999 WHEN 'INF_NEG' THEN -9e999 "
        "ELSE intermediate_value END FROM trial_intermediate_values WHERE trial_id = ?1 AND step = "
        "?2 UNION ALL SELECT value FROM throng_thinned_values WHERE trial_id = ?1 AND step = ?2",
    [TRIALS_REPORT] =
        "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, "
        "intermediate_value_type) VALUES (?1, ?2, ?3, ?4)",
    [TRIALS_THIN_ONE] =
        "INSERT INTO throng_thinned_values SELECT trial_id, step, CASE intermediate_value_type "
        "WHEN 'INF_POS' THEN 9e999 WHEN 'INF_NEG' THEN -9e999 ELSE intermediate_value END FROM "
        "trial_intermediate_values WHERE trial_id = ?1 AND step = ?2",
    [TRIALS_THIN_HALF] =
        "INSERT INTO throng_thinned_values SELECT trial_id, step, value FROM (SELECT trial_id, "
        "step, CASE intermediate_value_type WHEN 'INF_POS' THEN 9e999 WHEN 'INF_NEG' THEN -9e999 "
        "ELSE intermediate_value END AS value, row_number() OVER (ORDER BY step) AS place FROM "
        "trial_intermediate_values WHERE trial_id = ?1) WHERE place % 2 = 0",
    [TRIALS_DROP_THINNED] =
        "DELETE FROM trial_intermediate_values WHERE trial_id = ?1 AND step IN (SELECT step FROM "
        "throng_thinned_values WHERE trial_id = ?1)",
    [TRIALS_END] = "UPDATE trials SET state = ?2, datetime_complete = ?3 WHERE trial_id = ?1",
    [TRIALS_SET_VALUE] =
        "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT DO UPDATE SET value = excluded.value, value_type = excluded.value_type",
    [TRIALS_SET_STUDY] =
        "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES "
        "(?1, ?2, ?3)" UPSERT_VALUE,
    [TRIALS_SET_TRIAL] =
        "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES "
        "(?1, ?2, ?3)" UPSERT_VALUE,
    [TRIALS_COUNT] = "SELECT count(*) FROM trials WHERE study_id = ?1",
};

const char *const trials_state_names[] = {
    [TRIAL_RUNNING] = "RUNNING", [TRIAL_COMPLETE] = "COMPLETE", [TRIAL_PRUNED] = "PRUNED",
    [TRIAL_FAILED] = "FAIL",     [TRIAL_WAITING] = "WAITING",
};

const char *trials_state_name(trial_state state) { return trials_state_names[state]; }

throng_status trials_prepare(trials *t) {
  for (int i = 0; i < TRIALS_N_STATEMENT; ++i)
    THRONG_TRY(database_prepare(&t->file, sql[i], &t->statement[i]));
  return THRONG_OK;
}

/// After a statement that failed: nothing of the transaction stays, here as in the file.
static throng_status fail_writing(trials *t, int code, const char *doing) {
  throng_status status = database_fail(&t->file, code, doing);
  char cause[1024];
  snprintf(cause, sizeof cause, "%s", throng_error_message());
  if (!sqlite3_get_autocommit(t->file.db)) sqlite3_exec(t->file.db, "ROLLBACK", NULL, NULL, NULL);
  // Where even that cannot be read, the next call finds no trial to write to.
  if (trials_load_progress(t) != THRONG_OK) t->n = 0;
  return throng_fail(status, "%s", cause);
}

/// Run a statement that returns nothing, or up to its first row.
static throng_status step(trials *t, sqlite3_stmt *q, const char *doing) {
  int code = sqlite3_step(q);
  sqlite3_reset(q);
  sqlite3_clear_bindings(q);
  return code == SQLITE_DONE ? THRONG_OK : fail_writing(t, code, doing);
}

static throng_status check_writable(const trials *t) {
  return t->lock ? THRONG_OK
                 : throng_fail(THRONG_ERROR_ARGUMENT, "%s: opened to be read", t->file.path);
}

throng_status trials_begin(trials *t) {
  THRONG_TRY(check_writable(t));
  int code = sqlite3_exec(t->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (code != SQLITE_OK) return fail_writing(t, code, "writing");
  sqlite3_stmt *q = t->statement[TRIALS_COUNT];
  sqlite3_bind_int64(q, 1, t->study);
  code = sqlite3_step(q);
  int64_t n = sqlite3_column_int64(q, 0);
  sqlite3_reset(q);
  if (code != SQLITE_ROW) return fail_writing(t, code, "reading");
  if (n == t->n) return THRONG_OK;
  int64_t ours = t->n;
  sqlite3_exec(t->file.db, "ROLLBACK", NULL, NULL, NULL);
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: %lld trials, expected the sweep's %lld: another program has added or "
                     "removed some; let others ask and tell on a copy of the file",
                     t->file.path, (long long)n, (long long)ours);
}

throng_status trials_commit(trials *t) {
  int code = sqlite3_exec(t->file.db, "COMMIT", NULL, NULL, NULL);
  return code == SQLITE_OK ? THRONG_OK : fail_writing(t, code, "committing");
}

/// "2026-11-28 06:41:00.000000", UTC.
static void time_text(char text[32]) {
  struct timeval now;
  struct tm parts;
  gettimeofday(&now, NULL);
  gmtime_r(&now.tv_sec, &parts);
  size_t used = strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts);
  snprintf(text + used, 32 - used, ".%06u", (unsigned)now.tv_usec % 1000000U);
}

static throng_status find(trials *t, int64_t number, trial_progress **out) {
  THRONG_TRY(check_writable(t));
  if (number < 0 || number >= t->n)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: no trial %lld, expected 0 to %lld", t->file.path,
                       (long long)number, (long long)t->n - 1);
  *out = &t->progress[number];
  return THRONG_OK;
}

throng_status trials_add(trials *t, int64_t number, const double *x) {
  THRONG_TRY(check_writable(t));
  if (number != t->n)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: trial %lld, expected %lld as the next",
                       t->file.path, (long long)number, (long long)t->n);
  THRONG_TRY(throng_grow((void **)&t->progress, &t->capacity, (size_t)t->n + 1, sizeof *t->progress,
                         "trials"));
  // One transaction whoever calls: a trial without some of its options is none.
  bool own = sqlite3_get_autocommit(t->file.db);
  if (own) THRONG_TRY(trials_begin(t));
  char now[32];
  time_text(now);
  sqlite3_stmt *q = t->statement[TRIALS_ADD];
  sqlite3_bind_int64(q, 1, number);
  sqlite3_bind_int64(q, 2, t->study);
  sqlite3_bind_text(q, 3, now, -1, SQLITE_STATIC);
  THRONG_TRY(step(t, q, "adding a trial"));
  int64_t id = sqlite3_last_insert_rowid(t->file.db);
  const space *s = t->def.space;
  for (int32_t p = 0; p < s->n; ++p) {
    if (isnan(x[p])) continue;  // does not apply
    q = t->statement[TRIALS_ADD_PARAMETER];
    sqlite3_bind_int64(q, 1, id);
    sqlite3_bind_text(q, 2, s->parameter[p].name, -1, SQLITE_STATIC);
    sqlite3_bind_double(q, 3, x[p]);
    sqlite3_bind_text(q, 4, t->distribution[p], -1, SQLITE_STATIC);
    THRONG_TRY(step(t, q, "adding a trial"));
  }
  t->progress[t->n++] = (trial_progress){.id = id, .last_value = NAN};
  return own ? trials_commit(t) : THRONG_OK;
}

/// Binds a value and the word that Optuna has for its kind, at `at` and behind it.
static void bind_value(sqlite3_stmt *q, int at, double value) {
  if (isfinite(value)) sqlite3_bind_double(q, at, value);
  sqlite3_bind_text(q, at + 1,
                    isfinite(value) ? "FINITE"
                    : isnan(value)  ? "NAN"
                    : value > 0     ? "INF_POS"
                                    : "INF_NEG",
                    -1, SQLITE_STATIC);
}

/// Of n reports the first of every `stride` are shown, and the newest: how far apart those are.
static int64_t stride_of(int64_t n) {
  int64_t stride = 1;
  while ((n + stride - 1) / stride + ((n - 1) % stride != 0) > TRIALS_SHOWN) stride *= 2;
  return stride;
}

/// Make room among the shown reports for one more.
static throng_status thin(trials *t, const trial_progress *p) {
  int64_t n = p->n_report, stride = stride_of(n > 0 ? n : 1), next = stride_of(n + 1);
  bool one = n > 0 && (n - 1) % stride != 0, half = next != stride;
  if (one) {
    sqlite3_bind_int64(t->statement[TRIALS_THIN_ONE], 1, p->id);
    sqlite3_bind_int64(t->statement[TRIALS_THIN_ONE], 2, p->last_step);
    THRONG_TRY(step(t, t->statement[TRIALS_THIN_ONE], "thinning reports"));
  }
  for (int i = 0; i < 2; ++i) {
    if (i == 0 ? !one : !half) continue;
    if (i == 1) {
      sqlite3_bind_int64(t->statement[TRIALS_THIN_HALF], 1, p->id);
      THRONG_TRY(step(t, t->statement[TRIALS_THIN_HALF], "thinning reports"));
    }
    sqlite3_bind_int64(t->statement[TRIALS_DROP_THINNED], 1, p->id);
    THRONG_TRY(step(t, t->statement[TRIALS_DROP_THINNED], "thinning reports"));
  }
  return THRONG_OK;
}

/// A step that is not behind the last: the same again, or a mistake.
static throng_status report_again(trials *t, const trial_progress *p, int64_t number, int64_t at,
                                  double value) {
  NUMBERS_WITHOUT_LOCALE;
  sqlite3_stmt *q = t->statement[TRIALS_REPORTED];
  sqlite3_bind_int64(q, 1, p->id);
  sqlite3_bind_int64(q, 2, at);
  int code = sqlite3_step(q);
  double before = code == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL
                      ? sqlite3_column_double(q, 0)
                      : NAN;
  sqlite3_reset(q);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return fail_writing(t, code, "reading");
  if (code == SQLITE_ROW && (before == value || (isnan(before) && isnan(value)))) return THRONG_OK;
  if (code == SQLITE_ROW)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: trial %lld, step %lld: %g, but it was %g before",
                       t->file.path, (long long)number, (long long)at, value, before);
  return throng_fail(THRONG_ERROR_ARGUMENT, "%s: trial %lld: step %lld after step %lld",
                     t->file.path, (long long)number, (long long)at, (long long)p->last_step);
}

throng_status trials_report(trials *t, int64_t number, int64_t at, double value) {
  trial_progress *p = NULL;
  THRONG_TRY(find(t, number, &p));
  if (at < 0 || at > INT32_MAX)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "%s: trial %lld: step %lld, expected evaluations, 0 to %d", t->file.path,
                       (long long)number, (long long)at, INT32_MAX);
  if (p->n_report && at <= p->last_step) return report_again(t, p, number, at, value);
  bool own = sqlite3_get_autocommit(t->file.db);
  if (own) THRONG_TRY(trials_begin(t));
  THRONG_TRY(thin(t, p));
  sqlite3_stmt *q = t->statement[TRIALS_REPORT];
  sqlite3_bind_int64(q, 1, p->id);
  sqlite3_bind_int64(q, 2, at);
  bind_value(q, 3, value);
  THRONG_TRY(step(t, q, "writing a report"));
  *p = (trial_progress){p->id, p->n_report + 1, at, value};
  return own ? trials_commit(t) : THRONG_OK;
}

throng_status trials_finish(trials *t, int64_t number, trial_state state, const double *value) {
  trial_progress *p = NULL;
  THRONG_TRY(find(t, number, &p));
  double known[SWEEP_MOST_OBJECTIVES];
  bool all = true;
  for (int32_t k = 0; k < t->def.n_objective; ++k) {
    known[k] = value ? value[k] : NAN;
    if (isnan(known[k]) && state == TRIAL_PRUNED && t->def.n_objective == 1)
      known[k] = p->last_value;
    all = all && !isnan(known[k]);
  }
  if (state == TRIAL_COMPLETE && !all)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "%s: trial %lld is complete without a number for %s; expected one, or a "
                       "trial that failed",
                       t->file.path, (long long)number, t->def.metric[0]);
  bool own = sqlite3_get_autocommit(t->file.db);
  if (own) THRONG_TRY(trials_begin(t));
  sqlite3_stmt *q = t->statement[TRIALS_END];
  char now[32];
  time_text(now);
  sqlite3_bind_int64(q, 1, p->id);
  sqlite3_bind_text(q, 2, trials_state_names[state], -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 3, now, -1, SQLITE_STATIC);
  THRONG_TRY(step(t, q, "ending a trial"));
  for (int32_t k = 0; all && k < t->def.n_objective; ++k) {
    q = t->statement[TRIALS_SET_VALUE];
    sqlite3_bind_int64(q, 1, p->id);
    sqlite3_bind_int64(q, 2, k);
    bind_value(q, 3, known[k]);
    THRONG_TRY(step(t, q, "ending a trial"));
  }
  return own ? trials_commit(t) : THRONG_OK;
}

throng_status trials_set(trials *t, int64_t number, const char *key, const char *json) {
  trial_progress *p = NULL;
  cJSON *parsed = NULL;
  THRONG_TRY(number < 0 ? check_writable(t) : find(t, number, &p));
  // Others read it, too.
  if (json_parse(key, 1, json, strlen(json), JSON_STRICT, &parsed) != THRONG_OK)
    return throng_fail_context(THRONG_ERROR_ARGUMENT, "%s", t->file.path);
  cJSON_Delete(parsed);
  sqlite3_stmt *q = t->statement[p ? TRIALS_SET_TRIAL : TRIALS_SET_STUDY];
  sqlite3_bind_int64(q, 1, p ? p->id : t->study);
  sqlite3_bind_text(q, 2, key, -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 3, json, -1, SQLITE_STATIC);
  return step(t, q, "writing an attribute");
}

throng_status trials_set_number(trials *t, int64_t number, const char *key, double x) {
  char text[40] = "null";
  if (isfinite(x)) space_number_text(x, text, sizeof text);
  return trials_set(t, number, key, text);
}

throng_status trials_set_text(trials *t, int64_t number, const char *key, const char *text) {
  char *json = NULL;
  size_t size;
  FILE *to = open_memstream(&json, &size);
  if (to) json_write_string(to, text);
  if (!to || fclose(to) != 0)
    return free(json), throng_fail(THRONG_ERROR_MEMORY, "attribute %s: out of memory", key);
  throng_status status = trials_set(t, number, key, json);
  free(json);
  return status;
}

throng_status trials_note(trials *t, const char *markdown) {
  THRONG_TRY(check_writable(t));
  char *json = NULL;
  size_t size;
  FILE *to = open_memstream(&json, &size);
  if (to) json_write_string(to, markdown);
  if (!to || fclose(to) != 0)
    return free(json), throng_fail(THRONG_ERROR_MEMORY, "a note: out of memory");
  // A note whose number is not ours any more was edited in the dashboard, and stays.
  static const char *const parts[] = {
      "INSERT INTO study_system_attributes (study_id, \"key\", value_json) SELECT ?1, "
      "'dashboard:note_str:0', ?2 WHERE coalesce((SELECT value_json FROM study_system_attributes "
      "WHERE study_id = ?1 AND \"key\" = 'dashboard:note_ver'), '1') = '1'" UPSERT_VALUE,
      "INSERT INTO study_system_attributes (study_id, \"key\", value_json) SELECT ?1, "
      "'dashboard:note_ver', '1' WHERE ?2 IS NOT NULL ON CONFLICT DO NOTHING",
  };
  throng_status status = THRONG_OK;
  for (int i = 0; status == THRONG_OK && i < 2; ++i) {
    sqlite3_stmt *q = NULL;
    status = database_prepare(&t->file, parts[i], &q);
    if (status != THRONG_OK) break;
    sqlite3_bind_int64(q, 1, t->study);
    sqlite3_bind_text(q, 2, json, -1, SQLITE_STATIC);
    status = step(t, q, "writing a note");
    sqlite3_finalize(q);
  }
  free(json);
  return status;
}
