/// The inside of throng_population: every agent's weights, clocks, options and log, each array with
/// a leading agent dimension. For the files of host/agent (and their tests) only.
#ifndef THRONG_AGENT_POPULATION_H
#define THRONG_AGENT_POPULATION_H

#include <float.h>

#include "agent/algorithm.h"
#include "agent/network/catalogue.h"
#include "agent/network/network.h"
#include "agent/optimizer.h"
#include "kernels/agent/agent_act.h"
#include "kernels/agent/clock.h"
#include "kernels/agent/policy_gradient.h"
#include "kernels/agent/replay.h"

/// X(C type, name): the agents' own options as kernels take them, (n_agent) on the backend. Which
/// they are is said by FIELD_PER_AGENT in agent_fields.c: each such row has an array, is saved,
/// copied, set and read without being named here.
#define AGENT_OPTIONS(X)                                                       \
  X(float, learning_rate)                                                      \
  X(float, gamma)                                                              \
  X(float, reward_scale)                                                       \
  X(float, huber_delta)                                                        \
  X(float, action_gap)                                                         \
  X(float, munchausen_temperature)                                             \
  X(float, beta1)                                                              \
  X(float, beta2)                                                              \
  X(float, adam_epsilon)                                                       \
  X(float, max_grad_norm)                                                      \
  X(float, tau)                                                                \
  X(float, epsilon_start)                                                      \
  X(float, epsilon_end)                                                        \
  X(float, epsilon_steps) /* epsilon_share as user-steps of the agent's own */ \
  X(int64_t, anneal_lr)                                                        \
  X(int64_t, batch)                                                            \
  X(int64_t, updates)                                                          \
  X(int64_t, buffer)                                                           \
  X(int64_t, n_step)                                                           \
  X(int64_t, fold_leave)                                                       \
  X(int64_t, bootstrap_truncated)                                              \
  X(int64_t, double_dqn)                                                       \
  X(int64_t, loss)                                                             \
  X(int64_t, epsilon)                                                          \
  X(int64_t, learning_starts)                                                  \
  X(int64_t, update_every)                                                     \
  X(int64_t, target_every)                                                     \
  /* of a rollout; NULL for DQN */                                             \
  X(int64_t, n_steps)                                                          \
  X(int64_t, n_epochs)                                                         \
  X(float, gae_lambda)                                                         \
  X(float, clip_range)                                                         \
  X(float, clip_range_vf)                                                      \
  X(int64_t, normalize_advantage)                                              \
  X(float, ent_coef)                                                           \
  X(float, vf_coef)                                                            \
  X(float, target_kl)                                                          \
  X(int64_t, use_rms_prop)                                                     \
  X(int64_t, n_critic_updates)                                                 \
  X(int64_t, cg_max_steps)                                                     \
  X(float, cg_damping)                                                         \
  X(float, line_search_shrinking_factor)                                       \
  X(int64_t, line_search_max_iter)                                             \
  X(int64_t, sub_sampling_factor)

typedef struct agent_options {
#define X(type, name) type *name;
  AGENT_OPTIONS(X)
#undef X
  uint32_t *seed;
  double
      *total_steps;  // of the run that epsilon and anneal_lr go by, in the agent's own user-steps
} agent_options;

enum { MOST_FIELDS = 64 };

/// What the agents have among them: what would be for none of them is not queued.
typedef struct agent_kinds {
  bool doubles, singles, tempered;  // see td_sides
  bool softs;                       // target networks that follow by a tau below 1
  bool gaps;                        // action_gap above 0
  bool foresee;                     // gamma above 0: a next state is worth something
  bool folds;                       // fold_leave
  int32_t updates;                  // the most turns of any
} agent_kinds;

/// The host's copy of the clocks, which decides what is queued. A device may be ahead in one thing
/// alone: an agent that diverged since it was last looked at still counts here as learning.
typedef struct host_clocks {
  int64_t time;
  int64_t *steps, *log_start, *updates, *mark;  // (n_agent)
  int32_t *state, *found;                       // (n_agent) found: as last looked for
  int32_t *halted;                              // (n_agent) its lanes are (sim_halt_lanes)
  float *epsilon_steps;                         // (n_agent)
  double *total_steps;                          // (n_agent) see agent_options
} host_clocks;

