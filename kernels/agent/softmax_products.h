/// The gradients of a softmax over the catalogue by products of tiles as they lie. Where nothing
/// but the log-probability of one item is asked for, d_i = d ([i = item] - p_i): the exponentials
/// of the first look at a tile are the slopes but for a factor a state, which goes into the query
/// (d_vector) or onto the sum (d_query). They are kept in the tile; no second exponential is made.
///
/// A tile z here is (agents, lanes, place.rows, PRODUCT_LANES): PRODUCT_LANES items of a state side
/// by side, and under them those of the next state, so that both products read it as it lies. Lanes
/// beyond the tile's items are masked.
#ifndef THRONG_KERNELS_AGENT_SOFTMAX_PRODUCTS_H
#define THRONG_KERNELS_AGENT_SOFTMAX_PRODUCTS_H

#include "kernels/agent/score_tile.h"
#include "kernels/agent/softmax.h"

enum {
  SOFTMAX_TILE = 512,   // most items of a tile
  SOFTMAX_STATES = 48,  // states of a row of softmax_exponentials and of softmax_to_query
  SOFTMAX_TERMS = 256,  // states that are added to items at a time
#ifdef THRONG_DEVICE
  SOFTMAX_TOGETHER = 1,  // states of a softmax_group: a device's threads have small frames
  SOFTMAX_ROWS = 1,      // states of a product
#else
  SOFTMAX_TOGETHER = SOFTMAX_STATES,
  SOFTMAX_ROWS = PRODUCT_ROWS,
#endif
};
/// Least logarithm of a tile's factor: below it all of its probabilities are nothing beside the
/// others', and what stands for the item shown is still a number.
#define SOFTMAX_LEAST_FACTOR (-60.0f)
/// A masked item's score: its exponential is 0, and times it no NaN.
#define SOFTMAX_MASKED (-1e30f)
/// The most that exponentials may come to before they are made beside a larger score.
#define SOFTMAX_MOST_SUM 1e18f

/// What the kernels below work on.
typedef struct slope_tile {
  score_tile score;
  // Of each state:
  float *top;     // (n_agent, n_state) what this tile's exponentials are beside
  float *weight;  // (n_agent, n_state) d_query is weight times the tile's sum; 0: no gradient
  float *scaled;  // (n_agent, n_state, width) weight times query
} slope_tile;

THRONG_SIZE int64_t softmax_lanes(int64_t n_column) {
  return (n_column + PRODUCT_LANES - 1) / PRODUCT_LANES;
}
THRONG_SIZE int64_t softmax_groups(int64_t rows) {
  return (rows + SOFTMAX_STATES - 1) / SOFTMAX_STATES;
}
/// Of agent number `agent` of the tile the exponentials of item `offset` and of a state.
THRONG_ROW float *softmax_at(const score_tile *t, int64_t agent, int64_t state, int32_t offset) {
  const tile_place *p = &t->place;
  return t->z +
         ((agent * softmax_lanes(p->n_column) + offset / PRODUCT_LANES) * p->rows + state) *
             PRODUCT_LANES +
         offset % PRODUCT_LANES;
}

/// Scores of a tile, masked, become exponentials beside a score that few are far above, which is
/// kept; and are added to the sums. Rows of agents whose gradients ask for more stay scores. Row:
/// (agent of the tile, SOFTMAX_STATES of its states).
typedef struct softmax_exponentials_args {
  slope_tile tile;      // score.turned is there
  tile_mask_args mask;  // z is not used
  softmax_sums *sums;   // (n_agent, n_state)
  const float *beside;  // (n_agent) not 0: what else is asked for, see softmax_weigh
  int32_t again;        // the sums have them, and top is known
  int32_t far;          // so much is made before it is read that it goes past the caches
} softmax_exponentials_args;

/// A group of states on its way through a tile.
typedef struct softmax_group {
  const softmax_exponentials_args *a;
  int64_t agent, first;  // of all, and the first of its states in the tile
  int far;               // see softmax_exponentials_args
  THRONG_CACHE_LINES float bias[PRODUCT_PANEL];
  float top[SOFTMAX_TOGETHER];  // NaN: there is none yet
  softmax_sums sums[SOFTMAX_TOGETHER];
  // What this tile adds to them, by lanes:
  THRONG_CACHE_LINES float sum[SOFTMAX_TOGETHER][PRODUCT_LANES];
  THRONG_CACHE_LINES float weighted[SOFTMAX_TOGETHER][PRODUCT_LANES];
  union {
    uint32_t word[SOFTMAX_TILE / 32];
    uint64_t panel[SOFTMAX_TILE / PRODUCT_PANEL];  // the same bits
  } masked[SOFTMAX_TOGETHER];
} softmax_group;

