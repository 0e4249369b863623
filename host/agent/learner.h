/// The learner's arrays: parameters, hyperparameters, replay log, one batch and its gradients, each
/// with a leading agent dimension. For the files of host/agent (and their tests) only.
#ifndef THRONG_AGENT_LEARNER_H
#define THRONG_AGENT_LEARNER_H

#include <float.h>

#include "agent/agent.h"
#include "kernels/agent/agent_features.h"
#include "kernels/agent/optimizer.h"
#include "kernels/agent/replay.h"

/// X(NAME, name, rows, columns): parameters, (n_agent, rows, columns); matrices are stored
/// (in, out). Those without elements do not exist for the head. `two` is 1 for two_tower.
#define AGENT_PARAMETERS(X)                                                                   \
  X(USER, user, a->n_user, a->def.user_width)                                                 \
  X(INPUT_ITEM, input_item, two ? 0 : a->n_item, a->def.hidden[0])                            \
  X(INPUT, input, a->n_input, a->def.hidden[0])                                               \
  X(INPUT_BIAS, input_bias, 1, a->def.hidden[0])                                              \
  X(HIDDEN, hidden, a->def.hidden[0], a->def.hidden[1])                                       \
  X(HIDDEN_BIAS, hidden_bias, 1, a->def.hidden[1])                                            \
  X(QUERY, query, two ? a->def.hidden[1] : 0, a->width)                                       \
  X(QUERY_BIAS, query_bias, two, a->width)                                                    \
  X(SKIP, skip, two ? a->n_input : 0, a->width)  /* features to query */                      \
  X(VALUE, value, two ? a->def.hidden[1] : 0, 1) /* the state's own value */                  \
  X(VALUE_SKIP, value_skip, two ? a->n_input : 0, 1)                                          \
  X(VALUE_BIAS, value_bias, two, 1)                                                           \
  X(ITEM_MATRIX, item_matrix, two ? a->n_feature : 0, a->width) /* item features to vector */ \
  X(ITEM_FACT, item_fact, two ? a->n_feature : 0, 1)            /* item features to bias */   \
  X(ITEM_VECTOR, item_vector, a->n_item, a->width)              /* flat: the output rows */   \
  X(ITEM_BIAS, item_bias, a->n_item, 1)

enum {
#define X(id, name, rows, columns) PARAMETER_##id,
  AGENT_PARAMETERS(X)
#undef X
      PARAMETER_COUNT
};

/// One pointer a parameter: the weights themselves, the target network's, gradients, moments.
typedef struct parameter_set {
  float *at[PARAMETER_COUNT];
} parameter_set;

/// X(name, least, most): hyperparameters, (n_agent) floats on the backend. An exponential schedule
/// divides by its ends.
#define AGENT_ABOVE_0 (double)FLT_TRUE_MIN
#define AGENT_BELOW_1 (1.0 - (double)FLT_EPSILON / 2)
#define AGENT_EPSILON_LEAST (a->def.epsilon == THRONG_EPSILON_EXPONENTIAL ? AGENT_ABOVE_0 : 0)
#define AGENT_HYPERPARAMETERS(X)                  \
  X(learning_rate, 0, (double)FLT_MAX)            \
  X(gamma, 0, 1)                                  \
  X(beta1, 0, AGENT_BELOW_1)                      \
  X(beta2, 0, AGENT_BELOW_1)                      \
  X(adam_epsilon, AGENT_ABOVE_0, (double)FLT_MAX) \
  X(max_grad_norm, 0, (double)FLT_MAX)            \
  X(tau, AGENT_ABOVE_0, 1)                        \
  X(epsilon_start, AGENT_EPSILON_LEAST, 1)        \
  X(epsilon_end, AGENT_EPSILON_LEAST, 1)          \
  X(epsilon_steps, 0, (double)FLT_MAX) /* user-steps over which its epsilon falls */

/// Activations of one forward pass over `rows` states of every agent.
typedef struct agent_pass {
  int64_t rows;
  state_view state;  // (n_agent * rows)
  float *feature;    // (n_agent, rows, n_input)
  int32_t *slot;     // (n_agent, rows, history) flat
  float *sign;       // (n_agent, rows, history) flat
  float *hidden0;    // (n_agent, rows, hidden[0])
  float *hidden1;    // (n_agent, rows, hidden[1])
  float *query;      // (n_agent, rows, width); flat: hidden1
  float *value;      // (n_agent, rows); flat: stays 0
} agent_pass;

