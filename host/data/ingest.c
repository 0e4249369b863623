/// The common ground of the formats' readers; see ingest.h.
#include "data/ingest.h"

#include <float.h>
#include <math.h>

#include "data/entities.h"
#include "data/number.h"

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

int32_t ingest_find_item(const ingest *in, const char *id, size_t length) {
  int64_t old = interner_find(in->rows.items, id, length);
  return old < 0 ? -1 : in->new_item[old];
}