#define SOFTMAX_LOG2_E 1.44269504088896341f

#ifdef THRONG_FLOATS16
THRONG_INLINE void softmax_put(float *to, floats16 a, int far) {
  if (far)
    floats16_stream(to, a);
  else
    floats16_store(to, a);
}
#endif

/// exp(z - top) of n scores, a multiple of PRODUCT_LANES: added to `sum` and `weighted`, and where
/// `to` is given written to it, lanes `apart` from each other. 0: they are too large or no numbers.
THRONG_INLINE int softmax_powers(const float *THRONG_RESTRICT z, int32_t n, float top,
                                 float *THRONG_RESTRICT to, int64_t apart, int far,
                                 float *THRONG_RESTRICT sum, float *THRONG_RESTRICT weighted) {
#ifdef THRONG_FLOATS16
  floats16 s = floats16_all(0.0f), w = s;
  for (int32_t i = 0; i < n; i += PRODUCT_LANES) {
    const floats16 x = floats16_subtract(floats16_load(z + i), floats16_all(top));
    const floats16 e = floats16_exp2_fused(floats16_multiply(x, floats16_all(SOFTMAX_LOG2_E)));
    s = floats16_add(s, e);
    w = floats16_fma(e, x, w);
    if (to) softmax_put(to + i / PRODUCT_LANES * apart, e, far);
  }
  floats16_store(sum, floats16_add(floats16_load(sum), s));
  floats16_store(weighted, floats16_add(floats16_load(weighted), w));
  return floats16_all_within(s, floats16_all(SOFTMAX_MOST_SUM));
#else
  (void)far;
  float s[PRODUCT_LANES] = {0}, w[PRODUCT_LANES] = {0};
  int within = 1;
  for (int32_t i = 0; i < n; ++i) {
    const int32_t k = i % PRODUCT_LANES;
    const float x = z[i] - top, e = exp2_fused(x * SOFTMAX_LOG2_E);
    s[k] += e;
    w[k] = fmaf(e, x, w[k]);
    if (to) to[i / PRODUCT_LANES * apart + k] = e;
  }
  for (int32_t k = 0; k < PRODUCT_LANES; ++k) {
    sum[k] += s[k];
    weighted[k] += w[k];
    within = within && s[k] <= SOFTMAX_MOST_SUM;
  }
  return within;
#endif
}

/// The query's scores beside a panel's items, of n_row states from `state` of the group on.
THRONG_ROW void softmax_scores_of(const softmax_group *g, int64_t state, int64_t n_row,
                                  int32_t first, int32_t n, float *z) {
  const score_tile *t = &g->a->tile.score;
  const product_terms terms = {t->width, t->width, 0};
  const float *at[PRODUCT_ROWS];
  for (int64_t r = 0; r < n_row; ++r)
    at[r] =
        t->query + (g->agent * t->n_state + t->place.first_state + g->first + state + r) * t->width;
  product_rows(at, n_row, terms, tile_turned(t, g->agent - t->place.agent, first), PRODUCT_PANEL,
               g->bias, 0, z, PRODUCT_PANEL, n);
  for (int64_t r = 0; r < n_row; ++r)
    for (uint64_t bits = g->masked[state + r].panel[first / PRODUCT_PANEL]; bits; bits &= bits - 1)
      z[r * PRODUCT_PANEL + lowest_bit(bits)] = SOFTMAX_MASKED;
}

/// Of a tile's panel, in whole lanes.
THRONG_ROW int32_t softmax_panel_width(const tile_place *p, int32_t first) {
  const int32_t left = (int32_t)softmax_lanes(p->n_column - first) * PRODUCT_LANES;
  return left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
}

THRONG_ROW void softmax_panel_biases(softmax_group *g, int32_t first) {
  const score_tile *t = &g->a->tile.score;
  const float *bias = t->bias + g->agent * t->n_item + t->place.column + first;
  const int32_t left = t->place.n_column - first;
  for (int32_t i = 0; i < PRODUCT_PANEL; ++i) g->bias[i] = i < left ? bias[i] : 0.0f;
}

