/// What the files of this room share.
#ifndef THRONG_TRIALS_TRIALS_INNER_H
#define THRONG_TRIALS_TRIALS_INNER_H

#include "base/database.h"
#include "base/file_lock.h"
#include "trials/trials.h"

/// The statements that are kept, each once prepared (trials_write.c).
typedef enum trials_statement {
  TRIALS_ADD,
  TRIALS_ADD_PARAMETER,
  TRIALS_REPORTED,  // what a step was reported as
  TRIALS_REPORT,
  TRIALS_THIN_ONE,
  TRIALS_THIN_HALF,
  TRIALS_DROP_THINNED,
  TRIALS_END,
  TRIALS_SET_VALUE,
  TRIALS_SET_STUDY,
  TRIALS_SET_TRIAL,
  TRIALS_COUNT,
  TRIALS_N_STATEMENT,
} trials_statement;

/// What is known of a trial that may be written further.
typedef struct trial_progress {
  int64_t id;        // trials.trial_id
  int64_t n_report;  // thinned ones too
  int64_t last_step;
  double last_value;
} trial_progress;

struct trials {
  database file;
  file_lock *lock;  // NULL: opened to read
  trials_def def;
  space *space;  // read from the file; NULL: the caller's
  char *study_name;
  cJSON *metrics;            // [name, ...], opened to read
  int64_t study;             // study_id
  trial_progress *progress;  // (n) by number
  int64_t n;
  size_t capacity;      // of progress, bytes
  char **distribution;  // (space->n) JSON
  sqlite3_stmt *statement[TRIALS_N_STATEMENT];
};

/// The tables, their version and the study's own rows, in one transaction.
throng_status trials_make(trials *t);
/// Are the tables there, and of the version that we write? `*empty`: there are none.
throng_status trials_check_schema(trials *t, bool *empty);
/// What the file says of every trial, into `progress`.
throng_status trials_load_progress(trials *t);
throng_status trials_prepare(trials *t);

extern const char *const trials_state_names[];  // by trial_state

#endif
