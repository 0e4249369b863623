/// Inference of f_sta, one token of a window at a time: pre-LN blocks with causal attention over
/// what is cached of the tokens before. No histories and lanes (sta_cache.h), no fitting
/// (sta_forward.h).
///
/// Keys and values are both linear in a token's normalised input, so that input alone is cached and
/// their matrices are joined with the query's and the output's beforehand (sta_products.h):
///   q . k_t = (x Wq + bq) Wk^T . x_t + what all t share, which softmax leaves out
///   (sum_t w_t v_t) Wo = (sum_t w_t x_t) Wv Wo + bv Wo, for the weights sum to 1
/// Half the memory of keys and values, and with one head two products with a matrix less.
///
/// Long sums run in four interleaved chains of fused multiply-adds, joined as (0 + 1) + (2 + 3): a
/// fixed order, with the outputs side by side for vectors and chains to hide an addition's latency.
/// Common shapes get code of their own by passing width and heads down as constants; all give the
/// same bits.
#ifndef THRONG_KERNELS_STA_TOKEN_H
#define THRONG_KERNELS_STA_TOKEN_H

#include "kernels/base/floats16.h"
#include "kernels/base/history.h"
#include "kernels/sta/sta_math.h"

#ifdef THRONG_FLOATS16
/// The three below for widths of whole vectors.
THRONG_INLINE void sta_linear_whole(float *THRONG_RESTRICT y, const float *THRONG_RESTRICT x,
                                    const float *THRONG_RESTRICT w,
                                    const float *THRONG_RESTRICT bias, const int32_t width) {
  floats16 s[4][FLOATS16_MOST];
  const int32_t n = width / 16;
  for (int32_t o = 0; o < n; ++o) {
    s[0][o] = floats16_load(bias + 16 * o);
    s[1][o] = s[2][o] = s[3][o] = floats16_all(0.0f);
  }
  for (int32_t i = 0; i < width; i += 4)
    for (int32_t j = 0; j < 4; ++j) {
      const floats16 xj = floats16_all(x[i + j]);
      for (int32_t o = 0; o < n; ++o)
        s[j][o] = floats16_fma(xj, floats16_load(w + (i + j) * width + 16 * o), s[j][o]);
    }
  for (int32_t o = 0; o < n; ++o)
    floats16_store(y + 16 * o,
                   floats16_add(floats16_add(s[0][o], s[1][o]), floats16_add(s[2][o], s[3][o])));
}

THRONG_INLINE void sta_scores_whole(float *THRONG_RESTRICT score, const float *THRONG_RESTRICT q,
                                    const float *THRONG_RESTRICT x, int32_t n, int64_t stride,
                                    const int32_t width) {
  floats16 part[FLOATS16_MOST];
  for (int32_t o = 0; o < width / 16; ++o) part[o] = floats16_load(q + 16 * o);
  for (int32_t block = 0; block < n; block += STA_BLOCK) {
    floats16 row[STA_BLOCK];
    // Rows beyond the last are the last again; their scores are not looked at.
    const int32_t most = n - 1 - block;
    const float *r = x + block * stride;
    for (int32_t t = 0; t < STA_BLOCK; ++t) {
      row[t] = floats16_all(0.0f);
      for (int32_t o = 0; o < width / 16; ++o)
        row[t] = floats16_fma(part[o], floats16_load(r + 16 * o), row[t]);
      r += t < most ? stride : 0;
    }
    floats16_store(score + block, floats16_join_rows(row));
  }
}

