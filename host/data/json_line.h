/// Named fields of one line of JSON, found without building a tree or taking memory: what makes
/// millions of reviews quick to read. The whole line is checked (RFC 8259). Trees, where they are
/// needed (item metadata), are cJSON's.
#ifndef THRONG_DATA_JSON_LINE_H
#define THRONG_DATA_JSON_LINE_H

#include <cjson/cJSON.h>

#include "data/byte_buffer.h"
#include "data/line_reader.h"

typedef enum json_line_kind {
  JSON_LINE_ABSENT,
  JSON_LINE_NULL,
  JSON_LINE_FALSE,
  JSON_LINE_TRUE,
  JSON_LINE_NUMBER,
  JSON_LINE_STRING,
  JSON_LINE_ARRAY,
  JSON_LINE_OBJECT,
} json_line_kind;

/// A wanted key of the outermost object; the rest is filled in by json_line_scan.
typedef struct json_line_field {
  const char *key;
  json_line_kind kind;
  const char *raw;  // in the line; a string without its quotes, still escaped
  size_t length;
} json_line_field;

/// Find the wanted fields of a line that must hold one JSON object. Errors: DATA with file, line,
/// column and what was expected there; a wanted key that comes twice.
throng_status json_line_scan(const line_reader *reader, const char *line, size_t length,
                             json_line_field *field, int n_field);
/// DATA where the field is not of this kind; `what` was expected ("a string").
throng_status json_line_require(const line_reader *reader, const json_line_field *field,
                                json_line_kind kind, const char *what);
/// DATA where the field is neither a string nor a number: programs that write a file anew make
/// numbers of ids, and of times. Its text is json_line_text's.
throng_status json_line_require_text(const line_reader *reader, const json_line_field *field,
                                     const char *what);
/// Whether it is one of these.
bool json_line_is_text(const json_line_field *field);
/// Append a string field's text, escapes resolved. Half a surrogate pair and U+0000 become U+FFFD.
throng_status json_line_text(const json_line_field *field, byte_buffer *out);
/// The scanned line as a cJSON tree. Changes the line: what json_line_text replaces, cJSON would
/// reject.
throng_status json_line_tree(const line_reader *reader, char *line, size_t length, cJSON **out);

#endif
