/// cuBLAS on the CPU: columns are turned back into rows and the CPU backend multiplies, so that
/// what differs from the CPU backend is not rounding but a fault. For tests alone.
#include <stdlib.h>

#include "base/backend.h"
#include "blas.h"
#include "cuda_on_cpu_tests.h"

struct cublas_on_cpu {
  throng_backend *cpu;
  cudaStream_t stream;
};

typedef struct product {
  throng_backend *cpu;
  gemm_args args;
} product;

static cublasStatus_t blas_create(cublasHandle_t *handle) {
  *handle = calloc(1, sizeof **handle);
  if (!*handle) return CUBLAS_STATUS_ALLOC_FAILED;
  // Threads of the CPU's own are no part of what is emulated.
  return cuda_on_cpu_real_backend(1, &(*handle)->cpu) == THRONG_OK ? CUBLAS_STATUS_SUCCESS
                                                                   : CUBLAS_STATUS_ALLOC_FAILED;
}

static cublasStatus_t blas_destroy(cublasHandle_t handle) {
  handle->cpu->ops->close(handle->cpu);
  free(handle);
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t blas_get_version(cublasHandle_t handle, int *version) {
  *version = 130102;
  return handle ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

static cublasStatus_t blas_set_stream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t blas_set_workspace(cublasHandle_t handle, void *workspace, size_t bytes) {
  (void)handle;
  return workspace && bytes >= 32u << 20 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

static cublasStatus_t blas_set_math_mode(cublasHandle_t handle, cublasMath_t mode) {
  (void)handle;
  return mode == CUBLAS_PEDANTIC_MATH ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

static cublasStatus_t blas_set_atomics_mode(cublasHandle_t handle, cublasAtomicsMode_t mode) {
  (void)handle;
  return mode == CUBLAS_ATOMICS_NOT_ALLOWED ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

static void multiply(const void *arguments) {
  const product *p = arguments;
  if (p->cpu->ops->gemm(p->cpu, &p->args) != THRONG_OK) abort();
}

/// cuBLAS: C (m, n) = alpha op(A) op(B) + beta C, stored by columns. By rows that is
/// C^T (n, m) = op(B)^T op(A)^T, where an operand that cuBLAS takes as it lies is one that rows
/// take as it lies too.
static cublasStatus_t blas_sgemm(cublasHandle_t handle, cublasOperation_t transa,
                                 cublasOperation_t transb, int m, int n, int k, const float *alpha,
                                 const float *a, int lda, long long stride_a, const float *b,
                                 int ldb, long long stride_b, const float *beta, float *c, int ldc,
                                 long long stride_c, int batch) {
  const int rows_a = transa == CUBLAS_OP_N ? m : k, rows_b = transb == CUBLAS_OP_N ? k : n;
  if (m < 0 || n < 0 || k < 0 || batch < 0 || lda < (rows_a > 1 ? rows_a : 1) ||
      ldb < (rows_b > 1 ? rows_b : 1) || ldc < (m > 1 ? m : 1))
    return CUBLAS_STATUS_INVALID_VALUE;
  const product p = {handle->cpu,
                     {.transpose_a = transb == CUBLAS_OP_T,
                      .transpose_b = transa == CUBLAS_OP_T,
                      .m = n,
                      .n = m,
                      .k = k,
                      .alpha = *alpha,
                      .beta = *beta,
                      .a = b,
                      .b = a,
                      .c = c,
                      .lda = ldb,
                      .ldb = lda,
                      .ldc = ldc,
                      .stride_a = stride_b,
                      .stride_b = stride_a,
                      .stride_c = stride_c,
                      .batch = batch}};
  cuda_on_cpu_queue(handle->stream, multiply, &p, sizeof p);
  return CUBLAS_STATUS_SUCCESS;
}

throng_status cuda_blas_load(const cuda_blas **out) {
  static const cuda_blas functions = {
      .create = blas_create,
      .destroy = blas_destroy,
      .get_version = blas_get_version,
      .set_stream = blas_set_stream,
      .set_workspace = blas_set_workspace,
      .set_math_mode = blas_set_math_mode,
      .set_atomics_mode = blas_set_atomics_mode,
      .sgemm_strided_batched = blas_sgemm,
  };
  *out = &functions;
  return THRONG_OK;
}
