/// A message as bytes of a stream, and numbers and texts as bytes of a message. Reading takes
/// nothing for granted: whoever sends may be anybody.
#ifndef THRONG_DEAL_FRAME_H
#define THRONG_DEAL_FRAME_H

#include "deal/deal.h"

/// Header: "THRD", version, type (16 bits each), size (32), checksum (64) of all behind the magic
/// and of the payload; little-endian.
enum { FRAME_HEADER = 20, FRAME_VERSION = 1 };

void frame_header(uint8_t out[FRAME_HEADER], uint16_t type, const void *data, size_t size);
/// The first message of `n` bytes, whose payload may have `most`. `*used`: bytes that it takes, 0
/// where it is not whole yet. Errors: DATA (no message, another version, too long, damaged).
throng_status frame_read(const uint8_t *bytes, size_t n, size_t most, deal_message *out,
                         size_t *used);

/// A payload that grows. Errors are kept: wire_end tells.
typedef struct wire_writer {
  uint8_t *data;
  size_t size, capacity;
  bool failed;
} wire_writer;
void wire_put(wire_writer *w, const void *bytes, size_t n);
void wire_put_u32(wire_writer *w, uint32_t value);
void wire_put_i64(wire_writer *w, int64_t value);
void wire_put_f64(wire_writer *w, double value);
void wire_put_text(wire_writer *w, const char *text);  // NULL: as ""
void wire_put_texts(wire_writer *w, const char *const *texts);
/// Errors: MEMORY.
throng_status wire_written(const wire_writer *w);

/// A payload that is read. Past its end numbers are 0 and texts "", and wire_end fails.
typedef struct wire_reader {
  const uint8_t *at;
  size_t left;
  bool bad;
} wire_reader;
const uint8_t *wire_get(wire_reader *r, size_t n);  // NULL past the end
uint32_t wire_get_u32(wire_reader *r);
int64_t wire_get_i64(wire_reader *r);
double wire_get_f64(wire_reader *r);
const char *wire_get_text(wire_reader *r);  // within the payload
/// NULL-terminated, one block that the caller frees, of texts within the payload. Errors: MEMORY.
throng_status wire_get_texts(wire_reader *r, const char ***out);
/// All was there and nothing is left. Errors: DATA, naming `what`.
throng_status wire_end(const wire_reader *r, const char *what);

#endif
