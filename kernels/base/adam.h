/// One number's step of Adam (Kingma & Ba 2015), as torch.optim.Adam rounds it: what the agents'
/// and f_sta's optimisers share, row by row and with a thread a number.
#ifndef THRONG_KERNELS_BASE_ADAM_H
#define THRONG_KERNELS_BASE_ADAM_H

#include "kernels/base/portable.h"

/// `step_size` is the learning rate over 1 - beta1^t, `root` the root of 1 - beta2^t.
THRONG_INLINE void adam_element(float *weight, float *moment1, float *moment2, float gradient,
                                float beta1, float beta2, float step_size, float root,
                                float epsilon) {
  const float m = beta1 * *moment1 + (1.0f - beta1) * gradient;
  const float v = beta2 * *moment2 + (1.0f - beta2) * gradient * gradient;
  *moment1 = m;
  *moment2 = v;
  *weight -= step_size * m / (sqrtf(v) / root + epsilon);
}

#endif
