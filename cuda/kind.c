/// The CUDA backend's row in host/backends/backends.c.
#include "cuda/backend_cuda.h"

static throng_status open_kind(const throng_backend_def *def, throng_backend **out) {
  return backend_cuda_open(def->threads, def->device, out);
}

const backend_kind backend_cuda = {.name = "cuda",
                                   .open = open_kind,
                                   .devices = backend_cuda_devices,
                                   .device = backend_cuda_device};
