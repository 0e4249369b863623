/// Streaming lines of plain and compressed files alike; see line_reader.h.
#include "data/line_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/foreign_file.h"
#include "base/json.h"
#include "data/stream.h"
#include "data/unpack.h"

enum { FIRST_CAPACITY = 1 << 20, REPORT_EVERY = 4 << 20 };

struct line_reader {
  unpacker *file;
  const char *path, *stage;
  const throng_progress *progress;
  char *buffer;  // (capacity + 1), the last for a NUL
  size_t capacity, begin, end;
  int64_t number, bytes, reported, size;
  char line_end;  // '\n', or '\r' where the file has no other
  bool started, finished;
  bool broken;  // an error after which no further line can be had
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
                          .size = size,
                          .line_end = '\n'};
  result = throng_alloc((void **)&reader->buffer, reader->capacity + 1, 1, "line buffer");
  if (result == THRONG_OK) {
    result = unpacker_open(descriptor, reader->path, &reader->file);
  } else {
    close(descriptor);
  }
  if (result != THRONG_OK) {
    line_reader_close(reader);
    return result;
  }
  *out = reader;
  return THRONG_OK;
}

void line_reader_close(line_reader *reader) {
  if (!reader) return;
  unpacker_close(reader->file);
  free(reader->buffer);
  free(reader);
}

/// Whole lines that were unpacked and not handed out yet count too: they name the place.
static long long lines_so_far(const line_reader *reader) {
  int64_t lines = reader->number;
  for (size_t i = reader->begin; i < reader->end; ++i)
    lines += reader->buffer[i] == reader->line_end;
  return (long long)lines;
}

static throng_status explain(line_reader *reader, unpack_result result) {
  const char *path = reader->path, *codec = unpacker_codec(reader->file);
  const char *cause = unpacker_cause(reader->file);
  switch (result) {
    case UNPACK_OK: return THRONG_OK;
    case UNPACK_TRUNCATED:
      return throng_fail(THRONG_ERROR_DATA, "%s: truncated %s after line %lld", path, codec,
                         lines_so_far(reader));
    case UNPACK_CORRUPT:
      return throng_fail(THRONG_ERROR_DATA, "%s: corrupt %s after line %lld: %s", path, codec,
                         lines_so_far(reader), cause);
    case UNPACK_TOO_LARGE: {
      char quoted[512];
      foreign_file_quote(path, quoted, sizeof quoted);
      return throng_fail(
          THRONG_ERROR_DATA, "%s: %s needs too much memory here (%s): %s %s > data.txt", path,
          codec, cause,
          strcmp(codec, "zstd") ? unpacker_command(reader->file) : "zstd -dc --long=31", quoted);
    }
    case UNPACK_MEMORY: return throng_fail(THRONG_ERROR_MEMORY, "%s: %s", path, cause);
    case UNPACK_IO: break;
  }
  return throng_fail(THRONG_ERROR_IO, "%s: after line %lld: %s", path, lines_so_far(reader), cause);
}

void line_reader_command(const line_reader *reader, const char *command, char *text, size_t size) {
  char quoted[512];
  foreign_file_quote(reader->path, quoted, sizeof quoted);
  if (unpacker_codec(reader->file))
    snprintf(text, size, "%s %s | %s > data.txt", unpacker_command(reader->file), quoted, command);
  else
    snprintf(text, size, "%s %s > data.txt", command, quoted);
}

/// One JSON value over the whole file, which readers of lines would take for something else.
static throng_status check_json(const line_reader *reader) {
  const char *at = reader->buffer, *end = at + reader->end;
  char command[700];
  if (reader->end >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
  while (at < end && *at && strchr(" \t\r\n", *at)) at++;
  char first = '\0';
  if (at < end) first = *at++;
  bool lines = false;
  for (; at < end && *at && strchr(" \t\r\n", *at); at++) lines |= *at == '\n';
  if (first == '[' && at < end && *at == '{') {
    line_reader_command(reader, "jq -c '.[]'", command, sizeof command);
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: one JSON array, expected one object a line; make it so with: %s",
                       reader->path, command);
  }
  if (first == '{' && lines && at < end && *at == '"') {
    line_reader_command(reader, "jq -c .", command, sizeof command);
    return throng_fail(
        THRONG_ERROR_DATA,
        "%s: JSON over several lines, expected one object a line; make it so with: %s",
        reader->path, command);
  }
  return THRONG_OK;
}

/// What the first bytes tell: that this is no text, or that lines end with CR as on an old Mac.
static throng_status look_at_start(line_reader *reader) {
  char text[2400];
  reader->started = true;
  if (foreign_file_describe(reader->buffer, reader->end, reader->path, unpacker_codec(reader->file),
                            text, sizeof text))
    return throng_fail(THRONG_ERROR_DATA, "%s: %s", reader->path, text);
  if (!memchr(reader->buffer, '\n', reader->end) && memchr(reader->buffer, '\r', reader->end))
    reader->line_end = '\r';
  return check_json(reader);
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
  size_t room = reader->capacity - reader->end, got;
  unpack_result result = unpacker_read(reader->file, reader->buffer + reader->end, room, &got);
  reader->end += got;
  reader->finished = got < room;
  if (!reader->started) THRONG_TRY(look_at_start(reader));
  return explain(reader, result);
}

static throng_status report(line_reader *reader) {
  reader->reported = reader->bytes;
  if (!throng_report(reader->progress, reader->stage, unpacker_offset(reader->file), reader->size,
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
    newline = memchr(start + scanned, reader->line_end, held - scanned);
    if (newline || reader->finished) break;
    scanned = held;
    throng_status status = fill(reader);
    if (status != THRONG_OK) {
      reader->broken = true;
      return status;
    }
    if (reader->line_end == '\r') scanned = 0;  // told by the fill itself
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
  // Text mode of Windows makes "\r\r\n" of "\r\n".
  while (n > 0 && start[n - 1] == '\r' && reader->line_end == '\n') n--;
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
bool line_reader_broken(const line_reader *reader) { return reader->broken; }

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
  // In Windows' encoding of Western Europe these are quotes and dashes, in Latin-1 controls.
  bool windows = (unsigned char)line[i] < 0xA0;
  char from[700];
  line_reader_command(reader,
                      windows ? "iconv -f WINDOWS-1252 -t UTF-8" : "iconv -f LATIN1 -t UTF-8", from,
                      sizeof from);
  return line_reader_fail(
      reader,
      "byte 0x%02X at column %zu is not UTF-8, expected UTF-8 text (where it is "
      "%s: %s)",
      (unsigned char)line[i], i + 1, windows ? "Windows-1252" : "Latin-1", from);
}