/// Make a state's exponentials beside the largest score of a panel too, from the tile's first on.
THRONG_ROW void softmax_start_over(softmax_group *g, int64_t state, const float *z, int32_t n,
                                   int32_t last, float *to) {
  const tile_place *p = &g->a->tile.score.place;
  float most = -INFINITY;
  for (int32_t i = 0; i < n; ++i)
    if (z[i] > most) most = z[i];
  const float top = softmax_raise(&g->sums[state], most > SOFTMAX_MASKED ? most : -INFINITY);
  if (g->sums[state].most > -INFINITY) g->top[state] = top;
  for (int32_t k = 0; k < PRODUCT_LANES; ++k) g->sum[state][k] = g->weighted[state][k] = 0.0f;
  for (int32_t first = 0; first <= last; first += PRODUCT_PANEL) {
    THRONG_CACHE_LINES float own[PRODUCT_PANEL];
    const int32_t width = softmax_panel_width(p, first);
    softmax_panel_biases(g, first);
    softmax_scores_of(g, state, 1, first, width, own);
    (void)softmax_powers(own, width, top, to ? to + first * p->rows : to, p->rows * PRODUCT_LANES,
                         g->far, g->sum[state], g->weighted[state]);
  }
}

/// Takes the group to its tile: what is masked, and what its exponentials will be beside.
THRONG_ROW void softmax_group_begin(softmax_group *g, int64_t states) {
  const softmax_exponentials_args *a = g->a;
  const score_tile *t = &a->tile.score;
  const int64_t at = g->agent * t->n_state + t->place.first_state + g->first;
  for (int64_t s = 0; s < states; ++s) {
    g->sums[s] = a->sums[at + s];
    const float most = g->sums[s].most;
    g->top[s] = a->again ? a->tile.top[at + s] : most > -INFINITY ? most : NAN;
    for (int32_t k = 0; k < PRODUCT_LANES; ++k) g->sum[s][k] = g->weighted[s][k] = 0.0f;
    for (int32_t k = 0; k < SOFTMAX_TILE / 32; ++k) g->masked[s].word[k] = 0;
    tile_mask_state(&a->mask, at + s, 0, g->masked[s].word);
    const int32_t n = t->place.n_column;  // those beyond are no items
    if (n % 32) g->masked[s].word[n / 32] |= 0xffffffffu << n % 32;
  }
}

/// Adds what the tile came to.
THRONG_ROW void softmax_group_end(softmax_group *g, int64_t states) {
  const softmax_exponentials_args *a = g->a;
  const score_tile *t = &a->tile.score;
  const int64_t at = g->agent * t->n_state + t->place.first_state + g->first;
  for (int64_t s = 0; s < states; ++s) {
    softmax_sums *sums = &g->sums[s];
    sums->sum += (double)join_lanes(g->sum[s]);
    sums->weighted += (double)join_lanes(g->weighted[s]);
    a->sums[at + s] = *sums;
    a->tile.top[at + s] = sums->most == -INFINITY ? 0.0f : sums->most;
  }
}

THRONG_ROW void softmax_copy_lane(const float *THRONG_RESTRICT from, float *THRONG_RESTRICT to,
                                  int far) {
#ifdef THRONG_FLOATS16
  softmax_put(to, floats16_load(from), far);
#else
  (void)far;
  for (int32_t k = 0; k < PRODUCT_LANES; ++k) to[k] = from[k];
#endif
}

/// A panel of n_row states from `state` of the group on, whose scores are z.
THRONG_ROW void softmax_panel(softmax_group *g, int64_t state, int64_t n_row, const float *z,
                              int32_t first, int32_t n, int scores) {
  const score_tile *t = &g->a->tile.score;
  const int64_t apart = t->place.rows * PRODUCT_LANES, in_tile = g->agent - t->place.agent;
  float *to = softmax_at(t, in_tile, g->first + state, first);
  uint32_t over = 0;
  for (int64_t r = 0; scores && r < n_row; ++r)
    for (int32_t i = 0; i < n; i += PRODUCT_LANES)
      softmax_copy_lane(z + r * PRODUCT_PANEL + i,
                        to + i / PRODUCT_LANES * apart + r * PRODUCT_LANES, g->far);
  if (scores && g->a->again) return;
  for (int64_t r = 0; r < n_row; ++r) {
    const float *of = z + r * PRODUCT_PANEL, top = g->top[state + r];
    float *out = scores ? 0 : to + r * PRODUCT_LANES;
    float *sum = g->sum[state + r], *weighted = g->weighted[state + r];
    const int within =
        n == PRODUCT_PANEL && out
            ? softmax_powers(of, PRODUCT_PANEL, top, out, apart, g->far, sum, weighted)
            : softmax_powers(of, n, top, out, apart, g->far, sum, weighted);
    over |= (uint32_t)!within << r;
  }
  for (; over && !g->a->again; over &= over - 1) {
    const int64_t r = lowest_bit(over);
    softmax_start_over(g, state + r, z + r * PRODUCT_PANEL, n, first,
                       scores ? 0 : softmax_at(t, in_tile, g->first + state + r, 0));
  }
}

