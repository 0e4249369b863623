/// The store's statements. Writes gather in one transaction for a tenth of a second: a commit costs
/// more than the row.
#include "llm/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/database.h"

enum { VERSION = 2, MOST_PENDING = 64, APPLICATION = 0x7468726e };
static const double longest_pending = 0.1;  // seconds

static const char schema[] =
    "CREATE TABLE request ("
    " id TEXT PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " item TEXT NOT NULL,"
    " side TEXT NOT NULL,"
    " prompt TEXT NOT NULL,"
    " model TEXT NOT NULL,"
    " params TEXT NOT NULL,"
    " request TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('answered', 'failed')),"
    " form TEXT,"
    " answer TEXT,"
    " keywords TEXT,"
    " finish TEXT,"
    " error TEXT,"
    " prompt_tokens INTEGER NOT NULL DEFAULT 0,"
    " completion_tokens INTEGER NOT NULL DEFAULT 0,"
    " seconds REAL NOT NULL DEFAULT 0,"
    " tries INTEGER NOT NULL DEFAULT 0,"
    " created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),"
    " body TEXT);"
    "CREATE INDEX request_by_model ON request (model, created);"
    "CREATE TABLE embedding ("
    " model TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " dim INTEGER NOT NULL,"
    " vector BLOB NOT NULL,"  // float32, little-endian
    " PRIMARY KEY (model, text)) WITHOUT ROWID;"
    "CREATE VIEW summary AS SELECT model, kind, side, state, finish, count(*) AS requests,"
    " sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,"
    " round(avg(seconds), 3) AS mean_seconds, min(created) AS first, max(created) AS last"
    " FROM request GROUP BY model, kind, side, state, finish;";

struct llm_store {
  database file;
  sqlite3_stmt *find, *put, *reread, *find_vector, *put_vector;
  int64_t version;
  int pending;
  double since;
  int64_t committed;
};

/// From version 1: rows have no bodies.
static throng_status migrate(llm_store *s) {
  THRONG_TRY(database_execute(&s->file, "BEGIN IMMEDIATE", "bringing it up to date"));
  // Another process may have been first.
  throng_status status = database_integer(&s->file, "PRAGMA user_version", &s->version);
  if (status == THRONG_OK && s->version == 1)
    status = database_execute(&s->file,
                              "ALTER TABLE request ADD COLUMN body TEXT; PRAGMA user_version = 2",
                              "bringing it up to date");
  if (status == THRONG_OK) status = database_execute(&s->file, "COMMIT", "bringing it up to date");
  if (status != THRONG_OK) sqlite3_exec(s->file.db, "ROLLBACK", NULL, NULL, NULL);
  s->version = VERSION;
  return status;
}

static throng_status check_or_make(llm_store *s, bool read_only) {
  int64_t version, application, tables;
  if (!read_only) THRONG_TRY(database_execute(&s->file, "PRAGMA journal_mode = WAL", "opening"));
  THRONG_TRY(database_integer(&s->file, "SELECT count(*) FROM sqlite_master", &tables));
  THRONG_TRY(database_integer(&s->file, "PRAGMA application_id", &application));
  THRONG_TRY(database_integer(&s->file, "PRAGMA user_version", &version));
  if (tables == 0 && !read_only) {
    char made[128];
    THRONG_TRY(database_execute(&s->file, "BEGIN IMMEDIATE", "making"));
    // Another process may have been first.
    THRONG_TRY(database_integer(&s->file, "SELECT count(*) FROM sqlite_master", &tables));
    if (tables == 0) THRONG_TRY(database_execute(&s->file, schema, "making"));
    snprintf(made, sizeof made, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             APPLICATION, VERSION);
    s->version = VERSION;
    return database_execute(&s->file, made, "making");
  }
  if (application != APPLICATION)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: a database, but not of throng; expected a store that throng made",
                       s->file.path);
  if (version < 1 || version > VERSION)
    return throng_fail(THRONG_ERROR_DATA, "%s: version %lld of the store, expected 1 to %d",
                       s->file.path, (long long)version, VERSION);
  s->version = version;
  return version < VERSION && !read_only ? migrate(s) : THRONG_OK;
}

