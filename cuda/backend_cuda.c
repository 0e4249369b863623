/// The CUDA backend behind backend_ops: memory, one stream, launches, cuBLAS, grouping, graphs. A
/// fork is the same on a stream of its own. Kernels are in the .cu files; errors in error.c.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "blas.h"
#include "cuda/backend_cuda.h"
#include "error.h"
#include "kernels.h"
#include "order.h"
#include "staging.h"

enum { BLAS_WORKSPACE = 32 << 20, RECENT = 4, MOST_SCRATCH = 64, MOST_ARGUMENT_BYTES = 4096 };
enum { SECTOR_BYTES = 32, MOST_PRODUCTS = 65535 };

typedef struct cuda_context {
  backend_ops ops;  // without graphs where THRONG_CUDA_GRAPHS=0
  int device;
  cudaStream_t stream;
  const cuda_blas *blas;
  cublasHandle_t handle;
  cuda_staging staging;
  void *workspace;  // cuBLAS's own, fixed so that its sums repeat bit for bit
  // Scratch of group. Captured graphs hold its address, so that what was outgrown is kept.
  void *scratch[MOST_SCRATCH];
  int n_scratch;
  size_t scratch_bytes;  // of the last one
  bool capturing;
  bool plain;        // THRONG_CUDA_PLAIN: row kernels alone, to compare their variants with
  bool synchronous;  // THRONG_CUDA_SYNC: wait after each launch, so that an error names its kernel
  const char *recent[RECENT];  // launched last, a ring
  unsigned n_launch;
} cuda_context;

struct backend_graph {
  cudaGraphExec_t executable;
};

/// The calling thread's device is ours from here on.
static throng_status enter(const cuda_context *c) {
  CUDA_TRY(cudaSetDevice(c->device), "backend cuda");
  return THRONG_OK;
}

/// The same where something is given back: an error that led there must keep its message, and what
/// the host holds of a lost device is freed all the same. Errors on the way must not be taken for a
/// launch's.
static void enter_quietly(const cuda_context *c) { (void)cudaSetDevice(c->device); }
static void leave_quietly(void) { (void)cudaGetLastError(); }

/// An error that shows when the stream is waited for: the guilty kernel is one of the last.
static throng_status stream_fail(const cuda_context *c, cudaError_t error, const char *what) {
  char text[512];
  int length = snprintf(text, sizeof text, "%s", what);
  for (unsigned k = 0; k < RECENT && k < c->n_launch; ++k)
    length +=
        snprintf(text + length, sizeof text - (size_t)length, "%s%s",
                 k == 0 ? " (last launched: " : ", ", c->recent[(c->n_launch - 1 - k) % RECENT]);
  if (c->n_launch > 0) snprintf(text + length, sizeof text - (size_t)length, ")");
  return cuda_fail(error, text);
}

static throng_status wait(const cuda_context *c, const char *what) {
  const cudaError_t error = cudaStreamSynchronize(c->stream);
  return error == cudaSuccess ? THRONG_OK : stream_fail(c, error, what);
}

/// After something was queued: its own error, or where each is waited for, what it came to.
static throng_status queued(cuda_context *c, cudaError_t error, const char *what) {
  c->recent[c->n_launch++ % RECENT] = what;
  if (error == cudaSuccess && c->synchronous && !c->capturing)
    error = cudaStreamSynchronize(c->stream);
  if (error == cudaSuccess) return THRONG_OK;
  char text[128];
  snprintf(text, sizeof text, "kernel %s", what);
  return cuda_fail(error, text);
}

static throng_status not_captured(const cuda_context *c, const char *what) {
  if (!c->capturing) return THRONG_OK;
  return throng_fail(THRONG_ERROR_BACKEND, "backend cuda: %s while a graph is captured", what);
}

static throng_status cuda_memory(throng_backend *backend, size_t *free_bytes, size_t *total_bytes) {
  THRONG_TRY(enter(backend->context));
  CUDA_TRY(cudaMemGetInfo(free_bytes, total_bytes), "ask for free memory");
  return THRONG_OK;
}

