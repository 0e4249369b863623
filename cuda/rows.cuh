/// CUDA_ROWS(LIST): one thin __global__ wrapper and one launcher for each row function of a
/// domain's list. A thread takes a row, and the grid strides over what is left; the arithmetic
/// stays in kernels/. Each domain has a file of its own, since compiling takes a minute an
/// architecture.
#ifndef THRONG_CUDA_ROWS_CUH
#define THRONG_CUDA_ROWS_CUH

#include "launch.cuh"

#define CUDA_ROW(name, grain)                                                                      \
  static_assert(sizeof(name##_args) + sizeof(int64_t) <= 4096,                                     \
                #name "_args does not fit into a launch's parameters");                            \
  extern "C" __global__ void __launch_bounds__(CUDA_ROW_THREADS)                                   \
      name##_kernel(const name##_args args, const int64_t n_row) {                                 \
    const int64_t stride = (int64_t)gridDim.x * blockDim.x;                                        \
    for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row < n_row; row += stride) \
      name##_row(&args, row);                                                                      \
  }                                                                                                \
  extern "C" cudaError_t name##_launch(const void *args, int64_t n_row, cudaStream_t stream) {     \
    LAUNCH_ALONE(name##_kernel, cuda_blocks(n_row, CUDA_ROW_THREADS), CUDA_ROW_THREADS, stream,    \
                 *static_cast<const name##_args *>(args), n_row);                                  \
    return cudaGetLastError();                                                                     \
  }

#define CUDA_ROWS(LIST) LIST(CUDA_ROW)

#endif
