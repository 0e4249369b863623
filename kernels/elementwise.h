/// Rows of one number: what every model needs and no domain owns.
#ifndef THRONG_KERNELS_ELEMENTWISE_H
#define THRONG_KERNELS_ELEMENTWISE_H

#include "portable.h"

typedef struct fill_args {
  float *x;  // (n)
  float value;
} fill_args;

THRONG_ROW void fill_row(const fill_args *a, int64_t row) { a->x[row] = a->value; }

#endif
