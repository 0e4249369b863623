/// Rows of f_sta's backward pass. Gradients of shared rows (embeddings) are gathered: one row sums
/// what belongs to one key, in the order that the backend's `group` lists. Column sums and products
/// with the weights are the backend's.
#ifndef THRONG_KERNELS_STA_BACKWARD_H
#define THRONG_KERNELS_STA_BACKWARD_H

#include "kernels/sta/sta_forward.h"

/// A token's state gets the gradient of the example that was predicted after it. Row = token.
typedef struct sta_state_grad_args {
  sta_batch_view batch;
  int32_t width;
  int32_t stride;        // floats from one example to the next
  const float *example;  // (n_example, stride), the state's part first
  float *dz;             // (n_token, width)
} sta_state_grad_args;

THRONG_ROW void sta_state_grad_row(const sta_state_grad_args *a, int64_t row) {
  const int32_t example = a->batch.token_example[row];
  const float *THRONG_RESTRICT from = a->example + (int64_t)(example < 0 ? 0 : example) * a->stride;
  float *THRONG_RESTRICT dz = a->dz + row * a->width;
  for (int32_t i = 0; i < a->width; ++i) dz[i] = example < 0 ? 0.0f : from[i];
}

/// Layer norm: dx = (residual's gradient, where there is one) + norm's; gain_rows = dy o normalised
/// x, to be summed over rows for the gain. Row = token.
typedef struct sta_norm_grad_args {
  int32_t width;
  const float *x, *gain, *dy;
  const float *residual;  // (n_token, width) or NULL; may be dx
  float *dx, *gain_rows;  // (n_token, width)
} sta_norm_grad_args;

THRONG_INLINE void sta_norm_grad_sized(const sta_norm_grad_args *a, int64_t row,
                                       const int32_t width) {
  const float *x = a->x + row * width, *dy = a->dy + row * width, *gain = a->gain;
  float normal[STA_MAX_WIDTH], scaled[STA_MAX_WIDTH], product[STA_MAX_WIDTH];
  const float mean = sta_sum(x, width) / (float)width;
  for (int32_t i = 0; i < width; ++i) {
    normal[i] = x[i] - mean;
    product[i] = normal[i] * normal[i];
  }
  const float scale = 1.0f / sqrtf(sta_sum(product, width) / (float)width + STA_LAYER_NORM_EPSILON);
  for (int32_t i = 0; i < width; ++i) {
    normal[i] *= scale;
    scaled[i] = dy[i] * gain[i];
    product[i] = scaled[i] * normal[i];
  }
  const float mean_scaled = sta_sum(scaled, width) / (float)width;
  const float mean_product = sta_sum(product, width) / (float)width;
  float *gain_rows = a->gain_rows + row * width, *dx = a->dx + row * width;
  for (int32_t i = 0; i < width; ++i) {
    product[i] = dy[i] * normal[i];
    scaled[i] = (scaled[i] - mean_scaled - normal[i] * mean_product) * scale;
  }
  for (int32_t i = 0; i < width; ++i) gain_rows[i] = product[i];
  if (a->residual) {
    const float *residual = a->residual + row * width;
    for (int32_t i = 0; i < width; ++i) scaled[i] += residual[i];
  }
  for (int32_t i = 0; i < width; ++i) dx[i] = scaled[i];
}

THRONG_ROW void sta_norm_grad_row(const sta_norm_grad_args *a, int64_t row) {
  if (a->width == 32)
    sta_norm_grad_sized(a, row, 32);
  else
    sta_norm_grad_sized(a, row, a->width);
}

/// y = dropout's mask applied to x (in place where y == x). Row = token.
typedef struct sta_drop_grad_args {
  int32_t width;
  sta_dropout dropout;
  const float *x;
  float *y;  // (n_token, width)
} sta_drop_grad_args;

THRONG_ROW void sta_drop_grad_row(const sta_drop_grad_args *a, int64_t row) {
  float masked[STA_MAX_WIDTH];
  for (int32_t i = 0; i < a->width; ++i) masked[i] = a->x[row * a->width + i];
  sta_drop(&a->dropout, row, masked, a->width);
  for (int32_t i = 0; i < a->width; ++i) a->y[row * a->width + i] = masked[i];
}

/// dx = 0 where the unit was off. Row = token.
typedef struct sta_relu_grad_args {
  int32_t width;
  const float *x;  // (n_token, width) after the unit
  float *dx;       // (n_token, width) in place
} sta_relu_grad_args;

