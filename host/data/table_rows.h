/// Interactions as records of a table whose columns are known by number: what CSV, RecBole,
/// MovieLens and Anime share.
#ifndef THRONG_DATA_TABLE_ROWS_H
#define THRONG_DATA_TABLE_ROWS_H

#include "data/csv_parser.h"
#include "data/ingest.h"

typedef struct row_columns {
  int user, item;
  int rating;      // -1: none, every row is a like
  int time, text;  // -1: none
} row_columns;

/// The column that the config names (`wanted`, by `key`), or the first of the usual names that is
/// there; -1 where an optional one is missing.
throng_status table_column(const csv_parser *csv, const char *wanted, const char *key,
                           const char *const usual[], bool optional, int *column);
/// The column of ratings: -1 where dataset.rating says implicit, or leaves it open and there is
/// none nor any that may be meant. Errors: DATA.
throng_status table_rating_column(ingest *in, const csv_parser *csv, const char *wanted,
                                  const char *const usual[], int *column);
/// Notes of a scan: no ratings, no times, a column that looks like one of times and is not used
/// (`key` would name it; NULL: nothing can).
void table_note_columns(ingest *in, const csv_parser *csv, const row_columns *c, const char *key);

/// Add every record after the header; those without a rating are counted as unrated.
throng_status table_rows_scan(ingest *in, csv_parser *csv, const row_columns *c);
/// Store the texts of the kept records after the header.
throng_status table_rows_texts(ingest *in, csv_parser *csv, const row_columns *c);

#endif
