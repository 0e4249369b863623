/// Telling a table's dialect from its beginning; see csv_detect.h.
#include "data/csv_detect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/csv_parser.h"

enum { SAMPLE_RECORDS = 2000, SAMPLE_BYTES = 4 << 20 };

static const char *const separators[] = {",", ";", "\t", "|", "::"};
/// Those that stand in names and words too, and Hive's and ASCII's own.
static const char *const rare_separators[] = {" ", "\x01", "\x1f", "^", "~"};
enum {
  N_SEPARATOR = sizeof separators / sizeof *separators,
  N_RARE = sizeof rare_separators / sizeof *rare_separators
};

/// "tab", "\t", ";" and the like into characters.
static throng_status read_wish(const char *wish, const char *key, size_t most, char *out) {
  static const char *const name[][2] = {
      {"tab", "\t"}, {"\\t", "\t"}, {"comma", ","},      {"semicolon", ";"}, {"space", " "},
      {"pipe", "|"}, {"bar", "|"},  {"backslash", "\\"}, {"\\\\", "\\"},     {"none", ""},
  };
  for (size_t i = 0; i < sizeof name / sizeof *name; i++)
    if (!strcmp(wish, name[i][0])) wish = name[i][1];
  if (strlen(wish) > most || strpbrk(wish, "\r\n") || (most > 1 && !*wish))
    return throng_fail(THRONG_ERROR_CONFIG, "%s \"%.40s\", expected %s", key, wish,
                       most > 1 ? "one character or a few (\";\", \"tab\", \"::\")"
                                : "one character, or \"none\"");
  strcpy(out, wish);
  return THRONG_OK;
}

static bool is_wanted(const char *name, size_t length, const char *const wanted[]) {
  for (int i = 0; wanted && wanted[i]; i++)
    if (strlen(wanted[i]) == length && !strncasecmp(wanted[i], name, length)) return true;
  return false;
}

/// How well a separator cuts the first line: wanted columns first, then columns.
static int64_t cut_well(const char *line, const char *separator, char quote,
                        const char *const wanted[]) {
  int64_t fields = 0, found = 0;
  size_t width = strlen(separator);
  for (const char *at = line;;) {
    const char *begin = at, *end;
    if (quote && *at == quote) {
      const char *close = strchr(at + 1, quote);
      begin = at + 1;
      end = close ? close : at + strlen(at);
      at = close ? close + 1 : end;
    } else {
      end = strstr(at, separator);
      if (!end) end = at + strlen(at);
      at = end;
    }
    while (begin < end && *begin == ' ') begin++;
    while (end > begin && end[-1] == ' ') end--;
    fields++;
    found += is_wanted(begin, (size_t)(end - begin), wanted);
    at = strstr(at, separator);
    if (!at) return fields > 1 ? found * 10000 + fields : 0;
    at += width;
  }
}

static void choose_separator(const char *line, const char *const wanted[], csv_dialect *d) {
  int64_t best = cut_well(line, d->separator, d->quote, wanted);
  for (int i = 0; i < N_SEPARATOR; i++) {
    int64_t score = cut_well(line, separators[i], '"', wanted);
    if (score > best) {
      best = score;
      strcpy(d->separator, separators[i]);
    }
  }
  // The rare ones only where two wanted columns are found by them.
  for (int i = 0; best == 0 && i < N_RARE; i++)
    if (cut_well(line, rare_separators[i], '"', wanted) >= 20000) {
      strcpy(d->separator, rare_separators[i]);
      return;
    }
}

/// Where the columns' names are given the line is a row of so many fields: the usual separator,
/// else the first that cuts it so, also where it ends with one more.
static void choose_by_count(const char *line, const char *const names[], csv_dialect *d) {
  int64_t n = 0;
  while (names[n]) n++;
  for (int extra = 0; extra < 2; extra++)
    for (int i = -1; i < N_SEPARATOR + N_RARE; i++) {
      const char *separator = i < 0             ? d->separator
                              : i < N_SEPARATOR ? separators[i]
                                                : rare_separators[i - N_SEPARATOR];
      if (n > 1 && cut_well(line, separator, d->quote, NULL) == n + extra) {
        if (i >= 0) strcpy(d->separator, separator);
        return;
      }
    }
  choose_separator(line, NULL, d);
}

typedef struct sample {
  int64_t records, faults;
  bool open;    // the one fault is a quote that is open to the end of the file
  bool quoted;  // a field stands in quotes, taken as text
} sample;

/// Read the first records in a dialect and count those that do not fit.
static throng_status try_dialect(const char *path, const char *key, const csv_wishes *wishes,
                                 const csv_dialect *dialect, sample *out) {
  csv_parser csv = {.dialect = *dialect};
  throng_status status;
  bool more = true;
  *out = (sample){0};
  THRONG_TRY(line_reader_open(path, key, "look at the file", NULL, &csv.reader));
  status = csv_begin(&csv, wishes->names);
  while (more && out->records < SAMPLE_RECORDS && line_reader_bytes(csv.reader) < SAMPLE_BYTES) {
    if (status == THRONG_OK) status = csv_next(&csv, &more);
    if (status != THRONG_OK && (status != THRONG_ERROR_DATA || line_reader_broken(csv.reader)))
      break;
    out->records++;
    if (status == THRONG_ERROR_DATA) {
      out->faults++;
      out->open = out->faults == 1 && strstr(throng_error_message(), "is not closed") != NULL;
      status = THRONG_OK;
      continue;
    }
    for (int i = 0; more && i < csv.n_field; i++) {
      const char *text = csv_field(&csv, i);
      size_t n = csv_length(&csv, i);
      out->quoted |= n >= 2 && text[0] == '"' && text[n - 1] == '"';
    }
  }
  line_reader_close(csv.reader);
  csv_free(&csv);
  // What ends the file here is met again, and told, by who reads it.
  return status == THRONG_ERROR_DATA ? THRONG_OK : status;
}

