/// How the agents of a population learn, behind one table as backends are. The population brings
/// lanes, clocks, the log of what was shown, a network and its weights; an algorithm adds arrays
/// and says what a step of learning is. A further one is a folder with an agent_algorithm and a
/// line of AGENT_ALGORITHMS; tests/support/bandit.h is a short one.
#ifndef THRONG_AGENT_ALGORITHM_H
#define THRONG_AGENT_ALGORITHM_H

#include "agent/agent.h"

/// X(NAME, name): all that there are, each THRONG_ALGORITHM_NAME, "name" in configs, and
/// algorithm_name in a folder of its own.
#define AGENT_ALGORITHMS(X) \
  X(DQN, dqn)               \
  X(PPO, ppo)               \
  X(A2C, a2c)               \
  X(TRPO, trpo)

/// Agents first .. first + n - 1 of a population.
typedef struct agent_range {
  int32_t first, n;
} agent_range;

/// Kinds of a training step. Steps of one kind queue the same work, which a backend may record.
enum {
  STEP_ALONE = -1,  // learns, with something before it that comes once: never recorded
  STEP_ACTS = 0,    // every agent acts, none learns
  STEP_LEARNS = 1,
  STEP_TURN = 2,  // of an algorithm of rollouts: one update, the step before it being done
  STEP_KINDS = 3,
};

/// The slots, and what is put there:
///
///           add_arrays             start           choose           learn
///   DQN     target, moments,       target          epsilon-greedy   draw, TD error, backward, Adam
///           one batch of replay
///   A2C     critic, moments,       critic, means   draw from the    evaluate, loss, backward of
///           advantages, a batch    of squares      softmax          both networks, RMSprop
///   PPO     the same, and old      the same        the same         one minibatch: the same with
///           log-probabilities                                       clipped ratios, Adam
///
/// A rollout is the log's newest n_steps; its states are rebuilt. The critic is a network of its
/// own with a parameter_set of its own. Log-probabilities, entropies and their gradients are folds
/// over tiles of scores (network/softmax.h), as catalogue_best is, and a draw is that with noise.
typedef struct agent_algorithm {
  const char *name;   // as in agent.algorithm, and in a checkpoint
  const char *title;  // as in tables: "DQN"
  /// Register arrays, (n_agent, ..) each: what a checkpoint must hold in population.weights, the
  /// rest in .scratch; own memory in .own, which must be one block of throng_alloc.
  throng_status (*add_arrays)(throng_population *);
  /// What stands in arrays of .scratch from the first to the last, whoever comes into the places
  /// by `start`, a file or a copy. May be NULL.
  throng_status (*fill)(throng_population *);
  /// After fresh weights: what these agents have of the algorithm's begins anew. What is saved has
  /// been zeroed.
  throng_status (*start)(throng_population *, agent_range);
  /// Items for every lane's present state into sim->action. Not greedy: as in training, where
  /// agents that are not learning show random items.
  throng_status (*choose)(throng_population *, agent_actor *, throng_sim *, bool greedy);
  /// After options of agents have changed: what population.kinds need that was not there, in .late.
  /// May be NULL.
  throng_status (*follow)(throng_population *);
  /// The kind of the coming step, from the host's clocks.
  int (*kind_of_step)(const throng_population *);
  /// What comes once before an agent's first update (STEP_ALONE). May be NULL.
  throng_status (*prepare)(throng_population *);
  /// One of the updates of a step, of the agents in clock.learns; reads no host state but .kinds.
  throng_status (*learn)(throng_population *);
  /// After a step of any kind. May be NULL.
  throng_status (*after_step)(throng_population *);
  /// Why an agent has diverged, where the algorithm knows more than its loss says: `text` stays
  /// empty where it does not. May be NULL.
  throng_status (*explain)(throng_population *, int32_t agent, char *text, size_t size);

  // An algorithm that learns from rollouts, the log's newest n_steps, and then drops them:
  bool rolls;
  bool logs_log_prob;  // of what was shown; the critic's value is logged by all
  /// Updates of a rollout of an agent with this Def.
  int64_t (*turns)(const throng_population *, const throng_agent_def *own);
  /// What comes before a rollout's first update; not recorded.
  throng_status (*close)(throng_population *);
} agent_algorithm;

/// The table entry; NULL where it is none.
const agent_algorithm *agent_algorithm_of(throng_algorithm algorithm);
/// throng_population_create with an algorithm that stands in no table.
throng_status population_create(throng_sim *sim, const throng_agent_def *def,
                                const agent_algorithm *algorithm, int64_t total_steps,
                                throng_population **out);

#endif
