/// OpenBLAS as a library of our own: no threads, safe from many, and an error where its memory
/// ends.
#include <dirent.h>
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backend.h"
#include "base/blas.h"
#include "base/processors.h"
#include "cli_driver.h"
#include "cpu/backend_cpu.h"
#include "throng_test.h"

enum { SIDE = 256 };

static float *filled(uint32_t seed) {
  float *block = malloc(SIDE * SIDE * sizeof *block);
  for (int k = 0; k < SIDE * SIDE; ++k) {
    seed = seed * 1664525u + 1013904223u;
    block[k] = (float)(seed >> 8) / 16777216.0f - 0.5f;
  }
  return block;
}

static void product(const float *a, const float *b, float *c) {
  blas()->sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0,
                c, SIDE);
}

static size_t address_space(void) {
  size_t pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file) {
    if (fscanf(file, "%zu", &pages) != 1) pages = 0;
    fclose(file);
  }
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/// In a child that may grow by `mib` MiB, ask leave for `wanted` and multiply. What was granted;
/// 100 where the error names the limit, 101 for any other, 1000 + a signal (an alarm where it
/// hangs).
static int granted_within(int mib, int wanted) {
  float *a = filled(1), *b = filled(2), *c = malloc(SIDE * SIDE * sizeof *c);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {0, 0};
    limit.rlim_cur = limit.rlim_max = address_space() + ((size_t)mib << 20);
    setrlimit(RLIMIT_AS, &limit);
    alarm(20);
    int granted;
    throng_status status = blas_begin(wanted, &granted);
    if (status != THRONG_OK)
      _exit(status == THRONG_ERROR_MEMORY && strstr(throng_error_message(), "ulimit -v") ? 100
                                                                                         : 101);
    product(a, b, c);
    blas_end(granted);
    _exit(granted);
  }
  free(a), free(b), free(c);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// The first test: what earlier products took would be there for the child.
TEST(blas, where_address_space_ends_fewer_threads_multiply_and_then_none) {
  EXPECT_EQ(granted_within(4096, 4), 4);
  EXPECT_EQ(granted_within(420, 4), 3);
  EXPECT_EQ(granted_within(290, 4), 2);
  EXPECT_EQ(granted_within(160, 4), 1);
  EXPECT_EQ(granted_within(100, 4), 100);
  EXPECT_EQ(granted_within(1, 1), 100);
}

typedef struct rival {
  const float *a, *b, *c;
  int wrong;
} rival;

static void *repeat_product(void *context) {
  rival *r = context;
  float *c = malloc(SIDE * SIDE * sizeof *c);
  for (int run = 0; run < 60; ++run) {
    int granted = 0;
    if (blas_begin(1, &granted) != THRONG_OK) ++r->wrong;
    product(r->a, r->b, c);
    blas_end(granted);
    r->wrong += memcmp(c, r->c, SIDE * SIDE * sizeof *c) != 0;
  }
  free(c);
  return NULL;
}

TEST(blas, products_of_many_threads_at_once_are_those_of_one) {
  float *a = filled(1), *b = filled(2), *c = malloc(SIDE * SIDE * sizeof *c);
  int granted;
  ASSERT_OK(blas_begin(1, &granted));
  product(a, b, c);
  blas_end(granted);
  rival r[8];
  pthread_t thread[8];
  for (int k = 0; k < 8; ++k) {
    r[k] = (rival){a, b, c, 0};
    ASSERT_EQ(pthread_create(&thread[k], NULL, repeat_product, &r[k]), 0);
  }
  for (int k = 0; k < 8; ++k) {
    pthread_join(thread[k], NULL);
    EXPECT_EQ(r[k].wrong, 0);
  }
  free(a), free(b), free(c);
}

static int count_threads(void) {
  DIR *folder = opendir("/proc/self/task");
  int n = 0;
  for (const struct dirent *entry; folder && (entry = readdir(folder));) n += *entry->d_name != '.';
  if (folder) closedir(folder);
  return n;
}

/// ctest sets OPENBLAS_NUM_THREADS=8 for this program.
TEST(blas, it_has_no_threads_whatever_the_environment_says) {
  EXPECT_EQ(blas()->n_thread(), 1);
#ifndef __SANITIZE_ADDRESS__  // which may have one of its own
  EXPECT_EQ(count_threads(), 1);
#endif
  float *a = filled(1), *b = filled(2), *c = malloc(SIDE * SIDE * sizeof *c);
  int before = count_threads(), granted;
  ASSERT_OK(blas_begin(1, &granted));
  product(a, b, c);
  blas_end(granted);
  EXPECT_EQ(count_threads(), before);
  free(a), free(b), free(c);
}

TEST(blas, the_description_names_version_and_kernel) {
  EXPECT_CONTAINS(blas_describe(), "OpenBLAS 0.");
  EXPECT_CONTAINS(blas_describe(), blas()->kernel());
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  def.name = "cpu";
  ASSERT_OK(throng_backend_open(&def, &backend));
  EXPECT_CONTAINS(throng_backend_arithmetic(backend), blas_describe());
  throng_backend_close(backend);
}

