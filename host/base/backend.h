/// Where the CPU and the GPU meet: one small table of functions. Stages (a simulator's step, an
/// agent's update, a fit) are written once, in host/, as calls on this table; a backend brings
/// memory, the launch of a listed kernel, and the few products that a library does better.
#ifndef THRONG_BASE_BACKEND_H
#define THRONG_BASE_BACKEND_H

#include "base/status.h"

/// C = alpha op(A) op(B) + beta C, row-major, `batch` times (stride 0 shares an operand).
///   op(A) (m, k), op(B) (k, n), C (m, n). Sums are made in an order that does not depend on the
///   number of threads.
typedef struct gemm_args {
  bool transpose_a, transpose_b;
  int64_t m, n, k;
  float alpha, beta;
  const float *a, *b;
  float *c;
  int64_t lda, ldb, ldc;                 // elements from one stored row to the next
  int64_t stride_a, stride_b, stride_c;  // elements from one batch member to the next
  int64_t batch;
  /// Of A's stored rows, how many count in each member, first_row and those before it included
  /// (batch) on the backend; NULL: all. They are rows of C too, or with transpose_a terms of the
  /// sum. Host memory: the others are neither read nor written, and a member's result is that of a
  /// product of its own size, bit for bit. A device may compute all of them, so terms that do not
  /// count must be zeros in B, and numbers in A.
  const int32_t *used;
  int64_t first_row;
} gemm_args;

/// Group positions by key: after the call order[offset[k] .. offset[k+1]) are the positions i with
/// key[i] == k, rising. Keys below 0 belong to no group. What scatter-adds are built on, so that
/// they sum in a fixed order without atomics.
///
/// Without `offset`, nothing is as long as the keys: `order` holds the positions of each run by
/// their keys, rising, those without a group last. A run (an agent's positions) has n / n_run of
/// them and keys of its own: run r those from r * (n_key / n_run) on, as many.
typedef struct group_args {
  int64_t n;  // positions
  int64_t n_key;
  const int32_t *key;  // (n)
  int32_t *offset;     // (n_key + 1) or NULL
  int32_t *order;      // (n)
  int64_t n_run;       // 1 at the most where offsets are asked for; 0: 1
} group_args;

struct backend_graph;

typedef struct backend_ops {
  void (*close)(throng_backend *backend);
  /// Zeroed, aligned to 64 bytes at least.
  throng_status (*alloc)(throng_backend *backend, size_t bytes, const char *what, void **out);
  void (*release)(throng_backend *backend, void *block);
  throng_status (*upload)(throng_backend *backend, void *to, const void *from, size_t bytes);
  throng_status (*download)(throng_backend *backend, void *to, const void *from, size_t bytes);
  throng_status (*copy)(throng_backend *backend, void *to, const void *from, size_t bytes);
  throng_status (*zero)(throng_backend *backend, void *block, size_t bytes);
  /// Run rows 0 .. n_row-1 of kernel KERNEL_NAME of kernels/list.h; `args` is its NAME_args.
  throng_status (*launch)(throng_backend *backend, int kernel, int64_t n_row, const void *args);
  throng_status (*gemm)(throng_backend *backend, const gemm_args *args);
  throng_status (*group)(throng_backend *backend, const group_args *args);
  throng_status (*synchronize)(throng_backend *backend);

  // Below: NULL where a backend has none.
  /// The stream's next work after all that the backend has queued (`before`), or the other way.
  throng_status (*order)(throng_backend *backend, uint64_t stream, bool before);
  /// See backend_fork().
  throng_status (*fork)(throng_backend *backend, throng_backend **out);
  /// task(context, 0) .. task(context, n_task - 1) on the backend's threads, in any order.
  void (*each)(throng_backend *backend, int64_t n_task, void (*task)(void *context, int64_t task),
               void *context);
  /// Free and total memory where `alloc` takes it from.
  throng_status (*memory)(throng_backend *backend, size_t *free_bytes, size_t *total_bytes);
  /// What is queued between the two is recorded in place of being run; uploads, downloads and
  /// synchronising are errors there. After an error between them, end all the same: `*out` is NULL.
  throng_status (*capture_begin)(throng_backend *backend);
  throng_status (*capture_end)(throng_backend *backend, struct backend_graph **out);
  /// Queue everything that was recorded, with the arguments of then.
  throng_status (*graph_launch)(throng_backend *backend, struct backend_graph *graph);
  void (*graph_free)(throng_backend *backend, struct backend_graph *graph);
} backend_ops;

struct throng_backend {
  const backend_ops *ops;
  const char *name;  // its backend_kind's
  char description[512];
  char arithmetic[192];  // what decides bits, see throng_backend_arithmetic()
  int n_thread;
  bool host_memory;    // blocks may be read and written by the host directly
  bool device_memory;  // blocks are a CUDA device's, whose ordinal is device_number
  int device_number;
  bool searches;  // KERNEL_best_search is faster here than products and folds
  bool products;  // kernels' own products (kernels/base/product.h) are faster here than gemm
  bool planning;  // nothing runs: only what would be allocated is counted (base/memory_plan.h)
  /// Who may end what runs here, or NULL. Asked from the calling thread, between the pieces of an
  /// allocation, a launch or a product, some ten times a second; true ends it with CANCELLED, and
  /// what it wrote until then is no result. (A CUDA device is not asked: its queue is short.)
  bool (*stop)(void *context);
  void *stop_context;
  void *context;
  void *shared;          // worlds uploaded here, see world/world_device.c
  throng_backend *root;  // of a fork: whom it shares memory with; else NULL
};

/// A queue of its own on the same device, for another population: what it runs is neither waited
/// for by the other's calls nor waits for them. Memory is one: a fork reads the worlds that were
/// uploaded here (backend_root), and what was queued before the fork is done. On the CPU both share
/// the threads. A fork is used from its backend's thread, and closed before it. Errors: MEMORY;
/// BACKEND where there is no such thing.
throng_status backend_fork(throng_backend *backend, throng_backend **out);
/// Whose memory it is: the backend that was opened, also for forks of forks.
static inline throng_backend *backend_root(throng_backend *backend) {
  return backend->root ? backend->root : backend;
}

/// For backend.stop: asks `progress`, with what it should show meanwhile.
typedef struct backend_asker {
  const throng_progress *progress;
  const char *stage, *unit;
  int64_t done, total;
} backend_asker;
bool backend_ask(void *asker);

/// Launch a kernel by its name; the caller includes list.h: BACKEND_LAUNCH(backend, votes_table,
/// n_lane, &a). `args` must be a votes_table_args: another kernel's does not compile.
#define BACKEND_LAUNCH(backend, kernel, n_row, args) \
  ((backend)->ops->launch((backend), KERNEL_##kernel, (n_row),          \
                          _Generic((args), kernel##_args *: (args),     \
                                   const kernel##_args *: (args))))

/// A device as `throng info` shows it.
typedef struct backend_device {
  char name[256];
  int major, minor;  // compute capability
  int n_multiprocessor;
  size_t free_bytes, total_bytes;
} backend_device;

/// What a backend's room exports, so that it can be found by name (backends/backends.h).
typedef struct backend_kind {
  const char *name;  // "cuda": in configs and messages
  throng_status (*open)(const throng_backend_def *def, throng_backend **out);
  // NULL: it has no devices to choose from.
  throng_status (*devices)(int *count);
  throng_status (*device)(int device, backend_device *out);
} backend_kind;

#endif
