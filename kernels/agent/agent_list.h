/// Kernels of the agents: acting, replay, DQN updates, Adam.
#ifndef THRONG_KERNELS_AGENT_LIST_H
#define THRONG_KERNELS_AGENT_LIST_H

#include "kernels/agent/agent_act.h"
#include "kernels/agent/agent_features.h"
#include "kernels/agent/dqn_flat.h"
#include "kernels/agent/dqn_loss.h"
#include "kernels/agent/optimizer.h"
#include "kernels/agent/replay.h"
#include "kernels/base/elementwise.h"

#define AGENT_KERNELS(X) \
  X(fill, 4096)          \
  X(add_bias, 128)       \
  X(relu_gradient, 128)  \
  X(column_sum, 8)       \
  X(gather, 128)         \
  X(scatter_sum, 256)    \
  X(lane_state, 64)      \
  X(agent_tick, 1)       \
  X(log_before, 1024)    \
  X(log_after, 1024)     \
  X(replay_sample, 512)  \
  X(replay_gather, 64)   \
  X(log_sum, 64)         \
  X(state_features, 16)  \
  X(item_finish, 256)    \
  X(state_value, 128)    \
  X(flat_slots, 32)      \
  X(flat_input, 32)      \
  X(agent_key, 4096)     \
  X(best_reset, 1024)    \
  X(best_fold, 16)       \
  X(best_search, 1)      \
  X(choose, 256)         \
  X(td_error, 128)       \
  X(batch_mean, 1)       \
  X(add_outer, 256)      \
  X(value_start, 1)      \
  X(square_sum, 16)      \
  X(adam_scale, 1)       \
  X(adam, 16)            \
  X(soft_update, 16)

#endif
