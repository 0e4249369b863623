/// Every kernel by name: the list from which the CPU's loops, the `__global__` wrappers and the
/// parity tests are made. X(name, grain): `grain` is the least number of rows worth a thread.
/// One list a domain, each in the header that includes its row functions.
#ifndef THRONG_KERNELS_LIST_H
#define THRONG_KERNELS_LIST_H

#include "kernels/agent/agent_list.h"
#include "kernels/base/base_list.h"
#include "kernels/sim/sim_list.h"
#include "kernels/sta/sta_list.h"
#include "kernels/yardstick/yardstick_list.h"

#define ROW_KERNELS(X) \
  BASE_ROW_KERNELS(X) SIM_ROW_KERNELS(X) STA_KERNELS(X) AGENT_ROW_KERNELS(X) YARDSTICK_KERNELS(X)
/// Kernels whose rows a CPU does faster several at a time: beside NAME_row(args, row) there is
/// NAME_span(args, begin, end), which gives the same bits.
#define SPAN_KERNELS(X) BASE_SPAN_KERNELS(X) SIM_SPAN_KERNELS(X) AGENT_SPAN_KERNELS(X)
#define KERNEL_LIST(X) ROW_KERNELS(X) SPAN_KERNELS(X)

enum kernel_id {
#define X(name, grain) KERNEL_##name,
  KERNEL_LIST(X)
#undef X
      KERNEL_COUNT
};

#endif
