/// The whole catalogue under given weights: the items' vectors and biases, and searches over all of
/// them by tiles of scores that are never stored whole. (What else walks the catalogue in tiles,
/// the log of a sum of exponentials or sampling by noise, belongs here.)
#ifndef THRONG_AGENT_CATALOGUE_H
#define THRONG_AGENT_CATALOGUE_H

#include "agent/network/network.h"

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

/// Register the arrays, where the network's own parameters are not the catalogue.
throng_status catalogue_register(const network *n, tensor_set *set, catalogue *c, int number);
/// Make them those of the weights `w`; n->used counts the items here: all of an agent's, or none.
throng_status catalogue_refresh(const network *n, const parameter_set *w, catalogue *c);
/// Register network.tile, which searches work in.
throng_status catalogue_register_tile(network *n, tensor_set *scratch);
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
/// One agent's part of it.
catalogue catalogue_of_one(const network *n, const catalogue *c, int32_t agent);

#endif