static throng_status open_database(llm_store *s, const char *path, bool read_only) {
  int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  s->file.expected = "a store that throng made";
  s->file.rescued = "set llm.store to NEW";
  THRONG_TRY(database_open(&s->file, path, flags));
  THRONG_TRY(check_or_make(s, read_only));
  if (!read_only) THRONG_TRY(database_execute(&s->file, "PRAGMA synchronous = NORMAL", "opening"));
  char find[300];
  snprintf(
      find, sizeof find,
      "SELECT kind, item, side, prompt, model, params, request, form, answer, keywords, finish, "
      "error, prompt_tokens, completion_tokens, seconds, tries, %s FROM request WHERE id = ?1",
      s->version < 2 ? "NULL" : "body");
  THRONG_TRY(database_prepare(&s->file, find, &s->find));
  THRONG_TRY(database_prepare(&s->file,
                              "SELECT vector, dim FROM embedding WHERE model = ?1 AND text = ?2",
                              &s->find_vector));
  if (read_only) return THRONG_OK;
  // An answer is never overwritten by a failure, whoever else writes here.
  THRONG_TRY(database_prepare(
      &s->file,
      "INSERT INTO request (id, kind, item, side, prompt, model, params, request, "
      "state, form, answer, keywords, finish, error, prompt_tokens, "
      "completion_tokens, seconds, tries, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
      "iif(?10 IS NULL, 'failed', 'answered'), ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
      "?16, ?17, ?18) ON CONFLICT (id) DO UPDATE SET state = excluded.state, form = "
      "excluded.form, answer = excluded.answer, keywords = excluded.keywords, "
      "finish = excluded.finish, error = excluded.error, prompt_tokens = "
      "excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, "
      "seconds = excluded.seconds, tries = request.tries + excluded.tries, created "
      "= excluded.created, body = excluded.body WHERE request.state = 'failed'",
      &s->put));
  THRONG_TRY(database_prepare(
      &s->file,
      "UPDATE request SET answer = ?2, keywords = ?3, error = ?4, finish = ?5, state = "
      "iif(?2 IS NULL, 'failed', 'answered') WHERE id = ?1",
      &s->reread));
  return database_prepare(
      &s->file,
      "INSERT INTO embedding (model, text, dim, vector) VALUES (?1, ?2, ?3, ?4) ON "
      "CONFLICT DO NOTHING",
      &s->put_vector);
}

throng_status store_open(const char *path, bool must_exist, llm_store **out) {
  *out = NULL;
  if (must_exist && access(path, F_OK) != 0) {
    if (errno == ENOENT) return THRONG_OK;
    return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  }
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "store"));
  throng_status status = open_database(*out, path, must_exist);
  if (status == THRONG_OK) return THRONG_OK;
  store_close(*out);
  *out = NULL;
  return status;
}

void store_close(llm_store *s) {
  if (!s) return;
  // Without a word: it may be closed because of an error that is still to be told.
  if (s->pending) sqlite3_exec(s->file.db, "COMMIT", NULL, NULL, NULL);
  sqlite3_finalize(s->find);
  sqlite3_finalize(s->put);
  sqlite3_finalize(s->reread);
  sqlite3_finalize(s->find_vector);
  sqlite3_finalize(s->put_vector);
  database_close(&s->file);
  free(s);
}

static const char *column(sqlite3_stmt *statement, int i) {
  return (const char *)sqlite3_column_text(statement, i);
}

throng_status store_find(llm_store *s, const char *id, store_row *row, bool *found) {
  sqlite3_stmt *q = s->find;
  sqlite3_reset(q);
  sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  *found = code == SQLITE_ROW;
  *row = (store_row){0};
  if (code == SQLITE_DONE) return sqlite3_reset(q), THRONG_OK;
  if (code != SQLITE_ROW) return database_fail(&s->file, code, "looking for an answer");
  *row = (store_row){.id = id,
                     .kind = column(q, 0),
                     .item = column(q, 1),
                     .side = column(q, 2),
                     .prompt = column(q, 3),
                     .model = column(q, 4),
                     .params = column(q, 5),
                     .request = column(q, 6),
                     .form = column(q, 7),
                     .answer = column(q, 8),
                     .keywords = column(q, 9),
                     .finish = column(q, 10),
                     .error = column(q, 11),
                     .prompt_tokens = sqlite3_column_int64(q, 12),
                     .completion_tokens = sqlite3_column_int64(q, 13),
                     .seconds = sqlite3_column_double(q, 14),
                     .tries = sqlite3_column_int(q, 15),
                     .body = column(q, 16)};
  return THRONG_OK;
}

/// After a statement that failed. SQLite may have taken back the whole transaction.
static throng_status fail_writing(llm_store *s, int code, const char *doing) {
  throng_status status = database_fail(&s->file, code, doing);
  if (sqlite3_get_autocommit(s->file.db)) s->pending = 0;
  return status;
}

