/// Yardsticks that look at no votes (random, popular), and the question that Liking% asks: would
/// the user like these items now?
#ifndef THRONG_KERNELS_YARDSTICK_RANK_H
#define THRONG_KERNELS_YARDSTICK_RANK_H

#include "kernels/sim/sim_ask.h"
#include "kernels/yardstick/yardstick_search.h"

/// `top` different items a lane, uniform over those that are not masked. Row = lane.
typedef struct yardstick_random_args {
  sim_args sim;
  int32_t top;
  int32_t *best;  // (n_lane, top)
} yardstick_random_args;

THRONG_ROW int yardstick_taken(const sim_args *s, int64_t lane, const int32_t *chosen, int32_t n,
                               int32_t item) {
  for (int32_t k = 0; k < n; ++k)
    if (chosen[k] == item) return 1;
  return yardstick_masked(s, lane, item);
}

THRONG_ROW void yardstick_random_row(const yardstick_random_args *a, int64_t lane) {
  enum { TRIES = 64 };
  const sim_args *s = &a->sim;
  int32_t *chosen = a->best + lane * a->top;
  uint32_t n_item = (uint32_t)s->world.n_item;
  for (int32_t slot = 0; slot < a->top; ++slot) {
    uint32_t item = 0;
    for (uint32_t attempt = 0; attempt < TRIES; ++attempt) {
      random_words r = random_draw(s->seed, RANDOM_YARDSTICK, (uint32_t)slot * TRIES + attempt,
                                   (uint32_t)s->step[lane], s->number[lane], s->episode[lane]);
      item = random_index(r.w[0], n_item);
      if (!yardstick_taken(s, lane, chosen, slot, (int32_t)item)) break;
    }
    // Few items left: the next free one after the last that was drawn.
    for (uint32_t k = 0; k < n_item && yardstick_taken(s, lane, chosen, slot, (int32_t)item); ++k)
      item = item + 1 < n_item ? item + 1 : 0;
    chosen[slot] = (int32_t)item;
  }
}

/// The first `top` items of a fixed order that are not masked. Row = lane.
typedef struct yardstick_popular_args {
  sim_args sim;
  int32_t top;
  const int32_t *order;  // (n_item) most popular first
  int32_t *best;         // (n_lane, top)
} yardstick_popular_args;

THRONG_ROW void yardstick_popular_row(const yardstick_popular_args *a, int64_t lane) {
  int32_t *chosen = a->best + lane * a->top;
  int32_t n = 0;
  for (int32_t k = 0; k < a->sim.world.n_item && n < a->top; ++k)
    if (!yardstick_masked(&a->sim, lane, a->order[k])) chosen[n++] = a->order[k];
  for (; n < a->top; ++n) chosen[n] = 0;
}

/// What the user would answer to each of `top` items now, as if they were one slate; nothing is
/// appended. Row = (lane, item).
typedef struct yardstick_probe_args {
  sim_args sim;
  sta_view sta;
  const float *sta_query;
  int32_t top;
  const int32_t *item;  // (n_lane, top)
  uint8_t *like;        // (n_lane, top)
} yardstick_probe_args;

THRONG_ROW void yardstick_probe_row(const yardstick_probe_args *a, int64_t row) {
  vote_further further;
  a->like[row] = sim_ask_item(&a->sim, &a->sta, a->sta_query, row / a->top, (int32_t)(row % a->top),
                              a->item[row], &further)
                     .like;
}

#endif
