/// Lines of a text file, plain or compressed (gzip, xz, zstd, bzip2), one at a time: what every
/// reader of raw data stands on. Knows nothing of JSON or CSV.
#ifndef THRONG_DATA_LINE_READER_H
#define THRONG_DATA_LINE_READER_H

#include "base/status.h"

enum { LINE_READER_MAX_LINE = 16 << 20 };  // bytes; longer ones mean that this is no such file

typedef struct line_reader line_reader;

/// Open `path`, a file or a pipe (stream.h). `key` names the config's key in errors
/// ("dataset.reviews"); `stage` names the work in progress reports, which are made by compressed
/// position, so that time left can be told. The strings must outlive the reader. Errors: CONFIG (no
/// path), IO (no such file, a folder), CANCELLED (waiting for a pipe).
throng_status line_reader_open(const char *path, const char *key, const char *stage,
                               const throng_progress *progress, line_reader **out);
/// NULL is allowed.
void line_reader_close(line_reader *reader);

/// The next line without its end (LF or CRLF; CR where the file's first MiB has no LF) and without
/// a byte-order mark, NUL-terminated, valid until the next call and open to changes; `*line` is
/// NULL after the last. Errors: DATA (compressed data that is truncated or corrupt, a file that is
/// no text, with what it is and a command that makes it readable, a NUL byte, a line that is too
/// long), IO, CANCELLED.
throng_status line_reader_next(line_reader *reader, char **line, size_t *length);

/// Number of the line that was read last, from 1.
int64_t line_reader_number(const line_reader *reader);
/// Uncompressed bytes read so far, line ends included.
int64_t line_reader_bytes(const line_reader *reader);
const char *line_reader_path(const line_reader *reader);
/// "gzip -dc PATH | COMMAND > data.txt", or "COMMAND PATH > data.txt" where the file is plain: to
/// be pasted into a shell.
void line_reader_command(const line_reader *reader, const char *command, char *text, size_t size);
/// True after an error of line_reader_next that ended the file; after others the next line can be
/// read.
bool line_reader_broken(const line_reader *reader);

/// DATA error "path:line: message" at the line that was read last.
throng_status line_reader_fail(const line_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// DATA error where the line is not UTF-8, with the byte's place.
throng_status line_reader_require_utf8(const line_reader *reader, const char *line, size_t length);

#endif
