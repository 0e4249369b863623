/// The sampler "gp": Gaussian processes of score, cost and failure. Each suggestion aims at a cost
/// of its own, so that the sweep learns the front of score and cost, as PufferLib's Protein does.
#ifndef THRONG_SUGGEST_GP_H
#define THRONG_SUGGEST_GP_H

#include "suggest/sampler.h"

extern const sampler_ops sampler_gp;

#endif
