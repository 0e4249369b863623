/// The CPU backend: threads of its own over rows, and over fixed blocks of a product, each of which
/// is one call of OpenBLAS. Nothing here depends on the number of threads but the time taken.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/blas.h"
#include "base/clock.h"
#include "base/processors.h"
#include "base/workers.h"
#include "cpu/backend_cpu.h"
#include "cpu/group.h"
#include "cpu/rows.h"
#include "kernels/list.h"

enum {
  BLOCK_ROWS = 256,      // rows of C that one task computes: fixed, so that sums do not move
  MANY_TERMS = 8,        // of each sum for a row of C: then C is cut into blocks more finely,
  MOST_BLOCKS = 4,       // so many
  LEAST_ROWS = 16,       // of so many rows
  BLOCK_COLUMNS = 1024,  // columns of C that one task computes
  SPLIT_K = 2048,        // long sums are cut into parts of this many terms, added in order
  SPLIT_MAX = 64,
  GEMM_GRAIN = 1 << 20,  // multiplications below which waking threads costs more than it brings
  LARGE_PAGE = 2 << 20,
};

typedef struct cpu_context {
  rows_fn *const *rows;
  workers *pool;   // NULL with one thread; a fork's is its root's
  float *partial;  // parts of a long sum
  size_t partial_capacity;
  group_spare spare;
  double asked;  // when backend->stop was asked last, see clock_now
} cpu_context;

static const int64_t kernel_grain[] = {
#define X(name, grain) grain,
    KERNEL_LIST(X)
#undef X
};

static const double ask_every = 0.1;  // seconds

static bool must_stop(throng_backend *backend) {
  if (!backend->stop) return false;
  cpu_context *context = backend->context;
  double now = clock_now();
  if (now - context->asked < ask_every) return false;
  context->asked = now;
  return backend->stop(backend->stop_context);
}

static throng_status stopped(void) {
  return throng_fail(THRONG_ERROR_CANCELLED, "stopped on request");
}

typedef struct watched_job {
  throng_backend *backend;
  workers_task *task;
  void *job;
  pthread_t caller;
  atomic_bool stopped;
} watched_job;

static void watched_task(void *context, int64_t task) {
  watched_job *w = context;
  if (atomic_load_explicit(&w->stopped, memory_order_relaxed)) return;
  if (pthread_equal(pthread_self(), w->caller) && must_stop(w->backend)) {
    atomic_store_explicit(&w->stopped, true, memory_order_relaxed);
    return;
  }
  w->task(w->job, task);
}

/// workers_run, with somebody who may end it.
static throng_status run_tasks(throng_backend *backend, int most, int64_t n_task,
                               workers_task *task, void *job) {
  cpu_context *context = backend->context;
  if (!backend->stop) {
    workers_run(context->pool, most, n_task, task, job);
    return THRONG_OK;
  }
  watched_job w = {.backend = backend, .task = task, .job = job, .caller = pthread_self()};
  workers_run(context->pool, most, n_task, watched_task, &w);
  return atomic_load(&w.stopped) ? stopped() : THRONG_OK;
}

static void cpu_close(throng_backend *backend) {
  cpu_context *context = backend->context;
  if (!backend->root) workers_close(context->pool);
  free(context->partial);
  free(context->spare.position);
  free(context->spare.place);
  free(context);
  free(backend);
}

static throng_status cpu_alloc(throng_backend *backend, size_t bytes, const char *what,
                               void **out) {
  // Tables are read at random: without large pages every load would miss the address cache too.
  size_t alignment = bytes >= LARGE_PAGE ? LARGE_PAGE : 64;
  size_t padded = (bytes + alignment - 1) / alignment * alignment;
  *out = NULL;
  if (padded >= bytes) *out = aligned_alloc(alignment, padded ? padded : alignment);
  if (!*out)
    return throng_fail(THRONG_ERROR_MEMORY, "%s: %.1f MiB of memory could not be had", what,
                       (double)bytes / 1048576.0);
#ifdef MADV_HUGEPAGE
  if (alignment == LARGE_PAGE) (void)madvise(*out, padded, MADV_HUGEPAGE);  // may be refused
#endif
  const size_t whole = padded ? padded : alignment, piece = (size_t)1 << 28;
  for (size_t at = 0; at < whole; at += piece) {
    if (must_stop(backend)) {
      free(*out);
      *out = NULL;
      return stopped();
    }
    memset((char *)*out + at, 0, whole - at < piece ? whole - at : piece);
  }
  return THRONG_OK;
}

