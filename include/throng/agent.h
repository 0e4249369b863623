/// Populations: agents that learn, many at once, over the lanes of one simulator. Every array of
/// theirs has a leading agent dimension, and lanes are shared out evenly: lane l belongs to agent
/// l / (n_lane / count). An agent does bit for bit what it would do alone on a CPU, whatever its
/// neighbours do: learn with other options, diverge, begin anew, be copied or stopped.
#ifndef THRONG_AGENT_H
#define THRONG_AGENT_H

#include "array.h"
#include "base.h"
#include "sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Agents on one simulator. Threads: as its backend, from one at a time.
typedef struct throng_population throng_population;

/// How agents learn.
typedef enum throng_algorithm {
  THRONG_ALGORITHM_DQN = 0,  ///< (double) deep Q-learning from a replay (Mnih et al., Nature 2015)
  THRONG_ALGORITHM_PPO,      ///< proximal policy optimisation (Schulman et al. 2017)
  THRONG_ALGORITHM_A2C,      ///< advantage actor-critic (Mnih et al., ICML 2016, synchronous)
  THRONG_ALGORITHM_TRPO,     ///< trust region policy optimisation (Schulman et al., ICML 2015)
} throng_algorithm;

/// The network that scores items for a state.
typedef enum throng_head {
  THRONG_HEAD_FLAT = 0,      ///< user embedding + one slot an item -> [64, 64] -> one Q an item
  THRONG_HEAD_TWO_TOWER,     ///< query of the state . vector of the item
  THRONG_HEAD_FLAT_DUELING,  ///< flat, with an output for the state's own value beside the items'
} throng_head;

/// Loss of a TD error x.
typedef enum throng_loss {
  THRONG_LOSS_HUBER = 0,  ///< |x| < d: x^2 / 2; else d (|x| - d / 2); d is huber_delta
  THRONG_LOSS_MSE,        ///< x^2
} throng_loss;

/// What hidden layers do to their sums.
typedef enum throng_activation {
  THRONG_ACTIVATION_RELU = 0,  ///< max(0, x)
  THRONG_ACTIVATION_TANH,      ///< tanh(x)
} throng_activation;

/// How epsilon falls from epsilon_start to epsilon_end.
typedef enum throng_epsilon {
  THRONG_EPSILON_LINEAR = 0,   ///< by the same amount with every step
  THRONG_EPSILON_EXPONENTIAL,  ///< by the same factor with every step
} throng_epsilon;

