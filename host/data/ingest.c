/// The common ground of the formats' readers; see ingest.h.
#include "data/ingest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/csv_detect.h"
#include "data/entities.h"
#include "data/number.h"
#include "data/stream.h"

throng_status ingest_open(const ingest *in, const char *path, const char *key, const char *stage,
                          line_reader **out) {
  return line_reader_open(path, key, stage, in->progress, out);
}

void ingest_close(ingest *in, line_reader *reader, bool rows) {
  if (!reader) return;
  in->counts.text_bytes += line_reader_bytes(reader);
  if (rows) in->counts.lines += line_reader_number(reader);
  line_reader_close(reader);
}

throng_status ingest_first_line(const char *path, const char *key, byte_buffer *line) {
  line_reader *reader;
  char *text;
  size_t length;
  bytes_clear(line);
  THRONG_TRY(line_reader_open(path, key, "look at the file", NULL, &reader));
  throng_status status = line_reader_next(reader, &text, &length);
  if (status == THRONG_OK && text) status = bytes_append(line, text, length);
  line_reader_close(reader);
  return status;
}

bool ingest_full(const ingest *in) {
  return in->def->max_interactions > 0 && in->rows.n >= in->def->max_interactions;
}

static throng_status check_rating(const ingest *in, const line_reader *reader, double rating) {
  const double most = (double)FLT_MAX;  // kept as a float: a finite double may be too large for one
  if (!(fabs(rating) <= most))
    return line_reader_fail(reader, "rating %g, expected a number that a 32-bit float can hold",
                            rating);
  if (rating >= in->rating_min && rating <= in->rating_max) return THRONG_OK;
  char hint[80] = "";
  if ((rating == 0 || rating == -1) && rating < in->rating_min)
    snprintf(hint, sizeof hint, "; where it means \"not rated\", dataset.missing [\"%s\"] drops it",
             rating == 0 ? "0" : "-1");
  // Mention only the bounds that are set.
  if (in->rating_max >= most)
    return line_reader_fail(reader, "rating %g, expected %g or more (dataset.rating_min)%s", rating,
                            in->rating_min, hint);
  if (in->rating_min <= -most)
    return line_reader_fail(reader, "rating %g, expected %g or less (dataset.rating_max)%s", rating,
                            in->rating_max, hint);
  return line_reader_fail(reader, "rating %g, expected %g to %g (dataset.rating_min, rating_max)%s",
                          rating, in->rating_min, in->rating_max, hint);
}

/// `text` without spaces around it.
static const char *trim(const char *text, size_t *length) {
  while (*length > 0 && (*text == ' ' || *text == '\t')) text++, --*length;
  while (*length > 0 && (text[*length - 1] == ' ' || text[*length - 1] == '\t')) --*length;
  return text;
}

void ingest_begin(ingest *in) {
  for (const char *const *m = in->def->missing; m && *m; m++)
    in->may_be_missing[(unsigned char)**m] = true;
  in->times.wanted = in->def->time_unit;
  in->implicit = in->def->rating_kind == DATASET_RATING_IMPLICIT;
}

static bool is_missing(const ingest *in, const char *text, size_t length) {
  text = trim(text, &length);
  if (length == 0) return true;
  if (!in->may_be_missing[(unsigned char)*text]) return false;
  for (const char *const *m = in->def->missing; m && *m; m++)
    if (strncmp(*m, text, length) == 0 && (*m)[length] == '\0') return true;
  return false;
}

/// An id that stands for none. Numbers are ids though they may mean "unrated" as a rating.
static throng_status check_id(ingest *in, const line_reader *reader, const char *text,
                              size_t length, const char *whose) {
  double number;
  if (length == 0) {
    in->fault = ROW_FAULT_ID;
    return line_reader_fail(reader, "the %s's id is empty", whose);
  }
  if (!is_missing(in, text, length)) return THRONG_OK;
  if (number_parse(text, length, &number) && isfinite(number)) return THRONG_OK;
  in->fault = ROW_FAULT_ID;
  return line_reader_fail(reader,
                          "the %s's id is \"%.*s\", which stands for none (dataset.missing)", whose,
                          (int)length, text);
}

throng_status ingest_add(ingest *in, const line_reader *reader, int64_t line, const char *user,
                         size_t user_length, const char *item, size_t item_length, double rating,
                         int64_t time) {
  THRONG_TRY(check_id(in, reader, user, user_length, "user"));
  THRONG_TRY(check_id(in, reader, item, item_length, "item"));
  if (!in->implicit) {
    throng_status status = check_rating(in, reader, rating);
    if (status != THRONG_OK) {
      in->fault = ROW_FAULT_RATING;
      return status;
    }
  }
  return interactions_add(&in->rows, user, user_length, item, item_length, (float)rating,
                          in->has_time, time, line);
}

