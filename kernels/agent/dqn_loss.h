/// The temporal-difference error of (double) DQN (Mnih et al. 2015; van Hasselt et al. 2016) and
/// its gradient with respect to query and item vector.
#ifndef THRONG_KERNELS_AGENT_DQN_LOSS_H
#define THRONG_KERNELS_AGENT_DQN_LOSS_H

#include "kernels/base/portable.h"

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
    if (!(size >= 0.0f)) slope = error;  // NaN must show
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

/// Mean loss and Q of the batch, added to the running sums. Row: an agent.
typedef struct batch_mean_args {
  const float *loss, *q;    // (n_agent, batch)
  float *batch_loss;        // (n_agent) of this update
  float *loss_sum, *q_sum;  // (n_agent) since the statistics were last read
  int64_t batch;
} batch_mean_args;

THRONG_ROW void batch_mean_row(const batch_mean_args *a, int64_t row) {
  float loss = 0, q = 0;
  for (int64_t j = 0; j < a->batch; ++j) {
    loss += a->loss[row * a->batch + j];
    q += a->q[row * a->batch + j];
  }
  a->batch_loss[row] = loss / (float)a->batch;
  a->loss_sum[row] += loss / (float)a->batch;
  a->q_sum[row] += q / (float)a->batch;
}

/// Gradient into the last hidden layer from the state's value: d += delta * weight. Row: (agent,
/// place).
typedef struct add_outer_args {
  const float *delta;   // (n_agent, rows)
  const float *weight;  // (n_agent, width)
  float *d;             // (n_agent, rows, width)
  int64_t rows;
  int32_t width;
} add_outer_args;

THRONG_ROW void add_outer_row(const add_outer_args *a, int64_t row) {
  float *THRONG_RESTRICT d = a->d + row * a->width;
  const float *THRONG_RESTRICT weight = a->weight + row / a->rows * a->width;
  float delta = a->delta[row];
  for (int32_t i = 0; i < a->width; ++i) d[i] += delta * weight[i];
}

/// The value that learning starts from: the exploring policy's, r / (1 - gamma (1 - p)), p the
/// share of steps after which the user left. Without it hundreds of updates go into a constant.
/// Row: an agent.
typedef struct value_start_args {
  const float *reward, *left;  // (n_agent, lanes) means
  const float *gamma;          // (n_agent)
  float *bias;                 // (n_agent, width): every one is set
  int64_t lanes, width;
} value_start_args;

THRONG_ROW void value_start_row(const value_start_args *a, int64_t row) {
  float reward = 0, left = 0;
  for (int64_t l = 0; l < a->lanes; ++l) {
    reward += a->reward[row * a->lanes + l];
    left += a->left[row * a->lanes + l];
  }
  float fall = 1.0f - a->gamma[row] * (1.0f - left / (float)a->lanes);
  if (fall < 0.01f) fall = 0.01f;
  for (int64_t i = 0; i < a->width; ++i)
    a->bias[row * a->width + i] = reward / (float)a->lanes / fall;
}

#endif
