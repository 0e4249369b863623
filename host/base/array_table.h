/// Filling a caller's table of named arrays (throng/array.h) with what a handle keeps.
#ifndef THRONG_BASE_ARRAY_TABLE_H
#define THRONG_BASE_ARRAY_TABLE_H

#include "base/tensors.h"
#include "throng/array.h"

/// `n` arrays so far, of which the first `most` are in `out`.
typedef struct array_table {
  const throng_backend *backend;  // where they lie; NULL: host memory
  throng_array *out;
  int64_t most, n;
} array_table;

/// One array whose elements touch. Arrays without elements are left out.
void array_table_add(array_table *table, const char *name, tensor_type type, int rank,
                     const int64_t *shape, const void *data, bool read_only);
/// One with strides, in elements.
void array_table_add_strided(array_table *table, const char *name, tensor_type type, int rank,
                             const int64_t *shape, const int64_t *stride, const void *data,
                             bool read_only);
/// All of a set, by their names there behind `prefix`.
void array_table_add_set(array_table *table, const char *prefix, const tensor_set *set,
                         bool read_only);

#endif
