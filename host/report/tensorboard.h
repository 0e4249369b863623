/// TensorBoard event files: scalars, histograms, hyperparameters and a layout, one record an event.
/// Writing only; what is worth writing is decided by host/report/run_folder.c.
#ifndef THRONG_REPORT_TENSORBOARD_H
#define THRONG_REPORT_TENSORBOARD_H

#include "base/status.h"
#include "report/histogram.h"

typedef struct tensorboard tensorboard;

/// Makes the file's name and its times; fixed ones in tests.
typedef struct tensorboard_def {
  const char *folder;  // made by the caller
  double wall_time;    // seconds since 1970; below 0: now, and at each event anew
  const char *host;    // NULL: this machine's name
  int64_t process;     // below 0: this process
  int32_t serial;      // the n-th file that this process opens; below 0: counted here
  bool in_memory;      // records wait until a flush, and the file is closed between: for a thousand
                       // writers at once
} tensorboard_def;

/// One measured number; its name is its tag ("train/loss").
typedef struct run_value {
  const char *name;
  double value;
} run_value;

typedef enum tensorboard_kind {
  TENSORBOARD_STRING = 1,
  TENSORBOARD_BOOL = 2,
  TENSORBOARD_NUMBER = 3
} tensorboard_kind;

/// One hyperparameter of a run (HParams tab).
typedef struct tensorboard_hparam {
  const char *name;
  tensorboard_kind kind;
  const char *text;  // TENSORBOARD_STRING
  double number;     // otherwise; a bool is number != 0
} tensorboard_hparam;

typedef enum tensorboard_end {
  TENSORBOARD_END_OK = 1,
  TENSORBOARD_END_FAILED = 2,
} tensorboard_end;

/// Start `events.out.tfevents.<time>.<host>.<pid>.<serial>` with the version record.
/// Errors: IO (with the path; an existing file is never appended to).
throng_status tensorboard_open(const tensorboard_def *def, tensorboard **out);
/// One scalar of one step. NaN and infinities are written as they are.
throng_status tensorboard_scalar(tensorboard *board, int64_t step, const char *tag, double value);
/// Several of one step, as one record.
throng_status tensorboard_scalars(tensorboard *board, int64_t step, const run_value *value,
                                  int64_t n);
/// A histogram of one step; nothing where it is empty.
throng_status tensorboard_histogram(tensorboard *board, int64_t step, const char *tag,
                                    const histogram *h);
/// Charts of the Custom Scalars tab: those of one `category` stand together, in the order of the
/// list. A chart has a line for each tag that matches one of its expressions (as of Python's re).
enum { TENSORBOARD_CHART_TAGS = 4 };
typedef struct tensorboard_chart {
  const char *category, *title;
  const char *tag[TENSORBOARD_CHART_TAGS];  // ended by NULL where fewer
} tensorboard_chart;
throng_status tensorboard_layout(tensorboard *board, const tensorboard_chart *chart, int n);
/// Everything written earlier for steps >= `step` is void: a resumed run begins with this.
throng_status tensorboard_restart(tensorboard *board, int64_t step);
/// A run's hyperparameters, and its end. `group` may be NULL: the run is its own group.
throng_status tensorboard_session_start(tensorboard *board, const char *group,
                                        const tensorboard_hparam *hparam, int64_t n);
throng_status tensorboard_session_end(tensorboard *board, tensorboard_end end);
/// What a sweep's root run declares: which hyperparameters vary and which tags are metrics.
throng_status tensorboard_experiment(tensorboard *board, const char *name,
                                     const tensorboard_hparam *hparam, int64_t n_hparam,
                                     const char *const *metric, int64_t n_metric);
/// Records reach the file when the buffer is full, here, and at close.
throng_status tensorboard_flush(tensorboard *board);
/// Flush and close. NULL is allowed. The status is the last chance to learn of a full disk.
throng_status tensorboard_close(tensorboard *board);
const char *tensorboard_path(const tensorboard *board);

#endif
