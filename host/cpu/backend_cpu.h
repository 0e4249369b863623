/// The CPU backend: threads, row functions at the widest instruction set there is, OpenBLAS.
#ifndef THRONG_CPU_BACKEND_CPU_H
#define THRONG_CPU_BACKEND_CPU_H

#include "base/backend.h"

extern const backend_kind backend_cpu;

/// `threads` 0: as many as the process may use. Errors: MEMORY.
throng_status backend_cpu_open(int threads, throng_backend **out);

#endif
