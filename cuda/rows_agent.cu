/// The kernels of the agents on CUDA: see rows.cuh.
#include "rows.cuh"

#include "kernels/agent/agent_list.h"

CUDA_ROWS(AGENT_KERNELS)
