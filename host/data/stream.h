/// What a path of the config names, open for reading from its first byte: a file as it stands, or a
/// pipe, `-` (standard input) or `<(...)`, which is copied into an unnamed temporary file first,
/// for data sets are read more than once. Knows nothing of what stands in it.
#ifndef THRONG_DATA_STREAM_H
#define THRONG_DATA_STREAM_H

#include <stdio.h>

#include "base/status.h"

/// Pipes that were copied while a scope lasts: opening one again gives the same bytes.
typedef struct stream_scope {
  struct stream_kept *kept;
  size_t n, capacity;
  const throng_progress *progress;  // asked while a pipe is silent, where who opens it has none
  struct stream_scope *outer;
} stream_scope;

/// From here to stream_scope_end every stream_open of this thread remembers its pipes. Scopes nest;
/// the innermost that knows a pipe gives it, and what an inner one read is told to the outer, where
/// no other key may read it. `progress` is NULL or lives as long as the scope.
void stream_scope_begin(stream_scope *scope, const throng_progress *progress);
void stream_scope_end(stream_scope *scope);

/// A descriptor at the first byte of `path`, and how many bytes there are. `key` names the config's
/// key in errors. The copy goes into TMPDIR, or /tmp; waiting for a pipe asks `progress` (NULL:
/// the scope's) several times a second whether to go on. Errors: CONFIG (no path; two keys read one
/// pipe), IO (no such file, a folder, a device, no room for the copy), CANCELLED.
throng_status stream_open(const char *path, const char *key, const throng_progress *progress,
                          int *descriptor, int64_t *size);
/// The same as a FILE.
throng_status stream_open_file(const char *path, const char *key, const throng_progress *progress,
                               FILE **out);
/// True where what `path` names can be read only once.
bool stream_is_pipe(const char *path);
/// `path` for messages: "standard input" for "-".
const char *stream_name(const char *path);

#endif
