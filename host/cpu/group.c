/// Grouping on the CPU: by counting, or a stable radix sort of each run, some bits of their keys a
/// pass.
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
  int32_t *spare;  // (n) positions between two passes
  int32_t *place;  // (n_run, parts, digits) where a part's next position of a digit goes
  int64_t n_run, n_index, parts;
  int n_pass, bits, pass;
} sort_job;

static int64_t digits_of(const sort_job *j) { return (int64_t)1 << j->bits; }

/// A part of a run in a pass: what it reads and where it goes.
typedef struct sort_part {
  const int32_t *key;
  const int32_t *from;                      // the run's positions; NULL: as they lie
  int32_t *to;                              // the run's
  int64_t begin, end;                       // places of the run
  int64_t first_position, first_key, none;  // none: in place of keys below 0, behind all others
  int shift;
  int32_t mask;
  int32_t *place;
} sort_part;

static sort_part part_of(const sort_job *j, int64_t run, int64_t part, int pass, int32_t *place) {
  const int64_t n = j->g->n / j->n_run;
  // The last pass must end in the caller's array.
  const bool ends_there = (j->n_pass - pass) % 2 == 1;
  return (sort_part){
      .key = j->g->key,
      .from = pass == 0 ? NULL : (ends_there ? j->spare : j->g->order) + run * n,
      .to = (ends_there ? j->g->order : j->spare) + run * n,
      .begin = n * part / j->parts,
      .end = n * (part + 1) / j->parts,
      .first_position = run * n,
      .first_key = run * j->n_index,
      .none = j->n_index,
      .shift = j->bits * pass,
      .mask = (int32_t)digits_of(j) - 1,
      .place = place,
  };
}

static int32_t position_at(const sort_part *p, int64_t i) {
  return p->from ? p->from[i] : (int32_t)(p->first_position + i);
}

static int32_t digit_of(const sort_part *p, int32_t position) {
  const int32_t key = p->key[position];
  return (int32_t)((key < 0 ? p->none : key - p->first_key) >> p->shift) & p->mask;
}

static void count(const sort_part *p) {
  memset(p->place, 0, sizeof *p->place * ((size_t)p->mask + 1));
  for (int64_t i = p->begin; i < p->end; ++i) ++p->place[digit_of(p, position_at(p, i))];
}

/// From how often digits come in a run's parts to where their positions begin: by digits, then
/// parts.
static void add_up(const sort_job *j, int pass, int32_t *place) {
  const int64_t most = (j->n_index >> (j->bits * pass)) + 1, all = digits_of(j);
  int32_t sum = 0;
  for (int64_t digit = 0; digit < (most < all ? most : all); ++digit)
    for (int64_t part = 0; part < j->parts; ++part) {
      const int32_t n = place[part * all + digit];
      place[part * all + digit] = sum;
      sum += n;
    }
}

static void put(const sort_part *p) {
  for (int64_t i = p->begin; i < p->end; ++i) {
    const int32_t position = position_at(p, i);
    p->to[p->place[digit_of(p, position)]++] = position;
  }
}

/// All passes of a run that one thread sorts.
static void sort_run(void *context, int64_t run) {
  const sort_job *j = context;
  int32_t place[1 << MANY_BITS];
  for (int pass = 0; pass < j->n_pass; ++pass) {
    const sort_part p = part_of(j, run, 0, pass, place);
    count(&p);
    add_up(j, pass, place);
    put(&p);
  }
}

static sort_part part_of_task(const sort_job *j, int64_t task) {
  return part_of(j, task / j->parts, task % j->parts, j->pass, j->place + task * digits_of(j));
}

static void count_part(void *context, int64_t task) {
  const sort_part p = part_of_task(context, task);
  count(&p);
}

static void put_part(void *context, int64_t task) {
  const sort_part p = part_of_task(context, task);
  put(&p);
}

throng_status group_runs(workers *pool, int n_thread, const group_args *g, group_spare *spare) {
  sort_job job = {.g = g, .n_run = g->n_run > 0 ? g->n_run : 1, .n_pass = 1, .parts = 1};
  const int64_t n = g->n / job.n_run;
  job.n_index = g->n_key / job.n_run;
  job.bits = n >= LONG_RUN ? MANY_BITS : FEW_BITS;
  while (job.n_index >> (job.bits * job.n_pass)) ++job.n_pass;
  THRONG_TRY(throng_grow((void **)&spare->position, &spare->n_position, (size_t)g->n,
                         sizeof *spare->position, "grouping"));
  job.spare = spare->position;
  // Where runs are fewer than threads, threads share a run.
  while (job.parts * job.n_run < n_thread && n >= LONG_RUN * (job.parts + 1)) ++job.parts;
  if (job.parts == 1) {
    workers_run(pool, g->n < SORT_GRAIN ? 1 : n_thread, job.n_run, sort_run, &job);
    return THRONG_OK;
  }
  const int64_t n_task = job.n_run * job.parts;
  THRONG_TRY(throng_grow((void **)&spare->place, &spare->n_place, (size_t)(n_task << job.bits),
                         sizeof *spare->place, "grouping"));
  job.place = spare->place;
  for (job.pass = 0; job.pass < job.n_pass; ++job.pass) {
    workers_run(pool, n_thread, n_task, count_part, &job);
    for (int64_t run = 0; run < job.n_run; ++run)
      add_up(&job, job.pass, job.place + run * job.parts * digits_of(&job));
    workers_run(pool, n_thread, n_task, put_part, &job);
  }
  return THRONG_OK;
}
