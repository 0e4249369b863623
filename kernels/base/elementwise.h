/// Rows of numbers: what every model needs and no domain owns.
#ifndef THRONG_KERNELS_BASE_ELEMENTWISE_H
#define THRONG_KERNELS_BASE_ELEMENTWISE_H

#include "kernels/base/exponential.h"
#include "kernels/base/portable.h"

typedef struct fill_args {
  float *x;  // (n)
  float value;
} fill_args;

THRONG_ROW void fill_row(const fill_args *a, int64_t row) { a->x[row] = a->value; }

/// Of an agent's `rows` rows the first used[agent] count, all where `used` is NULL: its batch may
/// be smaller than the arrays, and an agent that does not learn has none. The others are left as
/// they are.
THRONG_ROW int row_is_idle(const int32_t *used, int64_t rows, int64_t row) {
  return used && row % rows >= used[row / rows];
}

/// What a layer does to its sums, and how a gradient comes through it.
enum { ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_TANH };

THRONG_ROW void activate(int32_t activation, float *THRONG_RESTRICT x, int32_t n) {
  if (activation == ACTIVATION_RELU)
    for (int32_t i = 0; i < n; ++i) x[i] = x[i] > 0.0f ? x[i] : 0.0f;
  else if (activation == ACTIVATION_TANH)
    for (int32_t i = 0; i < n; ++i) x[i] = tanh_portable(x[i]);
}

/// dx times the activation's derivative, given its output y.
THRONG_ROW void activation_slope(int32_t activation, float *THRONG_RESTRICT dx,
                                 const float *THRONG_RESTRICT y, int32_t n) {
  if (activation == ACTIVATION_RELU)
    for (int32_t i = 0; i < n; ++i) dx[i] = y[i] > 0.0f ? dx[i] : 0.0f;
  else if (activation == ACTIVATION_TANH)
    for (int32_t i = 0; i < n; ++i) dx[i] *= 1.0f - y[i] * y[i];
}

/// x = x + bias, then its activation. Row: one of (n_agent, rows), each with its agent's bias.
typedef struct add_bias_args {
  float *x;             // (n_agent, rows, width)
  const float *bias;    // (n_agent, width)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
  int32_t activation;
} add_bias_args;

THRONG_ROW void add_bias_row(const add_bias_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  float *THRONG_RESTRICT x = a->x + row * a->width;
  const float *THRONG_RESTRICT bias = a->bias + row / a->rows * a->width;
  for (int32_t i = 0; i < a->width; ++i) x[i] += bias[i];
  activate(a->activation, x, a->width);
}

/// Gradient through an activation, given its output. Row: (agent, row).
typedef struct activation_gradient_args {
  float *dx;            // (n_agent, rows, width)
  const float *y;       // (n_agent, rows, width)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
  int32_t activation;
} activation_gradient_args;

THRONG_ROW void activation_gradient_row(const activation_gradient_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  activation_slope(a->activation, a->dx + row * a->width, a->y + row * a->width, a->width);
}

/// d += delta * weight, the gradient into what a weight was multiplied with. Row: (agent, row).
typedef struct add_outer_args {
  const float *delta;   // (n_agent, rows)
  const float *weight;  // (n_agent, width)
  float *d;             // (n_agent, rows, width)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
} add_outer_args;

THRONG_ROW void add_outer_row(const add_outer_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  float *THRONG_RESTRICT d = a->d + row * a->width;
  const float *THRONG_RESTRICT weight = a->weight + row / a->rows * a->width;
  float delta = a->delta[row];
  for (int32_t i = 0; i < a->width; ++i) d[i] += delta * weight[i];
}

/// sum[agent][column] = sum over rows of x[agent][row][column]. Row: (agent, column). A variant may
/// sum rows that do not count too: they must be zeros.
typedef struct column_sum_args {
  const float *x;       // (n_agent, rows, width)
  float *sum;           // (n_agent, width)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
} column_sum_args;

THRONG_ROW void column_sum_row(const column_sum_args *a, int64_t row) {
  const float *x = a->x + row / a->width * a->rows * a->width + row % a->width;
  const int64_t rows = a->used ? a->used[row / a->width] : a->rows;
  float sum = 0;
  for (int64_t i = 0; i < rows; ++i) sum += x[i * a->width];
  a->sum[row] = sum;
}

