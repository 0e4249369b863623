/// Temporary file, fsync, rename, fsync of the folder: the order that survives a power cut.
#include "base/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_MOST = 200 };       // bytes of the target's name in the temporary one's
enum { SETTLED_SECONDS = 60 };  // a file this old was locked by its writer, if it has one

struct atomic_file {
  char *target;
  char *temporary;  // NULL where the target is written directly
  FILE *stream;
};

static throng_status io_error(const char *path, const char *what, int error) {
  return throng_fail(THRONG_ERROR_IO, "%s: %s: %s", path, what, strerror(error));
}

static void release(atomic_file *file) {
  if (file->stream) fclose(file->stream);
  free(file->target);
  free(file->temporary);
  free(file);
}

/// The process that opened a temporary file of this name; 0 where it is none of ours. `*length`:
/// of NAME in ".NAME.PID.COUNT.tmp".
static long temporary_owner(const char *name, size_t *length) {
  size_t whole = strlen(name);
  long owner;
  unsigned count;
  int end = 0;
  if (name[0] != '.' || whole < 5 || strcmp(name + whole - 4, ".tmp") != 0) return 0;
  // NAME may hold points, so read from the end.
  const char *at = name + whole - 4;
  for (int points = 0; points < 2; ++points) do {
      if (--at <= name) return 0;
    } while (*at != '.');
  if (sscanf(at, ".%ld.%u.tmp%n", &owner, &count, &end) != 2 || at[end] || owner <= 0) return 0;
  *length = (size_t)(at - name) - 1;
  return owner;
}

/// Was this left behind? Nobody has it locked, and its process is no more. A number may have gone
/// to another process since, or to one in another container: then an unlocked file must be old as
/// well.
static bool left_behind(int folder, const char *name, long owner) {
  struct stat facts;
  int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  bool gone = kill((pid_t)owner, 0) != 0 && errno == ESRCH;
  bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
  bool unknown = locked && errno != EWOULDBLOCK;  // a file system without locks
  bool old = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
             time(NULL) - facts.st_mtime > SETTLED_SECONDS;
  close(fd);
  return unknown ? gone : !locked && (gone || old);
}

/// `name` (NULL: any): of the target.
static int sweep(const char *folder, const char *name, size_t name_length) {
  int removed = 0;
  size_t length;
  DIR *directory = opendir(folder);
  if (!directory) return 0;
  for (const struct dirent *entry; (entry = readdir(directory));) {
    long owner = temporary_owner(entry->d_name, &length);
    if (owner <= 0 || (name && (length != name_length || strncmp(entry->d_name + 1, name, length))))
      continue;
    if (left_behind(dirfd(directory), entry->d_name, owner))
      removed += unlinkat(dirfd(directory), entry->d_name, 0) == 0;
  }
  closedir(directory);
  return removed;
}

int atomic_file_sweep(const char *folder) { return sweep(folder, NULL, 0); }

/// What killed writers of the same target left.
static void sweep_target(const char *target) {
  const char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : target;
  char *folder = slash ? strndup(target, (size_t)(slash - target) + 1) : strdup(".");
  size_t length = strlen(name);
  if (folder) (void)sweep(folder, name, length < NAME_MOST ? length : NAME_MOST);
  free(folder);
}

/// Open a new file ".NAME.PID.COUNT.tmp" beside the target.
static int open_temporary(atomic_file *file) {
  static atomic_uint count;
  const char *slash = strrchr(file->target, '/');
  int folder = slash ? (int)(slash - file->target) + 1 : 0;
  const char *name = file->target + folder;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    free(file->temporary);
    file->temporary = NULL;
    if (asprintf(&file->temporary, "%.*s.%.*s.%ld.%u.tmp", folder, file->target, NAME_MOST, name,
                 (long)getpid(), atomic_fetch_add(&count, 1)) < 0) {
      file->temporary = NULL;
      errno = ENOMEM;
      return -1;
    }
    int fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) (void)flock(fd, LOCK_EX);  // says to a sweep: somebody writes it
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

throng_status atomic_file_create(const char *path, atomic_file **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(atomic_file), "output file"));
  atomic_file *file = block;
  struct stat facts;
  int fd = -1;
  bool exists = stat(path, &facts) == 0;
  // A rename would replace a device, or a link, by a plain file: write to what they stand for.
  bool direct = exists && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
  if (exists && !direct) file->target = realpath(path, NULL);
  if (!file->target) file->target = strdup(path);
  if (!file->target) {
    errno = ENOMEM;
  } else if (exists && S_ISDIR(facts.st_mode)) {
    errno = EISDIR;
  } else if (direct) {
    fd = open(path, O_WRONLY | O_CLOEXEC);
  } else {
    sweep_target(file->target);
    fd = open_temporary(file);
  }
  if (fd >= 0) {
    file->stream = fdopen(fd, "wb");
    if (file->stream) {
      *out = file;
      return THRONG_OK;
    }
    close(fd);
    if (file->temporary) unlink(file->temporary);
  }
  throng_status status = io_error(path, "cannot be written", errno);
  release(file);
  return status;
}

FILE *atomic_file_stream(atomic_file *file) { return file->stream; }

throng_status atomic_file_write(atomic_file *file, const void *data, size_t bytes) {
  if (bytes == 0 || fwrite(data, 1, bytes, file->stream) == bytes) return THRONG_OK;
  return io_error(file->target, "write failed", errno);
}

throng_status atomic_file_write_at(atomic_file *file, uint64_t offset, const void *data,
                                   size_t bytes) {
  const char *from = data;
  while (bytes > 0) {
    ssize_t written = pwrite(fileno(file->stream), from, bytes, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return io_error(file->target, "write failed", written ? errno : EIO);
    from += written;
    offset += (uint64_t)written;
    bytes -= (size_t)written;
  }
  return THRONG_OK;
}

/// The folder's entry must be on disk too; file systems that cannot sync folders say EINVAL.
static int sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  if (!folder) return ENOMEM;
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if (fd < 0) return errno == EACCES ? 0 : errno;
  int error = fsync(fd) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
  close(fd);
  return error;
}

throng_status atomic_file_commit(atomic_file *file) {
  throng_status status = THRONG_OK;
  int error = 0;
  if (fflush(file->stream) != 0)
    error = errno;
  else if (ferror(file->stream))
    error = EIO;
  if (!error && file->temporary && fsync(fileno(file->stream)) != 0) error = errno;
  if (fclose(file->stream) != 0 && !error) error = errno;
  file->stream = NULL;
  if (error) {
    status = io_error(file->target, "write failed", error);
  } else if (file->temporary && rename(file->temporary, file->target) != 0) {
    status = io_error(file->target, "rename failed", errno);
  } else if (file->temporary) {
    error = sync_folder(file->target);
    if (error) status = io_error(file->target, "folder not synced", error);
  }
  if (status != THRONG_OK && file->temporary) unlink(file->temporary);
  release(file);
  return status;
}

void atomic_file_abort(atomic_file *file) {
  if (!file) return;
  if (file->temporary) unlink(file->temporary);
  release(file);
}
