/// Grouping on the CPU: positions by key, see group_args in base/backend.h.
#ifndef THRONG_CPU_GROUP_H
#define THRONG_CPU_GROUP_H

#include "base/backend.h"
#include "base/workers.h"

/// Where offsets are asked for: by counting.
void group_by_key(const group_args *g);
/// What a sort works in; grows, and is released by free() of both.
typedef struct group_spare {
  int32_t *position, *place;
  size_t n_position, n_place;
} group_spare;

/// Where they are not: a radix sort of every run, as tasks. Errors: MEMORY.
throng_status group_runs(workers *pool, int n_thread, const group_args *g, group_spare *spare);

#endif
