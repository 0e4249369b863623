/// The median and the machine's ceilings.
#include "timing/timing.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sort.h"
#include "kernels/base/random.h"

enum { MAX_CHUNKS = 64, WANTED_CHUNKS = 20 };

/// Whose queue calls are waited for: what is only queued has not been done.
static throng_backend *measured;

static throng_status settle(void) {
  return measured ? measured->ops->synchronize(measured) : THRONG_OK;
}

throng_status measure(measure_call *call, void *context, double seconds, measure_row *row) {
  int64_t calls = 0;
  double start = clock_now(), elapsed;
  do {
    THRONG_TRY(call(context));
    THRONG_TRY(settle());
    ++calls;
    elapsed = clock_now() - start;
  } while (elapsed < seconds / 5);
  int64_t chunk = (int64_t)((double)calls * (seconds / WANTED_CHUNKS) / elapsed);
  if (chunk < 1) chunk = 1;

  double sample[MAX_CHUNKS];
  int n = 0;
  start = clock_now();
  // Three at least, so that a quartile means something even where one call is slow.
  while (n < MAX_CHUNKS && (n < 3 || clock_now() - start < seconds)) {
    double begin = clock_now();
    for (int64_t i = 0; i < chunk; ++i) THRONG_TRY(call(context));
    THRONG_TRY(settle());
    sample[n++] = (clock_now() - begin) / (double)chunk;
  }
  sort_numbers(n, sample);
  row->chunks = n;
  row->seconds = n % 2 ? sample[n / 2] : 0.5 * (sample[n / 2 - 1] + sample[n / 2]);
  row->low = sample[n / 4];
  row->high = sample[n - 1 - n / 4];
  return THRONG_OK;
}

// --- ceilings --------------------------------------------------------------------------------

enum {
  TRIAD_LENGTH = 16 << 20,  // floats an array: 64 MiB, three arrays
  GEMM_SIDE = 1024,
  DEVICE_SIDE = 4096,
  DEVICE_LENGTH = 1 << 28,  // floats that a device copies at the most: 1 GiB, far past its caches
  LOADS = 1 << 21,
};

typedef struct probe {
  throng_backend *backend;
  float *a, *b, *c;  // (TRIAD_LENGTH)
  int64_t side;      // of the product
  size_t copied;     // bytes of a device's copy
  int64_t n_part;
  atomic_ullong sum;  // kept, so that the loads are not removed
} probe;

/// One part for each thread, as large as the others.
static throng_status run_parts(probe *p, void (*part)(void *context, int64_t part)) {
  p->n_part = p->backend->n_thread;
  p->backend->ops->each(p->backend, p->n_part, part, p);
  return THRONG_OK;
}

static void triad_part(void *context, int64_t part) {
  const probe *p = context;
  float *a = p->a;
  const float *b = p->b, *c = p->c;
  int64_t end = TRIAD_LENGTH * (part + 1) / p->n_part;
  for (int64_t i = TRIAD_LENGTH * part / p->n_part; i < end; ++i) a[i] = b[i] + 3.0f * c[i];
}

static throng_status run_triad(void *context) { return run_parts(context, triad_part); }

static void fill_part(void *context, int64_t part) {
  const probe *p = context;
  int64_t end = TRIAD_LENGTH * (part + 1) / p->n_part;
  for (int64_t i = TRIAD_LENGTH * part / p->n_part; i < end; ++i)
    p->a[i] = 0, p->b[i] = 1, p->c[i] = 2;
}

static throng_status run_gemm(void *context) {
  probe *p = context;
  gemm_args g = {.m = p->side,
                 .n = p->side,
                 .k = p->side,
                 .alpha = 1,
                 .a = p->b,
                 .b = p->c,
                 .c = p->a,
                 .lda = p->side,
                 .ldb = p->side,
                 .ldc = p->side,
                 .batch = 1};
  THRONG_TRY(p->backend->ops->gemm(p->backend, &g));
  return p->backend->ops->synchronize(p->backend);
}

static void loads_part(void *context, int64_t part) {
  probe *p = context;
  const uint32_t *line = (const uint32_t *)(const void *)p->a;  // all three arrays: one block
  uint64_t sum = 0;
  int64_t end = LOADS * (part + 1) / p->n_part;
  for (int64_t i = LOADS * part / p->n_part; i < end; ++i) {
    // A full-period mix of i: addresses do not depend on what was loaded before.
    uint32_t x = (uint32_t)i * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    sum += line[(size_t)random_index(x, 3 * (TRIAD_LENGTH / 16)) * 16];
  }
  atomic_fetch_add(&p->sum, sum);
}

