/// The table of the CUDA backend, function by function: memory, copies, products, grouping, graphs,
/// and what it says when something is wrong.
#include <sys/wait.h>
#include <unistd.h>

#include "cuda_parity.h"
#include "kernels/base/random.h"
#include "kernels/list.h"

static float unit(uint32_t i) {
  return random_uniform(random_draw(5, 9999, i, 0, 0, 0).w[0]) - 0.5f;
}

TEST(cuda_backend, memory_comes_zeroed_and_copies_keep_every_byte) {
  parity p;
  if (!parity_open(&p)) return;
  const backend_ops *ops = p.cuda->ops;
  enum { N = 100003 };
  char *from = malloc(N), *to = malloc(N);
  void *a, *b;
  for (int i = 0; i < N; ++i) from[i] = (char)(i * 7 + 1);
  ASSERT_OK(ops->alloc(p.cuda, N, "test", &a));
  ASSERT_OK(ops->alloc(p.cuda, N, "test", &b));
  EXPECT_EQ((uintptr_t)a % 64, 0);
  ASSERT_OK(ops->download(p.cuda, to, a, N));
  for (int i = 0; i < N; ++i) ASSERT_EQ(to[i], 0);
  ASSERT_OK(ops->upload(p.cuda, a, from, N));
  ASSERT_OK(ops->copy(p.cuda, b, a, N));
  ASSERT_OK(ops->zero(p.cuda, a, N / 2));
  ASSERT_OK(ops->download(p.cuda, to, b, N));
  EXPECT_EQ(memcmp(from, to, N), 0);
  ASSERT_OK(ops->download(p.cuda, to, a, N));
  for (int i = 0; i < N; ++i) ASSERT_EQ(to[i], i < N / 2 ? 0 : from[i]);
  ops->release(p.cuda, a);
  ops->release(p.cuda, b);
  ops->release(p.cuda, NULL);
  free(from);
  free(to);
  parity_close(&p);
}

TEST(cuda_backend, uploads_in_a_row_keep_their_own_bytes_though_the_source_changes_at_once) {
  parity p;
  if (!parity_open(&p)) return;
  const backend_ops *ops = p.cuda->ops;
  enum { N = 1 << 14, UPLOADS = 96 };
  uint32_t *from = malloc(N * sizeof *from), *to = malloc(UPLOADS * N * sizeof *to);
  void *block;
  ASSERT_OK(ops->alloc(p.cuda, UPLOADS * N * sizeof *to, "test", &block));
  uint32_t *on_device = block;
  for (uint32_t k = 0; k < UPLOADS; ++k) {
    for (uint32_t i = 0; i < N; ++i) from[i] = k * N + i;
    ASSERT_OK(ops->upload(p.cuda, on_device + k * N, from, N * sizeof *from));
  }
  memset(from, 0xFF, N * sizeof *from);
  ASSERT_OK(ops->download(p.cuda, to, on_device, UPLOADS * N * sizeof *to));
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < UPLOADS * N; ++i) wrong += to[i] != i;
  EXPECT_EQ(wrong, 0);
  ops->release(p.cuda, block);
  free(from);
  free(to);
  parity_close(&p);
}

