/// Inference of f_sta for one lane, one token at a time: pre-LN blocks with causal attention over
/// the keys and values that the lane has cached, then the read-out. No fitting (sta_forward.h).
///
/// Long sums run in four interleaved chains, joined as (0 + 1) + (2 + 3): a fixed order, with the
/// outputs side by side for vectors and chains to hide an addition's latency. Common shapes get
/// code of their own by passing width and heads down as constants; all give the same bits.
#ifndef THRONG_KERNELS_STA_TOKEN_H
#define THRONG_KERNELS_STA_TOKEN_H

#include "exponential.h"
#include "history.h"
#include "sta_view.h"

enum { STA_BLOCK = 16 };  // positions whose scores one vector holds
#define STA_LAYER_NORM_EPSILON 1e-8f

/// Floats of keys (and as many of values) that one lane caches.
THRONG_ROW int64_t sta_cache_size(const sta_view *v) {
  return (int64_t)v->layers * v->window * v->width;
}

/// y = x W + bias; x (width), W (width, width) as (in, out), bias (width), y (width).
THRONG_INLINE void sta_linear(float *THRONG_RESTRICT y, const float *THRONG_RESTRICT x,
                              const float *THRONG_RESTRICT w, const float *THRONG_RESTRICT bias,
                              const int32_t width) {
  float s0[STA_MAX_WIDTH], s1[STA_MAX_WIDTH], s2[STA_MAX_WIDTH], s3[STA_MAX_WIDTH];
  for (int32_t o = 0; o < width; ++o) {
    s0[o] = bias[o];
    s1[o] = 0.0f;
    s2[o] = 0.0f;
    s3[o] = 0.0f;
  }
  int32_t i = 0;
  for (; i + 4 <= width; i += 4) {
    const float *r = w + (int64_t)i * width;
    const float x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
    for (int32_t o = 0; o < width; ++o) {
      s0[o] += x0 * r[o];
      s1[o] += x1 * r[width + o];
      s2[o] += x2 * r[2 * width + o];
      s3[o] += x3 * r[3 * width + o];
    }
  }
  for (; i < width; ++i) {
    const float *r = w + (int64_t)i * width;
    const float x0 = x[i];
    for (int32_t o = 0; o < width; ++o) s0[o] += x0 * r[o];
  }
  for (int32_t o = 0; o < width; ++o) y[o] = (s0[o] + s1[o]) + (s2[o] + s3[o]);
}

/// Sum of n numbers in the order of dot_product.
THRONG_INLINE float sta_sum(const float *x, const int32_t n) {
  float sum[THRONG_DOT_LANES] = {0};
  int32_t i = 0;
  for (; i + THRONG_DOT_LANES <= n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) sum[k] += x[i + k];
  for (int32_t k = 0; k < THRONG_DOT_LANES && i < n; ++i, ++k) sum[k] += x[i];
  for (int32_t half = THRONG_DOT_LANES / 2; half > 0; half /= 2)
    for (int32_t k = 0; k < half; ++k) sum[k] += sum[k + half];
  return sum[0];
}

/// Layer normalisation (Ba et al. 2016) with the biased variance, as PyTorch's.
THRONG_INLINE void sta_layer_norm(float *THRONG_RESTRICT y, const float *THRONG_RESTRICT x,
                                  const float *THRONG_RESTRICT gain,
                                  const float *THRONG_RESTRICT bias, const int32_t width) {
  float mean = sta_sum(x, width) / (float)width;
  float centred[STA_MAX_WIDTH], square[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) {
    centred[i] = x[i] - mean;
    square[i] = centred[i] * centred[i];
  }
  float scale = 1.0f / sqrtf(sta_sum(square, width) / (float)width + STA_LAYER_NORM_EPSILON);
  for (int32_t i = 0; i < width; ++i) y[i] = centred[i] * scale * gain[i] + bias[i];
}

