/// Kernels of the yardsticks and of evaluation.
#ifndef THRONG_KERNELS_YARDSTICK_LIST_H
#define THRONG_KERNELS_YARDSTICK_LIST_H

#include "kernels/yardstick/yardstick_bandit.h"
#include "kernels/yardstick/yardstick_plan.h"
#include "kernels/yardstick/yardstick_rank.h"

#define YARDSTICK_KERNELS(X) \
  X(yardstick_search, 1)     \
  X(yardstick_merge, 64)     \
  X(yardstick_random, 64)    \
  X(yardstick_popular, 64)   \
  X(yardstick_probe, 16)     \
  X(yardstick_answer, 64)    \
  X(bandit_search, 1)        \
  X(bandit_shown, 16)        \
  X(plan_alphabet, 16) X(plan_branch, 256) X(plan_select, 16) X(plan_order, 256)

#endif
