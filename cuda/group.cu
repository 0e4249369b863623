/// Positions by key, rising within a key: a stable radix sort of (key, position), eight bits a
/// pass, then the offsets by binary search where they are asked for. Runs (agents) are sorted apart
/// and at once, so that their number decides nothing but the grid; where one fits a block's shared
/// memory, that is one kernel. Only counts are added up, in a fixed order, so the result is the
/// same on every run.
#include "kernels.h"

#include "launch.cuh"

namespace {

constexpr int kDigits = 256;
constexpr int kThreads = 256;  // a thread a digit where digits are summed
constexpr int kWarps = kThreads / 32;
constexpr int kTile = 2048;  // positions a block, in their order
constexpr int kFewTiles = 64;
constexpr unsigned kAllLanes = 0xffffffffu;

/// Where the runs' positions and tiles lie.
struct runs {
  int64_t length;  // positions of a run
  int32_t n_run, n_tile;
  int32_t n_index;  // keys of a run; a position that belongs to no group has this one, the last
};

__device__ uint32_t key_of(const runs &r, const int32_t *key, int64_t i) {
  return key[i] < 0 ? (uint32_t)r.n_index : (uint32_t)(key[i] - i / r.length * r.n_index);
}

/// A tile's positions: begin .. begin + size - 1. Tiles do not cross runs.
__device__ int64_t tile_begin(const runs &r, int32_t tile, int *size) {
  const int64_t in_run = (int64_t)(tile % r.n_tile) * kTile, left = r.length - in_run;
  *size = left < kTile ? (int)left : kTile;
  return tile / r.n_tile * r.length + in_run;
}

__global__ void __launch_bounds__(kThreads)
    group_start_kernel(runs r, int64_t n, const int32_t *key, uint32_t *to, int32_t *order) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
    to[i] = key_of(r, key, i);
    order[i] = (int32_t)i;
  }
}

/// count[digit][tile]: how often each digit comes in each tile.
__global__ void __launch_bounds__(kThreads)
    group_count_kernel(runs r, int shift, const uint32_t *key, int32_t *count) {
  SHARED(int32_t, sum, [kDigits]);
  const int32_t n_tile = r.n_tile * r.n_run;
  for (int32_t tile = (int32_t)blockIdx.x; tile < n_tile; tile += (int32_t)gridDim.x) {
    int size;
    const int64_t begin = tile_begin(r, tile, &size);
    sum[threadIdx.x] = 0;
    __syncthreads();
    for (int k = (int)threadIdx.x; k < size; k += kThreads)
      atomicAdd(&sum[key[begin + k] >> shift & (kDigits - 1)], 1);
    __syncthreads();
    count[(int64_t)threadIdx.x * n_tile + tile] = sum[threadIdx.x];
    __syncthreads();
  }
}

/// Inclusive sum over a block's threads, in `sum`.
__device__ inline void block_sums(int32_t *sum) {
  for (int reach = 1; reach < kThreads; reach *= 2) {
    const int32_t add = (int)threadIdx.x >= reach ? sum[threadIdx.x - reach] : 0;
    __syncthreads();
    sum[threadIdx.x] += add;
    __syncthreads();
  }
}

/// Counts of one digit of one run (a block each) to where its positions of each tile begin, counted
/// from the digit's own beginning; total[run][digit].
__global__ void __launch_bounds__(kThreads)
    group_scan_kernel(runs r, int32_t *count, int32_t *total) {
  SHARED(int32_t, sum, [kThreads]);
  for (int32_t task = (int32_t)blockIdx.x; task < r.n_run * kDigits; task += (int32_t)gridDim.x) {
    const int32_t run = task / kDigits, digit = task % kDigits;
    int32_t *row = count + ((int64_t)digit * r.n_run + run) * r.n_tile;
    int32_t before = 0;
    for (int32_t begin = 0; begin < r.n_tile; begin += kThreads) {
      const int32_t tile = begin + (int32_t)threadIdx.x;
      const int32_t own = tile < r.n_tile ? row[tile] : 0;
      sum[threadIdx.x] = own;
      __syncthreads();
      block_sums(sum);
      if (tile < r.n_tile) row[tile] = before + sum[threadIdx.x] - own;
      before += sum[kThreads - 1];
      __syncthreads();
    }
    if (threadIdx.x == 0) total[task] = before;
  }
}

/// The same where a run has few tiles: a thread a digit.
__global__ void __launch_bounds__(kThreads)
    group_scan_few_kernel(runs r, int32_t *count, int32_t *total) {
  for (int32_t run = (int32_t)blockIdx.x; run < r.n_run; run += (int32_t)gridDim.x) {
    int32_t *row = count + ((int64_t)threadIdx.x * r.n_run + run) * r.n_tile;
    int32_t before = 0;
    for (int32_t tile = 0; tile < r.n_tile; ++tile) {
      const int32_t own = row[tile];
      row[tile] = before;
      before += own;
    }
    total[run * kDigits + (int32_t)threadIdx.x] = before;
  }
}

