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
    preference_move(w, history_pack(a->action[at], a->vote[at].like), 1, begin, n, sum);
    if (a->evicted[at] != PREFERENCE_NONE) preference_move(w, a->evicted[at], -1, begin, n, sum);
  }
}

/// Row = lane: the means as numbers (0 where a side is empty), and each item's score before the
/// products are added: b of an empty side is -1.
typedef struct sim_preference_mean_args {
  sim_args sim;
  int64_t first;   // lane of row 0
  float *mean;     // (n_row, 2, dim): of likes, and of dislikes with the sign turned
  int32_t *count;  // (n_row, 2)
  float *score;    // (n_row, n_item), or NULL
} sim_preference_mean_args;

THRONG_ROW void sim_preference_mean_row(const sim_preference_mean_args *a, int64_t row) {
  const sim_args *s = &a->sim;
  const int32_t dim = s->world.dim;
  const int64_t lane = a->first + row;
  const int32_t *sum = s->preference + lane * 2 * dim;
  history_view h = sim_history(s, lane);
  int32_t count[2] = {0, 0};
  for (int32_t k = 0; k < history_length(&h); ++k) count[history_like(h.entry[k]) ? 0 : 1] += 1;
  for (int side = 0; side < 2; ++side) {
    float scale = count[side] ? 1.0f / ((float)count[side] * (float)PREFERENCE_UNIT) : 0.0f;
    if (a->score && side == PAIR_NEG) scale = -scale;
    for (int32_t k = 0; k < dim; ++k)
      a->mean[(row * 2 + side) * dim + k] = (float)sum[side * dim + k] * scale;
    a->count[row * 2 + side] = count[side];
  }
  if (!a->score) return;
  float start = (count[PAIR_NEG] ? 0.0f : 1.0f) - (count[PAIR_POS] ? 0.0f : 1.0f);
  for (int32_t i = 0; i < s->world.n_item; ++i) a->score[row * s->world.n_item + i] = start;
}

#endif
