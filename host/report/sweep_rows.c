/// Rows are cut where the database's rounds end.
#include "report/sweep_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/numbers.h"

struct sweep_rows {
  FILE *file;
  char *path;
};

static throng_status io_error(const char *path, const char *what) {
  return throng_fail(THRONG_ERROR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/// Bytes of the rows before round `rounds`; the first that is later or broken ends them.
static throng_status rows_before(sweep_rows *rows, int64_t rounds, off_t *keep) {
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  *keep = 0;
  while ((length = getline(&line, &capacity, rows->file)) > 0 && line[length - 1] == '\n') {
    int64_t round;
    if (sscanf(line, "{\"round\": %18" SCNd64 ",", &round) != 1 || round >= rounds) break;
    *keep += length;
  }
  free(line);
  return ferror(rows->file) ? io_error(rows->path, "read") : THRONG_OK;
}

static throng_status open_rows(sweep_rows *rows, int64_t rounds) {
  int descriptor = open(rows->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return io_error(rows->path, "open");
  rows->file = fdopen(descriptor, "r+");
  if (!rows->file) {
    int cause = errno;
    close(descriptor);
    errno = cause;
    return io_error(rows->path, "open");
  }
  off_t keep;
  THRONG_TRY(rows_before(rows, rounds, &keep));
  if (ftruncate(descriptor, keep) != 0 || fseeko(rows->file, keep, SEEK_SET) != 0)
    return io_error(rows->path, "cut");
  return THRONG_OK;
}

throng_status sweep_rows_open(const char *path, int64_t rounds, sweep_rows **out) {
  *out = NULL;
  sweep_rows *rows;
  THRONG_TRY(throng_alloc((void **)&rows, 1, sizeof *rows, "metrics.jsonl"));
  rows->path = strdup(path);
  throng_status status = rows->path ? open_rows(rows, rounds)
                                    : throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", path);
  if (status == THRONG_OK) {
    *out = rows;
    return THRONG_OK;
  }
  if (rows->file) fclose(rows->file);
  free(rows->path);
  free(rows);
  return status;
}

throng_status sweep_rows_add(sweep_rows *rows, int64_t round, int64_t trial, int32_t seed,
                             int64_t evaluation, const run_value *value, int64_t n) {
  NUMBERS_WITHOUT_LOCALE;
  fprintf(rows->file,
          "{\"round\": %" PRId64 ", \"trial\": %" PRId64 ", \"seed\": %d, \"evaluation\": %" PRId64,
          round, trial, seed, evaluation);
  for (int64_t i = 0; i < n; ++i) {
    fputs(", ", rows->file);
    json_write_string(rows->file, value[i].name);
    if (isfinite(value[i].value))
      fprintf(rows->file, ": %.17g", value[i].value);
    else
      fputs(": null", rows->file);
  }
  fputs("}\n", rows->file);
  return ferror(rows->file) ? io_error(rows->path, "write") : THRONG_OK;
}

throng_status sweep_rows_sync(sweep_rows *rows) {
  if (fflush(rows->file) != 0 || fdatasync(fileno(rows->file)) != 0)
    return io_error(rows->path, "write");
  return THRONG_OK;
}

throng_status sweep_rows_close(sweep_rows *rows) {
  if (!rows) return THRONG_OK;
  throng_status status = THRONG_OK;
  if (fclose(rows->file) != 0) status = io_error(rows->path, "write");
  free(rows->path);
  free(rows);
  return status;
}