static throng_status cuda_alloc(throng_backend *backend, size_t bytes, const char *what,
                                void **out) {
  cuda_context *c = backend->context;
  *out = NULL;
  THRONG_TRY(enter(c));
  THRONG_TRY(not_captured(c, "memory is taken"));
  const size_t padded = bytes ? bytes : 1;
  cudaError_t error = cudaMalloc(out, padded);
  if (error == cudaErrorMemoryAllocation) {
    size_t free_bytes = 0, total_bytes = 0;
    (void)cudaGetLastError();
    (void)cudaMemGetInfo(&free_bytes, &total_bytes);
    return throng_fail(THRONG_ERROR_MEMORY,
                       "%s: %.1f MiB asked of device %d, which has %.1f MiB free of %.1f MiB", what,
                       (double)bytes / 1048576.0, c->device, (double)free_bytes / 1048576.0,
                       (double)total_bytes / 1048576.0);
  }
  if (error != cudaSuccess) return stream_fail(c, error, what);
  error = cudaMemsetAsync(*out, 0, padded, c->stream);
  if (error == cudaSuccess) return THRONG_OK;
  (void)cudaFree(*out);
  *out = NULL;
  return stream_fail(c, error, what);
}

static void cuda_release(throng_backend *backend, void *block) {
  // Waits for what still uses it. Nobody is there to hear of an error: the next call will.
  enter_quietly(backend->context);
  if (block) (void)cudaFree(block);
  leave_quietly();
}

static throng_status transfer(throng_backend *backend, void *to, const void *from, size_t bytes,
                              enum cudaMemcpyKind kind, const char *what) {
  cuda_context *c = backend->context;
  if (bytes == 0) return THRONG_OK;
  THRONG_TRY(enter(c));
  if (kind != cudaMemcpyDeviceToDevice) THRONG_TRY(not_captured(c, what));
  const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, c->stream);
  if (error != cudaSuccess) return stream_fail(c, error, what);
  // The caller may change or read the host's side as soon as this returns.
  return kind == cudaMemcpyDeviceToDevice ? THRONG_OK : wait(c, what);
}

static throng_status cuda_upload(throng_backend *backend, void *to, const void *from,
                                 size_t bytes) {
  cuda_context *c = backend->context;
  if (!cuda_staging_fits(&c->staging, bytes) || bytes == 0 || c->synchronous)
    return transfer(backend, to, from, bytes, cudaMemcpyHostToDevice, "upload");
  THRONG_TRY(enter(c));
  THRONG_TRY(not_captured(c, "upload"));
  const cudaError_t error = cuda_staging_upload(&c->staging, to, from, bytes, c->stream);
  return error == cudaSuccess ? THRONG_OK : stream_fail(c, error, "upload");
}
static throng_status cuda_download(throng_backend *backend, void *to, const void *from,
                                   size_t bytes) {
  return transfer(backend, to, from, bytes, cudaMemcpyDeviceToHost, "download");
}
static throng_status cuda_copy(throng_backend *backend, void *to, const void *from, size_t bytes) {
  return transfer(backend, to, from, bytes, cudaMemcpyDeviceToDevice, "copy");
}

static throng_status cuda_zero(throng_backend *backend, void *block, size_t bytes) {
  cuda_context *c = backend->context;
  if (bytes == 0) return THRONG_OK;
  THRONG_TRY(enter(c));
  const cudaError_t error = cudaMemsetAsync(block, 0, bytes, c->stream);
  return error == cudaSuccess ? THRONG_OK : stream_fail(c, error, "zero");
}

static throng_status cuda_launch(throng_backend *backend, int kernel, int64_t n_row,
                                 const void *args) {
  cuda_context *c = backend->context;
  if (n_row <= 0) return THRONG_OK;
  THRONG_TRY(enter(c));
  cuda_rows_launch *variant = c->plain ? NULL : cuda_variants[kernel];
  cuda_rows_launch *launch = variant ? variant : cuda_rows[kernel];
  return queued(c, launch(args, n_row, c->stream), cuda_row_names[kernel]);
}

/// What cuBLAS counts in 32 bits.
static throng_status check_gemm(const gemm_args *g) {
  const int64_t size[] = {g->m, g->n, g->k, g->lda, g->ldb, g->ldc, g->batch};
  for (size_t i = 0; i < sizeof size / sizeof *size; ++i)
    if (size[i] > INT32_MAX)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "matrix product: (%lld, %lld, %lld) in rows of %lld, %lld, %lld, %lld "
                         "times: a size is past 2^31",
                         (long long)g->m, (long long)g->n, (long long)g->k, (long long)g->lda,
                         (long long)g->ldb, (long long)g->ldc, (long long)g->batch);
  return THRONG_OK;
}

static int at_least_one(int64_t n) { return n > 0 ? (int)n : 1; }

