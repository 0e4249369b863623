/// Files, pipes and standard input alike; see stream.h.
#include "data/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file_kind.h"

enum { BLOCK = 1 << 16, WAIT_MILLISECONDS = 100 };

typedef struct stream_kept {
  char *path, *key;
  int descriptor;  // -1: read, and its bytes are gone
} stream_kept;

static _Thread_local stream_scope *innermost;

void stream_scope_begin(stream_scope *scope, const throng_progress *progress) {
  if (!progress && innermost) progress = innermost->progress;
  *scope = (stream_scope){.progress = progress, .outer = innermost};
  innermost = scope;
}

/// Standard input by all of its names is one pipe.
static const char *pipe_name(const char *path) {
  static const char *const names[] = {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (!strcmp(path, names[i])) return "-";
  return path;
}

static bool keep(stream_scope *scope, stream_kept kept) {
  if (kept.path && kept.key &&
      throng_grow((void **)&scope->kept, &scope->capacity, scope->n + 1, sizeof *scope->kept,
                  "pipes") == THRONG_OK) {
    scope->kept[scope->n++] = kept;
    return true;
  }
  free(kept.path);
  free(kept.key);
  return false;
}

void stream_scope_end(stream_scope *scope) {
  innermost = scope->outer;
  for (size_t i = 0; i < scope->n; ++i) {
    stream_kept *kept = &scope->kept[i];
    if (kept->descriptor >= 0) close(kept->descriptor);
    kept->descriptor = -1;
    if (innermost) {
      (void)keep(innermost, *kept);
      continue;
    }
    free(kept->path);
    free(kept->key);
  }
  free(scope->kept);
  *scope = (stream_scope){0};
}

const char *stream_name(const char *path) { return strcmp(path, "-") ? path : "standard input"; }

bool stream_is_pipe(const char *path) {
  struct stat facts;
  if (!strcmp(path, "-")) return fstat(STDIN_FILENO, &facts) != 0 || !S_ISREG(facts.st_mode);
  return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

static throng_status io_error(const char *path, const char *key) {
  return throng_fail(THRONG_ERROR_IO, "%s: %s: %s", key, stream_name(path), strerror(errno));
}

/// An unnamed file: gone with its descriptor, however the process ends.
static throng_status unnamed_file(const char *path, const char *key, int *out) {
  const char *folder = getenv("TMPDIR");
  if (!folder || !*folder) folder = "/tmp";
  *out = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  char name[PATH_MAX];
  if (*out < 0 && (size_t)snprintf(name, sizeof name, "%s/throng-XXXXXX", folder) < sizeof name &&
      (*out = mkostemp(name, O_CLOEXEC)) >= 0)
    unlink(name);
  if (*out >= 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO,
                     "%s: %s is a pipe, and %s takes no copy of it: %s; set TMPDIR", key,
                     stream_name(path), folder, strerror(errno));
}

static throng_status write_all(const char *path, const char *key, int to, const char *block,
                               size_t n) {
  while (n > 0) {
    ssize_t put = write(to, block, n);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0)
      return throng_fail(THRONG_ERROR_IO,
                         "%s: copying %s into a temporary file: %s; set TMPDIR to a folder with "
                         "room, or give a file",
                         key, stream_name(path), strerror(errno));
    block += put;
    n -= (size_t)put;
  }
  return THRONG_OK;
}

/// All that the pipe brings. A pipe may be silent for long: who waits can be stopped.
static throng_status copy(const char *path, const char *key, const throng_progress *progress,
                          int from, int to) {
  char stage[96], block[BLOCK];
  int64_t done = 0;
  if (!progress && innermost) progress = innermost->progress;
  snprintf(stage, sizeof stage, "read %.80s", stream_name(path));
  for (;;) {
    if (!throng_report(progress, stage, done, 0, "bytes")) return throng_cancelled(stage);
    struct pollfd wait = {.fd = from, .events = POLLIN};
    int ready = poll(&wait, 1, WAIT_MILLISECONDS);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    ssize_t got = ready < 0 ? -1 : read(from, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return io_error(path, key);
    if (got == 0) return THRONG_OK;
    THRONG_TRY(write_all(path, key, to, block, (size_t)got));
    done += got;
  }
}

static throng_status remember(const char *path, const char *key, int descriptor) {
  if (!innermost) return THRONG_OK;
  int kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (kept >= 0 && keep(innermost, (stream_kept){strdup(pipe_name(path)), strdup(key), kept}))
    return THRONG_OK;
  if (kept >= 0) close(kept);
  return throng_fail(THRONG_ERROR_MEMORY, "%s: %s cannot be kept for a second reading", key,
                     stream_name(path));
}

/// A description of its own, so that two readers do not move each other.
static int open_again(int descriptor) {
  char name[40];
  snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  int again = open(name, O_RDONLY | O_CLOEXEC);
  if (again >= 0) return again;
  again = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);  // no /proc here
  if (again >= 0) lseek(again, 0, SEEK_SET);
  return again;
}

/// `*out` is -1 where no scope has read this path yet.
static throng_status find_kept(const char *path, const char *key, int *out) {
  *out = -1;
  for (const stream_scope *scope = innermost; scope; scope = scope->outer) {
    for (size_t i = 0; i < scope->n; ++i) {
      if (strcmp(scope->kept[i].path, pipe_name(path)) != 0) continue;
      if (strcmp(scope->kept[i].key, key) != 0)
        return throng_fail(THRONG_ERROR_CONFIG,
                           "%s: %s was read already as %s, and a pipe can be read only once; give "
                           "one of them as a file",
                           key, stream_name(path), scope->kept[i].key);
      if (scope->kept[i].descriptor < 0) continue;  // a pipe by name may have a new writer
      *out = open_again(scope->kept[i].descriptor);
      return *out < 0 ? io_error(path, key) : THRONG_OK;
    }
  }
  return THRONG_OK;
}

/// A tensor file or a store in place of rows: said before somebody looks for lines in it.
static throng_status check_bytes(const char *path, const char *key, int from) {
  char bytes[4096];
  ssize_t n = pread(from, bytes, sizeof bytes, 0);
  file_kind kind = n > 0 ? file_kind_of_bytes(bytes, (size_t)n) : FILE_KIND_UNKNOWN;
  if (kind < FILE_KIND_WORLD || (kind > FILE_KIND_TENSORS && kind != FILE_KIND_SQLITE))
    return THRONG_OK;
  file_kind_expect(stream_name(path), kind, FILE_KIND_UNKNOWN, THRONG_ERROR_DATA);
  return throng_fail_context(THRONG_ERROR_DATA, "%s", key);
}

/// `-` is what is left of standard input; a whole file behind it is opened as any other.
static int open_path(const char *path, struct stat *facts) {
  // Without waiting for a writer: a pipe that nobody opens must not keep an interrupt away.
  int from = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                               : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  if (from < 0) return -1;
  if (fstat(from, facts) != 0) {
    close(from);
    return -1;
  }
  if (!strcmp(path, "-") && S_ISREG(facts->st_mode)) {
    int whole = lseek(from, 0, SEEK_CUR) == 0 ? open_again(from) : -1;
    if (whole < 0) {
      facts->st_mode = (facts->st_mode & ~(mode_t)S_IFMT) | S_IFIFO;  // copied as a pipe is
      return from;
    }
    close(from);
    from = whole;
  }
  return from;
}

static throng_status check_kind(const char *path, const char *key, int from,
                                const struct stat *facts) {
  bool null = S_ISCHR(facts->st_mode) && facts->st_rdev == makedev(1, 3);
  if (S_ISREG(facts->st_mode) || S_ISFIFO(facts->st_mode) || S_ISSOCK(facts->st_mode) || null ||
      (S_ISCHR(facts->st_mode) && isatty(from)))
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO,
                     "%s: %s: %s, not a regular file or a pipe; expected gzip or plain text", key,
                     stream_name(path), S_ISDIR(facts->st_mode) ? "a folder" : "a device");
}

