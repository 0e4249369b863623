/// MovieLens (GroupLens): 100K (u.data, u.item), 1M (ratings.dat, movies.dat) and the later CSV
/// releases (ratings.csv, movies.csv), told apart by the first line of each file. No review texts.
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "data/table_rows.h"

typedef enum layout { LAYOUT_100K_RATINGS, LAYOUT_100K_ITEMS, LAYOUT_1M, LAYOUT_CSV } layout;

/// What separates the first number of the first line from the rest.
static throng_status find_layout(const char *path, const char *key, layout *out) {
  byte_buffer line = {0};
  throng_status status = ingest_first_line(path, key, &line);
  const char *text = bytes_text(&line);
  size_t digits = strspn(text, "0123456789");
  *out = LAYOUT_CSV;
  if (digits > 0 && text[digits] == '\t') *out = LAYOUT_100K_RATINGS;
  if (digits > 0 && text[digits] == '|') *out = LAYOUT_100K_ITEMS;
  if (digits > 0 && text[digits] == ':' && text[digits + 1] == ':') *out = LAYOUT_1M;
  bytes_free(&line);
  return status;
}

typedef struct cell {
  const char *text;
  size_t length;
} cell;

/// Cut a line at each `separator`; the last of `max` fields takes the rest. Returns their number.
static int split(const char *line, size_t length, const char *separator, cell *out, int max) {
  size_t width = strlen(separator);
  int n = 0;
  const char *at = line, *end = line + length;
  while (n < max - 1) {
    const char *next = memmem(at, (size_t)(end - at), separator, width);
    if (!next) break;
    out[n++] = (cell){at, (size_t)(next - at)};
    at = next + width;
  }
  out[n++] = (cell){at, (size_t)(end - at)};
  return n;
}

/// User, item, rating and time of a line; the time may be missing where no line has one.
static throng_status add_line(ingest *in, line_reader *reader, const char *line, size_t length,
                              const char *separator) {
  cell f[5];
  double rating;
  int64_t time = 0;
  bool rated;
  THRONG_TRY(line_reader_require_utf8(reader, line, length));
  int n = split(line, length, separator, f, 5);
  if (in->rows.n == 0) in->has_time = n != 3;
  if (n != (in->has_time ? 4 : 3))
    return line_reader_fail(reader, "%d fields, expected user, item, rating%s", n,
                            in->has_time ? ", timestamp" : "");
  THRONG_TRY(ingest_parse_rating(in, reader, f[2].text, f[2].length, &rating, &rated));
  if (!rated) return THRONG_OK;
  if (in->has_time) THRONG_TRY(ingest_parse_time(in, reader, f[3].text, f[3].length, &time));
  return ingest_add(in, reader, line_reader_number(reader), f[0].text, f[0].length, f[1].text,
                    f[1].length, rating, time);
}

static throng_status scan_lines(ingest *in, line_reader *reader, const char *separator) {
  while (!ingest_full(in)) {
    char *line;
    size_t length;
    int64_t before = line_reader_number(reader);
    throng_status status = line_reader_next(reader, &line, &length);
    if (status == THRONG_OK && !line) break;
    if (status == THRONG_OK && length > 0) status = add_line(in, reader, line, length, separator);
    THRONG_TRY(ingest_end_row(in, reader, before, status));
  }
  return THRONG_OK;
}

static throng_status scan_csv(ingest *in, csv_parser *csv) {
  static const char *const rating[] = {"rating", NULL}, *const time[] = {"timestamp", NULL};
  row_columns c = {.text = -1};
  THRONG_TRY(csv_begin(csv, in->def->csv.names));
  THRONG_TRY(csv_require_column(csv, "userId", "dataset.ratings", &c.user));
  THRONG_TRY(csv_require_column(csv, "movieId", "dataset.ratings", &c.item));
  THRONG_TRY(table_rating_column(in, csv, NULL, rating, &c.rating));
  THRONG_TRY(table_column(csv, NULL, "dataset.ratings", time, true, &c.time));
  table_note_columns(in, csv, &c, NULL);
  return table_rows_scan(in, csv, &c);
}

static throng_status scan(ingest *in) {
  static const char *const wanted[] = {"userId", "movieId", "rating", "timestamp", NULL};
  const char *path = in->def->ratings;
  csv_parser csv = {0};
  layout kind;
  THRONG_TRY(find_layout(path, "dataset.ratings", &kind));
  if (in->def->csv.names && *in->def->csv.names) kind = LAYOUT_CSV;
  if (kind == LAYOUT_CSV)
    THRONG_TRY(ingest_dialect(in, path, "dataset.ratings", wanted, CSV_COMMAS, true, &csv));
  THRONG_TRY(ingest_open(in, path, "dataset.ratings", "read ratings", &csv.reader));
  throng_status status = kind == LAYOUT_CSV
                             ? scan_csv(in, &csv)
                             : scan_lines(in, csv.reader, kind == LAYOUT_1M ? "::" : "\t");
  csv_free(&csv);
  ingest_close(in, csv.reader, true);
  return status;
}

