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
  int32_t startup_trials;      ///< 10; before a model suggests (TPE, GP)
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

#ifdef __cplusplus
}
#endif
#endif
