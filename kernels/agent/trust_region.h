/// Trust region policy optimisation (Schulman et al., ICML 2015): the Fisher matrix of a softmax
/// over a catalogue, times a vector; KL divergences; conjugate gradient (Hestenes & Stiefel 1952)
/// and the line search of every agent. Vectors are parameter sets, in blocks of ADAM_BLOCK.
#ifndef THRONG_KERNELS_AGENT_TRUST_REGION_H
#define THRONG_KERNELS_AGENT_TRUST_REGION_H

#include "kernels/agent/optimizer.h"
#include "kernels/agent/policy_gradient.h"
#include "kernels/agent/softmax.h"

/// Mean of something under the softmax of a tile's masked scores, added tile by tile; the first
/// tile begins it. With `change`: of (z - total) - (other - other_total), which is the KL
/// divergence of the other softmax from this one. Row: see tile_place.
typedef struct softmax_mean_args {
  const float *z;            // (agents of the tile, rows, n_column) query . vector, masked
  const float *bias;         // (n_agent, n_item)
  const float *total;        // (n_agent, n_state) log of the sum of all exponentials
  const float *other;        // as z: what the mean is of, without its own bias
  const float *other_bias;   // (n_agent, n_item)
  const float *other_total;  // (n_agent, n_state), or NULL: the mean of `other` as it is
  double *mean;              // (n_agent, n_state)
  const int32_t *used;       // (n_agent) of its n_state, or NULL, see row_is_idle
  tile_place place;
  int64_t n_state, n_item;
} softmax_mean_args;

THRONG_ROW void softmax_mean_row(const softmax_mean_args *a, int64_t row) {
  const tile_place *t = &a->place;
  const int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  if (t->column == 0) a->mean[state] = 0;
  if (row_is_idle(a->used, a->n_state, state)) return;
  const float *z = a->z + row * t->n_column, *other = a->other + row * t->n_column;
  const float *bias = a->bias + agent * a->n_item + t->column;
  const float *other_bias = a->other_bias + agent * a->n_item + t->column;
  const float total = a->total[state];
  const float other_total = a->other_total ? a->other_total[state] : 0.0f;
  double sum = 0;
  for (int32_t i = 0; i < t->n_column; ++i) {
    const float x = z[i] + bias[i] - total, y = other[i] + other_bias[i] - other_total;
    if (!(x >= SOFTMAX_LEAST)) continue;  // masked, or as good as never shown
    sum += (double)(exp_portable(x) * (a->other_total ? x - y : y));
  }
  a->mean[state] += sum;
}

/// A tile of masked scores becomes weight p_i (other_i - mean): the Fisher matrix of the softmax
/// times the scores' derivative `other`. Rows that do not count become zeros. Row: see tile_place.
typedef struct fisher_slope_args {
  float *z;  // as softmax_mean_args, as are the next five
  const float *bias, *total, *other, *other_bias;
  const double *mean;
  const float *weight;  // (n_agent) of a state: one over how many there are
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle
  tile_place place;
  int64_t n_state, n_item;
} fisher_slope_args;

THRONG_ROW void fisher_slope_row(const fisher_slope_args *a, int64_t row) {
  const tile_place *t = &a->place;
  const int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  float *z = a->z + row * t->n_column;
  const int idle = row_is_idle(a->used, a->n_state, state);
  const float *other = a->other + row * t->n_column;
  const float *bias = a->bias + agent * a->n_item + t->column;
  const float *other_bias = a->other_bias + agent * a->n_item + t->column;
  const float total = a->total[state], mean = (float)a->mean[state], weight = a->weight[agent];
  for (int32_t i = 0; i < t->n_column; ++i) {
    const float x = z[i] + bias[i] - total;
    z[i] = idle || !(x >= SOFTMAX_LEAST)
               ? 0.0f
               : weight * exp_portable(x) * (other[i] + other_bias[i] - mean);
  }
}

/// to = keep to + add from, of the agents that `which` names. Row: (agent, block).
typedef struct vector_mix_args {
  float *to;             // (n_agent, size)
  const float *from;     // (n_agent, size)
  const float *keep;     // (n_agent) NULL: 1
  const float *add;      // (n_agent) NULL: 1
  const int32_t *which;  // (n_agent)
  int64_t size, n_block;
} vector_mix_args;

