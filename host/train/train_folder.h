/// A training run in a folder that the caller has locked already, since it made files there.
#ifndef THRONG_TRAIN_TRAIN_FOLDER_H
#define THRONG_TRAIN_TRAIN_FOLDER_H

#include "report/run_folder.h"
#include "train/train_result.h"
#include "train/train_watch.h"

/// throng_train, with `*folder` locked (NULL: it is locked here). It is closed here and `*folder`
/// becomes NULL, unless the run is refused before it begins. `result` is freed with
/// train_result_free, after errors too. `watch` hears of yardsticks and evaluations; NULL: nobody
/// does.
throng_status train_in_folder(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sim_def *sim,
                              const throng_agent_def *agent, const throng_train_def *def,
                              run_folder **folder, const throng_progress *progress,
                              const train_watch *watch, train_result *result);

#endif
