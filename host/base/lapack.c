/// LAPACK's column-major routines for row-major matrices: what LAPACKE does, on our OpenBLAS.
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"

enum { TILE = 32 };

/// to (columns, rows) = from (rows, columns) transposed
static void transpose(const double *from, int64_t rows, int64_t columns, double *to) {
  for (int64_t i = 0; i < rows; i += TILE)
    for (int64_t j = 0; j < columns; j += TILE)
      for (int64_t y = i; y < rows && y < i + TILE; ++y)
        for (int64_t x = j; x < columns && x < j + TILE; ++x)
          to[x * rows + y] = from[y * columns + x];
}

static throng_status failed(const char *what, const char *routine, int info) {
  return throng_fail(THRONG_ERROR_DATA, "%s: %s did not converge (%d)", what, routine, info);
}

/// dgeqrf, then dorgqr; `work` (lwork).
static throng_status factorise(double *column_major, int n, int l, double *tau, double *r,
                               double *work, int lwork, const char *what) {
  int info = 0;
  blas()->dgeqrf(&n, &l, column_major, &n, tau, work, &lwork, &info);
  if (info) return failed(what, "dgeqrf", info);
  for (int i = 0; r && i < l; ++i)
    for (int j = 0; j < l; ++j)
      r[(size_t)i * (size_t)l + (size_t)j] =
          j >= i ? column_major[(size_t)j * (size_t)n + (size_t)i] : 0;
  blas()->dorgqr(&n, &l, &l, column_major, &n, tau, work, &lwork, &info);
  return info ? failed(what, "dorgqr", info) : THRONG_OK;
}

throng_status blas_orthonormalise(double *a, int64_t n, int64_t l, double *r, const char *what) {
  const int rows = (int)n, columns = (int)l, ask = -1;
  int info = 0, granted = 0;
  double size[2] = {0}, none = 0;
  blas()->dgeqrf(&rows, &columns, &none, &rows, &none, &size[0], &ask, &info);
  if (!info) blas()->dorgqr(&rows, &columns, &columns, &none, &rows, &none, &size[1], &ask, &info);
  if (info) return failed(what, "dgeqrf", info);
  int lwork = (int)(size[0] > size[1] ? size[0] : size[1]);
  void *turned = NULL, *tau = NULL, *work = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&turned, (size_t)n, (size_t)l * sizeof(double), what));
  THRONG_TRY_GOTO(throng_alloc(&tau, (size_t)l, sizeof(double), what));
  THRONG_TRY_GOTO(throng_alloc(&work, (size_t)lwork, sizeof(double), what));
  THRONG_TRY_GOTO(blas_begin(1, &granted));
  transpose(a, n, l, turned);
  status = factorise(turned, rows, columns, tau, r, work, lwork, what);
  blas_end(granted);
  if (status == THRONG_OK) transpose(turned, l, n, a);
done:
  free(turned);
  free(tau);
  free(work);
  return status;
}

throng_status blas_svd(double *a, int64_t n, double *left, double *value, double *right,
                       const char *what) {
  const int side = (int)n, ask = -1;
  int info = 0, granted = 0;
  double size = 0;
  void *index = NULL, *work = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&index, 8 * (size_t)n, sizeof(int), what));
  blas()->dgesdd("S", &side, &side, a, &side, value, left, &side, right, &side, &size, &ask, index,
                 &info, 1);
  int lwork = (int)size;
  THRONG_TRY_GOTO(throng_alloc(&work, (size_t)lwork, sizeof(double), what));
  THRONG_TRY_GOTO(blas_begin(1, &granted));
  // Column-major it works on a turned, whose left vectors are a's right ones: as LAPACKE does, turn
  // a before and both after.
  transpose(a, n, n, left);
  memcpy(a, left, (size_t)(n * n) * sizeof *a);
  blas()->dgesdd("S", &side, &side, a, &side, value, left, &side, right, &side, work, &lwork, index,
                 &info, 1);
  blas_end(granted);
  status = info ? failed(what, "dgesdd", info) : THRONG_OK;
  transpose(left, n, n, a);
  memcpy(left, a, (size_t)(n * n) * sizeof *a);
  transpose(right, n, n, a);
  memcpy(right, a, (size_t)(n * n) * sizeof *a);
done:
  free(index);
  free(work);
  return status;
}

throng_status blas_eigen(float *a, int64_t n, float *value, const char *what) {
  const int side = (int)n, ask = -1;
  int info = 0, granted = 0;
  float size = 0;
  // Its upper triangle by rows is the lower one by columns: turned, so that the same is read.
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) a[j * n + i] = a[i * n + j];
  blas()->ssyev("V", "U", &side, a, &side, value, &size, &ask, &info, 1, 1);
  int lwork = (int)size;
  void *work = NULL;
  throng_status status = throng_alloc(&work, (size_t)lwork, sizeof(float), what);
  if (status == THRONG_OK) status = blas_begin(1, &granted);
  if (status == THRONG_OK) {
    blas()->ssyev("V", "U", &side, a, &side, value, work, &lwork, &info, 1, 1);
    blas_end(granted);
    if (info) status = failed(what, "ssyev", info);
  }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) {
      float swapped = a[i * n + j];
      a[i * n + j] = a[j * n + i];
      a[j * n + i] = swapped;
    }
  free(work);
  return status;
}
