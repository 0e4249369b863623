/// The temporal-difference error of (double) DQN (Mnih et al. 2015; van Hasselt et al. 2016) and
/// its gradient with respect to query and item vector.
#ifndef THRONG_KERNELS_AGENT_DQN_LOSS_H
#define THRONG_KERNELS_AGENT_DQN_LOSS_H

#include "kernels/agent/clock.h"

/// Q(s, a) = query . vector + bias + value. Row: (agent, place in the batch).
typedef struct td_error_args {
  const float *query, *vector;            // (n_agent, batch, width) of state and action
  const float *bias, *value;              // (n_agent, batch)
  const float *next_query, *next_vector;  // of the next state and its best item; NULL: next_best
  const float *next_bias;
  const float *next_best;   // (n_agent, batch) max over items of query . vector + bias
  const float *next_value;  // (n_agent, batch) target network
  const float *reward, *discount;
  float *q, *loss;  // (n_agent, batch)
  float *delta;     // (n_agent, batch) gradient of the mean loss with respect to Q
  float *d_query;   // (n_agent, batch, width)
  float *d_vector;  // (n_agent, batch, width)
  int64_t batch;
  int32_t width;
  int32_t huber;  // else squared error
} td_error_args;

THRONG_ROW void td_error_row(const td_error_args *a, int64_t row) {
  int64_t at = row * a->width;
  float q = dot_product(a->query + at, a->vector + at, a->width) + a->bias[row] + a->value[row];
  float next = a->next_vector ? dot_product(a->next_query + at, a->next_vector + at, a->width) +
                                    a->next_bias[row]
                              : a->next_best[row];
  // A discount of 0 must hide whatever the next state's value is.
  float target = a->reward[row];
  if (a->discount[row] > 0.0f) target += a->discount[row] * (next + a->next_value[row]);
  float error = q - target, size = fabsf(error), slope;
  if (a->huber) {
    a->loss[row] = size < 1.0f ? 0.5f * error * error : size - 0.5f;
    slope = size < 1.0f ? error : (error < 0.0f ? -1.0f : 1.0f);
    if (!(size >= 0.0f)) slope = error;  // NaN: the gradient is to be NaN too, not +-1
  } else {
    a->loss[row] = error * error;
    slope = 2.0f * error;
  }
  float delta = slope / (float)a->batch;
  a->q[row] = q;
  a->delta[row] = delta;
  for (int32_t i = 0; i < a->width; ++i) {
    a->d_query[at + i] = delta * a->vector[at + i];
    a->d_vector[at + i] = delta * a->query[at + i];
  }
}

/// The value that learning starts from: the exploring policy's, r / (1 - gamma (1 - p)), p the
/// share of steps after which the user left. Without it hundreds of updates go into a constant.
/// For agents before their first update. Row: an agent.
typedef struct value_start_args {
  agent_clocks clock;
  const float *reward, *left;  // (n_agent, agent_lanes) means, see log_sum
  const float *gamma;          // (n_agent)
  float *bias;                 // (n_agent, width): every one is set
  int32_t *first;              // (n_agent) 1 where it was
  int64_t agent_lanes, width;
} value_start_args;

THRONG_ROW void value_start_row(const value_start_args *a, int64_t row) {
  a->first[row] = a->clock.learns[row] && a->clock.updates[row] == 0;
  if (!a->first[row]) return;
  float reward = 0, left = 0;
  for (int64_t l = 0; l < a->agent_lanes; ++l) {
    reward += a->reward[row * a->agent_lanes + l];
    left += a->left[row * a->agent_lanes + l];
  }
  float fall = 1.0f - a->gamma[row] * (1.0f - left / (float)a->agent_lanes);
  if (fall < 0.01f) fall = 0.01f;
  for (int64_t i = 0; i < a->width; ++i)
    a->bias[row * a->width + i] = reward / (float)a->agent_lanes / fall;
}

/// Whose target network is copied now: `target_every` user-steps of the agent's own after the last
/// time. Row: an agent.
typedef struct target_due_args {
  agent_clocks clock;
  const int64_t *target_every;  // (n_agent)
  int32_t *due;                 // (n_agent)
  int64_t agent_lanes;
} target_due_args;

THRONG_ROW void target_due_row(const target_due_args *a, int64_t row) {
  const int64_t steps = a->clock.steps[row] * a->agent_lanes;
  a->due[row] =
      a->clock.state[row] == AGENT_LEARNING && steps - a->clock.mark[row] >= a->target_every[row];
  if (a->due[row]) a->clock.mark[row] = steps;
}

#endif
