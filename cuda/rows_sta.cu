/// The kernels of f_sta on CUDA: see rows.cuh.
#include "rows.cuh"

#include "sta_list.h"

CUDA_ROWS(STA_KERNELS)
