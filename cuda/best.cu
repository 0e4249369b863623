/// The best item of each state over the whole catalogue, products and arg-max in one kernel: Q
/// lives in registers and nowhere else. A block takes 128 states of an agent and a share of the
/// items, 128 at a time, each thread 8 x 8 of them; shares meet in an atomic maximum over (Q,
/// item), which does not depend on their order. Sums run over the width in order, by fused
/// multiply-add: within rounding of best_search_row (kernels/agent_act.h), which it stands for.
#include "kernels.h"
#include "launch.cuh"
#include "list.h"
#include "warp.cuh"

namespace {

enum {
  SIDE = 128,           // states, and items, of a tile
  DEPTH = 8,            // of the width, staged at a time
  EACH = 8,             // states, and items, of a thread
  ACROSS = 16,          // threads along the items
  PAD = 4,              // so that the staging's columns fall into different banks
  BLOCKS = 528,         // wanted: four for each multiprocessor of an H100
  MOST_AGENTS = 65535,  // of a grid's third dimension
};

/// Numbers in the order of their values, and above them all lower items first.
__device__ uint64_t pack(float q, int32_t item) {
  union {
    float f;
    uint32_t u;
  } bits;
  bits.f = q;
  const uint32_t key = bits.u & 0x80000000u ? ~bits.u : bits.u | 0x80000000u;
  return (uint64_t)key << 32 | (0xffffffffu - (uint32_t)item);
}

__device__ void unpack(uint64_t packed, float *q, int32_t *item) {
  union {
    float f;
    uint32_t u;
  } bits;
  const uint32_t key = (uint32_t)(packed >> 32);
  bits.u = key & 0x80000000u ? key & 0x7fffffffu : ~key;
  *q = packed ? bits.f : -INFINITY;
  *item = packed ? (int32_t)(0xffffffffu - (uint32_t)packed) : -1;
}

struct alignas(16) stage {
  float of[DEPTH][SIDE + PAD];
};

/// A slice of 128 rows as (depth, row), zeros beyond the edges. 256 threads: 8 numbers each.
__device__ void load(stage *to, const float *rows, int64_t n_row, int32_t width, int32_t depth) {
  for (int part = 0; part < SIDE * DEPTH / CUDA_ROW_THREADS; ++part) {
    const int at = part * CUDA_ROW_THREADS + (int)threadIdx.x;
    const int row = at / DEPTH, k = at % DEPTH;
    const bool inside = row < n_row && depth + k < width;
    to->of[k][row] = inside ? rows[(int64_t)row * width + depth + k] : 0.0f;
  }
}

/// Where a thread's eight of 128 lie: two runs of four, so that neighbours read neighbouring words.
__device__ int place_of(int thread, int k) { return (k / 4) * (SIDE / 2) + thread * 4 + k % 4; }

__device__ void multiply(const stage *query, const stage *item, int row, int column,
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

/// The best of a thread's states so far, kept where registers are not taken from the sums.
struct own_best {
  float q[EACH][CUDA_ROW_THREADS];
  int32_t item[EACH][CUDA_ROW_THREADS];
};

enum mask_kind { MASK_NONE, MASK_SEEN, MASK_SHOWN };

/// Rarely asked: only where an item is better than all before it.
template <mask_kind KIND>
__device__ bool masked(const best_search_args *a, int64_t at, int32_t item) {
  if (KIND == MASK_NONE) return false;
  if (KIND == MASK_SEEN) return a->seen[at * a->n_seen_word + (item >> 5)] >> (item & 31) & 1u;
  best_fold_args mask;
  mask.seen = 0;
  mask.shown = a->shown;
  return best_masked(&mask, at, item) != 0;
}

/// Fold the thread's 8 x 8 into its own best so far. Where things lie is found anew each time: what
/// lived through the products would cost them registers.
template <mask_kind KIND>
__device__ void fold(const best_search_args *a, int32_t first, int32_t end, float sum[EACH][EACH],
                     own_best *own) {
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const float *bias = a->bias + blockIdx.z * a->n_item + first;
  const int32_t left = end - first;
  const int64_t first_place = (int64_t)blockIdx.x * SIDE + row * 4;
  UNROLL()
  for (int i = 0; i < EACH; ++i) {
    const int64_t place = first_place + place_of(0, i);
    float most = own->q[i][threadIdx.x];
    int32_t best = own->item[i][threadIdx.x];
    if (place >= a->places) continue;
    const int64_t at = blockIdx.z * a->places + place;
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      const int32_t offset = place_of(column, j);
      if (offset >= left) continue;
      const float q = sum[i][j] + bias[offset];
      if (!(q > most) || masked<KIND>(a, at, first + offset)) continue;
      most = q;
      best = first + offset;
    }
    own->q[i][threadIdx.x] = most;
    own->item[i][threadIdx.x] = best;
  }
}
/// Two blocks a multiprocessor; one where sessions are looked through, which would spill on sm_80.
template <mask_kind KIND>
__global__ void __launch_bounds__(CUDA_ROW_THREADS, KIND == MASK_SHOWN ? 1 : 2)
    best_search_tile(const best_search_args a, const int32_t share) {
  SHARED(stage, query, [2]);
  SHARED(stage, item, [2]);
  SHARED(own_best, owned, [1]);
  own_best &own = owned[0];
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const int64_t agent = blockIdx.z, place = (int64_t)blockIdx.x * SIDE;
  const int32_t begin = (int32_t)blockIdx.y * share;
  const int32_t end = begin + share < a.n_item ? begin + share : (int32_t)a.n_item;
  const float *queries = a.query + (agent * a.places + place) * a.width;
  const int n_slice = (a.width + DEPTH - 1) / DEPTH;
  for (int i = 0; i < EACH; ++i) {
    own.q[i][threadIdx.x] = -INFINITY;
    own.item[i][threadIdx.x] = -1;
  }
  for (int32_t first = begin; first < end; first += SIDE) {
    const float *items = a.vector + (agent * a.n_item + first) * a.width;
    float sum[EACH][EACH] = {};
    for (int slice = 0; slice < n_slice; ++slice) {
      // Two stages in turn: one barrier a slice keeps readers and writers apart.
      stage *q = &query[slice % 2], *v = &item[slice % 2];
      load(q, queries, a.places - place, a.width, slice * DEPTH);
      load(v, items, a.n_item - first, a.width, slice * DEPTH);
      __syncthreads();
      multiply(q, v, row, column, sum);
    }
    if (n_slice % 2) __syncthreads();  // the next tile begins with the stage just read
    fold<KIND>(&a, first, end, sum, &own);
  }
  for (int i = 0; i < EACH; ++i) {
    const int32_t best = own.item[i][threadIdx.x];
    uint64_t packed = best >= 0 ? pack(own.q[i][threadIdx.x], best) : 0;
    for (int other = ACROSS / 2; other > 0; other /= 2) {
      const uint64_t theirs = __shfl_xor_sync(WARP_ALL, packed, other);
      packed = theirs > packed ? theirs : packed;
    }
    const int64_t at = agent * a.places + place + place_of(row, i);
    if (column == 0 && packed)  // of a state that is there: others have no best
      atomicMax((unsigned long long *)&a.packed[at], (unsigned long long)packed);
  }
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    best_search_clear(const best_search_args a, const int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row < n_row; row += stride)
    a.packed[row] = 0;
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    best_search_finish(const best_search_args a, const int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row < n_row; row += stride)
    unpack(a.packed[row], &a.value[row], &a.item[row]);
}

}  // namespace

