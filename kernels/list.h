/// Every kernel by name: the list from which the CPU's loops, the `__global__` wrappers and the
/// parity tests are made. X(name, grain): `grain` is the least number of rows worth a thread.
/// One list a domain, each in the header that includes its row functions.
#ifndef THRONG_KERNELS_LIST_H
#define THRONG_KERNELS_LIST_H

#include "agent_list.h"
#include "policy_list.h"
#include "sim_list.h"
#include "sta_list.h"

#define KERNEL_LIST(X) SIM_KERNELS(X) STA_KERNELS(X) AGENT_KERNELS(X) POLICY_KERNELS(X)

enum kernel_id {
#define X(name, grain) KERNEL_##name,
  KERNEL_LIST(X)
#undef X
      KERNEL_COUNT
};

#endif
