/// Grouping on the CPU: positions by key, see group_args in base/backend.h.
#ifndef THRONG_CPU_GROUP_H
#define THRONG_CPU_GROUP_H

#include "base/backend.h"
#include "base/workers.h"

/// Where offsets are asked for: by counting.
void group_by_key(const group_args *g);
/// Where they are not: a radix sort of every run, as tasks; `spare` (n) is scratch.
void group_runs(workers *pool, int n_thread, const group_args *g, int32_t *spare);

#endif
