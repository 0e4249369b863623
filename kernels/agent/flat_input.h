/// The flat network's input layer (the paper's DQN): one slot an item, +1 liked, -1 disliked, 0
/// unseen; computed as a sum over the history's items and never as a dense row.
#ifndef THRONG_KERNELS_AGENT_FLAT_INPUT_H
#define THRONG_KERNELS_AGENT_FLAT_INPUT_H

#include "kernels/agent/replay.h"
#include "kernels/base/elementwise.h"

/// The slots that are not 0: an item's newest answer counts, older ones get item -1. Row: (agent,
/// row).
typedef struct flat_slots_args {
  state_view state;
  int32_t *item;        // (n_agent, rows, capacity)
  float *sign;          // (n_agent, rows, capacity)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
} flat_slots_args;

THRONG_ROW void flat_slots_row(const flat_slots_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  int32_t capacity = a->state.capacity, length = a->state.length[row];
  const uint32_t *entry = a->state.entry + row * capacity;
  int32_t *item = a->item + row * capacity;
  float *sign = a->sign + row * capacity;
  for (int32_t k = 0; k < capacity; ++k) {
    item[k] = k < length ? history_item(entry[k]) : -1;
    sign[k] = k < length ? (history_like(entry[k]) ? 1.0f : -1.0f) : 0.0f;
  }
  for (int32_t k = 0; k < length; ++k) {
    int32_t again = 0;  // without a way out of the loop it runs in vectors
    for (int32_t later = k + 1; later < length; ++later)
      again |= history_item(entry[later]) == history_item(entry[k]);
    if (!again) continue;
    item[k] = -1;
    sign[k] = 0.0f;
  }
}

/// hidden = activation(hidden + bias + sum of sign * weight[item]); or, of its derivative, what
/// `active` lets through. Row: (agent, row).
typedef struct flat_input_args {
  const int32_t *item;  // (n_agent, rows, capacity)
  const float *sign;
  const float *weight;  // (n_agent, n_item, width)
  const float *bias;    // (n_agent, width)
  float *hidden;        // (n_agent, rows, width) holds the user's part
  const float
      *active;  // (n_agent, rows, width) or NULL: the activation's output, for its derivative
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows, n_item;
  int32_t capacity, width, activation;
} flat_input_args;

THRONG_ROW void flat_input_row(const flat_input_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  int64_t agent = row / a->rows;
  float *THRONG_RESTRICT hidden = a->hidden + row * a->width;
  const float *THRONG_RESTRICT bias = a->bias + agent * a->width;
  for (int32_t i = 0; i < a->width; ++i) hidden[i] += bias[i];
  for (int32_t k = 0; k < a->capacity; ++k) {
    int32_t item = a->item[row * a->capacity + k];
    if (item < 0) continue;
    float sign = a->sign[row * a->capacity + k];
    const float *THRONG_RESTRICT weight = a->weight + (agent * a->n_item + item) * a->width;
    for (int32_t i = 0; i < a->width; ++i) hidden[i] += sign * weight[i];
  }
  if (a->active)
    activation_slope(a->activation, hidden, a->active + row * a->width, a->width);
  else
    activate(a->activation, hidden, a->width);
}

#endif
