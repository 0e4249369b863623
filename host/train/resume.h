/// Going on with a run that was stopped or killed: its newest checkpoint that is whole.
#ifndef THRONG_TRAIN_RESUME_H
#define THRONG_TRAIN_RESUME_H

#include "report/run_folder.h"
#include "throng/train.h"

/// Restore the session from the newest checkpoint that is a whole file; `*step` becomes its
/// user-steps, or -1 where the folder holds none and never did. Damaged ones are put aside once an
/// older one has been restored. One that is whole but belongs to other agents or another simulator
/// is an error, for training on would not be resuming; so is whatever else keeps one from being
/// read. `path` names the folder in messages, `arithmetic` is the backend's: where it differs a
/// note warns. Errors: DATA, IO. `*step` is set where it was restored though the rest failed.
throng_status resume_newest(run_folder *folder, const char *path, throng_session *session,
                            const char *arithmetic, const throng_progress *progress, int64_t *step);

#endif