/// Sums for the statistics, of each agent since they were read.
typedef struct learning_sums {
  float *loss, *q, *norm;  // (n_agent)
  int32_t *n;              // updates in them
  float *policy;           // (n_agent, POLICY_STATS) of updates from rollouts, see policy_judge
  float *explained;        // (n_agent) what critics explained of rollouts' returns
  int32_t *n_explained;    // rollouts in it
  float *last_loss;        // of the last update, which is what divergence is told by
  float *returns;          // (n_lane) of training's episodes, likewise since they were read
  int32_t *n_episode;      // (n_lane)
} learning_sums;

/// A step of training as a graph of the backend, where it has such: one for each kind of step and
/// each set of tables that it finds up to date.
typedef struct step_graph {
  struct backend_graph *graph;
  bool seen;         // ran once as plain calls: products chosen, scratch grown
  unsigned current;  // afterwards
} step_graph;

/// Bits of population.current: which tables belong to the present weights.
enum { CURRENT_CATALOGUE = 1, CURRENT_OWN = 2 /* the algorithm's */, CURRENT_SETS = 4 };
enum { STEP_GRAPHS = STEP_KINDS * CURRENT_SETS };

struct throng_population {
  throng_agent_def def;
  const agent_algorithm *algorithm;
  throng_sim *sim;
  throng_backend *backend;
  int64_t total_steps;  // of the run that it was made for, over all agents
  int32_t n_agent, history, slate;
  int64_t n_lane, agent_lanes;  // all, and one agent's
  network net;

  // Saved. In `weights` all arrays are (n_agent, ..): what an agent is.
  tensor_set weights, hyper, intervals, replay, clocks;
  parameter_set weight;
  agent_options option;
  void *option_of[MOST_FIELDS];  // (n_agent) by the row of agent_fields, where it is an agent's own
  replay_log log;
  agent_clocks clock;

  // Derived or scratch: not saved.
  tensor_set constants, scratch;
  catalogue catalogue;  // under the present weights
  unsigned current;     // CURRENT_..: tables that belong to them, of all agents
  int32_t *stale,
      *own_stale;             // (n_agent) whose part of the catalogue, of the algorithm's, does not
  int32_t *catalogue_rows;    // (n_agent) items of a part that is made anew
  float *user_met;            // (n_agent, n_user) see optimizer; or NULL
  float *moves;               // (n_agent, optimizer_blocks) 0: a block no gradient ever reached
  tensor_set late, tempered;  // tables that only some kinds of agents need, once there are such
  agent_kinds kinds;
  learning_sums sums;
  void *own;                   // the algorithm's
  agent_actor *actor, *guest;  // for the agents' own simulator; for another, made on demand
  host_clocks host;
  throng_agent_def *own_def;  // (n_agent) host: the Def with each agent's own options and seed
  void *host_block;           // memory of both
  void *shown;                // what the last statistics showed
  int64_t unwatched;          // updates since divergence was last looked for
  char diverged[512];         // the first that did: what is said where no agent learns any more
  step_graph graph[STEP_GRAPHS];
  int64_t sim_generation;     // of the simulator that they were recorded with
  bool unrecorded;            // one could not be recorded: no other is tried
  char note[768], told[768];  // see agent_take_note
};

#define CLOCK_MOST 9007199254740992.0  // 2^53: exact as a JSON number, and far from overflow

// population_create.c
/// The weights of a range of agents are others, and so will their tables be. Not within a graph.
throng_status population_weights_moved(throng_population *a, agent_range range);
/// Fresh weights for a range of agents, by their seeds; then the algorithm's part.
throng_status population_start_weights(throng_population *a, agent_range range);
/// Byte range of one agent in an array whose first dimension is shared out among them.
static inline size_t population_slice(const throng_population *a, const tensor *t) {
  return tensor_bytes(t) / (size_t)a->n_agent;
}

// options.c
throng_status options_register(throng_population *a);
/// Every agent has the Def's options, each with a seed of its own; on both sides.
throng_status options_start(throng_population *a);
/// Of `all` (hyper or intervals) the arrays that a file is to have, in `room` (MOST_FIELDS): those
/// of options that were added after it was written are not there.
struct safetensors_file;
void options_of_file(const tensor_set *all, const struct safetensors_file *file, tensor *room,
                     tensor_set *kept);
/// Do the options of a file's `n` agents, each in its limits, contradict each other? Errors: DATA.
throng_status options_check_file(const throng_population *a, int32_t n,
                                 const struct safetensors_file *file);
