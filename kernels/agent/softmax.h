/// The softmax over the scores of a catalogue, of which no row is ever stored: sampling by Gumbel
/// noise, log-probabilities and entropies by sums that are folded tile by tile, and the gradient of
/// both with respect to a tile of scores. A slate is drawn without replacement, its probability is
/// Plackett and Luce's (Plackett 1975; Kool et al., ICML 2019); the entropy is that of its first
/// item.
#ifndef THRONG_KERNELS_AGENT_SOFTMAX_H
#define THRONG_KERNELS_AGENT_SOFTMAX_H

#include "kernels/agent/agent_act.h"
#include "kernels/base/elementwise.h"
#include "kernels/base/exponential.h"

/// Least exponent that counts: exp_portable is 0 below, and a masked item's -infinity becomes this.
#define SOFTMAX_LEAST (-88.0f)
enum { SOFTMAX_CHUNK = SCORES_CHUNK };

/// What a state's scores come to so far: most = max z, sum = sum exp(z - most), weighted = sum
/// exp(z - most) (z - most).
typedef struct softmax_sums {
  double sum, weighted;
  float most, unused;
} softmax_sums;

/// Row: (agent, state).
typedef struct softmax_reset_args {
  softmax_sums *sums;  // (n_agent, n_state)
} softmax_reset_args;

THRONG_ROW void softmax_reset_row(const softmax_reset_args *a, int64_t row) {
  a->sums[row].sum = a->sums[row].weighted = 0;
  a->sums[row].most = -INFINITY;
  a->sums[row].unused = 0;
}

/// Put -infinity into a tile of scores where an item is masked, or stands in the state's own slate.
/// Row: see tile_place.
typedef struct tile_mask_args {
  float *z;              // (agents of the tile, rows, n_column)
  const uint32_t *seen;  // as best_fold_args
  state_view shown;
  real_histories real;
  const int32_t *item;  // (n_agent, n_state, slate), or NULL: no slate
  const int32_t *used;
  tile_place place;
  int64_t n_state, n_seen_word;
  int32_t slate;
} tile_mask_args;

/// In the row of scores, or where there is none as a bit.
THRONG_ROW void tile_mask_one(float *z, uint32_t *bits, int32_t offset, int32_t n_column) {
  if (offset < 0 || offset >= n_column) return;
  if (z)
    z[offset] = -INFINITY;
  else
    bits[offset >> 5] |= 1u << (offset & 31);
}

/// What is masked of a state's row of a tile: in its scores z, or where z is NULL as bits, which
/// are added; tiles then begin at a multiple of 32 items.
THRONG_ROW void tile_mask_state(const tile_mask_args *a, int64_t state, float *z, uint32_t *bits) {
  const int32_t column = a->place.column, n_column = a->place.n_column;
  for (int32_t k = 0; a->item && k < a->slate; ++k)
    tile_mask_one(z, bits, a->item[state * a->slate + k] - column, n_column);
  if (a->seen) {
    const uint32_t *seen = a->seen + state * a->n_seen_word;
    for (int32_t word = column >> 5; word <= (column + n_column - 1) >> 5; ++word)
      if (z) {
        for (int32_t bit = 0; seen[word] && bit < 32; ++bit)
          if (seen[word] >> bit & 1u) tile_mask_one(z, bits, (word << 5) + bit - column, n_column);
      } else {
        bits[word - (column >> 5)] |= seen[word];
      }
    return;
  }
  if (!a->shown.entry) return;
  const uint32_t *entry = a->shown.entry + state * a->shown.capacity;
  const int32_t length = a->shown.length[state];
  for (int32_t k = length - a->shown.session[state]; k < length; ++k)
    tile_mask_one(z, bits, history_item(entry[k]) - column, n_column);
  if (!a->real.offset) return;
  const int64_t *span = a->real.offset + a->shown.user[state];
  for (int64_t k = span[0]; k < span[1]; ++k)
    tile_mask_one(z, bits, history_item(a->real.entry[k]) - column, n_column);
}

