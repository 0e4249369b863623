/// What a user prefers, as two vectors: the sum of e+ over the liked entries of the history and the
/// sum of e- over the disliked ones. Kept by a lane as its history moves, in fixed point, so that
/// what was added and taken away again leaves no trace: the sums are those of a fresh count.
#ifndef THRONG_KERNELS_VOTE_PREFERENCE_H
#define THRONG_KERNELS_VOTE_PREFERENCE_H

#include "kernels/base/history.h"
#include "kernels/vote/pair.h"

#define PREFERENCE_UNIT 1048576  // embeddings are at most 1: a step of 2^-20
enum {
  PREFERENCE_MAX_HISTORY = 1024,        // entries whose sum a 32-bit integer holds
  PREFERENCE_BLOCK = THRONG_DOT_LANES,  // numbers that one row keeps
};

/// Values of sim_args.evicted that are no entries. NONE: the ring had room. IDLE: the lane has
/// ended and did not move. UNSEEN: the slot was not looked at, so nothing was appended.
#define PREFERENCE_NONE 0xffffffffu
#define PREFERENCE_IDLE 0xfffffffeu
#define PREFERENCE_UNSEEN 0xfffffffdu

THRONG_ROW int32_t preference_quantise(float e) { return (int32_t)rintf(e * PREFERENCE_UNIT); }

THRONG_ROW int32_t preference_blocks(int32_t dim) {
  return (dim + PREFERENCE_BLOCK - 1) / PREFERENCE_BLOCK;
}

/// Add (sign 1) or take away (-1) one entry, numbers begin .. begin+n-1 of the side that it is on.
///   sum (2, dim)
THRONG_ROW void preference_move(const world_view *w, uint32_t entry, int32_t sign, int32_t begin,
                                int32_t n, int32_t *sum) {
  int side = history_like(entry) ? PAIR_POS : PAIR_NEG;
  const float *e = side == PAIR_POS ? w->embedding_pos : w->embedding_neg;
  const float *THRONG_RESTRICT from = e + (int64_t)history_item(entry) * w->dim + begin;
  int32_t *THRONG_RESTRICT to = sum + (int64_t)side * w->dim + begin;
  for (int32_t k = 0; k < n; ++k) to[k] += sign * preference_quantise(from[k]);
}

/// <e(candidate), mean of the side's embeddings>, where `count` > 0 entries are on the side.
///   sum (2, dim), or NULL: summed here from the `n` entries.
/// `own` entries of the side, which `count` does not count, are the candidate's and left out.
THRONG_ROW float preference_similarity(const world_view *w, int side, const int32_t *sum,
                                       const uint32_t *entry, int32_t n, int32_t count, int32_t own,
                                       int32_t candidate) {
  const float *e = side == PAIR_POS ? w->embedding_pos : w->embedding_neg;
  const float *of = e + (int64_t)candidate * w->dim;
  float partial[PREFERENCE_BLOCK] = {0};
  for (int32_t begin = 0; begin < w->dim; begin += PREFERENCE_BLOCK) {
    int32_t m = w->dim - begin < PREFERENCE_BLOCK ? w->dim - begin : PREFERENCE_BLOCK;
    int64_t block[PREFERENCE_BLOCK] = {0};  // any number of entries
    if (sum) {
      for (int32_t k = 0; k < m; ++k) block[k] = sum[(int64_t)side * w->dim + begin + k];
    } else {
      for (int32_t i = 0; i < n; ++i) {
        if ((history_like(entry[i]) ? PAIR_POS : PAIR_NEG) != side) continue;
        const float *from = e + (int64_t)history_item(entry[i]) * w->dim + begin;
        for (int32_t k = 0; k < m; ++k) block[k] += preference_quantise(from[k]);
      }
    }
    for (int32_t k = 0; own > 0 && k < m; ++k)
      block[k] -= (int64_t)own * preference_quantise(of[begin + k]);
    for (int32_t k = 0; k < m; ++k) partial[k] += of[begin + k] * (float)block[k];
  }
  for (int32_t half = PREFERENCE_BLOCK / 2; half > 0; half /= 2)
    for (int32_t k = 0; k < half; ++k) partial[k] += partial[k + half];
  return partial[0] / ((float)count * (float)PREFERENCE_UNIT);
}

#endif