THRONG_ROW void sta_relu_grad_row(const sta_relu_grad_args *a, int64_t row) {
  const float *THRONG_RESTRICT x = a->x + row * a->width;
  float *THRONG_RESTRICT dx = a->dx + row * a->width;
  for (int32_t i = 0; i < a->width; ++i) dx[i] = x[i] > 0.0f ? dx[i] : 0.0f;
}

/// Attention, seen from a query: gradients of its scores and of itself. Row = token * heads + head.
typedef struct sta_query_grad_args {
  sta_batch_view batch;
  int32_t width, heads, window;
  const float *k, *v_across, *weight, *dout;
  float *dscore;  // (n_token, heads, window)
  float *dq;      // (n_token, width) before scaling and bias
} sta_query_grad_args;

THRONG_INLINE void sta_query_grad_sized(const sta_query_grad_args *a, int64_t row,
                                        const int32_t width, const int32_t heads) {
  const int32_t head_width = width / heads, column = (int32_t)(row % heads) * head_width;
  const int64_t token = row / heads, first = a->batch.offset[a->batch.sequence[token]];
  const int32_t length = (int32_t)(a->batch.offset[a->batch.sequence[token] + 1] - first);
  const int32_t n = (int32_t)(token - first) + 1;
  const float *THRONG_RESTRICT weight = a->weight + row * a->window;
  float *THRONG_RESTRICT dscore = a->dscore + row * a->window;
  float dweight[STA_MAX_WINDOW];
  dweight[0] = 0.0f;  // n is at least 1, which a compiler cannot see
  sta_attention_scores(dweight, a->dout + token * width + column,
                       a->v_across + first * width + (int64_t)column * length, n, length,
                       head_width);
  const float mean = dot_product(weight, dweight, n);
  for (int32_t t = 0; t < n; ++t) dscore[t] = weight[t] * (dweight[t] - mean);
  sta_attention_values(a->dq + token * width + column, dscore, 1.0f / sqrtf((float)head_width),
                       a->k + first * width + column, n, width, head_width);
}

THRONG_ROW void sta_query_grad_row(const sta_query_grad_args *a, int64_t row) {
  if (a->width == 32 && a->heads == 1)
    sta_query_grad_sized(a, row, 32, 1);
  else
    sta_query_grad_sized(a, row, a->width, a->heads);
}

/// Attention, seen from a key and its value: they gather from the queries at and after them.
/// Row = token * heads + head.
typedef struct sta_key_grad_args {
  sta_batch_view batch;
  int32_t width, heads, window;
  const float *q, *weight, *dscore, *dout;
  float *dk, *dv;  // (n_token, width)
} sta_key_grad_args;

THRONG_INLINE void sta_key_grad_sized(const sta_key_grad_args *a, int64_t row, const int32_t width,
                                      const int32_t heads) {
  const int32_t head_width = width / heads, head = (int32_t)(row % heads);
  const int32_t column = head * head_width, sequence = a->batch.sequence[row / heads];
  const int64_t token = row / heads, last = a->batch.offset[sequence + 1];
  const int64_t position = token - a->batch.offset[sequence];
  float k0[STA_MAX_WIDTH], k1[STA_MAX_WIDTH], v0[STA_MAX_WIDTH], v1[STA_MAX_WIDTH];
  for (int32_t i = 0; i < head_width; ++i) {
    k0[i] = 0.0f;
    k1[i] = 0.0f;
    v0[i] = 0.0f;
    v1[i] = 0.0f;
  }
  const int64_t apart = (int64_t)heads * a->window;
  const float *THRONG_RESTRICT weight = a->weight + position + (int64_t)head * a->window;
  const float *THRONG_RESTRICT dscore = a->dscore + position + (int64_t)head * a->window;
  int64_t t = token;
  for (; t + 2 <= last; t += 2) {
    const float *q = a->q + t * width + column, *dout = a->dout + t * width + column;
    const float s0 = dscore[t * apart], s1 = dscore[(t + 1) * apart];
    const float w0 = weight[t * apart], w1 = weight[(t + 1) * apart];
    for (int32_t i = 0; i < head_width; ++i) {
      k0[i] += s0 * q[i];
      k1[i] += s1 * q[width + i];
      v0[i] += w0 * dout[i];
      v1[i] += w1 * dout[width + i];
    }
  }
  if (t < last) {
    const float *q = a->q + t * width + column, *dout = a->dout + t * width + column;
    const float s0 = dscore[t * apart], w0 = weight[t * apart];
    for (int32_t i = 0; i < head_width; ++i) {
      k0[i] += s0 * q[i];
      v0[i] += w0 * dout[i];
    }
  }
  float *THRONG_RESTRICT dk = a->dk + token * width + column;
  float *THRONG_RESTRICT dv = a->dv + token * width + column;
  for (int32_t i = 0; i < head_width; ++i) dk[i] = k0[i] + k1[i];
  for (int32_t i = 0; i < head_width; ++i) dv[i] = v0[i] + v1[i];
}

