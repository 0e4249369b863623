/// Lanes by number: those of one simulator become as some of another's (or its own) are.
#ifndef THRONG_KERNELS_SIM_GATHER_H
#define THRONG_KERNELS_SIM_GATHER_H

#include "kernels/base/portable.h"

/// One array of the lanes. Row = lane of `to`.
typedef struct sim_gather_args {
  const uint8_t *from;   // (lanes of the other, bytes)
  uint8_t *to;           // (n_lane, bytes)
  const int32_t *index;  // (n_lane) which lane; below 0: it stays as it is
  int64_t bytes;         // of a lane
} sim_gather_args;

THRONG_ROW void sim_gather_row(const sim_gather_args *a, int64_t row) {
  if (a->index[row] < 0) return;
  const uint8_t *from = a->from + a->index[row] * a->bytes;
  uint8_t *to = a->to + row * a->bytes;
  if (a->bytes % 4 == 0) {
    const uint32_t *words = (const uint32_t *)(const void *)from;
    for (int64_t k = 0; k < a->bytes / 4; ++k) ((uint32_t *)(void *)to)[k] = words[k];
    return;
  }
  for (int64_t k = 0; k < a->bytes; ++k) to[k] = from[k];
}

#endif
