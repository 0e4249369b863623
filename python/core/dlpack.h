/// DLPack 1.1's structs (github.com/dmlc/dlpack, include/dlpack/dlpack.h), by which array libraries
/// hand memory to each other.
#ifndef THRONG_PYTHON_DLPACK_H
#define THRONG_PYTHON_DLPACK_H

#include <stdint.h>

typedef struct DLDevice {
  int32_t device_type;  // 1 CPU, 2 CUDA
  int32_t device_id;
} DLDevice;

typedef struct DLDataType {
  uint8_t code;  // DL_INT, ..
  uint8_t bits;
  uint16_t lanes;
} DLDataType;
enum { DL_INT = 0, DL_UINT = 1, DL_FLOAT = 2, DL_BOOL = 6 };

typedef struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;

typedef struct DLPackVersion {
  uint32_t major, minor;
} DLPackVersion;

typedef struct DLManagedTensorVersioned {
  DLPackVersion version;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor dl_tensor;
} DLManagedTensorVersioned;
enum { DL_READ_ONLY = 1 };

#endif
