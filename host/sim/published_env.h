/// What the released environment looks up about each item (kernels/sim/published_env.h), for one
/// world on one backend: made where a simulator is in it, and only then.
#ifndef THRONG_SIM_PUBLISHED_ENV_H
#define THRONG_SIM_PUBLISHED_ENV_H

#include "base/tensors.h"
#include "kernels/sim/published_env.h"
#include "throng/sim.h"

typedef struct published_env {
  tensor_set set;
  published_env_view view;
  int32_t *reviewer, *earlier;  // (n_item) host
} published_env;

/// Does the Def answer as the released environment does, where it asks for it? Errors: ARGUMENT.
throng_status published_env_check(const throng_sim_def *def);
/// The first row of every item, and what its reviewer wrote before it. By time: the item's earliest
/// row, of equal ones that of the first user; by user: that of the first user. `*out` stays empty
/// in the usual environment. Errors: MEMORY, BACKEND.
throng_status published_env_make(throng_backend *backend, const throng_world *world,
                                 throng_environment environment, published_env *out);
/// A zeroed one is allowed.
void published_env_free(published_env *env);

#endif
