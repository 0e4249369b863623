/// JSON with comments into a configuration, with errors that name file, line and column.
#ifndef THRONG_CONFIG_READ_H
#define THRONG_CONFIG_READ_H

#include "config/config.h"

/// Assign every key of the text, which must be NUL-terminated; null unsets a key or a section.
/// Errors: CONFIG.
throng_status config_read(throng_config *config, const char *text, size_t length, const char *name,
                          config_origin origin);
/// A whole file (1 MiB at most), NUL-terminated. Caller frees. Errors: IO, CONFIG (too large).
throng_status config_read_file(const char *path, char **text, size_t *length);

#endif