throng_status stream_open(const char *path, const char *key, const throng_progress *progress,
                          int *descriptor, int64_t *size) {
  *descriptor = -1;
  *size = 0;
  if (!path || !path[0])
    return throng_fail(THRONG_ERROR_CONFIG, "%s: no file given, expected a path", key);
  struct stat facts;
  int from, to;
  THRONG_TRY(find_kept(path, key, &from));
  if (from < 0) {
    from = open_path(path, &facts);
    if (from < 0) return io_error(path, key);
    throng_status status = check_kind(path, key, from, &facts);
    if (status == THRONG_OK && !S_ISREG(facts.st_mode)) {
      status = unnamed_file(path, key, &to);
      if (status == THRONG_OK) {
        status = copy(path, key, progress, from, to);
        if (status == THRONG_OK) status = remember(path, key, to);
        close(from);
        from = to;
      }
    }
    if (status != THRONG_OK) {
      close(from);
      return status;
    }
  }
  if (fstat(from, &facts) != 0 || (lseek(from, 0, SEEK_SET) < 0)) {
    throng_status status = io_error(path, key);
    close(from);
    return status;
  }
  throng_status status = check_bytes(path, key, from);
  if (status != THRONG_OK) {
    close(from);
    return status;
  }
  *descriptor = from;
  *size = (int64_t)facts.st_size;
  return THRONG_OK;
}

throng_status stream_open_file(const char *path, const char *key, const throng_progress *progress,
                               FILE **out) {
  int descriptor;
  int64_t size;
  *out = NULL;
  THRONG_TRY(stream_open(path, key, progress, &descriptor, &size));
  *out = fdopen(descriptor, "rb");
  if (*out) return THRONG_OK;
  throng_status status = io_error(path, key);
  close(descriptor);
  return status;
}