THRONG_ROW void tile_mask_row(const tile_mask_args *a, int64_t row) {
  const int64_t state = tile_state(&a->place, a->n_state, row);
  if (row_is_idle(a->used, a->n_state, state)) return;
  tile_mask_state(a, state, a->z + row * a->place.n_column, 0);
}

/// Sums of a chunk beside a score that none is above: sum exp(z - top), sum exp(z - top) (z - top).
typedef struct softmax_chunk {
  float sum, weighted;
} softmax_chunk;

/// `n` a multiple of THRONG_DOT_LANES.
THRONG_ROW softmax_chunk softmax_chunk_of(const float *THRONG_RESTRICT z, int32_t n, float top) {
#ifdef THRONG_FLOATS16
  floats16 sum = floats16_all(0.0f), weighted = sum;
  for (int32_t i = 0; i < n; i += THRONG_DOT_LANES) {
    const floats16 x = floats16_subtract(floats16_load(z + i), floats16_all(top));
    const floats16 bounded = floats16_larger(floats16_all(-87.0f), x);
    const floats16 e = floats16_exp_to_88(x, bounded);
    sum = floats16_add(sum, e);
    weighted = floats16_add(weighted, floats16_multiply(e, bounded));
  }
  return (softmax_chunk){floats16_join(sum), floats16_join(weighted)};
#else
  float sum[THRONG_DOT_LANES] = {0}, weighted[THRONG_DOT_LANES] = {0};
  for (int32_t i = 0; i < n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) {
      const float x = z[i + k] - top, bounded = x < SOFTMAX_LEAST ? SOFTMAX_LEAST : x;
      const float e = exp_to_88(bounded);
      sum[k] += e;
      weighted[k] += e * bounded;
    }
  softmax_chunk c;
  c.sum = join_lanes(sum);
  c.weighted = join_lanes(weighted);
  return c;
#endif
}

/// The sums beside a score that is at least `top`, which is told.
THRONG_ROW float softmax_raise(softmax_sums *s, float top) {
  if (top > s->most) {
    if (s->sum > 0) {
      const float fall = s->most - top;
      const double factor = (double)exp_portable(fall);
      s->weighted = (s->weighted + s->sum * (double)fall) * factor;
      s->sum *= factor;
    }
    s->most = top;
  } else {
    top = s->most;
  }
  return top == -INFINITY ? 0.0f : top;  // nothing but masked items, or no numbers
}

/// Add scores to a state's sums, in chunks that begin where the caller's tiles do: tiles of a
/// multiple of SOFTMAX_CHUNK give the same bits however many columns they have. `n` at most
/// SOFTMAX_CHUNK. What is no number is not the greatest, so that no difference is above 0.
THRONG_ROW void softmax_add(softmax_sums *s, const float *THRONG_RESTRICT q,
                            const float *THRONG_RESTRICT bias, int32_t n) {
  float z[SOFTMAX_CHUNK], top = scores_most(q, bias, n, z);
  top = softmax_raise(s, top);
  const softmax_chunk c =
      softmax_chunk_of(z, (n + THRONG_DOT_LANES - 1) / THRONG_DOT_LANES * THRONG_DOT_LANES, top);
  s->sum += (double)c.sum;
  s->weighted += (double)c.weighted;
}

/// Fold a tile of scores. Row: see tile_place.
typedef struct softmax_fold_args {
  const float *q;       // (agents of the tile, rows, n_column) query . vector, see tile_mask
  const float *bias;    // (n_agent, n_item)
  softmax_sums *sums;   // (n_agent, n_state)
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle
  tile_place place;
  int64_t n_state, n_item;
} softmax_fold_args;

THRONG_ROW void softmax_fold_row(const softmax_fold_args *a, int64_t row) {
  const tile_place *t = &a->place;
  const int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  if (row_is_idle(a->used, a->n_state, state)) return;
  const float *q = a->q + row * t->n_column;
  const float *bias = a->bias + agent * a->n_item + t->column;
  softmax_sums sums = a->sums[state];
  for (int32_t begin = 0; begin < t->n_column; begin += SOFTMAX_CHUNK) {
    const int32_t left = t->n_column - begin;
    softmax_add(&sums, q + begin, bias + begin, left < SOFTMAX_CHUNK ? left : SOFTMAX_CHUNK);
  }
  a->sums[state] = sums;
}

