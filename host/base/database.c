/// SQLite's errors as ours.
#include "base/database.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/// A full disk hides behind several of SQLite's errors, and its own note of the cause is gone after
/// the rollback; errno's is not.
static bool is_full(const database *d, int code, int cause) {
  struct statvfs disk;
  if ((code & 0xff) == SQLITE_FULL) return true;
  if ((code & 0xff) != SQLITE_IOERR) return false;
  if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG) return true;
  return statvfs(d->path, &disk) == 0 && disk.f_bavail == 0;
}

/// SQLite opens two files beside the database too, so that the folder counts as well; what it notes
/// of the cause is that of the last name it tried.
static const char *why_closed(const database *d) {
  struct stat file;
  const char *slash = strrchr(d->path, '/');
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - d->path) + 1 : 1,
           slash ? d->path : ".");
  if (stat(d->path, &file) == 0 && S_ISDIR(file.st_mode)) return strerror(EISDIR);
  if (access(d->path, W_OK) != 0 && errno != ENOENT) return strerror(errno);
  if (access(folder, W_OK | X_OK) != 0) return strerror(errno);
  return "expected a file and a folder that may be written";
}

throng_status database_fail(const database *d, int code, const char *doing) {
  int cause = errno;
  if (is_full(d, code, cause))
    return throng_fail(
        THRONG_ERROR_IO,
        "%s: %s: no space is left for it on its disk (or its quota is used up); what "
        "was committed is safe: make room and run again, to go on from there",
        d->path, doing);
  code &= 0xff;
  throng_status status = code == SQLITE_NOMEM                              ? THRONG_ERROR_MEMORY
                         : code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? THRONG_ERROR_DATA
                                                                           : THRONG_ERROR_IO;
  char hint[700] = "";
  if (code == SQLITE_NOTADB) snprintf(hint, sizeof hint, "; expected %s", d->expected);
  if (code == SQLITE_CORRUPT)
    snprintf(hint, sizeof hint,
             "; the file is damaged: `sqlite3 %.200s .recover | sqlite3 NEW` saves what can be "
             "read, then %s",
             d->path, d->rescued);
  if (code == SQLITE_CANTOPEN) snprintf(hint, sizeof hint, ": %s", why_closed(d));
  if (code == SQLITE_BUSY)
    snprintf(hint, sizeof hint,
             "; another program holds it (a dashboard, sqlite3): end what it began, and run again");
  if (code == SQLITE_READONLY)
    snprintf(hint, sizeof hint, "; expected a file and a folder that may be written");
  return throng_fail(status, "%s: %s: %s%s", d->path, doing,
                     d->db ? sqlite3_errmsg(d->db) : sqlite3_errstr(code), hint);
}

throng_status database_open(database *d, const char *path, int flags) {
  d->path = strdup(path);
  if (!d->path) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", path);
  int code = sqlite3_open_v2(path, &d->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK) return database_fail(d, code, "opening");
  sqlite3_busy_timeout(d->db, 10000);
  return THRONG_OK;
}

void database_close(database *d) {
  sqlite3_close(d->db);
  free(d->path);
  d->db = NULL;
  d->path = NULL;
}

throng_status database_execute(database *d, const char *sql, const char *doing) {
  int code = sqlite3_exec(d->db, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? THRONG_OK : database_fail(d, code, doing);
}

throng_status database_prepare(database *d, const char *sql, sqlite3_stmt **out) {
  int code = sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
  return code == SQLITE_OK ? THRONG_OK : database_fail(d, code, "preparing");
}

throng_status database_integer(database *d, const char *sql, int64_t *out) {
  sqlite3_stmt *statement = NULL;
  THRONG_TRY(database_prepare(d, sql, &statement));
  int code = sqlite3_step(statement);
  *out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  return code == SQLITE_ROW || code == SQLITE_DONE ? THRONG_OK : database_fail(d, code, "reading");
}
