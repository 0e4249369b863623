/// Choosing items: folding tiles of Q into each lane's best items, and epsilon-greedy actions.
#ifndef THRONG_KERNELS_AGENT_ACT_H
#define THRONG_KERNELS_AGENT_ACT_H

#include "kernels/agent/clock.h"
#include "kernels/agent/replay.h"
#include "kernels/base/elementwise.h"
#include "kernels/base/exponential.h"
#include "kernels/base/floats16.h"
#include "kernels/base/portable.h"
#include "kernels/base/random.h"

enum { SCORES_CHUNK = 256, BEST_CHUNK = 64, BEST_LANES = 16, EXPLORE_TRIES = 64 };

/// Gumbel noise upon scores, with which the best k are a draw from their softmax without
/// replacement: a word of Philox for each item, keyed by the lane, its episode and step, four items
/// a draw. seed NULL: none.
typedef struct catalogue_noise {
  const uint32_t *seed;              // (n_agent)
  const int32_t *step;               // (n_agent * n_state) of the simulator
  const uint32_t *number, *episode;  // likewise
} catalogue_noise;

/// The words of items 4 k .. 4 k + 3.
THRONG_ROW random_words noise_words(const catalogue_noise *n, int64_t agent, int64_t state,
                                    uint32_t k) {
  return random_draw(n->seed[agent], RANDOM_POLICY, k, (uint32_t)n->step[state], n->number[state],
                     n->episode[state]);
}

/// -log(-log(1 - v)) for v uniform in (0, 1], to within rounding also where v is small, which is
/// where winners come from.
THRONG_ROW float gumbel_of(uint32_t word) {
  const float v = random_uniform(word), u = 1.0f - v;
  const float exponential = u == 1.0f ? v : -log_portable(u) * (v / (1.0f - u));
  return -log_portable(exponential);
}

/// Words above this cannot lift a score of `most` or less over `least`: -log(1 - v) is at least v.
/// With room for the rounding of sums of such scores.
THRONG_ROW uint32_t noise_bound(float most, float least) {
  if (!(least > -INFINITY)) return 0xffffffffu;
  const float room = 1e-4f + 1e-6f * (fabsf(most) + fabsf(least));
  const float v = exp_portable(most - least + room);
  return v < 1.0f ? (uint32_t)(v * 4294967040.0f) : 0xffffffffu;
}

/// The best items so far are kept sorted, best first; equal values keep the lower item first.
typedef struct best_reset_args {
  float *value;   // (n_row, top)
  int32_t *item;  // (n_row, top)
  int32_t top;
} best_reset_args;

THRONG_ROW void best_reset_row(const best_reset_args *a, int64_t row) {
  for (int32_t k = 0; k < a->top; ++k) {
    a->value[row * a->top + k] = -INFINITY;
    a->item[row * a->top + k] = -1;
  }
}

/// A tile of scores: of each of its agents, the first of which is `agent`, `rows` states from
/// number first_state on, and items column .. column + n_column - 1. Row r of a launch is state
/// first_state + r % rows of agent `agent + r / rows`.
typedef struct tile_place {
  int64_t rows, first_state, agent;
  int32_t column, n_column;
} tile_place;

THRONG_ROW int64_t tile_agent(const tile_place *t, int64_t row) { return t->agent + row / t->rows; }

/// Its place in (n_agent, n_state).
THRONG_ROW int64_t tile_state(const tile_place *t, int64_t n_state, int64_t row) {
  return tile_agent(t, row) * n_state + t->first_state + row % t->rows;
}

/// Fold a tile of Q. Row: see tile_place.
typedef struct best_fold_args {
  const float *q;        // (agents of the tile, rows, n_column) query . vector
  const float *bias;     // (n_agent, n_item)
  const uint32_t *seen;  // (n_agent * n_state, n_seen_word) items to leave out, or NULL
  state_view shown;      // leave out what these states' sessions hold, where shown.entry
  real_histories real;   // and what their users' real histories do, where real.offset
  float *value;          // (n_agent, n_state, top)
  int32_t *item;         // (n_agent, n_state, top)
  const int32_t *used;   // (n_agent) of its n_state, or NULL, see row_is_idle
  catalogue_noise noise;
  tile_place place;
  int64_t n_state, n_item, n_seen_word;
  int32_t top;
} best_fold_args;

THRONG_ROW void best_insert(float *value, int32_t *item, int32_t top, float v, int32_t i) {
  int32_t k = top - 1;
  for (; k > 0 && v > value[k - 1]; --k) {
    value[k] = value[k - 1];
    item[k] = item[k - 1];
  }
  value[k] = v;
  item[k] = i;
}

