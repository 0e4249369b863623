/// f_sta written once more, slowly and in double precision: what the tests compare with. Also
/// random parameters in a block of memory, for tests that need no fitted model.
#ifndef THRONG_TESTS_STA_REFERENCE_H
#define THRONG_TESTS_STA_REFERENCE_H

#include <math.h>
#include <stdlib.h>

#include "kernels/sta/sta_cache.h"
#include "kernels/sta/sta_products.h"

/// Blocks that reference_random took, for reference_free at a test's end.
static float *reference_block[1024];
static int reference_blocks;

static inline void reference_free(void) {
  while (reference_blocks > 0) free(reference_block[--reference_blocks]);
}

/// Numbers in (-scale, scale) around `centre`, of a small generator.
static inline float *reference_random(uint64_t *state, int64_t n, float scale, float centre) {
  if (reference_blocks == 1024) abort();
  float *x = malloc((size_t)(n > 0 ? n : 1) * sizeof *x);
  reference_block[reference_blocks++] = x;
  for (int64_t i = 0; i < n; ++i) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    x[i] = centre + scale * ((float)(*state >> 40) / 8388608.0f - 1.0f);
  }
  return x;
}

/// What inference reads, made by the rows that make it.
static inline void reference_fold(sta_view *v) {
  const int64_t w = v->width, rows = (int64_t)v->layers * v->heads;
  uint64_t s = 5;
  sta_product_args a = {.out = {.query_matrix = reference_random(&s, rows * w * w, 9, 0),
                                .query_bias = reference_random(&s, rows * w, 9, 0),
                                .value_matrix = reference_random(&s, rows * w * w, 9, 0),
                                .value_bias = reference_random(&s, v->layers * w, 9, 0),
                                .read_matrix = reference_random(&s, w * w, 9, 0),
                                .read_user = reference_random(&s, v->n_user * w, 9, 0)}};
  a.view = *v;
  for (int64_t row = 0; row < rows * (w + 1); ++row) sta_product_query_row(&a, row);
  for (int64_t row = 0; row < rows * (w + 1); ++row) sta_product_value_row(&a, row);
  for (int64_t row = 0; row < w + v->n_user; ++row) sta_product_read_row(&a, row);
  v->query_matrix = a.out.query_matrix;
  v->query_bias = a.out.query_bias;
  v->value_matrix = a.out.value_matrix;
  v->value_bias = a.out.value_bias;
  v->read_matrix = a.out.read_matrix;
  v->read_user = a.out.read_user;
}

static inline sta_view reference_view(uint64_t seed, int32_t n_user, int32_t n_item, int32_t width,
                                      int32_t layers, int32_t heads, int32_t window,
                                      int32_t labels) {
  uint64_t s = seed * 2654435761u + 1;
  const int64_t w = width, l = layers;
  sta_view v = {.n_item = n_item,
                .n_user = n_user,
                .width = width,
                .layers = layers,
                .heads = heads,
                .window = window,
                .labels = labels,
                .label_scale = seed % 2 ? sqrtf((float)width) : 1.0f,
                .threshold = 0.5f};
  v.item = reference_random(&s, n_item * w, 0.5f, 0);
  v.user = reference_random(&s, n_user * w, 0.5f, 0);
  v.position = reference_random(&s, window * w, 0.5f, 0);
  v.label = reference_random(&s, 2 * w, 0.5f, 0);
  v.ln1_gain = reference_random(&s, l * w, 0.3f, 1);
  v.ln1_bias = reference_random(&s, l * w, 0.3f, 0);
  v.ln2_gain = reference_random(&s, l * w, 0.3f, 1);
  v.ln2_bias = reference_random(&s, l * w, 0.3f, 0);
  v.lnf_gain = reference_random(&s, w, 0.3f, 1);
  v.lnf_bias = reference_random(&s, w, 0.3f, 0);
  const float **matrix[] = {&v.wq, &v.wk, &v.wv, &v.wo, &v.w1, &v.w2};
  const float **bias[] = {&v.bq, &v.bk, &v.bv, &v.bo, &v.b1, &v.b2};
  for (int i = 0; i < 6; ++i) {
    *matrix[i] = reference_random(&s, l * w * w, 1.5f / sqrtf((float)width), 0);
    *bias[i] = reference_random(&s, l * w, 0.3f, 0);
  }
  v.mix = reference_random(&s, 2 * w * w, 0.5f, 0);
  v.out_weight = reference_random(&s, w, 1.0f, 0);
  v.out_bias = reference_random(&s, 1, 0.5f, 0);
  if (seed % 3 == 0) {
    v.user_bias = reference_random(&s, n_user, 0.5f, 0);
    v.item_bias = reference_random(&s, n_item, 0.5f, 0);
  }
  reference_fold(&v);
  return v;
}

