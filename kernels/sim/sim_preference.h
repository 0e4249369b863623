/// Lanes' preference vectors inside the simulator: brought up to date after a transition, and as
/// scores over the whole catalogue.
#ifndef THRONG_KERNELS_SIM_PREFERENCE_H
#define THRONG_KERNELS_SIM_PREFERENCE_H

#include "kernels/sim/sim_step.h"

/// After a transition, row = (lane, block): what was appended comes in, what fell out of the ring
/// goes; an episode that has just begun is counted anew.
typedef sim_args sim_preference_args;
THRONG_ROW void sim_preference_row(const sim_preference_args *a, int64_t row) {
  const world_view *w = &a->world;
  const int32_t n_block = preference_blocks(w->dim);
  const int64_t lane = row / n_block;
  const int32_t begin = (int32_t)(row % n_block) * PREFERENCE_BLOCK;
  const int32_t n = w->dim - begin < PREFERENCE_BLOCK ? w->dim - begin : PREFERENCE_BLOCK;
  int32_t *sum = a->preference + lane * 2 * w->dim;
  if (a->halted[lane]) return;
  if (a->step[lane] == 0) {
    history_view h = sim_history(a, lane);
    for (int side = 0; side < 2; ++side)
      for (int32_t k = 0; k < n; ++k) sum[side * w->dim + begin + k] = 0;
    for (int32_t k = 0; k < history_length(&h); ++k)
      preference_move(w, h.entry[k], 1, begin, n, sum);
    return;
  }
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    int64_t at = lane * a->slate_size + slot;
    if (a->evicted[at] == PREFERENCE_IDLE) return;
    if (a->evicted[at] == PREFERENCE_UNSEEN) continue;
    preference_move(w, history_pack(a->action[at], a->vote[at].like), 1, begin, n, sum);
    if (a->evicted[at] != PREFERENCE_NONE) preference_move(w, a->evicted[at], -1, begin, n, sum);
  }
}

/// Means as numbers, 0 where a side is empty.
///   sum (2, dim), mean (2, dim), count (2)
THRONG_ROW void preference_means(int32_t dim, const int32_t *sum, const history_view *h,
                                 float *mean, int32_t *count) {
  count[PAIR_POS] = count[PAIR_NEG] = 0;
  for (int32_t k = 0; k < history_length(h); ++k)
    count[history_like(h->entry[k]) ? PAIR_POS : PAIR_NEG] += 1;
  for (int side = 0; side < 2; ++side) {
    float scale = count[side] ? 1.0f / ((float)count[side] * (float)PREFERENCE_UNIT) : 0.0f;
    for (int32_t k = 0; k < dim; ++k) mean[side * dim + k] = (float)sum[side * dim + k] * scale;
  }
}

/// Row = lane: the means, and each item's score before the products are added: b of an empty side
/// is -1.
typedef struct sim_preference_mean_args {
  sim_args sim;
  int64_t first;   // lane of row 0
  float *mean;     // (n_row, 2, dim): of likes, and of dislikes (for scores with the sign turned)
  int32_t *count;  // (n_row, 2)
  float *score;    // (n_row, n_item), or NULL
} sim_preference_mean_args;

THRONG_ROW void sim_preference_mean_row(const sim_preference_mean_args *a, int64_t row) {
  const sim_args *s = &a->sim;
  const int32_t dim = s->world.dim;
  const int64_t lane = a->first + row;
  history_view h = sim_history(s, lane);
  float *mean = a->mean + row * 2 * dim;
  int32_t *count = a->count + row * 2;
  preference_means(dim, s->preference + lane * 2 * dim, &h, mean, count);
  if (!a->score) return;
  for (int32_t k = 0; k < dim; ++k) mean[PAIR_NEG * dim + k] = -mean[PAIR_NEG * dim + k];
  float start = (count[PAIR_NEG] ? 0.0f : 1.0f) - (count[PAIR_POS] ? 0.0f : 1.0f);
  for (int32_t i = 0; i < s->world.n_item; ++i) a->score[row * s->world.n_item + i] = start;
}

/// Row = lane: where the lane ended on the last step, the means of the state in which it ended,
/// counted anew from that history.
typedef struct sim_preference_final_args {
  sim_args sim;
  int32_t *sum;    // (n_lane, 2, dim) to work in
  float *mean;     // (n_lane, 2, dim)
  int32_t *count;  // (n_lane, 2)
} sim_preference_final_args;

THRONG_ROW void sim_preference_final_row(const sim_preference_final_args *a, int64_t lane) {
  const sim_args *s = &a->sim;
  const int32_t dim = s->world.dim;
  if (s->ended[lane] == THRONG_END_NONE) return;
  history_view h = {s->final_history + lane * s->n_history, s->n_history, s->final_count[lane]};
  int32_t *sum = a->sum + lane * 2 * dim;
  for (int32_t k = 0; k < 2 * dim; ++k) sum[k] = 0;
  for (int32_t k = 0; k < history_length(&h); ++k)
    preference_move(&s->world, h.entry[k], 1, 0, dim, sum);
  preference_means(dim, sum, &h, a->mean + lane * 2 * dim, a->count + lane * 2);
}

#endif
