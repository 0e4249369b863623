/// A world of histories alone, made in memory: what f_sta reads of a world, and nothing else.
#ifndef TESTS_HISTORY_WORLD_H
#define TESTS_HISTORY_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "world/world.h"

/// Takes copies of nothing: the arrays must outlive the world. `hash` ties weights to it.
static inline throng_world history_world(int64_t n_user, int64_t n_item, int64_t *user_offset,
                                         int32_t *item, uint8_t *like, uint64_t hash) {
  throng_world w = {0};
  w.n_user = n_user;
  w.n_item = n_item;
  w.n_interaction = user_offset[n_user];
  w.user_offset = user_offset;
  w.history_item = item;
  w.history_like = like;
  w.hash = hash;
  return w;
}

#endif
