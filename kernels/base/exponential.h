/// Functions that libm would give slightly differently on every machine, or would keep a loop from
/// being vectorised: written out, so that all instruction sets and the device round alike.
#ifndef THRONG_KERNELS_BASE_EXPONENTIAL_H
#define THRONG_KERNELS_BASE_EXPONENTIAL_H

#include "kernels/base/floats16.h"
#include "kernels/base/portable.h"

/// e^x within a unit in the last place for x in [-87, 88]; 0 below (so for -inf), NaN for NaN, and
/// undefined above 88. Range reduction by ln 2 in two parts and the polynomial of Cephes' expf
/// (Moshier 1992).
THRONG_ROW float exp_to_88(float x) {
  const float round_to_even = 12582912.0f;  // 1.5 * 2^23: adding it leaves no room for a fraction
  const float bounded = x >= -87.0f ? x : -87.0f;  // NaN too: it must not reach the integer below
  const float n = (bounded * 1.44269504088896341f + round_to_even) - round_to_even;
  const float r = (bounded - n * 0.693359375f) - n * -2.12194440e-4f;
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
  const float e = ((p * r) * r + r + 1.0f) * scale.f;
  return x >= -87.0f ? e : x < -87.0f ? 0.0f : x;
}

#ifdef THRONG_FLOATS16
/// exp_to_88 of sixteen, given larger(x, -87) too, which is NaN where x is.
THRONG_INLINE floats16 floats16_exp_to_88(floats16 x, floats16 bounded) {
#define TIMES floats16_multiply
#define PLUS floats16_add
  const floats16 round_to_even = floats16_all(12582912.0f);
  const floats16 n = floats16_subtract(
      PLUS(TIMES(bounded, floats16_all(1.44269504088896341f)), round_to_even), round_to_even);
  const floats16 r =
      floats16_subtract(floats16_subtract(bounded, TIMES(n, floats16_all(0.693359375f))),
                        TIMES(n, floats16_all(-2.12194440e-4f)));
  floats16 p = floats16_all(1.9875691500e-4f);
  p = PLUS(TIMES(p, r), floats16_all(1.3981999507e-3f));
  p = PLUS(TIMES(p, r), floats16_all(8.3334519073e-3f));
  p = PLUS(TIMES(p, r), floats16_all(4.1665795894e-2f));
  p = PLUS(TIMES(p, r), floats16_all(1.6666665459e-1f));
  p = PLUS(TIMES(p, r), floats16_all(5.0000001201e-1f));
  p = PLUS(PLUS(TIMES(TIMES(p, r), r), r), floats16_all(1.0f));
  return floats16_unless_below(x, floats16_all(-87.0f), TIMES(p, floats16_power(n)));
#undef TIMES
#undef PLUS
}
#endif

/// 2^x within a unit in the last place for x in [-126, 127]; 0 below (so for -inf), NaN for NaN,
/// and no less than 2^127 above. A minimax polynomial of 2^r, |r| <= 1/2, relative error 1.6e-8.
THRONG_ROW float exp2_fused(float x) {
  const float n = rintf(x), r = x - n;
  float p = fmaf(1.535336196e-4f, r, 1.339887385e-3f);
  p = fmaf(p, r, 9.618436918e-3f);
  p = fmaf(p, r, 5.550332367e-2f);
  p = fmaf(p, r, 2.402264774e-1f);
  p = fmaf(p, r, 6.931471825e-1f);
  p = fmaf(p, r, 1.0f);
  if (!(x >= -126.0f)) return x < -126.0f ? 0.0f : x;
  union {
    int32_t i;
    float f;
  } scale;
  scale.i = ((int32_t)(n > 128.0f ? 128.0f : n) + 127) << 23;
  return p * scale.f;
}

#ifdef THRONG_FLOATS16
/// exp2_fused of sixteen.
THRONG_INLINE floats16 floats16_exp2_fused(floats16 x) {
#define FUSED(by) p = floats16_fma(p, r, floats16_all(by))
  const floats16 n = floats16_nearest(x), r = floats16_subtract(x, n);
  floats16 p = floats16_all(1.535336196e-4f);
  FUSED(1.339887385e-3f);
  FUSED(9.618436918e-3f);
  FUSED(5.550332367e-2f);
  FUSED(2.402264774e-1f);
  FUSED(6.931471825e-1f);
  FUSED(1.0f);
  return floats16_scale_unless_below(x, floats16_all(-126.0f), p, n);
#undef FUSED
}
#endif

/// exp_to_88 for any x: above 88 the value at 88.
THRONG_ROW float exp_portable(float x) { return exp_to_88(x > 88.0f ? 88.0f : x); }

/// tanh x within two units of the last place of 1; 1 and -1 far out, NaN for NaN.
THRONG_ROW float tanh_portable(float x) { return 1.0f - 2.0f / (exp_portable(2.0f * x) + 1.0f); }

/// ln x within two units in the last place; -inf for 0 and for what is too small for a whole
/// mantissa, NaN below 0, infinity and NaN as they are. The polynomial of Cephes' logf (Moshier
/// 1992).
THRONG_ROW float log_portable(float x) {
  if (!(x >= 1.17549435e-38f)) return x >= 0.0f ? -INFINITY : NAN;
  if (x > 3.402823466e38f) return x;
  union {
    int32_t i;
    float f;
  } part;
  part.f = x;
  int32_t exponent = (part.i >> 23) - 126;
  part.i = (part.i & 0x007fffff) | 0x3f000000;  // 0.5 .. 1
  float m = part.f;
  if (m < 0.707106781186547524f) {
    exponent -= 1;
    m += m;
  }
  m -= 1.0f;
  const float square = m * m, power = (float)exponent;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float rest = p * m * square + power * -2.12194440e-4f - 0.5f * square;
  return (m + rest) + power * 0.693359375f;
}

#endif
