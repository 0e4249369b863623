/// A trained run opened to be used: from the folder that training left to an agent that acts.
#ifndef THRONG_TRAINED_H
#define THRONG_TRAINED_H

#include "agent.h"
#include "base.h"
#include "config.h"
#include "evaluate.h"
#include "sim.h"
#include "train.h"
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
/// The run's configuration with the overrides; world.file, and sta.file where the rule asks it, as
/// they were found. It ends with the trained run: not to be closed.
THRONG_API throng_config *throng_trained_config(throng_trained *trained);

/// What was opened. Texts live as long as the trained run.
typedef struct throng_trained_info {
  const char *folder;      ///< of the run
  const char *checkpoint;  ///< the file that was opened
  const char *title;       ///< of the algorithm: "DQN"
  const char *score;       ///< what throng_population_recommend gives: "Q", "log-probability"
  int64_t user_steps;      ///< that training had come to, over all agents; -1: not said
  int32_t agent, n_agent;  ///< which of how many in the checkpoint
  bool same_world;         ///< false: another one than it was trained in
} throng_trained_info;
/// What was opened, told.
THRONG_API throng_trained_info throng_trained_get_info(const throng_trained *trained);

/// Judge agent number `agent` of the run, or all of them (-1), by what judged them in training: in
/// sessions of section sim and train.evaluation of the configuration, with the yardsticks beside
/// them where train.yardsticks says so. Whatever is as in training gives the figures of the run's
/// last evaluation. `out->agent` is the mean over those that neither stopped nor diverged (where
/// all did, over all); user_steps and seconds in it are 0. `each` and `against` (1, or all agents)
/// may be NULL: the agents' own. Which agent `trained` acts with stays. Yardsticks that were played
/// before are taken from WORLD.yardsticks, and kept there. Errors: ARGUMENT (no such agent), as
/// throng_sim_create, CANCELLED, MEMORY, BACKEND.
THRONG_API throng_status throng_trained_evaluate(throng_trained *trained, int32_t agent,
                                                 const throng_progress *progress,
                                                 throng_train_report *out, throng_metrics *each,
                                                 throng_comparison *against);

#ifdef __cplusplus
}
#endif
#endif