/// One product on CUDA against sums in double precision.
static void check_product(throng_backend *cuda, bool ta, bool tb, int64_t m, int64_t n, int64_t k,
                          int64_t batch, bool share_a, float beta) {
  const backend_ops *ops = cuda->ops;
  const int64_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
  const int64_t size_a = (ta ? k : m) * lda, size_b = (tb ? n : k) * ldb, size_c = m * ldc;
  const int64_t n_a = share_a ? size_a : size_a * batch;
  float *a = malloc(sizeof *a * (size_t)n_a), *b = malloc(sizeof *b * (size_t)(size_b * batch));
  float *c = malloc(sizeof *c * (size_t)(size_c * batch)),
        *got = malloc(sizeof *c * (size_t)(size_c * batch));
  for (int64_t i = 0; i < n_a; ++i) a[i] = unit((uint32_t)i);
  for (int64_t i = 0; i < size_b * batch; ++i) b[i] = unit((uint32_t)i + 77777);
  for (int64_t i = 0; i < size_c * batch; ++i) c[i] = unit((uint32_t)i + 555555);
  void *on[3];
  ASSERT_OK(ops->alloc(cuda, sizeof *a * (size_t)n_a, "a", &on[0]));
  ASSERT_OK(ops->alloc(cuda, sizeof *b * (size_t)(size_b * batch), "b", &on[1]));
  ASSERT_OK(ops->alloc(cuda, sizeof *c * (size_t)(size_c * batch), "c", &on[2]));
  ASSERT_OK(ops->upload(cuda, on[0], a, sizeof *a * (size_t)n_a));
  ASSERT_OK(ops->upload(cuda, on[1], b, sizeof *b * (size_t)(size_b * batch)));
  ASSERT_OK(ops->upload(cuda, on[2], c, sizeof *c * (size_t)(size_c * batch)));
  const gemm_args g = {.transpose_a = ta,
                       .transpose_b = tb,
                       .m = m,
                       .n = n,
                       .k = k,
                       .alpha = 0.5f,
                       .beta = beta,
                       .a = on[0],
                       .b = on[1],
                       .c = on[2],
                       .lda = lda,
                       .ldb = ldb,
                       .ldc = ldc,
                       .stride_a = share_a ? 0 : size_a,
                       .stride_b = size_b,
                       .stride_c = size_c,
                       .batch = batch};
  ASSERT_OK(ops->gemm(cuda, &g));
  ASSERT_OK(ops->download(cuda, got, on[2], sizeof *c * (size_t)(size_c * batch)));
  for (int64_t r = 0; r < batch; ++r)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < ldc; ++j) {
        const int64_t at = r * size_c + i * ldc + j;
        if (j >= n) {  // between the rows nothing is written
          ASSERT_TRUE(got[at] == c[at]);
          continue;
        }
        const float *x = a + (share_a ? 0 : r * size_a), *y = b + r * size_b;
        double sum = 0;
        for (int64_t t = 0; t < k; ++t)
          sum +=
              (double)x[ta ? t * lda + i : i * lda + t] * (double)y[tb ? j * ldb + t : t * ldb + j];
        EXPECT_NEAR((double)got[at], 0.5 * sum + (double)beta * (double)c[at], 2e-5);
      }
  for (int q = 0; q < 3; ++q) ops->release(cuda, on[q]);
  free(a);
  free(b);
  free(c);
  free(got);
}

TEST(cuda_backend, products_by_rows_are_those_of_every_transposition_stride_and_beta) {
  parity p;
  if (!parity_open(&p)) return;
  for (int which = 0; which < 8; ++which) {
    const bool ta = which & 1, tb = which & 2;
    const float beta = which & 4 ? -0.75f : 0.0f;
    check_product(p.cuda, ta, tb, 7, 5, 11, 1, false, beta);
    check_product(p.cuda, ta, tb, 1, 9, 40, 3, false, beta);
    check_product(p.cuda, ta, tb, 6, 1, 3, 4, true, beta);
  }
  parity_close(&p);
}

TEST(cuda_backend, products_that_repeat_give_the_same_bits) {
  parity p;
  if (!parity_open(&p)) return;
  const backend_ops *ops = p.cuda->ops;
  enum { M = 65, N = 33, K = 4100 };
  float *x = malloc(sizeof *x * M * K), first[M * N], again[M * N];
  for (int i = 0; i < M * K; ++i) x[i] = unit((uint32_t)i);
  void *a, *c;
  ASSERT_OK(ops->alloc(p.cuda, sizeof *x * M * K, "a", &a));
  ASSERT_OK(ops->alloc(p.cuda, sizeof first, "c", &c));
  ASSERT_OK(ops->upload(p.cuda, a, x, sizeof *x * M * K));
  const gemm_args g = {.transpose_a = true,
                       .m = M,
                       .n = N,
                       .k = K,
                       .alpha = 1,
                       .a = a,
                       .b = a,
                       .c = c,
                       .lda = M,
                       .ldb = M,
                       .ldc = N,
                       .batch = 1};
  for (int round = 0; round < 5; ++round) {
    ASSERT_OK(ops->gemm(p.cuda, &g));
    ASSERT_OK(ops->download(p.cuda, round ? again : first, c, sizeof first));
    if (round) EXPECT_EQ(memcmp(first, again, sizeof first), 0);
  }
  ops->release(p.cuda, a);
  ops->release(p.cuda, c);
  free(x);
  parity_close(&p);
}

