/// Kernels of the agents: acting, replay, DQN updates, Adam.
#ifndef THRONG_KERNELS_AGENT_LIST_H
#define THRONG_KERNELS_AGENT_LIST_H

#include "elementwise.h"

#define AGENT_KERNELS(X) X(fill, 4096)

#endif
