/// Fresh weights and Adam (Kingma & Ba 2015) over f_sta's parameters as one flat block.
#ifndef THRONG_KERNELS_STA_ADAM_H
#define THRONG_KERNELS_STA_ADAM_H

#include "kernels/base/adam.h"
#include "kernels/base/random.h"

enum { STA_ADAM_CHUNK = 1024 };  // elements a row

/// torch.optim.Adam: weight decay is added to the gradient.
typedef struct sta_adam_args {
  int64_t n;
  float *x, *m, *v;  // (n) parameters and their moments
  const float *grad;
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float correction1, correction2;  // 1 - beta1^step, sqrt(1 - beta2^step)
} sta_adam_args;

THRONG_ROW void sta_adam_row(const sta_adam_args *a, int64_t row) {
  const int64_t begin = row * STA_ADAM_CHUNK;
  const int64_t n = a->n - begin < STA_ADAM_CHUNK ? a->n - begin : STA_ADAM_CHUNK;
  float *THRONG_RESTRICT x = a->x + begin;
  float *THRONG_RESTRICT m = a->m + begin;
  float *THRONG_RESTRICT v = a->v + begin;
  const float *THRONG_RESTRICT grad = a->grad + begin;
  const float beta1 = a->beta1, beta2 = a->beta2, decay = a->weight_decay, epsilon = a->epsilon;
  const float step = a->learning_rate / a->correction1, root = a->correction2;
  for (int64_t i = 0; i < n; ++i)
    adam_element(&x[i], &m[i], &v[i], grad[i] + decay * x[i], beta1, beta2, step, root, epsilon);
}

/// Normal numbers with mean 0. Row = element.
typedef struct sta_normal_args {
  float *x;  // (n)
  float deviation;
  uint32_t seed, tensor;
} sta_normal_args;

THRONG_ROW void sta_normal_row(const sta_normal_args *a, int64_t row) {
  random_words r = random_draw(a->seed, RANDOM_INIT, (uint32_t)row, (uint32_t)((uint64_t)row >> 32),
                               a->tensor, 0);
  a->x[row] = a->deviation * random_normal(r.w[0], r.w[1]);
}

#endif
