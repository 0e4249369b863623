/// Arrays by name: what a world, a simulator or a population keeps, where it lies, with the device,
/// type, shape and strides that DLPack, NumPy or a kernel of one's own needs. Nothing is copied.
#ifndef THRONG_ARRAY_H
#define THRONG_ARRAY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Where memory lies. The numbers are DLPack's kDLCPU and kDLCUDA.
typedef enum throng_device {
  THRONG_DEVICE_CPU = 1,   ///< host memory
  THRONG_DEVICE_CUDA = 2,  ///< memory of a CUDA device: the host must not follow the pointer
} throng_device;

/// Type of one element.
typedef enum throng_dtype {
  THRONG_DTYPE_U8 = 0,  ///< uint8_t
  THRONG_DTYPE_I32,     ///< int32_t
  THRONG_DTYPE_U32,     ///< uint32_t
  THRONG_DTYPE_I64,     ///< int64_t
  THRONG_DTYPE_U64,     ///< uint64_t
  THRONG_DTYPE_F32,     ///< float
  THRONG_DTYPE_F64,     ///< double
} throng_dtype;

#define THRONG_ARRAY_MOST_DIM 4  ///< dimensions that an array has at the most
#define THRONG_ARRAY_NAME 96     ///< bytes of a name, its NUL included

/// One array. Element (i, j, ..) is at `data` + (i * stride[0] + j * stride[1] + ..) elements.
///
/// It lives as long as the handle that gave it, at the same address; its contents change with every
/// call that moves the handle on (throng_sim_step, ...). On CUDA, kernels write it on the backend's
/// own stream: call throng_backend_synchronize() before anybody else reads it. What is read_only
/// must not be written: nothing looks again before it indexes. The other ("action") may be, between
/// calls; throng_sim_step(sim, NULL) checks it.
typedef struct throng_array {
  char name[THRONG_ARRAY_NAME];           ///< "reward", "weight.user", ...: unique in its handle
  void *data;                             ///< the first element
  throng_device device;                   ///< where `data` lies
  int32_t device_number;                  ///< CUDA ordinal; 0 on the CPU
  throng_dtype dtype;                     ///< of an element
  int32_t n_dim;                          ///< 1 .. THRONG_ARRAY_MOST_DIM
  int64_t shape[THRONG_ARRAY_MOST_DIM];   ///< elements along each of the n_dim dimensions
  int64_t stride[THRONG_ARRAY_MOST_DIM];  ///< in elements
  bool read_only;                         ///< callers must not write it
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
