/// Streaming lines through zlib, which reads gzip and plain files alike; see line_reader.h.
#include "data/line_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/json.h"
#include "data/stream.h"

enum { FIRST_CAPACITY = 1 << 20, ZLIB_BUFFER = 1 << 18, REPORT_EVERY = 4 << 20 };

struct line_reader {
  gzFile file;
  const char *path, *stage;
  const throng_progress *progress;
  char *buffer;  // (capacity + 1), the last for a NUL
  size_t capacity, begin, end;
  int64_t number, bytes, reported, size;
  bool finished;
};

throng_status line_reader_open(const char *path, const char *key, const char *stage,
                               const throng_progress *progress, line_reader **out) {
  *out = NULL;
  int descriptor;
  int64_t size;
  THRONG_TRY(stream_open(path, key, progress, &descriptor, &size));
  line_reader *reader;
  throng_status result = throng_alloc((void **)&reader, 1, sizeof *reader, "line reader");
  if (result != THRONG_OK) {
    close(descriptor);
    return result;
  }
  *reader = (line_reader){.path = stream_name(path),
                          .stage = stage,
                          .progress = progress,
                          .capacity = FIRST_CAPACITY,
                          .size = size};
  result = throng_alloc((void **)&reader->buffer, reader->capacity + 1, 1, "line buffer");
  reader->file = gzdopen(descriptor, "rb");
  if (!reader->file) {
    close(descriptor);
    if (result == THRONG_OK)
      result = throng_fail(THRONG_ERROR_MEMORY, "%s: %s: no memory to read it", key, path);
  }
  if (result != THRONG_OK) {
    line_reader_close(reader);
    return result;
  }
  gzbuffer(reader->file, ZLIB_BUFFER);
  *out = reader;
  return THRONG_OK;
}

void line_reader_close(line_reader *reader) {
  if (!reader) return;
  if (reader->file) gzclose(reader->file);
  free(reader->buffer);
  free(reader);
}

/// Make room behind `end` and fill it.
static throng_status fill(line_reader *reader) {
  if (reader->begin > 0) {
    memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
    reader->end -= reader->begin;
    reader->begin = 0;
  }
  if (reader->end == reader->capacity) {
    if (reader->capacity >= LINE_READER_MAX_LINE)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s:%lld: line longer than %d MiB, expected one record a line",
                         reader->path, (long long)reader->number + 1, LINE_READER_MAX_LINE >> 20);
    size_t grown = reader->capacity * 2;
    char *larger = realloc(reader->buffer, grown + 1);
    if (!larger)
      return throng_fail(THRONG_ERROR_MEMORY, "%s: %zu bytes for a line could not be had",
                         reader->path, grown);
    reader->buffer = larger;
    reader->capacity = grown;
  }
  size_t room = reader->capacity - reader->end;
  int got = gzread(reader->file, reader->buffer + reader->end, (unsigned)room);
  int code = Z_OK;
  const char *cause = gzerror(reader->file, &code);
  if (got < 0 || code != Z_OK) {
    int reason = errno;
    if (code == Z_BUF_ERROR) {
      // Whole lines that were unpacked and not handed out yet count too: they name the place.
      int64_t lines = reader->number;
      size_t end = reader->end + (got > 0 ? (size_t)got : 0);
      for (size_t i = reader->begin; i < end; ++i) lines += reader->buffer[i] == '\n';
      return throng_fail(THRONG_ERROR_DATA, "%s: truncated gzip after line %lld", reader->path,
                         (long long)lines);
    }
    if (code == Z_ERRNO)
      return throng_fail(THRONG_ERROR_IO, "%s: after line %lld: %s", reader->path,
                         (long long)reader->number, strerror(reason));
    return throng_fail(THRONG_ERROR_DATA, "%s: corrupt gzip after line %lld: %s", reader->path,
                       (long long)reader->number, cause);
  }
  reader->end += (size_t)got;
  reader->finished = (size_t)got < room;
  return THRONG_OK;
}

static throng_status report(line_reader *reader) {
  reader->reported = reader->bytes;
  if (!throng_report(reader->progress, reader->stage, (int64_t)gzoffset(reader->file), reader->size,
                     "bytes"))
    return throng_cancelled(reader->stage);
  return THRONG_OK;
}

throng_status line_reader_next(line_reader *reader, char **line, size_t *length) {
  *line = NULL;
  *length = 0;
  size_t scanned = 0;
  char *newline;
  for (;;) {
    char *start = reader->buffer + reader->begin;
    size_t held = reader->end - reader->begin;
    newline = memchr(start + scanned, '\n', held - scanned);
    if (newline || reader->finished) break;
    scanned = held;
    THRONG_TRY(fill(reader));
  }
  char *start = reader->buffer + reader->begin;
  size_t n = newline ? (size_t)(newline - start) : reader->end - reader->begin;
  size_t taken = newline ? n + 1 : n;
  if (taken == 0) return report(reader);
  reader->begin += taken;
  reader->bytes += (int64_t)taken;
  reader->number++;
  if (n > LINE_READER_MAX_LINE)
    return line_reader_fail(reader, "line longer than %d MiB, expected one record a line",
                            LINE_READER_MAX_LINE >> 20);
  if (n > 0 && start[n - 1] == '\r') n--;
  if (reader->number == 1 && n >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
    start += 3;
    n -= 3;
  }
  start[n] = '\0';
  const char *nul = memchr(start, '\0', n);
  if (nul)
    return line_reader_fail(reader, "NUL byte at column %lld, expected text",
                            (long long)(nul - start) + 1);
  *line = start;
  *length = n;
  return reader->bytes - reader->reported >= REPORT_EVERY ? report(reader) : THRONG_OK;
}

int64_t line_reader_number(const line_reader *reader) { return reader->number; }
int64_t line_reader_bytes(const line_reader *reader) { return reader->bytes; }
const char *line_reader_path(const line_reader *reader) { return reader->path; }

throng_status line_reader_fail(const line_reader *reader, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return throng_fail(THRONG_ERROR_DATA, "%s:%lld: %s", reader->path, (long long)reader->number,
                     text);
}

throng_status line_reader_require_utf8(const line_reader *reader, const char *line, size_t length) {
  // Eight ASCII bytes at a time: nearly all of every file.
  size_t i = 0;
  for (uint64_t word; length - i >= sizeof word; i += sizeof word) {
    memcpy(&word, line + i, sizeof word);
    if (word & UINT64_C(0x8080808080808080)) break;
  }
  i += utf8_valid_prefix(line + i, length - i);
  if (i == length) return THRONG_OK;
  return line_reader_fail(reader,
                          "byte 0x%02X at column %zu is not UTF-8, expected UTF-8 text "
                          "(iconv -f LATIN1 -t UTF-8 converts)",
                          (unsigned char)line[i], i + 1);
}