/// The sums of each state over the whole catalogue, scores made on the way: what a device does in
/// place of products and folds. Row: state row % n_state of agent row / n_state.
typedef struct softmax_search_args {
  const float *query;    // (n_agent, n_state, width)
  const float *vector;   // (n_agent, n_item, width)
  const float *bias;     // (n_agent, n_item)
  const uint32_t *seen;  // as best_fold_args
  state_view shown;
  real_histories real;
  const int32_t *item;  // (n_agent, n_state, slate) left out too, or NULL
  softmax_sums *sums;   // (n_agent, n_state)
  // (shares, n_agent, n_state) scratch of a device's variant, see softmax_search_shares
  softmax_sums *share;
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle
  int64_t n_state, n_item, n_seen_word;
  int32_t n_agent, width, slate;
} softmax_search_args;

/// How often the catalogue is shared out among blocks of the variant.
THRONG_SIZE int64_t softmax_search_shares(int64_t n_agent, int64_t n_state, int64_t n_item) {
  return best_search_shares(n_agent, n_state, n_item);
}

THRONG_ROW void softmax_search_row(const softmax_search_args *a, int64_t row) {
  softmax_sums sums = {0, 0, -INFINITY, 0};
  if (row_is_idle(a->used, a->n_state, row)) return;
  const int64_t agent = row / a->n_state;
  const float *query = a->query + row * a->width;
  for (int64_t begin = 0; begin < a->n_item; begin += SOFTMAX_CHUNK) {
    float q[SOFTMAX_CHUNK];
    const int64_t left = a->n_item - begin;
    const int32_t n = (int32_t)(left < SOFTMAX_CHUNK ? left : SOFTMAX_CHUNK);
    for (int32_t i = 0; i < n; ++i)
      q[i] = dot_product(query, a->vector + (agent * a->n_item + begin + i) * a->width, a->width);
    tile_mask_args mask;
    mask.z = q;
    mask.seen = a->seen ? a->seen + row * a->n_seen_word : 0;
    mask.shown = a->shown;
    mask.shown.entry = a->shown.entry ? a->shown.entry + row * a->shown.capacity : 0;
    mask.shown.length = a->shown.length + row;
    mask.shown.session = a->shown.session + row;
    mask.shown.user = a->shown.user + row;
    mask.real = a->real;
    mask.item = a->item ? a->item + row * a->slate : 0;
    mask.used = 0;
    mask.place.rows = mask.n_state = 1;
    mask.place.first_state = mask.place.agent = 0;
    mask.place.column = (int32_t)begin;
    mask.place.n_column = n;
    mask.n_seen_word = a->n_seen_word;
    mask.slate = a->slate;
    tile_mask_row(&mask, 0);
    softmax_add(&sums, q, a->bias + agent * a->n_item + begin, n);
  }
  a->sums[row] = sums;
}

enum { SOFTMAX_MOST_SLATE = 64 };

/// log(exp(x) + exp(y)); -infinity where both are.
THRONG_ROW float log_add(float x, float y) {
  const float most = x > y ? x : y, least = x > y ? y : x;
  if (!(least > -INFINITY)) return x != x || y != y ? x + y : most;
  return most + log_portable(1.0f + exp_portable(least - most));
}

