/// Functions that libm would give slightly differently on every machine, or would keep a loop from
/// being vectorised: written out, so that all instruction sets and the device round alike.
#ifndef THRONG_KERNELS_EXPONENTIAL_H
#define THRONG_KERNELS_EXPONENTIAL_H

#include "portable.h"

/// e^x within a unit in the last place for x in [-87, 88]; 0 below (so for -inf), the value at 88
/// above, NaN for NaN. Range reduction by ln 2 in two parts and the polynomial of Cephes' expf
/// (Moshier 1992).
THRONG_ROW float exp_portable(float x) {
  const float round_to_even = 12582912.0f;  // 1.5 * 2^23: adding it leaves no room for a fraction
  float bounded = x > 88.0f ? 88.0f : x;
  bounded = bounded >= -87.0f ? bounded : -87.0f;  // NaN too: it must not reach the integer below
  float n = (bounded * 1.44269504088896341f + round_to_even) - round_to_even;
  float r = (bounded - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  union {
    int32_t i;
    float f;
  } scale;
  scale.i = ((int32_t)n + 127) << 23;
  float e = ((p * r) * r + r + 1.0f) * scale.f;
  return x >= -87.0f ? e : x < -87.0f ? 0.0f : x;
}

#endif
