/// A population's arrays for callers, where they lie: what a checkpoint holds, by the same names.
#include "agent/population.h"
#include "base/array_table.h"

int64_t throng_population_arrays(const throng_population *a, int64_t most, throng_array *out) {
  array_table t = {.backend = a->backend, .out = out, .most = most};
  array_table_add_set(&t, "", &a->weights, true);
  array_table_add_set(&t, "hyper.", &a->hyper, true);
  array_table_add_set(&t, "hyper.", &a->intervals, true);
  array_table_add_set(&t, "replay.", &a->replay, true);
  array_table_add_set(&t, "clock.", &a->clocks, true);
  array_table_add_set(&t, "", &a->constants, true);
  return t.n;
}
