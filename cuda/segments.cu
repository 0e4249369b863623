/// Sums by key with a warp a key: neighbouring threads take neighbouring columns, and sums stay in
/// registers while the key's positions are walked in their order. Bit for bit what segment_sum_row
/// and segment_clear_row give (kernels/base/elementwise.h).
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

__device__ void zero_gap(const segment_sum_args *a, segment_gap gap) {
  for (int64_t i = gap.begin * a->width + (int64_t)(threadIdx.x % WARP_THREADS);
       i < gap.end * a->width; i += WARP_THREADS)
    a->to[i] = 0.0f;
}

__device__ void sum_of_key(const segment_sum_args *a, int64_t row) {
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  const int32_t own = a->key[a->order[row]], last = row > 0 ? a->key[a->order[row - 1]] : -1;
  if (own >= 0 && own == last) return;
  zero_gap(a, segment_gap_before(a, row, own, last));
  if (own < 0) return;
  for (int32_t column = thread; column < a->width; column += WARP_THREADS) {
    float sum = 0;
    for (int64_t at = row; at < a->n; ++at) {
      const int32_t position = a->order[at];
      if (a->key[position] != own) break;
      const float scale = a->scale ? a->scale[position] : 1.0f;
      sum += scale * a->from[(int64_t)(position / a->from_repeat) * a->from_stride + column];
    }
    a->to[(int64_t)own * a->width + column] = sum;
  }
  if (a->run_keys == 0) return;
  int64_t behind = row + 1;
  while (behind < a->n && a->key[a->order[behind]] == own) ++behind;
  zero_gap(a, segment_gap_behind(a, own, behind));
}

__device__ void clear_key(const segment_clear_args *a, int64_t row) {
  const int32_t own = segment_key(a->key, a->order, row);
  if (own < 0) return;
  for (int32_t column = (int32_t)(threadIdx.x % WARP_THREADS); column < a->width;
       column += WARP_THREADS)
    a->to[(int64_t)own * a->width + column] = 0.0f;
}

CUDA_WARP_ROW(segment_sum, sum_of_key, 6)
CUDA_WARP_ROW(segment_clear, clear_key, 8)

}  // namespace

extern "C" cudaError_t cuda_segment_sum_launch(const void *args, int64_t n_row,
                                               cudaStream_t stream) {
  return segment_sum_warp_launch(args, n_row, stream);
}

extern "C" cudaError_t cuda_segment_clear_launch(const void *args, int64_t n_row,
                                                 cudaStream_t stream) {
  return segment_clear_warp_launch(args, n_row, stream);
}
