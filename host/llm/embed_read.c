/// The wire format of /embeddings' answers.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "llm/embed.h"

enum { MAX_DIM = 16384 };

static int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Bytes of base64 (RFC 4648, padding wanted) into `out` (3/4 of the text); -1 where it is none.
static int64_t decode(const char *text, size_t length, unsigned char *out) {
  int64_t n = 0;
  if (length % 4) return -1;
  for (size_t i = 0; i < length; i += 4) {
    int pad =
        i + 4 == length ? (text[i + 3] == '=') + (text[i + 2] == '=' && text[i + 3] == '=') : 0;
    uint32_t word = 0;
    for (int k = 0; k < 4; ++k) {
      int digit = k >= 4 - pad ? 0 : digit_of(text[i + (size_t)k]);
      if (digit < 0) return -1;
      word = word << 6 | (uint32_t)digit;
    }
    for (int k = 0; k < 3 - pad; ++k) out[n++] = (unsigned char)(word >> (16 - 8 * k));
  }
  return n;
}

/// One vector, its dimension checked against *dim or put there.
static throng_status read_vector(const cJSON *value, int64_t index, int32_t *dim, float **out) {
  int64_t n = 0;
  float *v = NULL;
  *out = NULL;
  if (cJSON_IsString(value)) {
    size_t length = strlen(value->valuestring);
    THRONG_TRY(throng_alloc((void **)&v, length / 4 * 3 + 4, 1, "an embedding"));
    // The machine is little-endian, as the format is.
    int64_t bytes = decode(value->valuestring, length, (unsigned char *)v);
    n = bytes < 0 || bytes % 4 ? -1 : bytes / 4;
  } else if (cJSON_IsArray(value)) {
    const cJSON *x;
    THRONG_TRY(
        throng_alloc((void **)&v, (size_t)cJSON_GetArraySize(value), sizeof *v, "an embedding"));
    cJSON_ArrayForEach(x, value) v[n++] = cJSON_IsNumber(x) ? (float)x->valuedouble : NAN;
  } else {
    n = -1;
  }
  throng_status status = THRONG_OK;
  if (n < 1 || n > MAX_DIM)
    status = throng_fail(THRONG_ERROR_DATA,
                         "embedding %lld: expected base64 of float32 or a list of 1 to %d numbers",
                         (long long)index, MAX_DIM);
  else if (*dim && n != *dim)
    status = throng_fail(THRONG_ERROR_DATA,
                         "embedding %lld has %lld numbers, the ones before it %d; has the model "
                         "changed?",
                         (long long)index, (long long)n, *dim);
  for (int64_t j = 0; j < n && status == THRONG_OK; ++j)
    if (!isfinite(v[j]))
      status = throng_fail(THRONG_ERROR_DATA, "embedding %lld: number %lld is not finite",
                           (long long)index, (long long)j);
  if (status != THRONG_OK) {
    free(v);
    return status;
  }
  *dim = (int32_t)n;
  *out = v;
  return THRONG_OK;
}

static throng_status read_list(const cJSON *data, int64_t n, int32_t *dim, float **row) {
  const cJSON *entry;
  int64_t place = 0;
  if (!cJSON_IsArray(data) || cJSON_GetArraySize(data) != n)
    return throng_fail(THRONG_ERROR_DATA, "the answer holds %d embeddings, expected %lld",
                       cJSON_IsArray(data) ? cJSON_GetArraySize(data) : 0, (long long)n);
  cJSON_ArrayForEach(entry, data) {
    int64_t index = place++;
    const cJSON *told = cJSON_GetObjectItemCaseSensitive(entry, "index");
    if (told && (!json_integer(told, &index) || index < 0 || index >= n))
      return throng_fail(THRONG_ERROR_DATA, "an embedding's index is out of 0..%lld",
                         (long long)n - 1);
    if (row[index])
      return throng_fail(THRONG_ERROR_DATA, "index %lld stands on two embeddings",
                         (long long)index);
    THRONG_TRY(
        read_vector(cJSON_GetObjectItemCaseSensitive(entry, "embedding"), index, dim, &row[index]));
  }
  return THRONG_OK;
}

throng_status embed_read(const char *body, size_t length, int64_t n, int32_t *dim, float **out,
                         int64_t *tokens, bool *json) {
  cJSON *tree = NULL;
  float **row = NULL;
  throng_status status;
  *out = NULL;
  *tokens = -1;
  *json = false;
  THRONG_TRY_GOTO(json_parse("the answer", 1, body, length, JSON_DUPLICATES, &tree));
  *json = true;
  THRONG_TRY_GOTO(throng_alloc((void **)&row, (size_t)n, sizeof *row, "embeddings"));
  THRONG_TRY_GOTO(read_list(cJSON_GetObjectItemCaseSensitive(tree, "data"), n, dim, row));
  THRONG_TRY_GOTO(throng_alloc((void **)out, (size_t)n, (size_t)*dim * sizeof **out, "embeddings"));
  for (int64_t i = 0; i < n; ++i) memcpy(*out + i * *dim, row[i], (size_t)*dim * sizeof **out);
  const cJSON *usage = cJSON_GetObjectItemCaseSensitive(tree, "usage");
  const cJSON *total = cJSON_GetObjectItemCaseSensitive(usage, "prompt_tokens");
  if (total) json_integer(total, tokens);
done:
  for (int64_t i = 0; row && i < n; ++i) free(row[i]);
  free(row);
  cJSON_Delete(tree);
  return status;
}
