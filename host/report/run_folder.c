/// The files of a run and their order.
#include "report/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/file_lock.h"
#include "base/json_file.h"
#include "base/numbers.h"
#include "report/hparams.h"

#define DAMAGED ".damaged"  // appended to the name of a checkpoint that was put aside

struct run_folder {
  char path[PATH_MAX];
  size_t kept;                // bytes of the path that were there before
  char name[PATH_MAX + 320];  // the last path asked for
  file_lock *lock;            // held while the run lasts
  FILE *rows;                 // metrics.jsonl
  tensorboard *board;         // NULL before run_folder_begin
};

static const char *inside(run_folder *folder, const char *name) {
  snprintf(folder->name, sizeof folder->name, "%s/%s", folder->path, name);
  return folder->name;
}

static throng_status io_error(const char *path, const char *what) {
  return throng_fail(THRONG_ERROR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

int64_t run_folder_checkpoint_step(const char *name) {
  int64_t step = -1;
  int used = 0;
  if (strncmp(name, "checkpoint-", 11) != 0 || name[11] < '0' || name[11] > '9') return -1;
  if (sscanf(name, "checkpoint-%18" SCNd64 ".safetensors%n", &step, &used) != 1) return -1;
  return used && !name[used] ? step : -1;
}

static bool belongs_to_run(const char *name) {
  return !strcmp(name, "config.json") || !strcmp(name, "metrics.jsonl") ||
         !strcmp(name, "summary.json") || !strcmp(name, "report.html") ||
         !strncmp(name, "events.out.tfevents.", 20) || run_folder_checkpoint_step(name) >= 0;
}

/// Every parent that is missing, then the folder itself. `*kept`: the length of the part of `path`
/// that was there before.
static throng_status make_folders(const char *path, size_t *kept) {
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", path);
  *kept = strlen(path);
  for (char *c = part + 1;; ++c) {
    if (*c && *c != '/') continue;
    char end = *c;
    *c = '\0';
    if (mkdir(part, 0777) == 0) {
      size_t parent = (size_t)(strrchr(part, '/') ? strrchr(part, '/') - part : 0);
      if (parent < *kept) *kept = parent;
    } else if (errno != EEXIST) {
      return throng_fail(THRONG_ERROR_IO, "train.out: cannot make the folder %s: %s", part,
                         strerror(errno));
    }
    *c = end;
    if (!end) break;
  }
  struct stat info;
  if (stat(path, &info) != 0) return io_error(path, "look at this folder");
  if (!S_ISDIR(info.st_mode))
    return throng_fail(THRONG_ERROR_IO, "train.out: %s is a file; a run needs a folder", path);
  return THRONG_OK;
}

/// Folders that make_folders made, as far as they are still empty.
static void drop_empty_folders(const char *path, size_t kept) {
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", path);
  while (strlen(part) > kept && rmdir(part) == 0) {
    char *slash = strrchr(part, '/');
    if (!slash) return;
    *slash = '\0';
  }
}

/// Is some command writing a file of its own into the folder (".NAME.lock")? Its name, or NULL.
static const char *other_writer(run_folder *folder) {
  DIR *directory = opendir(folder->path);
  const char *found = NULL;
  for (const struct dirent *entry; directory && !found && (entry = readdir(directory));) {
    const char *name = entry->d_name;
    size_t length = strlen(name);
    if (name[0] != '.' || length <= 6 || strcmp(name + length - 5, ".lock") != 0) continue;
    if (file_lock_held(inside(folder, name))) found = folder->name;
  }
  if (directory) closedir(directory);
  return found;
}

/// Move what an earlier run left into a folder of its own: nothing that took hours is overwritten.
static throng_status move_previous(run_folder *folder, const throng_progress *progress) {
  DIR *directory = opendir(folder->path);
  if (!directory) return io_error(folder->path, "read this folder");
  char target[PATH_MAX + 32] = "";
  throng_status status = THRONG_OK;
  const struct dirent *entry;
  while (status == THRONG_OK && (entry = readdir(directory))) {
    if (!belongs_to_run(entry->d_name)) continue;
    for (int n = 1; !target[0] && status == THRONG_OK; ++n) {
      snprintf(target, sizeof target, "%s/previous-%d", folder->path, n);
      if (mkdir(target, 0777) == 0) break;
      if (errno != EEXIST) status = io_error(target, "make this folder");
      target[0] = '\0';
    }
    if (status != THRONG_OK) break;
    char to[PATH_MAX + 340];
    snprintf(to, sizeof to, "%s/%s", target, entry->d_name);
    const char *from = inside(folder, entry->d_name);
    if (rename(from, to) != 0) status = io_error(from, "move this file of an earlier run");
  }
  closedir(directory);
  if (status == THRONG_OK && target[0])
    throng_note(progress, "the files of an earlier run were moved to %s", target);
  return status;
}

static throng_status open_rows(run_folder *folder) {
  const char *path = inside(folder, "metrics.jsonl");
  int descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return io_error(path, "open");
  folder->rows = fdopen(descriptor, "r+");
  if (folder->rows) return THRONG_OK;
  close(descriptor);
  return io_error(path, "open");
}

throng_status run_folder_lock(const char *path, run_folder **out) {
  *out = NULL;
  if (!path || !*path) return throng_fail(THRONG_ERROR_ARGUMENT, "run folder: expected a path");
  if (strlen(path) >= PATH_MAX - 64)
    return throng_fail(THRONG_ERROR_IO, "train.out: a path of %zu bytes is too long", strlen(path));
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(run_folder), "run folder"));
  run_folder *folder = block;
  snprintf(folder->path, sizeof folder->path, "%s", path);
  throng_status status = make_folders(path, &folder->kept);
  if (status == THRONG_OK)
    status = file_lock_take(inside(folder, ".lock"), path, "choose another folder, or wait for it",
                            &folder->lock);
  const char *other = status == THRONG_OK ? other_writer(folder) : NULL;
  if (other)
    status =
        throng_fail(THRONG_ERROR_IO, "%s: another process is writing a file into this folder (%s)",
                    path, other);
  if (status != THRONG_OK) {
    file_lock_release(folder->lock);
    drop_empty_folders(folder->path, folder->kept);
    free(folder);
    return status;
  }
  atomic_file_sweep(folder->path);
  *out = folder;
  return THRONG_OK;
}

