/// The samplers behind sampler.h, one file each, and what several of them use.
#ifndef THRONG_SUGGEST_SAMPLERS_H
#define THRONG_SUGGEST_SAMPLERS_H

#include "kernels/base/random.h"
#include "suggest/sampler.h"
#include "throng/sweep.h"

#define X(NAME, name) extern const sampler_ops sampler_##name;
SWEEP_SAMPLERS(X)
#undef X

/// What a sampler's draw is for, so that no two share a word.
enum sampler_use { SAMPLER_POINT = 0, SAMPLER_SCRAMBLE, SAMPLER_CANDIDATE };

/// In (0, 1), 53 bits: a function of the sweep's seed, a trial's number, a use and a draw.
double sampler_uniform(const sampler_def *def, int64_t number, uint32_t use, uint32_t draw);
/// A uniform point of the space (in the logarithm where log).
void sampler_draw(const sampler_def *def, int64_t number, double *x);
/// For samplers without state.
void sampler_free_nothing(void *own);
throng_status sampler_hear_nothing(void *own, const sampler_history *history, int64_t k);

#endif