/// score[t] = q . K(:, t) for t < n (and maybe beyond, up to a block); K (head width, window).
THRONG_INLINE void sta_attention_scores(float *THRONG_RESTRICT score,
                                        const float *THRONG_RESTRICT q,
                                        const float *THRONG_RESTRICT key, int32_t n, int32_t window,
                                        const int32_t head_width) {
  if (window < STA_BLOCK) {
    for (int32_t t = 0; t < n; ++t) {
      float s[4] = {0};
      for (int32_t d = 0; d < head_width; ++d) s[d & 3] += q[d] * key[d * window + t];
      score[t] = (s[0] + s[1]) + (s[2] + s[3]);
    }
    return;
  }
  for (int32_t block = 0; block < n; block += STA_BLOCK) {
    // The last block moves back rather than reading past the row; what it makes twice is equal.
    int32_t t = block + STA_BLOCK <= window ? block : window - STA_BLOCK;
    float s0[STA_BLOCK], s1[STA_BLOCK], s2[STA_BLOCK], s3[STA_BLOCK];
    for (int32_t k = 0; k < STA_BLOCK; ++k) {
      s0[k] = 0.0f;
      s1[k] = 0.0f;
      s2[k] = 0.0f;
      s3[k] = 0.0f;
    }
    int32_t d = 0;
    for (; d + 4 <= head_width; d += 4) {
      const float *r = key + (int64_t)d * window + t;
      const float q0 = q[d], q1 = q[d + 1], q2 = q[d + 2], q3 = q[d + 3];
      for (int32_t k = 0; k < STA_BLOCK; ++k) {
        s0[k] += q0 * r[k];
        s1[k] += q1 * r[window + k];
        s2[k] += q2 * r[2 * window + k];
        s3[k] += q3 * r[3 * window + k];
      }
    }
    float *rest[3] = {s0, s1, s2};
    for (int32_t j = 0; j < 3 && d < head_width; ++d, ++j)
      for (int32_t k = 0; k < STA_BLOCK; ++k) rest[j][k] += q[d] * key[(int64_t)d * window + t + k];
    for (int32_t k = 0; k < STA_BLOCK; ++k) score[t + k] = (s0[k] + s1[k]) + (s2[k] + s3[k]);
  }
}

/// e^(score - largest) for t < n, 0 up to the block's end; returns their sum.
THRONG_INLINE float sta_softmax_weights(float *THRONG_RESTRICT score, int32_t n) {
  int32_t padded = (n + STA_BLOCK - 1) / STA_BLOCK * STA_BLOCK;
  for (int32_t t = n; t < padded; ++t) score[t] = -INFINITY;
  float most[STA_BLOCK], sum[STA_BLOCK];
  for (int32_t k = 0; k < STA_BLOCK; ++k) {
    most[k] = score[k];
    sum[k] = 0.0f;
  }
  for (int32_t t = STA_BLOCK; t < padded; t += STA_BLOCK)
    for (int32_t k = 0; k < STA_BLOCK; ++k)
      most[k] = score[t + k] > most[k] ? score[t + k] : most[k];
  for (int32_t half = STA_BLOCK / 2; half > 0; half /= 2)
    for (int32_t k = 0; k < half; ++k)
      most[k] = most[k + half] > most[k] ? most[k + half] : most[k];
  const float largest = most[0];
  for (int32_t t = 0; t < padded; t += STA_BLOCK)
    for (int32_t k = 0; k < STA_BLOCK; ++k) {
      score[t + k] = exp_portable(score[t + k] - largest);
      sum[k] += score[t + k];
    }
  for (int32_t half = STA_BLOCK / 2; half > 0; half /= 2)
    for (int32_t k = 0; k < half; ++k) sum[k] += sum[k + half];
  return sum[0];
}

/// out = sum over t < n of weight[t] V(t, :), times `scale`; V's rows are `width` apart.
THRONG_INLINE void sta_attention_values(float *THRONG_RESTRICT out,
                                        const float *THRONG_RESTRICT weight, float scale,
                                        const float *THRONG_RESTRICT value, int32_t n,
                                        const int32_t width, const int32_t head_width) {
  float s0[STA_MAX_WIDTH], s1[STA_MAX_WIDTH], s2[STA_MAX_WIDTH], s3[STA_MAX_WIDTH];
  for (int32_t d = 0; d < head_width; ++d) {
    s0[d] = 0.0f;
    s1[d] = 0.0f;
    s2[d] = 0.0f;
    s3[d] = 0.0f;
  }
  int32_t t = 0;
  for (; t + 4 <= n; t += 4) {
    const float *r = value + (int64_t)t * width;
    const float w0 = weight[t], w1 = weight[t + 1], w2 = weight[t + 2], w3 = weight[t + 3];
    for (int32_t d = 0; d < head_width; ++d) {
      s0[d] += w0 * r[d];
      s1[d] += w1 * r[width + d];
      s2[d] += w2 * r[2 * width + d];
      s3[d] += w3 * r[3 * width + d];
    }
  }
  for (; t < n; ++t) {
    const float *r = value + (int64_t)t * width;
    const float w0 = weight[t];
    for (int32_t d = 0; d < head_width; ++d) s0[d] += w0 * r[d];
  }
  for (int32_t d = 0; d < head_width; ++d) out[d] = ((s0[d] + s1[d]) + (s2[d] + s3[d])) * scale;
}