THRONG_INLINE void sta_mix_whole(float *THRONG_RESTRICT out, const float *THRONG_RESTRICT weight,
                                 float scale, const float *THRONG_RESTRICT x, int32_t n,
                                 int64_t stride, const int32_t width) {
  floats16 s[4][FLOATS16_MOST];
  for (int32_t j = 0; j < 4; ++j)
    for (int32_t o = 0; o < width / 16; ++o) s[j][o] = floats16_all(0.0f);
  int32_t t = 0;
  for (; t + 4 <= n; t += 4)
    for (int32_t j = 0; j < 4; ++j) {
      const floats16 wj = floats16_all(weight[t + j]);
      for (int32_t o = 0; o < width / 16; ++o)
        s[j][o] = floats16_fma(wj, floats16_load(x + (t + j) * stride + 16 * o), s[j][o]);
    }
  for (; t < n; ++t)
    for (int32_t o = 0; o < width / 16; ++o)
      s[0][o] =
          floats16_fma(floats16_all(weight[t]), floats16_load(x + t * stride + 16 * o), s[0][o]);
  for (int32_t o = 0; o < width / 16; ++o)
    floats16_store(out + 16 * o, floats16_multiply(floats16_add(floats16_add(s[0][o], s[1][o]),
                                                                floats16_add(s[2][o], s[3][o])),
                                                   floats16_all(scale)));
}
#endif

/// y = x W + bias; x (width), W (width, width) as (in, out), bias (width), y (width).
THRONG_INLINE void sta_linear(float *THRONG_RESTRICT y, const float *THRONG_RESTRICT x,
                              const float *THRONG_RESTRICT w, const float *THRONG_RESTRICT bias,
                              const int32_t width) {
  if (FLOATS16_RUN(width, sta_linear_whole(y, x, w, bias, width))) return;
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
      s0[o] = fmaf(x0, r[o], s0[o]);
      s1[o] = fmaf(x1, r[width + o], s1[o]);
      s2[o] = fmaf(x2, r[2 * width + o], s2[o]);
      s3[o] = fmaf(x3, r[3 * width + o], s3[o]);
    }
  }
  for (; i < width; ++i) {
    const float *r = w + (int64_t)i * width;
    const float x0 = x[i];
    for (int32_t o = 0; o < width; ++o) s0[o] = fmaf(x0, r[o], s0[o]);
  }
  for (int32_t o = 0; o < width; ++o) y[o] = (s0[o] + s1[o]) + (s2[o] + s3[o]);
}

/// score[t] = q . x_t for t < n, each in 16 partial sums; rows are `stride` apart.
THRONG_INLINE void sta_scores(float *THRONG_RESTRICT score, const float *THRONG_RESTRICT q,
                              const float *THRONG_RESTRICT x, int32_t n, int64_t stride,
                              const int32_t width) {
  if (FLOATS16_RUN(width, sta_scores_whole(score, q, x, n, stride, width))) return;
  for (int32_t t = 0; t < n; ++t) {
    const float *r = x + t * stride;
    float s[THRONG_DOT_LANES];
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) s[k] = 0.0f;
    int32_t i = 0;
    for (; i + THRONG_DOT_LANES <= width; i += THRONG_DOT_LANES)
      for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) s[k] = fmaf(q[i + k], r[i + k], s[k]);
    for (int32_t k = 0; i < width; ++i, ++k) s[k] = fmaf(q[i], r[i], s[k]);
    score[t] = join_lanes(s);
  }
}

