/// metrics.jsonl of a sweep: every evaluation of every trial, a line each, in the order of rounds
/// and slots. Lines are written before their round is committed; what a kill left of a round that
/// was not is cut off when the sweep goes on, so that no line is doubled or lost.
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/numbers.h"
#include "sweep/inside.h"

static throng_status io_error(const char *path) {
  return throng_fail(THRONG_ERROR_IO, "%s: cannot write: %s", path, strerror(errno));
}

/// Bytes up to the last whole line of a round before `rounds`. A damaged line ends them no more
/// than others do: what is behind it was measured, too.
static off_t lines_until(FILE *rows, const char *path, int64_t rounds) {
  char *line = NULL;
  size_t capacity = 0;
  off_t keep = 0, at = 0;
  int64_t number = 0;
  double round = 0;
  for (ssize_t n; (n = getline(&line, &capacity, rows)) > 0 && line[n - 1] == '\n';) {
    cJSON *row;
    at += n;
    if (json_read_row(path, ++number, line, (size_t)n, "round", &row, &round) != THRONG_OK)
      continue;
    cJSON_Delete(row);
    if (round >= (double)rounds) break;
    keep = at;
  }
  free(line);
  return keep;
}

throng_status rows_begin(sweep *s) {
  NUMBERS_WITHOUT_LOCALE;
  char path[SWEEP_PATH_SIZE];
  const int descriptor =
      open(sweep_path(s, "metrics.jsonl", path), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return io_error(path);
  s->rows = fdopen(descriptor, "r+");
  if (!s->rows) {
    close(descriptor);
    return io_error(path);
  }
  if (ftruncate(descriptor, lines_until(s->rows, path, s->past_rounds)) != 0) return io_error(path);
  return fseeko(s->rows, 0, SEEK_END) == 0 ? THRONG_OK : io_error(path);
}

static cJSON *row_json(const sweep *s, const slot_report *r) {
  const sweep_trial *t = &s->trial[r->trial];
  cJSON *row = cJSON_CreateObject();
  cJSON_AddNumberToObject(row, "round", (double)(s->round - 1));
  cJSON_AddNumberToObject(row, "trial", (double)r->trial);
  cJSON_AddNumberToObject(row, "seed", r->seed);
  cJSON_AddNumberToObject(row, "slot", r->slot);
  cJSON_AddNumberToObject(row, "step", (double)r->clock);
  cJSON_AddNumberToObject(row, "evaluation", (double)t->n_report);
  cJSON_AddNumberToObject(row, "seconds", sweep_seconds(s));
  const char *name;
  for (int k = 0; (name = objective_name(k)); ++k)
    json_add_number(row, name, objective_measure(k, r->full));
  return row;
}

throng_status rows_add(sweep *s) {
  NUMBERS_WITHOUT_LOCALE;
  char path[SWEEP_PATH_SIZE];
  for (int32_t i = 0; i < s->n_report; ++i) {
    const slot_report *r = &s->report[i];
    if (!r->full || r->failed) continue;
    cJSON *row = row_json(s, r);
    char *text = cJSON_PrintUnformatted(row);
    cJSON_Delete(row);
    if (!text) return throng_fail(THRONG_ERROR_MEMORY, "metrics.jsonl: out of memory");
    fprintf(s->rows, "%s\n", text);
    free(text);
  }
  return fflush(s->rows) == 0 ? THRONG_OK : io_error(sweep_path(s, "metrics.jsonl", path));
}

throng_status rows_end(sweep *s) {
  char path[SWEEP_PATH_SIZE];
  FILE *rows = s->rows;
  s->rows = NULL;
  if (!rows || fclose(rows) == 0) return THRONG_OK;
  return io_error(sweep_path(s, "metrics.jsonl", path));
}
