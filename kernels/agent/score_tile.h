/// A tile of scores made by products that a CPU makes of memory as it lies
/// (kernels/base/product.h), in place of a library's.
#ifndef THRONG_KERNELS_AGENT_SCORE_TILE_H
#define THRONG_KERNELS_AGENT_SCORE_TILE_H

#include "kernels/agent/agent_act.h"
#include "kernels/base/product.h"

enum { SCORES_MOST_WIDTH = 256 };  // of queries, a multiple of PRODUCT_LANES

/// What its kernels work on.
typedef struct score_tile {
  float *z;  // (agents of the tile, place.rows, place.n_column), or see softmax_products.h
  const float *query;   // (n_agent, n_state, width)
  const float *vector;  // (n_agent, n_item, width)
  float *turned;        // (agents of the tile, panels, width, PRODUCT_PANEL) see tile_turn
  const float *bias;    // (n_agent, n_item)
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle
  tile_place place;
  int64_t n_state, n_item;
  int32_t width;
} score_tile;

/// States of an agent's tile that count.
THRONG_ROW int64_t tile_states(const score_tile *t, int64_t agent) {
  const int64_t left = t->used ? t->used[agent] - t->place.first_state : t->place.rows;
  return left < 0 ? 0 : left < t->place.rows ? left : t->place.rows;
}

THRONG_SIZE int64_t tile_panels(int64_t n_column) {
  return (n_column + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
}

/// The panel with items first .. first + PRODUCT_PANEL - 1 of a tile, of its agent number `agent`.
THRONG_ROW float *tile_turned(const score_tile *t, int64_t agent, int64_t first) {
  return t->turned + (agent * tile_panels(t->place.n_column) + first / PRODUCT_PANEL) * t->width *
                         PRODUCT_PANEL;
}

/// The panels of a tile's vectors, item by item side by side: what scores are made from, once for
/// many states. Row: (agent of the tile, panel).
typedef score_tile tile_turn_args;

THRONG_ROW void tile_turn_row(const tile_turn_args *a, int64_t row) {
  const tile_place *p = &a->place;
  const int64_t panels = tile_panels(p->n_column), in_tile = row / panels;
  const int64_t first = row % panels * PRODUCT_PANEL, left = p->n_column - first;
  const int64_t item = (p->agent + in_tile) * a->n_item + p->column + first;
  product_turn(a->vector + item * a->width, (int32_t)(left < PRODUCT_PANEL ? left : PRODUCT_PANEL),
               a->width, tile_turned(a, in_tile, first));
}

/// Scores of a tile, query . vector. Row: (agent of the tile, panel of PRODUCT_PANEL items).
typedef score_tile tile_scores_args;

THRONG_ROW void tile_scores_row(const tile_scores_args *a, int64_t row) {
  const tile_place *p = &a->place;
  const int64_t panels = tile_panels(p->n_column), agent = p->agent + row / panels;
  const int32_t first = (int32_t)(row % panels) * PRODUCT_PANEL, left = p->n_column - first;
  const int32_t n = left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
  const int64_t states = tile_states(a, agent);
  const float *query = a->query + (agent * a->n_state + p->first_state) * a->width;
  const float *vector = a->vector + (agent * a->n_item + p->column + first) * a->width;
  float *z = a->z + row / panels * p->rows * p->n_column + first;
#ifdef THRONG_FLOATS16
  THRONG_CACHE_LINES float own[SCORES_MOST_WIDTH * PRODUCT_PANEL];
  const product_terms terms = {a->width, a->width, 0};
  product_turn(vector, n, a->width, own);
  for (int64_t state = 0; state < states; state += PRODUCT_ROWS) {
    const int64_t more = states - state, rows = more < PRODUCT_ROWS ? more : PRODUCT_ROWS;
    const float *at[PRODUCT_ROWS];
    for (int64_t r = 0; r < rows; ++r) at[r] = query + (state + r) * a->width;
    product_rows(at, rows, terms, own, PRODUCT_PANEL, 0, 0, z + state * p->n_column, p->n_column,
                 n);
  }
#else
  for (int64_t state = 0; state < states; ++state)
    for (int32_t i = 0; i < n; ++i) {
      float sum = 0.0f;
      for (int32_t k = 0; k < a->width; ++k)
        sum = fmaf(query[state * a->width + k], vector[i * a->width + k], sum);
      z[state * p->n_column + i] = sum;
    }
#endif
}

#endif
