/// Fuzzes the parser of Python literals, and the cleaning of HTML on every string that it finds.
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "data/entities.h"
#include "data/python_literal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clean_all(const cJSON *value, byte_buffer *text) {
  for (; value; value = value->next) {
    if (cJSON_IsString(value)) {
      size_t length = strlen(value->valuestring);
      bytes_clear(text);
      if (utf8_valid_prefix(value->valuestring, length) != length) abort();
      if (text_clean(text, value->valuestring, length) != THRONG_OK) abort();
      if (utf8_valid_prefix(bytes_text(text), text->length) != text->length) abort();
      bytes_clear(text);
      if (text_clean_line(text, value->valuestring, length) != THRONG_OK) abort();
      if (strpbrk(bytes_text(text), "\n\r\t")) abort();
    }
    clean_all(value->child, text);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cJSON *value;
  if (python_literal_parse((const char *)data, size, "fuzz", 1, &value) == THRONG_OK) {
    byte_buffer text = {0};
    clean_all(value, &text);
    bytes_free(&text);
    cJSON_Delete(value);
  } else if (value || !throng_error_message()[0]) {
    abort();
  }
  // The cleaning must also stand text that no parser has seen.
  byte_buffer raw = {0};
  if (text_clean(&raw, (const char *)data, size) != THRONG_OK) abort();
  if (utf8_valid_prefix(bytes_text(&raw), raw.length) != raw.length) abort();
  bytes_free(&raw);
  return 0;
}