static throng_status cuda_gemm(throng_backend *backend, const gemm_args *g) {
  cuda_context *c = backend->context;
  if (g->m == 0 || g->n == 0 || g->batch == 0) return THRONG_OK;
  THRONG_TRY(check_gemm(g));
  THRONG_TRY(enter(c));
  // A grid's third dimension ends at 65,535 products.
  for (int64_t first = 0; first < g->batch; first += MOST_PRODUCTS) {
    const int64_t n = g->batch - first < MOST_PRODUCTS ? g->batch - first : (int64_t)MOST_PRODUCTS;
    // cuBLAS stores columns: what we call C (m, n) is to it C^T (n, m) = op(B)^T op(A)^T.
    const cublasStatus_t status = c->blas->sgemm_strided_batched(
        c->handle, g->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
        g->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, (int)g->n, (int)g->m, (int)g->k, &g->alpha,
        g->b + first * g->stride_b, at_least_one(g->ldb), g->stride_b, g->a + first * g->stride_a,
        at_least_one(g->lda), g->stride_a, &g->beta, g->c + first * g->stride_c,
        at_least_one(g->ldc), g->stride_c, (int)n);
    if (status != CUBLAS_STATUS_SUCCESS) return cuda_blas_fail(status, "matrix product");
  }
  return queued(c, cudaSuccess, "matrix product");
}

static throng_status grow_scratch(throng_backend *backend, size_t bytes) {
  cuda_context *c = backend->context;
  if (bytes <= c->scratch_bytes) return THRONG_OK;
  if (c->n_scratch == MOST_SCRATCH)
    return throng_fail(THRONG_ERROR_MEMORY, "grouping: its scratch grew %d times", MOST_SCRATCH);
  if (bytes < 2 * c->scratch_bytes) bytes = 2 * c->scratch_bytes;  // so that few are outgrown
  void *block;
  THRONG_TRY(cuda_alloc(backend, bytes, "scratch of grouping", &block));
  c->scratch[c->n_scratch++] = block;
  c->scratch_bytes = bytes;
  return THRONG_OK;
}

static throng_status cuda_group_by_key(throng_backend *backend, const group_args *g) {
  cuda_context *c = backend->context;
  if (g->n > INT32_MAX || g->n_key >= INT32_MAX)
    return throng_fail(THRONG_ERROR_ARGUMENT, "grouping: %lld positions by %lld keys: past 2^31",
                       (long long)g->n, (long long)g->n_key);
  THRONG_TRY(enter(c));
  const int64_t n_run = g->n_run > 0 ? g->n_run : 1;
  THRONG_TRY(grow_scratch(backend, cuda_group_scratch(g->n, n_run)));
  return queued(c,
                cuda_group(g->n, g->n_key, g->key, g->offset, g->order, n_run,
                           c->scratch[c->n_scratch - 1], c->stream),
                "group");
}

static throng_status cuda_synchronize(throng_backend *backend) {
  cuda_context *c = backend->context;
  THRONG_TRY(enter(c));
  THRONG_TRY(not_captured(c, "waiting"));
  return wait(c, "wait for the device");
}

static throng_status cuda_order(throng_backend *backend, uint64_t stream, bool before) {
  cuda_context *c = backend->context;
  THRONG_TRY(enter(c));
  THRONG_TRY(not_captured(c, "another stream"));
  return queued(c, cuda_order_streams(c->stream, stream, before), "order streams");
}

static throng_status cuda_capture_begin(throng_backend *backend) {
  cuda_context *c = backend->context;
  THRONG_TRY(enter(c));
  THRONG_TRY(not_captured(c, "another capture begins"));
  CUDA_TRY(cudaStreamBeginCapture(c->stream, cudaStreamCaptureModeThreadLocal), "capture a graph");
  c->capturing = true;
  return THRONG_OK;
}

static throng_status cuda_capture_end(throng_backend *backend, struct backend_graph **out) {
  cuda_context *c = backend->context;
  cudaGraph_t graph = NULL;
  *out = NULL;
  if (!c->capturing)
    return throng_fail(THRONG_ERROR_BACKEND, "backend cuda: no graph is being captured");
  c->capturing = false;
  THRONG_TRY(enter(c));
  const cudaError_t ended = cudaStreamEndCapture(c->stream, &graph);
  if (ended != cudaSuccess) return stream_fail(c, ended, "capture a graph");
  void *block = NULL;
  throng_status status = throng_alloc(&block, 1, sizeof(struct backend_graph), "graph");
  if (status == THRONG_OK) {
    struct backend_graph *made = block;
    const cudaError_t error = cudaGraphInstantiate(&made->executable, graph, 0);
    if (error == cudaSuccess) {
      *out = made;
    } else {
      free(made);
      status = cuda_fail(error, "make a graph executable");
    }
  }
  (void)cudaGraphDestroy(graph);
  return status;
}

