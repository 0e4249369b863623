/// The gradients of a softmax over the catalogue by products that a CPU makes of tiles as they lie
/// (kernels/base/product.h), in place of a library's. Where nothing but the log-probability of one
/// item is asked for, d_i = d ([i = item] - p_i): the exponentials of the first look at a tile,
/// beside its own largest score, are the slopes but for a factor a state, which goes into the query
/// (d_vector) or onto the sum (d_query). They are kept in the tile; no second exponential is made.
#ifndef THRONG_KERNELS_AGENT_SOFTMAX_PRODUCTS_H
#define THRONG_KERNELS_AGENT_SOFTMAX_PRODUCTS_H

#include "kernels/agent/softmax.h"
#include "kernels/base/product.h"

enum {
  SOFTMAX_MOST_WIDTH = 256,  // of queries, a multiple of 16
  SOFTMAX_TILE = 512,        // most items of a tile
  SOFTMAX_STATES = 48,       // states of a row of softmax_to_query
  SOFTMAX_TERMS = 256,       // states that are added to items at a time
};
/// Least logarithm of a tile's factor: below it all of its probabilities are nothing beside the
/// others', and what stands for the item shown is still a number.
#define SOFTMAX_LEAST_FACTOR (-60.0f)

/// What the kernels below work on.
typedef struct score_tile {
  float *z;             // (agents of the tile, place.rows, place.n_column)
  const float *query;   // (n_agent, n_state, width)
  const float *vector;  // (n_agent, n_item, width)
  const float *turned;  // see tile_turn, or NULL
  const float *bias;    // (n_agent, n_item)
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle
  tile_place place;
  int64_t n_state, n_item;
  int32_t width;
  // Of each state:
  float *top;     // (n_agent, n_state) what this tile's exponentials are beside
  float *weight;  // (n_agent, n_state) d_query is weight times the tile's sum; 0: no gradient
  float *scaled;  // (n_agent, n_state, width) weight times query
} score_tile;

/// States of an agent's tile that count.
THRONG_ROW int64_t softmax_states(const score_tile *t, int64_t agent) {
  const int64_t left = t->used ? t->used[agent] - t->place.first_state : t->place.rows;
  return left < 0 ? 0 : left < t->place.rows ? left : t->place.rows;
}