/// How the agents of a population learn. algorithm, head, hidden, width and user_width are what the
/// agents of one population share: they say what its arrays are. All others may become an agent's
/// own (throng_population_set, throng_population_begin): batch, updates, buffer, n_step and n_steps
/// up to the population's, which its arrays are made for.
///
/// Options of one algorithm do nothing for another. Usual values are DQN's, and from n_steps on
/// PPO's; those of the others are in throng_algorithm_agent_def.
typedef struct throng_agent_def {
  int32_t size, cookie;        ///< set by throng_default_agent_def(); do not touch
  throng_algorithm algorithm;  ///< DQN
  throng_head head;            ///< two_tower
  /// 1; agents in the population, 65,535 at the most. 0 ("auto"), for training runs alone: as many
  /// as the backend's memory holds, sim.lanes being one agent's.
  int32_t count;
  int32_t hidden[2];   ///< 64, 64; units of the two hidden layers
  int32_t width;       ///< 64; query and item vectors (two_tower)
  int32_t user_width;  ///< 32; learned user embedding (0: none)
  float item_start;    ///< 1; flat heads: how large items' rows start, 0: all alike
  float user_start;  ///< 1 (PPO, A2C, TRPO: 0.1); flat heads: deviation that users' rows start with
  /// false (PPO, A2C, TRPO: true); dense layers start as orthogonal matrices times sqrt(2), what
  /// makes the scores times 0.01, a critic's output times 1, and biases as 0 (torch.nn.init,
  /// Saxe et al., ICLR 2014); as the policies of Stable-Baselines3
  bool ortho_init;
  throng_activation activation;  ///< ReLU (PPO, A2C, TRPO: tanh); of the two hidden layers
  /// false; DQN: layer normalisation (Ba et al. 2016) of the hidden layers' sums, with a learned
  /// gain and shift, before their activation, as PQN has it (Gallici et al. 2024).
  bool layer_norm;
  float gamma;  ///< 0.975; discount a step
  /// true: a user who leaves by throng_sim_def.leave_probability p ends no target (of a policy: no
  /// advantage), and the discount is gamma (1 - p) in its place. Exact, for no item changes p. Not
  /// where users come back (throng_users_def.sessions), whom what they were shown brings back.
  bool fold_leave;
  /// true: a session that sim.max_steps cuts off is worth what its last state is, which no agent
  /// ever acts from: what it is worth is what the network makes of it (Pardo et al., ICML 2018).
  /// false: max_steps is where a session is over, as leaving is; for users who do not stay longer.
  bool bootstrap_truncated;
  float reward_scale;   ///< 1; what a like is worth to the learner: Q and values are in these units
  float learning_rate;  ///< 1e-3 (paper: 1e-4); Adam's step size
  /// false; true: learning_rate falls linearly with the agent's user-steps, to 0 at the end of its
  /// run (throng_population_create's total_steps / count, or what throng_population_begin said).
  /// TRPO: the critic's alone. A run of 0 steps has no end, and the rate stays.
  bool anneal_lr;
  float beta1, beta2, adam_epsilon;  ///< 0.9, 0.999, 1e-8; Adam's decays and denominator term
  int32_t batch;                     ///< 512 transitions an update and agent
  int32_t update_every;              ///< 1; simulator steps between updates
  int32_t updates;                   ///< 2; updates each time
  int64_t buffer;                    ///< 250,000 transitions an agent
  int64_t learning_starts;           ///< 10,000 user-steps before the first update
  int32_t n_step;                    ///< 1; steps of reward before the bootstrap
  /// true; false: none, targets are by the newest weights, as PQN has them; then tau, target_every
  /// and double_dqn say nothing, and no copy of the weights is kept.
  bool target_network;
  bool double_dqn;    ///< true (van Hasselt et al. 2016)
  throng_loss loss;   ///< Huber
  float huber_delta;  ///< 1; error from which Huber's loss grows linearly
  /// 0; alpha of advantage learning (Bellemare et al., AAAI 2016): a target loses alpha times what
  /// the shown item lacks to the best one of its state, by the target network, 1 at the most. It is
  /// Munchausen DQN (Vieillard et al., NeurIPS 2020) with a temperature of 0. Makes gaps between
  /// items 1 / (1 - alpha) times as wide beside the noise of what follows. 0: off.
  float action_gap;
  /// 0; above: Munchausen DQN with this temperature t. With pi the softmax of the target's Q / t,
  /// what follows is worth t log sum exp(Q / t), the mean of Q - t log pi under pi, and
  /// action_gap's share is of t log pi(shown item), -1 at least (Vieillard et al.: t 0.03,
  /// action_gap 0.9, no double_dqn, which then says nothing).
  float munchausen_temperature;
  float max_grad_norm;  ///< 10; 0: no clipping
  float tau;            ///< 0.01; soft target update after every update. 1: hard copies (the paper)
  int64_t target_every;              ///< 10,000 user-steps between hard copies
  throng_epsilon epsilon;            ///< linear
  float epsilon_start, epsilon_end;  ///< 1, 0.05; shares of random actions
  float epsilon_share;               ///< 0.1; share of all steps over which epsilon falls
  uint32_t seed;                     ///< 1; of weights, random actions and replay

  // PPO, A2C and TRPO, by the names and with the defaults of Stable-Baselines3 and sb3-contrib.
  int32_t n_steps;           ///< 2048 (A2C: 5); steps of each lane in a rollout
  int32_t n_epochs;          ///< 10; passes over a rollout (PPO), in minibatches of `batch`
  float gae_lambda;          ///< 0.95 (A2C: 1); of generalised advantages (Schulman et al. 2016)
  float clip_range;          ///< 0.2; of the ratio of probabilities (PPO)
  float clip_range_vf;       ///< 0: none; of the change of a value (PPO)
  bool normalize_advantage;  ///< true (A2C: false); to mean 0 and deviation 1 in each minibatch
  float ent_coef;            ///< 0; weight of the entropy in the loss (PPO, A2C)
  float vf_coef;             ///< 0.5; weight of the values' squared error in the loss (PPO, A2C)
  /// 0: none (TRPO: 0.01); PPO leaves the rollout where the mean KL divergence from the policy that
  /// made it is above 1.5 times this; TRPO's steps go so far.
  float target_kl;
  bool use_rms_prop;                   ///< false (A2C: true); RMSprop in place of Adam, decay beta2
  int32_t n_critic_updates;            ///< 10; passes of the critic over a rollout (TRPO)
  int32_t cg_max_steps;                ///< 15; of conjugate gradient (TRPO)
  float cg_damping;                    ///< 0.1; added to the Fisher matrix (TRPO)
  float line_search_shrinking_factor;  ///< 0.8; from one try to the next (TRPO)
  int32_t line_search_max_iter;        ///< 10; tries (TRPO)
  int32_t sub_sampling_factor;         ///< 1; of every so many states the policy's step (TRPO)
} throng_agent_def;

