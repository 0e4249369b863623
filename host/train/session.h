/// The inside of throng_session, for the files of host/train: what throng_train needs beyond the
/// public calls. It knows no folder.
#ifndef THRONG_TRAIN_SESSION_H
#define THRONG_TRAIN_SESSION_H

#include "base/safetensors.h"
#include "evaluate/kept_yardsticks.h"
#include "throng/train.h"

/// throng_session_create without asking whether it fits, also on a backend that only counts
/// (base/memory_plan.h).
throng_status session_make(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_sim_def *sim,
                           const throng_agent_def *agent, const throng_train_def *def,
                           const throng_progress *progress, throng_session **out);

/// User-steps of all lanes since the run began: its clock.
int64_t session_user_steps(const throng_session *session);
/// The marks (throng_mark) that a step from `before` to `now` user-steps reaches or passes.
uint32_t session_marks(const throng_session *session, int64_t before, int64_t now);
/// throng_session_restore from a file that is open already.
throng_status session_restore_from(throng_session *session, const safetensors_file *file);
/// Is it one of the yardsticks that a run plays?
bool session_plays(const throng_session *session, throng_yardstick yardstick);
/// throng_session_evaluate_yardstick, taken from what an earlier run has kept beside the world
/// where all that it depends on is the same (`*kept`), else played and kept for the next run.
throng_status session_find_yardstick(throng_session *session, throng_yardstick yardstick,
                                     const throng_progress *progress, bool *kept);
/// The folder where they are kept, "" where there is none.
void session_yardstick_folder(const throng_session *session, char path[KEPT_PATH_SIZE]);
/// The lanes of the agents' evaluations, as they were played last.
const evaluator *session_evaluator(const throng_session *session);
/// Their evaluations count keywords (evaluator_hits) from now on.
void session_count_keywords(throng_session *session);
/// What tables call the agents: "DQN".
const char *session_agent_title(const throng_session *session);

#endif
