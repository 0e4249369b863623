/// A trained run opened to be used: from the folder that training left to an agent that acts.
#ifndef THRONG_TRAINED_H
#define THRONG_TRAINED_H

#include "agent.h"
#include "base.h"
#include "sim.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/// One agent of a run, with what it acts in. Threads: as its backend, from one at a time.
typedef struct throng_trained throng_trained;

/// Open the folder of a run (`throng train`, throng_train), or a checkpoint in one: the world, the
/// weights of f_sta where the votes' rule asks them, and agent number `agent` of the newest
/// checkpoint that is whole. `overrides` are "a.b=c" over the run's config, NULL-terminated, or
/// NULL; world.file and sta.file may name other files. A folder that was moved opens by what lies
/// in it. Nothing is written, and training may go on there. Errors: IO (no such folder, no
/// checkpoint yet), CONFIG (an override), DATA (damaged; a world that has changed since; items,
/// users or features that are not those of training), ARGUMENT (no such agent); as
/// throng_sim_create. `*out` is NULL then.
THRONG_API throng_status throng_trained_open(const char *run, const char *const *overrides,
                                             int32_t agent, const throng_progress *progress,
                                             throng_trained **out);
/// With all that it gave. NULL is allowed.
THRONG_API void throng_trained_close(throng_trained *trained);

/// The world.
THRONG_API const throng_world *throng_trained_world(const throng_trained *trained);
/// A population of one, agent 0: for throng_population_recommend, throng_population_act on any
/// simulator of this backend and world, and all that reads. It has no replay to learn from.
THRONG_API throng_population *throng_trained_population(throng_trained *trained);
/// A simulator of one lane, as the run's config has it.
THRONG_API throng_sim *throng_trained_sim(throng_trained *trained);
/// The backend.
THRONG_API throng_backend *throng_trained_backend(throng_trained *trained);
/// f_sta's weights; NULL where the rule asks none.
THRONG_API const throng_sta *throng_trained_sta(const throng_trained *trained);
/// The checkpoint's path.
THRONG_API const char *throng_trained_checkpoint(const throng_trained *trained);

#ifdef __cplusplus
}
#endif
#endif