THRONG_ROW void vector_mix_row(const vector_mix_args *a, int64_t row) {
  const int64_t agent = row / a->n_block, begin = row % a->n_block * ADAM_BLOCK;
  if (!a->which[agent]) return;
  const int64_t n = a->size - begin < ADAM_BLOCK ? a->size - begin : ADAM_BLOCK;
  float *THRONG_RESTRICT to = a->to + agent * a->size + begin;
  const float *THRONG_RESTRICT from = a->from + agent * a->size + begin;
  const float keep = a->keep ? a->keep[agent] : 1.0f, add = a->add ? a->add[agent] : 1.0f;
  // What is not kept may be anything, NaN too.
  if (keep == 0.0f)
    for (int64_t i = 0; i < n; ++i) to[i] = add * from[i];
  else
    for (int64_t i = 0; i < n; ++i) to[i] = keep * to[i] + add * from[i];
}

/// Products of a block of two vectors, summed. Row: (agent, block).
typedef struct vector_dot_args {
  const float *x, *y;    // (n_agent, size)
  double *partial;       // (n_agent, n_partial)
  const int32_t *which;  // (n_agent)
  int64_t size, n_block;
  int64_t n_partial, first;  // this tensor's blocks begin at `first`
} vector_dot_args;

THRONG_ROW void vector_dot_row(const vector_dot_args *a, int64_t row) {
  const int64_t agent = row / a->n_block, block = row % a->n_block, begin = block * ADAM_BLOCK;
  if (!a->which[agent]) return;
  const int64_t n = a->size - begin < ADAM_BLOCK ? a->size - begin : ADAM_BLOCK;
  const float *x = a->x + agent * a->size + begin, *y = a->y + agent * a->size + begin;
  double sum[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int k = 0; k < 8; ++k) sum[k] += (double)x[i + k] * (double)y[i + k];
  for (int k = 0; i < n; ++i, ++k) sum[k] += (double)x[i] * (double)y[i];
  a->partial[agent * a->n_partial + a->first + block] =
      ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/// What an agent's step is about. (n_agent) each.
typedef struct trust_region {
  double *square;             // of the residual of conjugate gradient
  double *objective, *after;  // mean of ratio times advantage: before the step, and after a try
  double *kl;                 // mean KL divergence after a try
  double *length;             // of the whole step
  double *mean, *deviation;   // of the rollout's advantages
  double *entropy;            // mean, before the step
  float *weight;              // of a state: one over how many there are
  float *alpha, *minus_alpha, *beta;
  float *step;         // of the direction that is tried now
  int32_t *live;       // conjugate gradient goes on
  int32_t *searching;  // the line search does
  int32_t *left;       // steps of either
  int32_t *accepted;   // 1: the line search found a step
} trust_region;

/// States that an agent's step is about: of its rollout every sub_sampling_factor-th, oldest first.
typedef struct trust_rows {
  rollout_view rollout;
  const int64_t *sub_sampling_factor;  // (n_agent)
  int32_t *taking;                     // (n_agent) 1: the agent takes a step
} trust_rows;

THRONG_ROW int64_t trust_count(const trust_rows *r, int64_t agent) {
  return rollout_minibatches(r->rollout.n_steps[agent] * r->rollout.agent_lanes,
                             r->sub_sampling_factor[agent]);
}

/// Who takes a step, once its rollout has ended: of how many states, and their advantages' mean and
/// deviation. Row: an agent.
typedef struct trust_begin_args {
  trust_rows rows;
  trust_region trust;
  const float *advantage;  // (n_lane, most_steps)
  int64_t most_steps;
} trust_begin_args;

THRONG_ROW void trust_begin_row(const trust_begin_args *a, int64_t row) {
  const rollout_view *r = &a->rows.rollout;
  const trust_region *t = &a->trust;
  a->rows.taking[row] =
      r->lanes[row] > 0 && r->cause[row] == POLICY_SOUND && r->clock.state[row] == AGENT_LEARNING;
  if (!a->rows.taking[row]) return;
  const int64_t n = trust_count(&a->rows, row), every = a->rows.sub_sampling_factor[row];
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = i * every, lane = row * r->agent_lanes + at % r->agent_lanes;
    sum += (double)a->advantage[lane * a->most_steps + at / r->agent_lanes];
  }
  t->mean[row] = sum / (double)n;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = i * every, lane = row * r->agent_lanes + at % r->agent_lanes;
    const double off =
        (double)a->advantage[lane * a->most_steps + at / r->agent_lanes] - t->mean[row];
    squares += off * off;
  }
  t->deviation[row] = n > 1 ? sqrt(squares / (double)(n - 1)) : 1.0;
  t->weight[row] = 1.0f / (float)n;
}

