/// Which devices there are, and what they are like.
#include <stdio.h>

#include "cuda/backend_cuda.h"
#include "error.h"

throng_status backend_cuda_devices(int *count) {
  *count = 0;
  CUDA_TRY(cudaGetDeviceCount(count), "backend cuda");
  if (*count > 0) return THRONG_OK;
  return cuda_fail(cudaErrorNoDevice, "backend cuda");
}

throng_status backend_cuda_device(int device, backend_device *out) {
  *out = (backend_device){0};
  struct cudaDeviceProp properties;
  CUDA_TRY(cudaGetDeviceProperties(&properties, device), "backend cuda");
  snprintf(out->name, sizeof out->name, "%s", properties.name);
  out->major = properties.major;
  out->minor = properties.minor;
  out->n_multiprocessor = properties.multiProcessorCount;
  CUDA_TRY(cudaSetDevice(device), "backend cuda");
  CUDA_TRY(cudaMemGetInfo(&out->free_bytes, &out->total_bytes), "backend cuda");
  return THRONG_OK;
}
