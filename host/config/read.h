/// JSON with comments into a configuration, with errors that name file, line and column.
#ifndef THRONG_CONFIG_READ_H
#define THRONG_CONFIG_READ_H

#include "config/config.h"

/// Assign every key of the text, which must be NUL-terminated; null unsets a key or a section.
/// Errors: CONFIG.
throng_status config_read(throng_config *config, const char *text, size_t length, const char *name,
                          config_origin origin);
/// Where a member of the object `text`, which begins at `from`, has its value; false: there is
/// none. The text has been read by config_read.
bool config_member_place(const char *text, config_place from, const char *name, config_place *out);
/// A whole file (1 MiB at most), NUL-terminated. Caller frees. Errors: IO, CONFIG (too large).
throng_status config_read_file(const char *path, char **text, size_t *length);

#endif
