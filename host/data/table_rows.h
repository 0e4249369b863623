/// Interactions as records of a table whose columns are known by number: what CSV and RecBole
/// share.
#ifndef THRONG_DATA_TABLE_ROWS_H
#define THRONG_DATA_TABLE_ROWS_H

#include "data/csv_parser.h"
#include "data/ingest.h"

typedef struct row_columns {
  int user, item, rating;
  int time, text;  // -1: none
} row_columns;

/// Add every record after the header; those with an empty rating are counted as unrated.
throng_status table_rows_scan(ingest *in, csv_parser *csv, const row_columns *c);
/// Store the texts of the kept records after the header.
throng_status table_rows_texts(ingest *in, csv_parser *csv, const row_columns *c);

#endif