/// Some of those states, from number `first` on. Row: (agent, place in the batch).
typedef struct trust_place_args {
  trust_rows rows;
  const int32_t *which;  // (n_agent) of whom there are any
  int32_t *used;  // (n_agent) how many; it and rollout.items are of the row of the first place
  int64_t first, most;  // `most` of each agent at the most
  int64_t batch;        // room
  int32_t *lane;        // (n_agent, batch)
  int64_t *time;        // (n_agent, batch) of the agent's own
} trust_place_args;

THRONG_ROW void trust_place_row(const trust_place_args *a, int64_t row) {
  const rollout_view *r = &a->rows.rollout;
  const int64_t agent = row / a->batch, place = row % a->batch;
  int64_t n = a->which[agent] ? trust_count(&a->rows, agent) - a->first : 0;
  n = n < 0 ? 0 : n > a->most ? a->most : n;
  if (place == 0) {
    a->used[agent] = (int32_t)n;
    r->items[agent] = n > 0 ? (int32_t)r->n_item : 0;
  }
  if (place >= n) return;
  const int64_t at = (a->first + place) * a->rows.sub_sampling_factor[agent];
  a->lane[row] = (int32_t)(agent * r->agent_lanes + at % r->agent_lanes);
  a->time[row] = agent_logged(&r->clock, agent) - r->n_steps[agent] + at / r->agent_lanes;
}

/// Residual below which conjugate gradient has ended, as sb3-contrib has it.
#define CONJUGATE_LEAST 1e-10

THRONG_ROW double sum_of_partials(const double *partial, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += partial[i];
  return sum;
}

/// What each of the three kernels below sums: one product of vectors. Row: an agent.
typedef struct conjugate_args {
  trust_region trust;
  float *norm;            // (n_agent) of the gradient, by conjugate_start
  const double *partial;  // (n_agent, n_partial)
  int64_t n_partial;
  const int32_t *learns;        // (n_agent)
  const int64_t *cg_max_steps;  // (n_agent)
} conjugate_args;

/// From the residual's square, which is the gradient's: begin.
typedef conjugate_args conjugate_start_args;
THRONG_ROW void conjugate_start_row(const conjugate_start_args *a, int64_t row) {
  const trust_region *t = &a->trust;
  t->live[row] = t->accepted[row] = t->searching[row] = 0;
  t->step[row] = 0.0f;
  t->square[row] = 0;
  if (!a->learns[row]) return;
  t->square[row] = sum_of_partials(a->partial + row * a->n_partial, a->n_partial);
  a->norm[row] = (float)sqrt(t->square[row]);
  t->left[row] = (int32_t)a->cg_max_steps[row];
  t->live[row] = t->square[row] >= CONJUGATE_LEAST;
}

/// From p . A p: how far to go along p.
typedef conjugate_args conjugate_alpha_args;
THRONG_ROW void conjugate_alpha_row(const conjugate_alpha_args *a, int64_t row) {
  const trust_region *t = &a->trust;
  if (!t->live[row]) return;
  const double along = sum_of_partials(a->partial + row * a->n_partial, a->n_partial);
  t->alpha[row] = (float)(t->square[row] / along);
  t->minus_alpha[row] = -t->alpha[row];
}

/// From the new residual's square: how much of p to keep, and whether to go on.
typedef conjugate_args conjugate_beta_args;
THRONG_ROW void conjugate_beta_row(const conjugate_beta_args *a, int64_t row) {
  const trust_region *t = &a->trust;
  if (!t->live[row]) return;
  const double square = sum_of_partials(a->partial + row * a->n_partial, a->n_partial);
  t->beta[row] = (float)(square / t->square[row]);
  t->square[row] = square;
  t->left[row] -= 1;
  t->live[row] = t->left[row] > 0 && square >= CONJUGATE_LEAST;
}