static void check_group(const parity *p, int64_t n, int64_t n_key, uint32_t skew) {
  int32_t *key = malloc(sizeof *key * (size_t)(n + 1));
  int32_t *offset[2], *order[2];
  for (int64_t i = 0; i < n; ++i) {
    uint32_t word = random_draw(8, 9999, (uint32_t)i, skew, 0, 0).w[0];
    key[i] = (int32_t)random_index(word, (uint32_t)n_key + 1) - 1;  // -1: no group
    if (skew && word % 3 == 0) key[i] = (int32_t)((uint32_t)n_key / 2);
  }
  for (int side = 0; side < 2; ++side) {
    throng_backend *b = side ? p->cuda : p->cpu;
    void *on[3];
    offset[side] = malloc(sizeof **offset * (size_t)(n_key + 1));
    order[side] = malloc(sizeof **order * (size_t)(n + 1));
    ASSERT_OK(b->ops->alloc(b, sizeof *key * (size_t)n, "key", &on[0]));
    ASSERT_OK(b->ops->alloc(b, sizeof *key * (size_t)(n_key + 1), "offset", &on[1]));
    ASSERT_OK(b->ops->alloc(b, sizeof *key * (size_t)n, "order", &on[2]));
    ASSERT_OK(b->ops->upload(b, on[0], key, sizeof *key * (size_t)n));
    const group_args g = {n, n_key, on[0], on[1], on[2], 1};
    ASSERT_OK(b->ops->group(b, &g));
    ASSERT_OK(b->ops->download(b, offset[side], on[1], sizeof *key * (size_t)(n_key + 1)));
    ASSERT_OK(b->ops->download(b, order[side], on[2], sizeof *key * (size_t)n));
    for (int q = 0; q < 3; ++q) b->ops->release(b, on[q]);
  }
  EXPECT_EQ(memcmp(offset[0], offset[1], sizeof *key * (size_t)(n_key + 1)), 0);
  EXPECT_EQ(memcmp(order[0], order[1], sizeof *key * (size_t)offset[0][n_key]), 0);
  for (int side = 0; side < 2; ++side) {
    free(offset[side]);
    free(order[side]);
  }
  free(key);
}

TEST(cuda_backend, groups_hold_the_same_positions_in_the_same_order) {
  parity p;
  if (!parity_open(&p)) return;
  const int64_t n[] = {0, 1, 255, 2048, 2049, 9000}, n_key[] = {1, 255, 256, 70000, 20000000};
  for (int i = 0; i < 6; ++i)
    for (int k = 0; k < 4; ++k) check_group(&p, n[i], n_key[k], (uint32_t)(i + k) % 2);
  check_group(&p, 700000, 300, 1);  // more tiles than a scan takes at once
  parity_close(&p);
}