static void cpu_release(throng_backend *backend, void *block) {
  (void)backend;
  free(block);
}

static throng_status cpu_copy(throng_backend *backend, void *to, const void *from, size_t bytes) {
  (void)backend;
  if (bytes) memmove(to, from, bytes);
  return THRONG_OK;
}

static throng_status cpu_zero(throng_backend *backend, void *block, size_t bytes) {
  (void)backend;
  if (bytes) memset(block, 0, bytes);
  return THRONG_OK;
}

typedef struct launch_job {
  rows_fn *rows;
  const void *args;
  int64_t n_row, n_chunk;
} launch_job;

static void launch_chunk(void *context, int64_t chunk) {
  const launch_job *j = context;
  j->rows(j->args, j->n_row * chunk / j->n_chunk, j->n_row * (chunk + 1) / j->n_chunk);
}

static throng_status cpu_launch(throng_backend *backend, int kernel, int64_t n_row,
                                const void *args) {
  cpu_context *context = backend->context;
  rows_fn *rows = context->rows[kernel];
  int64_t grain = kernel_grain[kernel];
  if ((backend->n_thread == 1 && !backend->stop) || n_row <= grain) {
    rows(args, 0, n_row);
    return THRONG_OK;
  }
  int64_t n_chunk = (n_row + grain - 1) / grain;
  int64_t most =
      (int64_t)backend->n_thread * 8;  // small enough to balance, large enough to amortise
  launch_job job = {rows, args, n_row, n_chunk < most ? n_chunk : most};
  return run_tasks(backend, backend->n_thread, job.n_chunk, launch_chunk, &job);
}

/// One member of a batch as a product of its own: how large it is, how its sum is cut.
typedef struct gemm_member {
  int64_t m, k;
  int64_t n_part;  // of its sum, added in order; 1: blocks of C in place of that
  int64_t rows;    // of a block of C
} gemm_member;

static gemm_member gemm_member_of(const gemm_args *g, int64_t member) {
  gemm_member own = {g->m, g->k, 1, BLOCK_ROWS};
  if (g->used) {
    int64_t *rows = g->transpose_a ? &own.k : &own.m;
    const int64_t left = g->used[member] - g->first_row;
    *rows = left < 0 ? 0 : left < *rows ? left : *rows;
    if (*rows == 0) own.m = 0;  // nobody asks for it
  }
  // Few outputs, many terms (a weight's gradient over a batch): parts of the sum run side by side.
  if (own.k >= 2 * SPLIT_K && own.m <= BLOCK_ROWS && g->n <= BLOCK_COLUMNS) {
    own.n_part = (own.k + SPLIT_K - 1) / SPLIT_K;
    if (own.n_part > SPLIT_MAX) own.n_part = SPLIT_MAX;
  }
  // Sums that are not so long (over a minibatch) are left whole, and C is a few blocks for as much
  // as there is to do: by the member alone, as all that rounding depends on.
  if (own.k >= MANY_TERMS * own.m && own.m <= BLOCK_ROWS && g->n <= BLOCK_COLUMNS)
    while (own.rows > LEAST_ROWS && own.rows / 2 * MOST_BLOCKS >= own.m &&
           own.rows / 2 * g->n * own.k >= GEMM_GRAIN)
      own.rows /= 2;
  return own;
}

static void gemm_block(const gemm_args *g, int64_t member, int64_t row, int64_t rows,
                       int64_t column, int64_t columns, int64_t k_begin, int64_t k_count, float *c,
                       int64_t ldc, float beta) {
  const float *a = g->a + member * g->stride_a;
  const float *b = g->b + member * g->stride_b;
  a += g->transpose_a ? k_begin * g->lda + row : row * g->lda + k_begin;
  b += g->transpose_b ? column * g->ldb + k_begin : k_begin * g->ldb + column;
  blas()->sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                g->transpose_b ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)columns,
                (blasint)k_count, g->alpha, a, (blasint)g->lda, b, (blasint)g->ldb, beta, c,
                (blasint)ldc);
}

/// What all members come to: multiplications, and the most parts that a sum is cut into.
typedef struct gemm_size {
  int64_t work, most_parts, blocks;  // blocks: members that are not cut
  int64_t most_rows;                 // blocks of C below each other, of one of those
} gemm_size;

