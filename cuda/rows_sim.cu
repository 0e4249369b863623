/// The kernels of the simulator on CUDA: see rows.cuh.
#include "rows.cuh"

#include "sim_list.h"

CUDA_ROWS(SIM_KERNELS)