/// Runs without offsets: every run's positions by key, rising, those of no group last; the same on
/// both backends.
static void check_runs(const parity *p, int64_t length, int64_t n_run, int64_t n_index) {
  const int64_t n = length * n_run;
  const size_t bytes = sizeof(int32_t) * (size_t)n;
  int32_t *key = malloc(bytes), *order[2] = {malloc(bytes), malloc(bytes)};
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t word = random_draw(9, 9999, (uint32_t)i, (uint32_t)length, 0, 0).w[0];
    const int32_t index = (int32_t)random_index(word, (uint32_t)n_index + 1) - 1;
    key[i] = index < 0 ? -1 : (int32_t)(i / length * n_index) + (word % 3 ? index : 0);
  }
  for (int side = 0; side < 2; ++side) {
    throng_backend *b = side ? p->cuda : p->cpu;
    void *on[2];
    for (int q = 0; q < 2; ++q) ASSERT_OK(b->ops->alloc(b, bytes, "runs", &on[q]));
    ASSERT_OK(b->ops->upload(b, on[0], key, bytes));
    const group_args g = {
        .n = n, .n_key = n_index * n_run, .key = on[0], .order = on[1], .n_run = n_run};
    ASSERT_OK(b->ops->group(b, &g));
    ASSERT_OK(b->ops->download(b, order[side], on[1], bytes));
    for (int q = 0; q < 2; ++q) b->ops->release(b, on[q]);
  }
  EXPECT_EQ(memcmp(order[0], order[1], bytes), 0);
  int64_t wrong = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int32_t at = order[0][i];
    if (at < 0 || at / length != i / length) {
      ++wrong;  // of another run
      continue;
    }
    if (i % length == 0) continue;
    const uint32_t own = (uint32_t)key[at], before = (uint32_t)key[order[0][i - 1]];  // -1: last
    wrong += before > own || (before == own && order[0][i - 1] >= at);
  }
  EXPECT_EQ(wrong, 0);
  free(key), free(order[0]), free(order[1]);
}

TEST(cuda_backend, runs_are_sorted_apart_and_hold_their_own_positions_in_order) {
  parity p;
  if (!parity_open(&p)) return;
  check_runs(&p, 16, 3, 60);
  check_runs(&p, 1, 700, 255);
  check_runs(&p, 2048, 2, 256);    // just fits a block
  check_runs(&p, 2049, 3, 70000);  // does not
  check_runs(&p, 5000, 1, 10);
  check_runs(&p, 135000, 2, 300);  // more tiles than a scan takes at once
  parity_close(&p);
}

TEST(cuda_backend, a_graph_runs_what_was_recorded_and_nothing_before_it_is_replayed) {
  parity p;
  if (!parity_open(&p)) return;
  throng_backend *b = p.cuda;
  enum { N = 600 };
  float host[N];
  void *x, *y;
  ASSERT_OK(b->ops->alloc(b, sizeof host, "x", &x));
  ASSERT_OK(b->ops->alloc(b, sizeof host, "y", &y));
  struct backend_graph *graph;
  add_bias_args move = {.x = x, .bias = y, .rows = 1, .width = N};
  fill_args fill = {y, 0.5f};
  ASSERT_OK(BACKEND_LAUNCH(b, fill, N, &fill));
  ASSERT_OK(b->ops->capture_begin(b));
  ASSERT_OK(BACKEND_LAUNCH(b, add_bias, 1, &move));
  EXPECT_EQ(b->ops->synchronize(b), THRONG_ERROR_BACKEND);
  EXPECT_CONTAINS(throng_error_message(), "captured");
  EXPECT_EQ(b->ops->download(b, host, x, sizeof host), THRONG_ERROR_BACKEND);
  void *none;
  EXPECT_EQ(b->ops->alloc(b, 8, "late", &none), THRONG_ERROR_BACKEND);
  ASSERT_OK(b->ops->capture_end(b, &graph));
  ASSERT_OK(b->ops->download(b, host, x, sizeof host));
  for (int i = 0; i < N; ++i) ASSERT_TRUE(host[i] == 0.0f);
  for (int round = 0; round < 2; ++round) ASSERT_OK(b->ops->graph_launch(b, graph));
  ASSERT_OK(b->ops->download(b, host, x, sizeof host));
  for (int i = 0; i < N; ++i) ASSERT_TRUE(host[i] == 1.0f);  // 0, 1/2, 1
  b->ops->graph_free(b, graph);
  b->ops->graph_free(b, NULL);
  b->ops->release(b, x);
  b->ops->release(b, y);
  parity_close(&p);
}

TEST(cuda_backend, a_device_that_is_not_there_is_named_with_how_many_there_are) {
  parity p;
  if (!parity_open(&p)) return;
  throng_backend *none;
  EXPECT_EQ(backend_cuda_open(1, 99, &none), THRONG_ERROR_BACKEND);
  EXPECT_CONTAINS(throng_error_message(), "no device 99");
  EXPECT_TRUE(none == NULL);
  parity_close(&p);
}