/// Every field with its usual value: DQN's.
THRONG_API throng_agent_def throng_default_agent_def(void);
/// The same for an algorithm, whose usual values may be others: PPO's learning_rate 3e-4, gamma
/// 0.99, batch 64, adam_epsilon 1e-5, max_grad_norm 0.5; A2C's learning_rate 7e-4, gamma 0.99,
/// n_steps 5, gae_lambda 1, beta2 0.99, adam_epsilon 1e-5, max_grad_norm 0.5, use_rms_prop true,
/// normalize_advantage false; TRPO's learning_rate 1e-3, gamma 0.99, batch 128, adam_epsilon 1e-5,
/// max_grad_norm 0, target_kl 0.01; all three's activation tanh, user_start 0.1, ortho_init true.
/// What a config with this agent.algorithm does not say is these.
THRONG_API throng_agent_def throng_algorithm_agent_def(throng_algorithm algorithm);

/// Agents for this simulator. `total_steps`: planned length of the run in user-steps over all
/// agents; epsilon_share is a fraction of it. All memory, replay included, is taken here.
/// Errors: ARGUMENT, MEMORY (with sizes), BACKEND.
THRONG_API throng_status throng_population_create(throng_sim *sim, const throng_agent_def *def,
                                                  int64_t total_steps, throng_population **out);
/// Give everything back; before the simulator. NULL is allowed.
THRONG_API void throng_population_close(throng_population *population);

/// Choose actions (n_lane, slate_size) for the simulator's present state and keep them on the
/// backend; `action` (host) gets a copy where it is not NULL. `greedy` leaves epsilon out. `sim`
/// may be another simulator on the same backend, with as many lanes or another multiple of the
/// agents. Errors: ARGUMENT (lanes that the agents cannot share out evenly, another world), MEMORY,
/// BACKEND.
THRONG_API throng_status throng_population_act(throng_population *population, throng_sim *sim,
                                               bool greedy, int32_t *action);
/// One step of training of all lanes: act, step the simulator, store the transition, learn when
/// due. An agent whose loss or gradient is no number has diverged: it keeps the weights of before,
/// learns no more and shows random items; the others go on. Errors: DIVERGED once every agent that
/// was not stopped has diverged (then nothing moves); ARGUMENT (episodes that start with given
/// histories, throng_sim_set_starts); MEMORY; BACKEND.
THRONG_API throng_status throng_population_train_step(throng_population *population);

/// What an agent of a population is about.
typedef enum throng_agent_state {
  THRONG_AGENT_LEARNING = 0,  ///< it learns, or will from learning_starts on
  THRONG_AGENT_STOPPED,       ///< by throng_population_stop
  THRONG_AGENT_DIVERGED,      ///< its loss or its gradient was no number any more
} throng_agent_state;

