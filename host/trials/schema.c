/// The tables, as Optuna 4.0 to 5.0 make them (tests/golden/optuna_schema.sql), and one of ours.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trials/trials_inner.h"

enum { SCHEMA = 12 };
#define ALEMBIC "v3.2.0.a"

static const char tables[] =
    "CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY "
    "KEY (study_id));"
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);"
    "CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, "
    "library_version VARCHAR(256), PRIMARY KEY (version_info_id), CHECK (version_info_id=1));"
    "CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT "
    "NULL, study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY "
    "(study_direction_id), UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies "
    "(study_id));"
    "CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id "
    "INTEGER, \"key\" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_user_attribute_id), UNIQUE "
    "(study_id, \"key\"), FOREIGN KEY(study_id) REFERENCES studies (study_id));"
    "CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id "
    "INTEGER, \"key\" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_system_attribute_id), "
    "UNIQUE (study_id, \"key\"), FOREIGN KEY(study_id) REFERENCES studies (study_id));"
    "CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state "
    "VARCHAR(8) NOT NULL, datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY "
    "(trial_id), FOREIGN KEY(study_id) REFERENCES studies (study_id));"
    "CREATE INDEX ix_trials_study_id ON trials (study_id);"
    "CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id "
    "INTEGER, \"key\" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_user_attribute_id), UNIQUE "
    "(trial_id, \"key\"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));"
    "CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id "
    "INTEGER, \"key\" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_system_attribute_id), "
    "UNIQUE (trial_id, \"key\"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));"
    "CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name "
    "VARCHAR(512), param_value FLOAT, distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE "
    "(trial_id, param_name), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));"
    "CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, "
    "objective INTEGER NOT NULL, value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY "
    "(trial_value_id), UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials "
    "(trial_id));"
    "CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, "
    "trial_id INTEGER NOT NULL, step INTEGER NOT NULL, intermediate_value FLOAT, "
    "intermediate_value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_intermediate_value_id), "
    "UNIQUE (trial_id, step), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));"
    "CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT "
    "NULL, heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id), "
    "FOREIGN KEY(trial_id) REFERENCES trials (trial_id));"
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT "
    "alembic_version_pkc PRIMARY KEY (version_num));"
    "INSERT INTO alembic_version VALUES ('" ALEMBIC
    "');"
    // NULL: no number.
    "CREATE TABLE throng_thinned_values (trial_id INTEGER NOT NULL, step INTEGER NOT NULL, value "
    "REAL, PRIMARY KEY (trial_id, step)) WITHOUT ROWID;";

/// A statement with texts and numbers in it, run once. `numbers` before `texts`.
static throng_status insert(trials *t, const char *sql, int n_number, const int64_t *number,
                            int n_text, const char *const *text) {
  sqlite3_stmt *q = NULL;
  THRONG_TRY(database_prepare(&t->file, sql, &q));
  for (int i = 0; i < n_number; ++i) sqlite3_bind_int64(q, i + 1, number[i]);
  for (int i = 0; i < n_text; ++i)
    sqlite3_bind_text(q, n_number + i + 1, text[i], -1, SQLITE_STATIC);
  int code = sqlite3_step(q);
  throng_status status =
      code == SQLITE_DONE ? THRONG_OK : database_fail(&t->file, code, "making the study");
  sqlite3_finalize(q);
  return status;
}

/// ["Rwd", "A.Cov"]: what the axes of plots are called.
static throng_status insert_names(trials *t) {
  cJSON *names = cJSON_CreateArray();
  bool whole = names != NULL;
  for (int32_t k = 0; k < t->def.n_objective; ++k)
    whole = cJSON_AddItemToArray(names, cJSON_CreateString(t->def.metric[k])) && whole;
  char *text = whole ? cJSON_PrintUnformatted(names) : NULL;
  cJSON_Delete(names);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "names of objectives: out of memory");
  throng_status status = THRONG_OK;
  // Optuna's own key, and that of optuna-dashboard.
  static const char *const keys[] = {"study:metric_names", "dashboard:objective_names"};
  for (int i = 0; status == THRONG_OK && i < 2; ++i)
    status = insert(t,
                    "INSERT INTO study_system_attributes (study_id, \"key\", value_json) VALUES "
                    "(?1, ?2, ?3)",
                    1, &t->study, 2, (const char *const[]){keys[i], text});
  cJSON_free(text);
  return status;
}

