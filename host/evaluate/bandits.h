/// The yardsticks that learn as they explore: LinUCB and Thompson sampling, one linear model each
/// for all items and lanes (linear_bandit.h) over features of the two_tower network. They learn on
/// lanes of their own, as agents do, answers of a step coming together, and then play by the mean.
#ifndef THRONG_EVALUATE_BANDITS_H
#define THRONG_EVALUATE_BANDITS_H

#include "sim/sim.h"
#include "throng/evaluate.h"

typedef struct bandits bandits;

/// Let both learn for def->bandit_steps user-steps of a simulator like `sim`, with other users and
/// draws; then they can rank up to `most` items for the lanes of `sim`, which must outlive them.
/// Errors: MEMORY, BACKEND.
throng_status bandits_create(throng_sim *sim, const throng_evaluation_def *def, int32_t most,
                             bandits **out);
/// NULL is allowed.
void bandits_free(bandits *b);
/// The `top` best items of every lane by the mean of THRONG_YARDSTICK_LINUCB or _THOMPSON, into
/// best (n_lane, top) on the backend. Errors: BACKEND.
throng_status bandits_rank(bandits *b, throng_yardstick which, int32_t top, int32_t *best);

#endif
