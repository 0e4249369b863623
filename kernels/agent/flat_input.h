/// The flat network's input layer (the paper's DQN): one slot an item, +1 liked, -1 disliked, 0
/// unseen; computed as a sum over the history's items and never as a dense row.
#ifndef THRONG_KERNELS_AGENT_FLAT_INPUT_H
#define THRONG_KERNELS_AGENT_FLAT_INPUT_H

#include "kernels/agent/replay.h"
#include "kernels/base/elementwise.h"
#include "kernels/base/floats16.h"

/// The slots that are not 0: an item's newest answer counts, older ones get item -1. Row: (agent,
/// row).
typedef struct flat_slots_args {
  state_view state;
  int32_t *item;        // (n_agent, rows, capacity)
  float *sign;          // (n_agent, rows, capacity)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
} flat_slots_args;

enum { FLAT_MET = 1024 };

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
#ifndef THRONG_DEVICE
  uint8_t met[FLAT_MET] = {0};  // was there an item, newest first, that ends in the same bits?
#endif
  for (int32_t k = length - 1; k >= 0; --k) {
#ifndef THRONG_DEVICE
    uint8_t *own = &met[history_item(entry[k]) % FLAT_MET];
    const uint8_t before = *own;
    *own = 1;
    if (!before) continue;
#endif
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

/// The sums of columns `begin` .. `end` of a row.
THRONG_ROW void flat_input_columns(const flat_input_args *a, int64_t row, int32_t begin,
                                   int32_t end) {
  const int64_t agent = row / a->rows;
  float *THRONG_RESTRICT hidden = a->hidden + row * a->width;
  const float *THRONG_RESTRICT bias = a->bias + agent * a->width;
  for (int32_t i = begin; i < end; ++i) hidden[i] += bias[i];
  for (int32_t k = 0; k < a->capacity; ++k) {
    int32_t item = a->item[row * a->capacity + k];
    if (item < 0) continue;
    float sign = a->sign[row * a->capacity + k];
    const float *THRONG_RESTRICT weight = a->weight + (agent * a->n_item + item) * a->width;
    for (int32_t i = begin; i < end; ++i) hidden[i] += sign * weight[i];
  }
}

#ifdef THRONG_FLOATS16
/// The same of 16 n columns, whose sums stay in registers: in memory each slot would wait for the
/// store of the one before it.
THRONG_INLINE void flat_input_vectors(const flat_input_args *a, int64_t row, int32_t begin,
                                      int32_t n) {
  const int64_t agent = row / a->rows;
  const int32_t *item = a->item + row * a->capacity;
  const float *sign = a->sign + row * a->capacity;
  const float *weight = a->weight + agent * a->n_item * a->width + begin;
  const float *bias = a->bias + agent * a->width + begin;
  float *hidden = a->hidden + row * a->width + begin;
  floats16 sum[FLOATS16_MOST];
  for (int32_t v = 0; v < n; ++v)
    sum[v] = floats16_add(floats16_load(hidden + 16 * v), floats16_load(bias + 16 * v));
  for (int32_t k = 0; k < a->capacity; ++k) {
    if (item[k] < 0) continue;
    const floats16 s = floats16_all(sign[k]);
    const float *of = weight + (int64_t)item[k] * a->width;
    for (int32_t v = 0; v < n; ++v)
      sum[v] = floats16_add(sum[v], floats16_multiply(s, floats16_load(of + 16 * v)));
  }
  for (int32_t v = 0; v < n; ++v) floats16_store(hidden + 16 * v, sum[v]);
}
#endif

THRONG_ROW void flat_input_row(const flat_input_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  float *hidden = a->hidden + row * a->width;
  int32_t done = 0;
#ifdef THRONG_FLOATS16
  for (; done + 64 <= a->width; done += 64) flat_input_vectors(a, row, done, 4);
  for (; done + 16 <= a->width; done += 16) flat_input_vectors(a, row, done, 1);
#endif
  if (done < a->width) flat_input_columns(a, row, done, a->width);
  if (a->active)
    activation_slope(a->activation, hidden, a->active + row * a->width, a->width);
  else
    activate(a->activation, hidden, a->width);
}

#endif