static throng_status begin(llm_store *s) {
  // A statement that still reads would keep the WAL from being taken back into the file.
  sqlite3_reset(s->find);
  sqlite3_reset(s->find_vector);
  if (s->pending++) return THRONG_OK;
  s->since = clock_now();
  int code = sqlite3_exec(s->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  return code == SQLITE_OK ? THRONG_OK : fail_writing(s, code, "writing");
}

throng_status store_put(llm_store *s, const store_row *r) {
  sqlite3_stmt *q = s->put;
  const char *text[] = {r->id,      r->kind, r->item,   r->side,     r->prompt, r->model, r->params,
                        r->request, r->form, r->answer, r->keywords, r->finish, r->error};
  THRONG_TRY(begin(s));
  for (int i = 0; i < 13; ++i) sqlite3_bind_text(q, i + 1, text[i], -1, SQLITE_STATIC);
  sqlite3_bind_int64(q, 14, r->prompt_tokens);
  sqlite3_bind_int64(q, 15, r->completion_tokens);
  sqlite3_bind_double(q, 16, r->seconds);
  sqlite3_bind_int(q, 17, r->tries);
  sqlite3_bind_text(q, 18, r->body, -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  sqlite3_reset(q);
  sqlite3_clear_bindings(q);
  return code == SQLITE_DONE ? THRONG_OK : fail_writing(s, code, "writing an answer");
}

throng_status store_reread(llm_store *s, const store_row *r) {
  sqlite3_stmt *q = s->reread;
  const char *text[] = {r->id, r->answer, r->keywords, r->error, r->finish};
  THRONG_TRY(begin(s));
  for (int i = 0; i < 5; ++i) sqlite3_bind_text(q, i + 1, text[i], -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  sqlite3_reset(q);
  sqlite3_clear_bindings(q);
  return code == SQLITE_DONE ? THRONG_OK : fail_writing(s, code, "writing an answer");
}

throng_status store_find_vector(llm_store *s, const char *model, const char *text,
                                const float **vector, int32_t *dim) {
  sqlite3_stmt *q = s->find_vector;
  sqlite3_reset(q);
  sqlite3_bind_text(q, 1, model, -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 2, text, -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  *vector = NULL;
  *dim = 0;
  if (code == SQLITE_DONE) return sqlite3_reset(q), THRONG_OK;
  if (code != SQLITE_ROW) return database_fail(&s->file, code, "looking for an embedding");
  *dim = sqlite3_column_int(q, 1);
  *vector = sqlite3_column_blob(q, 0);
  if (*dim < 1 || sqlite3_column_bytes(q, 0) != *dim * (int)sizeof(float))
    return throng_fail(THRONG_ERROR_DATA, "%s: embedding of \"%.60s\": %d bytes for %d numbers",
                       s->file.path, text, sqlite3_column_bytes(q, 0), *dim);
  return THRONG_OK;
}

throng_status store_put_vector(llm_store *s, const char *model, const char *text,
                               const float *vector, int32_t dim) {
  sqlite3_stmt *q = s->put_vector;
  THRONG_TRY(begin(s));
  sqlite3_bind_text(q, 1, model, -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 2, text, -1, SQLITE_STATIC);
  sqlite3_bind_int(q, 3, dim);
  sqlite3_bind_blob(q, 4, vector, dim * (int)sizeof *vector, SQLITE_STATIC);
  int code = sqlite3_step(q);
  sqlite3_reset(q);
  sqlite3_clear_bindings(q);
  return code == SQLITE_DONE ? THRONG_OK : fail_writing(s, code, "writing an embedding");
}

throng_status store_vector_dim(llm_store *s, const char *model, int32_t *dim) {
  sqlite3_stmt *q = NULL;
  THRONG_TRY(database_prepare(&s->file, "SELECT dim FROM embedding WHERE model = ?1 LIMIT 1", &q));
  sqlite3_bind_text(q, 1, model, -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  *dim = code == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0;
  sqlite3_finalize(q);
  return code == SQLITE_ROW || code == SQLITE_DONE ? THRONG_OK
                                                   : database_fail(&s->file, code, "reading");
}

throng_status store_commit(llm_store *s) {
  if (!s->pending) return THRONG_OK;
  int code = sqlite3_exec(s->file.db, "COMMIT", NULL, NULL, NULL);
  if (code != SQLITE_OK) return fail_writing(s, code, "committing");
  s->committed += s->pending;
  s->pending = 0;
  return THRONG_OK;
}

throng_status store_commit_due(llm_store *s) {
  if (s->pending < MOST_PENDING && (!s->pending || clock_now() - s->since < longest_pending))
    return THRONG_OK;
  return store_commit(s);
}

int64_t store_committed(const llm_store *s) { return s->committed; }

throng_status store_sum(llm_store *s, const char *model, store_totals *out) {
  sqlite3_stmt *q = NULL;
  *out = (store_totals){0};
  // The rate: answers in the five minutes before the latest one, over the time that they span.
  THRONG_TRY(database_prepare(
      &s->file,
      "WITH t AS (SELECT max(julianday(created)) AS last FROM request WHERE model = ?1 AND state = "
      "'answered'), r AS (SELECT julianday(created) AS at FROM request, t WHERE model = ?1 AND "
      "state = 'answered' AND julianday(created) >= t.last - 5.0 / 1440) SELECT (SELECT count(*) "
      "FROM request WHERE model = ?1 AND state = 'answered'), (SELECT count(*) FROM request WHERE "
      "model = ?1 AND state = 'failed'), (SELECT total(prompt_tokens) FROM request WHERE model = "
      "?1), (SELECT total(completion_tokens) FROM request WHERE model = ?1), (SELECT (count(*) - "
      "1) / ((max(at) - min(at)) * 1440) FROM r)",
      &q));
  sqlite3_bind_text(q, 1, model, -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  if (code == SQLITE_ROW)
    *out = (store_totals){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                          sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3),
                          sqlite3_column_double(q, 4)};
  sqlite3_finalize(q);
  return code == SQLITE_ROW ? THRONG_OK : database_fail(&s->file, code, "summing up");
}
