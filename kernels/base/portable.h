/// The one portability header of kernels/: what lets a row function compile as plain C by gcc and
/// clang and as device code by nvcc. No arithmetic of the domain.
///
/// The contract of a row function:
///   typedef struct NAME_args { ... } NAME_args;                    plain data and pointers only
///   THRONG_ROW void NAME_row(const NAME_args *a, int64_t row);     one row, independent of others
/// It allocates nothing, locks nothing, keeps no state, and writes only what belongs to its row, so
/// rows may run in any order on any number of threads and the result is bit for bit the same.
/// Sums run in a fixed order: the build forbids contraction and reassociation.
#ifndef THRONG_KERNELS_BASE_PORTABLE_H
#define THRONG_KERNELS_BASE_PORTABLE_H

#ifdef THRONG_CUDA_ON_CPU  // tests/cuda: the device's sources as C++ for the CPU
#include "cuda_on_cpu.h"
#endif

/// Device code, by nvcc or in the tests' emulation.
#if defined(__CUDACC__) || defined(THRONG_CUDA_ON_CPU)
#define THRONG_DEVICE
#endif

#ifdef THRONG_DEVICE
#include <cstdint>
#define THRONG_ROW static __device__ inline
/// For sizes, which launchers ask for too.
#define THRONG_SIZE static __host__ __device__ inline
#define THRONG_INLINE static __device__ __forceinline__
#define THRONG_RESTRICT __restrict__
#else
#include <stdint.h>
#define THRONG_ROW static inline
#define THRONG_SIZE static inline
/// For helpers that take a size as a constant, so that loops get known lengths.
#define THRONG_INLINE static inline __attribute__((always_inline))
#define THRONG_RESTRICT restrict
#endif

#include <math.h>

/// The CPU has vectors that floats16.h writes out.
#if !defined(THRONG_DEVICE) && (defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__)))
#define THRONG_FLOATS16
#include <immintrin.h>
#endif

/// Hint that memory will be read soon. Nothing on a device, which hides the wait with other
/// threads.
#ifdef __CUDACC__
#define THRONG_PREFETCH(at) ((void)(at))
#define THRONG_PREFETCH_TO_WRITE(at) ((void)(at))
#else
#define THRONG_PREFETCH_TO_WRITE(at) __builtin_prefetch((at), 1, 3)
#define THRONG_PREFETCH(at) __builtin_prefetch((at), 0, 2)
#endif
#define THRONG_PREFETCH_STEP 64  // bytes that come together

/// Put before an array of 16 floats and more that vectors read: none of them lies in two lines.
#define THRONG_CACHE_LINES __attribute__((aligned(64)))

/// Number of the lowest bit that is set; there is one.
THRONG_ROW int32_t lowest_bit(uint64_t bits) {
#ifdef __CUDA_ARCH__
  return __ffsll((long long)bits) - 1;
#else
  return __builtin_ctzll(bits);
#endif
}

/// Partial sums that a dot product keeps. Fixed, so that every instruction set (and the device)
/// adds in the same order while the compiler may still use vectors.
#define THRONG_DOT_LANES 16

/// Their sum, by halves: k with k + 8, 4, 2, 1. Written out, for a loop over halves would go
/// through memory.
THRONG_INLINE float join_lanes(const float s[THRONG_DOT_LANES]) {
  float eight[8], four[4];
  for (int32_t k = 0; k < 8; ++k) eight[k] = s[k] + s[k + 8];
  for (int32_t k = 0; k < 4; ++k) four[k] = eight[k] + eight[k + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

THRONG_ROW float dot_product(const float *THRONG_RESTRICT a, const float *THRONG_RESTRICT b,
                             int32_t n) {
  float sum[THRONG_DOT_LANES] = {0};
  int32_t i = 0;
  for (; i + THRONG_DOT_LANES <= n; i += THRONG_DOT_LANES)
    for (int32_t k = 0; k < THRONG_DOT_LANES; ++k) sum[k] += a[i + k] * b[i + k];
  for (int32_t k = 0; i < n; ++i, ++k) sum[k] += a[i] * b[i];
  return join_lanes(sum);
}

THRONG_ROW float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

#endif
