/// The wire format of /embeddings' answers.
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/numbers.h"
#include "llm/chat.h"
#include "llm/embed.h"

enum { MAX_DIM = 16384 };

static int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/// Bytes of base64 (RFC 4648, either alphabet, padding or none, in lines or not) into `out` (3/4 of
/// the text); -1 where it is none.
static int64_t decode(const char *text, size_t length, unsigned char *out) {
  int64_t n = 0;
  while (length && (text[length - 1] == '=' || isspace((unsigned char)text[length - 1]))) --length;
  uint32_t word = 0;
  int digits = 0;
  for (size_t i = 0; i < length; ++i) {
    if (isspace((unsigned char)text[i])) continue;
    int digit = digit_of(text[i]);
    if (digit < 0) return -1;
    word = word << 6 | (uint32_t)digit;
    if (++digits < 4) continue;
    for (int k = 0; k < 3; ++k) out[n++] = (unsigned char)(word >> (16 - 8 * k));
    word = 0;
    digits = 0;
  }
  if (digits == 1) return -1;
  if (digits == 2) out[n++] = (unsigned char)(word >> 4);
  if (digits == 3) {
    out[n++] = (unsigned char)(word >> 10);
    out[n++] = (unsigned char)(word >> 2);
  }
  return n;
}

/// Some servers encode doubles. Read as floats these are wild; floats read as doubles never are all
/// of an embedding's size.
static bool are_doubles(const unsigned char *bytes, int64_t n_byte) {
  bool wild = false;
  if (n_byte % 8) return false;
  for (int64_t i = 0; i < n_byte / 4; ++i) {
    float x;
    memcpy(&x, bytes + 4 * i, sizeof x);
    wild |= !(fabsf(x) < 1e6f) || (x != 0 && fabsf(x) < 1e-10f);
  }
  for (int64_t i = 0; wild && i < n_byte / 8; ++i) {
    double x;
    memcpy(&x, bytes + 8 * i, sizeof x);
    if (!(fabs(x) < 1e6) || (x != 0 && fabs(x) < 1e-12)) return false;
  }
  return wild;
}

/// Base64 to floats in place of its bytes; -1 where it is none of numbers.
static int64_t read_base64(const char *text, size_t length, float *v) {
  unsigned char *bytes = (unsigned char *)v;
  // The machine is little-endian, as the format is.
  int64_t n = decode(text, length, bytes);
  if (n < 0 || n % 4) return -1;
  if (!are_doubles(bytes, n)) return n / 4;
  for (int64_t i = 0; i < n / 8; ++i) {
    double x;
    memcpy(&x, bytes + 8 * i, sizeof x);
    v[i] = (float)x;
  }
  return n / 8;
}

static throng_status check_vector(const float *v, int64_t n, int64_t index, int32_t dim) {
  bool zero = true;
  if (dim && n != dim)
    return throng_fail(THRONG_ERROR_DATA,
                       "embedding %lld has %lld numbers, the ones before it %d; has the model "
                       "changed?",
                       (long long)index, (long long)n, dim);
  for (int64_t j = 0; j < n; ++j) {
    zero &= v[j] == 0;
    if (!isfinite(v[j]))
      return throng_fail(
          THRONG_ERROR_DATA,
          "embedding %lld: number %lld is not finite (null, NaN, too large, or no number)",
          (long long)index, (long long)j);
  }
  if (!zero) return THRONG_OK;
  return throng_fail(
      THRONG_ERROR_DATA,
      "embedding %lld: all %lld numbers are 0, so that it is like nothing; expected a "
      "vector with a direction (is the model one for embeddings?)",
      (long long)index, (long long)n);
}

/// A number, or a text that is one; NaN else.
static float number_of(const cJSON *value) {
  NUMBERS_WITHOUT_LOCALE;
  if (cJSON_IsNumber(value)) return (float)value->valuedouble;
  const char *text = cJSON_IsString(value) ? value->valuestring : "";
  if (!*text || text[strspn(text, "0123456789+-.eE")]) return NAN;
  char *end;
  double x = strtod(text, &end);
  return *end ? NAN : (float)x;
}

/// A whole number, or a text that is one.
static bool integer_of(const cJSON *value, int64_t *out) {
  cJSON number = {.type = cJSON_Number, .valuedouble = (double)number_of(value)};
  return json_integer(cJSON_IsString(value) ? &number : value, out);
}

static const cJSON *first_list(const cJSON *object) {
  const cJSON *c = object->child;
  while (c && !cJSON_IsArray(c)) c = c->next;
  return c;
}

/// A list that holds one list is that list; one that holds several is one vector a token.
static throng_status unwrap(const cJSON **value, int64_t index) {
  for (int depth = 0; depth < 3 && cJSON_IsArray(*value) && cJSON_IsArray((*value)->child);
       ++depth) {
    int n = cJSON_GetArraySize(*value);
    if (n > 1)
      return throng_fail(THRONG_ERROR_DATA,
                         "embedding %lld is a list of %d lists, one a token perhaps; expected one "
                         "vector a text: set the server's pooling (mean, cls or last)",
                         (long long)index, n);
    *value = (*value)->child;
  }
  return THRONG_OK;
}

