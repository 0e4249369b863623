/// The temporal-difference error of (double) DQN (Mnih et al. 2015; van Hasselt et al. 2016) and
/// its gradient with respect to query and item vector.
#ifndef THRONG_KERNELS_AGENT_DQN_LOSS_H
#define THRONG_KERNELS_AGENT_DQN_LOSS_H

#include "kernels/agent/clock.h"
#include "kernels/base/elementwise.h"

enum { LOSS_HUBER = 0, LOSS_MSE };  // same numbers as throng_loss

/// Which way agents value states, as row_is_idle counts their batches: by a soft maximum where they
/// have a temperature; else next states by the item that their online network would show (double)
/// or the target network's best (single), and the states of gaps by its best. Row: an agent.
typedef struct td_sides_args {
  const int32_t *rows;                               // (n_agent) of the update
  const int64_t *double_dqn;                         // (n_agent) NULL: none is
  const float *temperature;                          // (n_agent)
  int32_t *by_online, *by_best, *by_soft, *by_hard;  // (n_agent)
} td_sides_args;

THRONG_ROW void td_sides_row(const td_sides_args *a, int64_t row) {
  const int soft = a->temperature[row] > 0.0f, doubles = a->double_dqn && a->double_dqn[row];
  a->by_online[row] = doubles && !soft ? a->rows[row] : 0;
  a->by_best[row] = doubles || soft ? 0 : a->rows[row];
  a->by_soft[row] = soft ? a->rows[row] : 0;
  a->by_hard[row] = soft ? 0 : a->rows[row];
}

/// Numbers over each agent's temperature. Row: (agent, row).
typedef struct temper_args {
  const float *from;         // (n_agent, rows, width)
  float *to;                 // (n_agent, rows, width)
  const float *temperature;  // (n_agent) where 0, nothing is done
  const int32_t *used;       // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
} temper_args;

THRONG_ROW void temper_row(const temper_args *a, int64_t row) {
  const float temperature = a->temperature[row / a->rows];
  if (row_is_idle(a->used, a->rows, row) || !(temperature > 0.0f)) return;
  const float *THRONG_RESTRICT from = a->from + row * a->width;
  float *THRONG_RESTRICT to = a->to + row * a->width;
  for (int32_t i = 0; i < a->width; ++i) to[i] = from[i] / temperature;
}

/// What Munchausen DQN (Vieillard et al., NeurIPS 2020) makes of the softmax of Q / t: what a state
/// is worth, t log sum exp(Q / t) = sum pi (Q - t log pi), without the state's own value; and t log
/// pi of the shown item, 0 at most and -1 at least. Row: (agent, place in the batch).
typedef struct soft_value_args {
  const float *total;        // (n_agent, batch) log sum exp(Q / t)
  const float *log_prob;     // (n_agent, batch) log pi of the shown item
  const float *temperature;  // (n_agent) t
  float *value, *gap;        // (n_agent, batch) either NULL: not wanted
  const int32_t *used;       // (n_agent) of its batch, or NULL, see row_is_idle
  int64_t batch;
} soft_value_args;

THRONG_ROW void soft_value_row(const soft_value_args *a, int64_t row) {
  if (row_is_idle(a->used, a->batch, row)) return;
  const float temperature = a->temperature[row / a->batch];
  if (a->value) a->value[row] = temperature * a->total[row];
  if (!a->gap) return;
  float gap = temperature * a->log_prob[row];
  if (gap > 0.0f) gap = 0.0f;
  if (gap < -1.0f) gap = -1.0f;
  a->gap[row] = gap;
}

/// What the shown item lacks to its state's best one by the target, 0 at most and -1 at least, into
/// `gap`, which holds the best one's score; the state's own value cancels. Row: (agent, place in
/// the batch).
typedef struct action_gap_args {
  const float *query, *vector;  // (n_agent, batch, width) of state and action, by the target
  const float *bias;            // (n_agent, batch)
  float *gap;                   // (n_agent, batch)
  const int32_t *used;          // (n_agent) of its batch, or NULL, see row_is_idle
  int64_t batch;
  int32_t width;
} action_gap_args;

THRONG_ROW void action_gap_row(const action_gap_args *a, int64_t row) {
  if (row_is_idle(a->used, a->batch, row)) return;
  const int64_t at = row * a->width;
  const float shown = dot_product(a->query + at, a->vector + at, a->width) + a->bias[row];
  float gap = shown - a->gap[row];
  if (gap > 0.0f) gap = 0.0f;  // rounded otherwise in the search
  if (gap < -1.0f) gap = -1.0f;
  a->gap[row] = gap;
}

/// Q(s, a) = query . vector + bias + value. Rows that do not count get gradients of 0. Row: (agent,
/// place in the batch).
typedef struct td_error_args {
  const float *query, *vector;            // (n_agent, batch, width) of state and action
  const float *bias, *value;              // (n_agent, batch)
  const float *next_query, *next_vector;  // double: of the next state and its best item
  const float *next_bias;
  // Single: (n_agent, batch) max over items of query . vector + bias; tempered: the soft one.
  const float *next_best;
  const float *next_value;  // (n_agent, batch) target network
  const float *reward, *discount;
  const float *gap;           // (n_agent, batch) see action_gap_row
  const float *action_gap;    // (n_agent) share of it in the target; NULL: none has any
  float *q, *loss;            // (n_agent, batch)
  float *delta;               // (n_agent, batch) gradient of the mean loss with respect to Q
  float *d_query;             // (n_agent, batch, width)
  float *d_vector;            // (n_agent, batch, width)
  const int64_t *double_dqn;  // (n_agent) NULL: none is
  const float *temperature;   // (n_agent) above 0: not double whatever else it says; NULL: none
  const int64_t *loss_kind;   // (n_agent) throng_loss; NULL: squared errors
  const float *huber_delta;   // (n_agent) with loss_kind
  const int32_t *used;        // (n_agent) of its batch, or NULL, see row_is_idle
  int64_t batch;
  int32_t width;
} td_error_args;

