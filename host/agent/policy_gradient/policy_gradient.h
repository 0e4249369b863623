/// What PPO, A2C and TRPO share: a policy, which is a softmax over the scores of the catalogue; a
/// critic, which is a network of its own over the same features; rollouts, which are the newest
/// n_steps of the log with their advantages; and minibatches of them. For these algorithms' files
/// and tests. All agents at once: arrays are (n_agent, ..), and calls are about the first
/// clock.rows[agent] rows of each agent's batch (network_of).
#ifndef THRONG_AGENT_POLICY_GRADIENT_H
#define THRONG_AGENT_POLICY_GRADIENT_H

#include "agent/network/softmax.h"
#include "agent/optimizer.h"
#include "agent/population.h"
#include "kernels/agent/policy_gradient.h"

/// The value of a state by two hidden layers on the actor's features and a user's row of its own.
/// Its `net` is the actor's but for its parameters: a parameter_set of it is a flat vector of all
/// of the critic's numbers, array by array, as the actor's is.
typedef struct critic {
  network net;
  parameter_set weight;
  optimizer optimizer;  // its blocks follow the actor's: one norm over both
} critic;

/// What the critic makes of the states of a pass.
typedef struct critic_pass {
  float *user;               // (n_agent, rows, user_width)
  float *hidden0, *hidden1;  // (n_agent, rows, ..)
  float *value;              // (n_agent, rows)
} critic_pass;

/// Some steps of a rollout: (n_agent, rows) each.
typedef struct rollout_batch {
  int64_t rows;  // room
  int32_t *lane;
  int64_t *time;  // of the agent's own log
  network_pass state;
  state_view shown;                 // what the states' sessions had shown: with a mask alone
  int32_t *action;                  // (n_agent, rows, slate)
  float *advantage, *target;        // target: of the value (advantage + value of then)
  float *old_value, *old_log_prob;  // of the policy that made the rollout
  softmax_scores score;             // log_prob, entropy and their like, under the last evaluation
  float *value;                     // by the critic
  critic_pass critic;
  float *d_log_prob, *d_entropy, *d_value;  // what a loss asks gradients of
  float *d_query;                           // (n_agent, rows, width)
  network_scratch scratch, critic_scratch;
} rollout_batch;

typedef struct policy_gradient {
  critic critic;
  optimizer optimizer;  // the actor's
  rollout_batch batch;
  // Of the log's newest n_steps, by their place in it: (n_lane, n_steps of the population)
  float *advantage;
  int32_t *turn, *left;  // (n_agent) minibatches taken of this rollout, and to be taken
  int64_t *taken;        // (n_agent) saved: steps of the optimiser
} policy_gradient;

static inline policy_gradient *policy_gradient_of(const throng_population *a) { return a->own; }

// --- slots of agent_algorithm, as they are or called by an algorithm's own
// -------------------------

/// Everything above. `rows`: of a batch. What an algorithm adds to it goes behind, in a struct that
/// begins with a policy_gradient, whose size is `own`.
throng_status policy_gradient_add_arrays(throng_population *a, size_t own, int64_t rows);
throng_status policy_gradient_start(throng_population *a, agent_range range);
/// Sample by Gumbel noise (greedy: the best), and log value and log-probability beside the step.
throng_status policy_gradient_choose(throng_population *a, agent_actor *actor, throng_sim *sim,
                                     bool greedy);
int policy_gradient_kind_of_step(const throng_population *a);
/// The rollouts of agents that have one: values of what followed them, advantages (GAE) and
/// returns.
throng_status rollout_close(throng_population *a);

// --- of one update -------------------------------------------------------------------------------

/// The next minibatch of every agent: a random order of each epoch's steps. clock.learns and .rows
/// say who has one.
throng_status rollout_draw(throng_population *a);
/// Rebuild the states and fetch the rest of the steps in batch.lane and batch.time.
throng_status rollout_rebuild(throng_population *a);
/// Features, queries, log-probabilities and entropies of the batch under the weights `w`, whose
/// catalogue is `c`.
throng_status policy_evaluate(throng_population *a, const parameter_set *w, const catalogue *c);
/// Gradients of sum d_log_prob log_prob + d_entropy entropy over the batch, after policy_evaluate
/// with the same: into `g`, a parameter_set of the actor.
throng_status policy_gradients(throng_population *a, const parameter_set *w, const catalogue *c,
                               const parameter_set *g);
/// Values of the batch, after policy_evaluate's features; gradients of sum d_value value.
throng_status critic_evaluate(throng_population *a, const parameter_set *w);
throng_status critic_gradients(throng_population *a, const parameter_set *w,
                               const parameter_set *g);

#endif
