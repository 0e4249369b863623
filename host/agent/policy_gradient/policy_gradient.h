/// What PPO, A2C and TRPO share: a policy, which is a softmax over the scores of the catalogue; a
/// critic; rollouts, which are the newest n_steps of the log with their advantages; and minibatches
/// of them. For these algorithms' files and tests. All agents at once: arrays are (n_agent, ..),
/// and calls are about the first clock.rows[agent] rows of each agent's batch (network_of).
#ifndef THRONG_AGENT_POLICY_GRADIENT_H
#define THRONG_AGENT_POLICY_GRADIENT_H

#include "agent/network/softmax.h"
#include "agent/optimizer.h"
#include "agent/policy_gradient/critic.h"
#include "agent/population.h"

/// Some steps of rollouts and what an update makes of them: (n_agent, rows) each.
typedef struct rollout_batch {
  int64_t rows;  // room
  int32_t *lane;
  int64_t *time;                    // of the agent's own log
  network_pass state;               // and the actor's query
  network_pass critic;              // its value
  state_view shown;                 // see replay_add_shown
  int32_t *action;                  // (n_agent, rows, slate)
  float *advantage, *target;        // target: of the value, advantage + value of then
  float *old_value, *old_log_prob;  // of the networks that made the rollout; NULL: not logged
  softmax_scores score;             // log_prob and entropy of the last evaluation
  float *loss, *policy, *squares, *kl, *beyond;  // see policy_loss
  float *d_log_prob, *d_entropy, *d_value;       // what gradients are asked of
  float *d_query;                                // (n_agent, rows, width)
  float *nothing;                                // zeros
  network_scratch scratch, critic_scratch;
} rollout_batch;

typedef struct policy_gradient {
  bool minibatches;   // of `batch` steps, in n_epochs; else a rollout is one batch
  bool critic_alone;  // minibatches are the critic's, in n_critic_updates passes
  bool clipped;       // PPO's loss; else A2C's
  network critic;
  parameter_set critic_weight;
  optimizer optimizer, critic_optimizer;  // one norm over both
  rollout_batch batch;
  // Of the present states: the actor's pass is the actor's own.
  network_pass lane_critic;
  softmax_scores lane_score;  // where log-probabilities are logged
  // Of the log's newest n_steps, by their place in it:
  float *advantage;           // (n_lane, n_steps of the population)
  advantage_sums *lane_sums;  // (n_lane)
  int32_t *place;             // (n_lane) see rollout_ends
  // See rollout_view: (n_agent)
  int32_t *turn, *left, *stopped, *cause, *lanes, *items;
  double *sum;     // (n_agent, POLICY_COLUMNS, 2) see batch_sum
  int64_t *taken;  // (n_agent) saved: steps that the optimiser took
} policy_gradient;

static inline policy_gradient *policy_gradient_of(const throng_population *a) { return a->own; }

// --- slots of agent_algorithm, as they are or called by an algorithm's own
// -------------------------

/// Everything above, in `own`, which a->own becomes: a block of throng_alloc that begins with a
/// policy_gradient whose minibatches and clipped are set. Batches have room for `rows` steps an
/// agent. Errors: ARGUMENT (too many rows), MEMORY.
throng_status policy_gradient_add_arrays(throng_population *a, policy_gradient *own, int64_t rows);
throng_status policy_gradient_fill(throng_population *a);
throng_status policy_gradient_start(throng_population *a, agent_range range);
/// Sample by Gumbel noise (greedy: the best). In training values and log-probabilities are logged
/// beside the step.
throng_status policy_gradient_choose(throng_population *a, agent_actor *actor, throng_sim *sim,
                                     bool greedy);
int policy_gradient_kind_of_step(const throng_population *a);
/// Why an agent has diverged, by policy_cause.
throng_status policy_gradient_explain(throng_population *a, int32_t agent, char *text, size_t size);
/// The rollouts that have ended: the values of what followed them, advantages (GAE) and returns.
throng_status rollout_close(throng_population *a);

// --- of one update -------------------------------------------------------------------------------

rollout_view rollout_view_of(const throng_population *a);
/// The next minibatch of every agent, in a random order of each epoch's steps: clock.learns and
/// .rows say who has one and how large, batch all that was logged of it, its states rebuilt.
throng_status rollout_draw(throng_population *a);
/// The same of the steps that batch.lane and .time name.
throng_status rollout_rebuild(throng_population *a);
/// What the batch's states may not show.
best_mask rollout_mask(const throng_population *a);
/// Features, queries, log-probabilities and entropies of the batch (batch.score) under the weights
/// `w`, whose catalogue is `c`. The features are the critic's too.
throng_status policy_evaluate(throng_population *a, const parameter_set *w, const catalogue *c);
/// Gradients of sum d_log_prob log_prob + d_entropy entropy over the batch, after policy_evaluate
/// with the same: into `g`, a parameter_set of the actor.
throng_status policy_gradients(throng_population *a, const parameter_set *w, const catalogue *c,
                               parameter_set *g);
/// The rest of it, from batch.d_query and the gradients of vectors and biases of all items, which
/// stand in `g` as those of ITEM_VECTOR and ITEM_BIAS.
throng_status policy_backward(throng_population *a, const parameter_set *w, parameter_set *g);
/// batch.critic.value under `w`, after policy_evaluate; and gradients of sum d_value value into
/// `g`, a parameter_set of the critic. `after_actor`: policy_backward has just been, of this batch.
throng_status critic_evaluate(throng_population *a, const parameter_set *w);
throng_status critic_gradients(throng_population *a, const parameter_set *w, bool after_actor,
                               parameter_set *g);
/// Draw, evaluate, judge, gradients, and a step of both networks: agent_algorithm.learn.
throng_status policy_gradient_update(throng_population *a);
/// The part of it from the evaluation to gradients, of the batch that is there: the loss of PPO or
/// A2C, its d_log_prob, d_entropy and d_value, and their gradients; its statistics; and
/// clock.learns of those who go on.
throng_status policy_gradient_gradients(throng_population *a);
/// The step by these gradients.
throng_status policy_gradient_apply(throng_population *a);

#endif