/// From x . A x of the direction x: a step of sqrt(2 target_kl / (x . A x)) is tried first. Nobody
/// steps without a direction. Row: an agent.
typedef struct trust_length_args {
  conjugate_args of;
  const float *target_kl;               // (n_agent)
  const int64_t *line_search_max_iter;  // (n_agent)
} trust_length_args;

THRONG_ROW void trust_length_row(const trust_length_args *a, int64_t row) {
  const trust_region *t = &a->of.trust;
  if (!a->of.learns[row]) return;
  const double along = sum_of_partials(a->of.partial + row * a->of.n_partial, a->of.n_partial);
  t->length[row] = sqrt(2.0 * (double)a->target_kl[row] / along);
  t->searching[row] = along > 0 && t->length[row] < (double)INFINITY;
  t->left[row] = (int32_t)a->line_search_max_iter[row];
  t->step[row] = t->searching[row] ? (float)t->length[row] : 0.0f;
}

/// What a try is judged by: sums over the states of a part of the rollout, begun where `first`.
/// Row: an agent.
typedef struct trust_sum_args {
  trust_region trust;
  const float *log_prob, *entropy, *old_log_prob, *advantage;  // (n_agent, rows)
  const double *kl;               // (n_agent, rows), or NULL: no try yet
  float *d_log_prob, *d_entropy;  // (n_agent, rows) of the objective, where there is no try yet
  const int32_t *which;           // (n_agent)
  const int32_t *used;            // (n_agent)
  const int64_t *normalize;       // (n_agent) are advantages taken to mean 0 and deviation 1?
  int64_t rows;
  int32_t first;
} trust_sum_args;

THRONG_ROW void trust_sum_row(const trust_sum_args *a, int64_t row) {
  const trust_region *t = &a->trust;
  double *objective = a->kl ? t->after : t->objective;
  if (!a->which[row]) return;
  if (a->first) objective[row] = t->kl[row] = 0;
  if (a->first && !a->kl) t->entropy[row] = 0;
  const double mean = a->normalize[row] ? t->mean[row] : 0;
  const double deviation = a->normalize[row] ? t->deviation[row] + 1e-8 : 1;
  const int64_t n = a->used[row], at = row * a->rows;
  for (int64_t i = at; i < at + n; ++i) {
    const double advantage = ((double)a->advantage[i] - mean) / deviation;
    const double ratio = exp((double)a->log_prob[i] - (double)a->old_log_prob[i]);
    const double part = advantage * ratio * (double)t->weight[row];
    objective[row] += part;
    if (a->kl) {
      t->kl[row] += a->kl[i] * (double)t->weight[row];
      continue;
    }
    t->entropy[row] += (double)a->entropy[i] * (double)t->weight[row];
    a->d_log_prob[i] = (float)part;
    a->d_entropy[i] = 0.0f;
  }
}

/// Is the try good: inside the region, and better than before? Else the next is shorter. Row: an
/// agent.
typedef struct trust_judge_args {
  trust_region trust;
  const float *target_kl, *shrink;  // (n_agent)
} trust_judge_args;

THRONG_ROW void trust_judge_row(const trust_judge_args *a, int64_t row) {
  const trust_region *t = &a->trust;
  if (!t->searching[row]) return;
  t->accepted[row] = t->kl[row] < (double)a->target_kl[row] && t->after[row] > t->objective[row];
  t->left[row] -= 1;
  t->searching[row] = !t->accepted[row] && t->left[row] > 0;
  if (!t->accepted[row]) t->step[row] *= a->shrink[row];
}

/// Of whom no try was good: the weights are those of before. Row: an agent.
typedef struct trust_revert_args {
  trust_region trust;
  const int32_t *taking;  // (n_agent)
  int32_t *reverted;      // (n_agent)
} trust_revert_args;

THRONG_ROW void trust_revert_row(const trust_revert_args *a, int64_t row) {
  a->reverted[row] = a->taking[row] && !a->trust.accepted[row];
}

