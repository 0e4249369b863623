/// Numbers in ascending order.
#ifndef THRONG_BASE_SORT_H
#define THRONG_BASE_SORT_H

#include <stdint.h>

/// None of them NaN.
void sort_numbers(int64_t n, double *x);

#endif