throng_status run_folder_start(run_folder *folder, bool resume, const throng_progress *progress) {
  if (!resume) THRONG_TRY(move_previous(folder, progress));
  return open_rows(folder);
}

throng_status run_folder_close(run_folder *folder, tensorboard_end end) {
  if (!folder) return THRONG_OK;
  throng_status status = THRONG_OK;
  if (folder->board) {
    status = tensorboard_session_end(folder->board, end);
    throng_status closed = tensorboard_close(folder->board);
    if (status == THRONG_OK) status = closed;
  }
  if (folder->rows && fclose(folder->rows) != 0 && status == THRONG_OK)
    status = io_error(inside(folder, "metrics.jsonl"), "write");
  file_lock_release(folder->lock);
  drop_empty_folders(folder->path, folder->kept);
  free(folder);
  return status;
}

static int newest_first(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x < y) - (x > y);
}

static bool is_damaged_checkpoint(const char *name) {
  char plain[NAME_MAX + 1];
  size_t length = strlen(name), ending = strlen(DAMAGED);
  if (length <= ending || strcmp(name + length - ending, DAMAGED) != 0) return false;
  snprintf(plain, sizeof plain, "%.*s", (int)(length - ending), name);
  return run_folder_checkpoint_step(plain) >= 0;
}

throng_status run_folder_checkpoints(const run_folder *folder, int64_t *step, int most, int *n,
                                     int *damaged) {
  return run_folder_find_checkpoints(folder->path, step, most, n, damaged);
}

