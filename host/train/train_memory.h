/// Can a run be made, and does it fit the device's memory? Asked before what leads up to it, a fit
/// of f_sta, takes its minutes; throng_train() asks too.
#ifndef THRONG_TRAIN_TRAIN_MEMORY_H
#define THRONG_TRAIN_TRAIN_MEMORY_H

#include "throng/train.h"

/// `sta`: the weights where they are there already; else the shape in which they will be fitted, or
/// NULL where the rule asks none. Nothing is taken on the device. Errors: MEMORY with the sizes,
/// and whatever is wrong with a def.
throng_status train_check(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                          const throng_sta_def *shape, const throng_sim_def *sim,
                          const throng_agent_def *agent, const throng_train_def *def);
/// The same on a device. Where memory is the host's nothing is made, and `def` alone checked.
throng_status train_check_memory(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sta_def *shape,
                                 const throng_sim_def *sim, const throng_agent_def *agent,
                                 const throng_train_def *def);

/// What agents take of a backend's memory, and how many fit.
typedef struct train_room {
  double agent_bytes;   // a further agent, with its lanes of training and of evaluation
  double shared_bytes;  // whatever their number: the world, yardsticks
  double free_bytes;    // free now, with some left for others (memory_plan_free)
  int64_t most;         // agents that fit; 0: none
} train_room;

/// `agent_bytes` and `shared_bytes` alone, which are known sooner.
throng_status train_find_bytes(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_sim_def *sim,
                               const throng_agent_def *agent, const throng_train_def *def,
                               train_room *out);
/// By running the code that makes a session on a backend that only counts. `sim.lanes` are one
/// agent's; agent.count is not looked at. Errors: whatever is wrong with a Def, MEMORY, BACKEND.
throng_status train_find_room(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sta_def *shape,
                              const throng_sim_def *sim, const throng_agent_def *agent,
                              const throng_train_def *def, train_room *out);

/// A count of agents that is "auto" (0) becomes the most that fit, and sim.lanes theirs together.
/// `shape` as in train_check_memory. Errors: MEMORY (not one fits); as train_find_room.
throng_status train_settle_count(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sta_def *shape,
                                 throng_sim_def *sim, throng_agent_def *agent,
                                 const throng_train_def *def);
/// Where there are several agents, a note says what one takes and how many would fit.
throng_status train_tell_room(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sim_def *sim,
                              const throng_agent_def *agent, const throng_train_def *def,
                              const throng_progress *progress);

#endif
