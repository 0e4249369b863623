/// f_sta over a history: the incremental version with a cache for each lane, and the one without a
/// cache, which gives the same bits.
#ifndef THRONG_KERNELS_STA_CACHE_H
#define THRONG_KERNELS_STA_CACHE_H

#include "kernels/sta/sta_token.h"

/// Floats that one lane caches.
THRONG_ROW int64_t sta_cache_size(const sta_view *v) {
  return (int64_t)v->window * v->layers * v->width;
}

/// query = w o ([z; u] W); z (width) or NULL for the state of an empty history, which is 0.
THRONG_ROW void sta_read_out(const sta_view *v, const float *z, int32_t user, float *query) {
  const float *user_part = v->read_user + (int64_t)user * v->width;
  if (!z)
    for (int32_t i = 0; i < v->width; ++i) query[i] = user_part[i];
  else if (v->width == 32)
    sta_linear(query, z, v->read_matrix, user_part, 32);
  else
    sta_linear(query, z, v->read_matrix, user_part, v->width);
}

/// p = sigmoid(query . E(item) + b), b with both biases: the probability that the user likes the
/// item.
THRONG_ROW float sta_score(const sta_view *v, const float *query, int32_t user, int32_t item) {
  return sta_probability(dot_product(query, v->item + (int64_t)item * v->width, v->width) +
                         sta_bias(v, user, item));
}

/// Read the history's entries `from` .. h->count - 2 (numbers of its count) into a cache; returns
/// the slot of the last entry, which is not read yet. The ring must still hold entry `from`.
THRONG_ROW sta_slot sta_read_before(const sta_view *v, float *state, const history_view *h,
                                    int32_t from) {
  const int32_t start = sta_window_start(h->count, v->window);
  const int32_t oldest = h->count - history_length(h);
  sta_slot slot[STA_TOGETHER];
  sta_work work[STA_TOGETHER];
  int32_t held = 0;
  for (int32_t n = from; n + 1 < h->count; ++n)
    THRONG_PREFETCH(v->item + (int64_t)history_item(history_entry(h, n - oldest)) * v->width);
  for (int32_t n = from;; ++n) {
    const sta_slot at = {state, n - start, history_entry(h, n - oldest)};
    if (held == STA_TOGETHER || n + 1 == h->count) {
      sta_tokens(v, slot, work, held, 0, 0);
      held = 0;
    }
    if (n + 1 == h->count) return at;
    slot[held++] = at;
  }
}

/// The query after the whole window, without a cache: what a lane's cache comes to, bit for bit.
/// `scratch` holds sta_cache_size(v) floats, of any content.
THRONG_ROW void sta_encode(const sta_view *v, int32_t user, const history_view *h, float *scratch,
                           float *query) {
  sta_work work;
  if (h->count == 0) {
    sta_read_out(v, 0, user, query);
    return;
  }
  const sta_slot last = sta_read_before(v, scratch, h, sta_window_start(h->count, v->window));
  sta_tokens(v, &last, &work, 1, 1, 0);
  sta_read_out(v, work.normal, user, query);
}

/// First entry to read into a cache that holds `encoded` of them (<= 0: none), to come to `count`:
/// the next one, or the window's first where the window hopped since.
THRONG_ROW int32_t sta_cache_first(const sta_view *v, int32_t encoded, int32_t count) {
  const int32_t start = sta_window_start(count, v->window);
  const int goes_on =
      encoded > 0 && encoded <= count && sta_window_start(encoded, v->window) == start;
  return goes_on ? encoded : start;
}

/// Lanes whose last tokens are read together.
typedef struct sta_lanes {
  int32_t n;
  int64_t lane[STA_TOGETHER];
  int32_t user[STA_TOGETHER], count[STA_TOGETHER];
  sta_slot slot[STA_TOGETHER];
} sta_lanes;

/// Bring a lane's cache up to the entry before the last one, which is left in `lanes`. A lane whose
/// `encoded` is 0 or less starts anew: set it to -1 (or 0) when the lane's user or history is
/// replaced. Where the window hopped since, its entries are read again from the ring, whose
/// capacity is at least the window.
THRONG_ROW void sta_cache_begin(const sta_view *v, const sta_cache *cache, int64_t lane,
                                int32_t user, const history_view *h, sta_lanes *lanes) {
  const int32_t encoded = cache->encoded[lane];
  if (encoded > 0 && encoded == h->count) return;
  if (h->count == 0) {
    sta_read_out(v, 0, user, cache->query + lane * v->width);
    cache->encoded[lane] = 0;
    return;
  }
  const int32_t at = lanes->n++;
  lanes->lane[at] = lane;
  lanes->user[at] = user;
  lanes->count[at] = h->count;
  lanes->slot[at] = sta_read_before(v, cache->state + lane * sta_cache_size(v), h,
                                    sta_cache_first(v, encoded, h->count));
}

/// Read the last entries of the lanes that sta_cache_begin left, and their queries.
THRONG_ROW void sta_cache_finish(const sta_view *v, const sta_cache *cache, sta_lanes *lanes,
                                 sta_ahead *next) {
  sta_work work[STA_TOGETHER];
  if (lanes->n > 0) sta_tokens(v, lanes->slot, work, lanes->n, 1, next);
  for (int32_t k = 0; k < lanes->n; ++k) {
    sta_read_out(v, work[k].normal, lanes->user[k], cache->query + lanes->lane[k] * v->width);
    cache->encoded[lanes->lane[k]] = lanes->count[k];
  }
  lanes->n = 0;
}

/// What of a lane's cache will be read at its next token.
THRONG_ROW void sta_cache_ahead(const sta_view *v, const sta_cache *cache, int64_t lane,
                                sta_ahead *next) {
  const int32_t encoded = cache->encoded[lane];
  if (encoded <= 0 || next->n == STA_AHEAD_RANGES) return;
  next->range[next->n] = cache->state + lane * sta_cache_size(v);
  next->size[next->n++] = (encoded - sta_window_start(encoded, v->window)) * v->layers * v->width;
}

#endif
