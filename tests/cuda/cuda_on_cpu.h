/// CUDA's words for kernels, on the CPU: the .cu files of cuda/ compile against this as C++. A
/// kernel's threads run one block after the other, in shuffled order; where they wait for each
/// other each has a fiber of its own. Shared memory holds rubbish when a block begins. For tests
/// alone: no tensor cores, no asynchronous copies, no cooperative groups, and whole warps only.
#ifndef CUDA_ON_CPU_H
#define CUDA_ON_CPU_H

// C++ finds fault with enumerators beside numbers, which C allows.
#pragma GCC diagnostic ignored "-Wextra"

#include <stdint.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct uint2 {
  uint32_t x, y;
};
struct uint4 {
  uint32_t x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
static inline uint2 make_uint2(uint32_t x, uint32_t y) { return {x, y}; }
static inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) {
  return {x, y, z, w};
}
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace cuda_on_cpu {

/// Where the running thread stands.
struct place {
  dim3 thread_index, block_index, block_dim, grid_dim;
};
extern place here;

/// Queue a kernel on a stream (run at once, or record it where a graph is captured). `fibers`: its
/// threads may wait for each other.
void launch(const char *name, dim3 grid, dim3 block, cudaStream_t stream, bool fibers,
            std::function<void()> thread);
/// Stop where an argument holds an address of the host's, which a device could not follow.
void inspect(const char *kernel, const void *argument, size_t bytes);
/// The block's shared array that was declared at `where`.
void *shared(const void *where, size_t bytes);
/// Wait for all threads of the block.
void barrier();
/// Give a word to the warp and take that of lane `from`.
uint64_t exchange(unsigned mask, uint64_t word, int from);
/// Lanes whose word equals the caller's.
unsigned match(unsigned mask, uint64_t word);
unsigned ballot(unsigned mask, bool holds);

template <typename T>
T exchange_value(unsigned mask, T value, int from) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a shuffle moves up to 8 bytes");
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  word = exchange(mask, word, from);
  std::memcpy(&value, &word, sizeof value);
  return value;
}
static inline int lane() { return (int)(here.thread_index.x & 31u); }

}  // namespace cuda_on_cpu

#define threadIdx (cuda_on_cpu::here.thread_index)
#define blockIdx (cuda_on_cpu::here.block_index)
#define blockDim (cuda_on_cpu::here.block_dim)
#define gridDim (cuda_on_cpu::here.grid_dim)

#define CUDA_ON_CPU_LAUNCH(kernel, grid, block, stream, fibers, ...) \
  cuda_on_cpu::launch(#kernel, (grid), (block), (stream), (fibers),  \
                      cuda_on_cpu_bind(#kernel, kernel, __VA_ARGS__))
#define LAUNCH(kernel, grid, block, stream, ...) \
  CUDA_ON_CPU_LAUNCH(kernel, grid, block, stream, true, __VA_ARGS__)
#define LAUNCH_ALONE(kernel, grid, block, stream, ...) \
  CUDA_ON_CPU_LAUNCH(kernel, grid, block, stream, false, __VA_ARGS__)
#define SHARED(type, name, extent)       \
  static const char name##_declared = 0; \
  using name##_array = type extent;      \
  auto &name =                           \
      *static_cast<name##_array *>(cuda_on_cpu::shared(&name##_declared, sizeof(name##_array)))

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define CUDA_ON_CPU_INSPECTS
#endif
#endif

/// One argument of a launch. Padding holds what the stack held before, addresses too: only
/// compilers that can clear it look.
template <typename Argument>
void cuda_on_cpu_inspect(const char *name, Argument copy) {
#ifdef CUDA_ON_CPU_INSPECTS
  __builtin_clear_padding(&copy);
  cuda_on_cpu::inspect(name, &copy, sizeof copy);
#else
  (void)name, (void)copy;
#endif
}

/// Arguments are copied when a kernel is launched, as CUDA copies them.
template <typename... Parameters, typename... Arguments>
std::function<void()> cuda_on_cpu_bind(const char *name, void (*kernel)(Parameters...),
                                       Arguments &&...arguments) {
  (cuda_on_cpu_inspect<std::decay_t<Parameters>>(name, arguments), ...);
  return [kernel, copies = std::tuple<std::decay_t<Parameters>...>(arguments...)]() {
    std::apply(kernel, copies);
  };
}

static inline void __syncthreads() { cuda_on_cpu::barrier(); }
static inline void __syncwarp(unsigned mask = 0xffffffffu) {
  (void)cuda_on_cpu::ballot(mask, true);
}
template <typename T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32) {
  const int lane = cuda_on_cpu::lane();
  return cuda_on_cpu::exchange_value(mask, value, (lane & ~(width - 1)) + (from & (width - 1)));
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int other) {
  return cuda_on_cpu::exchange_value(mask, value, cuda_on_cpu::lane() ^ other);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned by) {
  const int lane = cuda_on_cpu::lane(), from = lane + (int)by;
  return cuda_on_cpu::exchange_value(mask, value, from < 32 ? from : lane);
}
static inline unsigned __match_any_sync(unsigned mask, uint32_t value) {
  return cuda_on_cpu::match(mask, value);
}
static inline unsigned __ballot_sync(unsigned mask, bool holds) {
  return cuda_on_cpu::ballot(mask, holds);
}
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }

/// Blocks and threads take turns, so nothing can come between.
template <typename T>
T atomicAdd(T *to, T value) {
  const T before = *to;
  *to = before + value;
  return before;
}
template <typename T>
T atomicMax(T *to, T value) {
  const T before = *to;
  if (value > before) *to = value;
  return before;
}

#endif
