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

/// throng_population_restore from a file that is open already.
throng_status agent_restore_from(throng_population *population, const safetensors_file *file);

#endif
