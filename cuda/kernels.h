/// What the backend launches: the row functions of kernels/list.h, and the few kernels that are
/// CUDA's alone. No memory is taken here: arguments point at device memory already. Every launcher
/// returns the launch's own error; what fails later shows on the stream.
#ifndef THRONG_CUDA_KERNELS_H
#define THRONG_CUDA_KERNELS_H

#include <cuda_runtime_api.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Queue rows 0 .. n_row-1 on `stream`; 0 rows launch the kernel all the same. `args` (host memory)
/// is the kernel's NAME_args, copied before the call returns.
typedef cudaError_t cuda_rows_launch(const void *args, int64_t n_row, cudaStream_t stream);

/// Launchers and names, indexed by KERNEL_NAME.
extern cuda_rows_launch *const cuda_rows[];
extern const char *const cuda_row_names[];
extern const int cuda_row_count;
/// Launchers that stand for those of a row function, with more threads a row; NULL where there is
/// none. Without rows they launch every kernel that they have. They give the row function's bits,
/// but for best_search (see best.cu), column_sum and batch_mean (see update.cu).
extern cuda_rows_launch *const cuda_variants[];

/// Bytes of scratch that cuda_group needs for `n` positions in `n_run` runs.
size_t cuda_group_scratch(int64_t n, int64_t n_run);
/// group_args of host/base/backend.h: a stable radix sort of the positions by their key.
cudaError_t cuda_group(int64_t n, int64_t n_key, const int32_t *key, int32_t *offset,
                       int32_t *order, int64_t n_run, void *scratch, cudaStream_t stream);
/// Launch the kernels that a single position does not take, on none; `scratch`: 4 bytes.
cudaError_t cuda_group_load(void *scratch, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
