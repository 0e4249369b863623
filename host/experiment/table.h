/// The table of an experiment: rows that are named by texts and hold numbers, kept in a folder as
/// they come, and drawn.
#ifndef THRONG_EXPERIMENT_TABLE_H
#define THRONG_EXPERIMENT_TABLE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/status.h"

enum { TABLE_LABELS = 3, TABLE_VALUES = 16, TABLE_TEXT = 48 };

/// What columns there are and how the drawing reads them.
typedef struct experiment_columns {
  const char *name;                     // of the experiment
  const char *label[TABLE_LABELS + 1];  // NULL-terminated
  const char *value[TABLE_VALUES + 1];  // NULL-terminated
  int x, y;                             // columns of `value` that are drawn
  int low, high;     // columns of the ends of y's interval; both 0: none is drawn
  int series;        // column of `label` by which points have their colour
  int only_label;    // rows are drawn whose label here ..
  const char *only;  // .. is this; NULL: all
  bool lines;        // points of a series are joined
  bool equal;        // a line where x = y
  bool log_x;
  bool name_x;  // x counts rows; below it stand their labels in the column `series`
} experiment_columns;

typedef struct experiment_row {
  char label[TABLE_LABELS][TABLE_TEXT];
  double value[TABLE_VALUES];  // NaN: does not apply, or was not measured
} experiment_row;

typedef struct experiment_table experiment_table;

/// A table in `folder`, with the rows that an earlier run of the same configuration (a text) has
/// left there. Errors: CONFIG (of another configuration), DATA (results.csv is not of these
/// columns), IO.
throng_status experiment_table_open(const char *folder, const experiment_columns *columns,
                                    const char *config, experiment_table **out);
/// NULL is allowed.
void experiment_table_free(experiment_table *t);

/// A row that is named, all of its numbers NaN. Labels hold no comma, quote or line end.
experiment_row experiment_row_of(const char *a, const char *b, const char *c);
/// Is there a row with these labels?
bool experiment_table_has(const experiment_table *t, const experiment_row *row);
/// Put it in and write results.csv.
throng_status experiment_table_add(experiment_table *t, const experiment_row *row);
int64_t experiment_table_count(const experiment_table *t);
const experiment_row *experiment_table_row(const experiment_table *t, int64_t k);
const experiment_columns *experiment_table_columns(const experiment_table *t);

/// The table for people.
void experiment_table_print(const experiment_table *t, FILE *out);
/// The rows as an array of objects, what is not known null; freed by cJSON_Delete, NULL where
/// memory is short.
cJSON *experiment_table_json(const experiment_table *t);
/// Write results.json and report.txt.
throng_status experiment_table_finish(const experiment_table *t);

#endif
