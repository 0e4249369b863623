/// The inside of throng_population, for host/agent and host/train: playing and ranking on any
/// simulator. (The population's own arrays are in population.h; the public face is throng/agent.h.)
#ifndef THRONG_AGENT_INTERNAL_H
#define THRONG_AGENT_INTERNAL_H

#include "sim/sim.h"
#include "throng/agent.h"

/// Scratch memory for choosing items on simulators of one shape (lanes, history, slate). A
/// population trains with an actor of its own; evaluation creates a second one, which may serve any
/// number of simulators of that shape and never touches the replay, the random stream of training
/// or the weights. Must be freed before its population.
typedef struct agent_actor agent_actor;

/// Take memory for simulators shaped like `sim`: their lanes must be a multiple of the
/// population's count, and lane l is played by agent l / (n_lane / count). `top` is the most items
/// that agent_actor_rank will be asked for (0: none). Errors: ARGUMENT, MEMORY.
throng_status agent_actor_create(throng_population *population, const throng_sim *sim, int32_t top,
                                 agent_actor **out);
/// NULL is allowed.
void agent_actor_free(agent_actor *actor);

/// What tables and progress call the agents: "DQN".
const char *agent_title(const agent_actor *actor);

/// Choose items for the present state of every lane and leave them in `sim->action`, on the
/// backend; sim_step_on_backend(sim) then shows them. `greedy` leaves epsilon out. Items seen in
/// the session are left out where the simulator masks them.
throng_status agent_actor_act(agent_actor *actor, throng_sim *sim, bool greedy);

/// The `top` best items of every lane's present state, best first (host memory, (n_lane, top));
/// ties go to the lower item, and items whose score is no number come last. Seen items are left out
/// where the simulator masks them, while others are left.
throng_status agent_actor_rank(agent_actor *actor, throng_sim *sim, int32_t top, int32_t *item);

/// What happened in training that a person should hear of, once; NULL: nothing. Valid until the
/// next call.
const char *agent_take_note(throng_population *population);

/// Does one learn still? Errors: DIVERGED where none does and at least one has diverged. As last
/// looked at, which on a device is now and then, and whenever statistics are read.
throng_status agent_any_left(const throng_population *population);

/// Every agent's present state, (count); valid until the population's next call.
const throng_agent_state *agent_states(const throng_population *population);

/// User-steps of all lanes since the population was made: the clock of a run.
int64_t agent_run_steps(const throng_population *population);

/// From the next step on the agent stands still, by a bit, while others train; or moves again. What
/// plays on other simulators does not notice. (Agents that are measured at the same user-steps of
/// their own clocks wait for each other so.)
throng_status agent_halt(throng_population *population, int32_t agent, bool halted);

/// An agent out of a population and into any place of another of its shape (Defs with the same
/// shared options, lanes an agent, simulator), through host memory: with its options, its seed and
/// its lanes' numbers, so that what follows is what would have followed there, to the bit.
size_t agent_packed_size(const throng_population *population, int32_t agent);
throng_status agent_pack(throng_population *population, int32_t agent, void *to);
throng_status agent_unpack(throng_population *population, int32_t agent, const void *from);
/// Is it a Def that an agent may have? Errors: ARGUMENT.
throng_status agent_check_def(const throng_agent_def *def);
/// The agent goes on with the options of `def`, in a run of `total_steps` of its own, on lanes
/// numbered from `first_lane` on. Errors: as throng_population_begin.
throng_status agent_become(throng_population *population, int32_t agent,
                           const throng_agent_def *def, int64_t total_steps, uint32_t first_lane);
/// Its statistics begin anew, as after throng_population_get_stats.
throng_status agent_forget_statistics(throng_population *population, int32_t agent);
/// Why an agent has diverged: "the loss is NaN after update 12: ...".
throng_status agent_divergence(throng_population *population, int32_t agent, char *text,
                               size_t size);
