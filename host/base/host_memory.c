/// Available memory, and the limits of control groups (version 2).
#include "base/host_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 16384, PATH_SIZE = 4096 };

size_t host_memory_read(const char *text, const char *name) {
  const size_t length = strlen(name);
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, name, length) != 0) continue;
    char *end;
    const unsigned long long n = strtoull(line + length, &end, 10);
    return (size_t)n * (strncmp(end, " kB", 3) ? 1 : 1024);
  }
  return 0;
}

/// The file's text, "" where there is none.
static const char *read_text(const char *folder, const char *name, char *text) {
  char path[PATH_SIZE + 64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "re");
  const size_t n = file ? fread(text, 1, TEXT_SIZE - 1, file) : 0;
  text[n] = '\0';
  if (file) fclose(file);
  return text;
}

/// What a group leaves: pages of files that it holds are given up where they are needed.
static size_t left_in(const char *group, size_t most) {
  char text[TEXT_SIZE];
  char *end;
  const unsigned long long limit = strtoull(read_text(group, "memory.max", text), &end, 10);
  if (end == text) return most;  // "max", or no such file
  const size_t used = (size_t)strtoull(read_text(group, "memory.current", text), NULL, 10);
  const size_t files = host_memory_read(read_text(group, "memory.stat", text), "inactive_file ");
  const size_t held = used > files ? used - files : 0;
  const size_t left = limit > held ? (size_t)limit - held : 0;
  return left < most ? left : most;
}

/// Every group from this process's own up to the root may have a limit.
static size_t left_in_groups(size_t most) {
  char text[TEXT_SIZE], group[PATH_SIZE];
  const char *own = strstr(read_text("/proc/self", "cgroup", text), "0::/");
  snprintf(group, sizeof group, "/sys/fs/cgroup%.*s", own ? (int)strcspn(own + 3, "\n") : 0,
           own ? own + 3 : "");
  while (strlen(group) >= strlen("/sys/fs/cgroup")) {
    most = left_in(group, most);
    char *slash = strrchr(group, '/');
    *slash = '\0';
  }
  return most;
}

size_t host_memory_free(void) {
  char text[TEXT_SIZE];
  const size_t available = host_memory_read(read_text("/proc", "meminfo", text), "MemAvailable:");
  if (available) return left_in_groups(available);
  return (size_t)sysconf(_SC_AVPHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
}
