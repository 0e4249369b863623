/// metrics.jsonl of a sweep: a line for every trial, seed and evaluation, with all that was
/// measured. Lines come round by round; the database says which rounds count.
///
///   {"round": 12, "trial": 7, "seed": 0, "evaluation": 3, "average_reward": 0.31, ...}
#ifndef THRONG_REPORT_SWEEP_ROWS_H
#define THRONG_REPORT_SWEEP_ROWS_H

#include "report/run_folder.h"

typedef struct sweep_rows sweep_rows;

/// Append to `path`. Rows of round `rounds` and later are cut off, and a line that a kill broke:
/// what is trained again is written once. 0: from the start. Errors: IO, MEMORY.
throng_status sweep_rows_open(const char *path, int64_t rounds, sweep_rows **out);
/// Numbers that are not finite are null. Errors: IO.
throng_status sweep_rows_add(sweep_rows *rows, int64_t round, int64_t trial, int32_t seed,
                             int64_t evaluation, const run_value *value, int64_t n);
/// Force the rows to the disk: called before the round is committed, which must not outlive them.
throng_status sweep_rows_sync(sweep_rows *rows);
/// NULL is allowed. Errors: IO (rows that were not synced).
throng_status sweep_rows_close(sweep_rows *rows);

#endif
