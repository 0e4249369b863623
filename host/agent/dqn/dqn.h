/// (Double) deep Q-learning: Mnih et al. 2015, van Hasselt et al. 2016. Its arrays, for its own
/// files and tests.
#ifndef THRONG_AGENT_DQN_H
#define THRONG_AGENT_DQN_H

#include "agent/network/softmax.h"
#include "agent/optimizer.h"
#include "agent/population.h"

/// A batch of transitions and what an update makes of it: (n_agent, batch) each.
typedef struct dqn {
  parameter_set target;        // nothing where the weights are their own, see dqn_target
  catalogue target_catalogue;  // once there is an agent that is not double
  optimizer optimizer;
  network_scratch scratch;
  replay_batch batch;
  int32_t *by_online, *by_best, *by_soft, *by_hard;  // (n_agent) see td_sides
  float *best_value, *online_value;   // of the next state: the target's, the online network's
  int32_t *best_item, *online_item;   // which are those of
  int64_t *packed;                    // see catalogue_best
  network_items action, next_online;  // the items shown, and the online network's best
  float *q, *loss, *delta;
  float *gap;                      // of the shown item to its state's best, see action_gap_row
  float *d_query, *d_vector;       // (n_agent, batch, width)
  float *lane_reward, *lane_left;  // (n_lane) for the value that learning starts from
  int32_t *which;                  // (n_agent) agents whose target is copied
  // Once there is an agent with a temperature: scores over it, and what their softmax comes to.
  softmax_scores soft;
  float *soft_query, *soft_bias;  // (n_agent, batch, width), (n_agent, n_item)
} dqn;

static inline dqn *dqn_of(const throng_population *a) { return a->own; }

/// The weights that targets are made by.
static inline const parameter_set *dqn_target(const throng_population *a) {
  return a->def.target_network ? &dqn_of(a)->target : &a->weight;
}

/// Loss and gradients of the batch whose states, actions, rewards and discounts are in place.
throng_status dqn_gradients(throng_population *a);
/// One Adam step on the gradients, then the soft target update where tau < 1.
throng_status dqn_apply(throng_population *a);
/// Draw, gradients, apply: nothing that a graph could not record.
throng_status dqn_update(throng_population *a);
/// target = weights, of every agent.
throng_status dqn_copy_target(throng_population *a);

#endif
