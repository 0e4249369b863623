/// CUDA's and cuBLAS's error codes as statuses with cause and remedy.
#ifndef THRONG_CUDA_ERROR_H
#define THRONG_CUDA_ERROR_H

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include "base/status.h"

/// `error` as a status; `what` says what was being done ("launch sim_vote").
throng_status cuda_fail(cudaError_t error, const char *what);
/// The same of a status of cuBLAS that is no success.
throng_status cuda_blas_fail(cublasStatus_t status, const char *what);

#define CUDA_TRY(expression, what)                                               \
  do {                                                                           \
    const cudaError_t cuda_try_error_ = (expression);                            \
    if (cuda_try_error_ != cudaSuccess) return cuda_fail(cuda_try_error_, what); \
  } while (0)

#endif
