/// The kernels of the yardsticks on CUDA: see rows.cuh.
#include "rows.cuh"

#include "kernels/yardstick/yardstick_list.h"

CUDA_ROWS(YARDSTICK_KERNELS)
