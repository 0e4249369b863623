/// What the library of host/blas gives: the functions of its OpenBLAS that throng calls.
#ifndef THRONG_BASE_BLAS_TABLE_H
#define THRONG_BASE_BLAS_TABLE_H

#include <cblas.h>
#include <stddef.h>

/// LAPACK's are column-major; lengths of character arguments follow the others.
typedef struct blas_table {
  __typeof__(cblas_sgemm) *sgemm;
  __typeof__(cblas_dgemm) *dgemm;
  __typeof__(cblas_ssyrk) *ssyrk;
  __typeof__(cblas_dsyrk) *dsyrk;
  __typeof__(cblas_dtrsm) *dtrsm;
  void (*dgeqrf)(const int *m, const int *n, double *a, const int *lda, double *tau, double *work,
                 const int *lwork, int *info);
  void (*dorgqr)(const int *m, const int *n, const int *k, double *a, const int *lda,
                 const double *tau, double *work, const int *lwork, int *info);
  void (*dgesdd)(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s,
                 double *u, const int *ldu, double *vt, const int *ldvt, double *work,
                 const int *lwork, int *iwork, int *info, size_t jobz_length);
  void (*dpotrf)(const char *uplo, const int *n, double *a, const int *lda, int *info,
                 size_t uplo_length);
  void (*dpotri)(const char *uplo, const int *n, double *a, const int *lda, int *info,
                 size_t uplo_length);
  void (*ssyev)(const char *jobz, const char *uplo, const int *n, float *a, const int *lda,
                float *w, float *work, const int *lwork, int *info, size_t jobz_length,
                size_t uplo_length);
  /// OpenBLAS's own work memory, which each of its calls takes while it runs. Where there is none
  /// to be had the library asks again, for ever: see blas_begin.
  void *(*take_buffer)(int purpose);
  void (*give_buffer)(void *buffer);
  int (*n_thread)(void);
  char *(*config)(void);  // "OpenBLAS 0.3.21 ..."
  char *(*kernel)(void);  // "SkylakeX"
} blas_table;

/// The one name that the library exports.
const blas_table *throng_blas_table(void);

#endif
