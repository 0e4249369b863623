/// The best item or items of each state over the whole catalogue, products and choice in one
/// kernel: Q lives in registers and nowhere else. A block takes 128 states of an agent and a share
/// of the items, 128 at a time, each thread 8 x 8 of them. For the best alone, shares meet in an
/// atomic maximum over (Q, item), which does not depend on their order; lists are joined by a
/// thread a state. Sums run over the width in order, by fused multiply-add: within rounding of
/// best_search_row (kernels/agent/agent_act.h), which it stands for.
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "product.cuh"
#include "warp.cuh"

namespace {

/// Numbers in the order of their values, and above them all lower items first.
__device__ uint64_t pack(float q, int32_t item) {
  union {
    float f;
    uint32_t u;
  } bits;
  bits.f = q + 0.0f;  // -0 is 0
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

/// The best of a thread's states so far, kept where registers are not taken from the sums.
struct own_best {
  float q[EACH][CUDA_ROW_THREADS];
  int32_t item[EACH][CUDA_ROW_THREADS];
};

/// Called only where an item is better than all before it, which is rare.
template <int KIND>
__device__ bool masked(const best_search_args *a, int64_t at, int32_t item) {
  if ((KIND & MASK_KINDS) == MASK_NONE) return false;
  if ((KIND & MASK_KINDS) == MASK_SEEN)
    return a->seen[at * a->n_seen_word + (item >> 5)] >> (item & 31) & 1u;
  best_fold_args mask;
  mask.seen = 0;
  mask.shown = a->shown;
  mask.real = a->real;
  return best_masked(&mask, at, item) != 0;
}

/// Which of a thread's eight scores have words of noise that may lift them over `least`, and these
/// words. Items of a run of four share a draw: `first` is a multiple of four.
template <int KIND>
__device__ unsigned noise_of(const best_search_args *a, int64_t at, int32_t first, float least,
                             const float q[EACH], uint32_t word[EACH]) {
  const int column = (int)threadIdx.x % ACROSS;
  unsigned may = 0;
  UNROLL()
  for (int run = 0; run < EACH; run += 4) {
    float most = -INFINITY;
    UNROLL()
    for (int j = run; j < run + 4; ++j) most = q[j] > most ? q[j] : most;
    const random_words r =
        noise_words(&a->noise, blockIdx.z, at, (uint32_t)(first + place_of(column, run)) / 4);
    const uint32_t bound = noise_bound(most, least);
    UNROLL()
    for (int j = run; j < run + 4; ++j) {
      word[j] = r.w[j - run];
      may |= (unsigned)(word[j] <= bound) << j;
    }
  }
  return may;
}

/// Fold the thread's 8 x 8 into its own best so far. Addresses are computed anew each time: kept
/// across the products they would take registers from them.
template <int KIND>
__device__ void fold(const best_search_args *a, int32_t first, int32_t end, float sum[EACH][EACH],
                     own_best *own) {
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const float *bias = a->bias + blockIdx.z * a->n_item + first;
  const int32_t left = end - first;
  const int64_t first_state = (int64_t)blockIdx.x * SIDE + row * 4;
  UNROLL()
  for (int i = 0; i < EACH; ++i) {
    const int64_t state = first_state + place_of(0, i);
    float most = own->q[i][threadIdx.x];
    int32_t best = own->item[i][threadIdx.x];
    if (state >= a->n_state) continue;
    const int64_t at = blockIdx.z * a->n_state + state;
    uint32_t word[EACH];
    unsigned may = 0;
    if (KIND & NOISE) {
      UNROLL()
      for (int j = 0; j < EACH; ++j) {
        const int32_t offset = place_of(column, j);
        sum[i][j] = offset < left ? sum[i][j] + bias[offset] : -INFINITY;
      }
      may = noise_of<KIND>(a, at, first, most, sum[i], word);
    }
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      const int32_t offset = place_of(column, j);
      if (offset >= left || ((KIND & NOISE) && !(may >> j & 1u))) continue;
      const float q = KIND & NOISE ? sum[i][j] + gumbel_of(word[j]) : sum[i][j] + bias[offset];
      if (!(q > most) || masked<KIND>(a, at, first + offset)) continue;
      most = q;
      best = first + offset;
    }
    own->q[i][threadIdx.x] = most;
    own->item[i][threadIdx.x] = best;
  }
}

/// The best of each of the block's states so far, best first; 0 after the last. A state's list is
/// the business of its 16 threads alone.
struct list_of_best {
  uint64_t of[SIDE][BEST_MOST_TOP];
};

__device__ void insert(uint64_t *list, int32_t top, uint64_t packed) {
  int32_t k = top - 1;
  for (; k > 0 && packed > list[k - 1]; --k) list[k] = list[k - 1];
  list[k] = packed;
}

/// The largest of what a thread offers that is above `least` and not masked; others are struck off.
template <int KIND>
__device__ uint64_t offer(const best_search_args *a, int64_t at, int32_t first, uint64_t least,
                          const float q[EACH], unsigned *left, unsigned *which) {
  const int column = (int)threadIdx.x % ACROSS;
  for (;;) {
    uint64_t most = least;
    *which = 0;
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      if (!(*left >> j & 1u)) continue;
      const uint64_t packed = pack(q[j], first + place_of(column, j));
      if (packed > most) {
        most = packed;
        *which = 1u << j;
      }
    }
    if (!*which) return 0;
    float value;
    int32_t item;
    unpack(most, &value, &item);
    if (!masked<KIND>(a, at, item)) return most;
    *left &= ~*which;
  }
}