throng_status run_folder_find_checkpoints(const char *path, int64_t *step, int most, int *n,
                                          int *damaged) {
  enum { LIMIT = 1024 };
  int64_t found[LIMIT];
  int count = 0, aside = 0;
  *n = 0;
  DIR *directory = opendir(path);
  if (!directory) return io_error(path, "read this folder");
  const struct dirent *entry;
  while (errno = 0, count < LIMIT && (entry = readdir(directory))) {
    int64_t at = run_folder_checkpoint_step(entry->d_name);
    if (at >= 0) found[count++] = at;
    aside += is_damaged_checkpoint(entry->d_name);
  }
  int error = errno;
  closedir(directory);
  errno = error;
  if (error && count < LIMIT) return io_error(path, "read this folder");
  qsort(found, (size_t)count, sizeof *found, newest_first);
  *n = count < most ? count : most;
  for (int i = 0; i < *n; ++i) step[i] = found[i];
  if (damaged) *damaged = aside;
  return THRONG_OK;
}

const char *run_folder_checkpoint_path(run_folder *folder, int64_t step) {
  char name[64];
  snprintf(name, sizeof name, "checkpoint-%" PRId64 ".safetensors", step);
  return inside(folder, name);
}

throng_status run_folder_set_aside(run_folder *folder, int64_t step) {
  const char *path = run_folder_checkpoint_path(folder, step);
  char aside[PATH_MAX + 340];
  snprintf(aside, sizeof aside, "%s" DAMAGED, path);
  if (rename(path, aside) != 0) return io_error(path, "rename");
  return THRONG_OK;
}

throng_status run_folder_prune(run_folder *folder) {
  int64_t step[64];
  int n;
  THRONG_TRY(run_folder_checkpoints(folder, step, 64, &n, NULL));
  for (int i = RUN_CHECKPOINTS_KEPT; i < n; ++i) {
    const char *path = run_folder_checkpoint_path(folder, step[i]);
    if (unlink(path) != 0 && errno != ENOENT) return io_error(path, "remove");
  }
  return THRONG_OK;
}

/// What a resumed run finds in metrics.jsonl.
typedef struct kept_rows {
  off_t bytes;      // up to the end of the last row that stays
  double seconds;   // its own; 0 without one
  int64_t bad;      // damaged lines before it
  char cause[512];  // of the first
} kept_rows;

/// The rows up to `step`; the first row beyond it, or half a line, ends them. A damaged line does
/// not: what is behind it was measured, too.
static throng_status rows_until(FILE *rows, const char *path, int64_t step, kept_rows *out) {
  NUMBERS_WITHOUT_LOCALE;
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  off_t at = 0;
  int64_t number = 0, bad = 0;
  double user_steps = 0;
  throng_status status = THRONG_OK;
  *out = (kept_rows){0};
  rewind(rows);
  while ((length = getline(&line, &capacity, rows)) > 0 && line[length - 1] == '\n') {
    cJSON *row;
    at += length;
    status = json_read_row(path, ++number, line, (size_t)length, "step", &row, &user_steps);
    if (status == THRONG_ERROR_DATA && bad++ == 0)
      snprintf(out->cause, sizeof out->cause, "%s", throng_error_message());
    if (status == THRONG_ERROR_DATA) continue;
    if (status != THRONG_OK || user_steps > (double)step) {
      cJSON_Delete(row);
      break;
    }
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(row, "seconds");
    if (cJSON_IsNumber(time)) out->seconds = time->valuedouble;
    cJSON_Delete(row);
    out->bytes = at;
    out->bad = bad;
  }
  free(line);
  if (ferror(rows))
    return throng_fail(THRONG_ERROR_IO, "%s: cannot read: %s", path, strerror(errno));
  return status == THRONG_ERROR_MEMORY ? status : THRONG_OK;
}

