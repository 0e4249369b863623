/// Users' and items' effects on the log-odds of a like, crossed random effects fitted together:
///   answer ~ Bernoulli(sigmoid(mean + user[u] + item[i])),  item[i] ~ normal(0, item_variance),
///   user[u] ~ prior, a distribution on EFFECTS_POINTS points that the users themselves tell.
/// An item's effect is so what its users' generosity does not explain, the less of it the fewer
/// they are, and a user's what the items do not. First both are normal: the mode of all effects by
/// Newton's steps in turn, variances by expectation maximisation under Laplace's approximation, as
/// in penalised quasi-likelihood (Breslow & Clayton 1993). Then the users' distribution takes any
/// form (Laird 1978), with the normal as EFFECTS_PRIOR_WEIGHT users' worth of prior: where nearly
/// everyone gives one answer throughout, no normal fits. User effects are posterior means under it.
#ifndef THRONG_SIM_EFFECTS_H
#define THRONG_SIM_EFFECTS_H

#include "world/world_fits.h"

enum {
  EFFECTS_POINTS = 41,         // from -6 to 6
  EFFECTS_MOST_SWEEPS = 200,   // of Newton's steps; they end where the variances stand
  EFFECTS_ROUNDS = 2,          // the users' distribution, items under it, and once more
  EFFECTS_PRIOR_STEPS = 60,    // of expectation maximisation a round
  EFFECTS_PRIOR_USERS = 20000  // at most that tell the distribution, spread evenly
};
#define EFFECTS_PRIOR_WEIGHT 30.0

typedef struct effects {
  double mean;               // log-odds of an average user about an average item
  double *user, *item;       // (n_user), (n_item)
  int64_t *user_n, *item_n;  // answers behind each
  int64_t n_user, n_item;
  int64_t n, n_like;                    // answers counted
  double user_variance, item_variance;  // of the normal fit
  double prior[EFFECTS_POINTS];         // of users' effects, sums to 1
} effects;

/// Fit on all but each user's last `hidden` interactions. Users without an answer have the prior's
/// mean, items 0; without answers of both kinds all effects are 0. Errors: MEMORY.
throng_status effects_fit(const throng_world *world, int hidden, effects *out);
/// A zeroed one is allowed.
void effects_free(effects *e);
/// For world_fit_take: one fit for all simulators of a world and all that measure on it.
extern const world_fit_kind effects_of_world;

/// The share of likes, a little towards 1/2: (likes + 1) / (answers + 2).
double effects_share(const effects *e);

#endif