/// What each agent has come to, (count) each. Means are over what came since the last call, and 0
/// where nothing did; those of an agent that diverged hold the loss that it diverged with.
typedef struct throng_population_stats {
  int32_t count;                    ///< agents
  const throng_agent_state *state;  ///< at present
  const int64_t *user_steps;  ///< of the agent's own clock, which stands once it is not learning
  const int64_t *updates;     ///< of the agent's own clock
  const float *epsilon;       ///< at present
  const float *loss;          ///< mean over updates
  const float *q;             ///< mean over updates
  const float *grad_norm;     ///< mean over updates, before clipping
  // Of what learns from rollouts, NULL for DQN, by the names of Stable-Baselines3. q is the mean
  // value.
  const float *entropy_loss;          ///< mean over updates of minus the entropy
  const float *policy_gradient_loss;  ///< the policy's part of the loss, mean over updates
  const float *value_loss;            ///< the critic's part of the loss, mean over updates
  const float *approx_kl;  ///< KL divergence from the rollout's policy, mean over updates; A2C: 0
  const float *clip_fraction;       ///< share of clipped ratios, mean over updates; A2C: 0
  const float *explained_variance;  ///< 1 - Var(return - value) / Var(return), mean over rollouts
  const int64_t *episodes;          ///< of training, that ended while the agent was learning
  const float *mean_return;         ///< of those episodes, in likes
} throng_population_stats;
/// Host memory, valid until the next call. Errors: MEMORY, BACKEND.
THRONG_API throng_status throng_population_get_stats(throng_population *population,
                                                     throng_population_stats *out);

/// The Def that the population was made with.
THRONG_API throng_agent_def throng_population_get_def(const throng_population *population);
/// One agent's Def: with its own seed and options, and a count of 1.
/// Errors: ARGUMENT (no such agent).
THRONG_API throng_status throng_population_get_agent_def(const throng_population *population,
                                                         int32_t agent, throng_agent_def *out);
/// Give one agent a value of its own for an option, by the Def's name: any but algorithm, head,
/// count, hidden, width, user_width and seed. batch, updates, buffer and n_step go up to the
/// population's; double_dqn is 0 or 1, loss and epsilon their enumeration's numbers; tau may be 1
/// for some agents and below for others; epsilon_share is a share of the agent's own run (the
/// population's total_steps / count, or what throng_population_begin said). It counts from the next
/// step on, and other agents do not move by a bit; a larger buffer takes in what is still in the
/// log. Errors: ARGUMENT (no such agent or option, a value out of its range), MEMORY (the first
/// agent that is not double needs a table), BACKEND.
THRONG_API throng_status throng_population_set(throng_population *population, int32_t agent,
                                               const char *option, double value);
/// The present value of it. Errors: ARGUMENT (no such agent or option).
THRONG_API throng_status throng_population_get(const throng_population *population, int32_t agent,
                                               const char *option, double *value);

/// Agents first .. first + n - 1 begin anew: fresh weights, optimiser, clocks, replay and sessions
/// (episode 0 of their lanes), with the options that they have, whatever their state was.
/// `seed` (n), or NULL: their own again. Errors: ARGUMENT, MEMORY, BACKEND.
THRONG_API throng_status throng_population_start(throng_population *population, int32_t first,
                                                 int32_t n, const uint32_t *seed);
/// The agent begins anew as another: with all of `def` (its count aside), its seed too, in a run of
/// `total_steps` user-steps of its own (epsilon_share is a share of them), on lanes that stand in
/// the random stream as first_lane, first_lane + 1, .. It is, bit for bit on a CPU, what a
/// population of one would be that is made with this Def on a simulator with sim.first_lane =
/// first_lane: whatever its place, its neighbours and what was there before. Errors: ARGUMENT (no
/// such agent; an option that the agents of a population share and that is another there: with its
/// key), MEMORY, BACKEND.
THRONG_API throng_status throng_population_begin(throng_population *population, int32_t agent,
                                                 const throng_agent_def *def, int64_t total_steps,
                                                 uint32_t first_lane);
/// Agent `to` becomes what agent `from` is, on the backend: weights, optimiser, clocks, options and
/// state; where `replay`, its replay and the sessions of its lanes too, else it goes on with its
/// own. Its seed and its lanes' places in the random stream stay its own, so that the two part.
/// Errors: ARGUMENT (no such agent; `replay` where throng_sim_set_starts gave starts), BACKEND.
THRONG_API throng_status throng_population_copy(throng_population *population, int32_t from,
                                                int32_t to, bool replay);
/// The agent learns no more and in training shows random items; greedy it plays by its weights. One
/// that has diverged stays so. Errors: ARGUMENT, BACKEND.
THRONG_API throng_status throng_population_stop(throng_population *population, int32_t agent);