/// Where the next positions with each digit go, and how many of them each warp has.
struct places {
  int32_t of[kDigits];
  int32_t warp[kWarps][kDigits];
};

/// A position for each thread to its place: after all smaller digits, and in the threads' order.
/// `there`: the thread has one. Threads past the end match only each other.
__device__ inline int32_t take_place(places *p, bool there, unsigned digit) {
  const int thread = (int)threadIdx.x, lane = thread % 32, warp = thread / 32;
  for (int w = 0; w < kWarps; ++w) p->warp[w][thread] = 0;
  __syncthreads();
  const unsigned same = __match_any_sync(kAllLanes, there ? digit : (unsigned)kDigits);
  const int rank = __popc(same & ((1u << lane) - 1u));
  if (there && rank == 0) p->warp[warp][digit] = __popc(same);
  __syncthreads();
  int32_t to = rank;
  if (there) {
    to += p->of[digit];
    for (int w = 0; w < warp; ++w) to += p->warp[w][digit];
  }
  __syncthreads();
  int32_t added = 0;
  for (int w = 0; w < kWarps; ++w) added += p->warp[w][thread];
  p->of[thread] += added;
  __syncthreads();
  return to;
}

/// Positions to their places: in their run, after all smaller digits, after this digit's in earlier
/// tiles, and in order within the tile.
__global__ void __launch_bounds__(kThreads)
    group_move_kernel(runs r, int shift, const uint32_t *key, const int32_t *order,
                      const int32_t *count, const int32_t *total, uint32_t *key_to,
                      int32_t *order_to) {
  SHARED(places, place, [1]);
  SHARED(int32_t, first, [kDigits]);
  const int thread = (int)threadIdx.x;
  const int32_t n_tile = r.n_tile * r.n_run;
  for (int32_t tile = (int32_t)blockIdx.x; tile < n_tile; tile += (int32_t)gridDim.x) {
    int size;
    const int64_t begin = tile_begin(r, tile, &size), run = tile / r.n_tile;
    const int32_t own = total[run * kDigits + thread];
    first[thread] = own;
    __syncthreads();
    block_sums(first);
    place[0].of[thread] = first[thread] - own + count[(int64_t)thread * n_tile + tile];
    __syncthreads();
    for (int part = 0; part < size; part += kThreads) {
      const bool there = part + thread < size;
      const int64_t i = begin + part + thread;
      const uint32_t k = there ? key[i] : 0;
      const int64_t to = run * r.length + take_place(place, there, k >> shift & (kDigits - 1));
      if (there) {
        key_to[to] = k;
        order_to[to] = order[i];
      }
    }
  }
}

/// All passes over a run that a block's shared memory holds.
__global__ void __launch_bounds__(kThreads)
    group_run_kernel(runs r, int n_pass, const int32_t *key, int32_t *order) {
  SHARED(uint32_t, keys, [2][kTile]);
  SHARED(uint16_t, from, [2][kTile]);
  SHARED(places, place, [1]);
  const int thread = (int)threadIdx.x, size = (int)r.length;
  for (int32_t run = (int32_t)blockIdx.x; run < r.n_run; run += (int32_t)gridDim.x) {
    const int64_t begin = run * r.length;
    for (int k = thread; k < size; k += kThreads) {
      keys[0][k] = key_of(r, key, begin + k);
      from[0][k] = (uint16_t)k;
    }
    for (int pass = 0; pass < n_pass; ++pass) {
      const int at = pass % 2, shift = 8 * pass;
      place[0].of[thread] = 0;
      __syncthreads();
      for (int k = thread; k < size; k += kThreads)
        atomicAdd(&place[0].of[keys[at][k] >> shift & (kDigits - 1)], 1);
      __syncthreads();
      const int32_t own = place[0].of[thread];
      block_sums(place[0].of);
      place[0].of[thread] -= own;
      __syncthreads();
      for (int part = 0; part < size; part += kThreads) {
        const bool there = part + thread < size;
        const uint32_t k = there ? keys[at][part + thread] : 0;
        const int32_t to = take_place(place, there, k >> shift & (kDigits - 1));
        if (there) {
          keys[1 - at][to] = k;
          from[1 - at][to] = from[at][part + thread];
        }
      }
      __syncthreads();
    }
    for (int k = thread; k < size; k += kThreads)
      order[begin + k] = (int32_t)(begin + from[n_pass % 2][k]);
    __syncthreads();
  }
}

