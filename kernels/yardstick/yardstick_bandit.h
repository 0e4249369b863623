/// Features of an item for a lane's state, in which a linear bandit scores it, and its best items.
/// They are inner products of what the two_tower network reads of states and items
/// (agent_features.h), block by block, so that one linear model says "like what was liked" for any
/// item.
#ifndef THRONG_KERNELS_YARDSTICK_BANDIT_H
#define THRONG_KERNELS_YARDSTICK_BANDIT_H

#include "kernels/agent/agent_features.h"
#include "kernels/yardstick/yardstick_rank.h"

enum {
  BANDIT_DIRECTIONS = 8,   // of e+ that stand for the item alone
  BANDIT_STATE_FACTS = 2,  // share of likes: long, recent
  BANDIT_MOST = 1 + STATE_DIRECTION_BLOCKS + STATE_CATEGORY_BLOCKS + AGENT_ITEM_FACTS +
                BANDIT_STATE_FACTS + BANDIT_DIRECTIONS,
};

typedef struct bandit_view {
  const float *item;   // (n_item, n_feature)
  const float *state;  // (n_lane, n_state)
  int32_t n_feature, n_direction, n_category, n_state;
} bandit_view;

THRONG_SIZE int32_t bandit_width(int32_t n_direction) {
  return BANDIT_MOST - BANDIT_DIRECTIONS +
         (n_direction < BANDIT_DIRECTIONS ? n_direction : BANDIT_DIRECTIONS);
}

THRONG_ROW void bandit_features(const bandit_view *v, int64_t lane, int32_t item, float *x) {
  const int32_t nd = v->n_direction, nc = v->n_category;
  const float *z = v->item + (int64_t)item * v->n_feature;
  const float *direction = v->state + lane * v->n_state;
  const float *category = direction + STATE_DIRECTION_BLOCKS * nd;
  const float *fact = category + STATE_CATEGORY_BLOCKS * nc;
  int32_t n = 0;
  x[n++] = 1.0f;
  for (int32_t k = 0; k < STATE_DIRECTION_BLOCKS; ++k)  // likes and dislikes take turns
    x[n++] = dot_product(direction + k * nd, z + k % 2 * nd, nd);
  for (int32_t k = 0; k < STATE_CATEGORY_BLOCKS; ++k)
    x[n++] = dot_product(category + k * nc, z + 2 * nd, nc);
  for (int32_t k = 0; k < AGENT_ITEM_FACTS; ++k) x[n++] = z[2 * nd + nc + k];
  for (int32_t k = 0; k < BANDIT_STATE_FACTS; ++k) x[n++] = fact[k];
  for (int32_t k = 0; k < nd && k < BANDIT_DIRECTIONS; ++k) x[n++] = z[k];
}

/// The `top` items of highest theta . x + alpha |R x|, ties to the lower item. Row: a lane.
typedef struct bandit_search_args {
  sim_args sim;
  bandit_view of;
  const float *theta;  // (n_lane, width)
  const float *root;   // (width, width) R, a lower triangle
  float alpha;         // 0: R is not asked
  int32_t width, top;
  int32_t *best;  // (n_lane, top)
  float *value;   // (n_lane, top)
} bandit_search_args;

THRONG_ROW float bandit_score(const bandit_search_args *a, int64_t lane, int32_t item) {
  float x[BANDIT_MOST];
  bandit_features(&a->of, lane, item, x);
  float score = dot_product(a->theta + lane * a->width, x, a->width), square = 0.0f;
  if (!(a->alpha > 0.0f)) return score;
  for (int32_t i = 0; i < a->width; ++i) {
    const float r = dot_product(a->root + i * a->width, x, i + 1);
    square += r * r;
  }
  return score + a->alpha * sqrtf(square);
}

THRONG_ROW void bandit_search_row(const bandit_search_args *a, int64_t lane) {
  int32_t *best = a->best + lane * a->top;
  float *value = a->value + lane * a->top;
  int32_t n = 0;
  for (int32_t item = 0; item < (int32_t)a->sim.world.n_item; ++item) {
    if (yardstick_masked(&a->sim, lane, item)) continue;
    const float score = bandit_score(a, lane, item);
    if (n == a->top && !(score > value[n - 1])) continue;
    int32_t at = n < a->top ? n++ : n - 1;
    for (; at > 0 && score > value[at - 1]; --at) {
      value[at] = value[at - 1];
      best[at] = best[at - 1];
    }
    value[at] = score;
    best[at] = item;
  }
  for (; n < a->top; ++n) best[n] = 0;  // no other is left
}

/// Features of the items that lanes show. Row: (lane, slot).
typedef struct bandit_shown_args {
  bandit_view of;
  const int32_t *action;  // (n_lane, slate)
  int32_t slate, width;
  float *x;  // (n_lane, slate, width)
} bandit_shown_args;

THRONG_ROW void bandit_shown_row(const bandit_shown_args *a, int64_t row) {
  bandit_features(&a->of, row / a->slate, a->action[row], a->x + row * a->width);
}

#endif
