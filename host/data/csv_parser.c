/// A state machine over the lines of delimited text; see csv_parser.h.
#include "data/csv_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/number.h"

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

/// A line that is no record: empty, spaces alone where more than one field is expected, or the
/// separator that Excel writes before the header.
static bool is_between_records(const csv_parser *parser, const char *line, size_t length) {
  if (length == 0) return true;
  if (parser->n_record == 0 && csv_is_separator_line(line, length, NULL)) return true;
  return parser->header.n > 1 && parser->dialect.separator[0] != ' ' && strspn(line, " ") == length;
}

/// The first separator in [at, end), or `end`.
static char *find_separator(const csv_dialect *d, char *at, char *end) {
  size_t width = strlen(d->separator);
  if (width == 1) {
    char *found = memchr(at, d->separator[0], (size_t)(end - at));
    return found ? found : end;
  }
  char *found = memmem(at, (size_t)(end - at), d->separator, width);
  return found ? found : end;
}

/// True where the escape at `at` makes what follows text; before anything else it is text itself.
static bool escapes_next(const csv_dialect *d, const char *at, const char *end) {
  if (at + 1 == end) return true;  // the line's end
  return (d->quote && at[1] == d->quote) || at[1] == d->escape || at[1] == d->separator[0];
}

/// The next quote or escape in [at, end), NULL where there is none.
static char *find_special(const csv_dialect *d, char *at, char *end) {
  if (!d->escape) return memchr(at, d->quote, (size_t)(end - at));
  for (; at < end; at++)
    if (*at == d->quote || (*at == d->escape && escapes_next(d, at, end))) return at;
  return NULL;
}

/// Go on with the next line within a field, whose text gets the line end. `*line` is NULL at the
/// file's end.
static throng_status continue_line(csv_parser *parser, char **line, char **at, char **end) {
  size_t length;
  THRONG_TRY(bytes_append(&parser->record, "\n", 1));
  THRONG_TRY(next_line(parser, line, &length));
  *at = *line;
  *end = *line ? *line + length : NULL;
  return THRONG_OK;
}

/// Where dialects can be set, how.
static const char *advice(const csv_parser *parser, char *text, size_t size) {
  text[0] = '\0';
  if (parser->section)
    snprintf(text, size, " (%s.quote none takes quotes as text, %s.escape names what escapes them)",
             parser->section, parser->section);
  return text;
}

/// After an opening quote: past the closing one, over as many lines as it takes.
static throng_status take_quoted(csv_parser *parser, char **line, char **at, char **end) {
  const csv_dialect *d = &parser->dialect;
  for (;;) {
    char *special = find_special(d, *at, *end);
    char *stop = special ? special : *end;
    THRONG_TRY(bytes_append(&parser->record, *at, (size_t)(stop - *at)));
    if (special && *special != d->quote && special + 1 < *end) {  // an escaped character
      THRONG_TRY(bytes_append(&parser->record, special + 1, 1));
      *at = special + 2;
      continue;
    }
    if (special && *special == d->quote && special + 1 < *end && special[1] == d->quote) {
      THRONG_TRY(bytes_append(&parser->record, special, 1));
      *at = special + 2;
      continue;
    }
    if (special && *special == d->quote) {
      *at = special + 1;
      return THRONG_OK;
    }
    THRONG_TRY(continue_line(parser, line, at, end));
    if (!*line || parser->record.length > LINE_READER_MAX_LINE) {
      char text[160];
      return throng_fail(THRONG_ERROR_DATA,
                         "%s:%lld: a quoted field of this record is not closed, expected '%c'%s",
                         line_reader_path(parser->reader), (long long)parser->line, d->quote,
                         advice(parser, text, sizeof text));
    }
  }
}