/// Is the item masked in the row's session?
THRONG_ROW int best_masked(const best_fold_args *a, int64_t state, int32_t item) {
  if (a->seen) return (int)(a->seen[state * a->n_seen_word + (item >> 5)] >> (item & 31) & 1u);
  if (!a->shown.entry) return 0;
  const uint32_t *entry = a->shown.entry + state * a->shown.capacity;
  int32_t length = a->shown.length[state];
  for (int32_t k = length - a->shown.session[state]; k < length; ++k)
    if (history_item(entry[k]) == item) return 1;
  if (!a->real.offset) return 0;
  const int64_t *span = a->real.offset + a->shown.user[state];
  for (int64_t k = span[0]; k < span[1]; ++k)
    if (history_item(a->real.entry[k]) == item) return 1;
  return 0;
}

/// The greatest of a chunk of scores that are numbers, or -infinity. z: their sums with the biases,
/// -infinity up to the next multiple of THRONG_DOT_LANES.
THRONG_ROW float scores_most(const float *THRONG_RESTRICT q, const float *THRONG_RESTRICT bias,
                             int32_t n, float *THRONG_RESTRICT z) {
  int32_t i = 0;
#ifdef THRONG_FLOATS16
  floats16 most = floats16_all(-INFINITY);
  for (; i + THRONG_DOT_LANES <= n; i += THRONG_DOT_LANES) {
    const floats16 x = floats16_add(floats16_load(q + i), floats16_load(bias + i));
    floats16_store(z + i, x);
    most = floats16_larger(x, most);
  }
  float top = floats16_most(most);
#else
  float most[THRONG_DOT_LANES], top = -INFINITY;
  for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) most[k] = -INFINITY;
  for (; i + THRONG_DOT_LANES <= n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) {
      z[i + k] = q[i + k] + bias[i + k];
      most[k] = z[i + k] > most[k] ? z[i + k] : most[k];
    }
  for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) top = most[k] > top ? most[k] : top;
#endif
  for (; i < n; ++i) {
    z[i] = q[i] + bias[i];
    top = z[i] > top ? z[i] : top;
  }
  for (; i % THRONG_DOT_LANES; ++i) z[i] = -INFINITY;
  return top;
}

/// A chunk of scores with noise: most words cannot win and are never made noise of. `n` at most
/// SCORES_CHUNK.
THRONG_ROW void best_fold_noisy(const best_fold_args *a, int64_t agent, int64_t state,
                                const float *q, const float *bias, int32_t first, int32_t n) {
  float z[SCORES_CHUNK], *value = a->value + state * a->top;
  int32_t *item = a->item + state * a->top;
  uint32_t word[4][RANDOM_SOME];
  const float most = scores_most(q, bias, n, z);
  uint32_t bound = noise_bound(most, value[a->top - 1]);
  if (bound == 0) return;
  const uint32_t below = random_draw_some(a->noise.seed[agent], RANDOM_POLICY, (uint32_t)first / 4,
                                          (uint32_t)a->noise.step[state], a->noise.number[state],
                                          a->noise.episode[state], bound, word);
  for (int32_t i = 0; below && i < n; ++i) {
    if (!(below >> i / (4 * RANDOM_GROUP) & 1u)) {
      i |= 4 * RANDOM_GROUP - 1;
      continue;
    }
    const uint32_t own = word[i % 4][i / 4];
    if (own > bound) continue;
    const float noisy = z[i] + gumbel_of(own);
    if (!(noisy > value[a->top - 1]) || best_masked(a, state, first + i)) continue;
    best_insert(value, item, a->top, noisy, first + i);
    bound = noise_bound(most, value[a->top - 1]);
  }
}

