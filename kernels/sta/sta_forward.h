/// Rows of f_sta's training forward pass, over the tokens of a batch of windows laid end to end
/// (ragged: nothing is padded). Products with the weights are the backend's; biases, norms,
/// attention and dropout are made here. Same definition as sta_token.h, kept for the backward pass.
#ifndef THRONG_KERNELS_STA_FORWARD_H
#define THRONG_KERNELS_STA_FORWARD_H

#include "kernels/base/history.h"
#include "kernels/base/random.h"
#include "kernels/sta/sta_math.h"

/// One batch on the backend. Token i is the (i - offset[sequence[i]])-th of its window.
typedef struct sta_batch_view {
  int32_t n_sequence, n_token, n_example;
  const int32_t *offset;         // (n_sequence + 1) first token of each window
  const int32_t *sequence;       // (n_token)
  const uint32_t *token;         // (n_token) packed item and answer
  const int32_t *token_example;  // (n_token) example predicted after this token, or -1
  const int32_t *example_token;  // (n_example) last token read before the example, -1: none
  const int32_t *user;           // (n_example)
  const int32_t *item;           // (n_example) the candidate
  const int32_t *like;           // (n_example) its answer
  const int32_t *negative;       // (n_example) sampled item (next-item objective)
} sta_batch_view;

/// Inverted dropout (Srivastava et al. 2014): the mask of a row is drawn anew wherever it is
/// needed.
typedef struct sta_dropout {
  float rate;
  uint32_t seed, step, site;  // site: which of the model's dropout layers
} sta_dropout;

THRONG_ROW void sta_drop(const sta_dropout *d, int64_t row, float *x, int32_t width) {
  if (!(d->rate > 0.0f)) return;
  const float kept = 1.0f / (1.0f - d->rate);
  for (int32_t i = 0; i < width; i += 4) {
    random_words r =
        random_draw(d->seed, RANDOM_DROPOUT, (uint32_t)i / 4, d->step, (uint32_t)row, d->site);
    for (int32_t k = 0; k < 4 && i + k < width; ++k)
      x[i + k] = random_bernoulli(r.w[k], d->rate) ? 0.0f : x[i + k] * kept;
  }
}

/// x = E(item) sqrt(width) + position + label scale, then dropout. Row = token.
typedef struct sta_embed_args {
  sta_view view;
  sta_batch_view batch;
  sta_dropout dropout;
  float *x;  // (n_token, width)
} sta_embed_args;

THRONG_ROW void sta_embed_row(const sta_embed_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const int32_t width = v->width;
  const uint32_t token = a->batch.token[row];
  const int64_t position = row - a->batch.offset[a->batch.sequence[row]];
  const float *THRONG_RESTRICT e = v->item + (int64_t)history_item(token) * width;
  const float *THRONG_RESTRICT p = v->position + position * width;
  const float *THRONG_RESTRICT l = v->label + history_like(token) * width;
  float *THRONG_RESTRICT x = a->x + row * width;
  const float scale = sqrtf((float)width), labels = v->labels ? v->label_scale : 0.0f;
  for (int32_t i = 0; i < width; ++i) x[i] = e[i] * scale + p[i] + labels * l[i];
  sta_drop(&a->dropout, row, x, width);
}

/// y = layer norm of x. Row = token.
typedef struct sta_norm_args {
  int32_t width;
  const float *x, *gain, *bias;
  float *y;  // (n_token, width)
} sta_norm_args;