static gemm_size gemm_size_of(const gemm_args *g) {
  gemm_size all = {0, 1, 0, 0};
  for (int64_t member = 0; member < g->batch; ++member) {
    const gemm_member own = gemm_member_of(g, member);
    if (own.m == 0) continue;
    all.work += own.m * g->n * own.k;
    all.blocks += own.n_part == 1;
    if (own.n_part > all.most_parts) all.most_parts = own.n_part;
    const int64_t rows = (own.m + own.rows - 1) / own.rows;
    if (own.n_part == 1 && rows > all.most_rows) all.most_rows = rows;
  }
  return all;
}

/// Call OpenBLAS from as many of `n_thread` threads as it has room for.
static throng_status gemm_tasks(throng_backend *backend, int n_thread, int64_t n_task,
                                workers_task *task, void *job) {
  int granted;
  if (n_thread > n_task) n_thread = (int)n_task;
  THRONG_TRY(blas_begin(n_thread, &granted));
  throng_status status = run_tasks(backend, granted, n_task, task, job);
  blas_end(granted);
  return status;
}

typedef struct split_job {
  const gemm_args *g;
  float *partial;      // (batch, most_parts, m, n)
  int64_t most_parts;  // of a member
} split_job;

static void split_part(void *context, int64_t task) {
  const split_job *j = context;
  const gemm_args *g = j->g;
  const int64_t member = task / j->most_parts, part = task % j->most_parts;
  const gemm_member own = gemm_member_of(g, member);
  if (own.n_part == 1 || part >= own.n_part) return;
  const int64_t begin = own.k * part / own.n_part, end = own.k * (part + 1) / own.n_part;
  gemm_block(g, member, 0, own.m, 0, g->n, begin, end - begin, j->partial + task * g->m * g->n,
             g->n, 0.0f);
}

static void split_add(void *context, int64_t row) {
  const split_job *j = context;
  const gemm_args *g = j->g;
  const int64_t member = row / g->m, size = g->m * g->n;
  const gemm_member own = gemm_member_of(g, member);
  if (own.n_part == 1 || row % g->m >= own.m) return;
  float *c = g->c + member * g->stride_c + (row % g->m) * g->ldc;
  const float *p = j->partial + member * j->most_parts * size + (row % g->m) * g->n;
  for (int64_t column = 0; column < g->n; ++column) {
    float sum = 0;
    for (int64_t part = 0; part < own.n_part; ++part) sum += p[part * size + column];
    c[column] = g->beta == 0.0f ? sum : g->beta * c[column] + sum;
  }
}

static throng_status gemm_split(throng_backend *backend, const gemm_args *g, int64_t most_parts,
                                int n_thread) {
  cpu_context *context = backend->context;
  const int64_t size = g->m * g->n, n_task = most_parts * g->batch;
  THRONG_TRY(throng_grow((void **)&context->partial, &context->partial_capacity,
                         (size_t)(size * n_task), sizeof(float), "matrix product"));
  split_job job = {g, context->partial, most_parts};
  THRONG_TRY(gemm_tasks(backend, n_thread, n_task, split_part, &job));
  workers_run(context->pool, size * n_task < GEMM_GRAIN ? 1 : n_thread, g->m * g->batch, split_add,
              &job);
  return THRONG_OK;
}

typedef struct block_job {
  const gemm_args *g;
  int64_t n_row, n_column;  // blocks
} block_job;

static void block_product(void *context, int64_t task) {
  const block_job *j = context;
  const gemm_args *g = j->g;
  int64_t member = task / (j->n_row * j->n_column), block = task % (j->n_row * j->n_column);
  const gemm_member own = gemm_member_of(g, member);
  int64_t row = block / j->n_column * own.rows, column = block % j->n_column * BLOCK_COLUMNS;
  if (own.n_part > 1 || row >= own.m) return;
  int64_t rows = own.m - row < own.rows ? own.m - row : own.rows;
  int64_t columns = g->n - column < BLOCK_COLUMNS ? g->n - column : BLOCK_COLUMNS;
  gemm_block(g, member, row, rows, column, columns, 0, own.k,
             g->c + member * g->stride_c + row * g->ldc + column, g->ldc, g->beta);
}

