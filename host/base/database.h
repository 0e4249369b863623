/// A SQLite file, and what goes wrong with one said so that its reader can act: which file, during
/// what, why, and that a full disk loses nothing that was committed. Tables and statements are the
/// caller's.
#ifndef THRONG_BASE_DATABASE_H
#define THRONG_BASE_DATABASE_H

#include <sqlite3.h>

#include "base/status.h"

typedef struct database {
  char *path;
  sqlite3 *db;
  const char *expected;  // "a store that throng made"
  const char *rescued;   // what to do with a damaged file's rescue: "set llm.store to NEW"
} database;

/// Open with SQLite's flags; waits up to 10 s for others that write. `expected` and `rescued` are
/// set before. On an error call database_close too. Errors: IO, DATA, MEMORY.
throng_status database_open(database *d, const char *path, int flags);
/// Everything that was prepared must be finalised.
void database_close(database *d);

/// `code` is SQLite's. Errors: DATA where the file is damaged or no database, MEMORY, else IO.
throng_status database_fail(const database *d, int code, const char *doing);
throng_status database_execute(database *d, const char *sql, const char *doing);
/// A statement that is kept.
throng_status database_prepare(database *d, const char *sql, sqlite3_stmt **out);
/// The first column of the first row, 0 without one.
throng_status database_integer(database *d, const char *sql, int64_t *out);

#endif