/// States that the caller gives, in the layout of throng_sta_score; host memory.
typedef struct throng_states {
  int64_t n;  ///< states
  /// (n); -1: somebody whom the world does not know, for whom the mean of the learned rows stands
  const int32_t *user;
  const int64_t *offset;   ///< (n + 1); state k's history is entries offset[k] .. offset[k + 1] - 1
  const int32_t *item;     ///< (offset[n]) oldest first; the newest sim.history entries count
  const uint8_t *like;     ///< (offset[n]) 1 liked, 0 disliked
  const int32_t *session;  ///< (n) how many of the newest were shown in this session; NULL: none
} throng_states;

/// The agent's score of every item in every state, q (n, n_item), host memory: for DQN its Q, by
/// which greedy actions are chosen. The weights are read and nothing moves.
/// Errors: ARGUMENT (no such agent; a user, item, like, offset or session out of range, by its
/// place), MEMORY, BACKEND.
THRONG_API throng_status throng_population_scores(throng_population *population, int32_t agent,
                                                  const throng_states *states, float *q);
/// The `top` items of highest score in every state, best first, ties to the lower item:
/// item (n, top) and, where it is not NULL, q (n, top), host memory. `skip_session` leaves out what
/// the session has shown; where too few items are left, or scores are no numbers (an agent that has
/// diverged), the rest are -1 with a score of -infinity.
/// Errors: as throng_population_scores; ARGUMENT (top not in 1..n_item).
THRONG_API throng_status throng_population_top(throng_population *population, int32_t agent,
                                               const throng_states *states, int32_t top,
                                               bool skip_session, int32_t *item, float *q);

/// What recommendations leave out.
typedef enum throng_exclude {
  THRONG_EXCLUDE_NONE = 0,  ///< nothing
  THRONG_EXCLUDE_SESSION,   ///< what the session has shown (throng_states.session)
  THRONG_EXCLUDE_HISTORY,   ///< all of the history that was given, however long
} throng_exclude;

/// What an agent would show in every state, as throng_population_top but for the scores, `score`
/// (n, top) or NULL: DQN's are Q, a policy's are log-probabilities of being shown first, among all
/// that is not left out. The order is the one of throng_population_act with `greedy`, on lanes
/// whose mask leaves out the same. Errors: as throng_population_top.
THRONG_API throng_status throng_population_recommend(throng_population *population, int32_t agent,
                                                     const throng_states *states, int32_t top,
                                                     throng_exclude exclude, int32_t *item,
                                                     float *score);

/// The population's arrays where they lie, all of them read_only; fills at most `most` of `out` and
/// returns how many there are. Names, types and shapes are those of a checkpoint
/// (docs/file_formats.md): "weight.user" (count, n_user, user_width), "replay.reward", ...
THRONG_API int64_t throng_population_arrays(const throng_population *population, int64_t most,
                                            throng_array *out);

/// Write weights, optimiser, replay and counters with the simulator's lanes, atomically: what exact
/// resume needs. Errors: as throng_sim_save.
THRONG_API throng_status throng_population_save(throng_population *population, const char *path);
/// Take all of it back bit for bit, into a population with the same Def on such a simulator.
/// Errors: as throng_sim_restore, for the agent's Def too.
THRONG_API throng_status throng_population_restore(throng_population *population, const char *path);

/// Write one agent with its lanes, as throng_population_save does a population of one with this
/// agent's Def on a simulator with its lanes alone: whatever reads such a file reads this one
/// (throng_population_restore, `throng train --resume`). Errors: ARGUMENT (no such agent); as
/// throng_sim_save.
THRONG_API throng_status throng_population_save_agent(throng_population *population, int32_t agent,
                                                      const char *path);
/// Read such a file in the place of one agent: with its options, its seed and its lanes' numbers
/// the agent goes on as it would have where it was saved, bit for bit on a CPU. The population's
/// own clock goes on to the agent's where it is behind. Errors: ARGUMENT (no such agent); IO,
/// MEMORY, BACKEND; DATA (a damaged file, another simulator's, or an agent with other shared
/// options, with the first that differs), and then nothing has changed.
THRONG_API throng_status throng_population_load_agent(throng_population *population, int32_t agent,
                                                      const char *path);

#ifdef __cplusplus
}
#endif
#endif
