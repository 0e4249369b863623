/// Products whose sums run over memory as it lies, a block of outputs in registers: nothing is
/// copied before it. Each output is one chain of fused multiply-adds in the order of its terms,
/// so that blocks, threads and instruction sets do not show.
#ifndef THRONG_KERNELS_BASE_PRODUCT_H
#define THRONG_KERNELS_BASE_PRODUCT_H

#include "kernels/base/floats16.h"
#include "kernels/base/portable.h"

/// Rows of A that a product takes, and how it walks along each: term k is at[row][term[k] * step].
/// term NULL: 0, 1, ..
typedef struct product_terms {
  int64_t n, step;
  const int32_t *term;
} product_terms;

#ifdef THRONG_FLOATS16
#ifdef __AVX512F__
enum { PRODUCT_VECTORS = 4 };  // with PRODUCT_ROWS: 24 of 32 registers
#else
enum { PRODUCT_VECTORS = 1 };  // two halves: 12 of 16
#endif
enum { PRODUCT_ROWS = 6 };
#define PRODUCT_EACH(i, n) _Pragma("GCC unroll 8") for (int i = 0; i < (n); ++i)

/// sum[row][..] = begin[row] or 0, and on: + at[row][term k] b[term k][..], of `rows` rows and
/// `vectors` vectors, which the compiler knows.
THRONG_INLINE void product_block(const float *const at[], product_terms t, const float *b,
                                 int64_t ldb, const float *begin, float *sum, int64_t ldsum,
                                 int rows, int vectors) {
  floats16 s[PRODUCT_ROWS][PRODUCT_VECTORS];
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors)
  s[r][v] = begin ? floats16_load(begin + r * ldsum + 16 * v) : floats16_all(0.0f);
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors) __builtin_prefetch(sum + r * ldsum + 16 * v, 1, 3);
  for (int64_t k = 0; k < t.n; ++k) {
    const int64_t term = t.term ? t.term[k] : k;
    floats16 x[PRODUCT_VECTORS];
    PRODUCT_EACH(v, vectors) x[v] = floats16_load(b + term * ldb + 16 * v);
    PRODUCT_EACH(r, rows) {
      const floats16 y = floats16_all(at[r][term * t.step]);
      PRODUCT_EACH(v, vectors) s[r][v] = floats16_fma(y, x[v], s[r][v]);
    }
  }
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors) floats16_store(sum + r * ldsum + 16 * v, s[r][v]);
}

/// The same of any number of rows up to PRODUCT_ROWS.
THRONG_INLINE void product_some(const float *const at[], int64_t n_row, product_terms t,
                                const float *b, int64_t ldb, const float *begin, float *sum,
                                int64_t ldsum, int vectors) {
  if (n_row == PRODUCT_ROWS) {
    product_block(at, t, b, ldb, begin, sum, ldsum, PRODUCT_ROWS, vectors);
    return;
  }
  int64_t row = 0;
  for (; row + 2 <= n_row; row += 2)
    product_block(at + row, t, b, ldb, begin ? begin + row * ldsum : begin, sum + row * ldsum,
                  ldsum, 2, vectors);
  if (row < n_row)
    product_block(at + row, t, b, ldb, begin ? begin + row * ldsum : begin, sum + row * ldsum,
                  ldsum, 1, vectors);
}
#else
enum { PRODUCT_ROWS = 6 };
#endif

/// sum (n_row, width) = begin or zeros, + sum over terms k of at[row][k] b[k][..]: n_row up to
/// PRODUCT_ROWS; `begin`, NULL or `sum` itself, has sum's rows.
THRONG_ROW void product_rows(const float *const at[], int64_t n_row, product_terms t,
                             const float *b, int64_t ldb, const float *begin, float *sum,
                             int64_t ldsum, int32_t width) {
  int32_t column = 0;
#ifdef THRONG_FLOATS16
#define FROM(p) ((p) ? (p) + column : (p))
  for (; column + 16 * PRODUCT_VECTORS <= width; column += 16 * PRODUCT_VECTORS)
    product_some(at, n_row, t, b + column, ldb, FROM(begin), sum + column, ldsum, PRODUCT_VECTORS);
  for (; PRODUCT_VECTORS > 1 && column + 16 <= width; column += 16)
    product_some(at, n_row, t, b + column, ldb, FROM(begin), sum + column, ldsum, 1);
#undef FROM
#endif
  for (int64_t row = 0; row < n_row; ++row)
    for (int32_t i = column; i < width; ++i) {
      float s = begin ? begin[row * ldsum + i] : 0.0f;
      for (int64_t k = 0; k < t.n; ++k) {
        const int64_t term = t.term ? t.term[k] : k;
        s = fmaf(at[row][term * t.step], b[term * ldb + i], s);
      }
      sum[row * ldsum + i] = s;
    }
}

enum { PRODUCT_PANEL = 64 };

/// to[k][i] = from[i][k]: `rows` rows of `width`, rows of `to` PRODUCT_PANEL apart.
THRONG_ROW void product_turn(const float *from, int32_t rows, int32_t width, float *to) {
  int32_t i = 0;
#ifdef THRONG_FLOATS16
  for (; i + 4 <= rows && width % 4 == 0; i += 4)
    for (int32_t k = 0; k < width; k += 4) {
      const float *x = from + i * width + k;
      float *y = to + k * PRODUCT_PANEL + i;
      __m128 a = _mm_loadu_ps(x), b = _mm_loadu_ps(x + width);
      __m128 c = _mm_loadu_ps(x + 2 * width), d = _mm_loadu_ps(x + 3 * width);
      _MM_TRANSPOSE4_PS(a, b, c, d);
      _mm_storeu_ps(y, a);
      _mm_storeu_ps(y + PRODUCT_PANEL, b);
      _mm_storeu_ps(y + 2 * PRODUCT_PANEL, c);
      _mm_storeu_ps(y + 3 * PRODUCT_PANEL, d);
    }
#endif
  for (; i < rows; ++i)
    for (int32_t k = 0; k < width; ++k) to[k * PRODUCT_PANEL + i] = from[i * width + k];
}

#endif
