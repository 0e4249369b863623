/// One thin __global__ wrapper and one launcher for each row function of kernels/list.h: a thread
/// takes a row, and the grid strides over what is left. The arithmetic stays in kernels/.
#include "rows.h"

#include "list.h"

namespace {

constexpr int kThreads = 256;
// Enough blocks to fill any device of today; further rows are reached by striding.
constexpr int64_t kMaxBlocks = 1 << 16;
// Arguments are passed by value, in constant memory.
constexpr size_t kMaxArguments = 4096;

}  // namespace

#define X(name, grain)                                                                             \
  static_assert(sizeof(name##_args) + sizeof(int64_t) <= kMaxArguments,                            \
                #name "_args does not fit into a launch's parameters");                            \
  extern "C" __global__ void __launch_bounds__(kThreads)                                           \
      name##_kernel(const name##_args args, const int64_t n_row) {                                 \
    const int64_t stride = int64_t{gridDim.x} * blockDim.x;                                        \
    for (int64_t row = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; row < n_row; row += stride) \
      name##_row(&args, row);                                                                      \
  }                                                                                                \
  static cudaError_t name##_launch(const void *args, int64_t n_row, cudaStream_t stream) {         \
    if (n_row <= 0) return cudaSuccess;                                                            \
    const int64_t blocks = (n_row + kThreads - 1) / kThreads;                                      \
    name##_kernel<<<unsigned(blocks < kMaxBlocks ? blocks : kMaxBlocks), kThreads, 0, stream>>>(   \
        *static_cast<const name##_args *>(args), n_row);                                           \
    return cudaGetLastError();                                                                     \
  }
KERNEL_LIST(X)
#undef X

extern "C" {
cuda_rows_launch *const cuda_rows[] = {
#define X(name, grain) name##_launch,
    KERNEL_LIST(X)
#undef X
};
}
