/// Files that are there whole or not at all: written beside their target, then renamed onto it.
/// For outputs of any kind; reading is elsewhere.
#ifndef THRONG_BASE_ATOMIC_FILE_H
#define THRONG_BASE_ATOMIC_FILE_H

#include <stdio.h>

#include "base/status.h"

typedef struct atomic_file atomic_file;

/// Open a temporary file beside `path`; what killed processes left of the same is removed. Where
/// `path` is a device or a pipe it is written directly. Errors: IO, naming the path and the
/// system's reason.
throng_status atomic_file_create(const char *path, atomic_file **out);
/// A buffered stream on the file, for fprintf. Do not close it; commit finds its errors.
FILE *atomic_file_stream(atomic_file *file);
/// Append to the stream.
throng_status atomic_file_write(atomic_file *file, const void *data, size_t bytes);
/// Write at a place, in any order. Not to be mixed with the stream.
throng_status atomic_file_write_at(atomic_file *file, uint64_t offset, const void *data,
                                   size_t bytes);
/// Flush, fsync, rename, fsync the folder. Releases `file` whatever happens; on an error the target
/// is as it was and the temporary file is gone.
throng_status atomic_file_commit(atomic_file *file);
/// Throw the file away; the target stays as it was. NULL is allowed.
void atomic_file_abort(atomic_file *file);
/// Remove the temporary files in `folder` of processes that are no more: what a kill left behind.
/// Returns how many. A file that somebody is writing is locked, and stays.
int atomic_file_sweep(const char *folder);

#endif
