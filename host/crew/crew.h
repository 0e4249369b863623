/// Who trains the trials of a sweep. A crew has slots; each trains one agent at a time as `throng
/// train` would with agent.count 1, to the same bits, whatever the other slots do. Agents of one
/// shape share a population (a cohort), which grows and shrinks with the slots in use.
#ifndef THRONG_CREW_CREW_H
#define THRONG_CREW_CREW_H

#include "throng/train.h"

/// What a slot trains.
typedef struct crew_setup {
  throng_sim_def sim;            // of one agent: its lanes, its first_lane
  throng_agent_def agent;        // count 1, its own seed
  throng_train_def train;        // steps, evaluate_every, evaluation
  const char *const *overrides;  // the same as "key=value" over the sweep's config, NULL-terminated
} crew_setup;

/// What one round (one evaluation period) of a slot came to.
typedef struct crew_report {
  int32_t slot;
  throng_agent_state state;                         // diverged: `cause` says why
  int64_t user_steps, updates;                      // of the agent's own clock
  throng_metrics evaluation;                        // greedy, as a run's metrics.jsonl has it
  double loss, q, grad_norm, epsilon, mean_return;  // of training, since the round before
  int64_t episodes;
  double seconds;  // its share of the round
  char cause[256];
} crew_report;

typedef struct crew crew;

typedef struct crew_ops {
  /// A fresh agent, which begins with the next round. Errors: ARGUMENT (what no agent can be; a
  /// slot that is in use), MEMORY (before anything is taken), those of making its population; the
  /// slot stays free.
  throng_status (*start)(crew *, int32_t slot, const crew_setup *);
  /// The slot's agent becomes what slot `from` trains (weights, optimiser, clocks, replay), and
  /// goes on with the options, the seed and the lanes of the setup; same shape. A slot that is in
  /// use loses the agent that it has. Errors: as start, and the slot is free then.
  throng_status (*copy)(crew *, int32_t slot, int32_t from, const crew_setup *);
  /// The slot is free.
  throng_status (*stop)(crew *, int32_t slot);
  /// Every slot in use trains until its next multiple of train.evaluate_every or its end, and is
  /// evaluated. `report` has room for all slots; ordered by slot. CANCELLED: some have trained,
  /// none has reported; save nothing.
  throng_status (*round)(crew *, const throng_progress *, crew_report *report, int32_t *n);
  /// A slot's agent to a file (that of throng_population_save for a population of one), and from
  /// one into a free slot, with the options, the seed and the lanes of the setup: those of the
  /// agent that was saved, to go on as it would have; or others, for a copy of it. Errors: as
  /// throng_population_load_agent, and the slot stays free.
  throng_status (*save)(crew *, int32_t slot, const char *path);
  throng_status (*load)(crew *, int32_t slot, const crew_setup *, const char *path);
  void (*close)(crew *);
} crew_ops;

struct crew {
  const crew_ops *ops;
  int32_t n_slot;
};

/// Cohorts in this process, on one backend, over one world in memory.
throng_status crew_local_create(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, int32_t n_slot, crew **out);
/// Bytes that a further agent of this setup costs, and the most that fit beside what is taken.
throng_status crew_local_plan(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const crew_setup *setup, double *agent_bytes,
                              double *shared_bytes, int64_t *most);
/// How the slots were used: agent-rounds that trained, of those that the populations had room for.
void crew_local_usage(const crew *c, int64_t *used, int64_t *had, int32_t *cohorts);

#endif
