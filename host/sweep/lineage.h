/// A trial alone once more, with all that it grew out of: what a schedule of exploits and options
/// came to can be had again without the rest of its sweep.
#ifndef THRONG_SWEEP_LINEAGE_H
#define THRONG_SWEEP_LINEAGE_H

#include "sweep/sweep.h"

typedef struct sweep_replayed {
  int64_t trial;
  int32_t ancestors;  // that it is a copy of a copy of ...
  int64_t reports;    // of all of them that were made again
  int64_t different;  // of which so many are not what the sweep wrote down, to the bit
  double last, was;   // the first objective at its last report, now and in the sweep
  char path[4096];    // the agent, as throng_population_restore takes it
} sweep_replayed;

/// After sweep_begin with `resume`, on its crew. The trial's ancestors train up to their copying,
/// then it trains to its own last report. `path` gets its agent: FOLDER/trial-NUMBER.safetensors.
/// Errors: ARGUMENT (no such trial, or one that never reported), those of the crew, IO.
throng_status sweep_replay(sweep *s, int64_t trial, const throng_progress *progress,
                           sweep_replayed *out);
/// pbt.jsonl: which trial began in which slot and round as a copy of which, with which options; a
/// line a trial. Errors: IO, MEMORY.
throng_status lineage_write(const sweep *s);

#endif
