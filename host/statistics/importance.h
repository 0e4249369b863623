/// Which options of a sweep matter: shares that sum to 1, from its complete trials.
#ifndef THRONG_STATISTICS_IMPORTANCE_H
#define THRONG_STATISTICS_IMPORTANCE_H

#include "space/space.h"

/// Complete trials with a finite value.
typedef struct importance_data {
  const space *space;
  int64_t n;
  const double *x;      // (n, space->n)
  const double *value;  // (n) to be minimised
} importance_data;

/// PED-ANOVA (Watanabe et al., IJCAI 2023; with conditional parameters, arXiv 2601.20800): how much
/// the best tenth of the trials differs from all of them, parameter by parameter; Optuna 5's
/// default evaluator with its defaults. out (space->n); all alike where fewer than two trials or
/// nothing tells. Errors: MEMORY.
throng_status importance_ped_anova(const importance_data *data, double *out);
/// fANOVA (Hutter et al., ICML 2014) over a forest of 64 trees: the share of the variance of the
/// predicted value that a parameter explains alone, over values as they are (no logarithms), as
/// Optuna has it. NaN for parameters that some trial lacks. Errors: MEMORY.
throng_status importance_fanova(const importance_data *data, uint32_t seed, double *out);

#endif
