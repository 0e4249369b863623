/// How a block of the emulated device runs: its threads in shuffled order, or as fibers where they
/// wait for each other. Knows no stream and no memory of the device.
#ifndef CUDA_ON_CPU_BLOCK_H
#define CUDA_ON_CPU_BLOCK_H

#include "cuda_on_cpu.h"

namespace cuda_on_cpu {

/// End the process with what a kernel did that no device allows.
[[noreturn]] void stop(const char *what, const char *kernel);

/// An order of 0 .. n-1 that changes from call to call.
struct order {
  size_t n, start, stride;
  explicit order(size_t n);
  size_t operator[](size_t i) const { return (start + i * stride) % n; }
};

/// The i-th place of an extent, x fastest.
inline dim3 index_of(size_t i, dim3 extent) {
  return dim3(unsigned(i % extent.x), unsigned(i / extent.x % extent.y),
              unsigned(i / extent.x / extent.y));
}

/// Run the `n` threads of one block; `here` says which block. `fibers` as in launch().
void run_block(const char *kernel, bool fibers, const std::function<void()> &body, size_t n);

}  // namespace cuda_on_cpu

#endif