static throng_status run_loads(void *context) { return run_parts(context, loads_part); }

static throng_status run_copy(void *context) {
  probe *p = context;
  return p->backend->ops->copy(p->backend, p->a, p->b, p->copied);
}

/// Fill a device's block with numbers of both signs: products of zeros take less power and time.
static throng_status fill_device(throng_backend *backend, float *block, size_t length) {
  enum { PIECE = 1 << 20 };
  void *numbers;
  throng_status status = throng_alloc(&numbers, PIECE, sizeof(float), "ceiling probe");
  if (status != THRONG_OK) return status;
  float *x = numbers;
  for (uint32_t i = 0; i < PIECE; i += 4) {
    const random_words r = random_draw(1, RANDOM_INIT, i, 0, 0, 0);
    for (uint32_t k = 0; k < 4; ++k) x[i + k] = random_uniform(r.w[k]) - 0.5f;
  }
  for (size_t at = 0; at < length && status == THRONG_OK; at += PIECE) {
    const size_t n = length - at < PIECE ? length - at : (size_t)PIECE;
    status = at == 0 ? backend->ops->upload(backend, block, x, n * sizeof(float))
                     : backend->ops->copy(backend, block + at, block, n * sizeof(float));
  }
  free(numbers);
  return status;
}

/// A device's: bytes read and written by a copy that no cache holds, and a product of a size that
/// fills it. Random lines are left out: a processor's loop cannot ask for them there.
static throng_status measure_device(throng_backend *backend, measure_ceiling *out) {
  probe p = {.backend = backend, .side = DEVICE_SIDE};
  void *block = NULL;
  measure_row row;
  throng_status status;
  size_t length = DEVICE_LENGTH, free_bytes, total_bytes;
  // Three matrices of the product at least; of a small device's free memory no more than half.
  const size_t least = (size_t)3 * DEVICE_SIDE * DEVICE_SIDE / 2;
  THRONG_TRY(backend->ops->memory(backend, &free_bytes, &total_bytes));
  while (length > least && 2 * length * sizeof(float) > free_bytes / 2) length /= 2;
  if (length < least) length = least;
  THRONG_TRY(backend->ops->alloc(backend, 2 * length * sizeof(float), "ceiling probe", &block));
  p.a = block;
  p.b = p.a + length;
  p.copied = length * sizeof(float);
  THRONG_TRY_GOTO(fill_device(backend, block, 2 * length));
  THRONG_TRY_GOTO(measure(run_copy, &p, 0.3, &row));
  out->bytes = 2.0 * (double)p.copied / row.seconds;
  p.b = p.a + DEVICE_SIDE * DEVICE_SIDE;
  p.c = p.b + DEVICE_SIDE * DEVICE_SIDE;
  THRONG_TRY_GOTO(measure(run_gemm, &p, 0.3, &row));
  out->operations = 2.0 * DEVICE_SIDE * DEVICE_SIDE * DEVICE_SIDE / row.seconds;
done:
  backend->ops->release(backend, block);
  return status;
}

void measure_on(throng_backend *backend) { measured = backend->host_memory ? NULL : backend; }

throng_status measure_machine(throng_backend *backend, measure_ceiling *out) {
  memset(out, 0, sizeof *out);
  measure_on(backend);
  if (measured) return measure_device(backend, out);
  void *block;
  THRONG_TRY(throng_alloc(&block, 3 * (size_t)TRIAD_LENGTH, sizeof(float), "ceiling probe"));
  probe p = {.backend = backend, .a = block, .side = GEMM_SIDE};
  p.b = p.a + TRIAD_LENGTH;
  p.c = p.b + TRIAD_LENGTH;
  measure_row row;
  throng_status status;
  THRONG_TRY_GOTO(run_parts(&p, fill_part));
  THRONG_TRY_GOTO(measure(run_triad, &p, 0.3, &row));
  out->bytes = 3.0 * sizeof(float) * TRIAD_LENGTH / row.seconds;
  THRONG_TRY_GOTO(measure(run_gemm, &p, 0.3, &row));
  out->operations = 2.0 * GEMM_SIDE * GEMM_SIDE * GEMM_SIDE / row.seconds;
  THRONG_TRY_GOTO(measure(run_loads, &p, 0.3, &row));
  out->loads = LOADS / row.seconds;
done:
  free(block);
  return status;
}