/// to[row] = table[agent][index[row]]; zeros where the index is below 0.
typedef struct gather_args {
  const float *table;    // (n_agent, n_table, width), or (n_table, width) where shared
  const int32_t *index;  // (n_agent, rows)
  float *to;             // (n_agent * rows, to_stride)
  const int32_t *used;   // (n_agent) or NULL, see row_is_idle
  int64_t rows, n_table, to_stride;
  int32_t width;
  int32_t shared;  // one table for all agents
} gather_args;

THRONG_ROW void gather_row(const gather_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  float *THRONG_RESTRICT to = a->to + row * a->to_stride;
  int64_t at = a->index[row];
  if (at < 0) {
    for (int32_t i = 0; i < a->width; ++i) to[i] = 0.0f;
    return;
  }
  if (!a->shared) at += row / a->rows * a->n_table;
  const float *THRONG_RESTRICT from = a->table + at * a->width;
  for (int32_t i = 0; i < a->width; ++i) to[i] = from[i];
}

/// Keys for grouping by (agent, index); -1 stays -1, and so do rows that do not count. Row: (agent,
/// row, place).
typedef struct agent_key_args {
  const int32_t *index;  // (n_agent, rows, each)
  int32_t *key;          // (n_agent, rows, each)
  const int32_t *used;   // (n_agent) or NULL, see row_is_idle
  int64_t rows, each, n_index;
} agent_key_args;

THRONG_ROW void agent_key_row(const agent_key_args *a, int64_t row) {
  const int64_t positions = a->rows * a->each, agent = row / positions;  // one division a row
  const int idle = a->used && row - agent * positions >= a->used[agent] * a->each;
  const int32_t index = idle ? -1 : a->index[row];
  a->key[row] = index < 0 ? -1 : (int32_t)(agent * a->n_index + index);
}

/// Turned-round scatter-add: to[key] = sum over the positions p of that key of
/// scale[p] * from[p / from_repeat], in rising order. Keys without positions are left alone. Row: a
/// place in the positions' order; the first of a key does the work.
typedef struct segment_sum_args {
  const int32_t *key;    // (n) -1: of none
  const int32_t *order;  // (n) see group_args
  const float *scale;    // (n) or NULL: 1
  const float *from;     // (n / from_repeat, from_stride)
  float *to;             // (n_key, width)
  int64_t n, from_stride;
  int32_t from_repeat;
  int32_t width;
} segment_sum_args;

/// The key whose positions begin at a place of the order, or -1.
THRONG_ROW int32_t segment_key(const int32_t *key, const int32_t *order, int64_t row) {
  const int32_t own = key[order[row]];
  return row > 0 && key[order[row - 1]] == own ? -1 : own;
}

THRONG_ROW void segment_sum_row(const segment_sum_args *a, int64_t row) {
  const int32_t own = segment_key(a->key, a->order, row);
  if (own < 0) return;
  float *THRONG_RESTRICT to = a->to + (int64_t)own * a->width;
  for (int32_t i = 0; i < a->width; ++i) to[i] = 0.0f;
  for (int64_t at = row; at < a->n && a->key[a->order[at]] == own; ++at) {
    int32_t position = a->order[at];
    float scale = a->scale ? a->scale[position] : 1.0f;
    const float *THRONG_RESTRICT from =
        a->from + (int64_t)(position / a->from_repeat) * a->from_stride;
    for (int32_t i = 0; i < a->width; ++i) to[i] += scale * from[i];
  }
}

/// to[key] = 0 for every key that has positions: what the last sums wrote, before they are made
/// anew from others. Row: as segment_sum.
typedef struct segment_clear_args {
  const int32_t *key;    // (n)
  const int32_t *order;  // (n)
  float *to;             // (n_key, width)
  int32_t width;
} segment_clear_args;

THRONG_ROW void segment_clear_row(const segment_clear_args *a, int64_t row) {
  const int32_t own = segment_key(a->key, a->order, row);
  if (own < 0) return;
  float *to = a->to + (int64_t)own * a->width;
  for (int32_t i = 0; i < a->width; ++i) to[i] = 0.0f;
}

#endif
