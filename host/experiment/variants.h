/// Whose answers an experiment compares: votes alone, in pairs, joined.
#ifndef THRONG_EXPERIMENT_VARIANTS_H
#define THRONG_EXPERIMENT_VARIANTS_H

#include "evaluate/fidelity.h"
#include "throng/sim.h"

typedef struct experiment_variant {
  const char *name;
  throng_rule rule;
  float weights[THRONG_VOTE_COUNT];  // of the rules that take weights; else what the rule joins
} experiment_variant;

extern const experiment_variant experiment_variants[];
extern const int experiment_variant_count;

/// `votes` with the variant's rule and weights.
throng_votes_def experiment_variant_votes(const experiment_variant *v,
                                          const throng_votes_def *votes);
/// Have all of its votes been measured? (f_sta needs weights, f_pop both kinds of answers.)
bool experiment_variant_possible(const experiment_variant *v, const fidelity *f);
/// What its answers are worth on held-out interactions: `f` was measured with the weights of
/// experiment_variant_votes.
const classification *experiment_variant_measure(const experiment_variant *v, const fidelity *f);

#endif
