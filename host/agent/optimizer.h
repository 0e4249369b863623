/// Adam over a set of parameters of every agent, each with its own learning rate, betas and
/// clipping (kernels/agent/optimizer.h). It knows parameters and gradients, and no algorithm.
#ifndef THRONG_AGENT_OPTIMIZER_H
#define THRONG_AGENT_OPTIMIZER_H

#include "agent/network/network.h"
#include "kernels/agent/optimizer.h"

typedef struct optimizer {
  const network *net;  // whose parameters they are
  parameter_set gradient, moment1, moment2;
  int64_t n_partial;  // blocks of one agent's parameters, and of the optimisers beside this one
  int64_t first;      // of them is this one's first
  double *partial;    // (n_agent, n_partial) squares of the gradient
  adam_scale *scale;  // (n_agent)
  // (n_agent, n_user) 0: no gradient ever reached the user's row, whose moments and gradient are
  // zeros; NULL: not known
  float *user_met;
} optimizer;

/// What an update goes by: (n_agent) each, on the backend.
typedef struct optimizer_options {
  const float *learning_rate, *beta1, *beta2, *epsilon;
  const float *max_norm;          // 0: no clipping
  const int64_t *anneal, *steps;  // see adam_scale_args
  const double *total_steps;
  int64_t agent_lanes;
  const int32_t *learns;  // agents that take the update; the others stay as they are
  int64_t *update;        // how many they have taken
  float *norm_sum;        // gets the gradient's norm before clipping
  const int64_t *rms;     // (n_agent) those that take RMSprop's step in place of Adam's; NULL: none
  float *moves;  // (n_agent, optimizer_blocks) 0: a block whose moments are zeros and whose
                 // target equals it, see adam_args; NULL: every block moves
} optimizer_options;

/// Blocks of one agent's parameters, of ADAM_BLOCK numbers at the most.
int64_t optimizer_blocks(const network *net);
/// Register moments in `saved`, gradients and work in `scratch`.
throng_status optimizer_register(optimizer *o, const network *net, tensor_set *saved,
                                 tensor_set *scratch);
/// Two sets of parameters with one norm: `further` after `o`, of which the gradients are measured
/// together. `prefix`: before the names of its arrays.
throng_status optimizer_register_both(optimizer *o, const network *net, optimizer *further,
                                      const network *net_of_further, const char *prefix,
                                      tensor_set *saved, tensor_set *scratch);
/// Count the update and measure the gradient: o->scale, of whose norms agents may be judged before
/// the step. `further`: the one registered with it, or NULL.
throng_status optimizer_measure(optimizer *o, optimizer *further, const optimizer_options *options);
/// One step of `weight` along the gradient; then `target` (NULL: none) goes `tau` (n_agent) of the
/// way to the weights.
throng_status optimizer_step(optimizer *o, const optimizer_options *options,
                             const parameter_set *weight, const parameter_set *target,
                             const float *tau);
/// to = from for the agents that `which` (n_agent) names.
throng_status parameters_copy(const network *net, const parameter_set *to,
                              const parameter_set *from, const int32_t *which);

#endif
