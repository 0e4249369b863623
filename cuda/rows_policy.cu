/// The kernels of the yardsticks on CUDA: see rows.cuh.
#include "rows.cuh"

#include "kernels/yardstick/policy_list.h"

CUDA_ROWS(POLICY_KERNELS)
