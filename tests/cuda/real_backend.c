/// Which function opens the CPU backend: in programs whose "cpu" is the emulated device (linked
/// with
/// --wrap) the real one has another name.
#include "cpu/backend_cpu.h"
#include "cuda/backend_cuda.h"
#include "cuda_on_cpu_tests.h"

#ifdef CUDA_IN_PLACE_OF_CPU
throng_status __real_backend_cpu_open(int threads, throng_backend **out);
throng_status __wrap_backend_cpu_open(int threads, throng_backend **out);

throng_status cuda_on_cpu_real_backend(int threads, throng_backend **out) {
  return __real_backend_cpu_open(threads, out);
}
throng_status __wrap_backend_cpu_open(int threads, throng_backend **out) {
  return backend_cuda_open(threads, 0, out);
}
#else
throng_status cuda_on_cpu_real_backend(int threads, throng_backend **out) {
  return backend_cpu_open(threads, out);
}
#endif
