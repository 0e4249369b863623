/// The kernels of f_sta on CUDA: see rows.cuh.
#include "rows.cuh"

#include "kernels/sta/sta_list.h"

CUDA_ROWS(STA_KERNELS)