/// Fold the thread's 8 x 8 into the lists. Most tiles hold nothing that belongs there.
template <int KIND>
__device__ void fold_lists(const best_search_args *a, int32_t first, int32_t end,
                           float sum[EACH][EACH], list_of_best *own) {
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const float *bias = a->bias + blockIdx.z * a->n_item + first;
  UNROLL()
  for (int i = 0; i < EACH; ++i) {
    const int64_t state = (int64_t)blockIdx.x * SIDE + place_of(row, i);
    const int64_t at = blockIdx.z * a->n_state + state;
    uint64_t *list = own->of[place_of(row, i)];
    uint64_t least = list[a->top - 1];
    float least_q, q[EACH];
    int32_t none;
    unpack(least, &least_q, &none);
    unsigned left = 0;
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      const int32_t offset = place_of(column, j);
      const bool there = state < a->n_state && offset < end - first;
      q[j] = there ? sum[i][j] + bias[offset] : -INFINITY;
    }
    if ((KIND & NOISE) && state < a->n_state) {
      uint32_t word[EACH];
      const unsigned may = noise_of<KIND>(a, at, first, least_q, q, word);
      UNROLL()
      for (int j = 0; j < EACH; ++j) q[j] = may >> j & 1u ? q[j] + gumbel_of(word[j]) : -INFINITY;
    }
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      left |= (unsigned)(q[j] >= least_q && q[j] > -INFINITY) << j;
    }
    while (__ballot_sync(WARP_ALL, left != 0)) {
      unsigned which;
      const uint64_t mine = offer<KIND>(a, at, first, least, q, &left, &which);
      uint64_t best = mine;
      for (int other = ACROSS / 2; other > 0; other /= 2) {
        const uint64_t theirs = __shfl_xor_sync(WARP_ALL, best, other);
        best = theirs > best ? theirs : best;
      }
      if (mine && mine == best) {
        insert(list, a->top, best);
        left &= ~which;
      }
      if (!mine) left = 0;
      __syncwarp();
      least = list[a->top - 1];
      __syncwarp();  // before the next is written
    }
  }
}

