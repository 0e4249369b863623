/// The world's constant arrays where the kernels run.
#ifndef THRONG_KERNELS_BASE_WORLD_VIEW_H
#define THRONG_KERNELS_BASE_WORLD_VIEW_H

#include "kernels/base/portable.h"

typedef struct world_view {
  int32_t n_user, n_item, n_category, dim;
  const uint64_t *category_mask;   // (n_item) bit c % 64 for every category c
  const int64_t *category_offset;  // (n_item + 1)
  const int32_t *category;         // rising within an item
  const int64_t *pos_offset;       // (n_item + 1)
  const int32_t *pos;              // P(i), rising
  const int64_t *neg_offset;       // (n_item + 1)
  const int32_t *neg;              // N(i), rising
  const float *embedding_pos;      // (n_item, dim) e+
  const float *embedding_neg;      // (n_item, dim) e-
  const int64_t *user_offset;      // (n_user + 1)
  const uint32_t *history;         // (n_interaction) packed, see history.h
} world_view;

#endif
