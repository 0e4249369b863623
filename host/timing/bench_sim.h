/// How fast the simulator steps: user-steps a second with each vote alone and with all three, with
/// the item-item table and without, under random actions. For `throng bench` and bench/bench_sim.c;
/// prints nothing.
#ifndef THRONG_TIMING_BENCH_SIM_H
#define THRONG_TIMING_BENCH_SIM_H

#include "throng/sim.h"
#include "timing/timing.h"

typedef struct bench_sim_def {
  int32_t lanes;    // 4,096
  int32_t history;  // 64
  double seconds;   // 1; timed for each case
  bool without_table;
  uint32_t seed;
} bench_sim_def;

bench_sim_def bench_sim_default_def(void);

/// Called for each case as soon as it is measured.
typedef void bench_sim_each(void *context, const measure_row *row);

/// Does the largest case fit the device's memory? Errors: MEMORY with the sizes. bench_sim() asks
/// too; for callers who measure something else first.
throng_status bench_sim_check_memory(throng_backend *backend, const throng_world *world,
                                     const throng_sta *sta, const bench_sim_def *def);

/// Cases that need f_sta are left out where `sta` is NULL. Errors: those of bench_sim_check_memory
/// before anything is timed, and whatever a step may say.
throng_status bench_sim(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                        const bench_sim_def *def, bench_sim_each *each, void *context);

/// The reference world of the project's figures: 10,000 items, keyword embeddings of 384, users
/// whose histories mostly fill 64 entries. Written to `path` (atomic), as f_sta's random weights of
/// the reference shape (width 32, 2 layers, window 50) to `sta_path`.
throng_status bench_reference_world(throng_backend *backend, const char *path, const char *sta_path,
                                    const throng_progress *progress);

#endif