/// Simulator steps of the agent's own clock.
int64_t agent_own_steps(const throng_population *population, int32_t agent);
/// throng_population_create without agents: each place is to be begun, loaded or unpacked before it
/// trains, and is halted until then.
throng_status agent_create_places(throng_sim *sim, const throng_agent_def *def, int64_t total_steps,
                                  throng_population **out);

/// throng_population_load_agent, and the agent goes on with the options of `def` (NULL: its own),
/// in a run of `total_steps`, on lanes numbered from `first_lane` on: a copy with options of its
/// own.
throng_status agent_load_as(throng_population *population, int32_t agent,
                            const throng_agent_def *def, int64_t total_steps, uint32_t first_lane,
                            const char *path);
/// The number in the random stream of an agent's first lane.
uint32_t agent_first_lane(const throng_population *population, int32_t agent);

/// What a checkpoint says of itself, for whoever lets its agents act elsewhere.
typedef struct agent_origin {
  throng_agent_def def;    // of the population that wrote it, its count too
  int64_t n_item, n_user;  // of the world
  int64_t user_steps;      // of all its lanes; -1: not said
  char world[24];          // the world's hash, as worlds' identities have it
} agent_origin;

/// Errors: DATA.
throng_status agent_origin_of(const safetensors_file *file, agent_origin *out);
/// Agent `of` of a checkpoint's becomes what a population of one plays by: its weights and, where
/// the file has them, its items' features; nothing else moves. Algorithm, head and widths must be
/// the file's; lanes, the other options and the world may be others, with the same items. Errors:
/// ARGUMENT (no such agent); DATA (damaged, items or features that differ); MEMORY, BACKEND.
throng_status agent_take_weights(throng_population *population, const safetensors_file *file,
                                 int32_t of);

/// One agent's network as numbers on the host, for whoever writes it for other programs. Of any
/// head, with x = [state | the user's row] and f the activation, max(0, z) or tanh z, row vectors:
///   h = f(f(x input + input_bias) hidden + hidden_bias)
///   query = h query + query_bias + x skip, or h where `query` is NULL
///   value = h value + value_bias + x value_skip, each of them 0 where it is NULL
///   score(i) = query . vector(i) + bias(i) + value: a Q, or a policy's logit
typedef struct agent_copy {
  const char *algorithm, *head, *activation;  // as in a config
  int32_t width, n_hidden[2], user_width, history;
  int32_t n_direction, n_category, n_feature, n_user_feature;
  int64_t n_item, n_user, n_state;
  float *user;                  // (n_user + 1, user_width), the mean of all at last
  float *input, *input_bias;    // (n_state + user_width, n_hidden[0]), (n_hidden[0])
  float *hidden, *hidden_bias;  // (n_hidden[0], n_hidden[1]), (n_hidden[1])
  // (n_hidden[0]) twice, (n_hidden[1]) twice: of the layers' norms; NULL: they have none
  float *input_gain, *input_shift, *hidden_gain, *hidden_shift;
  float *query, *query_bias, *skip;        // (n_hidden[1], width), (width), (n_state + .., width)
  float *value, *value_bias, *value_skip;  // (n_hidden[1]), (1), (n_state + user_width)
  float *vector, *bias;                    // (n_item, width), (n_item)
  float *feature;                          // (n_item, n_feature); NULL: the state reads none
  void *block[20];
  int n_block;
} agent_copy;

/// Errors: ARGUMENT (no such agent), MEMORY, BACKEND. `out` is freed with agent_copy_free.
throng_status agent_copy_make(throng_population *population, int32_t agent, agent_copy *out);
void agent_copy_free(agent_copy *copy);
/// What an agent makes of given states, host memory, each NULL where it is not wanted: state (n,
/// n_state), query (n, width), value (n). Errors: as throng_population_scores.
throng_status agent_look(throng_population *population, int32_t agent, const throng_states *states,
                         float *state, float *query, float *value);

/// throng_population_restore from a file that is open already.
throng_status agent_restore_from(throng_population *population, const safetensors_file *file);

#endif
