/// Several objectives, all to be minimised: ranks of non-domination, and which points of a front
/// keep most of its hypervolume.
#ifndef THRONG_SUGGEST_HYPERVOLUME_H
#define THRONG_SUGGEST_HYPERVOLUME_H

#include "base/status.h"

enum { HYPERVOLUME_MOST = 4 /* objectives */ };

/// Volume between the points (n, d) and `reference` (d), which no point exceeds; d 2 at least.
/// Errors: MEMORY.
throng_status hypervolume(int64_t n, int32_t d, const double *point, const double *reference,
                          double *out);

/// Mark the n_best best of the points (n, d): whole fronts by rank (Deb et al. 2002), of the last
/// one those that the greedy choice by hypervolume contribution takes (Guerreiro, Fonseca and
/// Paquete 2016), as Optuna does. NaN counts as infinite. Errors: MEMORY.
throng_status hypervolume_best(int64_t n, int32_t d, const double *point, int64_t n_best,
                               bool *best);

#endif
