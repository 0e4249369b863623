/// What `throng sweep --dry-run` and `--replay` print.
#ifndef THRONG_CLI_SWEEP_PLAN_H
#define THRONG_CLI_SWEEP_PLAN_H

#include "cli/cli.h"
#include "sweep/lineage.h"
#include "sweep/plan.h"

/// Cohorts, memory, steps and the time that they will take by a short measurement.
throng_status sweep_plan_print(cli_run *run, const sweep *s, const sweep_memory *memory,
                               crew *crew);
/// A trial of a sweep (after sweep_begin) trained again alone, and whether it came to the same.
/// Errors: those of sweep_replay; DIVERGED where it did not.
throng_status sweep_replay_print(cli_run *run, sweep *s, int64_t trial);

#endif