THRONG_ROW void best_fold_row(const best_fold_args *a, int64_t row) {
  const tile_place *t = &a->place;
  int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  if (row_is_idle(a->used, a->n_state, state)) return;
  const float *q = a->q + row * t->n_column;
  const float *bias = a->bias + agent * a->n_item + t->column;
  float *value = a->value + state * a->top;
  int32_t *item = a->item + state * a->top;
  for (int32_t begin = 0; a->noise.seed && begin < t->n_column; begin += SCORES_CHUNK) {
    const int32_t left = t->n_column - begin, n = left < SCORES_CHUNK ? left : SCORES_CHUNK;
    best_fold_noisy(a, agent, state, q + begin, bias + begin, t->column + begin, n);
  }
  float least = value[a->top - 1];
  for (int32_t begin = 0; !a->noise.seed && begin < t->n_column; begin += BEST_CHUNK) {
    int32_t n = t->n_column - begin < BEST_CHUNK ? t->n_column - begin : BEST_CHUNK;
    float sum[BEST_CHUNK];
    for (int32_t i = 0; i < n; ++i) sum[i] = q[begin + i] + bias[begin + i];
    if (n == BEST_CHUNK) {  // most chunks hold nothing better: find out without a branch an item
      int32_t better = 0;
      for (int32_t i = 0; i < BEST_CHUNK; ++i) better |= sum[i] > least;
      if (!better) continue;
    }
    for (int32_t i = 0; i < n; ++i) {
      if (!(sum[i] > least)) continue;
      int32_t candidate = t->column + begin + i;
      if (best_masked(a, state, candidate)) continue;
      best_insert(value, item, a->top, sum[i], candidate);
      least = value[a->top - 1];
    }
  }
}

/// The best items of each state, Q made on the way and kept nowhere: what a device does in place of
/// products and folds, where few are wanted. Row: state row % n_state of agent row / n_state.
enum { BEST_MOST_TOP = 16, BEST_SIDE = 128, BEST_BLOCKS = 528 };

typedef struct best_search_args {
  const float *query;    // (n_agent, n_state, width)
  const float *vector;   // (n_agent, n_item, width)
  const float *bias;     // (n_agent, n_item)
  const uint32_t *seen;  // as best_fold_args
  state_view shown;
  real_histories real;
  float *value;         // (n_agent, n_state, top) best first
  int32_t *item;        // (n_agent, n_state, top) -1: all others are masked, or no Q is a number
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle; a variant may do all
  uint64_t *packed;     // best_search_scratch of them: scratch of a device's variant
  catalogue_noise noise;
  int64_t n_state, n_item, n_seen_word;
  int32_t n_agent, width, top;
} best_search_args;

/// Items of a block of the variant, in tiles of BEST_SIDE: shared out until the device is full
/// (four blocks for each multiprocessor of an H100).
THRONG_SIZE int64_t best_search_tiles(int64_t n_agent, int64_t n_state, int64_t n_item) {
  const int64_t n_tile = (n_item + BEST_SIDE - 1) / BEST_SIDE;
  int64_t n_share = BEST_BLOCKS / ((n_state + BEST_SIDE - 1) / BEST_SIDE * n_agent);
  n_share = n_share < 1 ? 1 : n_share > n_tile ? n_tile : n_share;
  return (n_tile + n_share - 1) / n_share;
}

/// How often the catalogue is shared out.
THRONG_SIZE int64_t best_search_shares(int64_t n_agent, int64_t n_state, int64_t n_item) {
  const int64_t tiles = best_search_tiles(n_agent, n_state, n_item);
  return (n_item + tiles * BEST_SIDE - 1) / (tiles * BEST_SIDE);
}

/// A number a state for the best alone; for lists one of each share.
THRONG_SIZE int64_t best_search_scratch(int64_t n_agent, int64_t n_state, int64_t n_item,
                                        int32_t top) {
  return n_agent * n_state * (top == 1 ? 1 : top * best_search_shares(n_agent, n_state, n_item));
}

THRONG_ROW void best_search_row(const best_search_args *a, int64_t row) {
  if (row_is_idle(a->used, a->n_state, row)) return;
  const int64_t agent = row / a->n_state;
  best_fold_args mask;
  mask.seen = a->seen;
  mask.shown = a->shown;
  mask.real = a->real;
  mask.n_seen_word = a->n_seen_word;
  const float *query = a->query + row * a->width;
  float *value = a->value + row * a->top;
  int32_t *item = a->item + row * a->top;
  for (int32_t k = 0; k < a->top; ++k) {
    value[k] = -INFINITY;
    item[k] = -1;
  }
  for (int32_t i = 0; i < a->n_item; ++i) {
    const int64_t at = agent * a->n_item + i;
    float q = dot_product(query, a->vector + at * a->width, a->width) + a->bias[at];
    if (a->noise.seed) q += gumbel_of(noise_words(&a->noise, agent, row, (uint32_t)i / 4).w[i % 4]);
    if (!(q > value[a->top - 1]) || best_masked(&mask, row, i)) continue;
    best_insert(value, item, a->top, q, i);
  }
}

enum { EPSILON_LINEAR = 0, EPSILON_EXPONENTIAL };  // same numbers as throng_epsilon

