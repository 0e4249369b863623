/// How a table of delimited text is written: its separator, quotes and escapes. What a file tells
/// of them is csv_detect.h.
#ifndef THRONG_DATA_CSV_DIALECT_H
#define THRONG_DATA_CSV_DIALECT_H

#include "base/status.h"

enum { CSV_MAX_SEPARATOR = 7 };

typedef struct csv_dialect {
  char separator[CSV_MAX_SEPARATOR + 1];  // mostly one character
  char quote;                             // around fields; 0: quotes are text
  char escape;  // makes a quote, a separator, a line end or itself text; 0: none
} csv_dialect;

/// RFC 4180, and plain fields between tabs.
#define CSV_COMMAS ((csv_dialect){.separator = ",", .quote = '"'})
#define CSV_TABS ((csv_dialect){.separator = "\t"})

/// What a config says; NULL: not given. Names ("tab", "comma", "none") and "\\t" are understood.
typedef struct csv_wishes {
  const char *separator, *quote, *escape;
  const char *const *names;  // of the columns of a file without a header; NULL: it has one
} csv_wishes;

/// "sep=;", which Excel writes before the header: the separator into `separator` (CSV_MAX_SEPARATOR
/// + 1 bytes; may be NULL). False for any other line.
bool csv_is_separator_line(const char *line, size_t length, char *separator);

/// A character or a separator as people call it: "tab", "';'".
void csv_character_name(const char *separator, char *text, size_t size);

#endif