static throng_status cuda_graph_launch(throng_backend *backend, struct backend_graph *graph) {
  cuda_context *c = backend->context;
  THRONG_TRY(enter(c));
  return queued(c, cudaGraphLaunch(graph->executable, c->stream), "graph");
}

static void cuda_graph_free(throng_backend *backend, struct backend_graph *graph) {
  if (!graph) return;
  const cuda_context *c = backend->context;
  enter_quietly(c);
  (void)cudaStreamSynchronize(c->stream);
  (void)cudaGraphExecDestroy(graph->executable);
  leave_quietly();
  free(graph);
}

static void cuda_close(throng_backend *backend) {
  cuda_context *c = backend->context;
  enter_quietly(c);
  if (c->stream) (void)cudaStreamSynchronize(c->stream);
  if (c->handle) (void)c->blas->destroy(c->handle);
  for (int k = 0; k < c->n_scratch; ++k) (void)cudaFree(c->scratch[k]);
  if (c->workspace) (void)cudaFree(c->workspace);
  cuda_staging_close(&c->staging);
  if (c->stream) (void)cudaStreamDestroy(c->stream);
  leave_quietly();
  free(c);
  free(backend);
}

static throng_status cuda_fork(throng_backend *backend, throng_backend **out);

static const backend_ops cuda_ops = {
    .close = cuda_close,
    .alloc = cuda_alloc,
    .release = cuda_release,
    .upload = cuda_upload,
    .download = cuda_download,
    .copy = cuda_copy,
    .zero = cuda_zero,
    .launch = cuda_launch,
    .gemm = cuda_gemm,
    .group = cuda_group_by_key,
    .synchronize = cuda_synchronize,
    .order = cuda_order,
    .fork = cuda_fork,
    .memory = cuda_memory,
    .capture_begin = cuda_capture_begin,
    .capture_end = cuda_capture_end,
    .graph_launch = cuda_graph_launch,
    .graph_free = cuda_graph_free,
};

/// Launch every kernel that a run may take on no rows. Code is loaded and each thread's own memory
/// set aside when a kernel first runs, which must be done before a run's sum is held against what
/// is free, and must not be asked for in a graph. A row function's kernel that a variant stands for
/// never runs, and is left out: its frame times all threads of an H100 may be gigabytes. (What
/// cuBLAS chooses for a product it loads itself, the first time.)
static throng_status load_kernels(cuda_context *c) {
  static const max_align_t nothing[MOST_ARGUMENT_BYTES / sizeof(max_align_t)];
  for (int kernel = 0; kernel < cuda_row_count; ++kernel) {
    cuda_rows_launch *variant = c->plain ? NULL : cuda_variants[kernel];
    cuda_rows_launch *launch = variant ? variant : cuda_rows[kernel];
    THRONG_TRY(queued(c, launch(nothing, 0, c->stream), cuda_row_names[kernel]));
  }
  THRONG_TRY(queued(c, cuda_group_load(c->scratch[c->n_scratch - 1], c->stream), "group"));
  return wait(c, "load the kernels");
}

/// A stream, and cuBLAS on it.
static throng_status open_stream(throng_backend *backend) {
  cuda_context *c = backend->context;
  THRONG_TRY(enter(c));
  CUDA_TRY(cudaStreamCreateWithFlags(&c->stream, cudaStreamNonBlocking), "backend cuda");
  cuda_staging_open(&c->staging);
  THRONG_TRY(cuda_blas_load(&c->blas));
  cublasStatus_t status = c->blas->create(&c->handle);
  if (status != CUBLAS_STATUS_SUCCESS) {
    c->handle = NULL;
    return cuda_blas_fail(status, "backend cuda");
  }
  THRONG_TRY(cuda_alloc(backend, BLAS_WORKSPACE, "workspace of cuBLAS", &c->workspace));
  status = c->blas->set_stream(c->handle, c->stream);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = c->blas->set_workspace(c->handle, c->workspace, BLAS_WORKSPACE);
  // Plain single precision in a fixed order: no TF32, no atomics.
  if (status == CUBLAS_STATUS_SUCCESS)
    status = c->blas->set_math_mode(c->handle, CUBLAS_PEDANTIC_MATH);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = c->blas->set_atomics_mode(c->handle, CUBLAS_ATOMICS_NOT_ALLOWED);
  return status == CUBLAS_STATUS_SUCCESS ? THRONG_OK : cuda_blas_fail(status, "backend cuda");
}

