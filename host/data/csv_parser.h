/// Records of delimited text: RFC 4180 with quotes (fields may hold delimiters and line ends), or
/// plain fields as in tab-separated files. Knows nothing of what the columns mean.
#ifndef THRONG_DATA_CSV_PARSER_H
#define THRONG_DATA_CSV_PARSER_H

#include "base/strings.h"
#include "data/byte_buffer.h"
#include "data/line_reader.h"

enum { CSV_MAX_FIELDS = 1024 };

typedef struct csv_parser {
  line_reader *reader;  // not owned
  char delimiter;
  bool quotes;          // fields may stand in double quotes
  string_table header;  // column names, after csv_read_header
  byte_buffer record;   // fields of the present record, a NUL after each
  size_t *offset;       // (n_field + 1) into record
  size_t capacity;
  int n_field;
  int64_t line;  // where the present record begins
} csv_parser;

void csv_free(csv_parser *parser);

/// Read the next record; blank lines are skipped. `*more` is false after the last. Errors: DATA (a
/// quote inside an unquoted field or text after a closing one, an unclosed quote, not UTF-8; where
/// there is a header, another number of fields), IO.
throng_status csv_next(csv_parser *parser, bool *more);
const char *csv_field(const csv_parser *parser, int column);
size_t csv_length(const csv_parser *parser, int column);

/// Read the first record as column names. Errors: DATA where the file is empty.
throng_status csv_read_header(csv_parser *parser);
/// Column of this name, -1 where there is none.
int csv_find_column(const csv_parser *parser, const char *name);
/// The same, but DATA where there is none; names the config's key that asked and what there is.
throng_status csv_require_column(const csv_parser *parser, const char *name, const char *key,
                                 int *column);
/// The column names in one line, for errors.
throng_status csv_describe_header(const csv_parser *parser, byte_buffer *out);

#endif
