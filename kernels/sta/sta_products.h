/// Products of f_sta's matrices with each other, made once after a fit or a file was read, so that
/// a token need not make them: see sta_token.h for the algebra. Biases are a matrix's row `width`.
#ifndef THRONG_KERNELS_STA_PRODUCTS_H
#define THRONG_KERNELS_STA_PRODUCTS_H

#include "kernels/sta/sta_math.h"

typedef struct sta_products {
  float *query_matrix, *query_bias, *value_matrix, *value_bias, *read_matrix, *read_user;
} sta_products;

typedef struct sta_product_args {
  sta_view view;
  sta_products out;
} sta_product_args;

/// Queries times keys, over sqrt(head width). Row = (layer * heads + head) * (width + 1) + in.
typedef sta_product_args sta_product_query_args;
THRONG_ROW void sta_product_query_row(const sta_product_query_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const int32_t width = v->width, head_width = width / v->heads;
  const int64_t at = row / (width + 1), in = row % (width + 1);
  const int64_t layer = at / v->heads, first = at % v->heads * head_width;
  const float scale = 1.0f / sqrtf((float)head_width);
  const float *q = in == width ? v->bq + layer * width : v->wq + (layer * width + in) * width;
  float *out = in == width ? a->out.query_bias + at * width
                           : a->out.query_matrix + (at * width + in) * width;
  for (int32_t o = 0; o < width; ++o)
    out[o] =
        dot_product(q + first, v->wk + (layer * width + o) * width + first, head_width) * scale;
}

/// Values times outputs; the bias of all heads together with the output's own goes to the first.
/// Row = (layer * heads + head) * (width + 1) + in.
typedef sta_product_args sta_product_value_args;
THRONG_ROW void sta_product_value_row(const sta_product_value_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const int32_t width = v->width, head_width = width / v->heads;
  const int64_t at = row / (width + 1), in = row % (width + 1);
  const int64_t layer = at / v->heads, head = at % v->heads;
  if (in == width && head != 0) return;
  const int64_t first = in == width ? 0 : head * head_width;
  const int32_t n = in == width ? width : head_width;
  const float *from = (in == width ? v->bv + layer * width : v->wv + (layer * width + in) * width);
  const float *wo = v->wo + (layer * width + first) * width;
  float *out = in == width ? a->out.value_bias + layer * width
                           : a->out.value_matrix + (at * width + in) * width;
  for (int32_t o = 0; o < width; ++o) {
    float sum = in == width ? v->bo[layer * width + o] : 0.0f;
    for (int32_t k = 0; k < n; ++k) sum += from[first + k] * wo[(int64_t)k * width + o];
    out[o] = sum;
  }
}

/// The read-out w o ([z; u] W): its state's part, and the user's whole. Row = user, after the first
/// `width` rows, which are z's.
typedef sta_product_args sta_product_read_args;
THRONG_ROW void sta_product_read_row(const sta_product_read_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const int32_t width = v->width;
  if (row < width) {
    for (int32_t o = 0; o < width; ++o)
      a->out.read_matrix[row * width + o] = v->mix[row * width + o] * v->out_weight[o];
    return;
  }
  const float *user = v->user + (row - width) * width;
  for (int32_t o = 0; o < width; ++o) {
    float sum = 0.0f;
    for (int32_t i = 0; i < width; ++i) sum += user[i] * v->mix[(int64_t)(width + i) * width + o];
    a->out.read_user[(row - width) * width + o] = sum * v->out_weight[o];
  }
}

#endif
