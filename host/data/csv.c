/// One's own data: a file of comma- or tab-separated values with named columns, one interaction a
/// record. No item facts.
#include <math.h>
#include <string.h>

#include "data/table_rows.h"

/// Times and texts are wanted where the config names them, or where the header has the usual name.
static throng_status optional_column(const csv_parser *csv, const char *wanted, const char *key,
                                     const char *usual, int *column) {
  if (wanted) return csv_require_column(csv, wanted, key, column);
  *column = csv_find_column(csv, usual);
  return THRONG_OK;
}

static throng_status read_header(const ingest *in, csv_parser *csv, row_columns *c) {
  const dataset_def *def = in->def;
  THRONG_TRY(csv_read_header(csv));
  THRONG_TRY(csv_require_column(csv, def->column_user ? def->column_user : "user",
                                "dataset.columns.user", &c->user));
  THRONG_TRY(csv_require_column(csv, def->column_item ? def->column_item : "item",
                                "dataset.columns.item", &c->item));
  THRONG_TRY(csv_require_column(csv, def->column_rating ? def->column_rating : "rating",
                                "dataset.columns.rating", &c->rating));
  THRONG_TRY(optional_column(csv, def->column_time, "dataset.columns.time", "time", &c->time));
  return optional_column(csv, def->column_text, "dataset.columns.text", "text", &c->text);
}

static throng_status scan_rows(ingest *in, csv_parser *csv) {
  row_columns c;
  THRONG_TRY(read_header(in, csv, &c));
  return table_rows_scan(in, csv, &c);
}

static throng_status read_texts(ingest *in, csv_parser *csv) {
  row_columns c;
  THRONG_TRY(read_header(in, csv, &c));
  return table_rows_texts(in, csv, &c);
}

typedef throng_status pass_fn(ingest *in, csv_parser *csv);

/// Tabs separate where the first line has one and no comma.
static throng_status run_pass(ingest *in, const char *stage, bool rows, pass_fn *pass) {
  byte_buffer first = {0};
  throng_status status = ingest_first_line(in->def->file, "dataset.file", &first);
  bool tabs = strchr(bytes_text(&first), '\t') && !strchr(bytes_text(&first), ',');
  bytes_free(&first);
  THRONG_TRY(status);
  line_reader *reader;
  THRONG_TRY(ingest_open(in, in->def->file, "dataset.file", stage, &reader));
  csv_parser csv = {.reader = reader, .delimiter = tabs ? '\t' : ',', .quotes = true};
  status = pass(in, &csv);
  csv_free(&csv);
  ingest_close(in, reader, rows);
  return status;
}

static throng_status scan(ingest *in) { return run_pass(in, "read interactions", true, scan_rows); }

static throng_status texts(ingest *in) { return run_pass(in, "read texts", false, read_texts); }

const dataset_reader csv_reader = {"csv", NAN, NAN, scan, texts, NULL, NULL};
