/// Strict JSON (RFC 8259) on top of cJSON: cJSON alone takes trailing text, duplicate keys, bad
/// numbers and invalid UTF-8, and does not say where an error is.
#ifndef THRONG_BASE_JSON_H
#define THRONG_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/status.h"

typedef enum json_flags {
  JSON_STRICT = 0,
  JSON_COMMENTS = 1,  ///< `//` and `/* */` count as space (configs)
  JSON_DUPLICATES =
      2,  ///< repeated keys stay in the tree: the caller refuses them with their place
} json_flags;

enum {
  JSON_MAX_DEPTH = 200,
  JSON_MAX_VALUES = 10000000,  // 64 bytes each in cJSON: a bound on what hostile text can take
};

/// Parse one document. `name` is the file and `first_line` the number of the text's first line, for
/// "name:line:column: ..." (JSON lines pass their line). Free `*out` with cJSON_Delete.
/// Errors: DATA with place and what was expected; MEMORY.
throng_status json_parse(const char *name, int64_t first_line, const char *text, size_t length,
                         int flags, cJSON **out);

/// Length of the valid UTF-8 text's prefix: `length` where all of it is valid (no surrogates, no
/// overlong forms; NUL counts as valid here).
size_t utf8_valid_prefix(const char *text, size_t length);

/// True where `value` is a whole number that a double holds exactly (|x| <= 2^53).
bool json_integer(const cJSON *value, int64_t *out);
/// A number into an object, null where it is not finite; false where memory is short.
bool json_add_number(cJSON *object, const char *key, double value);
/// Every number of which cJSON would print fewer digits than read back to it becomes its own text:
/// cJSON takes 15 digits where they are next to the number. False where memory is short.
bool json_keep_digits(cJSON *value);
/// Write `text` as a JSON string with its quotes; only what must be escaped is.
void json_write_string(FILE *to, const char *text);

#endif
