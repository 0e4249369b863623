/// What f_sta's fit and its inference share: sums in a fixed order, layer normalisation, softmax.
#ifndef THRONG_KERNELS_STA_MATH_H
#define THRONG_KERNELS_STA_MATH_H

#include "kernels/base/exponential.h"
#include "kernels/base/floats16.h"
#include "kernels/sta/sta_view.h"

enum { STA_BLOCK = 16 };  // positions whose scores one vector holds
#define STA_LAYER_NORM_EPSILON 1e-8f

/// Sum of n numbers in the order of dot_product.
THRONG_INLINE float sta_sum(const float *x, const int32_t n) {
  float sum[THRONG_DOT_LANES] = {0};
  int32_t i = 0;
  for (; i + THRONG_DOT_LANES <= n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) sum[k] += x[i + k];
  for (int32_t k = 0; k < THRONG_DOT_LANES && i < n; ++i, ++k) sum[k] += x[i];
  return join_lanes(sum);
}

#ifdef THRONG_FLOATS16
/// The one below for widths of whole vectors.
THRONG_INLINE void sta_layer_norm_whole(float *THRONG_RESTRICT y, const float *THRONG_RESTRICT x,
                                        const float *THRONG_RESTRICT gain,
                                        const float *THRONG_RESTRICT bias, const int32_t width) {
  floats16 centred[FLOATS16_MOST], sum = floats16_all(0.0f), squares = floats16_all(0.0f);
  for (int32_t o = 0; o < width / 16; ++o) sum = floats16_add(sum, floats16_load(x + 16 * o));
  const floats16 mean = floats16_all(floats16_join(sum) / (float)width);
  for (int32_t o = 0; o < width / 16; ++o) {
    centred[o] = floats16_subtract(floats16_load(x + 16 * o), mean);
    squares = floats16_add(squares, floats16_multiply(centred[o], centred[o]));
  }
  const floats16 scale =
      floats16_all(1.0f / sqrtf(floats16_join(squares) / (float)width + STA_LAYER_NORM_EPSILON));
  for (int32_t o = 0; o < width / 16; ++o)
    floats16_store(y + 16 * o, floats16_add(floats16_multiply(floats16_multiply(centred[o], scale),
                                                              floats16_load(gain + 16 * o)),
                                            floats16_load(bias + 16 * o)));
}
#endif

/// Layer normalisation (Ba et al. 2016) with the biased variance, as PyTorch's.
THRONG_INLINE void sta_layer_norm(float *THRONG_RESTRICT y, const float *THRONG_RESTRICT x,
                                  const float *THRONG_RESTRICT gain,
                                  const float *THRONG_RESTRICT bias, const int32_t width) {
  if (FLOATS16_RUN(width, sta_layer_norm_whole(y, x, gain, bias, width))) return;
  float mean = sta_sum(x, width) / (float)width;
  float centred[STA_MAX_WIDTH], square[STA_MAX_WIDTH];
  for (int32_t i = 0; i < width; ++i) {
    centred[i] = x[i] - mean;
    square[i] = centred[i] * centred[i];
  }
  float scale = 1.0f / sqrtf(sta_sum(square, width) / (float)width + STA_LAYER_NORM_EPSILON);
  for (int32_t i = 0; i < width; ++i) y[i] = centred[i] * scale * gain[i] + bias[i];
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
  return join_lanes(sum);
}

THRONG_ROW float sta_probability(float logit) { return 1.0f / (1.0f + exp_portable(-logit)); }

#endif
