/// The kernels that no domain owns on CUDA: see rows.cuh.
#include "rows.cuh"

#include "kernels/base/base_list.h"

CUDA_ROWS(BASE_KERNELS)
