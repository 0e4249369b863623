/// Counting what would be allocated.
#include "base/memory_plan.h"
#include "base/host_memory.h"
#include "base/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_PARTS = 6, WHAT_SIZE = 64 };
enum { HOST_SPARE = 16 };  // a sixteenth of the host's free memory is left
// Left for the driver: graphs, cuBLAS's kernels, pages that are only partly used.
static const size_t spare_bytes = (size_t)96 << 20;

typedef struct plan_part {
  char what[WHAT_SIZE];
  uintptr_t address;  // 0: given back
  size_t bytes;
} plan_part;

typedef struct plan_context {
  plan_part *part;  // (n) in order of allocation
  size_t n, capacity;
  uintptr_t next;
  size_t now, most, host;
  bool host_memory;  // of the backend that is planned for
  int64_t queued, moved;
} plan_context;

static throng_status count_call(const throng_backend *backend) {
  plan_context *c = backend->context;
  ++c->queued;
  return THRONG_OK;
}

static throng_status count_move(const throng_backend *backend) {
  plan_context *c = backend->context;
  ++c->moved;
  return THRONG_OK;
}

static void plan_close(throng_backend *backend) {
  plan_context *c = backend->context;
  throng_count_memory(NULL);
  free(c->part);
  free(c);
  free(backend);
}

static throng_status plan_alloc(throng_backend *backend, size_t bytes, const char *what,
                                void **out) {
  plan_context *c = backend->context;
  *out = NULL;
  // A device gives memory in pieces of its own size.
  size_t padded = (bytes + 511) / 512 * 512;
  if (padded < bytes || c->next + padded < c->next)
    return throng_fail(THRONG_ERROR_MEMORY, "%s: too large for any memory", what);
  THRONG_TRY(
      throng_grow((void **)&c->part, &c->capacity, c->n + 1, sizeof *c->part, "plan of memory"));
  plan_part *p = &c->part[c->n++];
  *p = (plan_part){.address = c->next, .bytes = padded};
  snprintf(p->what, sizeof p->what, "%s", what);
  *out = (void *)c->next;
  c->next += padded + 512;
  c->now += padded;
  if (c->now > c->most) c->most = c->now;
  return THRONG_OK;
}

static void plan_release(throng_backend *backend, void *block) {
  plan_context *c = backend->context;
  for (size_t i = 0; block && i < c->n; ++i)
    if (c->part[i].address == (uintptr_t)block) {
      c->now -= c->part[i].bytes;
      c->part[i].address = 0;
      return;
    }
}

static throng_status plan_upload(throng_backend *backend, void *to, const void *from,
                                 size_t bytes) {
  (void)to, (void)from, (void)bytes;
  return count_move(backend);
}
static throng_status plan_download(throng_backend *backend, void *to, const void *from,
                                   size_t bytes) {
  (void)from;
  if (bytes) memset(to, 0, bytes);
  return count_move(backend);
}
static throng_status plan_zero(throng_backend *backend, void *block, size_t bytes) {
  (void)block, (void)bytes;
  return count_move(backend);
}
static throng_status plan_launch(throng_backend *backend, int kernel, int64_t n_row,
                                 const void *args) {
  (void)kernel, (void)n_row, (void)args;
  return count_call(backend);
}
static throng_status plan_gemm(throng_backend *backend, const gemm_args *args) {
  (void)args;
  return count_call(backend);
}
static throng_status plan_group(throng_backend *backend, const group_args *args) {
  (void)args;
  return count_call(backend);
}
static throng_status plan_synchronize(throng_backend *backend) {
  (void)backend;
  return THRONG_OK;
}

static const backend_ops plan_ops = {
    .close = plan_close,
    .alloc = plan_alloc,
    .release = plan_release,
    .upload = plan_upload,
    .download = plan_download,
    .copy = plan_upload,
    .zero = plan_zero,
    .launch = plan_launch,
    .gemm = plan_gemm,
    .group = plan_group,
    .synchronize = plan_synchronize,
};

throng_status memory_plan_open(const throng_backend *real, throng_backend **out) {
  void *backend_block, *context_block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&backend_block, 1, sizeof(throng_backend), "plan of memory"));
  throng_status status = throng_alloc(&context_block, 1, sizeof(plan_context), "plan of memory");
  if (status != THRONG_OK) {
    free(backend_block);
    return status;
  }
  throng_backend *backend = backend_block;
  plan_context *context = context_block;
  *backend = *real;
  context->next = 4096;  // addresses that nobody follows
  context->host_memory = real->host_memory;
  backend->ops = &plan_ops;
  backend->host_memory = false;
  backend->planning = true;
  backend->context = context;
  backend->shared = NULL;
  backend->root = NULL;
  throng_count_memory(&context->host);
  *out = backend;
  return THRONG_OK;
}

size_t memory_plan_bytes(const throng_backend *plan) {
  const plan_context *c = plan->context;
  return c->host_memory ? c->most + c->host : c->most;
}

throng_status memory_plan_free(throng_backend *real, size_t *bytes) {
  size_t free_bytes, total_bytes;
  if (!real->ops->memory) {
    free_bytes = host_memory_free();
    *bytes = free_bytes - free_bytes / HOST_SPARE;
    return THRONG_OK;
  }
  THRONG_TRY(real->ops->memory(real, &free_bytes, &total_bytes));
  *bytes = free_bytes > spare_bytes ? free_bytes - spare_bytes : 0;
  return THRONG_OK;
}

int64_t memory_plan_queued(const throng_backend *plan) {
  const plan_context *c = plan->context;
  return c->queued;
}

int64_t memory_plan_moved(const throng_backend *plan) {
  const plan_context *c = plan->context;
  return c->moved;
}

size_t memory_plan_part(const throng_backend *plan, const char *what) {
  const plan_context *c = plan->context;
  size_t bytes = 0;
  for (size_t i = 0; i < c->n; ++i)
    if (c->part[i].address && !strcmp(c->part[i].what, what)) bytes += c->part[i].bytes;
  return bytes;
}

static int largest_first(const void *a, const void *b) {
  const plan_part *x = a, *y = b;
  return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

throng_status memory_plan_check(const throng_backend *plan, throng_backend *real, size_t held,
                                const char *what, const char *remedy) {
  NUMBERS_WITHOUT_LOCALE;
  plan_context *c = plan->context;
  size_t free_bytes, total_bytes;
  if (!real->ops->memory) return THRONG_OK;
  THRONG_TRY(real->ops->memory(real, &free_bytes, &total_bytes));
  const size_t wanted = c->most > held ? c->most - held : 0;
  if (wanted <= free_bytes && free_bytes - wanted >= spare_bytes) return THRONG_OK;
  char parts[SHOWN_PARTS * (WHAT_SIZE + 24)] = "";
  size_t length = 0;
  qsort(c->part, c->n, sizeof *c->part, largest_first);
  for (size_t i = 0; i < c->n && i < SHOWN_PARTS; ++i)
    length +=
        (size_t)snprintf(parts + length, sizeof parts - length, "%s%s %.1f MiB", i ? ", " : "",
                         c->part[i].what, (double)c->part[i].bytes / 1048576.0);
  return throng_fail(THRONG_ERROR_MEMORY,
                     "%s needs %.1f MiB of the device's memory (and %.0f MiB to spare), of which "
                     "%.1f MiB of %.1f MiB are free: %s; lower %s",
                     what, (double)wanted / 1048576.0, (double)spare_bytes / 1048576.0,
                     (double)free_bytes / 1048576.0, (double)total_bytes / 1048576.0, parts,
                     remedy);
}
