/// Sixteen floats side by side, where a compiler's own vectors of the plain loops leave much
/// undone: AVX-512, or AVX2 with two halves. Every operation is what the loops do, number by
/// number, so that which of them runs does not show. Where portable.h does not define
/// THRONG_FLOATS16 there are the loops alone.
#ifndef THRONG_KERNELS_BASE_FLOATS16_H
#define THRONG_KERNELS_BASE_FLOATS16_H

#include "kernels/base/portable.h"

#ifdef THRONG_FLOATS16
/// Widths of whole vectors that the compiler knows: arrays of so many vectors stay in registers.
#define FLOATS16_WHOLE(width) (__builtin_constant_p(width) && (width) % 16 == 0 && (width) <= 64)
#define FLOATS16_MOST 4
/// Put first in a function that takes `width`: if (FLOATS16_RUN(width, call)) return;
/// Where `width` is a compile-time multiple of 16 up to 64, runs `call`, the vector version, and is
/// true; else it is false and the loop follows.
#define FLOATS16_RUN(width, call) (FLOATS16_WHOLE(width) && ((call), 1))

/// The last steps of join_lanes, from eight sums.
THRONG_INLINE float floats8_join(__m256 eight) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#ifdef __AVX512F__

typedef __m512 floats16;
THRONG_INLINE floats16 floats16_load(const float *x) { return _mm512_loadu_ps(x); }
THRONG_INLINE void floats16_store(float *x, floats16 a) { _mm512_storeu_ps(x, a); }
/// Past the caches, where `x` begins a cache line, and it is not read again soon.
THRONG_INLINE void floats16_stream(float *x, floats16 a) { _mm512_stream_ps(x, a); }
THRONG_INLINE floats16 floats16_all(float x) { return _mm512_set1_ps(x); }
THRONG_INLINE floats16 floats16_add(floats16 a, floats16 b) { return _mm512_add_ps(a, b); }
THRONG_INLINE floats16 floats16_subtract(floats16 a, floats16 b) { return _mm512_sub_ps(a, b); }
THRONG_INLINE floats16 floats16_multiply(floats16 a, floats16 b) { return _mm512_mul_ps(a, b); }
THRONG_INLINE floats16 floats16_divide(floats16 a, floats16 b) { return _mm512_div_ps(a, b); }
/// a b + c, rounded once.
THRONG_INLINE floats16 floats16_fma(floats16 a, floats16 b, floats16 c) {
  return _mm512_fmadd_ps(a, b, c);
}
/// a > b ? a : b; b where one is no number.
THRONG_INLINE floats16 floats16_larger(floats16 a, floats16 b) { return _mm512_max_ps(a, b); }
/// 2^n of whole numbers, -126 .. 127.
THRONG_INLINE floats16 floats16_power(floats16 n) {
  const __m512i exponent = _mm512_add_epi32(_mm512_cvttps_epi32(n), _mm512_set1_epi32(127));
  return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}
/// 0 where x < least, else a.
THRONG_INLINE floats16 floats16_unless_below(floats16 x, floats16 least, floats16 a) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, least, _CMP_NLT_UQ), a);
}

/// The nearest whole numbers, of two the even.
THRONG_INLINE floats16 floats16_nearest(floats16 a) { return _mm512_roundscale_ps(a, 0); }
/// 0 where x < least, else a 2^n of whole numbers n >= -126; no less than 2^127 a where n > 127.
THRONG_INLINE floats16 floats16_scale_unless_below(floats16 x, floats16 least, floats16 a,
                                                   floats16 n) {
  return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, least, _CMP_NLT_UQ), a, n);
}
/// Is none of them above the limit or no number?
THRONG_INLINE int floats16_all_within(floats16 a, floats16 limit) {
  return _mm512_cmp_ps_mask(a, limit, _CMP_NLE_UQ) == 0;
}

THRONG_INLINE float floats16_most(floats16 a) { return _mm512_reduce_max_ps(a); }

