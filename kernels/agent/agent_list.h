/// Kernels of the agents: acting, replay, networks, DQN, Adam.
#ifndef THRONG_KERNELS_AGENT_LIST_H
#define THRONG_KERNELS_AGENT_LIST_H

#include "kernels/agent/agent_act.h"
#include "kernels/agent/agent_features.h"
#include "kernels/agent/clock.h"
#include "kernels/agent/dqn_loss.h"
#include "kernels/agent/flat_input.h"
#include "kernels/agent/layer_norm.h"
#include "kernels/agent/optimizer.h"
#include "kernels/agent/policy_gradient.h"
#include "kernels/agent/replay.h"
#include "kernels/agent/softmax.h"
#include "kernels/agent/softmax_products.h"
#include "kernels/agent/trust_region.h"
#include "kernels/agent/user_features.h"
#include "kernels/agent/weight_start.h"

#define AGENT_ROW_KERNELS(X) \
  X(weight_start, 2048)      \
  X(lane_state, 64)          \
  X(agent_tick, 1024)        \
  X(agent_due, 1024)         \
  X(agent_judge, 1024)       \
  X(scrub, 16)               \
  X(log_before, 1024)        \
  X(log_after, 1024)         \
  X(replay_sample, 512)      \
  X(replay_gather, 64)       \
  X(log_sum, 64)             \
  X(catalogue_due, 1024)     \
  X(state_features, 16)      \
  X(user_features, 64)       \
  X(item_finish, 256)        \
  X(state_value, 128)        \
  X(flat_slots, 32)          \
  X(flat_input, 32)          \
  X(layer_norm, 32)          \
  X(layer_norm_sums, 1)      \
  X(layer_norm_slope, 32)    \
  X(best_reset, 1024)        \
  X(best_fold, 16)           \
  X(best_search, 1)          \
  X(choose, 256)             \
  X(softmax_reset, 1024)     \
  X(tile_mask, 16)           \
  X(softmax_fold, 16)        \
  X(softmax_search, 1)       \
  X(softmax_finish, 64)      \
  X(softmax_slope, 16)       \
  X(tile_turn, 16)           \
  X(tile_scores, 2)          \
  X(softmax_exponentials, 1) \
  X(softmax_weigh, 1)        \
  X(softmax_to_query, 1)     \
  X(softmax_to_items, 2)     \
  X(rollout_begin, 64)       \
  X(rollout_next, 64)        \
  X(rollout_log, 256)        \
  X(rollout_gather, 64)      \
  X(rollout_ends, 64)        \
  X(rollout_after, 256)      \
  X(advantage, 16)           \
  X(rollout_judge, 1)        \
  X(batch_sum, 1)            \
  X(policy_loss, 256)        \
  X(policy_judge, 64)        \
  X(softmax_mean, 16)        \
  X(fisher_slope, 16)        \
  X(vector_mix, 16)          \
  X(vector_dot, 16)          \
  X(conjugate_start, 64)     \
  X(conjugate_alpha, 64)     \
  X(conjugate_beta, 64)      \
  X(trust_length, 64)        \
  X(trust_sum, 1)            \
  X(trust_begin, 1)          \
  X(trust_place, 256)        \
  X(trust_judge, 64)         \
  X(trust_revert, 64)        \
  X(trust_moved, 64)         \
  X(trust_finish, 64)        \
  X(critic_loss, 256)        \
  X(critic_judge, 64)        \
  X(td_sides, 1024)          \
  X(temper, 512)             \
  X(soft_value, 512)         \
  X(action_gap, 256)         \
  X(td_error, 128)           \
  X(batch_mean, 1)           \
  X(value_start, 1)          \
  X(target_due, 1024)        \
  X(square_sum, 16)          \
  X(adam_scale, 1)           \
  X(adam, 16)                \
  X(agent_copy, 16)

#define AGENT_SPAN_KERNELS(X) X(rollout_place, 64)
#define AGENT_KERNELS(X) AGENT_ROW_KERNELS(X) AGENT_SPAN_KERNELS(X)

#endif
