/// Two backends side by side: the CPU and CUDA, which is a real device or, in the programs built
/// with CUDA_TEST_ON_CPU, the emulated one. There the products are the CPU's own and everything
/// must agree bit for bit; on a device floats may differ by rounding.
#ifndef TESTS_CUDA_PARITY_H
#define TESTS_CUDA_PARITY_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/backend_cpu.h"
#include "cuda/backend_cuda.h"
#include "throng/throng.h"
#include "throng_test.h"

#ifdef CUDA_TEST_ON_CPU
#define PARITY_EXACT true
#include "cuda_on_cpu_tests.h"
#else
#define PARITY_EXACT false
#endif

/// Steps of a comparison: fewer under AddressSanitizer, which makes each some twenty times as long.
#ifdef __SANITIZE_ADDRESS__
#define PARITY_STEPS(n) ((n) / 10)
#else
#define PARITY_STEPS(n) (n)
#endif

typedef struct parity {
  throng_backend *cpu, *cuda;
} parity;

/// False where the machine has no usable device: the test is skipped, saying why.
static inline bool parity_open(parity *p) {
  *p = (parity){0};
  EXPECT_OK(backend_cpu_open(1, &p->cpu));
  if (backend_cuda_open(1, 0, &p->cuda) == THRONG_OK) {
    // The search sums in its own order; test_cuda_search.c holds it against products and folds.
    if (PARITY_EXACT) p->cuda->searches = false;
    return true;
  }
  if (PARITY_EXACT) EXPECT_STREQ(throng_error_message(), "");
  throng_test_skip(__FILE__, __LINE__, throng_error_message());
  throng_backend_close(p->cpu);
  return false;
}

static inline void parity_close(parity *p) {
  throng_backend_close(p->cpu);
  throng_backend_close(p->cuda);
}

/// Bit for bit where exact; else within `tolerance` of the larger of 1 and the value.
static inline bool parity_near(double x, double y, double tolerance) {
  if (PARITY_EXACT || tolerance <= 0) return x == y || (isnan(x) && isnan(y));
  const double size = fabs(x) > 1 ? fabs(x) : 1;
  return fabs(x - y) <= tolerance * size;
}

/// Memory on both backends with the same content.
static inline void *parity_twice(const parity *p, const void *content, size_t bytes,
                                 void *on_cuda) {
  void *on_cpu = NULL;
  EXPECT_OK(p->cpu->ops->alloc(p->cpu, bytes, "test", &on_cpu));
  EXPECT_OK(p->cuda->ops->alloc(p->cuda, bytes, "test", (void **)on_cuda));
  if (content) {
    EXPECT_OK(p->cpu->ops->upload(p->cpu, on_cpu, content, bytes));
    EXPECT_OK(p->cuda->ops->upload(p->cuda, *(void **)on_cuda, content, bytes));
  }
  return on_cpu;
}

static inline void parity_release(const parity *p, void *on_cpu, void *on_cuda) {
  p->cpu->ops->release(p->cpu, on_cpu);
  p->cuda->ops->release(p->cuda, on_cuda);
}

/// Does the device's array hold the same bytes? On a device, floats within rounding.
static inline bool parity_same(const parity *p, const float *on_cpu, const float *on_cuda,
                               size_t n) {
  float *copy = malloc(n * sizeof *copy);
  EXPECT_OK(p->cuda->ops->download(p->cuda, copy, on_cuda, n * sizeof *copy));
  bool equal = true;
  for (size_t k = 0; k < n; ++k) equal &= parity_near(on_cpu[k], copy[k], 1e-5);
  free(copy);
  return equal;
}

/// Do two votes agree as they must? `*apart`: they differ, and may: where a margin is below the
/// floats' tolerance.
static inline bool parity_votes(const throng_vote *x, const throng_vote *y, float threshold,
                                bool *apart) {
  if (x->alpha_pos != y->alpha_pos || x->alpha_neg != y->alpha_neg || x->f_mat != y->f_mat)
    return false;
  if (!parity_near((double)x->beta_pos, (double)y->beta_pos, 1e-5) ||
      !parity_near((double)x->beta_neg, (double)y->beta_neg, 1e-5) ||
      !parity_near((double)x->p_like, (double)y->p_like, 1e-5))
    return false;
  const bool sim_margin = fabsf(x->beta_pos - x->beta_neg) < 2e-5f;
  const bool sta_margin = fabsf(x->p_like - threshold) < 1e-5f;
  if (x->f_sim != y->f_sim && (PARITY_EXACT || !sim_margin)) return false;
  if (x->f_sta != y->f_sta && (PARITY_EXACT || !sta_margin)) return false;
  *apart = x->f_sim != y->f_sim || x->f_sta != y->f_sta;
  return *apart || x->like == y->like;
}

#endif
