/// Layer normalisation (Ba, Kiros & Hinton 2016) of a hidden layer's sums before their activation,
/// as torch.nn.LayerNorm has it, and its gradients.
#ifndef THRONG_KERNELS_AGENT_LAYER_NORM_H
#define THRONG_KERNELS_AGENT_LAYER_NORM_H

#include "kernels/base/elementwise.h"

#define LAYER_NORM_EPSILON 1e-5f

/// The sum over a row, in the order of dot_product.
THRONG_ROW float sum_of(const float *THRONG_RESTRICT x, int32_t n) {
  float sum[THRONG_DOT_LANES] = {0};
  int32_t i = 0;
  for (; i + THRONG_DOT_LANES <= n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) sum[k] += x[i + k];
  for (int32_t k = 0; i < n; ++i, ++k) sum[k] += x[i];
  return join_lanes(sum);
}

/// x becomes activation(gain . normal + shift), normal = (x - mean) / sqrt(variance + 1e-5), mean
/// and variance over the row. Row: (agent, row).
typedef struct layer_norm_args {
  float *x;                   // (n_agent, rows, width)
  float *normal;              // (n_agent, rows, width) for the gradients, as is `inverse`
  float *inverse;             // (n_agent, rows) 1 / sqrt(variance + 1e-5)
  const float *gain, *shift;  // (n_agent, width)
  const int32_t *used;        // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
  int32_t activation;
} layer_norm_args;

THRONG_ROW void layer_norm_row(const layer_norm_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  const int64_t agent = row / a->rows;
  float *THRONG_RESTRICT x = a->x + row * a->width;
  float *THRONG_RESTRICT normal = a->normal + row * a->width;
  const float *THRONG_RESTRICT gain = a->gain + agent * a->width;
  const float *THRONG_RESTRICT shift = a->shift + agent * a->width;
  const float mean = sum_of(x, a->width) / (float)a->width;
  for (int32_t i = 0; i < a->width; ++i) normal[i] = x[i] - mean;
  const float variance = dot_product(normal, normal, a->width) / (float)a->width;
  const float inverse = 1.0f / sqrtf(variance + LAYER_NORM_EPSILON);
  a->inverse[row] = inverse;
  for (int32_t i = 0; i < a->width; ++i) normal[i] *= inverse;
  for (int32_t i = 0; i < a->width; ++i) x[i] = gain[i] * normal[i] + shift[i];
  activate(a->activation, x, a->width);
}

/// Gradients of gain and shift from that of gain . normal + shift. Row: (agent, column).
typedef struct layer_norm_sums_args {
  const float *d;       // (n_agent, rows, width)
  const float *normal;  // (n_agent, rows, width)
  float *gain, *shift;  // (n_agent, width)
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
} layer_norm_sums_args;

THRONG_ROW void layer_norm_sums_row(const layer_norm_sums_args *a, int64_t row) {
  const int64_t agent = row / a->width, at = agent * a->rows * a->width + row % a->width;
  const int64_t rows = a->used ? a->used[agent] : a->rows;
  const float *d = a->d + at, *normal = a->normal + at;
  float gain = 0, shift = 0;
  for (int64_t i = 0; i < rows; ++i) {
    gain += d[i * a->width] * normal[i * a->width];
    shift += d[i * a->width];
  }
  a->gain[row] = gain;
  a->shift[row] = shift;
}

/// d, the gradient of gain . normal + shift, becomes that of the sums which were normalised:
/// inverse (e - mean(e) - normal mean(e normal)), e = gain d. Row: (agent, row).
typedef struct layer_norm_slope_args {
  float *d;              // (n_agent, rows, width)
  const float *normal;   // (n_agent, rows, width)
  const float *inverse;  // (n_agent, rows)
  const float *gain;     // (n_agent, width)
  const int32_t *used;   // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t width;
} layer_norm_slope_args;

THRONG_ROW void layer_norm_slope_row(const layer_norm_slope_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  float *THRONG_RESTRICT d = a->d + row * a->width;
  const float *THRONG_RESTRICT normal = a->normal + row * a->width;
  const float *THRONG_RESTRICT gain = a->gain + row / a->rows * a->width;
  for (int32_t i = 0; i < a->width; ++i) d[i] *= gain[i];
  const float mean = sum_of(d, a->width) / (float)a->width;
  const float along = dot_product(d, normal, a->width) / (float)a->width;
  const float inverse = a->inverse[row];
  for (int32_t i = 0; i < a->width; ++i) d[i] = inverse * (d[i] - mean - normal[i] * along);
}

#endif
