/// Kernel, marginal likelihood, and the growing Cholesky factor of a Gaussian process.
#include "suggest/gp_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"

enum { BLOCK = 64 };

/// Row-major lower triangles are LAPACK's upper ones.
static bool cholesky(double *a, int64_t n, int64_t stride) {
  const int side = (int)n, lda = (int)stride;
  int info = 0;
  blas()->dpotrf("U", &side, a, &lda, &info, 1);
  return info == 0;
}

static void inverse_squares(const gp_theta *theta, int32_t n_input, double *out) {
  for (int32_t i = 0; i < n_input; ++i) out[i] = exp(-2 * theta->length[i]);
}

/// Squared distance, lengthscales taken off.
static double distance(const double *inverse, int32_t n_input, const double *a, const double *b) {
  double sum = 0;
  for (int32_t i = 0; i < n_input; ++i) {
    const double d = a[i] - b[i], square = d * d;
    sum += (square < 1 ? square : 1) * inverse[i];
  }
  return sum;
}

static double matern(double square) {
  const double r = sqrt(5 * square);
  return (1 + r + r * r / 3) * exp(-r);
}

double gp_kernel(const gp_theta *theta, int32_t n_input, const double *a, const double *b) {
  double inverse[GP_MOST_INPUT];
  inverse_squares(theta, n_input, inverse);
  return exp(theta->scale) * matern(distance(inverse, n_input, a, b));
}

/// out (n_a, n_b) with rows `stride` apart; the lower triangle only where b is NULL (a's own).
static void kernel_matrix(const gp_theta *theta, int32_t n_input, int64_t n_a, const double *a,
                          int64_t n_b, const double *b, double *out, int64_t stride) {
  double inverse[GP_MOST_INPUT];
  inverse_squares(theta, n_input, inverse);
  const double scale = exp(theta->scale);
  for (int64_t i = 0; i < n_a; ++i)
    for (int64_t j = 0; j < (b ? n_b : i + 1); ++j)
      out[i * stride + j] =
          scale * matern(distance(inverse, n_input, a + i * n_input, (b ? b : a) + j * n_input));
}

/// Both sums over pairs of a likelihood's gradient, for one pair: `pair` is (K^-1 - a a')_ij.
static void add_gradient(double pair, const double *inverse, double scale, int32_t n_input,
                         const double *a, const double *b, double *gradient) {
  const double r = sqrt(5 * distance(inverse, n_input, a, b)), decay = exp(-r);
  gradient[0] -= pair * scale * (1 + r + r * r / 3) * decay;
  const double slope = pair * scale * 5 / 3 * (1 + r) * decay;
  for (int32_t i = 0; i < n_input; ++i) {
    const double d = a[i] - b[i], square = d * d;
    gradient[2 + i] -= slope * (square < 1 ? square : 1) * inverse[i];
  }
}

/// d log p / d theta = tr((a a' - K^-1) dK/d theta) / 2; `k` holds the factor and is destroyed.
static void likelihood_gradient(const gp_theta *theta, int32_t n_input, int64_t n,
                                const double *input, const double *alpha, double *k,
                                double *gradient) {
  const int side = (int)n;
  int info = 0;
  blas()->dpotri("U", &side, k, &side, &info, 1);
  double inverse[GP_MOST_INPUT];
  inverse_squares(theta, n_input, inverse);
  const double scale = exp(theta->scale);
  double trace = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j)
      add_gradient(k[i * n + j] - alpha[i] * alpha[j], inverse, scale, n_input, input + i * n_input,
                   input + j * n_input, gradient);
    trace += alpha[i] * alpha[i] - k[i * n + i];
  }
  gradient[0] += 0.5 * trace * scale;
  gradient[1] = 0.5 * trace * exp(theta->noise);
}

double gp_likelihood(const gp_theta *theta, int32_t n_input, int64_t n, const double *input,
                     const double *y, double *gradient, double *scratch) {
  double *k = scratch, *alpha = scratch + n * n;
  kernel_matrix(theta, n_input, n, input, 0, NULL, k, n);
  for (int64_t i = 0; i < n; ++i) k[i * n + i] += exp(theta->noise);
  if (gradient) memset(gradient, 0, (size_t)(2 + n_input) * sizeof *gradient);
  if (!cholesky(k, n, n)) return -INFINITY;
  memcpy(alpha, y, (size_t)n * sizeof *alpha);
  const int side = (int)n;
  blas()->dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, side, 1, 1, k,
                side, alpha, 1);
  double sum = -0.5 * (double)n * log(2 * M_PI);
  for (int64_t i = 0; i < n; ++i) sum -= 0.5 * alpha[i] * alpha[i] + log(k[i * n + i]);
  if (!gradient) return sum;
  blas()->dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, side, 1, 1, k, side,
                alpha, 1);
  likelihood_gradient(theta, n_input, n, input, alpha, k, gradient);
  return sum;
}

struct gp_factor {
  int32_t n_input;
  int64_t n, capacity, stride;
  gp_theta theta;
  double *input;  // (capacity, n_input)
  double *lower;  // (capacity, stride)
};