TEST(cuda_backend, memory_that_is_not_there_is_refused_with_what_was_asked_and_what_is_free) {
  parity p;
  if (!parity_open(&p)) return;
  void *out;
  EXPECT_EQ(p.cuda->ops->alloc(p.cuda, (size_t)1 << 50, "lanes", &out), THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "lanes: 1073741824.0 MiB asked of device 0");
  EXPECT_CONTAINS(throng_error_message(), "free of");
  EXPECT_TRUE(out == NULL);
  ASSERT_OK(p.cuda->ops->alloc(p.cuda, 100, "after it", &out));
  p.cuda->ops->release(p.cuda, out);
  parity_close(&p);
}

#ifdef CUDA_TEST_ON_CPU

TEST(cuda_backend, auto_takes_the_device_and_else_the_cpu_saying_why) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  ASSERT_OK(throng_backend_open(&def, &backend));
  EXPECT_STREQ(throng_backend_name(backend), "cuda");
  EXPECT_CONTAINS(throng_backend_describe(backend), "device 0 of 1: CUDA on CPU");
  throng_backend_close(backend);
  cuda_on_cpu_lose(cudaErrorInsufficientDriver);
  ASSERT_OK(throng_backend_open(&def, &backend));
  EXPECT_STREQ(throng_backend_name(backend), "cpu");
  EXPECT_CONTAINS(throng_backend_describe(backend),
                  "not cuda: the NVIDIA driver supports CUDA 12.4 and this build needs 13.0");
  throng_backend_close(backend);
  def.name = "cuda";
  EXPECT_EQ(throng_backend_open(&def, &backend), THRONG_ERROR_BACKEND);
  EXPECT_CONTAINS(throng_error_message(), "update the driver");
  cuda_on_cpu_lose(cudaErrorNoDevice);
  EXPECT_EQ(throng_backend_open(&def, &backend), THRONG_ERROR_BACKEND);
  EXPECT_CONTAINS(throng_error_message(), "no CUDA device is visible");
  cuda_on_cpu_lose(cudaSuccess);
}

TEST(cuda_backend, uploads_go_on_where_no_memory_may_be_locked) {
  parity p;
  cuda_on_cpu_deny_pinned(true);
  const bool open = parity_open(&p);
  cuda_on_cpu_deny_pinned(false);
  if (!open) return;
  const backend_ops *ops = p.cuda->ops;
  int32_t from[4] = {1, 2, 3, 4}, to[4] = {0};
  void *x;
  ASSERT_OK(ops->alloc(p.cuda, sizeof from, "x", &x));
  ASSERT_OK(ops->upload(p.cuda, x, from, sizeof from));
  from[2] = 7;  // the caller's again
  ASSERT_OK(ops->download(p.cuda, to, x, sizeof to));
  EXPECT_EQ(to[2], 3);
  EXPECT_CONTAINS(p.cuda->arithmetic, "cuBLAS 13.1.2");
  fill_args fill = {x, 0.5f};
  EXPECT_OK(BACKEND_LAUNCH(p.cuda, fill, 4, &fill));  // the refusal is not taken for its error
  ops->release(p.cuda, x);
  parity_close(&p);
}

TEST(cuda_backend, a_lost_device_is_told_with_the_kernels_launched_last_and_what_to_do) {
  parity p;
  if (!parity_open(&p)) return;
  throng_backend *b = p.cuda;
  float host = 0;
  void *x;
  ASSERT_OK(b->ops->alloc(b, 4096, "x", &x));
  fill_args fill = {x, 0.5f};
  ASSERT_OK(BACKEND_LAUNCH(b, fill, 8, &fill));
  cuda_on_cpu_lose(cudaErrorIllegalAddress);
  EXPECT_EQ(b->ops->download(b, &host, x, sizeof host), THRONG_ERROR_BACKEND);
  EXPECT_NE(BACKEND_LAUNCH(b, fill, 8, &fill), THRONG_OK);
  EXPECT_CONTAINS(throng_error_message(), "illegal");
  EXPECT_CONTAINS(throng_error_message(), "last checkpoint");
  cuda_on_cpu_lose(cudaErrorLaunchTimeout);
  EXPECT_EQ(b->ops->download(b, &host, x, sizeof host), THRONG_ERROR_BACKEND);
  EXPECT_CONTAINS(throng_error_message(), "on a GPU that draws a screen");
  EXPECT_CONTAINS(throng_error_message(), "last checkpoint");
  cuda_on_cpu_lose(cudaSuccess);
  b->ops->release(b, x);
  parity_close(&p);
}