/// offset[k]: how many positions have a key below k.
__global__ void __launch_bounds__(kThreads)
    group_offset_kernel(int64_t n, int64_t n_key, const uint32_t *key, int32_t *offset) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t k = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; k <= n_key; k += stride) {
    int64_t low = 0, high = n;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if ((int64_t)key[middle] < k)
        low = middle + 1;
      else
        high = middle;
    }
    offset[k] = (int32_t)low;
  }
}

int64_t round_up(int64_t bytes) { return (bytes + 255) / 256 * 256; }

runs runs_of(int64_t n, int64_t n_key, int64_t n_run) {
  runs r;
  r.length = n / n_run;
  r.n_run = (int32_t)n_run;
  r.n_tile = (int32_t)((r.length + kTile - 1) / kTile);
  r.n_index = (int32_t)(n_key / n_run);
  return r;
}

/// The passes over tiles in global memory; the last one ends in the caller's order. Returns the
/// keys as sorted.
const uint32_t *sort_tiles(const runs &r, int n_pass, int64_t n, const int32_t *key, int32_t *order,
                           char *at, cudaStream_t stream) {
  const int64_t bytes = round_up(n * 4), n_tile = (int64_t)r.n_tile * r.n_run;
  uint32_t *keys[2] = {reinterpret_cast<uint32_t *>(at), reinterpret_cast<uint32_t *>(at + bytes)};
  int32_t *spare = reinterpret_cast<int32_t *>(at + 2 * bytes), *orders[2];
  int32_t *count = reinterpret_cast<int32_t *>(at + 3 * bytes);
  int32_t *total = reinterpret_cast<int32_t *>(at + 3 * bytes + round_up(n_tile * kDigits * 4));
  orders[n_pass % 2] = order;
  orders[1 - n_pass % 2] = spare;
  LAUNCH_ALONE(group_start_kernel, cuda_blocks(n, kThreads), kThreads, stream, r, n, key, keys[0],
               orders[0]);
  for (int pass = 0; pass < n_pass; ++pass) {
    const int from = pass % 2, to = 1 - from, shift = 8 * pass;
    LAUNCH(group_count_kernel, cuda_blocks(n_tile, 1), kThreads, stream, r, shift, keys[from],
           count);
    if (r.n_tile <= kFewTiles)
      LAUNCH_ALONE(group_scan_few_kernel, cuda_blocks(r.n_run, 1), kThreads, stream, r, count,
                   total);
    else
      LAUNCH(group_scan_kernel, cuda_blocks((int64_t)r.n_run * kDigits, 1), kThreads, stream, r,
             count, total);
    LAUNCH(group_move_kernel, cuda_blocks(n_tile, 1), kThreads, stream, r, shift, keys[from],
           orders[from], count, total, keys[to], orders[to]);
  }
  return keys[n_pass % 2];
}

}  // namespace

/// Two arrays of keys, one of positions beside the caller's, counts and totals.
extern "C" size_t cuda_group_scratch(int64_t n, int64_t n_run) {
  const int64_t n_tile = (n / n_run + kTile - 1) / kTile * n_run;
  return (size_t)(3 * round_up(n * 4) + round_up(n_tile * kDigits * 4) +
                  round_up(n_run * kDigits * 4));
}

extern "C" cudaError_t cuda_group(int64_t n, int64_t n_key, const int32_t *key, int32_t *offset,
                                  int32_t *order, int64_t n_run, void *scratch,
                                  cudaStream_t stream) {
  const runs r = runs_of(n, n_key, n_run);
  const uint32_t *sorted = static_cast<const uint32_t *>(scratch);
  int n_pass = 1;
  while (n_pass < 4 && (r.n_index >> (8 * n_pass)) != 0) ++n_pass;
  if (n > 0 && !offset && r.length <= kTile)
    LAUNCH(group_run_kernel, cuda_blocks(n_run, 1), kThreads, stream, r, n_pass, key, order);
  else if (n > 0)
    sorted = sort_tiles(r, n_pass, n, key, order, static_cast<char *>(scratch), stream);
  if (offset)
    LAUNCH_ALONE(group_offset_kernel, cuda_blocks(n_key + 1, kThreads), kThreads, stream, n, n_key,
                 sorted, offset);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_group_load(void *scratch, cudaStream_t stream) {
  runs none = {};
  none.n_tile = 1;
  none.length = 1;
  LAUNCH(group_scan_kernel, 1, kThreads, stream, none, static_cast<int32_t *>(nullptr),
         static_cast<int32_t *>(scratch));
  LAUNCH(group_run_kernel, 1, kThreads, stream, none, 0, static_cast<const int32_t *>(nullptr),
         static_cast<int32_t *>(scratch));
  return cudaGetLastError();
}