/// A field without quotes around it: up to the next separator that is not escaped.
static throng_status take_plain(csv_parser *parser, char **line, char **at, char **end) {
  const csv_dialect *d = &parser->dialect;
  for (;;) {
    char *stop = find_separator(d, *at, *end);
    char *escape = d->escape ? memchr(*at, d->escape, (size_t)(stop - *at)) : NULL;
    while (escape && escape < stop && !escapes_next(d, escape, *end))
      escape = memchr(escape + 1, d->escape, (size_t)(stop - escape - 1));
    THRONG_TRY(bytes_append(&parser->record, *at, (size_t)((escape ? escape : stop) - *at)));
    *at = stop;
    if (!escape) return THRONG_OK;
    if (escape + 1 < *end) {
      THRONG_TRY(bytes_append(&parser->record, escape + 1, 1));
      *at = escape + 2;
      continue;
    }
    THRONG_TRY(continue_line(parser, line, at, end));
    if (*line && parser->record.length <= LINE_READER_MAX_LINE) continue;
    return throng_fail(THRONG_ERROR_DATA, "%s:%lld: this record ends with the escape '%c'",
                       line_reader_path(parser->reader), (long long)parser->line, d->escape);
  }
}

static throng_status take_record(csv_parser *parser, char *line, size_t length) {
  const csv_dialect *d = &parser->dialect;
  size_t width = strlen(d->separator);
  char *at = line, *end = line + length;
  for (;;) {
    if (d->quote && at < end && *at == d->quote) {
      at++;
      THRONG_TRY(take_quoted(parser, &line, &at, &end));
      if (at < end && find_separator(d, at, end) != at) {
        char name[24], text[160];
        csv_character_name(d->separator, name, sizeof name);
        return line_reader_fail(parser->reader,
                                "column %zu: text after a closing quote, expected %s or the end%s",
                                (size_t)(at - line) + 1, name, advice(parser, text, sizeof text));
      }
    } else {
      THRONG_TRY(take_plain(parser, &line, &at, &end));
    }
    THRONG_TRY(end_field(parser));
    if (at == end) return THRONG_OK;
    at += width;
  }
}

/// A separator behind the last value, which the header does not have, loses nothing.
static void drop_trailing(csv_parser *parser) {
  if (parser->header.n > 0 && parser->n_field == parser->header.n + 1 &&
      csv_length(parser, parser->n_field - 1) == 0)
    parser->n_field--;
}

throng_status csv_next(csv_parser *parser, bool *more) {
  char *line;
  size_t length;
  *more = parser->held;
  if (parser->held) {
    parser->held = false;
    return THRONG_OK;
  }
  do {
    THRONG_TRY(next_line(parser, &line, &length));
    if (!line) return THRONG_OK;
  } while (is_between_records(parser, line, length));
  parser->n_record++;
  parser->line = line_reader_number(parser->reader);
  bytes_clear(&parser->record);
  parser->n_field = 0;
  THRONG_TRY(throng_grow((void **)&parser->offset, &parser->capacity, 1, sizeof *parser->offset,
                         "fields"));
  parser->offset[0] = 0;
  THRONG_TRY(take_record(parser, line, length));
  drop_trailing(parser);
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
  for (int i = 0; i < parser->n_field; i++) {
    const char *name = csv_field(parser, i);
    size_t length = csv_length(parser, i);
    while (length > 0 && *name == ' ') name++, length--;
    while (length > 0 && name[length - 1] == ' ') length--;
    THRONG_TRY(strings_append(&parser->header, name, length));
  }
  return THRONG_OK;
}

throng_status csv_begin(csv_parser *parser, const char *const *names) {
  bool more;
  int64_t n = 0;
  if (!names || !*names) return csv_read_header(parser);
  THRONG_TRY(csv_next(parser, &more));
  if (!more)
    return throng_fail(THRONG_ERROR_DATA, "%s: the file is empty, expected records",
                       line_reader_path(parser->reader));
  for (; names[n]; n++) THRONG_TRY(strings_append(&parser->header, names[n], strlen(names[n])));
  drop_trailing(parser);
  if (n != parser->n_field)
    return line_reader_fail(parser->reader, "%d fields, expected %lld as dataset.csv.names has",
                            parser->n_field, (long long)n);
  parser->held = true;
  return THRONG_OK;
}

