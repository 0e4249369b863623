/// Two backends side by side: the CPU and CUDA, which is a real device or, in the programs built
/// with CUDA_TEST_ON_CPU, the emulated one. There the products are the CPU's own and everything
/// must agree bit for bit; on a device floats may differ by rounding.
#ifndef TESTS_CUDA_PARITY_H
#define TESTS_CUDA_PARITY_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/backend.h"
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
    // The search sums in its own order; test_cuda_variants.c holds it against products and folds.
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

#endif
