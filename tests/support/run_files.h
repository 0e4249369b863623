/// Files of a run, read whole.
#ifndef TESTS_RUN_FILES_H
#define TESTS_RUN_FILES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "throng_test.h"

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

/// Steps of the rows that carry `key`, and all rows rising in step.
static inline int rows_with(const char *folder, const char *key, int64_t *step, int most) {
  size_t size;
  char *text = read_file(folder, "metrics.jsonl", &size);
  int n = 0;
  double last = -1;
  for (char *line = text; line && *line; line = strchr(line, '\n') + 1) {
    cJSON *row = cJSON_Parse(line);
    EXPECT_TRUE(row != NULL);
    double at = cJSON_GetObjectItemCaseSensitive(row, "step")->valuedouble;
    EXPECT_TRUE(at >= last);
    last = at;
    if (cJSON_GetObjectItemCaseSensitive(row, key) && n < most) step[n++] = (int64_t)at;
    cJSON_Delete(row);
  }
  free(text);
  return n;
}

#endif
