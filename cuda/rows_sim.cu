/// The kernels of the simulator on CUDA: see rows.cuh.
#include "rows.cuh"

#include "kernels/sim/sim_list.h"

CUDA_ROWS(SIM_KERNELS)
