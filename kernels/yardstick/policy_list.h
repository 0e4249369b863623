/// Kernels of the yardsticks and of evaluation.
#ifndef THRONG_KERNELS_YARDSTICK_POLICY_LIST_H
#define THRONG_KERNELS_YARDSTICK_POLICY_LIST_H

#include "kernels/yardstick/policy_rank.h"

#define POLICY_KERNELS(X) \
  X(policy_search, 1)     \
  X(policy_merge, 64) X(policy_random, 64) X(policy_popular, 64) X(policy_probe, 16)

#endif