/// The lines that softmax_panel will write.
THRONG_ROW void softmax_fetch(const softmax_group *g, int64_t state, int64_t n_row, int32_t first,
                              int32_t n) {
  const score_tile *t = &g->a->tile.score;
  const float *to = softmax_at(t, g->agent - t->place.agent, g->first + state, first);
  for (int32_t i = 0; i < n; i += PRODUCT_LANES, to += t->place.rows * PRODUCT_LANES)
    for (int64_t r = 0; r < n_row; ++r) THRONG_PREFETCH_TO_WRITE(to + r * PRODUCT_LANES);
}

/// Of the tile behind this one, whose vectors are turned round next: part `part` of them, of
/// `parts` equal ones, into the caches.
THRONG_ROW void softmax_fetch_vectors(const softmax_group *g, int64_t part, int64_t parts) {
  const score_tile *t = &g->a->tile.score;
  const int64_t first = t->place.column + t->place.n_column, left = t->n_item - first;
  const int64_t items = left < t->place.n_column ? left : t->place.n_column;
  const float *vector = t->vector + (g->agent * t->n_item + first) * t->width;
  const int64_t lines = items * t->width / PRODUCT_LANES;
  for (int64_t line = lines * part / parts; line < lines * (part + 1) / parts; ++line)
    THRONG_PREFETCH(vector + line * PRODUCT_LANES);
}

/// A group's way through its tile.
THRONG_ROW void softmax_group_walk(const softmax_exponentials_args *a, int64_t agent, int64_t first,
                                   int64_t states) {
  const tile_place *p = &a->tile.score.place;
  const int scores = a->beside[agent] != 0.0f;
  softmax_group g;
  g.a = a;
  g.agent = agent;
  g.first = first;
  // A vector that is streamed begins a cache line.
  g.far = a->far && (uintptr_t)a->tile.score.z % (PRODUCT_LANES * sizeof(float)) == 0;
  softmax_group_begin(&g, states);
  const int64_t blocks = (p->rows + SOFTMAX_ROWS - 1) / SOFTMAX_ROWS;
  const int64_t products = tile_panels(p->n_column) * blocks;  // of all groups
  for (int32_t item = 0; item < p->n_column; item += PRODUCT_PANEL) {
    const int32_t n = softmax_panel_width(p, item);
    softmax_panel_biases(&g, item);
    // A product's sums are looked at once the next product is on its way: they are in memory then.
    THRONG_CACHE_LINES float z[2][SOFTMAX_ROWS * PRODUCT_PANEL];
    for (int64_t state = 0; state < states + SOFTMAX_ROWS; state += SOFTMAX_ROWS) {
      const int64_t before = state - SOFTMAX_ROWS, more = states - state;
      const int turn = (int)(state / SOFTMAX_ROWS % 2);
      if (more > 0) {
        const int64_t rows = more < SOFTMAX_ROWS ? more : SOFTMAX_ROWS;
        const int64_t number = item / PRODUCT_PANEL * blocks + (first + state) / SOFTMAX_ROWS;
        softmax_fetch_vectors(&g, number, products);
        if (!g.far) softmax_fetch(&g, state, rows, item, n);
        softmax_scores_of(&g, state, rows, item, n, z[turn]);
      }
      if (before < 0) continue;
      const int64_t rows = states - before;
      softmax_panel(&g, before, rows < SOFTMAX_ROWS ? rows : SOFTMAX_ROWS, z[1 - turn], item, n,
                    scores);
    }
  }
  if (!a->again) softmax_group_end(&g, states);
}

THRONG_ROW void softmax_exponentials_row(const softmax_exponentials_args *a, int64_t row) {
  const score_tile *t = &a->tile.score;
  const int64_t groups = softmax_groups(t->place.rows), agent = t->place.agent + row / groups;
  const int64_t first = row % groups * SOFTMAX_STATES, all = tile_states(t, agent);
  const int64_t end = all < first + SOFTMAX_STATES ? all : first + SOFTMAX_STATES;
  for (int64_t state = first; state < end; state += SOFTMAX_TOGETHER)
    softmax_group_walk(a, agent, state,
                       end - state < SOFTMAX_TOGETHER ? end - state : SOFTMAX_TOGETHER);
#ifdef THRONG_FLOATS16
  if (a->far) floats16_streamed();
#endif
}

