/// cuRAND's Philox words from Random123, which gives the same ones (shared facts: compared word for
/// word). For tests alone.
#ifndef CUDA_ON_CPU_CURAND_H
#define CUDA_ON_CPU_CURAND_H

#include <Random123/philox.h>

#include "cuda_on_cpu.h"

static inline uint4 curand_Philox4x32_10(uint4 counter, uint2 key) {
  const philox4x32_ctr_t c = {{counter.x, counter.y, counter.z, counter.w}};
  const philox4x32_key_t k = {{key.x, key.y}};
  const philox4x32_ctr_t r = philox4x32_R(10, c, k);
  return make_uint4(r.v[0], r.v[1], r.v[2], r.v[3]);
}

#endif
