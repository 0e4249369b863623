/// All rows of a sweep's database as text, times aside: what two sweeps are compared by.
#ifndef THRONG_TESTS_SWEEP_ROWS_H
#define THRONG_TESTS_SWEEP_ROWS_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static inline void sweep_query(sqlite3 *db, const char *sql, FILE *to) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
    fprintf(to, "%s\n", sqlite3_errmsg(db));
    return;
  }
  const int n = sqlite3_column_count(statement);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int k = 0; k < n; ++k) {
      const unsigned char *text = sqlite3_column_text(statement, k);
      fprintf(to, "%s%s", k ? "|" : "", text ? (const char *)text : "null");
    }
    fputc('\n', to);
  }
  sqlite3_finalize(statement);
}

/// malloc'd. `path`: of trials.db.
static inline char *sweep_rows_text(const char *path) {
  static const char *const queries[] = {
      "SELECT number, state FROM trials ORDER BY number",
      "SELECT number, param_name, printf('%.17g', param_value) FROM trial_params JOIN trials USING "
      "(trial_id) ORDER BY 1, 2",
      "SELECT number, objective, printf('%.17g', value), value_type FROM trial_values JOIN trials "
      "USING (trial_id) ORDER BY 1, 2",
      "SELECT number, step, printf('%.17g', intermediate_value), intermediate_value_type FROM "
      "trial_intermediate_values JOIN trials USING (trial_id) ORDER BY 1, 2",
      "SELECT number, key, value_json FROM trial_user_attributes JOIN trials USING (trial_id) "
      "WHERE key <> 'seconds' ORDER BY 1, 2",
      "SELECT key, value_json FROM study_user_attributes WHERE key <> 'throng:seconds' ORDER BY "
      "1"};
  char *text = NULL;
  size_t size;
  sqlite3 *db;
  FILE *to = open_memstream(&text, &size);
  if (!to) abort();
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
    fprintf(to, "%s\n", sqlite3_errmsg(db));
  for (size_t k = 0; k < sizeof queries / sizeof *queries; ++k) sweep_query(db, queries[k], to);
  sqlite3_close(db);
  fclose(to);
  return text;
}

#endif
