/// Rows of f_sta's two objectives: binary cross-entropy on answers (arXiv 2412.16984) and on the
/// next item against one sampled negative (SASRec, Kang & McAuley 2018, eq. 7). Row = example. Each
/// row leaves the example's loss and everything that its gradients are summed from.
#ifndef THRONG_KERNELS_STA_LOSS_H
#define THRONG_KERNELS_STA_LOSS_H

#include "kernels/sta/sta_forward.h"

/// log(1 + e^x) - y x
THRONG_ROW float sta_cross_entropy(float x, float y) {
  return (x > 0.0f ? x : 0.0f) - x * y + log1pf(expf(-fabsf(x)));
}

/// in = [z; u], z = 0 where nothing was read before the example.
typedef struct sta_gather_args {
  sta_view view;
  sta_batch_view batch;
  const float *z;  // (n_token, width)
  float *in;       // (n_example, 2 width)
} sta_gather_args;

THRONG_ROW void sta_gather_row(const sta_gather_args *a, int64_t row) {
  const int32_t width = a->view.width, token = a->batch.example_token[row];
  const float *u = a->view.user + (int64_t)a->batch.user[row] * width;
  const float *z = token < 0 ? u : a->z + (int64_t)token * width;
  float *THRONG_RESTRICT in = a->in + row * 2 * width;
  for (int32_t i = 0; i < width; ++i) in[i] = token < 0 ? 0.0f : z[i];
  for (int32_t i = 0; i < width; ++i) in[width + i] = u[i];
}

typedef struct sta_label_loss_args {
  sta_view view;
  sta_batch_view batch;
  const float *mixed;   // (n_example, width) [z; u] W
  float *logit, *loss;  // (n_example)
  float *mixed_grad;    // (n_example, width)
  float *item_grad;     // (n_example, width) for E(item)
  float *weight_grad;   // (n_example, width) to be summed for w
  float *logit_grad;    // (n_example) to be summed for the biases
} sta_label_loss_args;

THRONG_ROW void sta_label_loss_row(const sta_label_loss_args *a, int64_t row) {
  const int32_t width = a->view.width;
  const float *THRONG_RESTRICT mixed = a->mixed + row * width;
  const float *THRONG_RESTRICT item = a->view.item + (int64_t)a->batch.item[row] * width;
  const float *THRONG_RESTRICT weight = a->view.out_weight;
  float *THRONG_RESTRICT mixed_grad = a->mixed_grad + row * width;
  float *THRONG_RESTRICT item_grad = a->item_grad + row * width;
  float *THRONG_RESTRICT weight_grad = a->weight_grad + row * width;
  float query[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) query[i] = weight[i] * mixed[i];
  const float logit =
      dot_product(query, item, width) + sta_bias(&a->view, a->batch.user[row], a->batch.item[row]);
  const float like = (float)a->batch.like[row];
  const float grad = (sta_probability(logit) - like) / (float)a->batch.n_example;
  a->logit[row] = logit;
  a->loss[row] = sta_cross_entropy(logit, like);
  a->logit_grad[row] = grad;
  for (int32_t i = 0; i < width; ++i) {
    mixed_grad[i] = grad * weight[i] * item[i];
    item_grad[i] = grad * query[i];
    weight_grad[i] = grad * mixed[i] * item[i];
  }
}

typedef struct sta_next_loss_args {
  sta_view view;
  sta_batch_view batch;
  const float *z;                    // (n_token, width)
  float *logit, *loss;               // (n_example) logit: of the item that came
  float *state_grad;                 // (n_example, width) for z
  float *item_grad, *negative_grad;  // (n_example, width)
} sta_next_loss_args;

THRONG_ROW void sta_next_loss_row(const sta_next_loss_args *a, int64_t row) {
  const int32_t width = a->view.width;
  const float *THRONG_RESTRICT z = a->z + (int64_t)a->batch.example_token[row] * width;
  const float *THRONG_RESTRICT item = a->view.item + (int64_t)a->batch.item[row] * width;
  const float *THRONG_RESTRICT negative = a->view.item + (int64_t)a->batch.negative[row] * width;
  float *THRONG_RESTRICT state_grad = a->state_grad + row * width;
  float *THRONG_RESTRICT item_grad = a->item_grad + row * width;
  float *THRONG_RESTRICT negative_grad = a->negative_grad + row * width;
  const float up = dot_product(z, item, width), down = dot_product(z, negative, width);
  const float up_grad = (sta_probability(up) - 1.0f) / (float)a->batch.n_example;
  const float down_grad = sta_probability(down) / (float)a->batch.n_example;
  a->logit[row] = up;
  a->loss[row] = sta_cross_entropy(up, 1.0f) + sta_cross_entropy(down, 0.0f);
  for (int32_t i = 0; i < width; ++i) {
    state_grad[i] = up_grad * item[i] + down_grad * negative[i];
    item_grad[i] = up_grad * z[i];
    negative_grad[i] = down_grad * z[i];
  }
}

#endif
