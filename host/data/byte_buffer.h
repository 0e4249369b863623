/// A growing block of bytes, always with a NUL after the last: where readers put texts together.
/// Not a string type for the rest of the program; tables of strings are in base/strings.h.
#ifndef THRONG_DATA_BYTE_BUFFER_H
#define THRONG_DATA_BYTE_BUFFER_H

#include "base/status.h"

typedef struct byte_buffer {
  char *data;  // (length + 1) bytes in use; NULL before the first append
  size_t length, capacity;
} byte_buffer;

throng_status bytes_append(byte_buffer *buffer, const char *bytes, size_t length);
/// Append one Unicode scalar value as UTF-8.
throng_status bytes_append_codepoint(byte_buffer *buffer, uint32_t codepoint);
/// The text, "" where nothing was appended yet.
const char *bytes_text(const byte_buffer *buffer);
/// Forget the contents, keep the memory.
void bytes_clear(byte_buffer *buffer);
void bytes_free(byte_buffer *buffer);

#endif
