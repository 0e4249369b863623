/// Why a pair's logical votes fell as they did: which keywords met with which past items, and which
/// past item was nearest. Facts from the world's arrays; saying them is cmd_explain.c's work.
#ifndef THRONG_CLI_EXPLANATION_H
#define THRONG_CLI_EXPLANATION_H

#include "throng/sim.h"
#include "world/world.h"

/// A keyword of the candidate met in a past item.
typedef struct meeting {
  int32_t keyword;  // -1: two empty lists (published code)
  int32_t item;
} meeting;

/// One side: liked items and liking keywords [0], disliked ones [1].
typedef struct explanation_side {
  int64_t past;       // entries of this side
  int64_t same;       // of which share a category with the candidate
  bool fallback;      // none does, so that all count
  meeting *meeting;   // (n_meeting) in the order of keyword, then of the history
  int64_t n_meeting;  // alpha
  int32_t nearest;    // item, the latest of equals; -1 where the side is empty
  float similarity;   // beta; -1 where the side is empty
  size_t meeting_capacity;
} explanation_side;

typedef struct explanation {
  explanation_side side[2];
} explanation;

/// `item` and `like` (n): the history that counts, oldest first.
throng_status explanation_make(const throng_world *world, throng_semantics semantics,
                               int32_t candidate, int64_t n, const int32_t *item,
                               const uint8_t *like, explanation *out);
void explanation_free(explanation *e);

#endif
