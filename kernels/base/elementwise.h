/// Rows of numbers: what every model needs and no domain owns.
#ifndef THRONG_KERNELS_BASE_ELEMENTWISE_H
#define THRONG_KERNELS_BASE_ELEMENTWISE_H

#include "kernels/base/exponential.h"
#include "kernels/base/floats16.h"
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

#ifdef THRONG_FLOATS16
/// tanh_portable of sixteen.
THRONG_INLINE floats16 floats16_tanh(floats16 x) {
  const floats16 one = floats16_all(1.0f), two = floats16_all(2.0f), minus = floats16_all(-1.0f);
  const floats16 negative = floats16_multiply(floats16_multiply(two, x), minus);
  const floats16 most88 = floats16_multiply(floats16_larger(floats16_all(-88.0f), negative), minus);
  const floats16 e = floats16_exp_to_88(most88, floats16_larger(floats16_all(-87.0f), most88));
  return floats16_subtract(one, floats16_divide(two, floats16_add(e, one)));
}
#endif

/// In vectors that are written out: what a compiler makes of the loop depends on what is around it.
THRONG_ROW void tanh_all(float *x, int32_t n) {
  int32_t done = 0;
#ifdef THRONG_FLOATS16
  for (; done + 16 <= n; done += 16)
    floats16_store(x + done, floats16_tanh(floats16_load(x + done)));
#endif
  for (; done < n; ++done) x[done] = tanh_portable(x[done]);
}