static inline void reference_norm(double *y, const double *x, const float *gain, const float *bias,
                                  int32_t width) {
  double mean = 0, variance = 0;
  for (int32_t i = 0; i < width; ++i) mean += x[i] / width;
  for (int32_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean) / width;
  for (int32_t i = 0; i < width; ++i)
    y[i] = (x[i] - mean) / sqrt(variance + 1e-8) * gain[i] + bias[i];
}

static inline void reference_linear(double *y, const double *x, const float *w, const float *bias,
                                    int32_t width) {
  for (int32_t o = 0; o < width; ++o) {
    y[o] = bias[o];
    for (int32_t i = 0; i < width; ++i) y[o] += x[i] * w[i * width + o];
  }
}

/// Final normalised states z (n, width) of tokens 0 .. n-1 of one window.
static inline void reference_states(const sta_view *v, int32_t n, const int32_t *item,
                                    const int *like, double *z) {
  const int32_t w = v->width, head_width = w / v->heads;
  double *x = calloc((size_t)(n * w * 6), sizeof *x), *q = x + n * w, *k = q + n * w;
  double *value = k + n * w, *normal = value + n * w, *mixed = normal + n * w;
  for (int32_t t = 0; t < n; ++t)
    for (int32_t i = 0; i < w; ++i)
      x[t * w + i] = v->item[item[t] * w + i] * sqrt(w) + v->position[t * w + i] +
                     (v->labels ? v->label_scale * v->label[(like[t] != 0) * w + i] : 0);
  for (int32_t layer = 0; layer < v->layers; ++layer) {
    const int32_t b = layer * w, m = layer * w * w;
    for (int32_t t = 0; t < n; ++t) {
      reference_norm(normal + t * w, x + t * w, v->ln1_gain + b, v->ln1_bias + b, w);
      reference_linear(q + t * w, normal + t * w, v->wq + m, v->bq + b, w);
      reference_linear(k + t * w, normal + t * w, v->wk + m, v->bk + b, w);
      reference_linear(value + t * w, normal + t * w, v->wv + m, v->bv + b, w);
    }
    for (int32_t t = 0; t < n; ++t) {
      for (int32_t h = 0; h < v->heads; ++h) {
        double weight[STA_MAX_WINDOW], sum = 0;
        for (int32_t s = 0; s <= t; ++s) {
          weight[s] = 0;
          for (int32_t d = h * head_width; d < (h + 1) * head_width; ++d)
            weight[s] += q[t * w + d] * k[s * w + d];
          weight[s] = exp(weight[s] / sqrt(head_width));
          sum += weight[s];
        }
        for (int32_t d = h * head_width; d < (h + 1) * head_width; ++d) {
          mixed[d] = 0;
          for (int32_t s = 0; s <= t; ++s) mixed[d] += weight[s] / sum * value[s * w + d];
        }
      }
      double out[STA_MAX_WIDTH], hidden[STA_MAX_WIDTH];
      reference_linear(out, mixed, v->wo + m, v->bo + b, w);
      for (int32_t i = 0; i < w; ++i) x[t * w + i] += out[i];
      reference_norm(normal, x + t * w, v->ln2_gain + b, v->ln2_bias + b, w);
      reference_linear(hidden, normal, v->w1 + m, v->b1 + b, w);
      for (int32_t i = 0; i < w; ++i) hidden[i] = hidden[i] > 0 ? hidden[i] : 0;
      reference_linear(out, hidden, v->w2 + m, v->b2 + b, w);
      for (int32_t i = 0; i < w; ++i) x[t * w + i] += out[i];
    }
  }
  for (int32_t t = 0; t < n; ++t) reference_norm(z + t * w, x + t * w, v->lnf_gain, v->lnf_bias, w);
  free(x);
}

/// p of `candidate` for a user whose whole history has n entries (the window's rule is applied).
static inline double reference_p(const sta_view *v, int32_t user, int32_t n, const int32_t *item,
                                 const int *like, int32_t candidate) {
  const int32_t w = v->width;
  int32_t start = n > v->window ? (n - v->window + v->window / 2 - 1) / (v->window / 2) : 0;
  start *= v->window / 2;
  double *z = calloc((size_t)((n - start + 1) * w), sizeof *z), logit = v->out_bias[0];
  if (v->user_bias) logit += (double)v->user_bias[user] + v->item_bias[candidate];
  if (n > 0) reference_states(v, n - start, item + start, like + start, z);
  const double *last = n > 0 ? z + (n - start - 1) * w : z;
  for (int32_t o = 0; o < w; ++o) {
    double sum = 0;
    for (int32_t i = 0; i < w; ++i)
      sum += last[i] * v->mix[i * w + o] + (double)v->user[user * w + i] * v->mix[(w + i) * w + o];
    logit += v->out_weight[o] * sum * v->item[candidate * w + o];
  }
  free(z);
  return 1 / (1 + exp(-logit));
}

#endif
