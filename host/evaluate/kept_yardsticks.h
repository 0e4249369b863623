/// What yardsticks came to, kept in files beside the world: they play alike in every run, until
/// something that their answers depend on is another. A file is of one yardstick and says what it
/// was made with; only a file that says the very same is taken.
///
///   WORLD.yardsticks/random-0123456789abcdef.tensors
#ifndef THRONG_EVALUATE_KEPT_YARDSTICKS_H
#define THRONG_EVALUATE_KEPT_YARDSTICKS_H

#include "evaluate/evaluator.h"

/// All that the yardstick's figures depend on, as one line: the lanes' options, world, weights and
/// models (sim_identity), those of the evaluation, the arithmetic, the backend, the version. Caller
/// frees. Errors: MEMORY, BACKEND.
throng_status kept_yardstick_recipe(const evaluator *e, throng_yardstick yardstick, char **out);
/// Take what was kept of it: `metrics` and the return of each of the evaluator's sessions,
/// `returns` (evaluator_episodes), bit for bit what playing would give. `*found` is false where
/// there is no such file, or none that can be read and is whole. Errors: MEMORY, BACKEND.
throng_status kept_yardstick_find(const evaluator *e, throng_yardstick yardstick,
                                  throng_metrics *metrics, double *returns, bool *found);
/// Keep what it has just played. The file is renamed into place. Where the world was read from no
/// file there is no place for it, and nothing happens. Errors: MEMORY, BACKEND; IO (the folder
/// cannot be written), which a run may pass over.
throng_status kept_yardstick_save(const evaluator *e, throng_yardstick yardstick,
                                  const throng_metrics *metrics, const double *returns);
/// "WORLD.yardsticks", or "" where the world was read from no file.
enum { KEPT_PATH_SIZE = 4352 };
void kept_yardstick_folder(const evaluator *e, char path[KEPT_PATH_SIZE]);

#endif
