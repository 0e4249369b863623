/// Frames and payloads; see frame.h.
#include "deal/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static void put_number(uint8_t *to, uint64_t value, int bytes) {
  for (int k = 0; k < bytes; ++k) to[k] = (uint8_t)(value >> 8 * k);
}

static uint64_t get_number(const uint8_t *from, int bytes) {
  uint64_t value = 0;
  for (int k = 0; k < bytes; ++k) value |= (uint64_t)from[k] << 8 * k;
  return value;
}

static const uint8_t magic[4] = {'T', 'H', 'R', 'D'};

static uint64_t checksum(const uint8_t *header, const void *data, size_t size) {
  return hash64(data, size, hash64(header + 4, 8, 0));
}

void frame_header(uint8_t out[FRAME_HEADER], uint16_t type, const void *data, size_t size) {
  memcpy(out, magic, 4);
  put_number(out + 4, FRAME_VERSION, 2);
  put_number(out + 6, type, 2);
  put_number(out + 8, size, 4);
  put_number(out + 12, checksum(out, data, size), 8);
}

throng_status frame_read(const uint8_t *bytes, size_t n, size_t most, deal_message *out,
                         size_t *used) {
  *used = 0;
  if (memcmp(bytes, magic, n < 4 ? n : 4) != 0)
    return throng_fail(THRONG_ERROR_DATA, "what it says is no message of throng");
  if (n < FRAME_HEADER) return THRONG_OK;
  const uint64_t version = get_number(bytes + 4, 2), size = get_number(bytes + 8, 4);
  if (version != FRAME_VERSION)
    return throng_fail(THRONG_ERROR_DATA, "it speaks version %d of the protocol, expected %d",
                       (int)version, FRAME_VERSION);
  if (size > most)
    return throng_fail(THRONG_ERROR_DATA, "a message of %llu bytes, expected %zu at most",
                       (unsigned long long)size, most);
  if (n < FRAME_HEADER + size) return THRONG_OK;
  if (checksum(bytes, bytes + FRAME_HEADER, size) != get_number(bytes + 12, 8))
    return throng_fail(THRONG_ERROR_DATA, "a message that was damaged on its way");
  *out = (deal_message){(uint16_t)get_number(bytes + 6, 2), bytes + FRAME_HEADER, size};
  *used = FRAME_HEADER + size;
  return THRONG_OK;
}

void wire_put(wire_writer *w, const void *bytes, size_t n) {
  void *room = w->data;
  if (w->failed || throng_grow(&room, &w->capacity, w->size + n, 1, "a message") != THRONG_OK) {
    w->failed = true;
    return;
  }
  w->data = room;
  if (n > 0) memcpy(w->data + w->size, bytes, n);
  w->size += n;
}

void wire_put_u32(wire_writer *w, uint32_t value) {
  uint8_t bytes[4];
  put_number(bytes, value, 4);
  wire_put(w, bytes, 4);
}

void wire_put_i64(wire_writer *w, int64_t value) {
  uint8_t bytes[8];
  put_number(bytes, (uint64_t)value, 8);
  wire_put(w, bytes, 8);
}

void wire_put_f64(wire_writer *w, double value) {
  int64_t bits;
  memcpy(&bits, &value, 8);
  wire_put_i64(w, bits);
}

void wire_put_text(wire_writer *w, const char *text) {
  if (!text) text = "";
  wire_put_u32(w, (uint32_t)strlen(text) + 1);
  wire_put(w, text, strlen(text) + 1);
}

void wire_put_texts(wire_writer *w, const char *const *texts) {
  uint32_t n = 0;
  while (texts && texts[n]) ++n;
  wire_put_u32(w, n);
  for (uint32_t k = 0; k < n; ++k) wire_put_text(w, texts[k]);
}

throng_status wire_written(const wire_writer *w) {
  if (!w->failed) return THRONG_OK;
  return throng_fail(THRONG_ERROR_MEMORY, "a message of %zu bytes has no room", w->size);
}

const uint8_t *wire_get(wire_reader *r, size_t n) {
  if (r->bad || n > r->left) {
    r->bad = true;
    return NULL;
  }
  const uint8_t *at = r->at;
  r->at += n;
  r->left -= n;
  return at;
}

uint32_t wire_get_u32(wire_reader *r) {
  const uint8_t *at = wire_get(r, 4);
  return at ? (uint32_t)get_number(at, 4) : 0;
}

int64_t wire_get_i64(wire_reader *r) {
  const uint8_t *at = wire_get(r, 8);
  return at ? (int64_t)get_number(at, 8) : 0;
}

double wire_get_f64(wire_reader *r) {
  const int64_t bits = wire_get_i64(r);
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

const char *wire_get_text(wire_reader *r) {
  const uint32_t size = wire_get_u32(r);
  const char *text = size > 0 ? (const char *)wire_get(r, size) : NULL;
  if (text && memchr(text, 0, size) == text + size - 1) return text;
  r->bad = true;
  return "";
}

throng_status wire_get_texts(wire_reader *r, const char ***out) {
  *out = NULL;
  const uint32_t n = wire_get_u32(r);
  if (n > r->left / 5) r->bad = true;  // a text takes five bytes at least
  void *room;
  THRONG_TRY(throng_alloc(&room, (r->bad ? 0 : n) + 1, sizeof(char *), "texts of a message"));
  const char **texts = room;
  for (uint32_t k = 0; k < n && !r->bad; ++k) {
    const char *text = wire_get_text(r);
    if (!r->bad) texts[k] = text;  // what lies past the end is none
  }
  *out = texts;
  return THRONG_OK;
}

throng_status wire_end(const wire_reader *r, const char *what) {
  if (!r->bad && r->left == 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: a message that ends too %s", what,
                     r->bad ? "early" : "late");
}