/// Log-probability of each state's slate and entropy of its softmax, from the sums over all items
/// but the slate's own; or, for slates of one item that are not known beforehand, over all. NaN
/// where a slate holds a masked item, or no item is left. Row: (agent, state).
typedef struct softmax_finish_args {
  const softmax_sums *sums;  // (n_agent, n_state)
  const float *query;        // (n_agent, n_state, width)
  const float *vector;       // (n_agent, n_item, width)
  const float *bias;         // (n_agent, n_item)
  const uint32_t *seen;      // as best_fold_args
  state_view shown;
  real_histories real;
  const int32_t *item;  // (n_agent, n_state, slate), or NULL: none, as where it is below 0
  const int32_t *used;  // (n_agent) of its n_state, or NULL, see row_is_idle
  float *log_prob;      // (n_agent, n_state)
  float *entropy;       // (n_agent, n_state)
  float *total;         // (n_agent, n_state) log of the sum of all exponentials
  float *own;           // (n_agent, n_state, slate) scores of the slate's items
  float *left;          // (n_agent, n_state, slate) log of what is left to place k: log sum_k
  float *times;         // (n_agent, n_state, slate) sum over places j <= k of sum_k / sum_j
  int64_t n_state, n_item, n_seen_word;
  int64_t first;  // of the launch's rows in (n_agent, n_state)
  int32_t width, slate;
  int32_t whole;  // the sums have the slate's only item too
} softmax_finish_args;

THRONG_ROW void softmax_finish_row(const softmax_finish_args *a, int64_t launched) {
  const int64_t row = a->first + launched;
  if (row_is_idle(a->used, a->n_state, row)) {
    a->log_prob[row] = a->entropy[row] = a->total[row] = 0.0f;
    return;
  }
  const int64_t agent = row / a->n_state, at = row * a->slate;
  const softmax_sums s = a->sums[row];
  best_fold_args mask;
  mask.seen = a->seen;
  mask.shown = a->shown;
  mask.real = a->real;
  mask.n_seen_word = a->n_seen_word;
  const float sum = (float)s.sum;
  // Behind the last place what is left: those before add their own.
  float total = sum > 0.0f || sum != sum ? s.most + log_portable(sum) : -INFINITY;
  const float rest = total;
  float log_prob = 0.0f;
  for (int32_t k = a->slate - 1; k >= 0; --k) {
    const int32_t item = a->item ? a->item[at + k] : -1;
    const int64_t of = agent * a->n_item + item;
    const float z =
        item < 0 || best_masked(&mask, row, item)
            ? -INFINITY
            : dot_product(a->query + row * a->width, a->vector + of * a->width, a->width) +
                  a->bias[of];
    if (!a->whole) total = log_add(total, z);
    a->own[at + k] = z;
    a->left[at + k] = total;
    log_prob += z - total;
  }
  float times = 0.0f, before = total, mean = 0.0f;  // of z - total under the softmax
  if (rest > -INFINITY) {
    const float share = exp_portable(rest - total);
    mean = share * ((float)(s.weighted / s.sum) + (s.most - total));
  }
  for (int32_t k = 0; k < a->slate; ++k) {
    const float x = a->own[at + k] - total, bounded = x < SOFTMAX_LEAST ? SOFTMAX_LEAST : x;
    if (!a->whole) mean += exp_portable(bounded) * bounded;
    // Beside its own place's sum, which is the least so far: no power is above 0, however far apart
    // a slate's scores are.
    times = times * exp_portable(a->left[at + k] - before) + 1.0f;
    before = a->left[at + k];
    a->times[at + k] = times;
  }
  a->log_prob[row] = log_prob;
  a->entropy[row] = -mean;
  a->total[row] = total;
}

/// A tile of scores becomes the gradient with respect to them of d_log_prob log_prob + d_entropy
/// entropy: with p_i = exp(z_i - total), and k the place of item i, the last beyond the slate,
///   d log_prob / d z_i = [i in slate] - exp(z_i - left_k) times_k;
///   d entropy / d z_i = - p_i (z_i - total + entropy).
/// Rows that do not count become zeros. Row: see tile_place.
typedef struct softmax_slope_args {
  float *z;            // (agents of the tile, rows, n_column) query . vector, see tile_mask
  const float *bias;   // (n_agent, n_item)
  const float *total;  // as softmax_finish_args, as are entropy, own, left and times
  const float *entropy, *own, *left, *times;
  const int32_t *item;                  // (n_agent, n_state, slate)
  const float *d_log_prob, *d_entropy;  // (n_agent, n_state)
  const int32_t *used;                  // (n_agent) of its n_state, or NULL, see row_is_idle
  tile_place place;
  int64_t n_state, n_item;
  int32_t slate;
} softmax_slope_args;