/// "4,5" where no separator can be meant; "1,234" may be a thousand and is not taken.
static bool parse_decimal_comma(const char *text, size_t length, double *out) {
  char copy[40];
  const char *comma = memchr(text, ',', length);
  if (!comma || length >= sizeof copy || text + length - comma == 4) return false;
  memcpy(copy, text, length);
  copy[comma - text] = '.';
  return number_parse(copy, length, out);
}

/// "True" and "false" are 1 and 0: whether somebody recommends, likes or clicked.
static bool parse_truth(const char *text, size_t length, double *out) {
  text = trim(text, &length);
  bool yes = length == 4 && strncasecmp(text, "true", 4) == 0;
  if (!yes && (length != 5 || strncasecmp(text, "false", 5) != 0)) return false;
  *out = yes;
  return true;
}

static void see_rating(ingest *in, double rating) {
  if (rating == 0) {
    in->seen.zero++;
  } else if (rating == -1) {
    in->seen.minus_one++;
  } else {
    if (in->seen.other == 0 || rating < in->seen.least) in->seen.least = rating;
    if (in->seen.other == 0 || rating > in->seen.most) in->seen.most = rating;
    in->seen.other++;
  }
}

throng_status ingest_parse_rating(ingest *in, const line_reader *reader, const char *text,
                                  size_t length, double *rating, bool *rated) {
  *rated = true;
  *rating = 1;
  if (in->implicit) return THRONG_OK;
  bool number = number_parse(text, length, rating) || parse_truth(text, length, rating) ||
                (in->decimal_comma && parse_decimal_comma(text, length, rating));
  if (is_missing(in, text, length) || (number && *rating == 0 && in->zero_is_missing)) {
    *rated = false;
    in->counts.unrated++;
    return THRONG_OK;
  }
  if (number) {
    see_rating(in, *rating);
    return THRONG_OK;
  }
  in->fault = ROW_FAULT_RATING;
  return line_reader_fail(reader, "rating \"%.*s\", expected a number",
                          (int)(length < 40 ? length : 40), text);
}

/// "06/10/2014", "6.10.14": a day and a month in an order that countries differ in.
static bool has_doubtful_month(const char *text, size_t length) {
  int digits = 0;
  text = trim(text, &length);
  while ((size_t)digits < length && text[digits] >= '0' && text[digits] <= '9') digits++;
  return digits >= 1 && digits <= 2 && (size_t)digits < length && strchr("/.-", text[digits]);
}

throng_status ingest_parse_time(ingest *in, const line_reader *reader, const char *text,
                                size_t length, int64_t *time) {
  if (time_column_add(&in->times, text, length, line_reader_number(reader), time)) return THRONG_OK;
  char expected[240];
  in->fault = ROW_FAULT_TIME;
  time_column_expectation(&in->times, expected, sizeof expected);
  return line_reader_fail(
      reader, "time \"%.*s\", expected %s%s", (int)(length < 40 ? length : 40), text, expected,
      has_doubtful_month(text, length) ? "; which is day and which month is not told by such a date"
                                       : "");
}

// --- bad rows ------------------------------------------------------------------------------------

const char *row_fault_name(int fault) {
  static const char *const name[N_ROW_FAULT] = {"malformed", "without an id",
                                                "without a true rating", "without a true time"};
  return name[fault];
}

bool ingest_was_dropped(const ingest *in, const line_reader *reader, throng_status status) {
  return status == THRONG_ERROR_DATA && in->def->max_bad_rows > 0 && !line_reader_broken(reader);
}

throng_status ingest_end_row(ingest *in, const line_reader *reader, int64_t before,
                             throng_status status) {
  row_fault fault = in->fault;
  in->fault = ROW_FAULT_FORM;
  if (status != THRONG_ERROR_DATA || line_reader_broken(reader)) return status;
  char cause[1200];
  snprintf(cause, sizeof cause, "%s", throng_error_message());
  if (in->def->max_bad_rows == 0)
    return throng_fail(THRONG_ERROR_DATA, "%s; dataset.max_bad_rows drops and counts such rows",
                       cause);
  // A record whose quotes do not close takes lines with it, and each of them is a row lost.
  int64_t lines = line_reader_number(reader) - before, bad = 0;
  in->counts.bad[fault] += lines > 0 ? lines : 1;
  for (int k = 0; k < N_ROW_FAULT; k++) bad += in->counts.bad[k];
  if (bad > in->def->max_bad_rows)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s; with this there are %lld bad rows, more than dataset.max_bad_rows %lld",
                       cause, (long long)bad, (long long)in->def->max_bad_rows);
  if (in->counts.first_bad[0] == '\0')
    snprintf(in->counts.first_bad, sizeof in->counts.first_bad, "%.239s", cause);
  return THRONG_OK;
}

