/// The plain bytes of a file that is gzip, xz, zstd, bzip2 or none of them, as a stream; told apart
/// by their first bytes, not by the file's name. Knows nothing of lines.
#ifndef THRONG_DATA_UNPACK_H
#define THRONG_DATA_UNPACK_H

#include "base/status.h"

typedef struct unpacker unpacker;

/// What reading came to; unpacker_cause has the words. All but UNPACK_OK end the stream.
typedef enum unpack_result {
  UNPACK_OK,
  UNPACK_TRUNCATED,  // the file ends within its compressed data
  UNPACK_CORRUPT,
  UNPACK_TOO_LARGE,  // a window or dictionary beyond what is taken for it
  UNPACK_IO,
  UNPACK_MEMORY,
} unpack_result;

/// Takes `descriptor` over, on failure too. Errors: IO, MEMORY; `path` is for these alone.
throng_status unpacker_open(int descriptor, const char *path, unpacker **out);
/// NULL is allowed.
void unpacker_close(unpacker *u);

/// Fill `to` with the next `room` bytes; `*got` is less only at the end or where something failed.
/// Streams that follow one another (`cat a.gz b.gz`) are one, as their tools have it.
unpack_result unpacker_read(unpacker *u, char *to, size_t room, size_t *got);
/// Bytes of the file itself that were taken so far.
int64_t unpacker_offset(const unpacker *u);
/// "gzip", "xz", "zstd", "bzip2"; NULL where the file is plain.
const char *unpacker_codec(const unpacker *u);
/// A command that writes the plain bytes to standard output: "gzip -dc"; "cat" where plain.
const char *unpacker_command(const unpacker *u);
/// Why the last read failed; "" where it did not.
const char *unpacker_cause(const unpacker *u);

#endif