/// The cache that will be read next, asked for a little at a time while this one is worked on: all
/// at once would wait for the few loads that a core can have under way.
typedef struct sta_ahead {
  const float *key, *value;
  int64_t at, size;  // floats asked for, and in all
} sta_ahead;

enum { STA_AHEAD_TURNS = 8 };  // of a layer

THRONG_INLINE void sta_look_ahead(const sta_view *v, sta_ahead *next) {
  if (!next) return;
  const int64_t line = THRONG_PREFETCH_STEP / (int64_t)sizeof(float);
  int64_t end = next->at + next->size / (STA_AHEAD_TURNS * v->layers) + line;
  if (end > next->size) end = next->size;
  for (; next->at < end; next->at += line) {
    THRONG_PREFETCH(next->key + next->at);
    THRONG_PREFETCH(next->value + next->at);
  }
}

THRONG_INLINE void sta_token_sized(const sta_view *v, float *THRONG_RESTRICT key,
                                   float *THRONG_RESTRICT value, int32_t position, int32_t item,
                                   int like, float *THRONG_RESTRICT z_out, sta_ahead *next,
                                   const int32_t width, const int32_t heads) {
  const int32_t head_width = width / heads, window = v->window;
  const int64_t square = (int64_t)width * width, layer_cache = (int64_t)window * width;
  const float item_scale = sqrtf((float)width);
  const float query_scale = 1.0f / sqrtf((float)head_width);
  float x[STA_MAX_WIDTH], normal[STA_MAX_WIDTH], a[STA_MAX_WIDTH], b[STA_MAX_WIDTH];
  float score[STA_MAX_WINDOW];

  const float *e = v->item + (int64_t)item * width;
  const float *p = v->position + (int64_t)position * width;
  for (int32_t i = 0; i < width; ++i) x[i] = e[i] * item_scale + p[i];
  if (v->labels) {
    const float *l = v->label + (like != 0) * width;
    for (int32_t i = 0; i < width; ++i) x[i] += l[i];
  }
  for (int32_t layer = 0; layer < v->layers; ++layer) {
    const int64_t row = (int64_t)layer * width, matrix = (int64_t)layer * square;
    float *layer_key = key + layer * layer_cache, *layer_value = value + layer * layer_cache;
    sta_look_ahead(v, next);
    sta_layer_norm(normal, x, v->ln1_gain + row, v->ln1_bias + row, width);
    sta_linear(a, normal, v->wk + matrix, v->bk + row, width);
    for (int32_t i = 0; i < width; ++i) layer_key[i * window + position] = a[i];
    sta_look_ahead(v, next);
    sta_linear(layer_value + (int64_t)position * width, normal, v->wv + matrix, v->bv + row, width);
    // Of the last layer later tokens read keys and values alone; the rest is for the read-out.
    if (!z_out && layer + 1 == v->layers) return;
    sta_look_ahead(v, next);
    sta_linear(a, normal, v->wq + matrix, v->bq + row, width);
    for (int32_t i = 0; i < width; ++i) a[i] *= query_scale;
    sta_look_ahead(v, next);
    for (int32_t head = 0; head < heads; ++head) {
      const int32_t first = head * head_width;
      sta_attention_scores(score, a + first, layer_key + (int64_t)first * window, position + 1,
                           window, head_width);
      float sum = sta_softmax_weights(score, position + 1);
      sta_attention_values(b + first, score, 1.0f / sum, layer_value + first, position + 1, width,
                           head_width);
    }
    sta_look_ahead(v, next);
    sta_linear(a, b, v->wo + matrix, v->bo + row, width);
    for (int32_t i = 0; i < width; ++i) x[i] += a[i];
    sta_look_ahead(v, next);
    sta_layer_norm(normal, x, v->ln2_gain + row, v->ln2_bias + row, width);
    sta_linear(a, normal, v->w1 + matrix, v->b1 + row, width);
    for (int32_t i = 0; i < width; ++i) a[i] = a[i] > 0.0f ? a[i] : 0.0f;
    sta_look_ahead(v, next);
    sta_linear(b, a, v->w2 + matrix, v->b2 + row, width);
    sta_look_ahead(v, next);
    for (int32_t i = 0; i < width; ++i) x[i] += b[i];
  }
  if (z_out) sta_layer_norm(z_out, x, v->lnf_gain, v->lnf_bias, width);
}

