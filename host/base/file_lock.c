/// flock on a file of its own. It is removed before it is let go, so whoever waited for the old
/// file looks whether the name still stands for what was locked.
#include "base/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_lock {
  char *path;
  int descriptor;
};

static throng_status busy(int descriptor, const char *what, const char *advice) {
  char text[32] = "";
  long owner = 0;
  if (pread(descriptor, text, sizeof text - 1, 0) > 0) owner = atol(text);
  if (owner > 0)
    return throng_fail(THRONG_ERROR_IO, "%s: another process (%ld) is writing there; %s", what,
                       owner, advice);
  return throng_fail(THRONG_ERROR_IO, "%s: another process is writing there; %s", what, advice);
}

/// True where the name still stands for the file that is open.
static bool same_file(int descriptor, const char *path) {
  struct stat held, named;
  return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

/// A file system without locks (Lustre as it is often mounted, some of FUSE, NFS without its
/// daemon). There the name in the file is all that tells of others, and only of this machine's.
static bool no_locks(int error) {
  return error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK;
}

/// Is the process that wrote its number into the file still there, and another than this?
static bool owner_lives(int descriptor) {
  char text[32] = "";
  if (pread(descriptor, text, sizeof text - 1, 0) <= 0) return false;
  long owner = atol(text);
  return owner > 0 && owner != (long)getpid() && (kill((pid_t)owner, 0) == 0 || errno == EPERM);
}

static throng_status lock_file(file_lock *lock, const char *what, const char *advice) {
  const char *path = lock->path;
  for (;;) {
    lock->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (lock->descriptor < 0)
      return throng_fail(THRONG_ERROR_IO, "%s: cannot be locked: %s: %s", what, path,
                         strerror(errno));
    int error = flock(lock->descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (error) {
      if (error == EWOULDBLOCK || (no_locks(error) && owner_lives(lock->descriptor)))
        return busy(lock->descriptor, what, advice);
      if (no_locks(error)) break;
      return throng_fail(THRONG_ERROR_IO, "%s: cannot be locked: %s: %s", what, path,
                         strerror(error));
    }
    if (same_file(lock->descriptor, path)) break;
    close(lock->descriptor);
  }
  // Who it is, for the other one's message; a disk that is full takes that away, and not the lock.
  char text[32];
  int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  bool named = ftruncate(lock->descriptor, 0) == 0 &&
               pwrite(lock->descriptor, text, (size_t)length, 0) == length;
  (void)named;
  return THRONG_OK;
}

throng_status file_lock_take(const char *path, const char *what, const char *advice,
                             file_lock **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(file_lock), path));
  file_lock *lock = block;
  lock->descriptor = -1;
  lock->path = strdup(path);
  throng_status status = lock->path
                             ? lock_file(lock, what, advice)
                             : throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for a lock", path);
  if (status == THRONG_OK) {
    *out = lock;
    return THRONG_OK;
  }
  if (lock->descriptor >= 0) close(lock->descriptor);
  free(lock->path);
  free(lock);
  return status;
}

void file_lock_release(file_lock *lock) {
  if (!lock) return;
  unlink(lock->path);
  close(lock->descriptor);
  free(lock->path);
  free(lock);
}

bool file_lock_held(const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  bool held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 &&
              (errno == EWOULDBLOCK || (no_locks(errno) && owner_lives(descriptor)));
  close(descriptor);
  return held;
}