/// Whether a quote stands after a backslash in the first lines.
static throng_status find_escapes(const char *path, const char *key, char quote, bool *found) {
  const char escaped[] = {'\\', quote, '\0'};
  line_reader *reader;
  throng_status status;
  *found = false;
  THRONG_TRY(line_reader_open(path, key, "look at the file", NULL, &reader));
  for (;;) {
    char *line = NULL;
    size_t length;
    status = line_reader_next(reader, &line, &length);
    if (status != THRONG_OK || !line) break;
    *found = strstr(line, escaped) != NULL;
    if (*found || line_reader_number(reader) >= SAMPLE_RECORDS ||
        line_reader_bytes(reader) >= SAMPLE_BYTES)
      break;
  }
  line_reader_close(reader);
  return status == THRONG_ERROR_DATA ? THRONG_OK : status;
}

/// Doubled quotes where they read the sample, else backslashes where these do, else none.
static throng_status choose_quotes(const char *path, const char *key, const csv_wishes *wishes,
                                   csv_dialect *d) {
  csv_dialect escapes = *d, plain = *d;
  sample first, other;
  if (!d->quote) return THRONG_OK;
  THRONG_TRY(try_dialect(path, key, wishes, d, &first));
  if (first.faults == 0) return THRONG_OK;
  plain.quote = '\0';
  THRONG_TRY(try_dialect(path, key, wishes, &plain, &other));
  bool no_quotes = other.faults == 0 && !other.quoted;
  bool escaped = false;
  if (!wishes->escape) THRONG_TRY(find_escapes(path, key, d->quote, &escaped));
  if (escaped) {
    escapes.escape = '\\';
    THRONG_TRY(try_dialect(path, key, wishes, &escapes, &other));
    if (other.faults == 0 || (!no_quotes && other.faults * 2 < first.faults)) {
      *d = escapes;
      return THRONG_OK;
    }
  }
  // A quote that is never closed is a mistake, not a dialect: the setting is for who knows better.
  if (!wishes->quote && no_quotes && !first.open) *d = plain;
  return THRONG_OK;
}

/// The first line that holds something; behind Excel's "sep=;" the next, and `told` has the sign.
static throng_status first_line(const char *path, const char *key, byte_buffer *out, char *told) {
  line_reader *reader;
  char *line;
  size_t length;
  THRONG_TRY(line_reader_open(path, key, "look at the file", NULL, &reader));
  throng_status status;
  do status = line_reader_next(reader, &line, &length);
  while (status == THRONG_OK && line &&
         (length == 0 || (!*told && csv_is_separator_line(line, length, told))));
  if (status == THRONG_OK && line) status = bytes_append(out, line, length);
  line_reader_close(reader);
  return status;
}

static void describe(const csv_dialect *d, const csv_dialect *usual, char *say, size_t size) {
  char name[24];
  size_t used = 0;
  say[0] = '\0';
  if (strcmp(d->separator, usual->separator) != 0) {
    csv_character_name(d->separator, name, sizeof name);
    used = (size_t)snprintf(say, size, "columns separated by %s", name);
  }
  if (d->escape != usual->escape && used < size)
    used += (size_t)snprintf(say + used, size - used, "%squotes escaped by '%c'", used ? ", " : "",
                             d->escape);
  if (d->quote != usual->quote && used < size)
    snprintf(say + used, size - used, "%s%s", used ? ", " : "",
             d->quote ? "" : "quotes taken as text");
}

throng_status csv_detect(const char *path, const char *key, const csv_wishes *wishes,
                         const char *const wanted[], csv_dialect usual, csv_dialect *out, char *say,
                         size_t size) {
  char one[2] = "";
  *out = usual;
  say[0] = '\0';
  if (wishes->separator)
    THRONG_TRY(
        read_wish(wishes->separator, "dataset.csv.separator", CSV_MAX_SEPARATOR, out->separator));
  if (wishes->quote) {
    THRONG_TRY(read_wish(wishes->quote, "dataset.csv.quote", 1, one));
    out->quote = one[0];
  }
  if (wishes->escape) {
    THRONG_TRY(read_wish(wishes->escape, "dataset.csv.escape", 1, one));
    out->escape = one[0] == out->quote ? '\0' : one[0];  // doubling is always understood
  }
  if (!wishes->separator) {
    byte_buffer line = {0};
    char told[CSV_MAX_SEPARATOR + 1] = "";
    throng_status status = first_line(path, key, &line, told);
    if (status == THRONG_OK && *told)
      strcpy(out->separator, told);
    else if (status == THRONG_OK && line.length > 0 && wishes->names && *wishes->names)
      choose_by_count(bytes_text(&line), wishes->names, out);
    else if (status == THRONG_OK && line.length > 0)
      choose_separator(bytes_text(&line), wanted, out);
    bytes_free(&line);
    THRONG_TRY(status);
  }
  if (!wishes->quote || !wishes->escape) THRONG_TRY(choose_quotes(path, key, wishes, out));
  describe(out, &usual, say, size);
  return THRONG_OK;
}