static throng_status insert_study(trials *t) {
  char library[64];
  snprintf(library, sizeof library, "throng %s", throng_version());
  THRONG_TRY(insert(t,
                    "INSERT INTO version_info (version_info_id, schema_version, library_version) "
                    "VALUES (1, ?1, ?2)",
                    1, (const int64_t[]){SCHEMA}, 1, (const char *const[]){library}));
  THRONG_TRY(insert(t, "INSERT INTO studies (study_name) VALUES (?1)", 0, NULL, 1, &t->def.study));
  t->study = sqlite3_last_insert_rowid(t->file.db);
  for (int32_t k = 0; k < t->def.n_objective; ++k)
    THRONG_TRY(insert(t,
                      "INSERT INTO study_directions (study_id, objective, direction) VALUES (?1, "
                      "?2, ?3)",
                      2, (const int64_t[]){t->study, k}, 1,
                      (const char *const[]){t->def.maximise[k] ? "MAXIMIZE" : "MINIMIZE"}));
  return insert_names(t);
}

throng_status trials_make(trials *t) {
  // Before any table: readers go on while rows are written.
  THRONG_TRY(database_execute(&t->file, "PRAGMA journal_mode = WAL", "making"));
  THRONG_TRY(database_execute(&t->file, "BEGIN IMMEDIATE", "making"));
  char *space = NULL;
  throng_status status = database_execute(&t->file, tables, "making");
  if (status == THRONG_OK) status = insert_study(t);
  if (status == THRONG_OK) status = space_print(t->def.space, &space);
  static const char set[] =
      "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES (?1, ?2, ?3)";
  if (status == THRONG_OK)
    status = insert(t, set, 1, &t->study, 2, (const char *const[]){TRIALS_SPACE, space});
  if (status == THRONG_OK)
    status = insert(t, set, 1, &t->study, 2, (const char *const[]){TRIALS_STEP, "\"evaluation\""});
  if (status == THRONG_OK) status = database_execute(&t->file, "COMMIT", "making");
  if (status != THRONG_OK) sqlite3_exec(t->file.db, "ROLLBACK", NULL, NULL, NULL);
  free(space);
  return status;
}

throng_status trials_check_schema(trials *t, bool *empty) {
  int64_t n = 0, tables_there = 0, schema = 0;
  *empty = false;
  THRONG_TRY(database_integer(&t->file, "SELECT count(*) FROM sqlite_master", &n));
  if (n == 0) {
    *empty = true;
    return THRONG_OK;
  }
  THRONG_TRY(database_integer(&t->file,
                              "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                              "('studies', 'trials', 'trial_params', 'trial_values', "
                              "'trial_intermediate_values', 'version_info', 'alembic_version', "
                              "'throng_thinned_values')",
                              &tables_there));
  if (tables_there != 8)
    return throng_fail(THRONG_ERROR_DATA, "%s: a database, but not of a sweep; expected %s",
                       t->file.path, t->file.expected);
  sqlite3_stmt *q = NULL;
  THRONG_TRY(database_prepare(&t->file,
                              "SELECT schema_version, library_version, (SELECT version_num FROM "
                              "alembic_version) FROM version_info",
                              &q));
  int code = sqlite3_step(q);
  throng_status status = THRONG_OK;
  if (code == SQLITE_ROW) {
    schema = sqlite3_column_int64(q, 0);
    const char *library = (const char *)sqlite3_column_text(q, 1);
    const char *alembic = (const char *)sqlite3_column_text(q, 2);
    if (schema != SCHEMA || !alembic || strcmp(alembic, ALEMBIC) != 0)
      status = throng_fail(THRONG_ERROR_DATA,
                           "%s: Optuna's schema of version %lld (%.40s; last written by %.40s), "
                           "expected %d (" ALEMBIC ")",
                           t->file.path, (long long)schema, alembic ? alembic : "none",
                           library ? library : "nobody", SCHEMA);
  } else if (code == SQLITE_DONE) {
    status = throng_fail(THRONG_ERROR_DATA, "%s: no version of its schema, expected %d",
                         t->file.path, SCHEMA);
  } else {
    status = database_fail(&t->file, code, "reading");
  }
  sqlite3_finalize(q);
  return status;
}