/// What a state's row of a tile is worth to gradients: its weight, and what stands for the item
/// shown, so that weight times the row is the gradient with respect to the tile's scores. Rows that
/// ask for more than one log-probability become softmax_slope's. Row: (agent of the tile,
/// SOFTMAX_STATES of its states).
typedef struct softmax_weigh_args {
  softmax_slope_args slope;  // whose z and place are not used
  slope_tile tile;
  const float *beside;  // (n_agent)
} softmax_weigh_args;

/// softmax_slope_of of PRODUCT_LANES scores with their biases, by exp2_fused.
THRONG_ROW void softmax_slopes_here(const softmax_slope_args *s, int64_t state,
                                    float *THRONG_RESTRICT z) {
  const float by_log_prob = -s->d_log_prob[state] * s->times[state];
  const float by_entropy = -s->d_entropy[state], entropy = s->entropy[state];
  const float total = s->total[state];
#ifdef THRONG_FLOATS16
  const floats16 x = floats16_subtract(floats16_load(z), floats16_all(total));
  const floats16 e = floats16_exp2_fused(floats16_multiply(x, floats16_all(SOFTMAX_LOG2_E)));
  const floats16 far = floats16_add(x, floats16_all(entropy));
  const floats16 by = floats16_fma(floats16_all(by_entropy), far, floats16_all(by_log_prob));
  floats16_store(z, floats16_multiply(e, by));
#else
  for (int32_t k = 0; k < PRODUCT_LANES; ++k) {
    const float x = z[k] - total, e = exp2_fused(x * SOFTMAX_LOG2_E);
    z[k] = e * fmaf(by_entropy, x + entropy, by_log_prob);
  }
#endif
}

/// The weight of a state whose row holds exponentials, and in it what stands for the item.
THRONG_ROW float softmax_weight(const softmax_weigh_args *a, int64_t state, float *own) {
  const float d = a->slope.d_log_prob[state], total = a->slope.total[state];
  float x = a->tile.top[state] - total;  // above 0 only where all were masked so far
  x = x < SOFTMAX_LEAST_FACTOR ? SOFTMAX_LEAST_FACTOR : x > 0.0f ? 0.0f : x;
  if (own) *own = (exp_portable(a->slope.own[state] - total) - 1.0f) * exp_portable(-x);
  return -d * exp_portable(x);
}

THRONG_ROW void softmax_weigh_row(const softmax_weigh_args *a, int64_t row) {
  const score_tile *t = &a->tile.score;
  const tile_place *p = &t->place;
  const int64_t groups = softmax_groups(p->rows), in_tile = row / groups;
  const int64_t agent = p->agent + in_tile, first = row % groups * SOFTMAX_STATES;
  const int64_t all = tile_states(t, agent), at = agent * t->n_state + p->first_state;
  const int64_t end = all < first + SOFTMAX_STATES ? all : first + SOFTMAX_STATES;
  const int slopes = a->beside[agent] != 0.0f;
  for (int32_t i = 0; slopes && i < p->n_column; i += PRODUCT_LANES)
    for (int64_t s = first; s < end; ++s)
      softmax_slopes_here(&a->slope, at + s, softmax_at(t, in_tile, s, i));
  for (int64_t s = first; s < end; ++s) {
    const int64_t state = at + s;
    const int32_t offset = a->slope.item[state] - p->column;
    float *own = offset >= 0 && offset < p->n_column ? softmax_at(t, in_tile, s, offset) : 0;
    float weight = 1.0f;
    if (!slopes)
      weight = softmax_weight(a, state, own);
    else if (own)
      *own = softmax_slope_shown(&a->slope, state, 0);
    // As a rule a state's weight is that of the tile before.
    if (p->column > 0 && weight == a->tile.weight[state]) continue;
    a->tile.weight[state] = weight;
    for (int32_t k = 0; k < t->width; ++k)
      a->tile.scaled[state * t->width + k] = weight * t->query[state * t->width + k];
  }
}

/// d_query (+)= weight times the row of a tile times vectors, of SOFTMAX_STATES states. The first
/// tile of a walk begins it. Row: (agent of the tile, SOFTMAX_STATES of its states).
typedef struct softmax_to_query_args {
  slope_tile tile;
  float *d_query;  // (n_agent, n_state, width)
} softmax_to_query_args;

