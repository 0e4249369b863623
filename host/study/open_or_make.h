/// What a training run needs before it starts: a world and f_sta's weights, opened where the
/// config names files, made in the run folder where it does not, and used again while unchanged. A
/// library room: it prints nothing, and whoever runs trainings (the program, a sweep, Python)
/// starts here.
#ifndef THRONG_STUDY_OPEN_OR_MAKE_H
#define THRONG_STUDY_OPEN_OR_MAKE_H

#include "config/config.h"
#include "report/run_folder.h"

typedef struct train_inputs {
  throng_world *world;
  throng_sta *sta;                      // NULL where the rule asks no statistical vote
  double prepare_seconds, fit_seconds;  // 0 where nothing had to be made
  bool going_on;                        // a run or a sweep of the folder is to be resumed
  run_folder *folder;                   // locked before anything in it was looked at
} train_inputs;

/// Put the variables into the paths that this run uses, and no others.
throng_status train_inputs_use(throng_config *config);
throng_status train_inputs_open(throng_config *config, throng_backend *backend,
                                const throng_progress *progress, train_inputs *out);
/// Removes the run folder too where this run made it and nothing was put into it.
void train_inputs_close(train_inputs *inputs);

#endif
