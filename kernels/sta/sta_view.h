/// f_sta's parameters and its per-lane cache where the kernels run (SASRec, Kang & McAuley 2018).
/// Pre-LN blocks over left-aligned windows: x = x + A(LN1 x); x = x + F(LN2 x); z = LNf(last x).
#ifndef THRONG_KERNELS_STA_VIEW_H
#define THRONG_KERNELS_STA_VIEW_H

#include "kernels/base/portable.h"

enum { STA_MAX_WIDTH = 128, STA_MAX_WINDOW = 512, STA_MAX_LAYERS = 4 };

/// Matrices are stored (in, out), so that y[out] += x[in] * W[in][out] runs along memory.
typedef struct sta_view {
  int32_t n_item, n_user, width, layers, heads, window;
  int32_t labels;     // tokens carry whether the item was liked
  float label_scale;  // sqrt(width), as for items; 1: weights of before there was one
  float threshold;
  const float *item;                 // (n_item, width)
  const float *user;                 // (n_user, width)
  const float *position;             // (window, width)
  const float *label;                // (2, width)
  const float *ln1_gain, *ln1_bias;  // (layers, width)
  const float *wq, *wk, *wv, *wo;    // (layers, width, width)
  const float *bq, *bk, *bv, *bo;    // (layers, width)
  const float *ln2_gain, *ln2_bias;  // (layers, width)
  const float *w1, *w2;              // (layers, width, width) feed-forward, ReLU between
  const float *b1, *b2;              // (layers, width)
  const float *lnf_gain, *lnf_bias;  // (width)
  const float *mix;                  // (2 width, width) W of the read-out, rows z then u
  const float *out_weight;           // (width) w
  const float *out_bias;             // (1) b
  const float *user_bias;            // (n_user) NULL: no biases
  const float *item_bias;            // (n_item) NULL where user_bias is
  // Made of these for inference, see sta_products.h.
  const float *query_matrix, *query_bias;  // (layers, heads, width, width), (layers, heads, width)
  const float *value_matrix, *value_bias;  // (layers, heads, width, width), (layers, width)
  const float *read_matrix, *read_user;    // (width, width), (n_user, width)
} sta_view;

/// Attention's inputs of the tokens that a lane's window holds, so that an appended interaction
/// costs one token. The window of n entries starts at 0 while n <= window, then hops by window / 2.
typedef struct sta_cache {
  float *state;      // (n_lane, window, layers, width)
  int32_t *encoded;  // (n_lane) entries of the lane's history (of its count) read; <= 0: start anew
  float *query;      // (n_lane, width) w o (W [z; u]): p = sigmoid(query . E(c) + b)
} sta_cache;

/// What a pair's logit has beside the product of query and item.
THRONG_ROW float sta_bias(const sta_view *v, int32_t user, int32_t item) {
  return v->user_bias ? v->out_bias[0] + (v->user_bias[user] + v->item_bias[item]) : v->out_bias[0];
}

THRONG_ROW int32_t sta_window_start(int32_t n, int32_t window) {
  int32_t hop = window / 2;
  return n <= window ? 0 : (n - window + hop - 1) / hop * hop;
}

#endif
