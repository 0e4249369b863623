/// Kernels that every model needs and no domain owns.
#ifndef THRONG_KERNELS_BASE_LIST_H
#define THRONG_KERNELS_BASE_LIST_H

#include "kernels/base/elementwise.h"

#define BASE_ROW_KERNELS(X)   \
  X(fill, 4096)               \
  X(add_bias, 128)            \
  X(activation_gradient, 128) \
  X(add_outer, 256)           \
  X(gather, 128)              \
  X(warm, 16)                 \
  X(segment_clear, 256)

#define BASE_SPAN_KERNELS(X) X(agent_key, 4096) X(column_sum, 64) X(segment_sum, 256)
#define BASE_KERNELS(X) BASE_ROW_KERNELS(X) BASE_SPAN_KERNELS(X)

#endif
