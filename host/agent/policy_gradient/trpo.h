/// TRPO's arrays beside those of policy_gradient.h, for its own files and tests.
#ifndef THRONG_AGENT_TRPO_H
#define THRONG_AGENT_TRPO_H

#include "agent/network/fisher.h"
#include "agent/policy_gradient/policy_gradient.h"
#include "kernels/agent/trust_region.h"

/// States that are looked at together: sums over a rollout are cut at multiples of this, whatever
/// the population's other agents have.
enum { TRUST_ROWS = 512 };

typedef struct trpo {
  policy_gradient of;
  /// States of the agents in `which` from number `first` on, TRUST_ROWS at the most, into of.batch,
  /// and how many into clock.rows. (Of the rollouts that have ended; tests bring their own.)
  throng_status (*part)(throng_population *, const int32_t *which, int64_t first);
  trust_region trust;
  int32_t *taking;    // (n_agent) who takes a step of the policy
  int32_t *reverted;  // (n_agent) of whom nothing came
  float *norm;        // (n_agent) of the objective's gradient
  double *partial;    // (n_agent, blocks) of a product of vectors
  // The weights before the step; the direction x, residual r, next direction p, and A p of
  // conjugate gradient.
  parameter_set begun, direction, residual, along, product;
  catalogue begun_catalogue, along_catalogue;
  network_tangent tangent;
  float *tile;   // second scores
  float *query;  // (n_agent, rows, width) of the policy that made the rollout
  float *total;  // (n_agent, rows)
  double *kl;    // (n_agent, rows)
} trpo;

static inline trpo *trpo_of(const throng_population *a) { return a->own; }

// For tests: the parts of a step of the policy, over the agents that trust_begin has found.
/// The objective's gradient into `residual`.
throng_status trpo_gradient(throng_population *a);
/// product = (F + cg_damping) along, of the agents in `which`; damped or not.
throng_status trpo_fisher(throng_population *a, const parameter_set *along, const int32_t *which,
                          bool damped);
/// direction = (F + cg_damping)^-1 residual, by conjugate gradient.
throng_status trpo_direction(throng_population *a);
/// How far to go, and there.
throng_status trpo_search(throng_population *a);

#endif