/// From the backend's arrays to the host's copies.
throng_status options_read(throng_population *a);
/// All of one agent's options and its seed from a Def, for a run of `total_steps` user-steps of its
/// own. The agent is not begun anew. Errors: ARGUMENT (no such agent, a Def that is none, an option
/// that agents of one population share and that is another there), BACKEND.
throng_status options_take(throng_population *a, int32_t agent, const throng_agent_def *def,
                           int64_t total_steps);
/// After options have changed: take what the agents' kinds need now, and record steps anew where
/// these are others. Errors: MEMORY.
throng_status options_follow(throng_population *a);
/// What of a Def contradicts itself. Errors: ARGUMENT.
throng_status options_check(const throng_agent_def *def);
/// Are the updates of a rollout too many to count? Errors: ARGUMENT.
throng_status options_check_turns(const throng_population *a, const throng_agent_def *def);
float agent_epsilon(throng_epsilon kind, float start, float end, float steps, int64_t agent_steps);

/// The statistics of a range of agents begin anew.
throng_status population_zero_sums(throng_population *a, agent_range range);

// members.c
/// Errors: ARGUMENT (no such agent).
throng_status members_require(const throng_population *a, int32_t agent);
/// An agent's clock, by its own time.
typedef struct agent_clock {
  int64_t steps, logged, updates, mark;
  int32_t state;
} agent_clock;
agent_clock members_get_clock(const throng_population *a, int32_t agent);
/// Steps that the ring of an agent with this Def holds.
int64_t replay_ring(const throng_population *a, const throng_agent_def *def);
/// The agent's log holds its newest `keep` steps and no more: what was before, another's ring would
/// not have.
throng_status members_shorten_log(throng_population *a, int32_t agent, int64_t keep);
/// On the host; the population's time goes on to the agent's where it is behind.
void members_set_clock(throng_population *a, int32_t agent, const agent_clock *clock);

// checkpoint.c
/// The line that says what agent wrote a file: the population's, or one with this Def alone.
/// Caller frees.
throng_status population_identity(const throng_population *a, const throng_agent_def *def,
                                  char **out);
/// Errors: DATA where the file's is another.
throng_status population_check_identity(const throng_population *a, const throng_agent_def *def,
                                        const safetensors_file *file);
/// The items' features, which a file of before they were saved lacks: then none.
tensor_set population_features_in(const throng_population *a, const safetensors_file *file);
/// Metadata of files whose log is in the agents' own time: step t of an agent's log at place t % of
/// the ring. Files without it go by the population's time, the two being the same where an agent's
/// log begins at time 0.
#define LOG_KEY "log"
#define LOG_OWN "own time"
/// From that to the agent's own, of `n` lanes of the log whose first is `lane`.
throng_status replay_turn_back(throng_population *a, const tensor_set *log, int64_t lane, int64_t n,
                               int64_t log_start);

/// Updates that an agent with this Def takes of a step in which it learns.
int64_t clocks_turns_of(const throng_population *a, const throng_agent_def *own);
/// Could an agent of this Def have taken so many in so many steps?
bool clocks_may_be(const throng_population *a, const throng_agent_def *own, int64_t steps,
                   int64_t updates);

// clocks.c
throng_status clocks_register(throng_population *a);
/// Take the host's memory for clocks and options.
throng_status clocks_take_host(throng_population *a);
/// The host's clocks to the backend, or back.
throng_status clocks_write(throng_population *a);
throng_status clocks_read(throng_population *a);
/// Steps that an agent's log has got.
int64_t clocks_logged(const throng_population *a, int32_t agent);
/// Clocks of a range of agents that begin now.
void clocks_start(throng_population *a, agent_range range);
/// Is an update of the agent due, one simulator step from now (`ahead` 1)? By the host's clocks.
bool clocks_due(const throng_population *a, int32_t agent, int64_t ahead);
/// The backend's clocks moved on by a step, in which those who were due learned.
void clocks_moved(throng_population *a, bool learned);
/// Put all agents in clock.learns, or those that take update number `turn` of this step.
throng_status clocks_let_all_learn(throng_population *a);
throng_status clocks_find_learners(throng_population *a, int32_t turn);
/// Updates that the step's agents take, the most of any: on a backend that records, of all kinds.
int32_t clocks_turns(const throng_population *a);
/// After loss and norm of an update: who diverged learns no more.
throng_status clocks_judge(throng_population *a, const float *norm, int64_t stride);
/// Has an agent diverged? Looked for after each step on the host's memory, now and then on a
/// device, or `now`. What is no number among its arrays is set to 0.
throng_status clocks_watch(throng_population *a, bool now);