/// A stream and the first kernels: what tells a usable device from one that is only there.
static throng_status start(throng_backend *backend) {
  cuda_context *c = backend->context;
  THRONG_TRY(open_stream(backend));
  // Votes read single sectors of 32 bytes; the default fetches two. A wish: some devices have none.
  if (cudaDeviceSetLimit(cudaLimitMaxL2FetchGranularity, SECTOR_BYTES) != cudaSuccess)
    (void)cudaGetLastError();
  const int32_t key = 0;
  int32_t *probe;
  THRONG_TRY(cuda_alloc(backend, 4 * sizeof *probe, "first kernel", (void **)&probe));
  const group_args g = {1, 1, probe, probe + 1, probe + 3, 1};
  throng_status probed = cuda_upload(backend, probe, &key, sizeof key);
  if (probed == THRONG_OK) probed = cuda_group_by_key(backend, &g);
  if (probed == THRONG_OK) probed = wait(c, "first kernel");
  cuda_release(backend, probe);
  return probed == THRONG_OK ? load_kernels(c) : probed;
}

static bool asked(const char *variable) {
  const char *value = getenv(variable);
  return value && *value && strcmp(value, "0") != 0;
}

static bool refused(const char *variable) {
  const char *value = getenv(variable);
  return value && !strcmp(value, "0");
}

static throng_status take_backend(throng_backend **out) {
  void *backend_block, *context_block;
  THRONG_TRY(throng_alloc(&backend_block, 1, sizeof(throng_backend), "backend"));
  throng_status status = throng_alloc(&context_block, 1, sizeof(cuda_context), "backend");
  if (status != THRONG_OK) {
    free(backend_block);
    return status;
  }
  *out = backend_block;
  (*out)->context = context_block;
  return THRONG_OK;
}

static throng_status cuda_fork(throng_backend *backend, throng_backend **out) {
  const cuda_context *from = backend->context;
  throng_backend *fork;
  THRONG_TRY(not_captured(from, "a backend is forked"));
  THRONG_TRY(take_backend(&fork));
  cuda_context *context = fork->context;
  *fork = *backend;
  *context = (cuda_context){.ops = from->ops,
                            .device = from->device,
                            .plain = from->plain,
                            .synchronous = from->synchronous};
  fork->context = context;
  fork->ops = &context->ops;
  fork->stop = NULL;
  fork->shared = NULL;
  const throng_status status = open_stream(fork);
  if (status == THRONG_OK)
    *out = fork;
  else
    cuda_close(fork);
  return status;
}

throng_status backend_cuda_open(int threads, int device, throng_backend **out) {
  int count;
  backend_device is;
  *out = NULL;
  THRONG_TRY(backend_cuda_devices(&count));
  if (device < 0 || device >= count)
    return throng_fail(THRONG_ERROR_BACKEND,
                       "backend cuda: there is no device %d; this machine has %d, numbered from 0",
                       device, count);
  THRONG_TRY(backend_cuda_device(device, &is));
  throng_backend *backend;
  THRONG_TRY(take_backend(&backend));
  cuda_context *context = backend->context;
  context->device = device;
  context->synchronous = asked("THRONG_CUDA_SYNC");
  context->plain = asked("THRONG_CUDA_PLAIN");
  context->ops = cuda_ops;
  if (refused("THRONG_CUDA_GRAPHS")) context->ops.capture_begin = NULL;
  backend->ops = &context->ops;
  backend->name = backend_cuda.name;
  backend->device_memory = true;
  backend->device_number = device;
  backend->n_thread = threads > 0 ? threads : 1;
  backend->searches = !context->plain;
  const throng_status status = start(backend);
  if (status != THRONG_OK) {
    cuda_close(backend);
    return status;
  }
  NUMBERS_WITHOUT_LOCALE;
  int driver = 0, runtime = 0, blas = 0;
  (void)cudaDriverGetVersion(&driver);
  (void)cudaRuntimeGetVersion(&runtime);
  (void)context->blas->get_version(context->handle, &blas);
  snprintf(backend->description, sizeof backend->description,
           "cuda, device %d of %d: %s, compute %d.%d, %d multiprocessors, %.1f of %.1f GiB free, "
           "CUDA %d.%d, driver for %d.%d",
           device, count, is.name, is.major, is.minor, is.n_multiprocessor,
           (double)is.free_bytes / 1073741824.0, (double)is.total_bytes / 1073741824.0,
           runtime / 1000, runtime % 1000 / 10, driver / 1000, driver % 1000 / 10);
  snprintf(backend->arithmetic, sizeof backend->arithmetic,
           "cuda, %.100s, compute %d.%d, CUDA %d.%d, cuBLAS %d.%d.%d", is.name, is.major, is.minor,
           runtime / 1000, runtime % 1000 / 10, blas / 10000, blas / 100 % 100, blas % 100);
  *out = backend;
  return THRONG_OK;
}
