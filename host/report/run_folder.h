/// A run's folder: config.json, metrics.jsonl, TensorBoard events, checkpoints, summary.json. Knows
/// their names, their order and how to go on after a kill; not what they hold.
///
/// A kill at any moment leaves: rows that end in at most one broken line, checkpoints that are
/// whole (they are renamed into place), and rows up to every checkpoint's step.
#ifndef THRONG_REPORT_RUN_FOLDER_H
#define THRONG_REPORT_RUN_FOLDER_H

#include "base/status.h"
#include "report/tensorboard.h"

typedef struct run_folder run_folder;

enum { RUN_CHECKPOINTS_KEPT = 2 };

/// Make the folder where it is missing and lock it, before anything in it is written or replaced;
/// temporary files that killed runs left are removed.
/// Errors: IO (cannot make or write it; another process is writing there).
throng_status run_folder_lock(const char *path, run_folder **out);
/// Begin a run in the locked folder. With `resume` what is there stays; without, the files of an
/// earlier run are moved to `previous-1`, `previous-2`, ... inside it, with a note. Errors: IO.
throng_status run_folder_start(run_folder *folder, bool resume, const throng_progress *progress);
/// Close everything and let the lock go; folders that were made for it and are empty are removed.
/// NULL is allowed. `end` says how the run ended, for TensorBoard's table.
throng_status run_folder_close(run_folder *folder, tensorboard_end end);

/// Steps of the checkpoints that are there, newest first, at most `most`. `*damaged` (may be NULL):
/// how many were put aside as damaged. Errors: IO (the folder cannot be read).
throng_status run_folder_checkpoints(const run_folder *folder, int64_t *step, int most, int *n,
                                     int *damaged);
/// The same of a folder that is only read, which needs no lock: training may go on in it.
throng_status run_folder_find_checkpoints(const char *path, int64_t *step, int most, int *n,
                                          int *damaged);
/// Step of "checkpoint-<step>.safetensors", or -1.
int64_t run_folder_checkpoint_step(const char *name);
/// "FOLDER/checkpoint-<step>.safetensors"; valid until the next call.
const char *run_folder_checkpoint_path(run_folder *folder, int64_t step);
/// Put a checkpoint that cannot be read out of the way: ".damaged" is appended to its name.
throng_status run_folder_set_aside(run_folder *folder, int64_t step);
/// After a checkpoint was written: remove all but the newest two.
throng_status run_folder_prune(run_folder *folder);

/// Begin to write at `step` (-1: from the start): rows of later steps are cut off, so that none is
/// doubled, and a new events file begins. `*seconds` is that of the last row kept, 0 without one.
/// Damaged lines between the rows kept stay where they are, with a note.
throng_status run_folder_begin(run_folder *folder, int64_t step, const throng_progress *progress,
                               double *seconds);
/// Write config.json; true in `*differs` where another one was there. Its scalars become the run's
/// hyperparameters in TensorBoard. Errors: CONFIG (not JSON), IO.
throng_status run_folder_config(run_folder *folder, const char *json, bool *differs);
/// Append {"step", "seconds", name: value, ...} to metrics.jsonl and the values to the events, and
/// flush both. Numbers that are not finite are null there.
throng_status run_folder_row(run_folder *folder, int64_t step, double seconds,
                             const run_value *value, int64_t n);
/// The run's events, for what stands in them alone; NULL before run_folder_begin. run_folder_row
/// flushes them.
tensorboard *run_folder_board(run_folder *folder);
/// True in `*out` where a row of `step` or later has a value of this name.
throng_status run_folder_has(run_folder *folder, int64_t step, const char *name, bool *out);
/// Force the rows to the disk: called before a checkpoint, which must not outlive its rows.
throng_status run_folder_sync(run_folder *folder);
/// Write summary.json, atomically.
throng_status run_folder_summary(run_folder *folder, const char *json);

#endif
