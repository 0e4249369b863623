/// The kernels of the yardsticks on CUDA: see rows.cuh.
#include "rows.cuh"

#include "policy_list.h"

CUDA_ROWS(POLICY_KERNELS)
