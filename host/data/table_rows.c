/// Records of a table as interactions; see table_rows.h.
#include "data/table_rows.h"

#include <string.h>
#include <strings.h>

#include "base/nearest.h"

throng_status table_column(const csv_parser *csv, const char *wanted, const char *key,
                           const char *const usual[], bool optional, int *column) {
  *column = -1;
  if (wanted) THRONG_TRY(csv_require_column(csv, wanted, key, column));
  for (int i = 0; *column < 0 && usual[i]; i++) *column = csv_find_column(csv, usual[i]);
  if (*column < 0) return optional ? THRONG_OK : csv_require_column(csv, usual[0], key, column);
  const char *name = strings_get(&csv->header, *column);
  for (int64_t i = *column + 1; i < csv->header.n; i++)
    if (strcmp(strings_get(&csv->header, i), name) == 0)
      return line_reader_fail(csv->reader,
                              "columns %d and %lld are both called \"%.60s\" (%s); expected one, "
                              "write another name over the other",
                              *column + 1, (long long)i + 1, name, key);
  return THRONG_OK;
}

/// A name that ratings go by: taking such a file for one without ratings would be a mistake.
static bool is_like_a_rating(const char *name) {
  static const char *const part[] = {"rating", "score", "stars"};
  static const char *const whole[] = {"label",  "like",     "liked", "overall",    "value",
                                      "rate",   "grade",    "vote",  "preference", "star",
                                      "target", "feedback", "click", "clicks",     "interaction"};
  for (size_t i = 0; i < sizeof part / sizeof *part; i++)
    if (strcasestr(name, part[i])) return !time_is_usual_name(name);
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
    if (!strcasecmp(name, whole[i])) return true;
  return edit_distance(name, part[0], 2) <= 2;
}

/// A name of how much or how often, which may stand for a rating, and which nobody must name.
static bool is_like_a_count(const char *name) {
  static const char *const usual[] = {"weight",  "plays", "play_count",  "playcount",
                                      "hours",   "count", "playtime",    "quantity",
                                      "listens", "views", "times_played"};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
    if (!strcasecmp(name, usual[i])) return true;
  return false;
}

throng_status table_rating_column(ingest *in, const csv_parser *csv, const char *wanted,
                                  const char *const usual[], int *column) {
  *column = -1;
  if (in->def->rating_kind == DATASET_RATING_IMPLICIT) return THRONG_OK;
  bool open = in->def->rating_kind == DATASET_RATING_AUTO;
  THRONG_TRY(table_column(csv, wanted, "dataset.columns.rating", usual, open, column));
  if (*column >= 0) {
    // Book-Crossing: "explicit, 1 to 10, or implicit, expressed by 0".
    in->zero_is_missing = in->def->missing == dataset_usual_missing &&
                          strcmp(strings_get(&csv->header, *column), "Book-Rating") == 0;
    return THRONG_OK;
  }
  for (int64_t i = 0; i < csv->header.n; i++) {
    const char *name = strings_get(&csv->header, i);
    if (is_like_a_rating(name))
      return line_reader_fail(
          csv->reader,
          "no column \"%s\", but \"%.100s\" may be it: give "
          "dataset.columns.rating (and dataset.like_threshold in its units), or "
          "dataset.rating implicit, which makes every row a like",
          usual[0], name);
  }
  in->implicit = true;
  return THRONG_OK;
}

void table_note_columns(ingest *in, const csv_parser *csv, const row_columns *c, const char *key) {
  const char *path = line_reader_path(csv->reader);
  if (c->rating < 0)
    throng_note(in->progress, "%s: %s; every row is a like", path,
                in->def->rating_kind == DATASET_RATING_IMPLICIT
                    ? "dataset.rating is implicit"
                    : "no column of ratings (dataset.rating implicit)");
  for (int64_t i = 0; c->rating < 0 && i < csv->header.n; i++)
    if (is_like_a_count(strings_get(&csv->header, i)))
      throng_note(in->progress,
                  "%s: column \"%.60s\" is not used (dataset.columns.rating would name it, and "
                  "dataset.like_threshold say from what on it is a like)",
                  path, strings_get(&csv->header, i));
  if (in->zero_is_missing)
    throng_note(in->progress, "%s: Book-Rating 0 stands for no rating (dataset.missing)", path);
  if (c->time >= 0) return;
  for (int64_t i = 0; i < csv->header.n; i++) {
    const char *name = strings_get(&csv->header, i);
    if (!key || !time_is_usual_name(name)) continue;
    throng_note(in->progress,
                "%s: column \"%.100s\" looks like times and is not used (%s would name it)", path,
                name, key);
  }
}

static throng_status add_record(ingest *in, const csv_parser *csv, const row_columns *c) {
  double rating = 1;
  int64_t time = 0;
  bool rated = true;
  if (c->rating >= 0)
    THRONG_TRY(ingest_parse_rating(in, csv->reader, csv_field(csv, c->rating),
                                   csv_length(csv, c->rating), &rating, &rated));
  if (!rated) return THRONG_OK;
  if (in->has_time)
    THRONG_TRY(ingest_parse_time(in, csv->reader, csv_field(csv, c->time), csv_length(csv, c->time),
                                 &time));
  return ingest_add(in, csv->reader, csv->line, csv_field(csv, c->user), csv_length(csv, c->user),
                    csv_field(csv, c->item), csv_length(csv, c->item), rating, time);
}

throng_status table_rows_scan(ingest *in, csv_parser *csv, const row_columns *c) {
  in->has_time = c->time >= 0;
  in->has_text = c->text >= 0;
  while (!ingest_full(in)) {
    bool more;
    int64_t before = line_reader_number(csv->reader);
    throng_status status = csv_next(csv, &more);
    if (status == THRONG_OK && !more) break;
    if (status == THRONG_OK) status = add_record(in, csv, c);
    THRONG_TRY(ingest_end_row(in, csv->reader, before, status));
  }
  return THRONG_OK;
}

throng_status table_rows_texts(ingest *in, csv_parser *csv, const row_columns *c) {
  while (ingest_text_line(in) >= 0) {
    bool more;
    throng_status status = csv_next(csv, &more);
    if (ingest_was_dropped(in, csv->reader, status)) continue;
    THRONG_TRY(status);
    if (!more) break;  // dataset.c sees that texts are missing
    if (csv->line == ingest_text_line(in))
      THRONG_TRY(ingest_text(in, "", 0, csv_field(csv, c->text), csv_length(csv, c->text)));
  }
  return THRONG_OK;
}
