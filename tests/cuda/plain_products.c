/// Products for the emulated device where it is a shared object of its own and no CPU backend
/// stands behind it: plain loops, for small tests alone.
#include <stdlib.h>

#include "cuda_on_cpu_tests.h"

static float entry(const float *at, bool transpose, int64_t row, int64_t column, int64_t ld) {
  return transpose ? at[column * ld + row] : at[row * ld + column];
}

static throng_status gemm(throng_backend *backend, const gemm_args *g) {
  (void)backend;
  for (int64_t b = 0; b < g->batch; ++b)
    for (int64_t i = 0; i < g->m; ++i)
      for (int64_t j = 0; j < g->n; ++j) {
        float sum = 0, *to = g->c + b * g->stride_c + i * g->ldc + j;
        for (int64_t k = 0; k < g->k; ++k)
          sum += entry(g->a + b * g->stride_a, g->transpose_a, i, k, g->lda) *
                 entry(g->b + b * g->stride_b, g->transpose_b, k, j, g->ldb);
        *to = g->alpha * sum + (g->beta != 0 ? g->beta * *to : 0);
      }
  return THRONG_OK;
}

static void finish(throng_backend *backend) { free(backend); }

throng_status cuda_on_cpu_real_backend(int threads, throng_backend **out) {
  static const backend_ops ops = {.gemm = gemm, .close = finish};
  (void)threads;
  *out = calloc(1, sizeof **out);
  if (!*out) return THRONG_ERROR_MEMORY;
  (*out)->ops = &ops;
  return THRONG_OK;
}
