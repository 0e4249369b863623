/// The options of a sweep. They stand here and not with the sweep itself, because configs hold them
/// and a sweep reads configs.
#include "space/sweep_fields.h"

#include "throng/sweep.h"

#define X(NAME, name) [THRONG_SAMPLER_##NAME] = #name,
static const char *const sampler_names[] = {SWEEP_SAMPLERS(X) NULL};
#undef X
#define X(NAME, name) [THRONG_SCHEDULER_##NAME] = #name,
static const char *const scheduler_names[] = {SWEEP_SCHEDULERS(X) NULL};
#undef X

#define FIELD_DEF throng_sweep_def
static const field sweep_rows[] = {
    FIELD_ENUM("sampler", throng_sampler, sampler, sampler_names, THRONG_SAMPLER_TPE, 0,
               "who chooses the next trial's options"),
    FIELD_ENUM("scheduler", throng_scheduler, scheduler, scheduler_names, THRONG_SCHEDULER_ASHA, 0,
               "who decides which trials train on"),
    FIELD_I32("slots", slots, 64, 0, 65535, 0,
              "agents that train at once; 0: as many as fit, 1024 at most"),
    FIELD_I32("seeds", seeds, 1, 1, 1000, 0,
              "runs of a trial with seeds of their own, one after another"),
    FIELD_I64("max_trials", max_trials, 256, 0, 10000000, FIELD_NOT_IDENTITY,
              "trials; 0: no bound"),
    FIELD_I64("max_steps", max_steps, 0, 0, FIELD_LARGE * 1024, FIELD_NOT_IDENTITY,
              "user-steps of all trials together; 0: no bound"),
    FIELD_F64("max_seconds", max_seconds, 0, 0, 1e9, FIELD_NOT_IDENTITY, "0: no bound"),
    FIELD_I32("startup_trials", startup_trials, 0, 0, 1000000, 0,
              "trials before a model suggests (tpe, gp); 0: the sampler's own number, 20 or 10"),
    FIELD_I32("candidates", candidates, 0, 0, 1000000, 0,
              "points rated for one suggestion (tpe, gp); 0: the sampler's own number"),
    FIELD_F64("max_cost", max_cost, 0, 0, FIELD_LARGE, 0,
              "user-steps of one trial that gp suggests at most; 0: no bound"),
    FIELD_I64("min_steps", min_steps, 0, 0, FIELD_LARGE, 0,
              "user-steps of the first rung, or PBT's burn-in; 0: train.evaluate_every"),
    FIELD_F64("reduction", reduction, 4, 1.5, 1000, 0,
              "of a rung's trials the best 1/reduction go on (asha; 3 is usual for hyperband)"),
    FIELD_I64("interval", interval, 0, 0, FIELD_LARGE, 0,
              "user-steps between PBT's exploits; 0: train.evaluate_every"),
    FIELD_F64("quantile", quantile, 0.25, 0, 0.5, 0,
              "PBT: share that is replaced by copies of as many best"),
    FIELD_F64("resample", resample, 0.25, 0, 1, 0,
              "PBT: chance that an option is drawn anew and not perturbed"),
    FIELD_F64("factor_low", factor_low, 0.8, 0.01, 1, 0, "PBT: smaller factor of a perturbation"),
    FIELD_F64("factor_high", factor_high, 1.2, 1, 100, 0, "PBT: larger factor of a perturbation"),
    FIELD_F64("prune_p", prune_p, 0.1, 0, 1, 0,
              "give a trial up that a paired test over seeds finds worse at this level; 0: never"),
    FIELD_I32("prune_startup", prune_startup, 2, 1, 1000, 0, "seeds before that is asked"),
    FIELD_I32(
        "top", top, 3, 0, 1000, 0,
        "best trials that are trained again on fresh seeds at the end, beside the config's own"),
    FIELD_I32("test_seeds", test_seeds, 10, 0, 10000, 0, "how many fresh seeds; 0: none"),
    FIELD_F64("checkpoint_seconds", checkpoint_seconds, 60, 0, 1e9, FIELD_NOT_IDENTITY,
              "between checkpoints of what is training"),
    FIELD_SEED("seed", seed, 1, FIELD_FOLLOWS_SEED,
               "seed of suggestions, exploits and tests; follows train.seed unless given"),
};
#undef FIELD_DEF
const field_table sweep_fields = FIELD_TABLE("sweep", throng_sweep_def, sweep_rows);

throng_sweep_def throng_default_sweep_def(void) {
  throng_sweep_def def;
  fields_default(&sweep_fields, &def);
  return def;
}
