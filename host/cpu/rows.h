/// The CPU's loops over kernels/list.h, built once for each instruction set (see CMakeLists.txt)
/// and chosen at run time. All of them give the same bits.
#ifndef THRONG_CPU_ROWS_H
#define THRONG_CPU_ROWS_H

#include <stdint.h>

typedef void rows_fn(const void *args, int64_t begin, int64_t end);

extern rows_fn *const rows_baseline[];
extern rows_fn *const rows_v3[];
extern rows_fn *const rows_v4[];

#endif
