/// What the variants of a warp a row share: sums and maxima over its 32 threads, in an order that
/// is the row functions' own where it matters (floats).
#ifndef THRONG_CUDA_WARP_CUH
#define THRONG_CUDA_WARP_CUH

#include "launch.cuh"

#define WARP_ALL 0xffffffffu
#define WARP_THREADS 32

/// Kernel NAME_warp and its launcher NAME_warp_launch: a warp takes a row, and the grid strides
/// over what is left. BY_WARP(const NAME_args *, int64_t row) is what the warp's threads do
/// together; BLOCKS of them shall fit on a multiprocessor.
#define CUDA_WARP_ROW(name, by_warp, blocks)                                                \
  __global__ void __launch_bounds__(CUDA_ROW_THREADS, blocks)                               \
      name##_warp(const name##_args args, const int64_t n_row) {                            \
    const int64_t warps = (int64_t)gridDim.x * (blockDim.x / WARP_THREADS);                 \
    const int64_t first = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / WARP_THREADS;  \
    for (int64_t row = first; row < n_row; row += warps) by_warp(&args, row);               \
  }                                                                                         \
  cudaError_t name##_warp_launch(const void *args, int64_t n_row, cudaStream_t stream) {    \
    LAUNCH(name##_warp, dim3(cuda_blocks(n_row, CUDA_ROW_THREADS / WARP_THREADS)),          \
           dim3(CUDA_ROW_THREADS), stream, *static_cast<const name##_args *>(args), n_row); \
    return cudaGetLastError();                                                              \
  }

/// One instruction from sm_80 on, which integers allow: their sums do not depend on the order.
static __device__ __forceinline__ int32_t warp_sum(int32_t x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  return __reduce_add_sync(WARP_ALL, x);
#else
  for (int other = 16; other > 0; other /= 2) x += __shfl_xor_sync(WARP_ALL, x, other);
  return x;
#endif
}

static __device__ __forceinline__ int32_t warp_max(int32_t x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  return __reduce_max_sync(WARP_ALL, x);
#else
  for (int other = 16; other > 0; other /= 2) {
    const int32_t y = __shfl_xor_sync(WARP_ALL, x, other);
    x = y > x ? y : x;
  }
  return x;
#endif
}

/// Sum of 16 neighbours, joined as dot_product joins its partial sums: k with k + 8, 4, 2, 1.
static __device__ __forceinline__ float half_warp_join(float x) {
  for (int other = 8; other > 0; other /= 2) x += __shfl_xor_sync(WARP_ALL, x, other);
  return x;
}

#endif
