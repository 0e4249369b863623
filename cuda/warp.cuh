/// What the variants of a warp a row share: sums and maxima over its 32 threads, in an order that
/// is the row functions' own where it matters (floats).
#ifndef THRONG_CUDA_WARP_CUH
#define THRONG_CUDA_WARP_CUH

#include "launch.cuh"

#define WARP_ALL 0xffffffffu
#define WARP_THREADS 32

static __device__ __forceinline__ int32_t warp_sum(int32_t x) {
  for (int other = 16; other > 0; other /= 2) x += __shfl_xor_sync(WARP_ALL, x, other);
  return x;
}

static __device__ __forceinline__ int32_t warp_max(int32_t x) {
  for (int other = 16; other > 0; other /= 2) {
    const int32_t y = __shfl_xor_sync(WARP_ALL, x, other);
    x = y > x ? y : x;
  }
  return x;
}

/// Sum of 16 neighbours, joined as dot_product joins its partial sums: k with k + 8, 4, 2, 1.
static __device__ __forceinline__ float half_warp_join(float x) {
  for (int other = 8; other > 0; other /= 2) x += __shfl_xor_sync(WARP_ALL, x, other);
  return x;
}

#endif
