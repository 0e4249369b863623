/// Does a run fit the device's memory? Asked before what leads up to it, a fit of f_sta, takes its
/// minutes; throng_train() asks too.
#ifndef THRONG_TRAIN_TRAIN_MEMORY_H
#define THRONG_TRAIN_TRAIN_MEMORY_H

#include "throng/train.h"

/// `sta`: the weights where they are there already; else the shape in which they will be fitted, or
/// NULL where the rule asks none. Nothing is taken on the device. Errors: MEMORY with the sizes,
/// and whatever is wrong with a def.
throng_status train_check_memory(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sta_def *shape,
                                 const throng_sim_def *sim, const throng_agent_def *agent,
                                 const throng_train_def *def);

#endif
