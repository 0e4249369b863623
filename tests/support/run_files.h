/// Files of a run, read whole.
#ifndef TESTS_RUN_FILES_H
#define TESTS_RUN_FILES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// malloc'd, with a 0 behind it; NULL where there is none.
static inline char *read_file(const char *folder, const char *name, size_t *size) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  char *bytes = calloc(1, (size_t)length + 1);
  *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
  fclose(file);
  return bytes;
}

static inline bool same_bytes(const char *folder_a, const char *name_a, const char *folder_b,
                              const char *name_b) {
  size_t size_a = 0, size_b = 0;
  char *a = read_file(folder_a, name_a, &size_a), *b = read_file(folder_b, name_b, &size_b);
  bool same = a && b && size_a == size_b && size_a > 0 && !memcmp(a, b, size_a);
  free(a);
  free(b);
  return same;
}

#endif
