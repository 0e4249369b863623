/// A command's output is its own while it works: a second one for the same file is refused before
/// it starts, and nothing is written into the folder of a run that is going on.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_lock.h"
#include "cli/cli.h"

enum { MOST_OUTPUTS = 8 };
static file_lock *held[MOST_OUTPUTS];
static int n_held;

static void release_all(void) {
  while (n_held > 0) file_lock_release(held[--n_held]);
}

throng_status cli_hold_output(const char *path) {
  char lock[PATH_MAX], real[PATH_MAX];
  struct stat state;
  bool exists = stat(path, &state) == 0;
  if ((exists && !S_ISREG(state.st_mode)) || n_held == MOST_OUTPUTS) return THRONG_OK;
  const char *target = exists && realpath(path, real) ? real : path;
  const char *slash = strrchr(target, '/');
  int folder = slash ? (int)(slash - target) + 1 : 0;
  if ((size_t)folder + strlen(target + folder) + 8 > sizeof lock) return THRONG_OK;
  snprintf(lock, sizeof lock, "%.*s.lock", folder, target);
  if (file_lock_held(lock))
    return throng_fail(THRONG_ERROR_IO,
                       "%s: a run is being written into this folder; choose another folder, or "
                       "wait for it",
                       path);
  snprintf(lock, sizeof lock, "%.*s.%.200s.lock", folder, target, target + folder);
  THRONG_TRY(file_lock_take(lock, path, "wait for it, or choose another output", &held[n_held]));
  if (n_held++ == 0) atexit(release_all);
  return THRONG_OK;
}
