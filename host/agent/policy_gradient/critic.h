/// The critic of policy gradients: the value of a state by two hidden layers over the actor's
/// features and a user's row of its own. It is a network without a catalogue.
#ifndef THRONG_AGENT_CRITIC_H
#define THRONG_AGENT_CRITIC_H

#include "agent/network/network.h"

/// `to`: a network with the actor's features, of which critic.net's arrays and passes are made.
void critic_init(network *to, const network *actor, bool ortho_init);
/// Register what the critic makes of a pass of the actor, whose state and features it shares.
throng_status critic_add_pass(const network *n, const network_pass *actor, tensor_set *set,
                              network_pass *to, const char *name);
/// Weights of agents first .. first + n - 1 at their start, by their seeds.
throng_status critic_start_weights(const network *net, const parameter_set *w, const uint32_t *seed,
                                   int32_t first, int32_t n);
/// pass->value under `w`, after the actor's features(); `actor` is the pass that was given to
/// critic_add_pass.
throng_status critic_forward(const network *n, const parameter_set *w, const network_pass *actor,
                             network_pass *pass);
/// Gradients `g` of everything that makes the values, from those of them (n_agent, rows). `entry`:
/// groups of these states' entries, where the actor has just made them, or NULL.
throng_status critic_backward(const network *n, const parameter_set *w, const network_pass *pass,
                              const float *d_value, const key_groups *entry,
                              network_scratch *scratch, parameter_set *g);

#endif
