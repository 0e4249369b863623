/// Dense products and factorisations: OpenBLAS from a library of our own, each call on one thread.
/// Its results depend on the machine's kernel (blas_describe), not on how many threads call it.
#ifndef THRONG_BASE_BLAS_H
#define THRONG_BASE_BLAS_H

#include "base/blas_table.h"
#include "base/status.h"

/// Ask leave for `wanted` threads to be in OpenBLAS at once; *granted of them, at least one, may,
/// until blas_end(*granted). Waits only where 64 are in it already.
/// Errors: MEMORY where no address space is left for the first one's work (ulimit -v); OpenBLAS
/// itself would wait for memory for ever.
throng_status blas_begin(int wanted, int *granted);
void blas_end(int granted);

/// Between the two: the functions.
static inline const blas_table *blas(void) { return throng_blas_table(); }

/// "OpenBLAS 0.3.21 SkylakeX": the version, and the kernel that was chosen for this processor
/// (OPENBLAS_CORETYPE in the environment chooses another). What decides the bits of a product.
const char *blas_describe(void);

// Row-major, on the calling thread; each asks leave by itself. `what` names the work in errors.
// Errors: MEMORY; DATA where a routine does not converge.

/// a (n, l) becomes an orthonormal basis of its columns, n >= l; r (l, l) gets the upper triangle
/// where it is not NULL.
throng_status blas_orthonormalise(double *a, int64_t n, int64_t l, double *r, const char *what);
/// a (n, n) = left diag(value) right, values falling; a is destroyed.
throng_status blas_svd(double *a, int64_t n, double *left, double *value, double *right,
                       const char *what);
/// Eigenvectors of a symmetric a (n, n), of which the upper triangle is read, as columns of a;
/// values (n) rise.
throng_status blas_eigen(float *a, int64_t n, float *value, const char *what);

#endif