// replay.c
throng_status replay_register(throng_population *a);
/// Times that the log holds before those that are sampled from: what the oldest state shows.
int64_t replay_times_before(const throng_population *a);
throng_status replay_before_step(throng_population *a);
/// Moves the backend's clock.
throng_status replay_after_step(throng_population *a);
/// A batch of transitions of every agent: (n_agent, batch) each.
typedef struct replay_batch {
  int32_t *lane, *slot, *action;
  int64_t *time, *number;  // number (1): of a batch that replay_draw was asked for
  float *reward, *discount;
  network_pass state, next;
  state_view
      shown;  // what next's sessions have shown, where next does not hold all of it; or NULLs
} replay_batch;
throng_status replay_add_batch(throng_population *a, replay_batch *b);
/// What the sessions of `rows` states of every agent have shown, where the states do not hold all
/// of it and must be masked by it; else `shown` stays without entries.
throng_status replay_add_shown(throng_population *a, tensor_set *set, state_view *shown,
                               int64_t rows, const char *name);
/// Draw each agent's next batch and rebuild its states.
throng_status replay_draw_next(throng_population *a, replay_batch *b);
/// Draw batch number `draw` of every agent and rebuild its states.
throng_status replay_draw(throng_population *a, replay_batch *b, uint64_t draw);
/// Rebuild the states of the transitions in lane, time and slot.
throng_status replay_rebuild_batch(throng_population *a, replay_batch *b);

/// Rebuild states from the log: all that a gather needs but for its rows, where from and where to.
replay_gather_args replay_gather_of(const throng_population *a);

// actor.c
/// Was the actor made for simulators shaped like this one?
bool agent_actor_fits(const agent_actor *actor, const throng_sim *sim);
/// agent_algorithm.choose: by the network's scores, at random with each agent's epsilon.
throng_status actor_choose_by_epsilon(throng_population *a, agent_actor *actor, throng_sim *sim,
                                      bool greedy);
/// The same by a draw from the softmax of the scores; greedy: the best. `beside`, where it is not
/// NULL, gets the softmax's sums (catalogue_draw_and_sums).
struct softmax_scores;
throng_status actor_choose_by_softmax(throng_population *a, agent_actor *actor, throng_sim *sim,
                                      bool greedy, struct softmax_scores *beside);
/// The simulator's present states into the actor's pass.
throng_status agent_actor_look(agent_actor *actor, const throng_sim *sim);
/// The states that the actor chose for last, with their queries and values.
network_pass *agent_actor_pass(agent_actor *actor);
/// (n_agent) how many lanes of each agent these are, or NULL: all.
const int32_t *agent_actor_rows(const agent_actor *actor);

// update.c
/// Catalogue under the present weights, of the agents that have rows in `wanted` (NULL: of all).
throng_status population_refresh(throng_population *a, const int32_t *wanted);
/// A catalogue `c` of the weights `w`: of the agents whose part is stale, by its flag or because
/// their `tau` (NULL: none) is below 1, and wanted.
throng_status population_make_catalogue(throng_population *a, const parameter_set *w, catalogue *c,
                                        int32_t *stale, const int32_t *wanted, const float *tau);
/// Losses and scores (n_agent, rows) of an update, of the agents that learn: what it is judged by,
/// and the statistics. `used` as in row_is_idle.
throng_status population_add_losses(throng_population *a, const float *loss, const float *q,
                                    int64_t rows, const int32_t *used);
/// What an update goes by: the agents' own options; `update` (n_agent) counts what each took.
optimizer_options population_optimizer_options(const throng_population *a, int64_t *update);
/// Measure the gradient, judge, step: the weights of the agents that learn, and `target` (NULL:
/// none) by tau.
throng_status population_step_weights(throng_population *a, optimizer *o,
                                      const parameter_set *target);
// step.c
void population_free_graphs(throng_population *a);
/// Steps are other ones from now on: each kind is run once before it is recorded.
void population_forget_graphs(throng_population *a);

#endif
