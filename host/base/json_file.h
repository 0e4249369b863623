/// JSON objects in files: one that has a file of its own, and rows, a line each.
#ifndef THRONG_BASE_JSON_FILE_H
#define THRONG_BASE_JSON_FILE_H

#include "base/json.h"

/// The object that the file at `path` holds, of 256 MiB at most; `*out` is NULL after an error.
/// Errors: IO; DATA with place and what was expected; MEMORY.
throng_status json_read_object(const char *path, cJSON **out);

/// A line (with or without its end) of the file of rows at `path`: an object, in `*out`, whose
/// `key` is a finite number, in `*value`. Errors: DATA with "path:line:column: ...", MEMORY; `*out`
/// is NULL then.
throng_status json_read_row(const char *path, int64_t line, const char *text, size_t length,
                            const char *key, cJSON **out, double *value);

#endif