/// The agents whose weights moved: their tables are of before. Row: an agent.
typedef struct trust_moved_args {
  const int32_t *which;  // (n_agent)
  int32_t *stale;        // (n_agent)
} trust_moved_args;

THRONG_ROW void trust_moved_row(const trust_moved_args *a, int64_t row) {
  if (a->which[row]) a->stale[row] = 1;
}

/// What the policy's step of a rollout came to, into the statistics.
THRONG_ROW void trust_tell(const trust_region *t, int64_t row, float *stats, int32_t *n_sum) {
  stats += row * POLICY_STATS;
  stats[0] += (float)t->entropy[row];  // POLICY_ENTROPY is their first
  stats[POLICY_GRADIENT_LOSS - POLICY_ENTROPY] -= (float)t->objective[row];
  stats[POLICY_KL - POLICY_ENTROPY] += t->accepted[row] ? (float)t->kl[row] : 0.0f;
  n_sum[row] += 1;
}

/// Is what the step was made of sound? Of agents whose rollouts have ended. Row: an agent.
typedef struct trust_finish_args {
  rollout_view rollout;
  trust_region trust;
  float *loss;        // (n_agent) minus the objective; NaN where there is a cause
  const float *norm;  // (n_agent) of its gradient
  float *stats;       // (n_agent, POLICY_STATS) where no minibatch of the critic's will tell it
  int32_t *n_sum;     // (n_agent)
} trust_finish_args;

THRONG_ROW void trust_finish_row(const trust_finish_args *a, int64_t row) {
  const rollout_view *r = &a->rollout;
  const trust_region *t = &a->trust;
  r->clock.learns[row] = r->lanes[row] > 0 && r->clock.state[row] == AGENT_LEARNING;
  if (!r->clock.learns[row]) return;
  a->loss[row] = NAN;
  if (r->cause[row] != POLICY_SOUND) return;
  if (!(fabs(t->objective[row]) < (double)INFINITY && fabs(t->entropy[row]) < (double)INFINITY))
    r->cause[row] = POLICY_BAD_ITEM;
  else
    a->loss[row] = (float)-t->objective[row];
  if (r->n_epochs[row] == 0) trust_tell(t, row, a->stats, a->n_sum);
}

/// Squared errors of a minibatch's values, and their gradient. Row: (agent, place in the batch).
/// Rows that do not count get gradients of 0.
typedef struct critic_loss_args {
  const float *value, *target;  // (n_agent, batch)
  const int32_t *used;          // (n_agent) of its batch
  float *squares, *d_value;     // (n_agent, batch)
  int64_t batch;
} critic_loss_args;

THRONG_ROW void critic_loss_row(const critic_loss_args *a, int64_t row) {
  a->d_value[row] = 0.0f;
  if (row_is_idle(a->used, a->batch, row)) return;
  const int64_t agent = row / a->batch;
  const float error = a->value[row] - a->target[row];
  a->squares[row] = error * error;
  a->d_value[row] = 2.0f * error / (float)a->used[agent];
}

/// The minibatch's means into the statistics, beside what the policy's step of the rollout came to.
/// Row: an agent.
typedef struct critic_judge_args {
  const double *sum;  // (n_agent, POLICY_COLUMNS, 2) of batch_sum: squares, values
  agent_clocks clock;
  trust_region trust;
  float *batch_loss;        // (n_agent) of this update
  float *loss_sum, *q_sum;  // (n_agent) since the statistics were read
  float *stats;             // (n_agent, POLICY_STATS) likewise
  int32_t *n_sum;           // (n_agent)
} critic_judge_args;

THRONG_ROW void critic_judge_row(const critic_judge_args *a, int64_t row) {
  const agent_clocks *c = &a->clock;
  const trust_region *t = &a->trust;
  if (!c->learns[row]) return;
  const double n = (double)c->rows[row], *sum = a->sum + row * POLICY_COLUMNS * 2;
  const float loss = (float)(sum[0] / n);
  trust_tell(t, row, a->stats, a->n_sum);
  a->stats[row * POLICY_STATS + POLICY_VALUE_LOSS - POLICY_ENTROPY] += loss;
  a->batch_loss[row] = loss;
  a->loss_sum[row] += loss;
  a->q_sum[row] += (float)(sum[2] / n);
}

#endif
