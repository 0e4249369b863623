/// What a run would take, before it takes anything: a backend on which nothing happens but
/// counting. The stages' own code is run on it, so that the sum is exact and cannot fall behind the
/// code.
#ifndef THRONG_BASE_MEMORY_PLAN_H
#define THRONG_BASE_MEMORY_PLAN_H

#include "base/backend.h"

/// A backend like `real` that hands out addresses without memory behind them, reads zeros and runs
/// nothing. Stages may leave out costly work where backend->planning.
throng_status memory_plan_open(const throng_backend *real, throng_backend **out);
/// Bytes at the most that were taken at once; where blocks are the host's, with what stages took
/// for themselves (throng_alloc) meanwhile.
size_t memory_plan_bytes(const throng_backend *plan);
/// Memory that is free for what is planned, with some left for others: of a device its own, else
/// the host's. Errors: BACKEND.
throng_status memory_plan_free(throng_backend *real, size_t *bytes);
/// Of which for allocations named `what`, that were not given back.
size_t memory_plan_part(const throng_backend *plan, const char *what);
/// Kernels, products and groupings that were queued on it: what a graph of the same calls holds,
/// but for the kernels that a device makes of one grouping or search.
int64_t memory_plan_queued(const throng_backend *plan);
/// Uploads, downloads, copies and fills.
int64_t memory_plan_moved(const throng_backend *plan);
/// Does what was planned fit the free memory of `real`? `held`: bytes of the plan that are there
/// already. `remedy`: keys that make `what` smaller. Errors: MEMORY with the parts' sizes, largest
/// first, and the remedy.
throng_status memory_plan_check(const throng_backend *plan, throng_backend *real, size_t held,
                                const char *what, const char *remedy);

#endif
