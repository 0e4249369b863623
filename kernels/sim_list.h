/// Kernels of the simulator.
#ifndef THRONG_KERNELS_SIM_LIST_H
#define THRONG_KERNELS_SIM_LIST_H

#define SIM_KERNELS(X)

#endif