/// Gradients with respect to scores of which one log-sum stands for all: softmax_slope_of(z - from,
/// ..) with the others.
typedef struct softmax_slope_rule {
  float from, by_log_prob, by_entropy, entropy;
} softmax_slope_rule;

/// That of the slate's place k.
THRONG_ROW softmax_slope_rule softmax_slope_rule_of(const softmax_slope_args *a, int64_t state,
                                                    int32_t k) {
  const int64_t at = state * a->slate + k;
  const float fall = a->left[at] - a->total[state];  // 0 of the first place
  softmax_slope_rule r;
  r.from = a->left[at];
  r.by_log_prob = a->d_log_prob[state] * a->times[at];
  r.by_entropy = a->d_entropy[state] * exp_portable(fall);
  r.entropy = a->entropy[state] + fall;
  return r;
}

/// d of one item, from x = z - from.
THRONG_ROW float softmax_slope_of(float x, float by_log_prob, float by_entropy, float entropy) {
  const float bounded = x < SOFTMAX_LEAST ? SOFTMAX_LEAST : x;
  return exp_to_88(bounded) * (-by_log_prob - by_entropy * (bounded + entropy));
}

/// softmax_slope_of of n items' scores, in place.
THRONG_ROW void softmax_slopes_of(float *THRONG_RESTRICT z, const float *THRONG_RESTRICT bias,
                                  int32_t n, softmax_slope_rule r) {
  int32_t i = 0;
#ifdef THRONG_FLOATS16
  for (; i + 16 <= n; i += 16) {
    const floats16 x = floats16_subtract(
        floats16_add(floats16_load(z + i), floats16_load(bias + i)), floats16_all(r.from));
    const floats16 bounded = floats16_larger(floats16_all(SOFTMAX_LEAST), x);
    const floats16 e = floats16_exp_to_88(bounded, floats16_larger(floats16_all(-87.0f), bounded));
    const floats16 by = floats16_multiply(floats16_all(r.by_entropy),
                                          floats16_add(bounded, floats16_all(r.entropy)));
    floats16_store(z + i,
                   floats16_multiply(e, floats16_subtract(floats16_all(-r.by_log_prob), by)));
  }
#endif
  for (; i < n; ++i)
    z[i] = softmax_slope_of(z[i] + bias[i] - r.from, r.by_log_prob, r.by_entropy, r.entropy);
}

/// The gradient with respect to the score of the slate's item k.
THRONG_ROW float softmax_slope_shown(const softmax_slope_args *a, int64_t state, int32_t k) {
  const softmax_slope_rule r = softmax_slope_rule_of(a, state, k);
  return a->d_log_prob[state] + softmax_slope_of(a->own[state * a->slate + k] - r.from,
                                                 r.by_log_prob, r.by_entropy, r.entropy);
}

THRONG_ROW void softmax_slope_row(const softmax_slope_args *a, int64_t row) {
  const tile_place *t = &a->place;
  const int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  float *THRONG_RESTRICT z = a->z + row * t->n_column;
  if (row_is_idle(a->used, a->n_state, state)) {
    for (int32_t i = 0; i < t->n_column; ++i) z[i] = 0.0f;
    return;
  }
  const float *THRONG_RESTRICT bias = a->bias + agent * a->n_item + t->column;
  const int64_t at = state * a->slate;
  softmax_slopes_of(z, bias, t->n_column, softmax_slope_rule_of(a, state, a->slate - 1));
  for (int32_t k = 0; k < a->slate; ++k) {
    const int32_t offset = a->item[at + k] - t->column;
    if (offset >= 0 && offset < t->n_column) z[offset] = softmax_slope_shown(a, state, k);
  }
}

#endif
