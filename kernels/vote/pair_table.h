/// The item-item table: (2, n_item, n_item) pair records, symmetric in the items, 8 N^2 bytes.
/// Built once a world where it fits the budget. Row c holds what candidate c has in common with
/// every item, which is what a vote gathers from; by symmetry it is also what history item c has
/// in common with every candidate, which is what a search over the catalogue streams.
#ifndef THRONG_KERNELS_VOTE_PAIR_TABLE_H
#define THRONG_KERNELS_VOTE_PAIR_TABLE_H

#include "kernels/vote/pair.h"

enum { PAIR_TABLE_TILE = 16 };  // rows made together, so that a tile stays in the nearest cache

THRONG_ROW const uint32_t *pair_table_at(const uint32_t *table, int32_t n_item, int side,
                                         int32_t item) {
  return table + ((int64_t)side * n_item + item) * n_item;
}

/// First pass, row = (side, tile of items): similarities.
typedef struct pair_table_similarity_args {
  world_view world;
  uint32_t *table;  // (2, n_item, n_item)
} pair_table_similarity_args;

THRONG_ROW void pair_table_similarity_row(const pair_table_similarity_args *a, int64_t row) {
  const world_view *w = &a->world;
  int32_t n = w->n_item;
  int64_t n_tile = (n + PAIR_TABLE_TILE - 1) / PAIR_TABLE_TILE;
  int side = (int)(row / n_tile);
  int32_t begin = (int32_t)(row % n_tile) * PAIR_TABLE_TILE;
  int32_t end = begin + PAIR_TABLE_TILE < n ? begin + PAIR_TABLE_TILE : n;
  uint32_t *out = a->table + (int64_t)side * n * n;
  for (int32_t c = 0; c < n; ++c)
    for (int32_t i = begin; i < end; ++i)
      out[(int64_t)i * n + c] = pair_pack(0, 0, pair_embedding_similarity(w, side, i, c));
}

/// Second pass, row = (side, item): matches and overlaps, walked along the items of each keyword
/// and category, of which there are far fewer than items.
typedef struct pair_table_match_args {
  world_view world;
  uint32_t *table;
  const int64_t *posting_offset[2];        // (n_keyword + 1) for each side
  const int32_t *posting[2];               // items that have the keyword on that side
  const int64_t *category_posting_offset;  // (n_category + 1)
  const int32_t *category_posting;
  int32_t empty_equal;
} pair_table_match_args;

THRONG_ROW void pair_table_match_row(const pair_table_match_args *a, int64_t row) {
  const world_view *w = &a->world;
  int32_t n = w->n_item;
  int side = (int)(row / n);
  int32_t i = (int32_t)(row % n);
  uint32_t *out = a->table + row * n;
  const int64_t *offset = side == PAIR_POS ? w->pos_offset : w->neg_offset;
  const int32_t *list = side == PAIR_POS ? w->pos : w->neg;
  for (int64_t k = offset[i]; k < offset[i + 1]; ++k) {
    const int64_t *at = a->posting_offset[side] + list[k];
    for (int64_t p = at[0]; p < at[1]; ++p) out[a->posting[side][p]] += 1u << 24;
  }
  if (a->empty_equal && offset[i] == offset[i + 1])
    for (int32_t c = 0; c < n; ++c)
      if (offset[c] == offset[c + 1]) out[c] += 1u << 24;
  for (int64_t k = w->category_offset[i]; k < w->category_offset[i + 1]; ++k) {
    const int64_t *at = a->category_posting_offset + w->category[k];
    for (int64_t p = at[0]; p < at[1]; ++p) out[a->category_posting[p]] |= 1u << 31;
  }
}

#endif