/// join_lanes
THRONG_INLINE float floats16_join(floats16 a) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1));
  return floats8_join(_mm256_add_ps(_mm512_castps512_ps256(a), high));
}
/// to[k][i] = from[i][k] of 16 x 16, rows so far apart.
THRONG_INLINE void floats16_turn(const float *from, int64_t apart, float *to, int64_t to_apart) {
  floats16 a[16], b[16];
  for (int i = 0; i < 16; ++i) a[i] = floats16_load(from + i * apart);
  for (int i = 0; i < 16; i += 4)  // four numbers of a column, of four rows, in each part
    for (int half = 0; half < 2; ++half) {
      const __m512d even = _mm512_castps_pd(half ? _mm512_unpackhi_ps(a[i], a[i + 1])
                                                 : _mm512_unpacklo_ps(a[i], a[i + 1]));
      const __m512d odd = _mm512_castps_pd(half ? _mm512_unpackhi_ps(a[i + 2], a[i + 3])
                                                : _mm512_unpacklo_ps(a[i + 2], a[i + 3]));
      b[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(even, odd));
      b[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(even, odd));
    }
  for (int k = 0; k < 4; ++k) {  // columns k, 4 + k, 8 + k, 12 + k are parts 0 .. 3 of b[k + 4 ..]
    const floats16 p = _mm512_shuffle_f32x4(b[k], b[4 + k], 0x88);
    const floats16 q = _mm512_shuffle_f32x4(b[8 + k], b[12 + k], 0x88);
    const floats16 r = _mm512_shuffle_f32x4(b[k], b[4 + k], 0xdd);
    const floats16 s = _mm512_shuffle_f32x4(b[8 + k], b[12 + k], 0xdd);
    floats16_store(to + k * to_apart, _mm512_shuffle_f32x4(p, q, 0x88));
    floats16_store(to + (4 + k) * to_apart, _mm512_shuffle_f32x4(r, s, 0x88));
    floats16_store(to + (8 + k) * to_apart, _mm512_shuffle_f32x4(p, q, 0xdd));
    floats16_store(to + (12 + k) * to_apart, _mm512_shuffle_f32x4(r, s, 0xdd));
  }
}

/// sum[t] = join_lanes of row t, for 16 rows. Two rows are halved into one vector, and so on: a
/// quarter of the shuffles that one after the other would take. Row 4 l + i ends in part l, place
/// i.
THRONG_INLINE floats16 floats16_join_rows(const floats16 row[16]) {
  floats16 eight[8], four[4];
  for (int i = 0; i < 4; ++i)
    for (int half = 0; half < 2; ++half) {
      const floats16 a = row[8 * half + i], b = row[8 * half + 4 + i];
      eight[2 * i + half] =
          _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    }
  for (int i = 0; i < 4; ++i)
    four[i] = _mm512_add_ps(_mm512_shuffle_f32x4(eight[2 * i], eight[2 * i + 1], 0x88),
                            _mm512_shuffle_f32x4(eight[2 * i], eight[2 * i + 1], 0xdd));
  const floats16 even = _mm512_add_ps(_mm512_shuffle_ps(four[0], four[1], 0x44),
                                      _mm512_shuffle_ps(four[0], four[1], 0xee));
  const floats16 odd = _mm512_add_ps(_mm512_shuffle_ps(four[2], four[3], 0x44),
                                     _mm512_shuffle_ps(four[2], four[3], 0xee));
  return _mm512_add_ps(_mm512_shuffle_ps(even, odd, 0x88), _mm512_shuffle_ps(even, odd, 0xdd));
}

#else

