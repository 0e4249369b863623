/// What a simulator would take, for those who make none.
#ifndef THRONG_SIM_SIM_MEMORY_H
#define THRONG_SIM_SIM_MEMORY_H

#include "throng/sim.h"

/// Bytes of one lane's arrays in a simulator of this Def on this world, which is not made; `sta`
/// NULL: without f_sta. Errors: MEMORY.
throng_status sim_lane_bytes(const throng_sim_def *def, const throng_world *world,
                             const throng_sta_def *sta, int64_t *out);

#endif