static throng_status cpu_gemm(throng_backend *backend, const gemm_args *g) {
  if (g->m == 0 || g->n == 0) return THRONG_OK;
  const gemm_size all = gemm_size_of(g);
  const int n_thread = all.work < GEMM_GRAIN ? 1 : backend->n_thread;
  if (all.most_parts > 1) THRONG_TRY(gemm_split(backend, g, all.most_parts, n_thread));
  if (all.blocks == 0) return THRONG_OK;
  block_job job = {g, all.most_rows, (g->n + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS};
  return gemm_tasks(backend, n_thread, job.n_row * job.n_column * g->batch, block_product, &job);
}

static void cpu_each(throng_backend *backend, int64_t n_task,
                     void (*task)(void *context, int64_t task), void *context) {
  workers_run(((cpu_context *)backend->context)->pool, backend->n_thread, n_task, task, context);
}

static throng_status cpu_group(throng_backend *backend, const group_args *g) {
  cpu_context *context = backend->context;
  if (g->offset) {
    group_by_key(g);
    return THRONG_OK;
  }
  return group_runs(context->pool, backend->n_thread, g, &context->spare);
}

static throng_status cpu_synchronize(throng_backend *backend) {
  (void)backend;
  return THRONG_OK;
}

static throng_status cpu_fork(throng_backend *backend, throng_backend **out);

static const backend_ops cpu_ops = {
    .close = cpu_close,
    .alloc = cpu_alloc,
    .release = cpu_release,
    .upload = cpu_copy,
    .download = cpu_copy,
    .copy = cpu_copy,
    .zero = cpu_zero,
    .launch = cpu_launch,
    .gemm = cpu_gemm,
    .group = cpu_group,
    .synchronize = cpu_synchronize,
    .each = cpu_each,
    .fork = cpu_fork,
};

static rows_fn *const *choose_rows(const char **isa) {
#ifdef THRONG_ROWS_X86
  // THRONG_ISA lets tests compare the builds with each other.
  const char *most = getenv("THRONG_ISA");
  __builtin_cpu_init();
  bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512cd");
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
            __builtin_cpu_supports("bmi2");
  if (most && !strcmp(most, "baseline")) v3 = v4 = false;
  if (most && !strcmp(most, "v3")) v4 = false;
  if (v4) {
    *isa = "x86-64-v4";
    return rows_v4;
  }
  if (v3) {
    *isa = "x86-64-v3";
    return rows_v3;
  }
#endif
  *isa = "baseline";
  return rows_baseline;
}

static throng_status take_backend(throng_backend **out) {
  void *backend_block, *context_block;
  THRONG_TRY(throng_alloc(&backend_block, 1, sizeof(throng_backend), "backend"));
  throng_status status = throng_alloc(&context_block, 1, sizeof(cpu_context), "backend");
  if (status != THRONG_OK) {
    free(backend_block);
    return status;
  }
  *out = backend_block;
  (*out)->context = context_block;
  return THRONG_OK;
}

/// The same rows on the same threads, a scratch of its own.
static throng_status cpu_fork(throng_backend *backend, throng_backend **out) {
  const cpu_context *from = backend->context;
  throng_backend *fork;
  THRONG_TRY(take_backend(&fork));
  cpu_context *context = fork->context;
  *context = (cpu_context){.rows = from->rows, .pool = from->pool};
  *fork = *backend;
  fork->context = context;
  fork->stop = NULL;
  fork->shared = NULL;
  *out = fork;
  return THRONG_OK;
}

throng_status backend_cpu_open(int threads, throng_backend **out) {
  throng_backend *backend;
  THRONG_TRY(take_backend(&backend));
  cpu_context *context = backend->context;
  backend->n_thread = threads > 0 ? threads : processors_usable();
  throng_status status = workers_open(backend->n_thread, &context->pool);
  if (status != THRONG_OK) {
    free(context);
    free(backend);
    return status;
  }
  const char *isa;
  context->rows = choose_rows(&isa);
  backend->ops = &cpu_ops;
  backend->name = backend_cpu.name;
  backend->host_memory = true;
  backend->products = context->rows != rows_baseline;  // which has no fused multiply-add
  snprintf(backend->description, sizeof backend->description, "cpu, %d threads, %s, OpenBLAS %s",
           backend->n_thread, isa, blas()->kernel());
  snprintf(backend->arithmetic, sizeof backend->arithmetic, "%s, %s", isa, blas_describe());
  *out = backend;
  return THRONG_OK;
}
