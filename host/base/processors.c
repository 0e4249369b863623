/// Affinity, and the quota of control groups (version 2, and version 1's one file).
#include "base/processors.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, MOST = 1 << 16 };

/// The kernel refuses a set smaller than its own, so ask with larger ones.
static int of_affinity(void) {
  for (int size = CPU_SETSIZE; size <= MOST; size *= 2) {
    cpu_set_t *set = CPU_ALLOC((size_t)size);
    if (!set) break;
    int refused = sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)size), set) ? errno : 0;
    int count = refused ? 0 : CPU_COUNT_S(CPU_ALLOC_SIZE((size_t)size), set);
    CPU_FREE(set);
    if (count > 0) return count;
    if (refused != EINVAL) break;
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 && online <= MOST ? (int)online : 1;
}

static int of_times(double quota, double period) {
  if (!(quota > 0) || !(period > 0) || quota > period * MOST) return 0;
  int whole = (int)(quota / period);
  return whole + ((double)whole * period < quota);
}

int processors_of_quota(const char *cpu_max) {
  char *end;
  double quota = (double)strtol(cpu_max, &end, 10);
  return end == cpu_max || *end != ' ' ? 0 : of_times(quota, (double)strtol(end, NULL, 10));
}

static bool read_line(const char *path, char *line, int size) {
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool got = fgets(line, size, file) != NULL;
  fclose(file);
  return got;
}

static int fewer(int a, int b) { return b > 0 && b < a ? b : a; }

/// Every group from this process's own up to the root may have a quota; the least counts. In a
/// container the root that is seen is often the container's own.
static int of_groups(int count) {
  char own[PATH_SIZE] = "", path[PATH_SIZE + 64], line[128], period[128];
  FILE *file = fopen("/proc/self/cgroup", "re");
  char *row = NULL;
  size_t capacity = 0;
  while (file && getline(&row, &capacity, file) > 0)
    if (!strncmp(row, "0::/", 4)) {
      snprintf(own, sizeof own, "%s", row + 3);
      own[strcspn(own, "\n")] = '\0';
    }
  free(row);
  if (file) fclose(file);
  for (;;) {
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", strcmp(own, "/") ? own : "");
    if (read_line(path, line, sizeof line)) count = fewer(count, processors_of_quota(line));
    char *slash = strrchr(own, '/');
    if (!slash) break;
    *slash = '\0';
  }
  if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", line, sizeof line) &&
      read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period))
    count =
        fewer(count, of_times((double)strtol(line, NULL, 10), (double)strtol(period, NULL, 10)));
  return count;
}

int processors_usable(void) { return of_groups(of_affinity()); }
