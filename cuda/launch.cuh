/// How a kernel is launched and how it asks for shared memory: the only words in which CUDA and its
/// emulation on the CPU (tests/cuda) differ. Included first by every file of kernels.
#ifndef THRONG_CUDA_LAUNCH_CUH
#define THRONG_CUDA_LAUNCH_CUH

#ifdef THRONG_CUDA_ON_CPU
#include "cuda_on_cpu.h"
#define UNROLL(times)
#else
#include <cuda_runtime.h>
#include <stdint.h>

#define LAUNCH(kernel, grid, block, stream, ...) \
  kernel<<<(grid), (block), 0, (stream)>>>(__VA_ARGS__)
/// Before a loop: unroll it whole, or so many times.
#define UNROLL_PRAGMA(text) _Pragma(#text)
#define UNROLL(times) UNROLL_PRAGMA(unroll times)
/// A kernel whose threads never wait for each other.
#define LAUNCH_ALONE LAUNCH
/// An array that the threads of a block share: SHARED(float, tile, [8][32]).
#define SHARED(type, name, extent) __shared__ type name extent
#endif

/// Threads a block of the kernels that take a row a thread.
#define CUDA_ROW_THREADS 256
/// Blocks that fill any device of today many times; what is left is reached by striding.
#define CUDA_MOST_BLOCKS 65536

/// One block at least: a kernel without rows is launched once, to load it (backend_cuda.c).
static inline unsigned cuda_blocks(int64_t n, int64_t per_block) {
  const int64_t blocks = n > per_block ? (n + per_block - 1) / per_block : 1;
  return (unsigned)(blocks < CUDA_MOST_BLOCKS ? blocks : CUDA_MOST_BLOCKS);
}

#endif
