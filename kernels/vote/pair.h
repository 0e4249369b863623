/// What two items have in common, one side at a time (liking: P and e+; disliking: N and e-):
/// shared keywords, similarity of the embeddings, and whether they share a category. Packed into
/// one 32-bit record, so that with an item-item table a vote is one load a history entry.
#ifndef THRONG_KERNELS_VOTE_PAIR_H
#define THRONG_KERNELS_VOTE_PAIR_H

#include "kernels/base/portable.h"
#include "kernels/base/world_view.h"

enum { PAIR_POS = 0, PAIR_NEG = 1 };

/// Similarities are kept as whole multiples of 1 / PAIR_UNIT, with and without a table, so that
/// both give the same votes; the step of 1.2e-7 is that of a float just below 1.
#define PAIR_UNIT 8388607
#define PAIR_MAX_MATCHES 127

THRONG_ROW int32_t pair_quantise(float similarity) {
  float s = similarity < -1.0f ? -1.0f : similarity > 1.0f ? 1.0f : similarity;
  return (int32_t)rintf(s * (float)PAIR_UNIT);
}
THRONG_ROW float pair_similarity(int32_t quantised) {
  return (float)((double)quantised / (double)PAIR_UNIT);
}

/// overlap: 1 bit, matches: 7 bits, similarity + PAIR_UNIT: 24 bits
THRONG_ROW uint32_t pair_pack(int overlap, int32_t matches, int32_t quantised) {
  return ((uint32_t)(overlap != 0) << 31) | ((uint32_t)matches << 24) |
         (uint32_t)(quantised + PAIR_UNIT);
}
THRONG_ROW int32_t pair_overlap(uint32_t record) { return (int32_t)(record >> 31); }
THRONG_ROW int32_t pair_matches(uint32_t record) { return (int32_t)((record >> 24) & 127u); }
THRONG_ROW int32_t pair_quantised(uint32_t record) {
  return (int32_t)(record & 0xffffffu) - PAIR_UNIT;
}

/// |a ∩ b| of two rising lists.
THRONG_ROW int32_t pair_intersection(const int32_t *a, int64_t n_a, const int32_t *b, int64_t n_b) {
  int32_t shared = 0;
  int64_t i = 0, j = 0;
  while (i < n_a && j < n_b) {
    int32_t x = a[i], y = b[j];
    shared += x == y;
    i += x <= y;
    j += y <= x;
  }
  return shared;
}

/// Masks tell most pairs apart, and with 64 categories or fewer all of them; lists do the rest.
THRONG_ROW int32_t pair_share_category(const world_view *w, int32_t c, int32_t i) {
  if (!(w->category_mask[c] & w->category_mask[i])) return 0;
  if (w->n_category <= 64) return 1;
  const int64_t *offset = w->category_offset;
  return pair_intersection(w->category + offset[c], offset[c + 1] - offset[c],
                           w->category + offset[i], offset[i + 1] - offset[i]) > 0;
}

/// Shared keywords of one side. `empty_equal`: the published code counts an empty list as one
/// keyword that equals every other empty list.
THRONG_ROW int32_t pair_count_matches(const world_view *w, int side, int empty_equal, int32_t c,
                                      int32_t i) {
  const int64_t *offset = side == PAIR_POS ? w->pos_offset : w->neg_offset;
  const int32_t *list = side == PAIR_POS ? w->pos : w->neg;
  int64_t n_c = offset[c + 1] - offset[c], n_i = offset[i + 1] - offset[i];
  if (empty_equal && n_c == 0 && n_i == 0) return 1;
  return pair_intersection(list + offset[c], n_c, list + offset[i], n_i);
}

/// Ask for what pair_embedding_similarity will read of an item.
THRONG_ROW void pair_look_ahead(const world_view *w, int side, int32_t i) {
  const float *e = (side == PAIR_POS ? w->embedding_pos : w->embedding_neg) + (int64_t)i * w->dim;
  for (int32_t k = 0; k < w->dim; k += THRONG_PREFETCH_STEP / 4) THRONG_PREFETCH(e + k);
}

THRONG_ROW int32_t pair_embedding_similarity(const world_view *w, int side, int32_t c, int32_t i) {
  const float *e = side == PAIR_POS ? w->embedding_pos : w->embedding_neg;
  return pair_quantise(dot_product(e + (int64_t)c * w->dim, e + (int64_t)i * w->dim, w->dim));
}

#endif