THRONG_ROW void sta_norm_row(const sta_norm_args *a, int64_t row) {
  const float *x = a->x + row * a->width;
  float *y = a->y + row * a->width;
  if (a->width == 32)
    sta_layer_norm(y, x, a->gain, a->bias, 32);
  else
    sta_layer_norm(y, x, a->gain, a->bias, a->width);
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

/// Channels that are summed at a time: a device sets a thread's own memory aside for all threads
/// that fit on it.
#ifdef THRONG_DEVICE
enum { STA_SUMMED = 32 };
#else
enum { STA_SUMMED = STA_MAX_WIDTH };
#endif

/// The one below for at most STA_SUMMED channels.
THRONG_INLINE void sta_attention_some_values(float *THRONG_RESTRICT out,
                                             const float *THRONG_RESTRICT weight, float scale,
                                             const float *THRONG_RESTRICT value, int32_t n,
                                             const int32_t width, const int32_t head_width) {
  float s0[STA_SUMMED], s1[STA_SUMMED], s2[STA_SUMMED], s3[STA_SUMMED];
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

/// out = sum over t < n of weight[t] V(t, :), times `scale`; V's rows are `width` apart.
THRONG_INLINE void sta_attention_values(float *THRONG_RESTRICT out,
                                        const float *THRONG_RESTRICT weight, float scale,
                                        const float *THRONG_RESTRICT value, int32_t n,
                                        const int32_t width, const int32_t head_width) {
#ifdef THRONG_DEVICE
  for (int32_t d = 0; d < head_width; d += STA_SUMMED)
    sta_attention_some_values(out + d, weight, scale, value + d, n, width,
                              head_width - d < STA_SUMMED ? head_width - d : STA_SUMMED);
#else
  sta_attention_some_values(out, weight, scale, value, n, width, head_width);
#endif
}

/// Add the biases of queries, keys and values, scale queries, and lay keys and values across:
/// (width, length) of each window, so that scores of all positions are made side by side. Row =
/// token.
typedef struct sta_heads_args {
  sta_batch_view batch;
  int32_t width, heads;
  const float *bq, *bk, *bv;
  float *q, *k, *v;            // (n_token, width) in place
  float *k_across, *v_across;  // a window's block starts at its first token * width
} sta_heads_args;

THRONG_ROW void sta_heads_row(const sta_heads_args *a, int64_t row) {
  const int32_t width = a->width, sequence = a->batch.sequence[row];
  const int64_t first = a->batch.offset[sequence], length = a->batch.offset[sequence + 1] - first;
  float *THRONG_RESTRICT q = a->q + row * width;
  float *THRONG_RESTRICT k = a->k + row * width;
  float *THRONG_RESTRICT v = a->v + row * width;
  float *THRONG_RESTRICT k_across = a->k_across + first * width + (row - first);
  float *THRONG_RESTRICT v_across = a->v_across + first * width + (row - first);
  const int32_t head_width = width / a->heads;
  const float scale = 1.0f / sqrtf((float)head_width);
  for (int32_t i = 0; i < width; ++i) q[i] = (q[i] + a->bq[i]) * scale;
  for (int32_t i = 0; i < width; ++i) k[i] += a->bk[i];
  for (int32_t i = 0; i < width; ++i) v[i] += a->bv[i];
  for (int32_t i = 0; i < width; ++i) k_across[i * length] = k[i];
  for (int32_t i = 0; i < width; ++i) v_across[i * length] = v[i];
}

/// Causal attention of one token in one head. Row = token * heads + head.
typedef struct sta_attention_args {
  sta_batch_view batch;
  int32_t width, heads, window;
  const float *q, *k_across, *v;
  float *weight;  // (n_token, heads, window) softmax weights of the tokens up to this one
  float *out;     // (n_token, width)
} sta_attention_args;

THRONG_INLINE void sta_attention_sized(const sta_attention_args *a, int64_t row,
                                       const int32_t width, const int32_t heads) {
  const int32_t head_width = width / heads, head = (int32_t)(row % heads);
  const int64_t token = row / heads, first = a->batch.offset[a->batch.sequence[token]];
  const int32_t length = (int32_t)(a->batch.offset[a->batch.sequence[token] + 1] - first);
  const int32_t n = (int32_t)(token - first) + 1, column = head * head_width;
  float score[STA_MAX_WINDOW];
  sta_attention_scores(score, a->q + token * width + column,
                       a->k_across + first * width + (int64_t)column * length, n, length,
                       head_width);
  const float scale = 1.0f / sta_softmax_weights(score, n);
  float *THRONG_RESTRICT weight = a->weight + row * a->window;
  for (int32_t t = 0; t < n; ++t) weight[t] = score[t] * scale;
  sta_attention_values(a->out + token * width + column, weight, 1.0f, a->v + first * width + column,
                       n, width, head_width);
}

THRONG_ROW void sta_attention_row(const sta_attention_args *a, int64_t row) {
  if (a->width == 32 && a->heads == 1)
    sta_attention_sized(a, row, 32, 1);
  else
    sta_attention_sized(a, row, a->width, a->heads);
}

/// y = x + dropout(branch + bias). Row = token.
typedef struct sta_residual_args {
  int32_t width;
  sta_dropout dropout;
  const float *x, *branch, *bias;
  float *y;  // (n_token, width)
} sta_residual_args;

THRONG_ROW void sta_residual_row(const sta_residual_args *a, int64_t row) {
  const int32_t width = a->width;
  const float *THRONG_RESTRICT x = a->x + row * width;
  const float *THRONG_RESTRICT branch = a->branch + row * width;
  const float *THRONG_RESTRICT bias = a->bias;
  float *THRONG_RESTRICT y = a->y + row * width;
  float added[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) added[i] = branch[i] + bias[i];
  sta_drop(&a->dropout, row, added, width);
  for (int32_t i = 0; i < width; ++i) y[i] = x[i] + added[i];
}

/// x = max(x + bias, 0). Row = token.
typedef struct sta_relu_args {
  int32_t width;
  const float *bias;
  float *x;  // (n_token, width)
} sta_relu_args;

THRONG_ROW void sta_relu_row(const sta_relu_args *a, int64_t row) {
  const float *THRONG_RESTRICT bias = a->bias;
  float *THRONG_RESTRICT x = a->x + row * a->width;
  for (int32_t i = 0; i < a->width; ++i) {
    float h = x[i] + bias[i];
    x[i] = h > 0.0f ? h : 0.0f;
  }
}

#endif