THRONG_SIZE int64_t softmax_panels(int64_t n_column) {
  return (n_column + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
}
THRONG_SIZE int64_t softmax_groups(int64_t rows) {
  return (rows + SOFTMAX_STATES - 1) / SOFTMAX_STATES;
}

/// Panels of the catalogue's vectors, item by item side by side: what scores are made from, once
/// for many tiles. Row: (agent, panel).
typedef struct tile_turn_args {
  const float *vector;  // (n_agent, n_item, width)
  float *turned;        // (n_agent, panels, width, PRODUCT_PANEL)
  int64_t n_item;
  int32_t width;
} tile_turn_args;

THRONG_ROW void tile_turn_row(const tile_turn_args *a, int64_t row) {
  const int64_t panels = softmax_panels(a->n_item), first = row % panels * PRODUCT_PANEL;
  const int64_t left = a->n_item - first, n = left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
  product_turn(a->vector + (row / panels * a->n_item + first) * a->width, (int32_t)n, a->width,
               a->turned + row * a->width * PRODUCT_PANEL);
}

/// Scores of a tile, query . vector. Row: (agent of the tile, panel of PRODUCT_PANEL items).
typedef score_tile tile_scores_args;

THRONG_ROW void tile_scores_row(const tile_scores_args *a, int64_t row) {
  const tile_place *p = &a->place;
  const int64_t panels = softmax_panels(p->n_column), agent = p->agent + row / panels;
  const int32_t first = (int32_t)(row % panels) * PRODUCT_PANEL, left = p->n_column - first;
  const int32_t n = left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
  const int64_t states = softmax_states(a, agent);
  const float *query = a->query + (agent * a->n_state + p->first_state) * a->width;
  const float *vector = a->vector + (agent * a->n_item + p->column + first) * a->width;
  float *z = a->z + row / panels * p->rows * p->n_column + first;
#ifdef THRONG_FLOATS16
  float own[SOFTMAX_MOST_WIDTH * PRODUCT_PANEL];
  const float *turned = own;
  const product_terms terms = {a->width, 1, 0};
  if (a->turned)
    turned = a->turned + (agent * softmax_panels(a->n_item) + (p->column + first) / PRODUCT_PANEL) *
                             a->width * PRODUCT_PANEL;
  else
    product_turn(vector, n, a->width, own);
  for (int64_t state = 0; state < states; state += PRODUCT_ROWS) {
    const int64_t more = states - state, rows = more < PRODUCT_ROWS ? more : PRODUCT_ROWS;
    const float *at[PRODUCT_ROWS];
    for (int64_t r = 0; r < rows; ++r) at[r] = query + (state + r) * a->width;
    product_rows(at, rows, terms, turned, PRODUCT_PANEL, 0, z + state * p->n_column, p->n_column,
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

/// Scores of a tile, masked, become exponentials beside the largest score of the state so far,
/// which is kept; and are added to the sums. Rows of agents whose gradients ask for more stay
/// scores. Row: see tile_place.
typedef struct softmax_exponentials_args {
  score_tile tile;
  softmax_sums *sums;   // (n_agent, n_state)
  const float *beside;  // (n_agent) not 0: what else is asked for, see softmax_weigh
  int32_t again;        // the sums have them, and top is known
} softmax_exponentials_args;

/// softmax_chunk_of by exp_fused; the exponentials go to `to`, which may be z.
THRONG_INLINE softmax_chunk softmax_exponentials_of(const float *z, int32_t n, float top,
                                                    float *to) {
#ifdef THRONG_FLOATS16
  floats16 sum = floats16_all(0.0f), weighted = sum;
  for (int32_t i = 0; i < n; i += THRONG_DOT_LANES) {
    const floats16 x = floats16_subtract(floats16_load(z + i), floats16_all(top));
    const floats16 bounded = floats16_larger(floats16_all(-87.0f), x);
    const floats16 e = floats16_exp_fused(x, bounded);
    sum = floats16_add(sum, e);
    weighted = floats16_fma(e, bounded, weighted);
    if (to) floats16_store(to + i, e);
  }
  return (softmax_chunk){floats16_join(sum), floats16_join(weighted)};
#else
  float sum[THRONG_DOT_LANES] = {0}, weighted[THRONG_DOT_LANES] = {0};
  for (int32_t i = 0; i < n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) {
      const float x = z[i + k] - top, e = exp_fused(x);
      sum[k] += e;
      weighted[k] = fmaf(e, x < -87.0f ? -87.0f : x, weighted[k]);
      if (to) to[i + k] = e;
    }
  softmax_chunk c;
  c.sum = join_lanes(sum);
  c.weighted = join_lanes(weighted);
  return c;
#endif
}

THRONG_ROW void softmax_exponentials_row(const softmax_exponentials_args *a, int64_t row) {
  const score_tile *t = &a->tile;
  const tile_place *p = &t->place;
  const int64_t agent = tile_agent(p, row), state = tile_state(p, t->n_state, row);
  if (row_is_idle(t->used, t->n_state, state)) return;
  const int scores = a->beside[agent] != 0.0f;
  if (scores && a->again) return;
  const int32_t n = p->n_column;
  const int32_t whole = (n + THRONG_DOT_LANES - 1) / THRONG_DOT_LANES * THRONG_DOT_LANES;
  float *q = t->z + row * n, z[SOFTMAX_TILE];
  const float most = scores_most(q, t->bias + agent * t->n_item + p->column, n, z);
  softmax_sums sums = a->sums[state];
  const float top = a->again ? t->top[state] : softmax_raise(&sums, most);
  const softmax_chunk c = scores       ? softmax_exponentials_of(z, whole, top, 0)
                          : whole == n ? softmax_exponentials_of(z, whole, top, q)
                                       : softmax_exponentials_of(z, whole, top, z);
  if (!scores && whole != n)
    for (int32_t i = 0; i < n; ++i) q[i] = z[i];
  if (a->again) return;
  sums.sum += (double)c.sum;
  sums.weighted += (double)c.weighted;
  a->sums[state] = sums;
  t->top[state] = top;
}

/// What a state's row of a tile is worth to gradients: its weight, and what stands for the item
/// shown, so that weight times the row is the gradient with respect to the tile's scores. Rows that
/// ask for more than one log-probability become softmax_slope's. Row: see tile_place.
typedef struct softmax_weigh_args {
  softmax_slope_args slope;  // place and z are the tile's
  score_tile tile;
  const float *beside;  // (n_agent)
} softmax_weigh_args;

THRONG_ROW void softmax_weigh_row(const softmax_weigh_args *a, int64_t row) {
  const score_tile *t = &a->tile;
  const tile_place *p = &t->place;
  const int64_t agent = tile_agent(p, row), state = tile_state(p, t->n_state, row);
  if (row_is_idle(t->used, t->n_state, state)) return;
  const float d = a->slope.d_log_prob[state];
  float weight = 1.0f;
  if (a->beside[agent] != 0.0f) {
    softmax_slope_row(&a->slope, row);
  } else {
    float x = t->top[state] - a->slope.total[state];  // above 0 only where all were masked so far
    x = x < SOFTMAX_LEAST_FACTOR ? SOFTMAX_LEAST_FACTOR : x > 0.0f ? 0.0f : x;
    weight = -d * exp_portable(x);
    const int32_t offset = a->slope.item[state] - p->column;
    if (offset >= 0 && offset < p->n_column) {
      const float own = exp_portable(a->slope.own[state] - a->slope.total[state]);
      t->z[row * p->n_column + offset] = (own - 1.0f) * exp_portable(-x);
    }
  }
  t->weight[state] = weight;
  const float *query = t->query + state * t->width;
  float *scaled = t->scaled + state * t->width;
  for (int32_t k = 0; k < t->width; ++k) scaled[k] = weight * query[k];
}

/// d_query (+)= weight times the row of a tile times vectors, of SOFTMAX_STATES states. The first
/// tile of a walk begins it. Row: (agent of the tile, SOFTMAX_STATES of its states).
typedef struct softmax_to_query_args {
  score_tile tile;
  float *d_query;  // (n_agent, n_state, width)
} softmax_to_query_args;

THRONG_ROW void softmax_to_query_row(const softmax_to_query_args *a, int64_t row) {
  const score_tile *t = &a->tile;
  const tile_place *p = &t->place;
  const int64_t groups = softmax_groups(p->rows), agent = p->agent + row / groups;
  const int64_t all = softmax_states(t, agent), first = row % groups * SOFTMAX_STATES;
  const int64_t end = all < first + SOFTMAX_STATES ? all : first + SOFTMAX_STATES;
  const float *z = t->z + row / groups * p->rows * p->n_column;
  const float *vector = t->vector + (agent * t->n_item + p->column) * t->width;
  const product_terms terms = {p->n_column, 1, 0};
  float sum[PRODUCT_ROWS * PRODUCT_PANEL];
  const float *at[PRODUCT_ROWS];
  int64_t place[PRODUCT_ROWS], n = 0;
  for (int64_t state = first; state < end; ++state) {
    const int64_t of = agent * t->n_state + p->first_state + state;
    float *d = a->d_query + of * t->width;
    if (p->column == 0)
      for (int32_t k = 0; k < t->width; ++k) d[k] = 0.0f;
    if (t->weight[of] != 0.0f) {
      at[n] = z + state * p->n_column;
      place[n++] = of;
    }
    if (n < PRODUCT_ROWS && (state + 1 < end || n == 0)) continue;
    for (int32_t column = 0; column < t->width; column += PRODUCT_PANEL) {
      const int32_t left = t->width - column, columns = left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
      product_rows(at, n, terms, vector + column, t->width, 0, sum, PRODUCT_PANEL, columns);
      for (int64_t r = 0; r < n; ++r)
        for (int32_t k = 0; k < columns; ++k) {
          float *to = a->d_query + place[r] * t->width + column + k;
          *to = fmaf(t->weight[place[r]], sum[r * PRODUCT_PANEL + k], *to);
        }
    }
    n = 0;
  }
}

/// d_vector (+)= the tile's columns times scaled queries, d_bias likewise times weights. The states
/// from number 0 on begin it. Row: (agent of the tile, panel of PRODUCT_PANEL items).
typedef struct softmax_to_items_args {
  score_tile tile;
  float *d_vector, *d_bias;  // (n_agent, n_item, width), (n_agent, n_item)
} softmax_to_items_args;

/// The states first .. end - 1 of a tile that have a gradient.
THRONG_ROW int64_t softmax_moving(const float *weight, int64_t first, int64_t end, int32_t *state) {
  int64_t n = 0;
  for (int64_t s = first; s < end; ++s)
    if (weight[s] != 0.0f) state[n++] = (int32_t)s;
  return n;
}

THRONG_ROW void softmax_to_biases(const float *z, int32_t n_item, product_terms t,
                                  const float *weight, int add, float *bias) {
  int32_t i = 0;
#ifdef THRONG_FLOATS16
  for (; i + 16 <= n_item; i += 16) {
    floats16 sum = add ? floats16_load(bias + i) : floats16_all(0.0f);
    for (int64_t k = 0; k < t.n; ++k)
      sum = floats16_fma(floats16_load(z + t.term[k] * t.step + i), floats16_all(weight[t.term[k]]),
                         sum);
    floats16_store(bias + i, sum);
  }
#endif
  for (; i < n_item; ++i) {
    float sum = add ? bias[i] : 0.0f;
    for (int64_t k = 0; k < t.n; ++k) sum = fmaf(z[t.term[k] * t.step + i], weight[t.term[k]], sum);
    bias[i] = sum;
  }
}

THRONG_ROW void softmax_to_items_row(const softmax_to_items_args *a, int64_t row) {
  const score_tile *t = &a->tile;
  const tile_place *p = &t->place;
  const int64_t panels = softmax_panels(p->n_column), agent = p->agent + row / panels;
  const int32_t first = (int32_t)(row % panels) * PRODUCT_PANEL, left = p->n_column - first;
  const int32_t n = left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
  const int64_t state = agent * t->n_state + p->first_state;
  const int64_t item = agent * t->n_item + p->column + first;
  const float *z = t->z + row / panels * p->rows * p->n_column + first;
  const float *scaled = t->scaled + state * t->width;
  const float *weight = t->weight + state;
  const int64_t states = softmax_states(t, agent);
  for (int64_t begin = 0; begin < states; begin += SOFTMAX_TERMS) {
    const int64_t end = states < begin + SOFTMAX_TERMS ? states : begin + SOFTMAX_TERMS;
    int32_t moving[SOFTMAX_TERMS];
    const product_terms terms = {softmax_moving(weight, begin, end, moving), p->n_column, moving};
    const int add = p->first_state + begin > 0;
    for (int32_t i = 0; i < n; i += PRODUCT_ROWS) {
      const int32_t rows = n - i < PRODUCT_ROWS ? n - i : PRODUCT_ROWS;
      float *d = a->d_vector + (item + i) * t->width;
      const float *at[PRODUCT_ROWS];
      for (int32_t r = 0; r < rows; ++r) at[r] = z + i + r;
      product_rows(at, rows, terms, scaled, t->width, add ? d : 0, d, t->width, t->width);
    }
    softmax_to_biases(z, n, terms, weight, add, a->d_bias + item);
  }
}

#endif
