/// Reading a user's past with the same parser that reads CSV data sets.
#include "cli/history_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lookup.h"
#include "data/csv_parser.h"
#include "data/number.h"

void history_file_free(history_file *history) {
  free(history->item);
  free(history->like);
  memset(history, 0, sizeof *history);
}

/// An answer as a like or not.
static throng_status read_answer(const throng_world *world, const csv_parser *csv, int column,
                                 bool is_rating, uint8_t *like) {
  const char *text = csv_field(csv, column);
  double value;
  if (!number_parse(text, csv_length(csv, column), &value))
    return line_reader_fail(csv->reader, "\"%.40s\": expected %s", text,
                            is_rating ? "a rating, a number" : "1 (liked) or 0 (not)");
  if (!is_rating && value != 0 && value != 1)
    return line_reader_fail(
        csv->reader, "like is \"%.40s\", expected 1 or 0; ratings go into a column 'rating'", text);
  *like = is_rating ? value >= world->like_threshold : value == 1;
  return THRONG_OK;
}

static throng_status read_records(const throng_world *world, csv_parser *csv, history_file *out) {
  int item_column, like_column;
  THRONG_TRY(csv_read_header(csv));
  THRONG_TRY(csv_require_column(csv, "item", "--history", &item_column));
  const int rating_column = csv_find_column(csv, "rating");
  const bool is_rating = rating_column >= 0;
  like_column = rating_column;
  if (!is_rating) THRONG_TRY(csv_require_column(csv, "like", "--history", &like_column));
  for (int k = 0; k < (int)csv->header.n; ++k)
    if (k != item_column && k != like_column)
      return line_reader_fail(csv->reader,
                              "column \"%.100s\": expected item,like or item,rating, oldest first",
                              strings_get(&csv->header, k));
  if (is_rating && isnan(world->like_threshold))
    return line_reader_fail(csv->reader,
                            "column \"rating\": this world's answers are no ratings; expected a "
                            "column 'like' of 1 and 0");
  for (;;) {
    bool more;
    int32_t item;
    const size_t n = (size_t)out->n;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) return THRONG_OK;
    throng_status status = lookup_item(world, csv_field(csv, item_column), &item);
    if (status != THRONG_OK && status != THRONG_ERROR_MEMORY)
      return throng_fail_context(THRONG_ERROR_DATA, "%s:%lld", line_reader_path(csv->reader),
                                 (long long)csv->line);
    THRONG_TRY(status);
    THRONG_TRY(
        throng_grow((void **)&out->item, &out->item_capacity, n + 1, sizeof *out->item, "history"));
    THRONG_TRY(
        throng_grow((void **)&out->like, &out->like_capacity, n + 1, sizeof *out->like, "history"));
    out->item[n] = item;
    THRONG_TRY(read_answer(world, csv, like_column, is_rating, &out->like[n]));
    ++out->n;
  }
}

throng_status history_file_read(const throng_world *world, const char *path,
                                const throng_progress *progress, history_file *out) {
  memset(out, 0, sizeof *out);
  csv_parser csv = {.dialect = CSV_COMMAS};
  throng_status status;
  THRONG_TRY_GOTO(line_reader_open(path, "--history", "read history", progress, &csv.reader));
  THRONG_TRY_GOTO(read_records(world, &csv, out));
  THRONG_TRY_GOTO(
      throng_grow((void **)&out->item, &out->item_capacity, 1, sizeof *out->item, path));
  THRONG_TRY_GOTO(
      throng_grow((void **)&out->like, &out->like_capacity, 1, sizeof *out->like, path));
done:
  line_reader_close(csv.reader);
  csv_free(&csv);
  if (status != THRONG_OK) history_file_free(out);
  return status;
}