/// Does a child that launches a kernel on `x` end by itself?
static bool fills(throng_backend *b, float *x) {
  int status = 0;
  const pid_t child = fork();
  if (child == 0) {
    fill_args fill = {x, 0.5f};
    const bool launched = freopen("/dev/null", "w", stderr) && !BACKEND_LAUNCH(b, fill, 8, &fill);
    _exit(launched ? 0 : 1);
  }
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

TEST(cuda_backend, the_emulation_stops_a_kernel_that_is_given_an_address_of_the_hosts) {
  if (!cuda_on_cpu_inspects()) SKIP("this compiler cannot clear a struct's padding");
  parity p;
  if (!parity_open(&p)) return;
  void *on_device;
  float *on_host = calloc(8, sizeof *on_host), on_stack[8] = {0};
  ASSERT_OK(p.cuda->ops->alloc(p.cuda, 8 * sizeof(float), "x", &on_device));
  EXPECT_TRUE(fills(p.cuda, on_device));
  EXPECT_FALSE(fills(p.cuda, on_host));
  EXPECT_FALSE(fills(p.cuda, on_stack));
  p.cuda->ops->release(p.cuda, on_device);
  free(on_host);
  parity_close(&p);
}

/// How often opening the backend launches kernels of this name.
static size_t launched_at_opening(const char *name) {
  parity p;
  const size_t before = cuda_on_cpu_launched(name);
  if (!parity_open(&p)) return 0;
  const size_t after = cuda_on_cpu_launched(name);
  parity_close(&p);
  return after - before;
}

TEST(cuda_backend, opening_loads_variants_and_leaves_out_the_rows_that_they_stand_for) {
  const char *rows[] = {"yardstick_search_kernel", "sta_pairs_kernel", "sta_rank_kernel",
                        "sim_sta_advance_kernel", "pair_table_similarity_kernel"};
  const char *variants[] = {"yardstick_search_block",
                            "sta_pairs_warp",
                            "sta_rank_warp",
                            "sim_sta_advance_warp",
                            "pair_table_similarity_tile",
                            "best_search_tile",
                            "column_sum_slices",
                            "batch_mean_block",
                            "sim_transition_seen",
                            "sim_transition_users",
                            "sim_respond_votes",
                            "sim_respond_users",
                            "group_scan_kernel",
                            "group_move_kernel"};
  const size_t n_row = sizeof rows / sizeof *rows, n_variant = sizeof variants / sizeof *variants;
  for (size_t k = 0; k < n_row; ++k) EXPECT_EQ(launched_at_opening(rows[k]), 0);
  for (size_t k = 0; k < n_variant; ++k) EXPECT_GE(launched_at_opening(variants[k]), 1);
  EXPECT_EQ(launched_at_opening("fill_kernel"), 1);  // which has no variant
  setenv("THRONG_CUDA_PLAIN", "1", 1);
  for (size_t k = 0; k < n_row; ++k) EXPECT_EQ(launched_at_opening(rows[k]), 1);
  EXPECT_EQ(launched_at_opening("best_search_tile"), 0);
  unsetenv("THRONG_CUDA_PLAIN");
}

TEST(cuda_backend, closing_gives_all_memory_back) {
  parity p;
  const size_t before = cuda_on_cpu_in_use();
  if (!parity_open(&p)) return;
  check_group(&p, 5000, 300, 0);
  EXPECT_LT(before, cuda_on_cpu_in_use());
  parity_close(&p);
  EXPECT_EQ(cuda_on_cpu_in_use(), before);
}

#endif
