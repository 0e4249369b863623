/// A training run from a world to a folder of metrics and checkpoints.
#ifndef THRONG_TRAIN_H
#define THRONG_TRAIN_H

#include "agent.h"
#include "base.h"
#include "evaluate.h"
#include "sim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_train_def {
  int64_t steps;             ///< 2,000,000 user-steps
  int64_t evaluate_every;    ///< 100,000 user-steps
  int64_t checkpoint_every;  ///< 500,000 user-steps
  throng_evaluation_def evaluation;
  bool yardsticks;          ///< true: evaluate random, popular, most-similar and oracle too
  bool resume;              ///< go on from the folder's last good checkpoint
  const char *out;          ///< run folder; made where missing
  const char *config_json;  ///< resolved config to write beside the results; may be NULL
  int32_t cookie;
} throng_train_def;

/// Room for yardsticks in a report: a number of its own, so that a new yardstick moves no member of
/// a struct that programs were built with.
#define THRONG_YARDSTICKS_MOST 16

typedef struct throng_train_report {
  int64_t user_steps;
  double seconds;  ///< training alone
  double user_steps_per_second;
  /// The last evaluation: the mean over the agents that still learn.
  throng_metrics agent;
  /// By throng_yardstick; filled where evaluated (episodes > 0).
  throng_metrics yardstick[THRONG_YARDSTICKS_MOST];
} throng_train_report;

THRONG_API throng_train_def throng_default_train_def(void);

/// Train and write config.json, metrics.jsonl, TensorBoard events, checkpoints, summary.json.
/// Errors: ARGUMENT, MEMORY; IO (another process is writing into the folder, too); DATA (with
/// `resume`: checkpoints of another agent or simulator, or none that is whole); DIVERGED;
/// CANCELLED once the progress asked to stop, with the checkpoint that was saved.
THRONG_API throng_status throng_train(throng_backend *backend, const throng_world *world,
                                      const throng_sta *sta, const throng_sim_def *sim,
                                      const throng_agent_def *agent, const throng_train_def *def,
                                      const throng_progress *progress, throng_train_report *report);

#ifdef __cplusplus
}
#endif
#endif