// --- items ---------------------------------------------------------------------------------------

/// 100K and 1M are Latin-1; files that someone has converted already are taken as they are.
static throng_status to_utf8(const char *line, size_t length, byte_buffer *out) {
  bytes_clear(out);
  if (utf8_valid_prefix(line, length) == length) return bytes_append(out, line, length);
  for (size_t i = 0; i < length; i++)
    THRONG_TRY(bytes_append_codepoint(out, (unsigned char)line[i]));
  return THRONG_OK;
}

/// "Toy Story (1995)": the title with its year as name, the decade as a word.
static throng_status title(item_facts *facts, cell text) {
  THRONG_TRY(item_facts_name(facts, text.text, text.length));
  THRONG_TRY(item_facts_text(facts, text.text, text.length));
  size_t n = text.length;
  while (n > 0 && text.text[n - 1] == ' ') n--;
  if (n < 6 || text.text[n - 1] != ')' || text.text[n - 6] != '(') return THRONG_OK;
  const char *year = text.text + n - 5;
  if (strspn(year, "0123456789") != 4) return THRONG_OK;
  char decade[8];
  snprintf(decade, sizeof decade, "%.3s0s", year);
  return item_facts_attribute(facts, "decade", decade, strlen(decade));
}

static throng_status genre(item_facts *facts, const char *text, size_t length) {
  static const char none[] = "(no genres listed)";
  if (length == sizeof none - 1 && memcmp(text, none, length) == 0) return THRONG_OK;
  THRONG_TRY(item_facts_category(facts, text, length));
  return item_facts_attribute(facts, "genre", text, length);
}

/// "Animation|Children's|Comedy"
static throng_status genres(item_facts *facts, cell text) {
  for (;;) {
    const char *bar = memchr(text.text, '|', text.length);
    size_t n = bar ? (size_t)(bar - text.text) : text.length;
    THRONG_TRY(genre(facts, text.text, n));
    if (!bar) return THRONG_OK;
    text = (cell){bar + 1, text.length - n - 1};
  }
}

/// u.item: id | title | release date | video release date | URL | 19 flags.
static throng_status describe_100k(ingest *in, const line_reader *reader, const byte_buffer *line) {
  static const char *const name[19] = {
      "unknown",     "Action", "Adventure", "Animation", "Children's", "Comedy",  "Crime",
      "Documentary", "Drama",  "Fantasy",   "Film-Noir", "Horror",     "Musical", "Mystery",
      "Romance",     "Sci-Fi", "Thriller",  "War",       "Western"};
  cell f[25];
  int n = split(line->data, line->length, "|", f, 25);
  if (n != 24) return line_reader_fail(reader, "%d fields between '|', expected 24", n);
  int32_t item;
  THRONG_TRY(ingest_find_item(in, f[0].text, f[0].length, &item));
  if (item < 0 || !item_facts_begin(&in->facts, item)) return THRONG_OK;
  THRONG_TRY(title(&in->facts, f[1]));
  for (int i = 0; i < 19; i++) {
    bool set = f[5 + i].length == 1 && f[5 + i].text[0] == '1';
    if (!set && !(f[5 + i].length == 1 && f[5 + i].text[0] == '0'))
      return line_reader_fail(reader, "genre flag %d is \"%.*s\", expected 0 or 1", i + 1,
                              (int)(f[5 + i].length < 20 ? f[5 + i].length : 20), f[5 + i].text);
    // The first flag says that the genre is unknown.
    if (set && i > 0) THRONG_TRY(genre(&in->facts, name[i], strlen(name[i])));
  }
  return item_facts_end(&in->facts);
}

/// movies.dat: id :: title, which may hold colons :: genres.
static throng_status describe_1m(ingest *in, const line_reader *reader, const byte_buffer *line) {
  cell f[2];
  int n = split(line->data, line->length, "::", f, 2);
  const char *last = NULL;
  for (const char *at = n == 2 ? f[1].text : ""; (at = strstr(at, "::")); at++) last = at;
  if (!last) return line_reader_fail(reader, "expected id::title::genres");
  int32_t item;
  THRONG_TRY(ingest_find_item(in, f[0].text, f[0].length, &item));
  if (item < 0 || !item_facts_begin(&in->facts, item)) return THRONG_OK;
  THRONG_TRY(title(&in->facts, (cell){f[1].text, (size_t)(last - f[1].text)}));
  THRONG_TRY(genres(&in->facts, (cell){last + 2, f[1].length - (size_t)(last + 2 - f[1].text)}));
  return item_facts_end(&in->facts);
}

static throng_status describe_lines(ingest *in, line_reader *reader, layout kind) {
  byte_buffer text = {0};
  throng_status status = THRONG_OK;
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    if (length == 0) continue;
    THRONG_TRY_GOTO(to_utf8(line, length, &text));
    THRONG_TRY_GOTO(kind == LAYOUT_1M ? describe_1m(in, reader, &text)
                                      : describe_100k(in, reader, &text));
  }
done:
  bytes_free(&text);
  return status;
}

