/// The whole catalogue under given weights: the items' vectors and biases, and searches over all of
/// them by tiles of scores that are never stored whole. (What else walks the catalogue in tiles,
/// the log of a sum of exponentials or sampling by noise, belongs here.)
#ifndef THRONG_AGENT_CATALOGUE_H
#define THRONG_AGENT_CATALOGUE_H

#include "agent/network/network.h"
#include "kernels/agent/agent_act.h"
#include "kernels/agent/softmax_products.h"

/// Of every item: (n_agent, n_item, width) and (n_agent, n_item).
typedef struct catalogue {
  float *vector, *bias;
} catalogue;

/// Items that a search leaves out: a bit an item and row, or what the rows' sessions hold, or none.
typedef struct best_mask {
  const uint32_t *seen;  // (n_agent * rows, n_seen_word) or NULL
  int64_t n_seen_word;
  state_view shown;     // shown.entry NULL: not used
  real_histories real;  // beside `shown`
} best_mask;

/// Some states of some agents, and some items: what is looked at together. What a walk's task does
/// about it, it does by `n`: tiles may be walked side by side, each thread in memory of its own.
typedef struct catalogue_tile {
  const network *n;
  int64_t place;            // of n->tile in the population's: further tiles of scores have it too
  int64_t agent, agents;    // agents agent .. agent + agents - 1
  int64_t state, states;    // of each the states state .. state + states - 1
  int64_t column, columns;  // and the items column .. column + columns - 1
  bool far;                 // of kept ones, see catalogue_kept
  bool kept;                // n->tile is as the walk's first task left it, see catalogue_walk_twice
  const struct tile_crowd *crowd;  // or NULL, see catalogue_await
} catalogue_tile;

/// The most agents of a tile in walks over `rows` states, or threads with a tile each: of memory
/// beside tiles there is to be so much, and a thread's begins at number catalogue_tile_hand.
int64_t catalogue_tile_agents(const network *n, int64_t rows);
int64_t catalogue_tile_hand(const catalogue_tile *t);
/// The tile as kernels are told of it.
tile_place catalogue_place(const catalogue_tile *t);

/// Walk over `rows` states of all agents and the whole catalogue: for each state items in order,
/// for each item an agent's states in order. `narrow`: tiles of CATALOGUE_COLUMNS items whatever
/// the number of states, where sums over a tile's items are not to move with it. The task may be
/// called from several threads at once, of which each finds done what it comes after: it must not
/// write into its context.
enum { CATALOGUE_ROWS = 256, CATALOGUE_COLUMNS = 512 };
typedef throng_status catalogue_task(void *context, const catalogue_tile *tile);
throng_status catalogue_walk(const network *n, int64_t rows, bool narrow, catalogue_task *task,
                             void *context);
/// Memory in which each thread keeps tiles of a block of states: of the first items, as many as
/// fit.
typedef struct catalogue_kept {
  float *score;    // (n_thread, n_tile, states and items of a tile), or NULL: saves nothing
  int64_t n_tile;  // of a thread
  bool far;        // they are so large that they had better not pass through the caches
} catalogue_kept;
/// What the last cache holds of it while the block is made.
enum { CATALOGUE_KEPT = 16 << 20 };
/// Register it for walks over `rows` states, `most` bytes a thread.
throng_status catalogue_register_kept(const network *n, tensor_set *scratch, catalogue_kept *kept,
                                      int64_t rows, int64_t most, const char *name);
/// Two walks in one, for a second task that wants the tiles of the first again once all items of a
/// state have been seen. In between `between` is told of rows first .. first + rows - 1 of
/// (n_agent, rows). Where every thread can have blocks of states of its own it takes them one by
/// one and keeps what tiles it can; elsewhere all tiles are walked twice. The results are the same.
typedef throng_status catalogue_between(void *context, const network *n, int64_t first,
                                        int64_t rows);
throng_status catalogue_walk_twice(const network *n, int64_t rows, const catalogue_kept *kept,
                                   catalogue_task *first, catalogue_between *between,
                                   catalogue_task *second, void *context);
/// For the second task, before it adds to what the states of an agent share: wait until those
/// before have added theirs. False: the walk has failed elsewhere, and there is nothing to add.
bool catalogue_await(const catalogue_tile *tile);
/// catalogue_walk for tasks that add nothing up over states: threads share the states out, and each
/// goes through the catalogue alone.
throng_status catalogue_walk_apart(const network *n, int64_t rows, catalogue_task *task,
                                   void *context);
/// z (agents, states, columns) = query . vector + beta z, of a walk over `rows` states.
throng_status catalogue_score_tile(const catalogue_tile *t, const catalogue *c, const float *query,
                                   int64_t rows, float beta, float *z);
/// Are kernels of ours faster at products with the catalogue than the backend's gemm? Then scores
/// of a policy are made by KERNEL_tile_scores.
bool catalogue_multiplies(const network *n);
/// A tile as kernels/agent/score_tile.h knows it, and its scores by KERNEL_tile_scores.
score_tile catalogue_tile_of(const catalogue_tile *t, const catalogue *c, const float *query,
                             int64_t rows);
throng_status catalogue_multiply_tile(const network *n, const score_tile *t, int64_t agents);

/// Register the arrays, where the network's own parameters are not the catalogue.
throng_status catalogue_register(const network *n, tensor_set *set, catalogue *c, int number);
/// Make them those of the weights `w`; n->used counts the items here: all of an agent's, or none.
throng_status catalogue_refresh(const network *n, const parameter_set *w, catalogue *c);
/// Register a tile of scores; walks work in network.tile.
throng_status catalogue_register_tile(const network *n, tensor_set *scratch, float **tile,
                                      const char *name);
/// Numbers of scratch memory with which catalogue_best finds up to `top` items of `rows` states an
/// agent in one kernel; 0 where the backend is faster by tiles.
int64_t catalogue_packed_size(const network *n, int64_t rows, int32_t top);
/// The `top` best items of every row by query . vector + bias, best first, -1 where all others are
/// masked; ties go to the lower item. `packed`: catalogue_packed_size of them, or NULL, which takes
/// tiles. Where the backend searches, this is one launch whatever the number of agents: up to
/// BEST_MOST_TOP items by the kernel that keeps lists, more by a row a state.
throng_status catalogue_best(const network *n, const catalogue *c, const float *query, int64_t rows,
                             const best_mask *mask, int32_t top, int64_t *packed, float *value,
                             int32_t *item);
/// The same of the scores with Gumbel noise upon them: `top` items drawn from the scores' softmax
/// without replacement. noise->seed NULL: none.
throng_status catalogue_draw(const network *n, const catalogue *c, const float *query, int64_t rows,
                             const best_mask *mask, const catalogue_noise *noise, int32_t top,
                             int64_t *packed, float *value, int32_t *item);
/// The same by tiles, whatever the backend; each is given to `beside`, too, with its scores.
throng_status catalogue_draw_by_tiles(const network *n, const catalogue *c, const float *query,
                                      int64_t rows, const best_mask *mask,
                                      const catalogue_noise *noise, int32_t top, float *value,
                                      int32_t *item, catalogue_task *beside, void *context);
/// One agent's part of it.
catalogue catalogue_of_one(const network *n, const catalogue *c, int32_t agent);

#endif