throng_status ingest_dialect(ingest *in, const char *path, const char *key,
                             const char *const wanted[], csv_dialect usual, bool tell,
                             csv_parser *csv) {
  char say[160];
  static const csv_wishes none;
  // What the config says of tables is said of the interactions.
  bool rows = path == ingest_main_file(in);
  THRONG_TRY(csv_detect(path, key, rows ? &in->def->csv : &none, wanted, usual, &csv->dialect, say,
                        sizeof say));
  csv->section = rows ? "dataset.csv" : NULL;
  if (rows) in->decimal_comma = strchr(csv->dialect.separator, ',') == NULL;
  if (tell && say[0]) throng_note(in->progress, "%s: %s", path, say);
  return THRONG_OK;
}

int64_t ingest_text_line(const ingest *in) {
  return in->text.n < in->rows.n ? in->rows.row[in->text.n].line : -1;
}

throng_status ingest_json_texts(ingest *in, const char *path, const char *key, take_text_fn *take) {
  line_reader *reader;
  throng_status status = THRONG_OK;
  THRONG_TRY(ingest_open(in, path, key, "read texts", &reader));
  while (ingest_text_line(in) >= 0) {
    char *line;
    size_t length;
    status = line_reader_next(reader, &line, &length);
    if (ingest_was_dropped(in, reader, status)) continue;
    THRONG_TRY_GOTO(status);
    if (!line) break;  // dataset.c sees that texts are missing
    if (line_reader_number(reader) == ingest_text_line(in))
      THRONG_TRY_GOTO(take(in, reader, line, length));
  }
done:
  ingest_close(in, reader, false);
  return status;
}

throng_status ingest_text(ingest *in, const char *title, size_t title_length, const char *body,
                          size_t body_length) {
  byte_buffer text = {0};
  throng_status status = text_clean_line(&text, title, title_length);
  size_t title_end = text.length;
  if (status == THRONG_OK && title_end > 0) status = bytes_append(&text, "\n", 1);
  size_t start = text.length;
  if (status == THRONG_OK) status = text_clean(&text, body, body_length);
  if (text.length == start) text.length = title_end;
  if (status == THRONG_OK) status = strings_append(&in->text, bytes_text(&text), text.length);
  bytes_free(&text);
  return status;
}

/// The number of an id that no row has, where such items are kept.
static throng_status add_cold(ingest *in, const char *id, size_t length, int32_t *item) {
  int64_t number;
  bool added;
  int64_t warm = in->facts.n_item - interner_strings(in->cold)->n;
  THRONG_TRY(interner_add(in->cold, id, length, &number, &added));
  if (warm + number >= INT32_MAX - 1)
    return throng_fail(THRONG_ERROR_DATA, "more than %d items, expected fewer", INT32_MAX - 2);
  if (added) THRONG_TRY(item_facts_grow(&in->facts));
  *item = (int32_t)(warm + number);
  return THRONG_OK;
}

throng_status ingest_find_item(ingest *in, const char *id, size_t length, int32_t *item) {
  int64_t old = interner_find(in->rows.items, id, length);
  *item = old < 0 ? -1 : in->new_item[old];
  if (*item >= 0) in->found[*item] = 1;
  if (old >= 0 || length == 0) return THRONG_OK;  // without an id it is nobody
  if (in->takes_cold) return add_cold(in, id, length, item);
  if (interner_strings(in->strangers)->n >= JOIN_SAMPLE) return THRONG_OK;
  return interner_add(in->strangers, id, length, &(int64_t){0}, NULL);
}

const char *ingest_path(const ingest *in, const char *key) {
  return key ? field_text(fields_find(&dataset_fields, key + strlen("dataset.")), in->def) : NULL;
}

const char *ingest_main_file(const ingest *in) {
  const char *path = ingest_path(in, in->reader->main);
  return path ? path : "";
}

throng_status ingest_join(ingest *in, const char *key, const char *path, bool cold, bool sparse,
                          ingest_pass *pass) {
  const string_table *warm = in->item_id;
  throng_status status;
  interner_free(in->strangers);
  in->strangers = NULL;
  THRONG_TRY(interner_create(&in->strangers));
  memset(in->found, 0, (size_t)warm->n);
  in->takes_cold = cold && in->def->cold_items;
  status = pass(in);
  bool took_cold = in->takes_cold;
  in->takes_cold = false;
  THRONG_TRY(status);
  for (int k = 0; k < in->counts.n_join; k++)
    if (strcmp(in->counts.join[k].key, key) == 0) return THRONG_OK;  // told by scan
  join_def join = {.key = key,
                   .file = stream_name(path),
                   .what = "items of",
                   .of = stream_name(ingest_main_file(in)),
                   .ours = warm,
                   .found = in->found,
                   .theirs = interner_strings(took_cold ? in->cold : in->strangers),
                   .needed = in->reader->names_every_item && !sparse,
                   .sparse = sparse};
  return join_check(&join, in->progress, &in->counts.join[in->counts.n_join++]);
}

void ingest_odd_value(ingest *in, const line_reader *reader, const char *what, const char *value) {
  if (in->counts.odd_values++ == 0)
    throng_note(in->progress, "%s:%lld: %.60s is \"%.60s\", which says nothing known; left out",
                line_reader_path(reader), (long long)line_reader_number(reader), what, value);
}
