/// Reading tables from text, with the notes that reading gives.
#ifndef THRONG_TESTS_NOTED_ROWS_H
#define THRONG_TESTS_NOTED_ROWS_H

#include <stdio.h>
#include <string.h>

#include "../dataset_fixture.h"

static char notes[4096];  // of the latest read_noted, one a line

static inline void take_note(void *context, const char *text) {
  (void)context;
  size_t used = strlen(notes);
  snprintf(notes + used, sizeof notes - used, "%s\n", text);
}

static inline throng_status read_noted(const dataset_def *def, dataset *out) {
  throng_progress progress = {.note = take_note};
  notes[0] = '\0';
  return dataset_read(def, &progress, out);
}

/// The config of a CSV file that holds this.
static inline dataset_def csv_text(const char *text) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = fixture_text("d.csv", text);
  return def;
}

#endif