THRONG_ROW void td_error_row(const td_error_args *a, int64_t row) {
  int64_t agent = row / a->batch, at = row * a->width;
  if (row_is_idle(a->used, a->batch, row)) {
    a->delta[row] = 0.0f;
    for (int32_t i = 0; i < a->width; ++i) a->d_query[at + i] = a->d_vector[at + i] = 0.0f;
    return;
  }
  float q = dot_product(a->query + at, a->vector + at, a->width) + a->bias[row] + a->value[row];
  // A discount of 0 must hide whatever the next state's value is, and that there may be none.
  float target = a->reward[row];
  if (a->discount[row] > 0.0f) {
    const int soft = a->temperature && a->temperature[agent] > 0.0f;
    float next =
        a->double_dqn && a->double_dqn[agent] && !soft
            ? dot_product(a->next_query + at, a->next_vector + at, a->width) + a->next_bias[row]
            : a->next_best[row];
    target += a->discount[row] * (next + a->next_value[row]);
  }
  if (a->action_gap && a->action_gap[agent] > 0.0f) target += a->action_gap[agent] * a->gap[row];
  float error = q - target, size = fabsf(error), slope;
  if (a->loss_kind && a->loss_kind[agent] == LOSS_HUBER) {
    const float most = a->huber_delta[agent];
    a->loss[row] = size < most ? 0.5f * error * error : most * (size - 0.5f * most);
    slope = size < most ? error : (error < 0.0f ? -most : most);
    if (!(size >= 0.0f)) slope = error;  // NaN: the gradient is to be NaN too, not +-delta
  } else {
    a->loss[row] = error * error;
    slope = 2.0f * error;
  }
  float delta = slope / (float)(a->used ? a->used[agent] : a->batch);
  a->q[row] = q;
  a->delta[row] = delta;
  for (int32_t i = 0; i < a->width; ++i) {
    a->d_query[at + i] = delta * a->vector[at + i];
    a->d_vector[at + i] = delta * a->query[at + i];
  }
}

/// The value that learning starts from: the exploring policy's, r / (1 - gamma (1 - p)), p the
/// share of steps after which the user left, times reward_scale. Without it hundreds of updates go
/// into a constant. For agents before their first update. Row: an agent.
typedef struct value_start_args {
  agent_clocks clock;
  const float *reward, *left;  // (n_agent, agent_lanes) means, see log_sum
  const float *gamma;          // (n_agent)
  const float *reward_scale;   // (n_agent)
  const int64_t *fold_leave;   // (n_agent)
  float stay;                  // what is folded, see log_stay
  float *bias;                 // (n_agent, width): every one is set
  int32_t *first;              // (n_agent) 1 where it was
  int32_t *stale, *own_stale;  // (n_agent) 1 where tables of the weights, the target, will be
  int64_t agent_lanes, width;
} value_start_args;

THRONG_ROW void value_start_row(const value_start_args *a, int64_t row) {
  a->first[row] = a->clock.learns[row] && a->clock.updates[row] == 0;
  if (!a->first[row]) return;
  a->stale[row] = a->own_stale[row] = 1;
  float reward = 0, left = 0;
  for (int64_t l = 0; l < a->agent_lanes; ++l) {
    reward += a->reward[row * a->agent_lanes + l];
    left += a->left[row * a->agent_lanes + l];
  }
  const float gamma = a->gamma[row] * (a->fold_leave[row] ? a->stay : 1.0f);
  float fall = 1.0f - gamma * (1.0f - left / (float)a->agent_lanes);
  if (fall < 0.01f) fall = 0.01f;
  for (int64_t i = 0; i < a->width; ++i)
    a->bias[row * a->width + i] = reward / (float)a->agent_lanes / fall * a->reward_scale[row];
}

/// Whose target network is copied now: `target_every` user-steps of the agent's own after the last
/// time, where it is copied whole. Row: an agent.
typedef struct target_due_args {
  agent_clocks clock;
  const int64_t *target_every;  // (n_agent)
  const float *tau;             // (n_agent) below 1: it follows with every update
  int32_t *due;                 // (n_agent)
  int32_t *stale;               // (n_agent) 1 where the target's tables will be of before
  int64_t agent_lanes;
} target_due_args;

THRONG_ROW void target_due_row(const target_due_args *a, int64_t row) {
  const int64_t steps = a->clock.steps[row] * a->agent_lanes;
  a->due[row] = a->tau[row] >= 1.0f && a->clock.state[row] == AGENT_LEARNING &&
                steps - a->clock.mark[row] >= a->target_every[row];
  if (!a->due[row]) return;
  a->clock.mark[row] = steps;
  a->stale[row] = 1;
}

#endif