/// out = sum over t < n of weight[t] x_t, times `scale`; rows are `stride` apart.
THRONG_INLINE void sta_mix(float *THRONG_RESTRICT out, const float *THRONG_RESTRICT weight,
                           float scale, const float *THRONG_RESTRICT x, int32_t n, int64_t stride,
                           const int32_t width) {
  if (FLOATS16_RUN(width, sta_mix_whole(out, weight, scale, x, n, stride, width))) return;
  float s0[STA_MAX_WIDTH], s1[STA_MAX_WIDTH], s2[STA_MAX_WIDTH], s3[STA_MAX_WIDTH];
  for (int32_t d = 0; d < width; ++d) {
    s0[d] = 0.0f;
    s1[d] = 0.0f;
    s2[d] = 0.0f;
    s3[d] = 0.0f;
  }
  int32_t t = 0;
  for (; t + 4 <= n; t += 4) {
    const float *r = x + t * stride;
    const float w0 = weight[t], w1 = weight[t + 1], w2 = weight[t + 2], w3 = weight[t + 3];
    for (int32_t d = 0; d < width; ++d) {
      s0[d] = fmaf(w0, r[d], s0[d]);
      s1[d] = fmaf(w1, r[stride + d], s1[d]);
      s2[d] = fmaf(w2, r[2 * stride + d], s2[d]);
      s3[d] = fmaf(w3, r[3 * stride + d], s3[d]);
    }
  }
  for (; t < n; ++t) {
    const float *r = x + t * stride;
    const float w0 = weight[t];
    for (int32_t d = 0; d < width; ++d) s0[d] = fmaf(w0, r[d], s0[d]);
  }
  for (int32_t d = 0; d < width; ++d) out[d] = ((s0[d] + s1[d]) + (s2[d] + s3[d])) * scale;
}

/// What attention adds to the residual after token `position`, whose input is `normal`; `state` is
/// the layer's part of the cache, rows `stride` apart.
THRONG_INLINE void sta_attend(const sta_view *v, float *THRONG_RESTRICT out,
                              const float *THRONG_RESTRICT normal, int32_t layer,
                              const float *THRONG_RESTRICT state, int64_t stride, int32_t n,
                              const int32_t width, const int32_t heads) {
  const int64_t square = (int64_t)width * width;
  float query[STA_MAX_WIDTH], mixed[STA_MAX_WIDTH], before[STA_MAX_WIDTH], score[STA_MAX_WINDOW];
  for (int32_t i = 0; i < width; ++i) before[i] = v->value_bias[layer * width + i];
  for (int32_t head = 0; head < heads; ++head) {
    const int64_t at = (int64_t)layer * heads + head;
    sta_linear(query, normal, v->query_matrix + at * square, v->query_bias + at * width, width);
    sta_scores(score, query, state, n, stride, width);
    float sum = sta_softmax_weights(score, n);
    sta_mix(mixed, score, 1.0f / sum, state, n, stride, width);
    sta_linear(out, mixed, v->value_matrix + at * square, before, width);
    if (head + 1 < heads)
      for (int32_t i = 0; i < width; ++i) before[i] = out[i];
  }
}

/// Memory that will be read soon, asked for a little at a time while something else is worked on:
/// all at once would wait for the few loads that a core can have under way.
enum { STA_AHEAD_RANGES = 4, STA_AHEAD_LINES = 32 };
typedef struct sta_ahead {
  const float *range[STA_AHEAD_RANGES];
  int32_t size[STA_AHEAD_RANGES];  // floats
  int32_t n, which, at;            // ranges; the one that is asked for, and how far
} sta_ahead;

THRONG_INLINE void sta_look_ahead(sta_ahead *a) {
  if (!a) return;
  for (int32_t k = 0; k < STA_AHEAD_LINES && a->which < a->n; ++k) {
    THRONG_PREFETCH(a->range[a->which] + a->at);
    a->at += THRONG_PREFETCH_STEP / (int32_t)sizeof(float);
    if (a->at < a->size[a->which]) continue;
    a->at = 0;
    ++a->which;
  }
}

/// A token to read: of `entry`, at `position` of the window whose cache is `state` (window, layers,
/// width).
typedef struct sta_slot {
  float *state;
  int32_t position;
  uint32_t entry;
} sta_slot;

/// Intermediate values of a token. `normal` ends as z, the normalised last state.
typedef struct sta_work {
  float x[STA_MAX_WIDTH], normal[STA_MAX_WIDTH], a[STA_MAX_WIDTH], b[STA_MAX_WIDTH];
} sta_work;

/// Tokens that are read together, so that a core works on one while another waits for its sums. A
/// device has threads for that.
#ifdef THRONG_DEVICE
enum { STA_TOGETHER = 1 };
#else
enum { STA_TOGETHER = 4 };
#endif

