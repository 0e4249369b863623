/// The inside of throng_session, for the files of host/train: what throng_train needs beyond the
/// public calls. It knows no folder.
#ifndef THRONG_TRAIN_SESSION_H
#define THRONG_TRAIN_SESSION_H

#include "base/safetensors.h"
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
/// What tables call the agents: "DQN".
const char *session_agent_title(const throng_session *session);

#endif