throng_status run_folder_begin(run_folder *folder, int64_t step, const throng_progress *progress,
                               double *seconds) {
  kept_rows keep;
  const char *path = inside(folder, "metrics.jsonl");
  *seconds = 0;
  THRONG_TRY(rows_until(folder->rows, path, step, &keep));
  *seconds = keep.seconds;
  if (keep.bad > 0)
    throng_note(progress, "warning: %s; %lld damaged line%s among the rows", keep.cause,
                (long long)keep.bad, keep.bad == 1 ? " stays" : "s stay");
  if (ftruncate(fileno(folder->rows), keep.bytes) != 0 ||
      fseeko(folder->rows, keep.bytes, SEEK_SET) != 0)
    return io_error(path, "cut");
  tensorboard_def def = {
      .folder = folder->path, .wall_time = -1, .host = NULL, .process = -1, .serial = -1};
  THRONG_TRY(tensorboard_open(&def, &folder->board));
  return step >= 0 ? tensorboard_restart(folder->board, step + 1) : THRONG_OK;
}

static throng_status write_whole(const char *path, const char *text) {
  atomic_file *file;
  THRONG_TRY(atomic_file_create(path, &file));
  throng_status status = atomic_file_write(file, text, strlen(text));
  if (status == THRONG_OK) status = atomic_file_write(file, "\n", 1);
  if (status == THRONG_OK) return atomic_file_commit(file);
  atomic_file_abort(file);
  return status;
}

static bool file_differs(const char *path, const char *text) {
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  bool same = true;
  for (const char *c = text; same && *c; ++c) same = getc(file) == (unsigned char)*c;
  same = same && getc(file) == '\n' && getc(file) == EOF;
  fclose(file);
  return !same;
}

throng_status run_folder_config(run_folder *folder, const char *json, bool *differs) {
  NUMBERS_WITHOUT_LOCALE;
  const char *path = inside(folder, "config.json");
  cJSON *config = cJSON_Parse(json);
  if (!config) return throng_fail(THRONG_ERROR_CONFIG, "%s: the config to write is not JSON", path);
  *differs = file_differs(path, json);
  throng_status status = write_whole(path, json);
  if (status == THRONG_OK && folder->board) status = hparams_write(folder->board, config);
  cJSON_Delete(config);
  return status;
}

throng_status run_folder_row(run_folder *folder, int64_t step, double seconds,
                             const run_value *value, int64_t n) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *row = cJSON_CreateObject();
  bool built = row && cJSON_AddNumberToObject(row, "step", (double)step) &&
               cJSON_AddNumberToObject(row, "seconds", seconds);
  for (int64_t i = 0; i < n && built; ++i)
    built = cJSON_AddNumberToObject(row, value[i].name, value[i].value) != NULL;
  char *text = built ? cJSON_PrintUnformatted(row) : NULL;
  cJSON_Delete(row);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "a row of metrics: no memory");
  bool written = fprintf(folder->rows, "%s\n", text) > 0 && fflush(folder->rows) == 0;
  free(text);
  if (!written) return io_error(inside(folder, "metrics.jsonl"), "write");
  for (int64_t i = 0; i < n; ++i)
    if (isfinite(value[i].value))
      THRONG_TRY(tensorboard_scalar(folder->board, step, value[i].name, value[i].value));
  return tensorboard_flush(folder->board);
}

tensorboard *run_folder_board(run_folder *folder) { return folder->board; }

throng_status run_folder_has(run_folder *folder, int64_t step, const char *name, bool *out) {
  char *line = NULL;
  size_t capacity = 0;
  *out = false;
  rewind(folder->rows);
  while (!*out && getline(&line, &capacity, folder->rows) > 0) {
    cJSON *row = cJSON_Parse(line);
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(row, "step");
    *out = cJSON_IsNumber(at) && at->valuedouble >= (double)step && cJSON_HasObjectItem(row, name);
    cJSON_Delete(row);
  }
  free(line);
  if (ferror(folder->rows) || fseeko(folder->rows, 0, SEEK_END) != 0)
    return io_error(inside(folder, "metrics.jsonl"), "read");
  return THRONG_OK;
}

throng_status run_folder_sync(run_folder *folder) {
  if (fflush(folder->rows) != 0 || fdatasync(fileno(folder->rows)) != 0)
    return io_error(inside(folder, "metrics.jsonl"), "write");
  return THRONG_OK;
}

throng_status run_folder_summary(run_folder *folder, const char *json) {
  return write_whole(inside(folder, "summary.json"), json);
}
