/// Launchers of the row functions on a CUDA device, one for each kernel of kernels/list.h in its
/// order. No arithmetic of the domain, and no memory: arguments point at device memory already.
#ifndef THRONG_CUDA_ROWS_H
#define THRONG_CUDA_ROWS_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Queue rows 0 .. n_row-1 on `stream`. `args` (host memory) is the kernel's NAME_args, copied
/// before the call returns. Returns the launch's own error; what fails later shows on the stream.
typedef cudaError_t cuda_rows_launch(const void *args, int64_t n_row, cudaStream_t stream);

/// Indexed by KERNEL_NAME.
extern cuda_rows_launch *const cuda_rows[];

#ifdef __cplusplus
}
#endif
#endif