/// One vector, its dimension checked against *dim or put there.
static throng_status read_vector(const cJSON *value, int64_t index, int32_t *dim, float **out) {
  int64_t n = -1;
  float *v = NULL;
  *out = NULL;
  if (cJSON_IsObject(value)) value = first_list(value);  // {"values": [..]}, {"float": [..]}
  THRONG_TRY(unwrap(&value, index));
  if (cJSON_IsString(value)) {
    size_t length = strlen(value->valuestring);
    THRONG_TRY(throng_alloc((void **)&v, length / 4 * 3 + 8, 1, "an embedding"));
    n = read_base64(value->valuestring, length, v);
  } else if (cJSON_IsArray(value)) {
    const cJSON *x;
    THRONG_TRY(throng_alloc((void **)&v, (size_t)cJSON_GetArraySize(value) + 1, sizeof *v,
                            "an embedding"));
    n = 0;
    cJSON_ArrayForEach(x, value) v[n++] = number_of(x);
  }
  throng_status status =
      n < 1 || n > MAX_DIM
          ? throng_fail(THRONG_ERROR_DATA,
                        "embedding %lld: expected base64 of float32 or a list of 1 to %d numbers",
                        (long long)index, MAX_DIM)
          : check_vector(v, n, index, *dim);
  if (status != THRONG_OK) {
    free(v);
    return status;
  }
  *dim = (int32_t)n;
  *out = v;
  return THRONG_OK;
}

/// The list of vectors: OpenAI's, or one of the other interfaces that servers have.
static const cJSON *find_list(const cJSON *tree) {
  static const char *const keys[] = {"data", "embeddings", "embedding", "predictions"};
  if (cJSON_IsArray(tree)) return tree;
  const cJSON *inner = cJSON_GetObjectItemCaseSensitive(tree, "result");
  if (cJSON_IsObject(inner)) tree = inner;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, keys[i]);
    if (cJSON_IsArray(list)) return list;
    if (cJSON_IsObject(list)) return first_list(list);
  }
  return NULL;
}

static throng_status read_list(const cJSON *data, int64_t n, int32_t *dim, float **row,
                               int64_t *at) {
  const cJSON *entry;
  int64_t place = 0;
  if (!data || cJSON_GetArraySize(data) != n)
    return throng_fail(THRONG_ERROR_DATA, "the answer holds %d embeddings, expected %lld",
                       data ? cJSON_GetArraySize(data) : 0, (long long)n);
  cJSON_ArrayForEach(entry, data) {
    int64_t index = place++;
    const cJSON *told = cJSON_GetObjectItemCaseSensitive(entry, "index");
    const cJSON *vector = cJSON_GetObjectItemCaseSensitive(entry, "embedding");
    if (!vector) vector = entry;
    if (told && (!integer_of(told, &index) || index < 0 || index >= n))
      return throng_fail(THRONG_ERROR_DATA, "an embedding's index is out of 0..%lld",
                         (long long)n - 1);
    if (row[index])
      return throng_fail(THRONG_ERROR_DATA, "index %lld stands on two embeddings",
                         (long long)index);
    *at = index;
    THRONG_TRY(read_vector(vector, index, dim, &row[index]));
  }
  *at = -1;
  return THRONG_OK;
}

throng_status embed_read(const char *body, size_t length, int64_t n, const secrets *secret,
                         int32_t *dim, float **out, embed_reply *reply) {
  cJSON *tree = NULL;
  float **row = NULL;
  char said[600];
  throng_status status;
  *out = NULL;
  *reply = (embed_reply){.tokens = -1, .at = -1};
  THRONG_TRY_GOTO(chat_parse(body, length, secret, &tree));
  reply->json = true;
  if (chat_error_in(tree, said, sizeof said, &reply->error_status))
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_DATA, "HTTP 200 with an error: %s", said));
  THRONG_TRY_GOTO(throng_alloc((void **)&row, (size_t)n, sizeof *row, "embeddings"));
  THRONG_TRY_GOTO(read_list(find_list(tree), n, dim, row, &reply->at));
  THRONG_TRY_GOTO(throng_alloc((void **)out, (size_t)n, (size_t)*dim * sizeof **out, "embeddings"));
  for (int64_t i = 0; i < n; ++i) memcpy(*out + i * *dim, row[i], (size_t)*dim * sizeof **out);
  const cJSON *usage = cJSON_GetObjectItemCaseSensitive(tree, "usage");
  const cJSON *total = cJSON_GetObjectItemCaseSensitive(usage, "prompt_tokens");
  if (total) json_integer(total, &reply->tokens);
done:
  for (int64_t i = 0; row && i < n; ++i) free(row[i]);
  free(row);
  cJSON_Delete(tree);
  return status;
}
