/// Reads a JSON object from a file.
#include "base/json_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_BYTES = 256 << 20 };

static throng_status read_open(FILE *file, const char *path, cJSON **out) {
  struct stat about;
  void *text;
  if (fstat(fileno(file), &about) != 0 || about.st_size < 0 || about.st_size > MOST_BYTES)
    return throng_fail(THRONG_ERROR_DATA, "%s: larger than any that throng writes", path);
  THRONG_TRY(throng_alloc(&text, (size_t)about.st_size + 1, 1, path));
  const size_t n = fread(text, 1, (size_t)about.st_size, file);
  const throng_status status = json_parse(path, 1, text, n, JSON_STRICT, out);
  free(text);
  return status;
}

throng_status json_read_object(const char *path, cJSON **out) {
  *out = NULL;
  FILE *file = fopen(path, "re");
  if (!file) return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  const throng_status status = read_open(file, path, out);
  fclose(file);
  if (status != THRONG_OK || cJSON_IsObject(*out)) return status;
  cJSON_Delete(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_DATA, "%s: expected an object", path);
}

throng_status json_read_row(const char *path, int64_t line, const char *text, size_t length,
                            const char *key, cJSON **out, double *value) {
  if (length > 0 && text[length - 1] == '\n') --length;  // an error at its end is on this line
  THRONG_TRY(json_parse(path, line, text, length, JSON_STRICT, out));
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(*out, key);
  *value = cJSON_IsObject(*out) && cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
  if (isfinite(*value)) return THRONG_OK;
  cJSON_Delete(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_DATA, "%s:%lld: expected an object with a number \"%s\"", path,
                     (long long)line, key);
}