TEST(blas, an_orthonormal_basis_times_r_is_the_matrix) {
  enum { ROWS = 70, COLUMNS = 9 };
  double a[ROWS * COLUMNS], q[ROWS * COLUMNS], r[COLUMNS * COLUMNS];
  float *from = filled(5);
  for (int k = 0; k < ROWS * COLUMNS; ++k) a[k] = q[k] = (double)from[k];
  ASSERT_OK(blas_orthonormalise(q, ROWS, COLUMNS, r, "test"));
  for (int i = 0; i < ROWS; ++i)
    for (int j = 0; j < COLUMNS; ++j) {
      double sum = 0;
      for (int k = 0; k < COLUMNS; ++k) sum += q[i * COLUMNS + k] * r[k * COLUMNS + j];
      EXPECT_NEAR(sum, a[i * COLUMNS + j], 1e-12);
    }
  for (int i = 0; i < COLUMNS; ++i)
    for (int j = 0; j < COLUMNS; ++j) {
      double sum = 0;
      for (int k = 0; k < ROWS; ++k) sum += q[k * COLUMNS + i] * q[k * COLUMNS + j];
      EXPECT_NEAR(sum, i == j, 1e-12);
      if (i > j) EXPECT_EQ(r[i * COLUMNS + j], 0.0);
    }
  free(from);
}

TEST(blas, singular_vectors_and_values_give_the_matrix_back) {
  enum { N = 7 };
  double a[N * N], left[N * N], right[N * N], value[N], before[N * N];
  float *from = filled(6);
  for (int k = 0; k < N * N; ++k) a[k] = before[k] = (double)from[k];
  ASSERT_OK(blas_svd(a, N, left, value, right, "test"));
  for (int k = 1; k < N; ++k) EXPECT_TRUE(value[k - 1] >= value[k] && value[k] >= 0);
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) {
      double sum = 0;
      for (int k = 0; k < N; ++k) sum += left[i * N + k] * value[k] * right[k * N + j];
      EXPECT_NEAR(sum, before[i * N + j], 1e-12);
    }
  free(from);
}

TEST(blas, eigenvectors_are_columns_and_only_the_upper_triangle_is_read) {
  enum { N = 6 };
  float a[N * N], before[N * N], value[N], *from = filled(7);
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) {
      before[i * N + j] = from[i <= j ? i * N + j : j * N + i];
      a[i * N + j] = i <= j ? before[i * N + j] : 1e30f;
    }
  ASSERT_OK(blas_eigen(a, N, value, "test"));
  for (int k = 0; k < N; ++k)
    for (int i = 0; i < N; ++i) {
      float sum = 0;
      for (int j = 0; j < N; ++j) sum += before[i * N + j] * a[j * N + k];
      EXPECT_NEAR(sum, value[k] * a[i * N + k], 1e-5);
      if (k > 0) EXPECT_TRUE(value[k - 1] <= value[k]);
    }
  free(from);
}

TEST(blas, a_fit_under_a_limit_of_memory_ends_with_weights_or_with_the_reason) {
#ifdef __SANITIZE_ADDRESS__
  SKIP("the sanitizer itself needs more");
#endif
  ASSERT_TRUE(make_world());
  int refused = 0;
  for (int mib = 180; mib <= 480; mib += 60) {
    char line[1024];
    snprintf(line, sizeof line,
             "cd %s && rm -f s.safetensors && ulimit -v %d && timeout 60 %s fit -q "
             "world.safetensors -o s.safetensors --threads 3 --set sta.epochs=1 >/dev/null 2>said",
             throng_test_folder(), mib << 10, TEST_PROGRAM);
    int status = system(line), code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
    char said[2048];
    slurp(in_folder("said"), said, sizeof said);
    if (code != 0) EXPECT_EQ(code, 1);  // timeout's 124: it hung
    if (code == 1) EXPECT_TRUE(strstr(said, "ulimit -v") || strstr(said, "could not be had"));
    EXPECT_EQ(exists("s.safetensors"), code == 0);
    refused += code == 1;
  }
  EXPECT_LT(refused, 6);  // with the most it fits
}

