/// Growing byte blocks; see byte_buffer.h.
#include "data/byte_buffer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

throng_status bytes_append(byte_buffer *buffer, const char *bytes, size_t length) {
  THRONG_TRY(throng_grow((void **)&buffer->data, &buffer->capacity, buffer->length + length + 1, 1,
                         "text buffer"));
  if (length > 0) memcpy(buffer->data + buffer->length, bytes, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
  return THRONG_OK;
}

throng_status bytes_append_codepoint(byte_buffer *buffer, uint32_t codepoint) {
  utf8proc_uint8_t encoded[4];
  utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)codepoint, encoded);
  return bytes_append(buffer, (const char *)encoded, (size_t)n);
}

const char *bytes_text(const byte_buffer *buffer) { return buffer->data ? buffer->data : ""; }

void bytes_clear(byte_buffer *buffer) {
  buffer->length = 0;
  if (buffer->data) buffer->data[0] = '\0';
}

void bytes_free(byte_buffer *buffer) {
  free(buffer->data);
  *buffer = (byte_buffer){0};
}