extern "C" cudaError_t cuda_best_search_launch(const void *args, int64_t n_row,
                                               cudaStream_t stream) {
  const best_search_args *a = static_cast<const best_search_args *>(args);
  const dim3 threads(CUDA_ROW_THREADS), rows(cuda_blocks(n_row, CUDA_ROW_THREADS));
  if (n_row == 0) {  // to be loaded: without items nothing is read or written
    LAUNCH_ALONE(best_search_clear, rows, threads, stream, *a, n_row);
    LAUNCH(best_search_tile<MASK_SEEN>, rows, threads, stream, *a, SIDE);
    LAUNCH(best_search_tile<MASK_SHOWN>, rows, threads, stream, *a, SIDE);
    LAUNCH(best_search_tile<MASK_NONE>, rows, threads, stream, *a, SIDE);
    LAUNCH_ALONE(best_search_finish, rows, threads, stream, *a, n_row);
    return cudaGetLastError();
  }
  if (a->n_agent > MOST_AGENTS) return cuda_rows[KERNEL_best_search](args, n_row, stream);
  const int64_t n_place = (a->places + SIDE - 1) / SIDE, n_tile = (a->n_item + SIDE - 1) / SIDE;
  int64_t n_share = BLOCKS / (n_place * a->n_agent);
  if (n_share < 1) n_share = 1;
  if (n_share > n_tile) n_share = n_tile;
  const int32_t share = (int32_t)((n_tile + n_share - 1) / n_share) * SIDE;
  n_share = (a->n_item + share - 1) / share;
  LAUNCH_ALONE(best_search_clear, rows, threads, stream, *a, n_row);
  const dim3 tiles((unsigned)n_place, (unsigned)n_share, (unsigned)a->n_agent);
  if (a->seen)
    LAUNCH(best_search_tile<MASK_SEEN>, tiles, threads, stream, *a, share);
  else if (a->shown.entry)
    LAUNCH(best_search_tile<MASK_SHOWN>, tiles, threads, stream, *a, share);
  else
    LAUNCH(best_search_tile<MASK_NONE>, tiles, threads, stream, *a, share);
  LAUNCH_ALONE(best_search_finish, rows, threads, stream, *a, n_row);
  return cudaGetLastError();
}
