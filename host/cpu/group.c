/// Grouping on the CPU: by counting, or a radix sort of each run.
#include "cpu/group.h"

#include <string.h>

// Positions below which waking threads costs more than it brings.
enum { SORT_GRAIN = 4096 };
// Bits of a pass over a run: so many that most catalogues take one, where the run is long enough
// for 16,384 counters to be few beside it.
enum { FEW_BITS = 8, MANY_BITS = 14, LONG_RUN = 8192 };

void group_by_key(const group_args *g) {
  memset(g->offset, 0, (size_t)(g->n_key + 1) * sizeof *g->offset);
  for (int64_t i = 0; i < g->n; ++i)
    if (g->key[i] >= 0) ++g->offset[g->key[i] + 1];
  for (int64_t k = 0; k < g->n_key; ++k) g->offset[k + 1] += g->offset[k];
  // Each group's offset walks forward while it is filled, then all are moved back by one place.
  for (int64_t i = 0; i < g->n; ++i)
    if (g->key[i] >= 0) g->order[g->offset[g->key[i]]++] = (int32_t)i;
  memmove(g->offset + 1, g->offset, (size_t)g->n_key * sizeof *g->offset);
  g->offset[0] = 0;
}

typedef struct sort_job {
  const group_args *g;
  int32_t *spare;  // (n)
  int64_t n_run, n_index;
  int n_pass, bits;
} sort_job;

/// A stable radix sort of a run's positions, some bits of their keys a pass.
static void sort_run(void *context, int64_t run) {
  const sort_job *j = context;
  const int64_t n = j->g->n / j->n_run, first = run * j->n_index;
  const int32_t *key = j->g->key;
  const int32_t digits = 1 << j->bits;
  // The last pass must end in the caller's array.
  int32_t *to = (j->n_pass % 2 ? j->spare : j->g->order) + run * n;
  int32_t *from = (j->n_pass % 2 ? j->g->order : j->spare) + run * n;
  for (int64_t i = 0; i < n; ++i) to[i] = (int32_t)(run * n + i);
  for (int pass = 0; pass < j->n_pass; ++pass) {
    int32_t *swapped = from, place[(1 << MANY_BITS) + 1];
    from = to;
    to = swapped;
    memset(place, 0, sizeof *place * (size_t)(digits + 1));
#define DIGIT(position) \
  ((key[position] < 0 ? j->n_index : key[position] - first) >> (j->bits * pass) & (digits - 1))
    for (int64_t i = 0; i < n; ++i) ++place[DIGIT(from[i]) + 1];
    for (int32_t digit = 0; digit < digits; ++digit) place[digit + 1] += place[digit];
    for (int64_t i = 0; i < n; ++i) to[place[DIGIT(from[i])]++] = from[i];
#undef DIGIT
  }
}

void group_runs(workers *pool, int n_thread, const group_args *g, int32_t *spare) {
  sort_job job = {.g = g, .spare = spare, .n_run = g->n_run > 0 ? g->n_run : 1, .n_pass = 1};
  job.n_index = g->n_key / job.n_run;
  job.bits = g->n / job.n_run >= LONG_RUN ? MANY_BITS : FEW_BITS;
  while (job.n_index >> (job.bits * job.n_pass)) ++job.n_pass;
  workers_run(pool, g->n < SORT_GRAIN ? 1 : n_thread, job.n_run, sort_run, &job);
}
