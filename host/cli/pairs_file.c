/// Reading pairs.csv with the same parser that reads CSV data sets.
#include "cli/pairs_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lookup.h"
#include "data/csv_parser.h"

void pairs_free(pairs *p) {
  free(p->user);
  free(p->item);
  free(p->offset);
  free(p->past_item);
  free(p->past_like);
  memset(p, 0, sizeof *p);
}

static throng_status append(const throng_world *world, pairs *p, int32_t user, int32_t item,
                            int64_t time) {
  size_t n = (size_t)p->n;
  size_t most = (size_t)(world->user_offset[user + 1] - world->user_offset[user]);
  int64_t used = p->offset[n];
  THRONG_TRY(throng_grow((void **)&p->user, &p->user_capacity, n + 1, sizeof *p->user, "pairs"));
  THRONG_TRY(throng_grow((void **)&p->item, &p->item_capacity, n + 1, sizeof *p->item, "pairs"));
  THRONG_TRY(
      throng_grow((void **)&p->offset, &p->offset_capacity, n + 2, sizeof *p->offset, "pairs"));
  THRONG_TRY(throng_grow((void **)&p->past_item, &p->past_item_capacity, (size_t)used + most + 1,
                         sizeof *p->past_item, "histories of the pairs"));
  THRONG_TRY(throng_grow((void **)&p->past_like, &p->past_like_capacity, (size_t)used + most + 1,
                         sizeof *p->past_like, "histories of the pairs"));
  p->user[n] = user;
  p->item[n] = item;
  lookup_past(world, user, item, time, p->past_item, p->past_like, &used);
  p->offset[n + 1] = used;
  p->n = (int64_t)n + 1;
  return THRONG_OK;
}

/// A mistake of the record, with the file and the line where it begins.
static throng_status at_record(const csv_parser *csv, throng_status status) {
  if (status == THRONG_OK || status == THRONG_ERROR_MEMORY) return status;
  return throng_fail_context(THRONG_ERROR_DATA, "%s:%lld", line_reader_path(csv->reader),
                             (long long)csv->line);
}

/// At the first record that names nobody, whose message stands: how many others do, too.
static throng_status count_unknown(const throng_world *world, csv_parser *csv, int user_column,
                                   int item_column, int64_t known) {
  char first[1024];
  int64_t unknown = 1;
  snprintf(first, sizeof first, "%s", throng_error_message());
  for (bool more = true; more;) {
    THRONG_TRY(csv_next(csv, &more));
    if (!more) break;
    bool here = throng_world_find_user(world, csv_field(csv, user_column)) >= 0 &&
                throng_world_find_item(world, csv_field(csv, item_column)) >= 0;
    known += here;
    unknown += !here;
  }
  return throng_fail(THRONG_ERROR_DATA,
                     "%s (user and item of %lld of %lld pairs are in this world)", first,
                     (long long)known, (long long)(known + unknown));
}

static throng_status read_records(const throng_world *world, csv_parser *csv, pairs *p) {
  int user_column, item_column;
  THRONG_TRY(csv_read_header(csv));
  THRONG_TRY(csv_require_column(csv, "user", "--pairs", &user_column));
  THRONG_TRY(csv_require_column(csv, "item", "--pairs", &item_column));
  int time_column = csv_find_column(csv, "time");
  // A misspelt "time" passed over would let the votes see what came after the pair.
  for (int k = 0; k < (int)csv->header.n; ++k)
    if (k != user_column && k != item_column && k != time_column)
      return line_reader_fail(csv->reader,
                              "column \"%.100s\": expected user,item[,time], each once",
                              strings_get(&csv->header, k));
  for (;;) {
    bool more;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) return THRONG_OK;
    int32_t user, item;
    int64_t time = INT64_MAX;
    throng_status status = at_record(csv, lookup_user(world, csv_field(csv, user_column), &user));
    if (status == THRONG_OK)
      status = at_record(csv, lookup_item(world, csv_field(csv, item_column), &item));
    if (status == THRONG_ERROR_DATA)
      return count_unknown(world, csv, user_column, item_column, p->n);
    THRONG_TRY(status);
    if (time_column >= 0 && *csv_field(csv, time_column))
      THRONG_TRY(at_record(csv, lookup_time(world, csv_field(csv, time_column), &time)));
    THRONG_TRY(append(world, p, user, item, time));
  }
}

throng_status pairs_read(const throng_world *world, const char *path,
                         const throng_progress *progress, pairs *out) {
  memset(out, 0, sizeof *out);
  csv_parser csv = {.dialect = CSV_COMMAS};
  throng_status status;
  THRONG_TRY(
      throng_grow((void **)&out->offset, &out->offset_capacity, 1, sizeof *out->offset, "pairs"));
  out->offset[0] = 0;
  THRONG_TRY_GOTO(line_reader_open(path, "--pairs", "read pairs", progress, &csv.reader));
  THRONG_TRY_GOTO(read_records(world, &csv, out));
done:
  line_reader_close(csv.reader);
  csv_free(&csv);
  if (status != THRONG_OK) pairs_free(out);
  return status;
}
