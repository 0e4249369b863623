/// One loop a kernel. Compiled several times with other -march flags; ROWS_TABLE names the table.
#include "cpu/rows.h"

#include "kernels/list.h"

#ifndef ROWS_TABLE
#define ROWS_TABLE rows_baseline
#endif

#define X(name, grain)                                                    \
  static void name##_rows(const void *args, int64_t begin, int64_t end) { \
    for (int64_t row = begin; row < end; ++row) name##_row(args, row);    \
  }
ROW_KERNELS(X)
#undef X

#define X(name, grain)                                                    \
  static void name##_rows(const void *args, int64_t begin, int64_t end) { \
    name##_span(args, begin, end);                                        \
  }
SPAN_KERNELS(X)
#undef X

rows_fn *const ROWS_TABLE[] = {
#define X(name, grain) name##_rows,
    KERNEL_LIST(X)
#undef X
};
