/// A sweep in TensorBoard: the root run says what varies and what is measured (HParams), every
/// trial and seed is a run of its own, and the seeds of a trial are one row of the table. Steps are
/// evaluations, from 1: HParams has 32 bits for them. Cheap for a thousand runs at once: records
/// wait in memory and no file stays open.
///
///   FOLDER/events.out.tfevents.*                  the experiment, and scalars of the sweep by
///   round FOLDER/00007/seed-0/events.out.tfevents.*     trial 7's first seed
#ifndef THRONG_REPORT_SWEEP_BOARD_H
#define THRONG_REPORT_SWEEP_BOARD_H

#include "report/run_folder.h"

typedef struct sweep_board sweep_board;

typedef struct sweep_board_def {
  const char *folder;  // "RUN/tensorboard"; made where missing
  const char *name;
  const tensorboard_hparam *hparam;  // (n_hparam) name and kind of what varies
  int64_t n_hparam;
  const char *const *metric;  // (n_metric) tags of reports that the table shows
  int64_t n_metric;
  int64_t rounds;  // that there are already: later scalars of the root are void
} sweep_board_def;

/// Errors: IO, MEMORY.
throng_status sweep_board_open(const sweep_board_def *def, sweep_board **out);
/// A run begins, or goes on after `evaluations` of its own: what an earlier process wrote of later
/// ones is void. Runs of one `group` are a row of the table, with their mean. `hparam` (n): what
/// the trial has of that which varies. Errors: ARGUMENT (it has started already), IO, MEMORY.
throng_status sweep_board_trial_start(sweep_board *board, int64_t trial, int32_t seed,
                                      const char *group, int64_t evaluations,
                                      const tensorboard_hparam *hparam, int64_t n);
/// Has this run started, and not ended?
bool sweep_board_has(const sweep_board *board, int64_t trial, int32_t seed);
/// One evaluation of a run that has started. Errors: ARGUMENT (it has not), IO, MEMORY.
throng_status sweep_board_report(sweep_board *board, int64_t trial, int32_t seed,
                                 int64_t evaluation, const run_value *value, int64_t n);
/// Given up counts as ended well. One that has not started is nothing. Errors: IO, MEMORY.
throng_status sweep_board_trial_end(sweep_board *board, int64_t trial, int32_t seed,
                                    tensorboard_end end);
/// A scalar of the sweep itself. Errors: IO, MEMORY.
throng_status sweep_board_scalar(sweep_board *board, int64_t round, const char *tag, double value);
/// Records reach their files here, and when a run ends: called before a round is committed, whose
/// evaluations are not measured again. Errors: IO.
throng_status sweep_board_flush(sweep_board *board);
/// Runs that have not ended stay so. NULL is allowed. Errors: IO.
throng_status sweep_board_close(sweep_board *board);

#endif