/// A batch of transitions and what an update makes of it: (n_agent, batch) each.
typedef struct agent_batch {
  int32_t *lane, *slot, *action;
  int64_t *time, *number;  // number (1): of a batch that replay_draw was asked for
  float *reward, *discount;
  agent_pass state, next;
  float *best_value;  // of the next state
  int32_t *best_item;
  int64_t *packed;                        // what a device's search for them works in, or NULL
  float *item_feature;                    // (n_agent, batch, n_feature) of the action
  float *vector, *bias;                   // of the action
  float *next_vector, *next_bias;         // of the next state's best item
  float *next_feature;                    // (n_agent, batch, n_feature)
  float *q, *loss, *delta;                // (n_agent, batch)
  float *d_query, *d_vector, *d_hidden1;  // (n_agent, batch, ..)
  float *d_hidden0, *d_user;
  int32_t *key, *order, *offset;       // grouping by item, user or history entry
  double *partial;                     // (n_agent, n_partial) squares of the gradient
  adam_scale *scale;                   // (n_agent)
  float *loss_mean;                    // (n_agent) of the last update
  float *loss_sum, *q_sum, *norm_sum;  // (n_agent) since the statistics were read
  float *lane_reward, *lane_left;      // (n_lane) for the value that learning starts from
} agent_batch;

/// A step of training as a graph of the backend, where it has such: one for each combination of
/// what a step may be (with or without learning) and may find (tables fresh or not).
typedef struct agent_graph {
  struct backend_graph *graph;
  bool seen;                 // ran once as plain calls: products chosen, scratch grown
  bool fresh, target_fresh;  // afterwards
} agent_graph;
enum { AGENT_GRAPHS = 8 };

struct throng_population {
  throng_agent_def def;
  throng_sim *sim;
  throng_backend *backend;
  int64_t total_steps;
  int32_t n_agent, history, slate;
  int64_t n_lane, lanes;  // all, and one agent's
  int64_t n_item, n_user;
  int32_t width;                               // of query and item vectors
  int32_t n_direction, n_category, n_feature;  // of the item features; 0 for flat
  int32_t n_input;                             // dense inputs: state features, user's row
  int64_t n_partial;

  // Saved: parameters, hyperparameters, log, counters.
  tensor_set weights;
  parameter_set weight, target, moment1, moment2;
  int64_t size[PARAMETER_COUNT];  // elements of one agent's
  tensor_set hyper;
#define X(name, ...) float *name;
  AGENT_HYPERPARAMETERS(X)
#undef X
  uint32_t *seed;  // (n_agent)
  tensor_set replay;
  replay_log log;
  int64_t replay_times;  // times that are sampled from
  tensor_set counters;
  int64_t *counter;  // (AGENT_COUNTERS) on the backend: the clock (replay.h), and what saving adds
  int64_t time;      // simulator steps logged: the clock's mirror, like updates
  int64_t updates, synced, stat_updates;

  // Derived or scratch: not saved.
  tensor_set constants, scratch;
  float *item_feature;  // (n_item, n_feature) fixed
  parameter_set gradient;
  agent_batch batch;
  float *vector, *vector_bias;                // (n_agent, n_item, ..) of the catalogue
  float *target_vector, *target_vector_bias;  // where not double
  bool fresh, target_fresh;                   // the tables belong to the present weights
  float *tile;                                // Q of some states and items
  agent_actor *actor, *visitor;  // for the agent's own simulator; for another, made on demand
  float *statistics;             // (4, count) host: what the last statistics showed, with these
  throng_agent_state *shown_state;
  int64_t *shown_steps, *shown_updates;
  agent_graph graph[AGENT_GRAPHS];
  int64_t sim_generation;     // of the simulator that they were recorded with
  bool unrecorded;            // one could not be recorded: no other is tried
  char note[768], told[768];  // see agent_take_note
};

enum { AGENT_COUNTERS = 4 };
#define AGENT_CLOCK_MOST 9007199254740992.0  // 2^53: exact as a JSON number, and far from overflow

/// How many user-steps each agent has taken.
static inline int64_t agent_steps(const throng_population *a) { return a->time * a->lanes; }

// features.c
/// Columns of e+ (e-) kept, and category buckets, for a world.
void item_features_shape(const throng_world *world, int32_t *n_direction, int32_t *n_category);
/// Fill (n_item, n_feature) on the host; see kernels/agent/agent_features.h. `item` is calloc'd.
throng_status item_features_make(const throng_world *world, int32_t n_direction, int32_t n_category,
                                 float *item);