throng_status gp_factor_create(int32_t n_input, int64_t capacity, gp_factor **out) {
  void *block = NULL;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(gp_factor), "gaussian process"));
  gp_factor *f = block;
  // Rows a little longer than needed: at a power of two they would share few lines of the cache.
  *f = (gp_factor){.n_input = n_input, .capacity = capacity, .stride = capacity + 8};
  void *input = NULL, *lower = NULL;
  throng_status status;
  THRONG_TRY_GOTO(
      throng_alloc(&input, (size_t)(capacity * n_input), sizeof(double), "gaussian process"));
  f->input = input;
  THRONG_TRY_GOTO(
      throng_alloc(&lower, (size_t)(capacity * f->stride), sizeof(double), "gaussian process"));
  f->lower = lower;
  *out = f;
  return THRONG_OK;
done:
  gp_factor_free(f);
  return status;
}

void gp_factor_free(gp_factor *factor) {
  if (!factor) return;
  free(factor->input);
  free(factor->lower);
  free(factor);
}

/// Rows first .. first + n - 1 from all rows before them, which are whole blocks.
static bool factor_block(gp_factor *f, int64_t first, int64_t n) {
  const double *input = f->input + first * f->n_input;
  double *left = f->lower + first * f->stride, *diagonal = left + first;
  kernel_matrix(&f->theta, f->n_input, n, input, first, f->input, left, f->stride);
  kernel_matrix(&f->theta, f->n_input, n, input, 0, NULL, diagonal, f->stride);
  for (int64_t i = 0; i < n; ++i) diagonal[i * f->stride + i] += exp(f->theta.noise);
  if (first) {
    blas()->dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)n,
                  (int)first, 1, f->lower, (int)f->stride, left, (int)f->stride);
    blas()->dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)n, (int)first, -1, left,
                  (int)f->stride, 1, diagonal, (int)f->stride);
  }
  return cholesky(diagonal, n, f->stride);
}

throng_status gp_factor_set(gp_factor *f, const gp_theta *theta, int64_t n, const double *input) {
  const size_t row = (size_t)f->n_input * sizeof(double);
  int64_t kept = 0;
  if (memcmp(&f->theta, theta, sizeof *theta) == 0)
    while (kept < n && kept < f->n &&
           memcmp(f->input + kept * f->n_input, input + kept * f->n_input, row) == 0)
      ++kept;
  // Only whole blocks are kept, so that a list's factor does not depend on how it grew.
  const int64_t first = kept == n && kept == f->n ? n : kept / BLOCK * BLOCK;
  f->theta = *theta;
  f->n = 0;
  if (n) memcpy(f->input, input, (size_t)n * row);
  int granted = 0;
  THRONG_TRY(blas_begin(1, &granted));
  bool fine = true;
  for (int64_t k = first; k < n && fine; k += BLOCK)
    fine = factor_block(f, k, n - k < BLOCK ? n - k : BLOCK);
  blas_end(granted);
  if (!fine)
    return throng_fail(THRONG_ERROR_DATA, "gaussian process: its matrix is not positive definite");
  f->n = n;
  return THRONG_OK;
}

throng_status gp_factor_weigh(const gp_factor *f, int64_t n_y, const double *y, double *weight,
                              double *fitted) {
  int granted = 0;
  THRONG_TRY(blas_begin(1, &granted));
  memcpy(weight, y, (size_t)n_y * sizeof *weight);
  blas()->dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)n_y, 1, 1,
                f->lower, (int)f->stride, weight, 1);
  if (fitted) {
    memcpy(fitted, weight, (size_t)n_y * sizeof *fitted);
    blas()->dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, (int)n_y, 1, 1,
                  f->lower, (int)f->stride, fitted, 1);
    // K a + noise a = y
    for (int64_t i = 0; i < n_y; ++i) fitted[i] = y[i] - exp(f->theta.noise) * fitted[i];
  }
  blas_end(granted);
  return THRONG_OK;
}

void gp_factor_pending(const gp_factor *f, int64_t n_y, const double *weight, double *out) {
  for (int64_t i = n_y; i < f->n; ++i) {  // The factor's row is what a prediction solves for.
    double sum = 0;
    for (int64_t j = 0; j < n_y; ++j) sum += f->lower[i * f->stride + j] * weight[j];
    out[i - n_y] = sum;
  }
}

throng_status gp_factor_predict(const gp_factor *f, int64_t n_y, const double *weight, int64_t m,
                                const double *point, double *mean, double *variance,
                                double *scratch) {
  int granted = 0;
  THRONG_TRY(blas_begin(1, &granted));
  kernel_matrix(&f->theta, f->n_input, f->n, f->input, m, point, scratch, m);
  if (f->n)
    blas()->dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)f->n,
                  (int)m, 1, f->lower, (int)f->stride, scratch, (int)m);
  blas_end(granted);
  const double scale = exp(f->theta.scale);
  for (int64_t j = 0; j < m; ++j) mean[j] = 0, variance[j] = scale;
  for (int64_t i = 0; i < f->n; ++i)
    for (int64_t j = 0; j < m; ++j) {
      const double v = scratch[i * m + j];
      variance[j] -= v * v;
      if (i < n_y) mean[j] += v * weight[i];
    }
  for (int64_t j = 0; j < m; ++j)
    if (variance[j] < 1e-12 * scale) variance[j] = 1e-12 * scale;
  return THRONG_OK;
}
