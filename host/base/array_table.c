/// Tables of named arrays; see array_table.h.
#include "base/array_table.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)TENSOR_U8 == (int)THRONG_DTYPE_U8 && (int)TENSOR_I32 == (int)THRONG_DTYPE_I32 &&
                   (int)TENSOR_U32 == (int)THRONG_DTYPE_U32 &&
                   (int)TENSOR_I64 == (int)THRONG_DTYPE_I64 &&
                   (int)TENSOR_U64 == (int)THRONG_DTYPE_U64 &&
                   (int)TENSOR_F32 == (int)THRONG_DTYPE_F32 &&
                   (int)TENSOR_F64 == (int)THRONG_DTYPE_F64,
               "callers and tensor sets number types alike");
_Static_assert(TENSOR_MAX_RANK == THRONG_ARRAY_MOST_DIM, "callers see every dimension");

int64_t throng_dtype_size(throng_dtype dtype) {
  return (int64_t)tensor_type_size((tensor_type)dtype);
}

const char *throng_dtype_name(throng_dtype dtype) {
  switch (dtype) {
    case THRONG_DTYPE_U8: return "uint8";
    case THRONG_DTYPE_I32: return "int32";
    case THRONG_DTYPE_U32: return "uint32";
    case THRONG_DTYPE_I64: return "int64";
    case THRONG_DTYPE_U64: return "uint64";
    case THRONG_DTYPE_F32: return "float32";
    case THRONG_DTYPE_F64: return "float64";
  }
  return "?";
}

const throng_array *throng_array_find(const throng_array *array, int64_t n, const char *name) {
  for (int64_t k = 0; k < n; ++k)
    if (!strcmp(array[k].name, name)) return &array[k];
  return NULL;
}

void array_table_add_strided(array_table *table, const char *name, tensor_type type, int rank,
                             const int64_t *shape, const int64_t *stride, const void *data,
                             bool read_only) {
  const throng_backend *backend = table->backend;
  for (int d = 0; d < rank; ++d)
    if (shape[d] == 0) return;
  if (table->n++ >= table->most) return;
  throng_array *a = &table->out[table->n - 1];
  *a = (throng_array){
      .data = (void *)(uintptr_t)data,
      .device = backend && backend->device_memory ? THRONG_DEVICE_CUDA : THRONG_DEVICE_CPU,
      .device_number = backend ? backend->device_number : 0,
      .dtype = (throng_dtype)type,
      .n_dim = rank,
      .read_only = read_only,
  };
  snprintf(a->name, sizeof a->name, "%s", name);
  memcpy(a->shape, shape, (size_t)rank * sizeof *shape);
  memcpy(a->stride, stride, (size_t)rank * sizeof *stride);
}

void array_table_add(array_table *table, const char *name, tensor_type type, int rank,
                     const int64_t *shape, const void *data, bool read_only) {
  int64_t stride[TENSOR_MAX_RANK] = {0}, step = 1;
  for (int d = rank - 1; d >= 0; --d) {
    stride[d] = step;
    step *= shape[d];
  }
  array_table_add_strided(table, name, type, rank, shape, stride, data, read_only);
}

void array_table_add_set(array_table *table, const char *prefix, const tensor_set *set,
                         bool read_only) {
  char name[THRONG_ARRAY_NAME];
  for (size_t i = 0; i < set->count; ++i) {
    const tensor *t = &set->tensor[i];
    snprintf(name, sizeof name, "%.16s%s", prefix, t->name);
    array_table_add(table, name, t->type, t->rank, t->shape, t->data, read_only);
  }
}
