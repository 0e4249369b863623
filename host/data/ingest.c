/// The common ground of the formats' readers; see ingest.h.
#include "data/ingest.h"

#include <float.h>
#include <math.h>
#include <string.h>

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
  // A side that nobody has bounded is not spoken of.
  if (in->rating_max >= most)
    return line_reader_fail(reader, "rating %g, expected %g or more (dataset.rating_min)", rating,
                            in->rating_min);
  if (in->rating_min <= -most)
    return line_reader_fail(reader, "rating %g, expected %g or less (dataset.rating_max)", rating,
                            in->rating_max);
  return line_reader_fail(reader, "rating %g, expected %g to %g (dataset.rating_min, rating_max)",
                          rating, in->rating_min, in->rating_max);
}

throng_status ingest_add(ingest *in, const line_reader *reader, int64_t line, const char *user,
                         size_t user_length, const char *item, size_t item_length, double rating,
                         int64_t time) {
  if (user_length == 0) return line_reader_fail(reader, "the user's id is empty");
  if (item_length == 0) return line_reader_fail(reader, "the item's id is empty");
  THRONG_TRY(check_rating(in, reader, rating));
  return interactions_add(&in->rows, user, user_length, item, item_length, (float)rating,
                          in->has_time, time, line);
}

throng_status ingest_parse_rating(const line_reader *reader, const char *text, size_t length,
                                  double *rating) {
  if (number_parse(text, length, rating)) return THRONG_OK;
  return line_reader_fail(reader, "rating \"%.*s\", expected a number",
                          (int)(length < 40 ? length : 40), text);
}

throng_status ingest_parse_time(const line_reader *reader, const char *text, size_t length,
                                int64_t *time) {
  if (time_parse(text, length, time)) return THRONG_OK;
  return line_reader_fail(reader,
                          "time \"%.*s\", expected seconds or milliseconds since 1970 or "
                          "YYYY-MM-DD HH:MM:SS",
                          (int)(length < 40 ? length : 40), text);
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
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
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

const char *ingest_main_file(const dataset_def *def) {
  switch (def->format) {
    case DATASET_AMAZON:
    case DATASET_YELP: return def->reviews;
    case DATASET_ANIME:
    case DATASET_MOVIELENS: return def->ratings;
    case DATASET_RECBOLE: return def->interactions;
    case DATASET_CSV: return def->file;
  }
  return "";
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
                   .of = stream_name(ingest_main_file(in->def)),
                   .ours = warm,
                   .found = in->found,
                   .theirs = interner_strings(took_cold ? in->cold : in->strangers),
                   .sparse = sparse};
  return join_check(&join, in->progress, &in->counts.join[in->counts.n_join++]);
}

void ingest_odd_value(ingest *in, const line_reader *reader, const char *what, const char *value) {
  if (in->counts.odd_values++ == 0)
    throng_note(in->progress, "%s:%lld: %.60s is \"%.60s\", which says nothing known; left out",
                line_reader_path(reader), (long long)line_reader_number(reader), what, value);
}
