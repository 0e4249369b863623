/// cuBLAS, found when it is first wanted: a program that was built with CUDA must start on machines
/// without it. Only the calls that the backend makes.
#ifndef THRONG_CUDA_BLAS_H
#define THRONG_CUDA_BLAS_H

#include <cublas_v2.h>

#include "base/status.h"

typedef struct cuda_blas {
  cublasStatus_t (*create)(cublasHandle_t *handle);
  cublasStatus_t (*destroy)(cublasHandle_t handle);
  cublasStatus_t (*get_version)(cublasHandle_t handle, int *version);
  cublasStatus_t (*set_stream)(cublasHandle_t handle, cudaStream_t stream);
  cublasStatus_t (*set_workspace)(cublasHandle_t handle, void *workspace, size_t bytes);
  cublasStatus_t (*set_math_mode)(cublasHandle_t handle, cublasMath_t mode);
  cublasStatus_t (*set_atomics_mode)(cublasHandle_t handle, cublasAtomicsMode_t mode);
  cublasStatus_t (*sgemm_strided_batched)(cublasHandle_t handle, cublasOperation_t transa,
                                          cublasOperation_t transb, int m, int n, int k,
                                          const float *alpha, const float *a, int lda,
                                          long long stride_a, const float *b, int ldb,
                                          long long stride_b, const float *beta, float *c, int ldc,
                                          long long stride_c, int batch);
} cuda_blas;

/// Errors: BACKEND, naming the library and where it was looked for. `*out` stays valid.
throng_status cuda_blas_load(const cuda_blas **out);

#endif
