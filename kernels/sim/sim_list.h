/// Kernels of the simulator.
#ifndef THRONG_KERNELS_SIM_LIST_H
#define THRONG_KERNELS_SIM_LIST_H

#include "kernels/sim/pair_vote.h"
#include "kernels/sim/sim_ask.h"
#include "kernels/sim/sim_gather.h"
#include "kernels/sim/sim_preference.h"
#include "kernels/sim/sim_sta.h"
#include "kernels/vote/pair_table.h"

// clang-format off
#define SIM_ROW_KERNELS(X)    \
  X(pair_table_similarity, 1) \
  X(pair_table_match, 64)     \
  X(sim_begin, 64)            \
  X(sim_restart, 64)          \
  X(sim_action, 1024)         \
  X(sim_vote, 64)             \
  X(sim_sta_vote, 256)        \
  X(sim_preference, 256)      \
  X(sim_preference_mean, 16)  \
  X(sim_preference_final, 16) \
  X(sim_ask, 16)              \
  X(sim_users_ask, 16)        \
  X(sim_gather, 256)          \
  X(pair_vote, 16)
// clang-format on
/// See list.h.
#define SIM_SPAN_KERNELS(X) X(sim_sta_advance, 16) X(sim_respond, 1024) X(sim_transition, 256)
#define SIM_KERNELS(X) SIM_ROW_KERNELS(X) SIM_SPAN_KERNELS(X)

#endif