/// The last test, since it starts the other library's threads. NumPy of Debian loads the same one.
TEST(blas, another_openblas_of_the_process_keeps_its_threads_and_is_not_called) {
  void *other = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL);
  if (!other) SKIP("this machine has no libopenblas.so.0");
  int (*get)(void);
  void (*set)(int);
  __typeof__(blas()->sgemm) sgemm;
  *(void **)&get = dlsym(other, "openblas_get_num_threads");
  *(void **)&set = dlsym(other, "openblas_set_num_threads");
  *(void **)&sgemm = dlsym(other, "cblas_sgemm");
  ASSERT_TRUE(get && set);
  EXPECT_GE(get(), processors_usable() > 1 ? 2 : 1);  // not the one that ours is shown
  set(2);
  int wanted = get();
  EXPECT_TRUE(blas()->sgemm != sgemm);
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  def.name = "cpu";
  def.threads = 3;
  ASSERT_OK(throng_backend_open(&def, &backend));
  float *a = filled(1), *b = filled(2), *c = malloc(SIDE * SIDE * sizeof *c);
  gemm_args g = {.m = SIDE,
                 .n = SIDE,
                 .k = SIDE,
                 .alpha = 1,
                 .a = a,
                 .b = b,
                 .c = c,
                 .lda = SIDE,
                 .ldb = SIDE,
                 .ldc = SIDE,
                 .batch = 1};
  EXPECT_OK(backend->ops->gemm(backend, &g));
  throng_backend_close(backend);
  EXPECT_EQ(get(), wanted);
  EXPECT_EQ(blas()->n_thread(), 1);
  free(a), free(b), free(c);
}

/// Products of so many rows each, in arrays for more, against each alone: around blocks of C's rows
/// and the cuts of long sums.
static void multiply_used(throng_backend *backend, bool transpose_a, bool transpose_b, int64_t n) {
  enum { MEMBERS = 6, ROWS = 9000, OTHER = 24 };
  const int32_t used[MEMBERS] = {ROWS, 4095, 4096, 300, 1, 0};
  const int64_t m = transpose_a ? OTHER : ROWS, k = transpose_a ? ROWS : OTHER;
  const size_t size_a = (size_t)ROWS * OTHER, size_b = (size_t)(k * n), size_c = (size_t)(m * n);
  float *a = malloc(sizeof *a * size_a * MEMBERS), *b = malloc(sizeof *b * size_b * MEMBERS);
  float *c = malloc(sizeof *c * size_c * MEMBERS), *alone = malloc(sizeof *c * size_c);
  for (size_t i = 0; i < size_a * MEMBERS; ++i) a[i] = (float)(i * 7919 % 1000) / 997 - 0.5f;
  for (size_t i = 0; i < size_b * MEMBERS; ++i) b[i] = (float)(i * 6151 % 1000) / 991 - 0.5f;
  for (size_t i = 0; i < size_c * MEMBERS; ++i) c[i] = 42;
  for (int64_t member = 0; member < MEMBERS; ++member)
    for (int64_t i = used[member] * OTHER; i < ROWS * OTHER; ++i)
      a[(int64_t)size_a * member + i] = NAN;
  gemm_args g = {.transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .m = m,
                 .n = n,
                 .k = k,
                 .alpha = 1,
                 .a = a,
                 .b = b,
                 .c = c,
                 .lda = OTHER,
                 .ldb = transpose_b ? k : n,
                 .ldc = n,
                 .stride_a = (int64_t)size_a,
                 .stride_b = (int64_t)size_b,
                 .stride_c = (int64_t)size_c,
                 .batch = MEMBERS,
                 .used = used};
  EXPECT_OK(backend->ops->gemm(backend, &g));
  for (int64_t member = 0; member < MEMBERS; ++member) {
    const int64_t rows = transpose_a ? (used[member] ? m : 0) : used[member];
    gemm_args one = g;
    one.used = NULL;
    one.batch = 1;
    one.a += member * g.stride_a;
    one.b += member * g.stride_b;
    one.c = alone;
    *(transpose_a ? &one.k : &one.m) = used[member];
    if (used[member]) EXPECT_OK(backend->ops->gemm(backend, &one));
    const float *own = c + member * g.stride_c;
    EXPECT_EQ(memcmp(own, alone, sizeof *own * (size_t)(rows * n)), 0);
    int64_t untouched = 0;
    for (int64_t i = rows * n; i < m * n; ++i) untouched += own[i] == 42;
    EXPECT_EQ(untouched, (m - rows) * n);
  }
  // A block of rows of each: those before it count too.
  if (!transpose_a) {
    g.a += 4000 * OTHER;
    g.first_row = 4000;
    g.m = 200;
    for (size_t i = 0; i < size_c * MEMBERS; ++i) c[i] = 42;
    EXPECT_OK(backend->ops->gemm(backend, &g));
    for (int64_t member = 0; member < MEMBERS; ++member) {
      int64_t written = 0;
      for (int64_t i = 0; i < 200; ++i) written += c[member * g.stride_c + i * n] != 42;
      EXPECT_EQ(written, member == 1 ? 95 : member == 2 ? 96 : member == 0 ? 200 : 0);
    }
  }
  free(a), free(b), free(c), free(alone);
}

TEST(blas, members_with_fewer_rows_than_the_rest_get_the_bits_of_a_product_of_their_own) {
  for (int threads = 1; threads <= 3; threads += 2) {
    throng_backend *backend;
    ASSERT_OK(backend_cpu_open(threads, &backend));
    for (int which = 0; which < 4; ++which)
      for (int64_t n = 1; n <= 17; n += 16) multiply_used(backend, which & 1, (which & 2) != 0, n);
    throng_backend_close(backend);
  }
}
