/// Positions by key, rising within a key: a stable radix sort of (key, position), eight bits a
/// pass, then the offsets by binary search. Only counts are added up, in a fixed order, so the
/// result is the same on every run.
#include "kernels.h"

#include "launch.cuh"

namespace {

constexpr int kDigits = 256;
constexpr int kThreads = 256;  // a thread a digit where digits are summed
constexpr int kWarps = kThreads / 32;
constexpr int kTile = 2048;  // positions a block, in their order
constexpr int kFewTiles = 64;
constexpr unsigned kAllLanes = 0xffffffffu;

/// Keys as the sort takes them: those that belong to no group come last.
__global__ void __launch_bounds__(kThreads)
    group_start_kernel(int64_t n, int32_t n_key, const int32_t *key, uint32_t *to, int32_t *order) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
    to[i] = key[i] < 0 ? (uint32_t)n_key : (uint32_t)key[i];
    order[i] = (int32_t)i;
  }
}

/// count[digit][tile]: how often each digit comes in each tile.
__global__ void __launch_bounds__(kThreads)
    group_count_kernel(int64_t n, int32_t n_tile, int shift, const uint32_t *key, int32_t *count) {
  SHARED(int32_t, sum, [kDigits]);
  for (int32_t tile = (int32_t)blockIdx.x; tile < n_tile; tile += (int32_t)gridDim.x) {
    sum[threadIdx.x] = 0;
    __syncthreads();
    for (int k = (int)threadIdx.x; k < kTile; k += kThreads) {
      const int64_t i = (int64_t)tile * kTile + k;
      if (i < n) atomicAdd(&sum[key[i] >> shift & (kDigits - 1)], 1);
    }
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

/// Counts of one digit (a block each) to where its positions of each tile begin, counted from the
/// digit's own beginning; total[digit].
__global__ void __launch_bounds__(kThreads)
    group_scan_kernel(int32_t n_tile, int32_t *count, int32_t *total) {
  SHARED(int32_t, sum, [kThreads]);
  int32_t *row = count + (int64_t)blockIdx.x * n_tile;
  int32_t before = 0;
  for (int32_t begin = 0; begin < n_tile; begin += kThreads) {
    const int32_t tile = begin + (int32_t)threadIdx.x;
    const int32_t own = tile < n_tile ? row[tile] : 0;
    sum[threadIdx.x] = own;
    __syncthreads();
    block_sums(sum);
    if (tile < n_tile) row[tile] = before + sum[threadIdx.x] - own;
    before += sum[kThreads - 1];
    __syncthreads();
  }
  if (threadIdx.x == 0) total[blockIdx.x] = before;
}

/// The same where there are few tiles: a thread a digit.
__global__ void __launch_bounds__(kThreads)
    group_scan_few_kernel(int32_t n_tile, int32_t *count, int32_t *total) {
  int32_t *row = count + (int64_t)threadIdx.x * n_tile;
  int32_t before = 0;
  for (int32_t tile = 0; tile < n_tile; ++tile) {
    const int32_t own = row[tile];
    row[tile] = before;
    before += own;
  }
  total[threadIdx.x] = before;
}

/// Positions to their places: after all smaller digits, after this digit's in earlier tiles, and in
/// order within the tile.
__global__ void __launch_bounds__(kThreads)
    group_move_kernel(int64_t n, int32_t n_tile, int shift, const uint32_t *key,
                      const int32_t *order, const int32_t *count, const int32_t *total,
                      uint32_t *key_to, int32_t *order_to) {
  SHARED(int32_t, place, [kDigits]);  // of the next position with that digit
  SHARED(int32_t, first, [kDigits]);
  SHARED(int32_t, warp_count, [kWarps][kDigits]);
  const int thread = (int)threadIdx.x, lane = thread % 32, warp = thread / 32;
  const int32_t own = total[thread];
  first[thread] = own;
  __syncthreads();
  block_sums(first);
  const int32_t begin = first[thread] - own;
  __syncthreads();
  for (int32_t tile = (int32_t)blockIdx.x; tile < n_tile; tile += (int32_t)gridDim.x) {
    place[thread] = begin + count[(int64_t)thread * n_tile + tile];
    for (int part = 0; part < kTile && (int64_t)tile * kTile + part < n; part += kThreads) {
      for (int w = 0; w < kWarps; ++w) warp_count[w][thread] = 0;
      __syncthreads();
      const int64_t i = (int64_t)tile * kTile + part + thread;
      const uint32_t k = i < n ? key[i] : 0;
      // Threads past the end match only each other.
      const unsigned digit = i < n ? k >> shift & (kDigits - 1) : kDigits;
      const unsigned same = __match_any_sync(kAllLanes, digit);
      const int rank = __popc(same & ((1u << lane) - 1u));
      if (i < n && rank == 0) warp_count[warp][digit] = __popc(same);
      __syncthreads();
      if (i < n) {
        int32_t to = place[digit] + rank;
        for (int w = 0; w < warp; ++w) to += warp_count[w][digit];
        key_to[to] = k;
        order_to[to] = order[i];
      }
      __syncthreads();
      int32_t added = 0;
      for (int w = 0; w < kWarps; ++w) added += warp_count[w][thread];
      place[thread] += added;
      __syncthreads();
    }
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

}  // namespace

/// Two arrays of keys, one of positions beside the caller's, counts and totals.
extern "C" size_t cuda_group_scratch(int64_t n) {
  const int64_t n_tile = (n + kTile - 1) / kTile;
  return (size_t)(3 * round_up(n * 4) + round_up(n_tile * kDigits * 4) + round_up(kDigits * 4));
}

extern "C" cudaError_t cuda_group(int64_t n, int64_t n_key, const int32_t *key, int32_t *offset,
                                  int32_t *order, void *scratch, cudaStream_t stream) {
  const int32_t n_tile = (int32_t)((n + kTile - 1) / kTile);
  char *at = static_cast<char *>(scratch);
  uint32_t *keys[2];
  int32_t *orders[2];
  keys[0] = reinterpret_cast<uint32_t *>(at);
  keys[1] = reinterpret_cast<uint32_t *>(at + round_up(n * 4));
  int32_t *spare = reinterpret_cast<int32_t *>(at + 2 * round_up(n * 4));
  int32_t *count = reinterpret_cast<int32_t *>(at + 3 * round_up(n * 4));
  int32_t *total = reinterpret_cast<int32_t *>(at + 3 * round_up(n * 4) +
                                               round_up((int64_t)n_tile * kDigits * 4));
  int n_pass = 1;
  while (n_pass < 4 && (n_key >> (8 * n_pass)) != 0) ++n_pass;
  // The last pass must end in the caller's array.
  orders[n_pass % 2] = order;
  orders[1 - n_pass % 2] = spare;
  if (n > 0) {
    LAUNCH_ALONE(group_start_kernel, cuda_blocks(n, kThreads), kThreads, stream, n, (int32_t)n_key,
                 key, keys[0], orders[0]);
    for (int pass = 0; pass < n_pass; ++pass) {
      const int from = pass % 2, to = 1 - from, shift = 8 * pass;
      LAUNCH(group_count_kernel, cuda_blocks(n_tile, 1), kThreads, stream, n, n_tile, shift,
             keys[from], count);
      if (n_tile <= kFewTiles)
        LAUNCH_ALONE(group_scan_few_kernel, 1, kThreads, stream, n_tile, count, total);
      else
        LAUNCH(group_scan_kernel, kDigits, kThreads, stream, n_tile, count, total);
      LAUNCH(group_move_kernel, cuda_blocks(n_tile, 1), kThreads, stream, n, n_tile, shift,
             keys[from], orders[from], count, total, keys[to], orders[to]);
    }
  }
  LAUNCH_ALONE(group_offset_kernel, cuda_blocks(n_key + 1, kThreads), kThreads, stream, n, n_key,
               keys[n_pass % 2], offset);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_group_load(void *scratch, cudaStream_t stream) {
  LAUNCH(group_scan_kernel, 1, kThreads, stream, 0, static_cast<int32_t *>(nullptr),
         static_cast<int32_t *>(scratch));
  return cudaGetLastError();
}
