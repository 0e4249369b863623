/// Opening a sweep's trials, to write and to read.
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "trials/trials_inner.h"

static throng_status create(const char *path, trials **out) {
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "trials"));
  (*out)->file.expected = "the trials of a sweep";
  (*out)->file.rescued = "put NEW in its place";
  (*out)->def.path = strdup(path);
  return (*out)->def.path ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", path);
}

throng_status trials_close(trials *t) {
  if (!t) return THRONG_OK;
  for (int i = 0; i < TRIALS_N_STATEMENT; ++i) sqlite3_finalize(t->statement[i]);
  if (t->lock) {
    sqlite3_exec(t->file.db, "ROLLBACK", NULL, NULL, NULL);
    // One plain file, which opens in folders that cannot be written, too; not while others have it
    // open: they keep the journal.
    sqlite3_busy_timeout(t->file.db, 0);
    sqlite3_exec(t->file.db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
  }
  database_close(&t->file);
  file_lock_release(t->lock);
  for (int32_t p = 0; t->distribution && p < t->def.space->n; ++p) free(t->distribution[p]);
  free(t->distribution);
  space_free(t->space);
  cJSON_Delete(t->metrics);
  free(t->study_name);
  free(t->progress);
  free((char *)t->def.path);
  free(t);
  return THRONG_OK;
}

const trials_def *trials_get_def(const trials *t) { return &t->def; }

static throng_status describe_parameters(trials *t) {
  const space *s = t->def.space;
  THRONG_TRY(
      throng_alloc((void **)&t->distribution, (size_t)s->n + 1, sizeof *t->distribution, "trials"));
  for (int32_t p = 0; p < s->n; ++p)
    THRONG_TRY(space_distribution_json(&s->parameter[p], &t->distribution[p]));
  return THRONG_OK;
}

throng_status trials_load_progress(trials *t) {
  sqlite3_stmt *q = NULL;
  t->n = 0;
  THRONG_TRY(database_prepare(
      &t->file, "SELECT trial_id, number FROM trials WHERE study_id = ?1 ORDER BY number", &q));
  sqlite3_bind_int64(q, 1, t->study);
  int code;
  throng_status status = THRONG_OK;
  while (status == THRONG_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
    int64_t number = sqlite3_column_int64(q, 1);
    if (number != t->n)
      status = throng_fail(THRONG_ERROR_DATA, "%s: trial %lld where %lld is expected", t->file.path,
                           (long long)number, (long long)t->n);
    else
      status = throng_grow((void **)&t->progress, &t->capacity, (size_t)t->n + 1,
                           sizeof *t->progress, "trials");
    if (status == THRONG_OK)
      t->progress[t->n++] = (trial_progress){.id = sqlite3_column_int64(q, 0), .last_value = NAN};
  }
  if (status == THRONG_OK && code != SQLITE_DONE) status = database_fail(&t->file, code, "reading");
  sqlite3_finalize(q);
  THRONG_TRY(status);
  // Bare columns beside max() are those of its row (SQLite's rule for one max or min). The newest
  // report is never a thinned one.
  THRONG_TRY(database_prepare(
      &t->file,
      "SELECT number, (SELECT count(*) FROM throng_thinned_values AS o WHERE o.trial_id = "
      "v.trial_id) + count(*), max(step), CASE intermediate_value_type WHEN 'INF_POS' THEN 9e999 "
      "WHEN 'INF_NEG' THEN -9e999 ELSE intermediate_value END FROM trial_intermediate_values AS v "
      "JOIN trials USING (trial_id) WHERE study_id = ?1 GROUP BY v.trial_id",
      &q));
  sqlite3_bind_int64(q, 1, t->study);
  while ((code = sqlite3_step(q)) == SQLITE_ROW) {
    int64_t number = sqlite3_column_int64(q, 0);
    if (number < 0 || number >= t->n) continue;  // a damaged index
    trial_progress *p = &t->progress[number];
    p->n_report = sqlite3_column_int64(q, 1);
    p->last_step = sqlite3_column_int64(q, 2);
    if (sqlite3_column_type(q, 3) != SQLITE_NULL) p->last_value = sqlite3_column_double(q, 3);
  }
  sqlite3_finalize(q);
  return code == SQLITE_DONE ? THRONG_OK : database_fail(&t->file, code, "reading");
}

/// The first column of a statement about the study, malloc'd. Without a row: an error, as of a file
/// whose index and table disagree.
static throng_status study_text(trials *t, const char *sql, char **out) {
  sqlite3_stmt *q = NULL;
  *out = NULL;
  THRONG_TRY(database_prepare(&t->file, sql, &q));
  sqlite3_bind_int64(q, 1, t->study);
  int code = sqlite3_step(q);
  throng_status status = THRONG_OK;
  if (code == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(q, 0);
    *out = strdup(text ? text : "");
    if (!*out) status = throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", t->file.path);
  } else if (code == SQLITE_DONE) {
    status =
        throng_fail(THRONG_ERROR_DATA, "%s: damaged: a row about the study is gone; expected %s",
                    t->file.path, t->file.expected);
  } else {
    status = database_fail(&t->file, code, "reading");
  }
  sqlite3_finalize(q);
  return status;
}

/// The sweep's study: the first that has a space. Others may stand beside it.
static throng_status find_study(trials *t) {
  THRONG_TRY(database_integer(&t->file,
                              "SELECT study_id FROM study_user_attributes WHERE \"key\" = "
                              "'" TRIALS_SPACE "' ORDER BY study_id LIMIT 1",
                              &t->study));
  if (!t->study)
    return throng_fail(THRONG_ERROR_DATA, "%s: none of its studies is a sweep's; expected %s",
                       t->file.path, t->file.expected);
  return study_text(t, "SELECT study_name FROM studies WHERE study_id = ?1", &t->study_name);
}

static const char directions_sql[] =
    "SELECT group_concat(direction, ', ') FROM (SELECT direction FROM study_directions WHERE "
    "study_id = ?1 ORDER BY objective)";
static const char names_sql[] =
    "SELECT coalesce((SELECT value_json FROM study_system_attributes WHERE study_id = ?1 AND "
    "\"key\" = 'study:metric_names'), '[]')";
static const char space_sql[] =
    "SELECT value_json FROM study_user_attributes WHERE study_id = ?1 AND \"key\" = '" TRIALS_SPACE
    "'";

/// Objectives of the file into the def.
static throng_status read_objectives(trials *t, trials_def *def) {
  char *directions = NULL, *names = NULL;
  throng_status status = study_text(t, directions_sql, &directions);
  if (status == THRONG_OK) status = study_text(t, names_sql, &names);
  if (status == THRONG_OK)
    status = json_parse("study:metric_names", 1, names, strlen(names), JSON_STRICT, &t->metrics);
  int n = status == THRONG_OK && cJSON_IsArray(t->metrics) ? cJSON_GetArraySize(t->metrics) : 0;
  const char *at = directions ? directions : "";
  if (status == THRONG_OK && (n < 1 || n > SWEEP_MOST_OBJECTIVES))
    status = throng_fail(THRONG_ERROR_DATA, "%s: %d objectives, expected 1 to %d", t->file.path, n,
                         SWEEP_MOST_OBJECTIVES);
  for (int k = 0; status == THRONG_OK && k < n; ++k) {
    const cJSON *name = cJSON_GetArrayItem(t->metrics, k);
    bool maximise = !strncmp(at, "MAXIMIZE", 8);
    if (!cJSON_IsString(name) || (!maximise && strncmp(at, "MINIMIZE", 8) != 0))
      status = throng_fail(THRONG_ERROR_DATA, "%s: objective %d: expected a name and a direction",
                           t->file.path, k);
    else
      def->metric[k] = name->valuestring, def->maximise[k] = maximise, at += 8;
    if (status == THRONG_OK && !strncmp(at, ", ", 2)) at += 2;
  }
  def->n_objective = n;
  free(directions);
  free(names);
  return status;
}

/// Does the file hold what the def says? What differs otherwise.
static throng_status compare(trials *t) {
  const trials_def *def = &t->def;
  if (strcmp(t->study_name, def->study) != 0)
    return throng_fail(THRONG_ERROR_DATA, "%s: the study \"%.80s\", expected \"%.80s\"",
                       t->file.path, t->study_name, def->study);
  trials_def there = {0};
  THRONG_TRY(read_objectives(t, &there));
  bool same = there.n_objective == def->n_objective;
  for (int32_t k = 0; same && k < def->n_objective; ++k)
    same = there.maximise[k] == def->maximise[k] && !strcmp(there.metric[k], def->metric[k]);
  if (!same)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: %d objectives beginning with %s (%s), expected %d beginning with %s "
                       "(%s)",
                       t->file.path, there.n_objective, there.metric[0],
                       there.maximise[0] ? "maximised" : "minimised", def->n_objective,
                       def->metric[0], def->maximise[0] ? "maximised" : "minimised");
  char *before = NULL, *now = NULL, *difference = NULL;
  throng_status status = study_text(t, space_sql, &before);
  if (status == THRONG_OK) status = space_print(def->space, &now);
  if (status == THRONG_OK && strcmp(before, now) != 0)
    status = space_difference(before, now, &difference);
  if (status == THRONG_ERROR_DATA)
    status = throng_fail_context(status, "%s: damaged: the attribute " TRIALS_SPACE, t->file.path);
  // Messages are one line.
  for (char *at = difference; at && *at; ++at)
    if (*at == '\n') *at = at[1] ? ';' : '\0';
  if (status == THRONG_OK && difference)
    status = throng_fail(THRONG_ERROR_DATA,
                         "%s: the space has changed since these trials were made: %s; expected "
                         "the same space; change it back, or begin another sweep in another folder",
                         t->file.path, difference);
  free(before);
  free(now);
  free(difference);
  return status;
}

