/// A state machine over the lines of delimited text; see csv_parser.h.
#include "data/csv_parser.h"

#include <stdlib.h>
#include <string.h>

void csv_free(csv_parser *parser) {
  strings_free(&parser->header);
  bytes_free(&parser->record);
  free(parser->offset);
  parser->offset = NULL;
  parser->capacity = 0;
}

static throng_status end_field(csv_parser *parser) {
  if (parser->n_field == CSV_MAX_FIELDS)
    return line_reader_fail(parser->reader, "more than %d fields, expected fewer", CSV_MAX_FIELDS);
  THRONG_TRY(bytes_append(&parser->record, "", 1));
  THRONG_TRY(throng_grow((void **)&parser->offset, &parser->capacity, (size_t)parser->n_field + 2,
                         sizeof *parser->offset, "fields"));
  parser->offset[++parser->n_field] = parser->record.length;
  return THRONG_OK;
}

static throng_status next_line(csv_parser *parser, char **line, size_t *length) {
  THRONG_TRY(line_reader_next(parser->reader, line, length));
  return *line ? line_reader_require_utf8(parser->reader, *line, *length) : THRONG_OK;
}

/// After an opening quote: past the closing one, over as many lines as it takes.
static throng_status take_quoted(csv_parser *parser, char **line, char **at, char **end) {
  for (;;) {
    char *quote = memchr(*at, '"', (size_t)(*end - *at));
    char *stop = quote ? quote : *end;
    THRONG_TRY(bytes_append(&parser->record, *at, (size_t)(stop - *at)));
    if (quote && quote + 1 < *end && quote[1] == '"') {
      THRONG_TRY(bytes_append(&parser->record, "\"", 1));
      *at = quote + 2;
      continue;
    }
    if (quote) {
      *at = quote + 1;
      return THRONG_OK;
    }
    size_t length;
    THRONG_TRY(bytes_append(&parser->record, "\n", 1));
    THRONG_TRY(next_line(parser, line, &length));
    if (!*line || parser->record.length > LINE_READER_MAX_LINE)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s:%lld: a quoted field of this record is not closed, expected '\"'",
                         line_reader_path(parser->reader), (long long)parser->line);
    *at = *line;
    *end = *line + length;
  }
}

static throng_status take_record(csv_parser *parser, char *line, size_t length) {
  char *at = line, *end = line + length;
  for (;;) {
    if (parser->quotes && at < end && *at == '"') {
      at++;
      THRONG_TRY(take_quoted(parser, &line, &at, &end));
      if (at < end && *at != parser->delimiter)
        return line_reader_fail(parser->reader,
                                "column %zu: text after a closing quote, expected '%s' or the end",
                                (size_t)(at - line) + 1, parser->delimiter == '\t' ? "tab" : ",");
    } else {
      char *stop = memchr(at, parser->delimiter, (size_t)(end - at));
      if (!stop) stop = end;
      char *quote = parser->quotes ? memchr(at, '"', (size_t)(stop - at)) : NULL;
      if (quote)
        return line_reader_fail(parser->reader,
                                "column %zu: '\"' inside an unquoted field, expected the whole "
                                "field in quotes and '\"\"' for a quote",
                                (size_t)(quote - line) + 1);
      THRONG_TRY(bytes_append(&parser->record, at, (size_t)(stop - at)));
      at = stop;
    }
    THRONG_TRY(end_field(parser));
    if (at == end) return THRONG_OK;
    at++;
  }
}

throng_status csv_next(csv_parser *parser, bool *more) {
  char *line;
  size_t length;
  *more = false;
  do {
    THRONG_TRY(next_line(parser, &line, &length));
    if (!line) return THRONG_OK;
  } while (length == 0);
  parser->line = line_reader_number(parser->reader);
  bytes_clear(&parser->record);
  parser->n_field = 0;
  THRONG_TRY(throng_grow((void **)&parser->offset, &parser->capacity, 1, sizeof *parser->offset,
                         "fields"));
  parser->offset[0] = 0;
  THRONG_TRY(take_record(parser, line, length));
  if (parser->header.n > 0 && parser->header.n != parser->n_field)
    return line_reader_fail(parser->reader, "%d fields, expected %lld as in the header",
                            parser->n_field, (long long)parser->header.n);
  *more = true;
  return THRONG_OK;
}

const char *csv_field(const csv_parser *parser, int column) {
  return parser->record.data + parser->offset[column];
}

size_t csv_length(const csv_parser *parser, int column) {
  return parser->offset[column + 1] - parser->offset[column] - 1;
}

throng_status csv_read_header(csv_parser *parser) {
  bool more;
  THRONG_TRY(csv_next(parser, &more));
  if (!more)
    return throng_fail(THRONG_ERROR_DATA, "%s: the file is empty, expected a header line",
                       line_reader_path(parser->reader));
  for (int i = 0; i < parser->n_field; i++)
    THRONG_TRY(strings_append(&parser->header, csv_field(parser, i), csv_length(parser, i)));
  return THRONG_OK;
}

int csv_find_column(const csv_parser *parser, const char *name) {
  for (int64_t i = 0; i < parser->header.n; i++)
    if (strcmp(strings_get(&parser->header, i), name) == 0) return (int)i;
  return -1;
}

throng_status csv_describe_header(const csv_parser *parser, byte_buffer *out) {
  for (int64_t i = 0; i < parser->header.n; i++) {
    if (i > 0) THRONG_TRY(bytes_append(out, ", ", 2));
    THRONG_TRY(
        bytes_append(out, strings_get(&parser->header, i), strings_length(&parser->header, i)));
  }
  return bytes_append(out, "", 0);
}

throng_status csv_require_column(const csv_parser *parser, const char *name, const char *key,
                                 int *column) {
  *column = csv_find_column(parser, name);
  if (*column >= 0) return THRONG_OK;
  byte_buffer names = {0};
  throng_status status = csv_describe_header(parser, &names);
  if (status == THRONG_OK)
    status = line_reader_fail(parser->reader, "no column \"%s\" (%s), the header has: %.400s", name,
                              key, names.data);
  bytes_free(&names);
  return status;
}