THRONG_INLINE void sta_embed(const sta_view *v, const sta_slot *slot, float *THRONG_RESTRICT x,
                             const int32_t width) {
  const float scale = sqrtf((float)width);
  const float *e = v->item + (int64_t)history_item(slot->entry) * width;
  const float *p = v->position + (int64_t)slot->position * width;
  const float *l = v->label + history_like(slot->entry) * width;
  for (int32_t i = 0; i < width; ++i) x[i] = e[i] * scale + p[i];
  if (v->labels)
    for (int32_t i = 0; i < width; ++i) x[i] += l[i] * v->label_scale;
}

THRONG_INLINE void sta_tokens_sized(const sta_view *v, const sta_slot *slot, sta_work *w,
                                    const int32_t n, int last, sta_ahead *next, const int32_t width,
                                    const int32_t heads) {
  const int64_t square = (int64_t)width * width, stride = (int64_t)v->layers * width;
  for (int32_t t = 0; t < n; ++t) sta_embed(v, &slot[t], w[t].x, width);
  for (int32_t layer = 0; layer < v->layers; ++layer) {
    const int64_t row = (int64_t)layer * width, matrix = (int64_t)layer * square;
    for (int32_t t = 0; t < n; ++t) {
      float *cached = slot[t].state + slot[t].position * stride + row;
      sta_layer_norm(w[t].normal, w[t].x, v->ln1_gain + row, v->ln1_bias + row, width);
      for (int32_t i = 0; i < width; ++i) cached[i] = w[t].normal[i];
    }
    // Of the last layer later tokens read the input alone; the rest is for the read-out.
    if (!last && layer + 1 == v->layers) return;
    for (int32_t t = 0; t < n; ++t) {
      sta_look_ahead(next);
      sta_attend(v, w[t].a, w[t].normal, layer, slot[t].state + row, stride, slot[t].position + 1,
                 width, heads);
    }
    for (int32_t t = 0; t < n; ++t) {
      for (int32_t i = 0; i < width; ++i) w[t].x[i] += w[t].a[i];
      sta_layer_norm(w[t].normal, w[t].x, v->ln2_gain + row, v->ln2_bias + row, width);
    }
    for (int32_t t = 0; t < n; ++t) {
      sta_look_ahead(next);
      sta_linear(w[t].a, w[t].normal, v->w1 + matrix, v->b1 + row, width);
      for (int32_t i = 0; i < width; ++i) w[t].a[i] = w[t].a[i] > 0.0f ? w[t].a[i] : 0.0f;
    }
    for (int32_t t = 0; t < n; ++t) {
      sta_look_ahead(next);
      sta_linear(w[t].b, w[t].a, v->w2 + matrix, v->b2 + row, width);
      for (int32_t i = 0; i < width; ++i) w[t].x[i] += w[t].b[i];
    }
  }
  for (int32_t t = 0; t < n; ++t)
    sta_layer_norm(w[t].normal, w[t].x, v->lnf_gain, v->lnf_bias, width);
}

/// Read n tokens, of one window in their order or of several: each attends to positions 0 .. its
/// own and leaves its inputs in the cache. `last`: leave z in w[t].normal. `next` may be NULL.
THRONG_ROW void sta_tokens(const sta_view *v, const sta_slot *slot, sta_work *w, int32_t n,
                           int last, sta_ahead *next) {
#ifndef THRONG_DEVICE  // a device has a warp for the usual shape (cuda/token.cu)
  if (v->width == 32 && v->heads == 1)
    sta_tokens_sized(v, slot, w, n, last, next, 32, 1);
  else if (v->width == 64 && v->heads == 1)
    sta_tokens_sized(v, slot, w, n, last, next, 64, 1);
  else
#endif
    sta_tokens_sized(v, slot, w, n, last, next, v->width, v->heads);
}

#endif
