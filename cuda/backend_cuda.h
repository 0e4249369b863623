/// The CUDA backend, as those see it who open it; in a build without CUDA each function is an error
/// that says so (without_cuda.c).
#ifndef THRONG_CUDA_BACKEND_CUDA_H
#define THRONG_CUDA_BACKEND_CUDA_H

#include "base/backend.h"

extern const backend_kind backend_cuda;

/// Errors: BACKEND with cause and remedy (no driver, an old one, no such device, no CUDA in this
/// build); MEMORY.
throng_status backend_cuda_open(int threads, int device, throng_backend **out);
/// How many devices there are, and one of them. Errors: BACKEND, as above.
throng_status backend_cuda_devices(int *count);
throng_status backend_cuda_device(int device, backend_device *out);

#endif