THRONG_ROW void sta_key_grad_row(const sta_key_grad_args *a, int64_t row) {
  if (a->width == 32 && a->heads == 1)
    sta_key_grad_sized(a, row, 32, 1);
  else
    sta_key_grad_sized(a, row, a->width, a->heads);
}

/// sum[i] += scale * x[i]
THRONG_INLINE void sta_add_scaled(float *THRONG_RESTRICT sum, const float *THRONG_RESTRICT x,
                                  float scale, int32_t width) {
  for (int32_t i = 0; i < width; ++i) sum[i] += scale * x[i];
}

/// Gradient of one item's embedding, from its places as token, as candidate and as negative, and of
/// its bias, from those as candidate. Row = item.
typedef struct sta_item_grad_args {
  int32_t width, n_token, n_example;
  const int32_t *offset, *order;  // groups of positions: tokens, then candidates, then negatives
  const float *dx;                // (n_token, width)
  const float *item_grad;         // (n_example, width)
  const float *negative_grad;     // (n_example, width) or NULL
  const float *logit_grad;        // (n_example)
  float *grad;                    // (n_item, width)
  float *bias_grad;               // (n_item) or NULL
} sta_item_grad_args;

THRONG_ROW void sta_item_grad_row(const sta_item_grad_args *a, int64_t row) {
  const int32_t width = a->width;
  const float scale = sqrtf((float)width);
  float sum[STA_MAX_WIDTH], bias = 0.0f;
  for (int32_t i = 0; i < width; ++i) sum[i] = 0.0f;
  for (int32_t k = a->offset[row]; k < a->offset[row + 1]; ++k) {
    int64_t at = a->order[k];
    if (at < a->n_token) {
      sta_add_scaled(sum, a->dx + at * width, scale, width);
    } else if ((at -= a->n_token) < a->n_example) {
      sta_add_scaled(sum, a->item_grad + at * width, 1.0f, width);
      if (a->bias_grad) bias += a->logit_grad[at];
    } else {
      at -= a->n_example;
      sta_add_scaled(sum, a->negative_grad + at * width, 1.0f, width);
    }
  }
  for (int32_t i = 0; i < width; ++i) a->grad[row * width + i] = sum[i];
  if (a->bias_grad) a->bias_grad[row] = bias;
}

/// grad = sum of the rows in one group. Row = key.
typedef struct sta_group_grad_args {
  int32_t width, stride;          // stride: floats from one row to the next
  const int32_t *offset, *order;  // groups of rows
  const float *rows;              // (n, stride)
  float *grad;                    // (n_key, width)
} sta_group_grad_args;

THRONG_ROW void sta_group_grad_row(const sta_group_grad_args *a, int64_t row) {
  const int32_t width = a->width;
  float sum[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) sum[i] = 0.0f;
  for (int32_t k = a->offset[row]; k < a->offset[row + 1]; ++k)
    sta_add_scaled(sum, a->rows + (int64_t)a->order[k] * a->stride, 1.0f, width);
  for (int32_t i = 0; i < width; ++i) a->grad[row * width + i] = sum[i];
}

/// Positions and labels share one grouping by (position, answer). Row = position, then the 2
/// labels.
typedef struct sta_slot_grad_args {
  int32_t width, window;
  float label_scale;        // 0: labels have no part
  const float *slot;        // (window, 2, width) sums of one (position, answer)
  float *position, *label;  // (window, width), (2, width)
} sta_slot_grad_args;

THRONG_ROW void sta_slot_grad_row(const sta_slot_grad_args *a, int64_t row) {
  const int32_t width = a->width, window = a->window;
  float sum[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) sum[i] = 0.0f;
  if (row < window) {
    for (int32_t like = 0; like < 2; ++like)
      sta_add_scaled(sum, a->slot + (row * 2 + like) * width, 1.0f, width);
    for (int32_t i = 0; i < width; ++i) a->position[row * width + i] = sum[i];
  } else {
    const int64_t like = row - window;
    for (int32_t p = 0; p < window; ++p)
      sta_add_scaled(sum, a->slot + (2 * (int64_t)p + like) * width, 1.0f, width);
    for (int32_t i = 0; i < width; ++i) a->label[like * width + i] = sum[i] * a->label_scale;
  }
}

#endif
