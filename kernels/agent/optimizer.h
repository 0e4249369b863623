/// Adam (Kingma & Ba, ICLR 2015) as torch.optim.Adam computes it, with the gradient's global norm
/// clipped for each agent, and target networks. Rows are blocks of a tensor's elements.
#ifndef THRONG_KERNELS_AGENT_OPTIMIZER_H
#define THRONG_KERNELS_AGENT_OPTIMIZER_H

#include "kernels/base/adam.h"

enum { ADAM_BLOCK = 1024, FETCH_BLOCKS = 2 };

/// Rows of a table of which some have never had a gradient: it and their moments are zeros, so that
/// a step leaves them as they are, bit for bit, and need not look.
typedef struct table_rows {
  const float *met;  // (n_agent, rows) 0: never; NULL: nothing is known
  int32_t width;     // where it is, a multiple of 8
} table_rows;

/// Of an agent's `size` numbers the next before `end` whose rows have had one, from `begin` on:
/// begin .. stop - 1. False: there are none.
THRONG_ROW int table_rows_next(table_rows t, int64_t agent, int64_t size, int64_t end,
                               int64_t *begin, int64_t *stop) {
  if (!t.met) {
    *stop = end;
    return *begin < end;
  }
  const int64_t width = t.width, last = (end + width - 1) / width;
  const float *met = t.met + agent * (size / width);
  int64_t row = *begin / width;
  while (row < last && met[row] == 0.0f) ++row;
  if (row >= last) return 0;
  if (row * width > *begin) *begin = row * width;
  do ++row;
  while (row < last && met[row] != 0.0f);
  *stop = row < last ? row * width : end;
  return 1;
}

/// Ask for those of the block at `begin`, ahead: they lie far from each other.
THRONG_ROW void table_rows_fetch(table_rows t, int64_t agent, int64_t size, int64_t begin,
                                 const float *const *of, int n_of) {
  const int64_t end = size - begin < ADAM_BLOCK ? size : begin + ADAM_BLOCK;
  for (int64_t next = begin, stop; t.met && table_rows_next(t, agent, size, end, &next, &stop);
       next = stop)
    for (int64_t i = next; i < stop; i += THRONG_PREFETCH_STEP / (int64_t)sizeof(float))
      for (int k = 0; k < n_of; ++k) THRONG_PREFETCH(of[k] + agent * size + i);
}

/// Sum of squares of a block of the gradient. Row: (agent, block).
typedef struct square_sum_args {
  const float *gradient;  // (n_agent, size)
  double *partial;        // (n_agent, n_partial)
  const int32_t *learns;  // (n_agent) the others' may be left out; NULL: none
  int64_t size, n_block;
  int64_t n_partial, first;  // this tensor's blocks begin at `first`
  table_rows rows;
} square_sum_args;

THRONG_ROW void square_add(const float *THRONG_RESTRICT g, int64_t n, double *THRONG_RESTRICT to) {
  double sum[8];
  int64_t i = 0;
  for (int k = 0; k < 8; ++k) sum[k] = to[k];
  for (; i + 8 <= n; i += 8)
    for (int k = 0; k < 8; ++k) sum[k] += (double)g[i + k] * (double)g[i + k];
  for (int k = 0; i < n; ++i, ++k) sum[k] += (double)g[i] * (double)g[i];
  for (int k = 0; k < 8; ++k) to[k] = sum[k];
}