THRONG_ROW void softmax_to_query_row(const softmax_to_query_args *a, int64_t row) {
  const score_tile *t = &a->tile.score;
  const tile_place *p = &t->place;
  const int64_t groups = softmax_groups(p->rows), in_tile = row / groups;
  const int64_t agent = p->agent + in_tile, first = row % groups * SOFTMAX_STATES;
  const int64_t all = tile_states(t, agent);
  const int64_t end = all < first + SOFTMAX_STATES ? all : first + SOFTMAX_STATES;
  const float *vector = t->vector + (agent * t->n_item + p->column) * t->width;
  const product_terms terms = {p->n_column, PRODUCT_LANES, p->rows * PRODUCT_LANES};
  THRONG_CACHE_LINES float sum[PRODUCT_ROWS * PRODUCT_PANEL];
  const float *at[PRODUCT_ROWS], *weight = a->tile.weight;
  int64_t place[PRODUCT_ROWS], n = 0;
  for (int64_t state = first; state < end; ++state) {
    const int64_t of = agent * t->n_state + p->first_state + state;
    float *d = a->d_query + of * t->width;
    if (p->column == 0)
      for (int32_t k = 0; k < t->width; ++k) d[k] = 0.0f;
    if (weight[of] != 0.0f) {
      at[n] = softmax_at(t, in_tile, state, 0);
      place[n++] = of;
    }
    if (n < PRODUCT_ROWS && (state + 1 < end || n == 0)) continue;
    for (int32_t column = 0; column < t->width; column += PRODUCT_PANEL) {
      const int32_t left = t->width - column, columns = left < PRODUCT_PANEL ? left : PRODUCT_PANEL;
      product_rows(at, n, terms, vector + column, t->width, 0, 0, sum, PRODUCT_PANEL, columns);
      for (int64_t r = 0; r < n; ++r)
        for (int32_t k = 0; k < columns; ++k) {
          float *to = a->d_query + place[r] * t->width + column + k;
          *to = fmaf(weight[place[r]], sum[r * PRODUCT_PANEL + k], *to);
        }
    }
    n = 0;
  }
}

/// d_vector (+)= the tile's columns times scaled queries, d_bias likewise times weights. The states
/// from number 0 on begin it. Row: (agent of the tile, panel of PRODUCT_PANEL of its items).
typedef struct softmax_to_items_args {
  slope_tile tile;
  float *d_vector, *d_bias;  // (n_agent, n_item, width), (n_agent, n_item)
} softmax_to_items_args;

/// The states first .. end - 1 of a tile that have a gradient.
THRONG_ROW int64_t softmax_moving(const float *weight, int64_t first, int64_t end, int32_t *state) {
  int64_t n = 0;
  for (int64_t s = first; s < end; ++s) {  // without a branch that nobody could foresee
    state[n] = (int32_t)s;
    n += weight[s] != 0.0f;
  }
  return n;
}

THRONG_ROW void softmax_to_items_row(const softmax_to_items_args *a, int64_t row) {
  const score_tile *t = &a->tile.score;
  const tile_place *p = &t->place;
  const int64_t panels = tile_panels(p->n_column), in_tile = row / panels;
  const int64_t agent = p->agent + in_tile, state = agent * t->n_state + p->first_state;
  const int32_t first = (int32_t)(row % panels) * PRODUCT_PANEL;
  const int64_t item = agent * t->n_item + p->column, states = tile_states(t, agent);
  const float *scaled = a->tile.scaled + state * t->width, *weight = a->tile.weight + state;
  for (int64_t begin = 0; begin < states; begin += SOFTMAX_TERMS) {
    const int64_t end = states < begin + SOFTMAX_TERMS ? states : begin + SOFTMAX_TERMS;
    int32_t moving[SOFTMAX_TERMS];
    const product_list terms = {softmax_moving(weight, begin, end, moving), moving};
    const int begun = p->first_state + begin > 0;
    for (int32_t i = first; i < first + PRODUCT_PANEL && i < p->n_column; i += PRODUCT_LANES) {
      const float *z = softmax_at(t, in_tile, 0, i);
      float *vector = a->d_vector + (item + i) * t->width, *bias = a->d_bias + item + i;
      const int32_t left = p->n_column - i, n = left < PRODUCT_LANES ? left : PRODUCT_LANES;
      product_columns(z, n, terms, scaled, t->width, begun, vector, t->width, weight, bias);
    }
  }
}

#endif