/// `k` leading eigenvectors of the rows' second moment as columns: basis (d, k), rows of unit
/// length out of at most 16,384 evenly spaced rows. For k >= d: the identity's first columns.
throng_status principal_directions(const float *rows, int64_t n, int64_t stride, int32_t d,
                                   int32_t k, float *basis);

// weights.c
throng_status agent_register_weights(throng_population *a);
/// Seeded random start: see weights.c.
throng_status agent_start_weights(throng_population *a);
/// Set a hyperparameter of every agent by its name; `value` (count).
throng_status agent_set_hyperparameter(throng_population *a, const char *name, const float *value);

// network.c
throng_status pass_register(const throng_population *a, tensor_set *set, agent_pass *pass,
                            int64_t rows, int32_t history, const char *name);
/// After the set was allocated.
void pass_bind(const throng_population *a, agent_pass *pass);
/// Features of the states that do not depend on weights.
throng_status pass_features(const throng_population *a, agent_pass *pass);
/// Queries (and values) of the states under `w`.
throng_status pass_forward(const throng_population *a, const parameter_set *w, agent_pass *pass);
/// Vectors and biases of the whole catalogue under the present weights (target: target network).
throng_status agent_refresh(throng_population *a);
throng_status agent_refresh_target(throng_population *a);
/// Vectors and biases of `item` (n_agent, rows) under `w`; `feature` is scratch.
throng_status item_vectors(const throng_population *a, const parameter_set *w, const int32_t *item,
                           int64_t rows, float *feature, float *vector, float *bias);
/// Floats of the tile of Q that agent_best works in.
int64_t agent_tile_size(const throng_population *a);
/// Items that agent_best leaves out: a bit an item and row, or what the rows' sessions hold, or
/// none.
typedef struct best_mask {
  const uint32_t *seen;  // (n_agent * rows, n_seen_word) or NULL
  int64_t n_seen_word;
  state_view shown;  // shown.entry NULL: not used
} best_mask;
/// Numbers of scratch memory with which agent_best finds up to `top` items of `rows` states an
/// agent in one kernel; 0 where the backend is faster by tiles.
int64_t agent_packed_size(const throng_population *a, int64_t rows, int32_t top);
/// Best items of every row by query . vector + bias; ties go to the lower item. `packed`:
/// agent_packed_size of them, or NULL, which takes tiles.
throng_status agent_best(const throng_population *a, const float *vector, const float *bias,
                         const float *query, int64_t rows, const best_mask *mask, int32_t top,
                         int64_t *packed, float *value, int32_t *item);
/// C (m, n) of every agent from its own A and B, all contiguous.
throng_status agent_product(const throng_population *a, bool transpose_a, bool transpose_b,
                            int64_t m, int64_t n, int64_t k, const float *x, const float *y,
                            float beta, float *c);

// replay.c
throng_status agent_register_replay(throng_population *a);
throng_status replay_before_step(throng_population *a);
throng_status replay_after_step(throng_population *a);
/// Move the clock on the backend; its mirror in throng_population is the caller's matter.
throng_status agent_tick(throng_population *a, int32_t which);
/// True where a batch can be drawn.
bool replay_ready(const throng_population *a);
/// Draw the next batch of the clock and rebuild its states.
throng_status replay_draw_next(throng_population *a);
/// Draw batch number `draw` and rebuild its states.
throng_status replay_draw(throng_population *a, uint64_t draw);
/// Rebuild the states of the transitions in batch.lane, .time and .slot.
throng_status replay_rebuild_batch(throng_population *a);

// actor.c
/// Was the actor made for simulators shaped like this one?
bool agent_actor_fits(const agent_actor *actor, const throng_sim *sim);
float agent_epsilon(throng_epsilon kind, float start, float end, float steps, int64_t agent_steps);

// learn.c
throng_status agent_register_batch(throng_population *a);
/// Loss and gradients of the batch whose states, actions, rewards and discounts are in place.
throng_status agent_gradients(throng_population *a);
/// One Adam step on the gradients, then the soft target update where tau < 1.
throng_status agent_apply(throng_population *a);
throng_status agent_copy_target(throng_population *a);
/// Draw, gradients, apply: nothing that a graph could not record.
throng_status agent_update(throng_population *a);
/// An update; before the first, where learning starts from; then the check of the loss.
throng_status agent_learn(throng_population *a);
/// Has the loss stayed a number? Looked at each update on the host's memory, now and then on a
/// device; `before`: updates when it might have been looked at last.
throng_status agent_check_loss(throng_population *a, int64_t before);

// step.c
void agent_graphs_free(throng_population *a);

#endif