/// Epsilon of an agent after `steps` of its own user-steps.
typedef struct epsilon_schedule {
  const float *start, *end;  // (n_agent)
  const float *steps;        // (n_agent) user-steps over which it falls
  const int64_t *kind;       // (n_agent) throng_epsilon: straight, or start * (end / start)^share;
                             // NULL: 0 always
} epsilon_schedule;

THRONG_ROW float epsilon_at(const epsilon_schedule *e, int64_t agent, float steps) {
  if (!e->kind) return 0.0f;
  float start = e->start[agent], end = e->end[agent];
  if (!(steps < e->steps[agent])) return end;
  float share = steps / e->steps[agent];
  // Not powf: an explored step must be one on every backend.
  if (e->kind[agent] == EPSILON_EXPONENTIAL)
    return share > 0.0f && start > 0.0f ? start * exp_portable(share * log_portable(end / start))
                                        : start;
  return start + (end - start) * share;
}

/// Actions from the best items, or uniform over unseen items where the lane explores. An agent that
/// is not learning explores always, but for greedy. Row: a lane.
typedef struct choose_args {
  epsilon_schedule epsilon;
  agent_clocks clock;
  int64_t agent_lanes;               // user-steps of an agent each time
  int32_t greedy;                    // leave epsilon out
  const uint32_t *agent_seed;        // (n_agent)
  const int32_t *step;               // (n_lane) of the simulator: the counter of the random stream
  const uint32_t *episode;           // (n_lane)
  const uint32_t *number;            // (n_lane) of the simulator, as is halted
  const uint8_t *halted;             // (n_lane) the lane shows nothing
  const int32_t *best;               // (n_lane, top), -1 where too few items are left
  const uint32_t *seen;              // (n_lane, n_seen_word) or NULL
  int32_t *action;                   // (n_lane, slate)
  int64_t actor_lanes, n_seen_word;  // lanes that an agent plays here
  int32_t n_item, top, slate;
} choose_args;

/// May `item` be shown as the slate's item number `slot`?
THRONG_ROW int choose_allowed(const choose_args *a, int64_t row, int32_t slot, int32_t item,
                              int masked) {
  if (masked && a->seen && (a->seen[row * a->n_seen_word + (item >> 5)] >> (item & 31) & 1u))
    return 0;
  for (int32_t k = 0; k < slot; ++k)
    if (a->action[row * a->slate + k] == item) return 0;
  return 1;
}

/// Uniform over what is allowed: rejection, then the next allowed item after a random one. Where
/// everything was seen the mask is dropped.
THRONG_ROW int32_t choose_random(const choose_args *a, int64_t row, uint32_t seed, int32_t slot) {
  random_words r = {{0, 0, 0, 0}};
  int32_t item = 0;
  for (uint32_t attempt = 0; attempt < EXPLORE_TRIES; ++attempt) {
    if (attempt % 4 == 0)
      r = random_draw(seed, RANDOM_EXPLORE, 1 + (uint32_t)slot * EXPLORE_TRIES + attempt,
                      (uint32_t)a->step[row], a->number[row], a->episode[row]);
    item = (int32_t)random_index(r.w[attempt % 4], (uint32_t)a->n_item);
    if (choose_allowed(a, row, slot, item, 1)) return item;
  }
  for (int masked = 1; masked >= 0; --masked)
    for (int32_t k = 0; k < a->n_item; ++k) {
      int32_t next = item + k < a->n_item ? item + k : item + k - a->n_item;
      if (choose_allowed(a, row, slot, next, masked)) return next;
    }
  return item;
}

THRONG_ROW void choose_row(const choose_args *a, int64_t row) {
  if (a->halted[row]) return;
  int64_t agent = row / a->actor_lanes;
  uint32_t seed = a->agent_seed[agent];
  int explore = 0;
  if (!a->greedy) {
    random_words r = random_draw(seed, RANDOM_EXPLORE, 0, (uint32_t)a->step[row], a->number[row],
                                 a->episode[row]);
    float epsilon = epsilon_at(&a->epsilon, agent, (float)(a->clock.steps[agent] * a->agent_lanes));
    explore = a->clock.state[agent] != AGENT_LEARNING ||
              (epsilon > 0.0f && random_bernoulli(r.w[0], epsilon));
  }
  for (int32_t slot = 0; slot < a->slate; ++slot) {
    int32_t item = explore ? -1 : a->best[row * a->top + slot];
    a->action[row * a->slate + slot] = item >= 0 ? item : choose_random(a, row, seed, slot);
  }
}

#endif
