/// Golden files of JSON: what independent code said (tests/golden/make_*.py).
#ifndef THRONG_TESTS_GOLDEN_H
#define THRONG_TESTS_GOLDEN_H

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/// tests/golden/`name`; NULL where it cannot be read. Freed by the caller.
static inline cJSON *golden_json(const char *name) {
  enum { MOST = 1 << 20 };
  char path[1024];
  snprintf(path, sizeof path, "%s/golden/%s", TEST_SOURCE_DIR, name);
  FILE *file = fopen(path, "rb");
  char *text = calloc(1, MOST);
  const size_t size = file && text ? fread(text, 1, MOST - 1, file) : 0;
  if (file) fclose(file);
  cJSON *json = size ? cJSON_Parse(text) : NULL;
  free(text);
  return json;
}

/// NaN where it is none.
static inline double golden_number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

#endif
