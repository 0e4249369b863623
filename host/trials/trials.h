/// The trials of a sweep in a SQLite file of Optuna's schema (version 12, alembic v3.2.0.a): other
/// tools open it while it is written. One writer; rows gather in one transaction a round, so that a
/// kill at any moment leaves whole rounds. Times are naive UTC, as Optuna 5 reads them.
#ifndef THRONG_TRIALS_TRIALS_H
#define THRONG_TRIALS_TRIALS_H

#include "space/space.h"
#include "suggest/sampler.h"

typedef struct trials trials;

typedef struct trials_def {
  const char *path;   // "RUN/trials.db"
  const char *study;  // its name
  const space *space;
  int32_t n_objective;
  const char *metric[SWEEP_MOST_OBJECTIVES];  // names on the axes
  bool maximise[SWEEP_MOST_OBJECTIVES];
} trials_def;

/// A trial as it is read. Memory is the list's.
typedef struct trial_row {
  int64_t number;
  trial_state state;
  const double *x;      // (space->n)
  const double *value;  // (n_objective) as measured, sign not turned; NaN: none
  int64_t n_report;
  const int64_t *report_step;   // (n_report) in the file's unit
  const double *report_value;   // (n_report)
  const char *started, *ended;  // "2026-11-28 06:41:00.000000" or NULL
  const char *attributes;       // all user attributes as one JSON object
} trial_row;

/// Make the file, or open it where `resume`. Errors: IO (another process writes it; full disk),
/// DATA (no such file, a schema of another version, another study, another space: what differs).
throng_status trials_open(const trials_def *def, bool resume, trials **out);
/// Without writing: for `throng trials` and reports, while a sweep runs too. The space is read from
/// the study's attribute "throng:space" through `options`.
throng_status trials_open_to_read(const char *path, const space_options *options, trials **out);
const trials_def *trials_get_def(const trials *t);
/// Commits nothing that is not committed yet. NULL is allowed.
throng_status trials_close(trials *t);

/// Everything until trials_commit becomes one transaction. Errors: IO (full disk: what was
/// committed is safe), and nothing of it stays.
throng_status trials_begin(trials *t);
throng_status trials_commit(trials *t);

/// A new trial, RUNNING; `number` is the count of those before.
throng_status trials_add(trials *t, int64_t number, const double *x);
/// An intermediate value of the first objective; the same again is the same row.
throng_status trials_report(trials *t, int64_t number, int64_t step, double value);
/// `value` (n_objective): NaN for none (FAILED; PRUNED before a report).
throng_status trials_finish(trials *t, int64_t number, trial_state state, const double *value);
/// A user attribute as JSON text; number -1: of the study.
throng_status trials_set(trials *t, int64_t number, const char *key, const char *json);
/// malloc'd, NULL where there is none.
throng_status trials_get(trials *t, int64_t number, const char *key, char **json);

/// All trials by number; freed with trials_list_free.
typedef struct trials_list {
  int64_t n;
  trial_row *row;  // (n)
  void *owned;
} trials_list;
throng_status trials_read(trials *t, trials_list *out);
void trials_list_free(trials_list *list);
/// trials.csv: number, state, values, parameters, times, attributes, one line a trial, atomically.
throng_status trials_csv(const trials_list *list, const trials_def *def, const char *path);

#endif
