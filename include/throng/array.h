/// Arrays by name: what a world, a simulator or a population keeps, where it lies, with the device,
/// type, shape and strides that DLPack, NumPy or a kernel of one's own needs. Nothing is copied.
#ifndef THRONG_ARRAY_H
#define THRONG_ARRAY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Where memory lies. The numbers are DLPack's kDLCPU and kDLCUDA.
typedef enum throng_device { THRONG_DEVICE_CPU = 1, THRONG_DEVICE_CUDA = 2 } throng_device;

/// Type of one element.
typedef enum throng_dtype {
  THRONG_DTYPE_U8 = 0,
  THRONG_DTYPE_I32,
  THRONG_DTYPE_U32,
  THRONG_DTYPE_I64,
  THRONG_DTYPE_U64,
  THRONG_DTYPE_F32,
  THRONG_DTYPE_F64,
} throng_dtype;

#define THRONG_ARRAY_MOST_DIM 4
#define THRONG_ARRAY_NAME 96  ///< bytes of a name, its NUL included

/// One array. Element (i, j, ..) is at `data` + (i * stride[0] + j * stride[1] + ..) elements.
///
/// It lives as long as the handle that gave it, at the same address; its contents change with every
/// call that moves the handle on (throng_sim_step, ...). On CUDA, kernels write it on the backend's
/// own stream: call throng_backend_synchronize() before anybody else reads it. What is read_only
/// must not be written: nothing looks again before it indexes. The other ("action") may be, between
/// calls; throng_sim_step(sim, NULL) checks it.
typedef struct throng_array {
  char name[THRONG_ARRAY_NAME];
  void *data;
  throng_device device;
  int32_t device_number;  ///< CUDA ordinal; 0 on the CPU
  throng_dtype dtype;
  int32_t n_dim;  ///< 1 .. THRONG_ARRAY_MOST_DIM
  int64_t shape[THRONG_ARRAY_MOST_DIM];
  int64_t stride[THRONG_ARRAY_MOST_DIM];  ///< in elements
  bool read_only;
} throng_array;

/// Bytes of one element; 0 for what is no type.
THRONG_API int64_t throng_dtype_size(throng_dtype dtype);
/// "uint8", "int32", "float32", ... as NumPy says it; "?" for what is no type.
THRONG_API const char *throng_dtype_name(throng_dtype dtype);
/// The array of that name among `n`, or NULL.
THRONG_API const throng_array *throng_array_find(const throng_array *array, int64_t n,
                                                 const char *name);

#ifdef __cplusplus
}
#endif
#endif
