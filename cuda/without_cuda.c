/// What stands in for the CUDA backend in a build without it: an error that says so.
#include "cuda/backend_cuda.h"

static throng_status none(void) {
  return throng_fail(
      THRONG_ERROR_BACKEND,
      "backend cuda: this build has none (no nvcc was found, or "
      "THRONG_CUDA was OFF); install the CUDA toolkit and build again, or use --backend cpu");
}

throng_status backend_cuda_open(int threads, int device, throng_backend **out) {
  (void)threads;
  (void)device;
  *out = NULL;
  return none();
}

throng_status backend_cuda_devices(int *count) {
  *count = 0;
  return none();
}

throng_status backend_cuda_device(int device, backend_device *out) {
  (void)device;
  *out = (backend_device){0};
  return none();
}