/// Two blocks a multiprocessor; one where sessions are looked through or noise is made, which would
/// spill on sm_80.
template <int KIND>
__global__ void __launch_bounds__(CUDA_ROW_THREADS, KIND == MASK_NONE || KIND == MASK_SEEN ? 2 : 1)
    best_search_tile(const best_search_args a, const int32_t share) {
  // No state of the block counts, see row_is_idle.
  if (a.used && (int64_t)blockIdx.x * SIDE >= a.used[blockIdx.z]) return;
  SHARED(stage, query, [2]);
  SHARED(stage, item, [2]);
  SHARED(own_best, owned, [1]);
  own_best &own = owned[0];
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const int32_t begin = (int32_t)blockIdx.y * share;
  const int32_t end = begin + share < a.n_item ? begin + share : (int32_t)a.n_item;
  for (int i = 0; i < EACH; ++i) {
    own.q[i][threadIdx.x] = -INFINITY;
    own.item[i][threadIdx.x] = -1;
  }
  for (int32_t first = begin; first < end; first += SIDE) {
    float sum[EACH][EACH] = {};
    product(&a, first, query, item, sum);
    fold<KIND>(&a, first, end, sum, &own);
  }
  for (int i = 0; i < EACH; ++i) {
    const int32_t best = own.item[i][threadIdx.x];
    uint64_t packed = best >= 0 ? pack(own.q[i][threadIdx.x], best) : 0;
    for (int other = ACROSS / 2; other > 0; other /= 2) {
      const uint64_t theirs = __shfl_xor_sync(WARP_ALL, packed, other);
      packed = theirs > packed ? theirs : packed;
    }
    const int64_t at = blockIdx.z * a.n_state + (int64_t)blockIdx.x * SIDE + place_of(row, i);
    if (column == 0 && packed)  // of a state that is there: others have no best
      atomicMax((unsigned long long *)&a.packed[at], (unsigned long long)packed);
  }
}

/// Lists leave each share's block as they are: packed (shares, n_agent, n_state, top).
template <int KIND>
__global__ void __launch_bounds__(CUDA_ROW_THREADS, 1)
    best_list_tile(const best_search_args a, const int32_t share) {
  SHARED(stage, query, [2]);
  SHARED(stage, item, [2]);
  SHARED(list_of_best, owned, [1]);
  const int32_t begin = (int32_t)blockIdx.y * share;
  const int32_t end = begin + share < a.n_item ? begin + share : (int32_t)a.n_item;
  for (int k = (int)threadIdx.x; k < SIDE * BEST_MOST_TOP; k += CUDA_ROW_THREADS)
    owned[0].of[k / BEST_MOST_TOP][k % BEST_MOST_TOP] = 0;
  for (int32_t first = begin; first < end; first += SIDE) {
    float sum[EACH][EACH] = {};
    product(&a, first, query, item, sum);  // the lists are cleared behind its barriers
    fold_lists<KIND>(&a, first, end, sum, &owned[0]);
  }
  __syncthreads();
  for (int k = (int)threadIdx.x; k < SIDE * a.top; k += CUDA_ROW_THREADS) {
    const int64_t place = (int64_t)blockIdx.x * SIDE + k / a.top;
    if (place >= a.n_state) break;
    const int64_t state = (blockIdx.y * (int64_t)a.n_agent + blockIdx.z) * a.n_state + place;
    a.packed[state * a.top + k % a.top] = owned[0].of[k / a.top][k % a.top];
  }
}

