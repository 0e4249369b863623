/// Records of delimited text in a dialect: RFC 4180 with quotes (fields may hold separators and
/// line ends), escapes, or plain fields as in tab-separated files. Knows nothing of what the
/// columns mean.
#ifndef THRONG_DATA_CSV_PARSER_H
#define THRONG_DATA_CSV_PARSER_H

#include "base/strings.h"
#include "data/byte_buffer.h"
#include "data/csv_dialect.h"
#include "data/line_reader.h"

enum { CSV_MAX_FIELDS = 1024 };

typedef struct csv_parser {
  line_reader *reader;  // not owned
  csv_dialect dialect;
  const char *section;  // of the config that sets the dialect, for errors; NULL: none
  string_table header;  // column names, after csv_read_header
  byte_buffer record;   // fields of the present record, a NUL after each
  size_t *offset;       // (n_field + 1) into record
  size_t capacity;
  int n_field;
  int64_t line;      // where the present record begins
  bool held;         // the present record is still to be given by csv_next
  int64_t n_record;  // lines that began a record, the header too
} csv_parser;

void csv_free(csv_parser *parser);

/// Read the next record; blank lines are skipped, one empty field more than the header has too, and
/// quotes within a field that does not begin with one are text. `*more` is false after the last.
/// Errors: DATA (text after a closing quote, an unclosed quote, not UTF-8; where there is a header,
/// another number of fields), IO. After DATA the next record can be read unless line_reader_broken.
throng_status csv_next(csv_parser *parser, bool *more);
const char *csv_field(const csv_parser *parser, int column);
size_t csv_length(const csv_parser *parser, int column);

/// Read the first record as column names, without spaces around them. Errors: DATA where the file
/// is empty.
throng_status csv_read_header(csv_parser *parser);
/// The same, or the given names (NULL-terminated) where the file has no header. Errors: DATA where
/// the first record has not as many fields.
throng_status csv_begin(csv_parser *parser, const char *const *names);
/// Column of this name, in other case where only one is called so, -1 where there is none.
int csv_find_column(const csv_parser *parser, const char *name);
/// The same, but DATA where there is none; names the config's key that asked and what there is.
throng_status csv_require_column(const csv_parser *parser, const char *name, const char *key,
                                 int *column);
/// The column names in one line, for errors.
throng_status csv_describe_header(const csv_parser *parser, byte_buffer *out);

#endif
