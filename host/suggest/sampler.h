/// Who chooses the next point of a sweep: grid, random, Sobol, TPE, a Gaussian process. A
/// suggestion is a function of the seed, the trial's number and what was told before, so that a
/// sweep that was killed goes on to the same points.
#ifndef THRONG_SUGGEST_SAMPLER_H
#define THRONG_SUGGEST_SAMPLER_H

#include "base/status.h"
#include "space/space.h"
#include "space/sweep_fields.h"

/// As Optuna's.
typedef enum trial_state {
  TRIAL_RUNNING = 0,
  TRIAL_COMPLETE,
  TRIAL_PRUNED,
  TRIAL_FAILED,
  TRIAL_WAITING,
} trial_state;

/// What is known of a trial. Values are to be minimised (what is maximised comes with its sign
/// turned); NaN: not known, or no number.
typedef struct sampler_trial {
  int64_t number;  // from 0, no gaps
  trial_state state;
  const double *x;      // (space->n)
  const double *value;  // (n_objective); of a pruned or running trial its last report
  double resource;      // user-steps that the value was reached with
  double cost;          // of the trial so far, in the sweep's unit of cost; 0: not known
} sampler_trial;

typedef struct sampler_def {
  const space *space;  // outlives the sampler
  int32_t n_objective;
  uint32_t seed;
  int64_t max_trials;      // planned; 0: unknown
  int32_t startup_trials;  // random (or Sobol) ones before a model is asked; 0: the sampler's own
  int32_t candidates;      // that a model rates for one suggestion; 0: the sampler's own
  bool constant_liar;      // running trials count as bad ones (TPE, GP)
  double max_cost;         // of one trial; 0: no bound (GP)
} sampler_def;

typedef struct sampler sampler;

/// All that was told, (n) trials by number; arrays with `space->n` and `n_objective` columns.
typedef struct sampler_history {
  const sampler_def *def;
  int64_t n;
  const trial_state *state;
  const double *x, *value, *resource, *cost;
} sampler_history;

/// The table behind SWEEP_SAMPLERS: one file each.
typedef struct sampler_ops {
  const char *name;
  throng_status (*create)(const sampler_def *def, void **own);
  void (*free)(void *own);
  /// A trial that is new or has changed; `k` is its place, sampler_history's.
  throng_status (*tell)(void *own, const sampler_history *history, int64_t k);
  /// x of trial `number`. `*end`: nothing is left to suggest (a grid).
  throng_status (*suggest)(void *own, const sampler_history *history, int64_t number, double *x,
                           bool *end);
} sampler_ops;

/// Errors: ARGUMENT (a grid over a parameter without steps; several objectives where the sampler
/// takes one), MEMORY.
throng_status sampler_create(int kind, const sampler_def *def, sampler **out);
void sampler_free(sampler *s);
/// Errors: MEMORY.
throng_status sampler_tell(sampler *s, const sampler_trial *trial);
/// The next point, rounded (space_round). Trial 0 is the caller's business. Errors: MEMORY.
throng_status sampler_suggest(sampler *s, int64_t number, double *x, bool *end);
const char *sampler_name(int kind);

#endif