int csv_find_column(const csv_parser *parser, const char *name) {
  int other = -1, n = 0;
  for (int64_t i = 0; i < parser->header.n; i++) {
    const char *column = strings_get(&parser->header, i);
    if (strcmp(column, name) == 0) return (int)i;
    if (strcasecmp(column, name) != 0) continue;
    other = (int)i;
    n++;
  }
  return n == 1 ? other : -1;
}

throng_status csv_describe_header(const csv_parser *parser, byte_buffer *out) {
  for (int64_t i = 0; i < parser->header.n; i++) {
    if (i > 0) THRONG_TRY(bytes_append(out, ", ", 2));
    THRONG_TRY(
        bytes_append(out, strings_get(&parser->header, i), strings_length(&parser->header, i)));
  }
  return bytes_append(out, "", 0);
}

/// Other names that users and items go by in published data.
static bool is_usual_for(const char *column, const char *name) {
  static const char *const user[] = {"uid",         "reviewerID", "username",
                                     "customer_id", "author_id",  "member_id",
                                     "visitorid",   "account",    NULL};
  static const char *const item[] = {"iid",      "asin",    "parent_asin", "product_id", "ISBN",
                                     "movieId",  "book_id", "business_id", "anime_id",   "artistID",
                                     "track_id", "song_id", "app_id",      "sku",        NULL};
  const char *const *usual = !strcmp(name, "user") ? user : !strcmp(name, "item") ? item : NULL;
  for (; usual && *usual; usual++)
    if (!strcasecmp(column, *usual)) return true;
  return false;
}

/// How to go on where a column is not there, as the header lets one guess.
static void advise_column(const csv_parser *parser, const char *name, const char *key, char *text,
                          size_t size) {
  const char *first = parser->header.n > 0 ? strings_get(&parser->header, 0) : "";
  text[0] = '\0';
  if (first[0] == '{' && first[1 + strspn(first + 1, " ")] == '"') {
    snprintf(text, size,
             "; these are JSON lines, not a table: dataset.format amazon and yelp read those of "
             "their reviews, of others make one with: jq -r '[.NAME, .NAME] | @csv'");
    return;
  }
  for (int64_t i = 0; i < parser->header.n; i++) {
    const char *column = strings_get(&parser->header, i);
    if (!strcasestr(column, name) && (strlen(column) < 4 || !strcasestr(name, column)) &&
        !is_usual_for(column, name))
      continue;
    snprintf(text, size, "; \"%.60s\" may be it", column);
    break;
  }
  // A name that is a number is none: the file begins with its first row.
  double number;
  bool data = false;
  for (int64_t i = 0; i < parser->header.n; i++)
    data |=
        number_parse(strings_get(&parser->header, i), strings_length(&parser->header, i), &number);
  if (data && parser->section)
    snprintf(text, size, "; where that is a row, dataset.csv.names gives the columns' names");
  else if (!text[0] && strcmp(key, "dataset.items") == 0)
    snprintf(text, size, "; dataset.item_columns name the columns of any table");
}

throng_status csv_require_column(const csv_parser *parser, const char *name, const char *key,
                                 int *column) {
  *column = csv_find_column(parser, name);
  if (*column >= 0) return THRONG_OK;
  byte_buffer names = {0};
  char advice[240];
  throng_status status = csv_describe_header(parser, &names);
  advise_column(parser, name, key, advice, sizeof advice);
  if (status == THRONG_OK)
    status = line_reader_fail(parser->reader, "no column \"%s\" (%s), the header has: %.400s%s",
                              name, key, names.data, advice);
  bytes_free(&names);
  return status;
}
