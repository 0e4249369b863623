/// The networks that score a catalogue for a state: score(state, item) = query(state) .
/// vector(item)
/// + bias(item) + value(state), for every agent of a population at once. What a score stands for (a
/// Q, a logit) is the algorithm's matter; a network knows none. A further one is a file with an
/// agent_network and a line of AGENT_NETWORKS.
#ifndef THRONG_AGENT_NETWORK_H
#define THRONG_AGENT_NETWORK_H

#include "base/tensors.h"
#include "kernels/agent/agent_features.h"
#include "kernels/agent/user_features.h"
#include "sim/sim.h"
#include "throng/agent.h"

/// X(NAME, name): all that there are, each THRONG_HEAD_NAME, "name" in configs, and network_name in
/// name.c.
#define AGENT_NETWORKS(X) \
  X(FLAT, flat)           \
  X(TWO_TOWER, two_tower) \
  X(FLAT_DUELING, flat_dueling)

/// X(ID, name): all parameters that networks have; each uses some. Their order numbers the random
/// stream that they start from.
#define NETWORK_PARAMETERS(X)                               \
  X(USER, user)                                             \
  X(INPUT_ITEM, input_item)                                 \
  X(INPUT, input)                                           \
  X(INPUT_BIAS, input_bias)                                 \
  X(HIDDEN, hidden)                                         \
  X(HIDDEN_BIAS, hidden_bias)                               \
  X(QUERY, query)                                           \
  X(QUERY_BIAS, query_bias)                                 \
  X(SKIP, skip)   /* features to query */                   \
  X(VALUE, value) /* the state's own value */               \
  X(VALUE_SKIP, value_skip)                                 \
  X(VALUE_BIAS, value_bias)                                 \
  X(ITEM_MATRIX, item_matrix) /* item features to vector */ \
  X(ITEM_FACT, item_fact)     /* item features to bias */   \
  X(ITEM_VECTOR, item_vector) /* learned by item */         \
  X(ITEM_BIAS, item_bias)                                   \
  X(INPUT_GAIN, input_gain) /* of the layers' norms */      \
  X(INPUT_SHIFT, input_shift)                               \
  X(HIDDEN_GAIN, hidden_gain)                               \
  X(HIDDEN_SHIFT, hidden_shift)

enum {
#define X(id, name) PARAMETER_##id,
  NETWORK_PARAMETERS(X)
#undef X
      PARAMETER_COUNT
};
const char *parameter_name(int parameter);

/// One pointer a parameter, (n_agent, rows, columns) each: the weights themselves, a target
/// network's, gradients, moments. NULL where the network has no such parameter.
typedef struct parameter_set {
  float *at[PARAMETER_COUNT];
} parameter_set;

/// A parameter's shape, matrices as (in, out), and how its elements start.
typedef struct network_parameter {
  int64_t rows, columns;
  float uniform;  // in -uniform .. uniform
  float normal;   // or standard deviation
  float gain;     // or this times an orthogonal matrix
  float all;      // none of them: all are this
} network_parameter;

/// Activations of one forward pass over `rows` states of every agent.
typedef struct network_pass {
  int64_t rows;
  state_view state;   // (n_agent * rows)
  float *feature;     // (n_agent, rows, n_input)
  int32_t *slot;      // (n_agent, rows, history) flat
  float *sign;        // (n_agent, rows, history) flat
  float *hidden0;     // (n_agent, rows, hidden[0])
  float *hidden1;     // (n_agent, rows, hidden[1])
  float *normal[2];   // (n_agent, rows, hidden[k]) what the norm of layer k makes; without: NULL
  float *inverse[2];  // (n_agent, rows) see layer_norm_args
  float *query;       // (n_agent, rows, width)
  float *value;       // (n_agent, rows)
} network_pass;

/// Derivatives of a pass in the direction of a parameter_set: (n_agent, rows, ..).
typedef struct network_tangent {
  float *user, *hidden0, *hidden1, *query;
} network_tangent;

/// Positions by (agent, index), and which rows of a gradient the last sums wrote.
typedef struct key_groups {
  int32_t *key, *order;  // (n) see group_args
  int64_t n;
  float *met;  // (n_agent, n_index) see segment_sum_args; or NULL
} key_groups;

/// What a backward pass over `rows` states and items of every agent works in.
typedef struct network_scratch {
  float *d_hidden1, *d_hidden0, *d_user;  // (n_agent, rows, ..)
  key_groups item, user, entry;           // entry: of the states' histories
} network_scratch;

/// Vectors and biases of `rows` items of every agent, and what they are made from.
typedef struct network_items {
  int64_t rows;
  float *feature;  // (n_agent, rows, n_feature)
  float *vector;   // (n_agent, rows, width)
  float *bias;     // (n_agent, rows)
} network_items;

typedef struct agent_network agent_network;

/// A network for the agents of a population: its sizes and what it reads of the world.
typedef struct network {
  const agent_network *table;
  throng_backend *backend;
  int32_t n_agent, history;
  int64_t n_item, n_user;
  int32_t hidden[2], user_width;
  float item_start, user_start;                // of the Def
  int32_t activation;                          // of the hidden layers: ACTIVATION_..
  bool layer_norm;                             // of the hidden layers' sums
  int32_t width;                               // of query and item vectors
  int32_t n_direction, n_category, n_feature;  // of the item features; 0: it reads none
  int32_t n_input;                             // dense inputs: state features, user's row
  // Of users who change (kernels/agent/user_features.h): the columns before the user's row.
  int32_t n_user_feature, n_user_category;  // 0: none
  users_view users;
  world_view world;
  int32_t slate;
  bool asks_when;  // not all of a slate stands in histories: state.shown_at says when entries came
  bool asks_session;  // users may come back: state.number and state.gap say which session it is
  network_parameter parameter[PARAMETER_COUNT];
  int64_t size[PARAMETER_COUNT];  // elements of one agent's
  float *item_feature;            // (n_item, n_feature) fixed
  float *tile;                    // scores of some states and items, see catalogue.h
  const int32_t *used;  // (n_agent) of the rows that a call is about; NULL: all, see network_of
} network;

