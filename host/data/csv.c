/// One's own data: a file of delimited values with named columns, one interaction a record. No item
/// facts.
#include <math.h>
#include <string.h>

#include "data/table_rows.h"

static const char *const user[] = {"user", NULL};
static const char *const item[] = {"item", NULL};
static const char *const rating[] = {"rating", NULL};
static const char *const time_name[] = {"time", NULL};
static const char *const text[] = {"text", NULL};

static throng_status begin(ingest *in, csv_parser *csv, row_columns *c) {
  const dataset_def *def = in->def;
  THRONG_TRY(csv_begin(csv, def->csv.names));
  THRONG_TRY(table_column(csv, def->column_user, "dataset.columns.user", user, false, &c->user));
  THRONG_TRY(table_column(csv, def->column_item, "dataset.columns.item", item, false, &c->item));
  THRONG_TRY(table_rating_column(in, csv, def->column_rating, rating, &c->rating));
  THRONG_TRY(
      table_column(csv, def->column_time, "dataset.columns.time", time_name, true, &c->time));
  return table_column(csv, def->column_text, "dataset.columns.text", text, true, &c->text);
}

static throng_status scan_rows(ingest *in, csv_parser *csv) {
  row_columns c;
  THRONG_TRY(begin(in, csv, &c));
  table_note_columns(in, csv, &c, "dataset.columns.time");
  return table_rows_scan(in, csv, &c);
}

static throng_status read_texts(ingest *in, csv_parser *csv) {
  row_columns c;
  THRONG_TRY(begin(in, csv, &c));
  return table_rows_texts(in, csv, &c);
}

typedef throng_status pass_fn(ingest *in, csv_parser *csv);

static throng_status run_pass(ingest *in, const char *stage, bool rows, pass_fn *pass) {
  const dataset_def *def = in->def;
  const char *const wanted[] = {def->column_user ? def->column_user : user[0],
                                def->column_item ? def->column_item : item[0],
                                def->column_rating ? def->column_rating : rating[0],
                                def->column_time ? def->column_time : time_name[0],
                                def->column_text ? def->column_text : text[0],
                                NULL};
  csv_parser csv = {0};
  THRONG_TRY(ingest_dialect(in, def->file, "dataset.file", wanted, CSV_COMMAS, rows, &csv));
  THRONG_TRY(ingest_open(in, def->file, "dataset.file", stage, &csv.reader));
  throng_status status = pass(in, &csv);
  csv_free(&csv);
  ingest_close(in, csv.reader, rows);
  return status;
}

static throng_status scan(ingest *in) { return run_pass(in, "read interactions", true, scan_rows); }

static throng_status texts(ingest *in) { return run_pass(in, "read texts", false, read_texts); }

const dataset_reader csv_reader = {.rating_min = NAN,
                                   .rating_max = NAN,
                                   .main = "dataset.file",
                                   .uses = KEYS(COLUMN_KEYS, TABLE_KEYS),
                                   .scan = scan,
                                   .texts = texts};
