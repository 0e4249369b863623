/// Scores of 128 states and 128 items at a time, in registers and nowhere else: what the kernels
/// share that look at every score of a catalogue once. 256 threads, each with 8 x 8 of them. Sums
/// run over the width in order, by fused multiply-add.
#ifndef THRONG_CUDA_PRODUCT_CUH
#define THRONG_CUDA_PRODUCT_CUH

#include "kernels/list.h"
#include "launch.cuh"

enum {
  SIDE = BEST_SIDE,     // states, and items, of a tile
  DEPTH = 8,            // of the width, staged at a time
  EACH = 8,             // states, and items, of a thread
  ACROSS = 16,          // threads along the items
  PAD = 4,              // so that the staging's columns fall into different banks
  MOST_AGENTS = 65535,  // of a grid's third dimension
};

/// How items are left out, and whether there is noise upon the scores.
enum search_kind { MASK_NONE = 0, MASK_SEEN = 1, MASK_SHOWN = 2, MASK_KINDS = 3, NOISE = 4 };

struct alignas(16) stage {
  float of[DEPTH][SIDE + PAD];
};

/// A slice of 128 rows as (depth, row), zeros beyond the edges. 256 threads: 8 numbers each.
static __device__ void load(stage *to, const float *rows, int64_t n_row, int32_t width,
                            int32_t depth) {
  for (int part = 0; part < SIDE * DEPTH / CUDA_ROW_THREADS; ++part) {
    const int at = part * CUDA_ROW_THREADS + (int)threadIdx.x;
    const int row = at / DEPTH, k = at % DEPTH;
    const bool inside = row < n_row && depth + k < width;
    to->of[k][row] = inside ? rows[(int64_t)row * width + depth + k] : 0.0f;
  }
}

/// Where a thread's eight of 128 lie: two runs of four, so that neighbours read neighbouring words.
static __device__ int place_of(int thread, int k) {
  return (k / 4) * (SIDE / 2) + thread * 4 + k % 4;
}

static __device__ void multiply(const stage *query, const stage *item, int row, int column,
                                float sum[EACH][EACH]) {
  UNROLL()
  for (int k = 0; k < DEPTH; ++k) {
    float q[EACH], v[EACH];
    UNROLL()
    for (int i = 0; i < EACH; ++i) q[i] = query->of[k][place_of(row, i)];
    UNROLL()
    for (int j = 0; j < EACH; ++j) v[j] = item->of[k][place_of(column, j)];
    UNROLL()
    for (int i = 0; i < EACH; ++i) UNROLL()
    for (int j = 0; j < EACH; ++j) sum[i][j] = fmaf(q[i], v[j], sum[i][j]);
  }
}

/// The tile's sums, a slice of the width at a time: states from 128 blockIdx.x on of agent
/// blockIdx.z, items from `first` on. ARGS: best_search_args or what has its first members.
template <typename ARGS>
static __device__ void product(const ARGS *a, int32_t first, stage query[2], stage item[2],
                               float sum[EACH][EACH]) {
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const int64_t agent = blockIdx.z, first_state = (int64_t)blockIdx.x * SIDE;
  const float *queries = a->query + (agent * a->n_state + first_state) * a->width;
  const float *items = a->vector + (agent * a->n_item + first) * a->width;
  const int n_slice = (a->width + DEPTH - 1) / DEPTH;
  for (int slice = 0; slice < n_slice; ++slice) {
    // Two stages in turn: one barrier a slice keeps readers and writers apart.
    stage *q = &query[slice % 2], *v = &item[slice % 2];
    load(q, queries, a->n_state - first_state, a->width, slice * DEPTH);
    load(v, items, a->n_item - first, a->width, slice * DEPTH);
    __syncthreads();
    multiply(q, v, row, column, sum);
  }
  if (n_slice % 2) __syncthreads();  // the next tile begins with the stage just read
}

#endif
