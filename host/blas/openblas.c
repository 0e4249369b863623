/// libthrong_blas: Debian's OpenBLAS, linked from its archive into a library that exports one name.
///
/// A process has one libopenblas.so.0, and it may be another's: NumPy's from Debian, a program's
/// own. Its number of threads is one number for all, and with more than one its sums depend on how
/// many there are; setting it to one takes NumPy's threads away. Which of Debian's variants it is,
/// a link under /etc/alternatives decides; the serial one gives wrong products when several threads
/// call it. The copy here is bound to itself, is the variant that threads may share, and starts
/// no threads. The price: 26 MB installed beside libthrong, and an update of OpenBLAS arrives with
/// the next build.
#include <sched.h>
#include <string.h>

#include "base/blas_table.h"

extern void dgeqrf_(void), dorgqr_(void), dgesdd_(void), dpotrf_(void), dpotri_(void), ssyev_(void);
extern void *blas_memory_alloc(int purpose);
extern void blas_memory_free(void *buffer);

/// OpenBLAS starts a thread for each processor of this set as it is loaded, and these spin before
/// they sleep. Threads are the backend's business: show it one processor. (The linker's --wrap.)
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
  (void)pid;
  memset(set, 0, size);
  CPU_SET_S(0, size, set);
  return 0;
}

/// LAPACK's own prints a line and stops. Here a wrong argument is left to `info`.
int xerbla_(const char *routine, const int *argument, size_t length);
int xerbla_(const char *routine, const int *argument, size_t length) {
  (void)routine, (void)argument, (void)length;
  return 0;
}

#define LAPACK(member, name) .member = (__typeof__(((blas_table *)0)->member))name

__attribute__((visibility("default"))) const blas_table *throng_blas_table(void) {
  static const blas_table table = {
      .sgemm = cblas_sgemm,
      .dgemm = cblas_dgemm,
      .ssyrk = cblas_ssyrk,
      .dsyrk = cblas_dsyrk,
      .dtrsm = cblas_dtrsm,
      LAPACK(dgeqrf, dgeqrf_),
      LAPACK(dorgqr, dorgqr_),
      LAPACK(dgesdd, dgesdd_),
      LAPACK(dpotrf, dpotrf_),
      LAPACK(dpotri, dpotri_),
      LAPACK(ssyev, ssyev_),
      .take_buffer = blas_memory_alloc,
      .give_buffer = blas_memory_free,
      .n_thread = openblas_get_num_threads,
      .config = openblas_get_config,
      .kernel = openblas_get_corename,
  };
  return &table;
}