static throng_status describe_csv(ingest *in, line_reader *reader) {
  static const char *const name[4] = {"movieId", "title", "genres", NULL};
  csv_parser csv = {.reader = reader, .dialect = CSV_COMMAS};
  int column[3];
  throng_status status;
  THRONG_TRY_GOTO(
      ingest_dialect(in, in->def->items, "dataset.items", name, CSV_COMMAS, true, &csv));
  THRONG_TRY_GOTO(csv_read_header(&csv));
  for (int i = 0; i < 3; i++)
    THRONG_TRY_GOTO(csv_require_column(&csv, name[i], "dataset.items", &column[i]));
  for (;;) {
    bool more;
    THRONG_TRY_GOTO(csv_next(&csv, &more));
    if (!more) break;
    cell f[3];
    for (int i = 0; i < 3; i++)
      f[i] = (cell){csv_field(&csv, column[i]), csv_length(&csv, column[i])};
    int32_t item;
    THRONG_TRY(ingest_find_item(in, f[0].text, f[0].length, &item));
    if (item < 0 || !item_facts_begin(&in->facts, item)) continue;
    THRONG_TRY_GOTO(title(&in->facts, f[1]));
    THRONG_TRY_GOTO(genres(&in->facts, f[2]));
    THRONG_TRY_GOTO(item_facts_end(&in->facts));
  }
done:
  csv_free(&csv);
  return status;
}

static throng_status items(ingest *in) {
  line_reader *reader;
  layout kind;
  THRONG_TRY(find_layout(in->def->items, "dataset.items", &kind));
  THRONG_TRY(ingest_open(in, in->def->items, "dataset.items", "read items", &reader));
  throng_status status =
      kind == LAYOUT_CSV ? describe_csv(in, reader) : describe_lines(in, reader, kind);
  ingest_close(in, reader, false);
  return status;
}

// --- tags ----------------------------------------------------------------------------------------

static throng_status add_tag(ingest *in, cell id, cell tag) {
  int32_t item;
  THRONG_TRY(ingest_find_item(in, id.text, id.length, &item));
  if (item < 0) return THRONG_OK;
  item_facts_return(&in->facts, item);
  throng_status status = item_facts_attribute(&in->facts, "tag", tag.text, tag.length);
  item_facts_leave(&in->facts);
  return status;
}

/// tags.csv: userId,movieId,tag,timestamp.
static throng_status tags_csv(ingest *in, line_reader *reader) {
  csv_parser csv = {.reader = reader, .dialect = CSV_COMMAS};
  int id, tag;
  throng_status status;
  THRONG_TRY_GOTO(ingest_dialect(in, in->def->tags, "dataset.tags", NULL, CSV_COMMAS, true, &csv));
  THRONG_TRY_GOTO(csv_read_header(&csv));
  THRONG_TRY_GOTO(csv_require_column(&csv, "movieId", "dataset.tags", &id));
  THRONG_TRY_GOTO(csv_require_column(&csv, "tag", "dataset.tags", &tag));
  for (;;) {
    bool more;
    THRONG_TRY_GOTO(csv_next(&csv, &more));
    if (!more) break;
    THRONG_TRY_GOTO(add_tag(in, (cell){csv_field(&csv, id), csv_length(&csv, id)},
                            (cell){csv_field(&csv, tag), csv_length(&csv, tag)}));
  }
done:
  csv_free(&csv);
  return status;
}

/// tags.dat of 10M: user :: movie :: tag, which may hold colons :: time.
static throng_status tags_lines(ingest *in, line_reader *reader) {
  byte_buffer text = {0};
  throng_status status = THRONG_OK;
  for (;;) {
    char *line;
    size_t length;
    cell f[3];
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    if (length == 0) continue;
    THRONG_TRY_GOTO(to_utf8(line, length, &text));
    const char *last = NULL;
    if (split(text.data, text.length, "::", f, 3) == 3)
      for (const char *at = f[2].text; (at = strstr(at, "::")); at++) last = at;
    if (!last) {
      status = line_reader_fail(reader, "expected user::movie::tag::timestamp");
      goto done;
    }
    THRONG_TRY_GOTO(add_tag(in, f[1], (cell){f[2].text, (size_t)(last - f[2].text)}));
  }
done:
  bytes_free(&text);
  return status;
}

throng_status movielens_read_tags(ingest *in) {
  line_reader *reader;
  layout kind;
  THRONG_TRY(find_layout(in->def->tags, "dataset.tags", &kind));
  THRONG_TRY(ingest_open(in, in->def->tags, "dataset.tags", "read tags", &reader));
  throng_status status = kind == LAYOUT_1M ? tags_lines(in, reader) : tags_csv(in, reader);
  ingest_close(in, reader, false);
  return status;
}

const dataset_reader movielens_reader = {.rating_min = 0.5,
                                         .rating_max = 5,
                                         .main = "dataset.ratings",
                                         .required = KEYS("dataset.items"),
                                         .uses = KEYS("dataset.tags", TABLE_KEYS),
                                         .scan = scan,
                                         .items = items,
                                         .items_key = "dataset.items",
                                         .names_every_item = true};
