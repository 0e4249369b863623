/// The trials of a sweep in a SQLite file of Optuna's schema (version 12, alembic v3.2.0.a): other
/// tools open it while it is written. One writer; rows gather in one transaction a round, so that a
/// kill at any moment leaves whole rounds. Times are naive UTC, as Optuna 5 reads them.
///
/// A step is the number of a trial's evaluation, from 1, counted on over its seeds: user-steps
/// would not fit the 32 bits that other tools have for it. Optuna's table holds at most
/// TRIALS_SHOWN reports of a trial, every first, second, fourth, ... and the newest; the rest move
/// into a table of our own, "throng_thinned_values", which others overlook. trials_read gives all.
#ifndef THRONG_TRIALS_TRIALS_H
#define THRONG_TRIALS_TRIALS_H

#include <stdio.h>

#include "space/space.h"
#include "suggest/sampler.h"

enum { TRIALS_SHOWN = 20 };

/// Attributes that more than one room knows. Of the study:
#define TRIALS_SPACE "throng:space"    // what space_print gave
#define TRIALS_STEP "throng:step"      // what a step is: "evaluation"
#define TRIALS_PERIOD "throng:period"  // user-steps between a trial's evaluations
#define TRIALS_ROUND "throng:round"    // rounds that are committed
/// Of a trial:
#define TRIALS_USER_STEPS "user_steps"  // that it has trained, over all its seeds
#define TRIALS_SECONDS "seconds"        // its share of the time
#define TRIALS_CAUSE "cause"            // why it was given up or failed
#define TRIALS_SLOT "slot"              // that it trains in
#define TRIALS_SEEDS "seed_values"      // [value, ...] of the seeds that have finished
#define TRIALS_PARENT "parent"          // PBT: number of the trial that it began as a copy of

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
  const int64_t *report_step;   // (n_report) evaluations, ascending
  const double *report_value;   // (n_report)
  const char *started, *ended;  // "2026-11-28 06:41:00.000000" or NULL
  const char *attributes;       // all user attributes as one JSON object
} trial_row;

/// Is there a study in the file? False where there is no file, or one that a kill left before
/// trials_open was done: a sweep may begin there. Errors: IO, DATA (another kind of file).
throng_status trials_found(const char *path, bool *out);
/// Make the file, or open it where `resume`. Strings and space outlive the result. Errors: IO
/// (another process writes it; full disk; there is a study, and not `resume`), DATA (damaged; no
/// such file or study; a schema of another version, other objectives, another space: what differs).
throng_status trials_open(const trials_def *def, bool resume, trials **out);
/// Without writing: for `throng trials` and reports, while a sweep runs too. The space is read from
/// the study's attribute TRIALS_SPACE through `options`. Errors: IO, DATA, CONFIG (an option that
/// this version lacks).
throng_status trials_open_to_read(const char *path, const space_options *options, trials **out);
const trials_def *trials_get_def(const trials *t);
/// Commits nothing that is not committed yet. NULL is allowed.
throng_status trials_close(trials *t);

/// Everything until trials_commit becomes one transaction, during which others can read and not
/// write: begin when all is known. A call outside of one is a transaction of its own. Errors: IO
/// (full disk: what was committed is safe), and nothing of it stays; DATA (another program added
/// trials).
throng_status trials_begin(trials *t);
throng_status trials_commit(trials *t);

/// A new trial, RUNNING; `number` is the count of those before. Errors as above, ARGUMENT.
throng_status trials_add(trials *t, int64_t number, const double *x);
/// An intermediate value of the first objective; the same again is the same row. Steps of a trial
/// ascend. Errors as above, ARGUMENT.
throng_status trials_report(trials *t, int64_t number, int64_t step, double value);
/// `value` (n_objective): NaN for none (FAILED; PRUNED before a report). One objective, PRUNED and
/// NaN: the last report, as Optuna has it. Errors as above, ARGUMENT (COMPLETE with NaN).
throng_status trials_finish(trials *t, int64_t number, trial_state state, const double *value);
/// A user attribute as JSON text; number -1: of the study. Errors as above, ARGUMENT (not JSON).
throng_status trials_set(trials *t, int64_t number, const char *key, const char *json);
/// The same of a number (not finite: null) and of a text.
throng_status trials_set_number(trials *t, int64_t number, const char *key, double x);
throng_status trials_set_text(trials *t, int64_t number, const char *key, const char *text);
/// What optuna-dashboard shows beside the study, Markdown.
throng_status trials_note(trials *t, const char *markdown);
/// A user attribute, malloc'd; NULL where there is none.
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
/// The same into a stream, whose errors are the caller's to find. Errors: DATA, MEMORY.
throng_status trials_csv_write(const trials_list *list, const trials_def *def, FILE *to);
/// "COMPLETE", as Optuna has it.
const char *trials_state_name(trial_state state);

#endif