THRONG_ROW void activate(int32_t activation, float *THRONG_RESTRICT x, int32_t n) {
  if (activation == ACTIVATION_RELU)
    for (int32_t i = 0; i < n; ++i) x[i] = x[i] > 0.0f ? x[i] : 0.0f;
  else if (activation == ACTIVATION_TANH)
    tanh_all(x, n);
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

/// `n` columns side by side, so that a line of memory is read once and in vectors.
THRONG_INLINE void column_sum_beside(const column_sum_args *a, int64_t row, int n) {
  enum { MOST = 64 };
  const int64_t agent = row / a->width, rows = a->used ? a->used[agent] : a->rows;
  const float *x = a->x + agent * a->rows * a->width + row % a->width;
  float sum[MOST] = {0};
  for (int64_t i = 0; i < rows; ++i)
    for (int k = 0; k < n; ++k) sum[k] += x[i * a->width + k];
  for (int k = 0; k < n; ++k) a->sum[row + k] = sum[k];
}

THRONG_ROW void column_sum_span(const column_sum_args *a, int64_t begin, int64_t end) {
  while (begin < end) {
    const int64_t left = a->width - begin % a->width, n = left < end - begin ? left : end - begin;
    const int take = n >= 64 ? 64 : n >= 16 ? 16 : n >= 4 ? 4 : 1;
    switch (take) {
      case 64: column_sum_beside(a, begin, 64); break;
      case 16: column_sum_beside(a, begin, 16); break;
      case 4: column_sum_beside(a, begin, 4); break;
      default: column_sum_row(a, begin);
    }
    begin += take;
  }
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

enum { WARM_BLOCK = 1024 };

/// Fetch a table that will be read row by row at random: memory gives it in order in a fraction of
/// the time. Nothing on a device. Row: WARM_BLOCK numbers.
typedef struct warm_args {
  const float *x;
  int64_t n;
} warm_args;

THRONG_ROW void warm_row(const warm_args *a, int64_t row) {
  const int64_t end = a->n - row * WARM_BLOCK < WARM_BLOCK ? a->n : (row + 1) * WARM_BLOCK;
  for (int64_t i = row * WARM_BLOCK; i < end; i += THRONG_PREFETCH_STEP / (int64_t)sizeof(float))
    THRONG_PREFETCH(a->x + i);
}

/// Keys for grouping by (agent, index); -1 stays -1, and so do rows that do not count. Row: (agent,
/// row, place).
typedef struct agent_key_args {
  const int32_t *index;  // (n_agent, rows, each)
  int32_t *key;          // (n_agent, rows, each)
  const int32_t *used;   // (n_agent) or NULL, see row_is_idle
  int64_t rows, each, n_index;
} agent_key_args;

/// Of rows begin .. end - 1, with one division an agent.
THRONG_ROW void agent_key_span(const agent_key_args *a, int64_t begin, int64_t end) {
  const int64_t positions = a->rows * a->each;
  const int32_t *THRONG_RESTRICT index = a->index;
  int32_t *THRONG_RESTRICT key = a->key;
  while (begin < end) {
    const int64_t agent = begin / positions, first = agent * positions;
    const int64_t behind = first + positions < end ? first + positions : end;
    const int64_t used = a->used ? first + a->used[agent] * a->each : behind;
    const int64_t counted = used < begin ? begin : used < behind ? used : behind;
    const int32_t base = (int32_t)(agent * a->n_index);
    for (int64_t row = begin; row < counted; ++row)
      key[row] = index[row] < 0 ? -1 : base + index[row];
    for (int64_t row = counted; row < behind; ++row) key[row] = -1;
    begin = behind;
  }
}

THRONG_ROW void agent_key_row(const agent_key_args *a, int64_t row) {
  agent_key_span(a, row, row + 1);
}

/// Turned-round scatter-add: to[key] = sum over the positions p of that key of
/// scale[p] * from[p / from_repeat], in rising order. Keys without positions are left alone, or get
/// zeros. Row: a place in the positions' order; the first of a key does the work.
typedef struct segment_sum_args {
  const int32_t *key;    // (n) -1: of none
  const int32_t *order;  // (n) see group_args
  const float *scale;    // (n) or NULL: 1
  const float *from;     // (n / from_repeat, from_stride)
  float *to;             // (n_key, width)
  int64_t n, from_stride;
  int32_t from_repeat;
  int32_t width;
  // Keys of a run (group_args), of which those without positions get zeros; 0: they are left alone.
  int64_t run_keys, n_run;
  const int32_t *used;  // (n_run) with run_keys: runs of 0 are left alone, too; NULL: none is
  float *met;           // (n_key) becomes 1 where a key has positions, on the CPU; or NULL
} segment_sum_args;

/// The key whose positions begin at a place of the order, or -1.
THRONG_ROW int32_t segment_key(const int32_t *key, const int32_t *order, int64_t row) {
  const int32_t own = key[order[row]];
  return row > 0 && key[order[row - 1]] == own ? -1 : own;
}

/// Keys of a run without positions, which get zeros.
typedef struct segment_gap {
  int64_t begin, end;
} segment_gap;

THRONG_ROW int64_t segment_run(const segment_sum_args *a, int64_t row) {
  return a->n_run == 1 ? 0 : row / (a->n / a->n_run);
}

/// Those before the key `own` (-1: before the run's end) of a place, of which the place before it
/// has the key `last`; none where its run has more places of `own` before.
THRONG_ROW segment_gap segment_gap_before(const segment_sum_args *a, int64_t row, int32_t own,
                                          int32_t last) {
  segment_gap gap = {0, 0};
  if (a->run_keys == 0) return gap;
  const int64_t run = segment_run(a, row), first = run * a->run_keys;
  const int begins = row == run * (a->n / a->n_run);
  if ((a->used && a->used[run] == 0) || (!begins && last < 0)) return gap;
  gap.begin = begins ? first : (int64_t)last + 1;
  gap.end = own < 0 ? first + a->run_keys : own;
  return gap;
}

/// Those behind the key `own`, whose places end before `behind`, where they end the run.
THRONG_ROW segment_gap segment_gap_behind(const segment_sum_args *a, int32_t own, int64_t behind) {
  segment_gap gap = {0, 0};
  if (a->run_keys == 0) return gap;
  const int64_t run = segment_run(a, behind - 1);
  if (behind != (run + 1) * (a->n / a->n_run) || (a->used && a->used[run] == 0)) return gap;
  gap.begin = (int64_t)own + 1;
  gap.end = (run + 1) * a->run_keys;
  return gap;
}

THRONG_ROW void segment_zero(const segment_sum_args *a, segment_gap gap) {
  for (int64_t i = gap.begin * a->width; i < gap.end * a->width; ++i) a->to[i] = 0.0f;
}

/// Columns `begin` .. `end` of a key's sum, whose positions begin at `row`.
THRONG_ROW void segment_sum_columns(const segment_sum_args *a, int32_t own, int64_t row,
                                    int64_t behind, int32_t begin, int32_t end) {
  float *THRONG_RESTRICT to = a->to + (int64_t)own * a->width;
  for (int32_t i = begin; i < end; ++i) to[i] = 0.0f;
  for (int64_t at = row; at < behind; ++at) {
    int32_t position = a->order[at];
    float scale = a->scale ? a->scale[position] : 1.0f;
    const float *THRONG_RESTRICT from =
        a->from + (int64_t)(position / a->from_repeat) * a->from_stride;
    for (int32_t i = begin; i < end; ++i) to[i] += scale * from[i];
  }
}

#ifdef THRONG_FLOATS16
/// The same of 16 n columns in registers.
THRONG_INLINE void segment_sum_vectors(const segment_sum_args *a, int32_t own, int64_t row,
                                       int64_t behind, int32_t begin, int32_t n) {
  floats16 sum[FLOATS16_MOST];
  float *to = a->to + (int64_t)own * a->width + begin;
  for (int32_t v = 0; v < n; ++v) sum[v] = floats16_all(0.0f);
  for (int64_t at = row; at < behind; ++at) {
    const int32_t position = a->order[at];
    const floats16 scale = floats16_all(a->scale ? a->scale[position] : 1.0f);
    const float *from = a->from + (int64_t)(position / a->from_repeat) * a->from_stride + begin;
    for (int32_t v = 0; v < n; ++v)
      sum[v] = floats16_add(sum[v], floats16_multiply(scale, floats16_load(from + 16 * v)));
  }
  for (int32_t v = 0; v < n; ++v) floats16_store(to + 16 * v, sum[v]);
}
#endif

/// The sum of the key whose positions are at the places `row` .. `behind`.
THRONG_ROW void segment_sum_key(const segment_sum_args *a, int32_t own, int64_t row,
                                int64_t behind) {
  int32_t done = 0;
#ifdef THRONG_FLOATS16
  for (; done + 64 <= a->width; done += 64) segment_sum_vectors(a, own, row, behind, done, 4);
  for (; done + 16 <= a->width; done += 16) segment_sum_vectors(a, own, row, behind, done, 1);
#endif
  if (done < a->width) segment_sum_columns(a, own, row, behind, done, a->width);
  if (a->met) a->met[own] = 1.0f;
}

THRONG_ROW void segment_sum_span(const segment_sum_args *a, int64_t begin, int64_t end) {
  int32_t last = begin > 0 ? a->key[a->order[begin - 1]] : -1;
  for (int64_t row = begin, behind; row < end; row = behind) {
    const int32_t own = a->key[a->order[row]];
    behind = row + 1;
    if (own < 0 || own != last) segment_zero(a, segment_gap_before(a, row, own, last));
    if (own >= 0 && own != last) {
      while (behind < a->n && a->key[a->order[behind]] == own) ++behind;
      segment_sum_key(a, own, row, behind);
      segment_zero(a, segment_gap_behind(a, own, behind));
    }
    last = own;
  }
}

THRONG_ROW void segment_sum_row(const segment_sum_args *a, int64_t row) {
  segment_sum_span(a, row, row + 1);
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