THRONG_ROW void square_sum_row(const square_sum_args *a, int64_t row) {
  int64_t agent = row / a->n_block, block = row % a->n_block;
  if (a->learns && !a->learns[agent]) return;
  int64_t begin = block * ADAM_BLOCK, stop;
  const int64_t end = a->size - begin < ADAM_BLOCK ? a->size : begin + ADAM_BLOCK;
  const float *g = a->gradient + agent * a->size;
  double sum[8] = {0};
  table_rows_fetch(a->rows, agent, a->size, end + FETCH_BLOCKS * ADAM_BLOCK, &a->gradient, 1);
  for (; table_rows_next(a->rows, agent, a->size, end, &begin, &stop); begin = stop)
    square_add(g + begin, stop - begin, sum);
  a->partial[agent * a->n_partial + a->first + block] =
      ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/// What every element of an agent's update shares.
typedef struct adam_scale {
  float clip;       // factor on the gradient
  float step_size;  // learning_rate / (1 - beta1^t); RMSprop: learning_rate
  float root;       // sqrt(1 - beta2^t)
  float norm;       // of the gradient before clipping
} adam_scale;

/// Row: an agent.
typedef struct adam_scale_args {
  const double *partial;  // (n_agent, n_partial)
  int64_t n_partial;
  const float *learning_rate, *beta1, *beta2, *max_norm;  // (n_agent); max_norm 0: no clipping
  const int32_t *learns;                                  // (n_agent) the others stay as they are
  const int64_t *rms;                                     // (n_agent) RMSprop; NULL: none
  // (n_agent) 1: the rate falls with the agent's steps, from all of it to 0 after total_steps
  // user-steps of its own; NULL: nobody's does.
  const int64_t *anneal, *steps;  // steps: of the simulator, agent_lanes user-steps each
  const double *total_steps;
  int64_t agent_lanes;
  int64_t *update;    // (n_agent) t of this update, from 1
  adam_scale *scale;  // (n_agent)
  float *norm_sum;    // (n_agent) since the statistics were last read
} adam_scale_args;

/// The learning rate of now.
THRONG_ROW float annealed_rate(const adam_scale_args *a, int64_t agent) {
  const float rate = a->learning_rate[agent];
  if (!a->anneal || !a->anneal[agent] || !(a->total_steps[agent] > 0)) return rate;
  const double gone = (double)(a->steps[agent] * a->agent_lanes) / a->total_steps[agent];
  return gone < 1 ? (float)((double)rate * (1 - gone)) : 0.0f;
}

THRONG_ROW void adam_scale_row(const adam_scale_args *a, int64_t row) {
  if (!a->learns[row]) return;
  a->update[row] += 1;
  double sum = 0;
  for (int64_t i = 0; i < a->n_partial; ++i) sum += a->partial[row * a->n_partial + i];
  float norm = (float)sqrt(sum);
  float clip = 1.0f;
  if (a->max_norm[row] > 0.0f) {
    clip = a->max_norm[row] / (norm + 1e-6f);
    if (clip > 1.0f) clip = 1.0f;
  }
  double update = (double)a->update[row];
  const float rate = annealed_rate(a, row);
  adam_scale s;
  s.clip = clip;
  s.step_size = (float)((double)rate / (1.0 - pow(a->beta1[row], update)));
  s.root = (float)sqrt(1.0 - pow(a->beta2[row], update));
  if (a->rms && a->rms[row]) s.step_size = rate;
  s.norm = norm;
  a->scale[row] = s;
  a->norm_sum[row] += norm;
}

/// A step of Adam, then target += tau (weight - target) where tau is below 1: other agents copy
/// theirs whole. A block that never had a gradient rests: its moments are zeros and its target is
/// what its weights are, so that a step of zeros would change no bit of it. Row: (agent, block).
typedef struct adam_args {
  float *weight, *moment1, *moment2;  // (n_agent, size)
  const float *gradient;              // (n_agent, size)
  float *target;                      // (n_agent, size) or NULL: there is none
  const adam_scale *scale;            // (n_agent)
  const int32_t *learns;              // (n_agent)
  const float *beta1, *beta2, *epsilon, *tau;
  const int64_t *rms;     // (n_agent) RMSprop; NULL: none
  const double *partial;  // (n_agent, n_partial) squares of the gradient
  float *moves;           // (n_agent, n_partial) 0: the block rests; NULL: none does
  int64_t size, n_block;
  int64_t n_partial, first;  // this tensor's blocks begin at `first`
  table_rows rows;
} adam_args;

/// Is there nothing to do in the block? If not, it moves from now on.
THRONG_ROW int adam_rests(const adam_args *a, int64_t agent, int64_t block) {
  const int64_t at = agent * a->n_partial + a->first + block;
  if (!a->moves) return 0;
  if (a->partial[at] == 0.0) return a->moves[at] == 0.0f;
  a->moves[at] = 1.0f;
  return 0;
}

/// One number's step of RMSprop as torch.optim.RMSprop, which Stable-Baselines3's A2C takes.
THRONG_ROW void rms_element(float *weight, float *squares, float gradient, float decay,
                            float learning_rate, float epsilon) {
  *squares = decay * *squares + (1.0f - decay) * gradient * gradient;
  *weight -= learning_rate * (gradient / (sqrtf(*squares) + epsilon));
}

/// Of the numbers begin .. end - 1 of an agent, which is all but the target.
THRONG_ROW void adam_span(const adam_args *a, int64_t agent, int64_t begin, int64_t end) {
  const int64_t at = agent * a->size + begin, n = end - begin;
  float *THRONG_RESTRICT w = a->weight + at;
  float *THRONG_RESTRICT m = a->moment1 + at;
  float *THRONG_RESTRICT v = a->moment2 + at;
  const float *THRONG_RESTRICT g = a->gradient + at;
  adam_scale s = a->scale[agent];
  float b1 = a->beta1[agent], b2 = a->beta2[agent], epsilon = a->epsilon[agent];
  if (a->rms && a->rms[agent])
    for (int64_t i = 0; i < n; ++i)
      rms_element(&w[i], &v[i], g[i] * s.clip, b2, s.step_size, epsilon);
  else
    for (int64_t i = 0; i < n; ++i)
      adam_element(&w[i], &m[i], &v[i], g[i] * s.clip, b1, b2, s.step_size, s.root, epsilon);
}

THRONG_ROW void adam_row(const adam_args *a, int64_t row) {
  const int64_t agent = row / a->n_block, begin = row % a->n_block * ADAM_BLOCK;
  if (!a->learns[agent] || adam_rests(a, agent, row % a->n_block)) return;
  const int64_t end = a->size - begin < ADAM_BLOCK ? a->size : begin + ADAM_BLOCK;
  const float *const each[] = {a->weight, a->moment1, a->moment2, a->gradient};
  table_rows_fetch(a->rows, agent, a->size, end + FETCH_BLOCKS * ADAM_BLOCK, each, 4);
  for (int64_t next = begin, stop; table_rows_next(a->rows, agent, a->size, end, &next, &stop);
       next = stop)
    adam_span(a, agent, next, stop);
  const float tau = a->target ? a->tau[agent] : 1.0f;
  if (tau >= 1.0f) return;
  float *THRONG_RESTRICT target = a->target + agent * a->size;
  const float *THRONG_RESTRICT w = a->weight + agent * a->size;
  for (int64_t i = begin; i < end; ++i) target[i] += tau * (w[i] - target[i]);
}

/// to = from, for the agents that `which` names. Row: (agent, block).
typedef struct agent_copy_args {
  float *to;             // (n_agent, size)
  const float *from;     // (n_agent, size)
  const int32_t *which;  // (n_agent)
  int64_t size, n_block;
} agent_copy_args;

THRONG_ROW void agent_copy_row(const agent_copy_args *a, int64_t row) {
  int64_t agent = row / a->n_block, begin = row % a->n_block * ADAM_BLOCK;
  if (!a->which[agent]) return;
  int64_t n = a->size - begin < ADAM_BLOCK ? a->size - begin : ADAM_BLOCK;
  float *THRONG_RESTRICT to = a->to + agent * a->size + begin;
  const float *THRONG_RESTRICT from = a->from + agent * a->size + begin;
  for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}

#endif