/// The shares' lists to one, a thread a state.
__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    best_list_join(const best_search_args a, const int64_t n_share, const int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row < n_row; row += stride) {
    uint64_t list[BEST_MOST_TOP];
    for (int32_t k = 0; k < a.top; ++k) list[k] = 0;
    for (int64_t share = 0; share < n_share; ++share) {
      const uint64_t *from = a.packed + (share * n_row + row) * a.top;
      for (int32_t k = 0; k < a.top && from[k] > list[a.top - 1]; ++k) insert(list, a.top, from[k]);
    }
    for (int32_t k = 0; k < a.top; ++k)
      unpack(list[k], &a.value[row * a.top + k], &a.item[row * a.top + k]);
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

#define BEST_OF_KIND(kernel, a, tiles, stream, share, noise)                   \
  do {                                                                         \
    const dim3 threads(CUDA_ROW_THREADS);                                      \
    if ((a)->seen)                                                             \
      LAUNCH(kernel<MASK_SEEN | noise>, tiles, threads, stream, *(a), share);  \
    else if ((a)->shown.entry)                                                 \
      LAUNCH(kernel<MASK_SHOWN | noise>, tiles, threads, stream, *(a), share); \
    else                                                                       \
      LAUNCH(kernel<MASK_NONE | noise>, tiles, threads, stream, *(a), share);  \
  } while (0)

/// KERNEL by how items are left out, with noise or without.
#define BEST_BY_MASK(kernel, a, tiles, stream, share)       \
  do {                                                      \
    if ((a)->noise.seed)                                    \
      BEST_OF_KIND(kernel, a, tiles, stream, share, NOISE); \
    else                                                    \
      BEST_OF_KIND(kernel, a, tiles, stream, share, 0);     \
  } while (0)

/// Every kernel once, to be loaded: without states and items nothing is read or written.
#define LOAD_KINDS(kernel)                                              \
  do {                                                                  \
    LAUNCH(kernel<MASK_SEEN>, one, threads, stream, *a, SIDE);          \
    LAUNCH(kernel<MASK_SHOWN>, one, threads, stream, *a, SIDE);         \
    LAUNCH(kernel<MASK_NONE>, one, threads, stream, *a, SIDE);          \
    LAUNCH(kernel<MASK_SEEN | NOISE>, one, threads, stream, *a, SIDE);  \
    LAUNCH(kernel<MASK_SHOWN | NOISE>, one, threads, stream, *a, SIDE); \
    LAUNCH(kernel<MASK_NONE | NOISE>, one, threads, stream, *a, SIDE);  \
  } while (0)

void load_all(const best_search_args *a, cudaStream_t stream) {
  const dim3 one(1), threads(CUDA_ROW_THREADS);
  LAUNCH_ALONE(best_search_clear, one, threads, stream, *a, 0);
  LOAD_KINDS(best_search_tile);
  LAUNCH_ALONE(best_search_finish, one, threads, stream, *a, 0);
  LOAD_KINDS(best_list_tile);
  LAUNCH_ALONE(best_list_join, one, threads, stream, *a, 0, 0);
}

}  // namespace

extern "C" cudaError_t cuda_best_search_launch(const void *args, int64_t n_row,
                                               cudaStream_t stream) {
  const best_search_args *a = static_cast<const best_search_args *>(args);
  if (n_row == 0) {
    load_all(a, stream);
    return cudaGetLastError();
  }
  if (a->n_agent > MOST_AGENTS || a->top > BEST_MOST_TOP)
    return cuda_rows[KERNEL_best_search](args, n_row, stream);
  const dim3 threads(CUDA_ROW_THREADS), rows(cuda_blocks(n_row, CUDA_ROW_THREADS));
  const int32_t share = (int32_t)best_search_tiles(a->n_agent, a->n_state, a->n_item) * SIDE;
  const int64_t n_share = best_search_shares(a->n_agent, a->n_state, a->n_item);
  const dim3 tiles((unsigned)((a->n_state + SIDE - 1) / SIDE), (unsigned)n_share,
                   (unsigned)a->n_agent);
  if (a->top > 1) {
    BEST_BY_MASK(best_list_tile, a, tiles, stream, share);
    LAUNCH_ALONE(best_list_join, rows, threads, stream, *a, n_share, n_row);
    return cudaGetLastError();
  }
  LAUNCH_ALONE(best_search_clear, rows, threads, stream, *a, n_row);
  BEST_BY_MASK(best_search_tile, a, tiles, stream, share);
  LAUNCH_ALONE(best_search_finish, rows, threads, stream, *a, n_row);
  return cudaGetLastError();
}