/// All slots are required but where it says otherwise. Passes and gradients of all agents are made
/// in one launch each; nothing here reads the host's state, so that all of it can be recorded.
struct agent_network {
  const char *name;  // as in agent.head
  /// width, n_input and the item features' sizes, from the Def, the world and n_user_feature.
  void (*shape)(network *n, const throng_agent_def *def, const throng_world *world);
  /// Shape and start of each parameter that it has; the others' are left 0.
  void (*parameters)(const network *n, network_parameter *of);
  /// Its backward pass groups the entries of all histories, and not states alone.
  bool groups_entries;
  /// The parameter whose elements together are the scores' constant part, see dqn/.
  int constant;
  /// Register what a pass needs beside the hidden layers; `name` is the prefix.
  throng_status (*add_pass)(const network *n, tensor_set *set, network_pass *pass,
                            const char *name);
  /// What of a pass does not depend on weights.
  throng_status (*features)(const network *n, network_pass *pass);
  /// Query and value of the states under `w`, after features().
  throng_status (*forward)(const network *n, const parameter_set *w, network_pass *pass);
  /// Gradients `g` of everything that makes query and value, from those of them (d_value: (n_agent,
  /// rows)), after forward().
  throng_status (*backward)(const network *n, const parameter_set *w, const network_pass *pass,
                            const float *d_query, const float *d_value, network_scratch *scratch,
                            parameter_set *g);
  /// The query's derivative at `w` in the direction `along`, after forward() of the pass. (Vectors
  /// and biases of items are linear in their parameters: theirs are those of `along` itself.)
  throng_status (*tangent)(const network *n, const parameter_set *w, const parameter_set *along,
                           const network_pass *pass, network_tangent *to);
  /// Vectors and biases of `item` (n_agent, items->rows) under `w`; NaN biases where it is below 0.
  throng_status (*item_vectors)(const network *n, const parameter_set *w, const int32_t *item,
                                network_items *items);
  /// Gradients `g` of everything that makes them.
  throng_status (*item_gradients)(const network *n, const int32_t *item, const network_items *items,
                                  const float *d_vector, const float *d_bias,
                                  network_scratch *scratch, parameter_set *g);
  /// Vectors and biases of the whole catalogue: (n_agent, n_item, ..). NULL: they are the
  /// parameters ITEM_VECTOR and ITEM_BIAS.
  throng_status (*catalogue)(const network *n, const parameter_set *w, float *vector, float *bias);
  /// Where it is not NULL: gradients `g` of what makes the catalogue besides ITEM_VECTOR and
  /// ITEM_BIAS, whose own are those of the vectors and biases. n->used as for catalogue.
  throng_status (*catalogue_gradients)(const network *n, const float *d_vector, const float *d_bias,
                                       parameter_set *g);
};

/// The table entry of a head; NULL where it is none.
const agent_network *agent_network_of(throng_head head);
/// All sizes, for agents of one Def on a simulator.
void network_init(network *n, const throng_agent_def *def, const throng_sim *sim);
/// Register what it reads of the world; filled by network_fill after it was allocated.
throng_status network_register(network *n, tensor_set *constants);
throng_status network_fill(network *n, const throng_world *world);
/// Register one array a parameter: "<prefix>.<name>", of finite numbers from `least` on.
throng_status network_add_parameters(const network *n, tensor_set *set, parameter_set *to,
                                     const char *prefix, double least);
/// Register a pass of `rows` states of up to `history` entries, and what a backward pass of as many
/// works in.
throng_status network_add_pass(const network *n, tensor_set *set, network_pass *pass, int64_t rows,
                               int32_t history, const char *name);
throng_status network_add_scratch(const network *n, tensor_set *set, network_scratch *scratch,
                                  int64_t rows, const char *name);
throng_status network_add_tangent(const network *n, tensor_set *set, network_tangent *to,
                                  int64_t rows, const char *name);
/// Weights `w` of agents first .. first + n - 1 at their start, by their seeds (n_agent, on the
/// backend).
throng_status network_start_weights(const network *net, const parameter_set *w,
                                    const uint32_t *seed, int32_t first, int32_t n);
/// The same of one parameter, which begins at `weight` and has `number` in the random stream.
throng_status parameter_start(throng_backend *backend, const network_parameter *of, uint32_t number,
                              const uint32_t *seed, float *weight, int32_t n);
/// The same network for calls about the first used[agent] rows of each agent, on the backend, as
/// row_is_idle counts them. Of the others nothing is to be had; into a backward pass their d_query,
/// d_value, d_vector and d_bias go as zeros.
network network_of(const network *n, const int32_t *used);
/// The same network for one agent alone of the population, and its part of a set.
network network_of_one(const network *n);
parameter_set parameters_of_one(const network *n, const parameter_set *set, int32_t agent);

/// The lanes' present states, (n_lane), into what `to` points at on the backend.
throng_status lane_states(const throng_sim *sim, const state_view *to);

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

#endif
