/// Sweeps: many trials of a config with different options, trained at once, the best of them
/// confirmed on fresh seeds.
#ifndef THRONG_SWEEP_H
#define THRONG_SWEEP_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Who chooses the next trial's options.
typedef enum throng_sampler {
  THRONG_SAMPLER_GRID = 0,  ///< every point once
  THRONG_SAMPLER_RANDOM,    ///< uniform (in the logarithm where log)
  THRONG_SAMPLER_SOBOL,     ///< scrambled Sobol sequence (Owen 1998)
  THRONG_SAMPLER_TPE,  ///< multivariate tree-structured Parzen estimator (Bergstra et al. 2011)
  THRONG_SAMPLER_GP,   ///< Gaussian processes of score and cost, with their Pareto front
} throng_sampler;

/// Who decides which trials train on.
typedef enum throng_scheduler {
  THRONG_SCHEDULER_NONE = 0,   ///< all to their end
  THRONG_SCHEDULER_ASHA,       ///< asynchronous successive halving (Li et al. 2020)
  THRONG_SCHEDULER_HYPERBAND,  ///< brackets of it (Li et al. 2018)
  THRONG_SCHEDULER_PBT,        ///< population based training (Jaderberg et al. 2017)
  THRONG_SCHEDULER_MF_PBT,     ///< multiple-frequency PBT (arXiv 2506.03225)
} throng_scheduler;

/// How a sweep goes. What varies, and what is measured by, stands in the config beside it
/// ("sweep.space", "sweep.objective").
typedef struct throng_sweep_def {
  int32_t size, cookie;        ///< set by throng_default_sweep_def(); do not touch
  throng_sampler sampler;      ///< TPE
  throng_scheduler scheduler;  ///< ASHA
  int32_t slots;               ///< 64; agents that train at once; 0: as many as fit, 1,024 at most
  int32_t seeds;               ///< 1; runs of a trial with seeds of their own, one after another
  int64_t max_trials;          ///< 256; 0: no bound
  int64_t max_steps;           ///< 0: no bound; user-steps of all trials together
  double max_seconds;          ///< 0: no bound
  int32_t startup_trials;      ///< 0: 20 of TPE, 10 of GP; before a model suggests
  int32_t candidates;          ///< 0: the sampler's own number; rated for one suggestion
  double max_cost;             ///< 0: no bound; user-steps of one trial that the GP suggests
  int64_t min_steps;   ///< 0: train.evaluate_every; user-steps of the first rung, or PBT's burn-in
  double reduction;    ///< 4; a rung's share that goes on is 1 / reduction
  int64_t interval;    ///< 0: train.evaluate_every; PBT: user-steps between exploits
  double quantile;     ///< 0.25; PBT: share that is replaced by copies of as many best
  double resample;     ///< 0.25; PBT: chance that an option is drawn anew
  double factor_low;   ///< 0.8; PBT: factors by which options are perturbed otherwise
  double factor_high;  ///< 1.2
  double prune_p;      ///< 0.1; a trial worse by a paired test over seeds is given up; 0: never
  int32_t prune_startup;      ///< 2; seeds before that is asked
  int32_t top;                ///< 3; best trials that are trained again on fresh seeds at the end
  int32_t test_seeds;         ///< 10; how many seeds that is; 0: none
  double checkpoint_seconds;  ///< 60; between checkpoints of what is training
  uint32_t seed;              ///< 1; of suggestions, exploits and tests
} throng_sweep_def;

/// Every field with its usual value.
THRONG_API throng_sweep_def throng_default_sweep_def(void);

/// A sweep, from a config. Threads: from one at a time; its backend is its own.
typedef struct throng_sweep throng_sweep;

/// What became of a trial.
typedef enum throng_trial_state {
  THRONG_TRIAL_RUNNING = 0,  ///< it trains, or waits for its caller
  THRONG_TRIAL_COMPLETE,     ///< it reached its end
  THRONG_TRIAL_PRUNED,       ///< it was given up
  THRONG_TRIAL_FAILED,       ///< it diverged, or could not be made
} throng_trial_state;

#define THRONG_OBJECTIVES_MOST 4  ///< objectives of a sweep

/// A trial. Pointers are the sweep's, valid until the next call with it.
typedef struct throng_trial {
  int64_t number;                        ///< from 0, in the order of their beginning
  throng_trial_state state;              ///< at present
  int64_t user_steps;                    ///< that it has trained, over all its seeds
  int32_t objectives;                    ///< how many values there are
  double value[THRONG_OBJECTIVES_MOST];  ///< as measured; NaN: none
  const char *const *overrides;          ///< "agent.gamma=0.97", ..., NULL: over the sweep's config
  const char *config;                    ///< its whole config as JSON, which `throng train` takes
  const char *cause;                     ///< why it failed or was given up; NULL: nothing is known
} throng_trial;

