/// A JSON object in a file of its own.
#ifndef THRONG_BASE_JSON_FILE_H
#define THRONG_BASE_JSON_FILE_H

#include "base/json.h"

/// The object that the file at `path` holds, of 256 MiB at most; `*out` is NULL after an error.
/// Errors: IO; DATA with place and what was expected; MEMORY.
throng_status json_read_object(const char *path, cJSON **out);

#endif