static throng_status check_whole(trials *t) {
  char *found = NULL;
  throng_status status = study_text(t, "SELECT * FROM pragma_quick_check(1) WHERE ?1 = ?1", &found);
  if (status == THRONG_OK && strcmp(found, "ok") != 0)
    status = throng_fail(THRONG_ERROR_DATA,
                         "%s: the file is damaged: %.300s; `sqlite3 %.200s .recover | sqlite3 NEW` "
                         "saves what can be read, then %s",
                         t->file.path, found, t->file.path, t->file.rescued);
  free(found);
  return status;
}

static throng_status take_lock(trials *t) {
  char lock[PATH_MAX + 32];
  const char *path = t->def.path, *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  snprintf(lock, sizeof lock, "%.*s.%s.lock", (int)(name - path), path, name);
  return file_lock_take(lock, path, "wait for it, or choose another folder", &t->lock);
}

static throng_status open_to_write(trials *t, bool resume) {
  bool empty;
  if (resume && access(t->def.path, F_OK) != 0)
    return throng_fail(errno == ENOENT ? THRONG_ERROR_DATA : THRONG_ERROR_IO, "%s: %s", t->def.path,
                       strerror(errno));
  THRONG_TRY(take_lock(t));
  THRONG_TRY(database_open(&t->file, t->def.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  THRONG_TRY(trials_check_schema(t, &empty));
  if (empty && resume)
    return throng_fail(THRONG_ERROR_DATA, "%s: empty; expected %s", t->def.path, t->file.expected);
  if (!empty && !resume)
    return throng_fail(THRONG_ERROR_IO,
                       "%s: there are trials already; go on with them, or choose another folder",
                       t->def.path);
  if (!empty) {
    THRONG_TRY(check_whole(t));
    THRONG_TRY(find_study(t));
    THRONG_TRY(compare(t));
    THRONG_TRY(trials_load_progress(t));
    THRONG_TRY(database_execute(&t->file, "PRAGMA journal_mode = WAL", "opening"));
  } else {
    THRONG_TRY(trials_make(t));
  }
  THRONG_TRY(describe_parameters(t));
  // A kill loses nothing; a power cut the last rounds, whole ones: those are trained again.
  THRONG_TRY(database_execute(&t->file, "PRAGMA synchronous = NORMAL", "opening"));
  return trials_prepare(t);
}

throng_status trials_open(const trials_def *def, bool resume, trials **out) {
  *out = NULL;
  trials *t = NULL;
  throng_status status = create(def->path, &t);
  if (status == THRONG_OK) {
    const char *path = t->def.path;
    t->def = *def;
    t->def.path = path;
    status = open_to_write(t, resume);
  }
  if (status == THRONG_OK)
    *out = t;
  else
    trials_close(t);
  return status;
}

/// A file that SQLite takes to stay as it is: it makes nothing beside it.
static throng_status open_unchanging(trials *t) {
  char uri[3 * PATH_MAX + 64] = "file:";
  size_t used = strlen(uri);
  for (const char *c = t->def.path; *c && used < sizeof uri - 32; ++c)
    used += (size_t)snprintf(uri + used, sizeof uri - used, strchr("%?#", *c) ? "%%%02X" : "%c",
                             (unsigned char)*c);
  snprintf(uri + used, sizeof uri - used, "?immutable=1");
  database_close(&t->file);
  THRONG_TRY(database_open(&t->file, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
  free(t->file.path);
  t->file.path = strdup(t->def.path);  // as messages name it
  return t->file.path ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "trials: out of memory");
}

/// In a folder that cannot be written SQLite cannot make the files beside a database that a killed
/// sweep left with a journal. Without rows in the journal the file alone is everything.
static throng_status open_read_only(trials *t, bool *empty) {
  char journal[PATH_MAX + 8];
  struct stat info;
  if (access(t->def.path, R_OK) != 0)
    return throng_fail(THRONG_ERROR_IO, "%s: %s", t->def.path, strerror(errno));
  throng_status status = database_open(&t->file, t->def.path, SQLITE_OPEN_READONLY);
  if (status == THRONG_OK) status = trials_check_schema(t, empty);
  int code = t->file.db ? sqlite3_errcode(t->file.db) & 0xff : SQLITE_OK;
  snprintf(journal, sizeof journal, "%s-wal", t->def.path);
  if (status == THRONG_OK || (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
      (stat(journal, &info) == 0 && info.st_size > 0))
    return status;
  THRONG_TRY(open_unchanging(t));
  return trials_check_schema(t, empty);
}

throng_status trials_found(const char *path, bool *out) {
  trials *t = NULL;
  bool empty = true;
  *out = false;
  if (access(path, F_OK) != 0 && errno == ENOENT) return THRONG_OK;
  throng_status status = create(path, &t);
  if (status == THRONG_OK) status = open_read_only(t, &empty);
  trials_close(t);
  *out = status == THRONG_OK && !empty;
  return status;
}

throng_status trials_open_to_read(const char *path, const space_options *options, trials **out) {
  *out = NULL;
  trials *t = NULL;
  char *text = NULL;
  cJSON *json = NULL;
  bool empty = false;
  throng_status status = create(path, &t);
  if (status == THRONG_OK) status = open_read_only(t, &empty);
  if (status == THRONG_OK && empty)
    status = throng_fail(THRONG_ERROR_DATA, "%s: empty; expected %s", path, t->file.expected);
  if (status == THRONG_OK) status = find_study(t);
  if (status == THRONG_OK) status = read_objectives(t, &t->def);
  if (status == THRONG_OK) status = study_text(t, space_sql, &text);
  if (status == THRONG_OK)
    status = json_parse(TRIALS_SPACE, 1, text, strlen(text), JSON_STRICT, &json);
  if (status == THRONG_OK) status = space_read(json, TRIALS_SPACE, options, &t->space);
  if (status == THRONG_OK) {
    t->def.study = t->study_name;
    t->def.space = t->space;
    *out = t;
  } else {
    trials_close(t);
  }
  free(text);
  cJSON_Delete(json);
  return status;
}
