/// Ridge regression by its normal equations, and draws around it.
#include "evaluate/linear_bandit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/status.h"

throng_status linear_bandit_make(int32_t width, linear_bandit *out) {
  const size_t n = (size_t)width;
  *out = (linear_bandit){.width = width};
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&out->a, n * n, sizeof *out->a, "linear bandit"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->b, n, sizeof *out->b, "linear bandit"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->theta, n, sizeof *out->theta, "linear bandit"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->root, n * n, sizeof *out->root, "linear bandit"));
  for (size_t i = 0; i < n; ++i) out->a[i * n + i] = out->root[i * n + i] = 1;
  return THRONG_OK;
done:
  linear_bandit_free(out);
  return status;
}

void linear_bandit_free(linear_bandit *m) {
  free(m->a);
  free(m->b);
  free(m->theta);
  free(m->root);
  *m = (linear_bandit){0};
}

void linear_bandit_add(linear_bandit *m, const float *x, double r) {
  const size_t n = (size_t)m->width;
  for (size_t i = 0; i < n; ++i) {
    m->b[i] += r * (double)x[i];
    for (size_t j = 0; j < n; ++j) m->a[i * n + j] += (double)x[i] * (double)x[j];
  }
}

/// to = the inverse of a lower triangle, column by column.
static void invert_lower(const double *lower, size_t n, double *to) {
  memset(to, 0, n * n * sizeof *to);
  for (size_t j = 0; j < n; ++j)
    for (size_t i = j; i < n; ++i) {
      double sum = i == j;
      for (size_t k = j; k < i; ++k) sum -= lower[i * n + k] * to[k * n + j];
      to[i * n + j] = sum / lower[i * n + i];
    }
}

throng_status linear_bandit_solve(linear_bandit *m) {
  const size_t n = (size_t)m->width;
  void *block;
  int side = m->width, info = 0, granted = 0;
  THRONG_TRY(throng_alloc(&block, n * n, sizeof(double), "linear bandit"));
  double *lower = block;
  memcpy(lower, m->a, n * n * sizeof *lower);
  throng_status status = blas_begin(1, &granted);
  if (status == THRONG_OK) {
    // LAPACK's columns are rows here: its upper triangle is the lower one.
    blas()->dpotrf("U", &side, lower, &side, &info, 1);
    blas_end(granted);
    // A factor of numbers that are none is none, whatever LAPACK says of it.
    for (size_t k = 0; k < n; ++k)
      if (info || !isfinite(lower[k * n + k]))
        status = throng_fail(THRONG_ERROR_DATA,
                             "linear bandit: its features hold numbers that are not finite");
  }
  if (status == THRONG_OK) {
    double half[64] = {0};  // R b
    invert_lower(lower, n, m->root);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j <= i; ++j) half[i] += m->root[i * n + j] * m->b[j];
    for (size_t j = 0; j < n; ++j) {
      m->theta[j] = 0;
      for (size_t i = j; i < n; ++i) m->theta[j] += m->root[i * n + j] * half[i];
    }
  }
  free(block);
  return status;
}

void linear_bandit_sample(const linear_bandit *m, double scale, const float *normal, float *to) {
  const size_t n = (size_t)m->width;
  for (size_t j = 0; j < n; ++j) {
    double x = 0;
    for (size_t i = j; i < n; ++i) x += m->root[i * n + j] * (double)normal[i];
    to[j] = (float)(m->theta[j] + scale * x);
  }
}