/// How far a sweep is.
typedef struct throng_sweep_counts {
  int64_t trials;      ///< all
  int64_t running;     ///< of them
  int64_t complete;    ///< of them
  int64_t pruned;      ///< of them
  int64_t failed;      ///< of them
  int64_t user_steps;  ///< of all trials
} throng_sweep_counts;

/// A sweep of the config in `text` (as in a file; JSON with comments) with `overrides` ("a.b=c",
/// NULL-terminated; NULL: none): sections and keys as in `throng sweep`; train.out is its folder.
/// Nothing is written yet. Errors: CONFIG (place, cause, what was expected), ARGUMENT, MEMORY.
THRONG_API throng_status throng_sweep_create(const char *text, const char *const *overrides,
                                             throng_sweep **out);
/// What is written stays; so does a sweep that has not ended, to be resumed. NULL is allowed.
THRONG_API void throng_sweep_close(throng_sweep *sweep);

/// The whole sweep, as `throng sweep` does it: world and weights opened or made, trials trained
/// until a bound is reached, the best confirmed on fresh seeds; once a sweep. With `resume` one
/// that was stopped or killed goes on. Errors: IO (the folder holds a sweep and `resume` is false;
/// another process writes there; full disk), CONFIG (resume: what has changed), DATA, MEMORY,
/// BACKEND, DIVERGED (every trial has failed), CANCELLED (what was done is kept), ARGUMENT (it has
/// run, or answers to throng_sweep_ask).
THRONG_API throng_status throng_sweep_run(throng_sweep *sweep, bool resume,
                                          const throng_progress *progress);

/// Ask and tell, for callers that train themselves: in place of throng_sweep_run the folder's
/// database is opened, sampler and scheduler wait. The objective may have any name then, and
/// nothing else of the config is trained. With `resume` earlier trials are told again, in the order
/// of their numbers, and those that were running are failed ones. Schedulers that copy agents (pbt,
/// mf_pbt) cannot be asked. Errors: as throng_sweep_run.
THRONG_API throng_status throng_sweep_open(throng_sweep *sweep, bool resume);
/// A new trial: the config's own values first, then what the sampler suggests. `*end`: there is
/// none (sweep.max_trials, or a grid is done), and `out` is nothing. Any number may run at once.
/// Errors: ARGUMENT (throng_sweep_open was not called), IO, MEMORY.
THRONG_API throng_status throng_sweep_ask(throng_sweep *sweep, throng_trial *out, bool *end);
/// The trial's first objective after `user_steps` of training, rising from call to call; NaN: no
/// number. `*stop`: the scheduler has given it up, it is PRUNED with this value, and nothing more
/// is told of it. Errors: ARGUMENT (no such trial, or it does not run; steps that do not rise), IO,
/// MEMORY.
THRONG_API throng_status throng_sweep_tell(throng_sweep *sweep, int64_t trial, int64_t user_steps,
                                           double value, bool *stop);
/// The trial's end: COMPLETE with `value` (one an objective), or FAILED, where `value` may be NULL
/// and `cause` says why (NULL: nothing is known). Errors: as throng_sweep_tell.
THRONG_API throng_status throng_sweep_finish(throng_sweep *sweep, int64_t trial,
                                             throng_trial_state state, const double *value,
                                             const char *cause);

/// summary.json, trials.csv and report.html of what there is so far, into the folder; after
/// throng_sweep_run they are there. Errors: ARGUMENT (it was neither opened nor run), IO, MEMORY.
THRONG_API throng_status throng_sweep_write(throng_sweep *sweep);

/// How far it is.
THRONG_API throng_sweep_counts throng_sweep_get_counts(const throng_sweep *sweep);
/// A trial by its number. Errors: ARGUMENT (no such trial), CONFIG (its options do not do together,
/// which is why it failed), MEMORY.
THRONG_API throng_status throng_sweep_get_trial(throng_sweep *sweep, int64_t number,
                                                throng_trial *out);
/// The best complete trial by the first objective. Errors: ARGUMENT (there is none yet), MEMORY.
THRONG_API throng_status throng_sweep_get_best(throng_sweep *sweep, throng_trial *out);
/// What it came to so far, as summary.json has it: `*out` is JSON, valid until the next call.
/// Errors: MEMORY.
THRONG_API throng_status throng_sweep_get_summary(throng_sweep *sweep, const char **out);

#ifdef __cplusplus
}
#endif
#endif