typedef struct floats16 {
  __m256 low, high;
} floats16;
THRONG_INLINE floats16 floats16_load(const float *x) {
  return (floats16){_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)};
}
THRONG_INLINE void floats16_store(float *x, floats16 a) {
  _mm256_storeu_ps(x, a.low);
  _mm256_storeu_ps(x + 8, a.high);
}
THRONG_INLINE void floats16_stream(float *x, floats16 a) {
  _mm256_stream_ps(x, a.low);
  _mm256_stream_ps(x + 8, a.high);
}
THRONG_INLINE floats16 floats16_all(float x) {
  return (floats16){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
THRONG_INLINE floats16 floats16_add(floats16 a, floats16 b) {
  return (floats16){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
THRONG_INLINE floats16 floats16_subtract(floats16 a, floats16 b) {
  return (floats16){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
THRONG_INLINE floats16 floats16_multiply(floats16 a, floats16 b) {
  return (floats16){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
THRONG_INLINE floats16 floats16_divide(floats16 a, floats16 b) {
  return (floats16){_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
/// a b + c, rounded once.
THRONG_INLINE floats16 floats16_fma(floats16 a, floats16 b, floats16 c) {
  return (floats16){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
/// a > b ? a : b; b where one is no number.
THRONG_INLINE floats16 floats16_larger(floats16 a, floats16 b) {
  return (floats16){_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
/// 2^n of whole numbers, -126 .. 127.
THRONG_INLINE __m256 floats8_power(__m256 n) {
  const __m256i exponent = _mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}
THRONG_INLINE floats16 floats16_power(floats16 n) {
  return (floats16){floats8_power(n.low), floats8_power(n.high)};
}
/// 0 where x < least, else a.
THRONG_INLINE floats16 floats16_unless_below(floats16 x, floats16 least, floats16 a) {
  return (floats16){_mm256_and_ps(_mm256_cmp_ps(x.low, least.low, _CMP_NLT_UQ), a.low),
                    _mm256_and_ps(_mm256_cmp_ps(x.high, least.high, _CMP_NLT_UQ), a.high)};
}

/// The nearest whole numbers, of two the even.
THRONG_INLINE floats16 floats16_nearest(floats16 a) {
  return (floats16){_mm256_round_ps(a.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                    _mm256_round_ps(a.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
/// 0 where x < least, else a 2^n of whole numbers n >= -126; no less than 2^127 a where n > 127.
THRONG_INLINE floats16 floats16_scale_unless_below(floats16 x, floats16 least, floats16 a,
                                                   floats16 n) {
  const __m256 most = _mm256_set1_ps(128.0f);
  const floats16 bounded = {_mm256_min_ps(n.low, most), _mm256_min_ps(n.high, most)};
  return floats16_unless_below(x, least, floats16_multiply(a, floats16_power(bounded)));
}
/// Is none of them above the limit or no number?
THRONG_INLINE int floats16_all_within(floats16 a, floats16 limit) {
  const __m256 low = _mm256_cmp_ps(a.low, limit.low, _CMP_NLE_UQ);
  return !_mm256_movemask_ps(_mm256_or_ps(low, _mm256_cmp_ps(a.high, limit.high, _CMP_NLE_UQ)));
}

THRONG_INLINE float floats16_most(floats16 a) {
  const __m256 eight = _mm256_max_ps(a.low, a.high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// to[k][i] = from[i][k] of 16 x 16, rows so far apart, in blocks of 4 x 4.
THRONG_INLINE void floats16_turn(const float *from, int64_t apart, float *to, int64_t to_apart) {
  for (int k = 0; k < 16; k += 4)
    for (int i = 0; i < 16; i += 4) {
      const float *x = from + i * apart + k;
      float *y = to + k * to_apart + i;
      __m128 a = _mm_loadu_ps(x), b = _mm_loadu_ps(x + apart);
      __m128 c = _mm_loadu_ps(x + 2 * apart), d = _mm_loadu_ps(x + 3 * apart);
      _MM_TRANSPOSE4_PS(a, b, c, d);
      _mm_storeu_ps(y, a);
      _mm_storeu_ps(y + to_apart, b);
      _mm_storeu_ps(y + 2 * to_apart, c);
      _mm_storeu_ps(y + 3 * to_apart, d);
    }
}

/// join_lanes
THRONG_INLINE float floats16_join(floats16 a) { return floats8_join(_mm256_add_ps(a.low, a.high)); }
/// sum[t] = join_lanes of row t, for 16 rows: see above, in vectors of 8.
THRONG_INLINE __m256 floats8_join_rows(const floats16 row[8]) {
  __m256 eight[8], four[4];
  for (int i = 0; i < 8; ++i) eight[i] = _mm256_add_ps(row[i].low, row[i].high);
  for (int i = 0; i < 4; ++i)
    four[i] = _mm256_add_ps(_mm256_permute2f128_ps(eight[i], eight[4 + i], 0x20),
                            _mm256_permute2f128_ps(eight[i], eight[4 + i], 0x31));
  const __m256 even = _mm256_add_ps(_mm256_shuffle_ps(four[0], four[1], 0x44),
                                    _mm256_shuffle_ps(four[0], four[1], 0xee));
  const __m256 odd = _mm256_add_ps(_mm256_shuffle_ps(four[2], four[3], 0x44),
                                   _mm256_shuffle_ps(four[2], four[3], 0xee));
  return _mm256_add_ps(_mm256_shuffle_ps(even, odd, 0x88), _mm256_shuffle_ps(even, odd, 0xdd));
}
THRONG_INLINE floats16 floats16_join_rows(const floats16 row[16]) {
  return (floats16){floats8_join_rows(row), floats8_join_rows(row + 8)};
}

#endif

/// What was streamed comes before any store that follows.
THRONG_INLINE void floats16_streamed(void) { _mm_sfence(); }
#else
#define FLOATS16_RUN(width, call) 0
#endif
#endif