/// Read one token at `position` of the window: attend to positions 0 .. position, leave the token's
/// key and value in the cache. z_out (width) gets the normalised last state; NULL: not wanted.
/// `next` may be NULL.
///   key (layers, width, window), so that all positions' scores are made side by side;
///   value (layers, window, width).
THRONG_ROW void sta_token(const sta_view *v, float *key, float *value, int32_t position,
                          int32_t item, int like, float *z_out, sta_ahead *next) {
  if (v->width == 32 && v->heads == 1)
    sta_token_sized(v, key, value, position, item, like, z_out, next, 32, 1);
  else if (v->width == 64 && v->heads == 1)
    sta_token_sized(v, key, value, position, item, like, z_out, next, 64, 1);
  else
    sta_token_sized(v, key, value, position, item, like, z_out, next, v->width, v->heads);
}

/// query = w o ([z; u] W); z (width) or NULL for the state of an empty history, which is 0.
THRONG_ROW void sta_read_out(const sta_view *v, const float *z, int32_t user, float *query) {
  const int32_t width = v->width;
  float state[STA_MAX_WIDTH], sum[STA_MAX_WIDTH], user_part[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) {
    state[i] = z ? z[i] : 0.0f;
    sum[i] = 0.0f;
  }
  const float *u = v->user + (int64_t)user * width;
  const float *user_mix = v->mix + (int64_t)width * width;
  if (width == 32) {
    sta_linear(user_part, u, user_mix, sum, 32);
    sta_linear(sum, state, v->mix, user_part, 32);
  } else {
    sta_linear(user_part, u, user_mix, sum, width);
    sta_linear(sum, state, v->mix, user_part, width);
  }
  for (int32_t o = 0; o < width; ++o) query[o] = v->out_weight[o] * sum[o];
}

THRONG_ROW float sta_probability(float logit) { return 1.0f / (1.0f + exp_portable(-logit)); }

/// p = sigmoid(query . E(item) + b): the probability that the user likes the item.
THRONG_ROW float sta_score(const sta_view *v, const float *query, int32_t item) {
  return sta_probability(dot_product(query, v->item + (int64_t)item * v->width, v->width) +
                         v->out_bias[0]);
}

/// Read the history's entries `from` .. h->count - 1 (numbers of its count) into a cache whose
/// window starts at entry `start`, then read out. The ring must still hold entry `from`.
THRONG_ROW void sta_read_entries(const sta_view *v, float *key, float *value, int32_t user,
                                 const history_view *h, int32_t start, int32_t from, float *query,
                                 sta_ahead *next) {
  float z[STA_MAX_WIDTH];
  const int32_t oldest = h->count - history_length(h);
  for (int32_t n = from; n < h->count; ++n) {
    uint32_t entry = history_entry(h, n - oldest);
    sta_token(v, key, value, n - start, history_item(entry), history_like(entry),
              n + 1 == h->count ? z : 0, n + 1 == h->count ? next : 0);
  }
  sta_read_out(v, from < h->count ? z : 0, user, query);
}

/// Bring the lane's cache and query up to h->count entries. A lane whose `encoded` is 0 or less
/// starts anew: set it to -1 (or 0) when the lane's user or history is replaced. Where the window
/// hopped since, its entries are read again from the ring, whose capacity is at least the window.
THRONG_ROW void sta_cache_advance(const sta_view *v, const sta_cache *cache, int64_t lane,
                                  int32_t user, const history_view *h) {
  const int64_t size = sta_cache_size(v);
  // Whoever works on this lane takes the one after it, as a rule.
  sta_ahead next = {cache->key + (lane + 1) * size, cache->value + (lane + 1) * size, 0, size};
  const int32_t encoded = cache->encoded[lane];
  if (encoded > 0 && encoded == h->count) return;
  const int32_t start = sta_window_start(h->count, v->window);
  const int anew =
      encoded <= 0 || encoded > h->count || sta_window_start(encoded, v->window) != start;
  sta_read_entries(v, cache->key + lane * size, cache->value + lane * size, user, h, start,
                   anew ? start : encoded, cache->query + lane * v->width, &next);
  cache->encoded[lane] = h->count;
}

/// The query after the whole window, without a cache: what sta_cache_advance comes to, bit for bit.
/// `scratch` holds 2 * sta_cache_size(v) floats, of any (finite) content.
THRONG_ROW void sta_encode(const sta_view *v, int32_t user, const history_view *h, float *scratch,
                           float *query) {
  const int32_t start = sta_window_start(h->count, v->window);
  sta_read_entries(v, scratch, scratch + sta_cache_size(v), user, h, start, start, query, 0);
}

#endif
