/// Products whose sums run over memory as it lies, a block of outputs in registers: nothing is
/// copied before it. Each output is one chain of fused multiply-adds in the order of its terms,
/// so that blocks, threads and instruction sets do not show.
#ifndef THRONG_KERNELS_BASE_PRODUCT_H
#define THRONG_KERNELS_BASE_PRODUCT_H

#include "kernels/base/floats16.h"
#include "kernels/base/portable.h"

enum { PRODUCT_ROWS = 6, PRODUCT_LANES = 16, PRODUCT_PANEL = 64 };

/// How a product walks along a row of A: runs of `run` terms that lie side by side, the next run
/// `jump` from where the last began; n terms in all.
typedef struct product_terms {
  int64_t n, run, jump;
} product_terms;

#ifdef THRONG_FLOATS16
#ifdef __AVX512F__
enum { PRODUCT_VECTORS = 4 };  // with PRODUCT_ROWS: 24 of 32 registers
#else
enum { PRODUCT_VECTORS = 1 };  // two halves: 12 of 16
#endif
#define PRODUCT_EACH(i, n) _Pragma("GCC unroll 8") for (int i = 0; i < (n); ++i)

/// sum[row][..] = begin[row][..] or 0, and on: + at[row][term k] b[k][..], of `rows` rows and
/// `vectors` vectors, which the compiler knows. What a row reads four runs on is fetched ahead.
THRONG_INLINE void product_block(const float *const at[], const product_terms *t, const float *b,
                                 int64_t ldb, const float *begin, int64_t ldbegin, float *sum,
                                 int64_t ldsum, int rows, int vectors) {
  floats16 s[PRODUCT_ROWS][PRODUCT_VECTORS];
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors)
  s[r][v] = begin ? floats16_load(begin + r * ldbegin + 16 * v) : floats16_all(0.0f);
  int64_t lies = 0;
  for (int64_t left = t->n; left > 0; left -= t->run, lies += t->jump) {
    if (t->jump) PRODUCT_EACH(r, rows) __builtin_prefetch(at[r] + lies + 4 * t->jump, 0, 3);
    const int64_t n = lies + (left < t->run ? left : t->run);
    for (int64_t k = lies; k < n; ++k, b += ldb) {
      floats16 x[PRODUCT_VECTORS];
      PRODUCT_EACH(v, vectors) x[v] = floats16_load(b + 16 * v);
      PRODUCT_EACH(r, rows) {
        const floats16 y = floats16_all(at[r][k]);
        PRODUCT_EACH(v, vectors) s[r][v] = floats16_fma(y, x[v], s[r][v]);
      }
    }
  }
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors) floats16_store(sum + r * ldsum + 16 * v, s[r][v]);
}

/// The same of up to PRODUCT_ROWS rows.
THRONG_INLINE void product_some(const float *const at[], int64_t n_row, const product_terms *t,
                                const float *b, int64_t ldb, const float *begin, int64_t ldbegin,
                                float *sum, int64_t ldsum, int vectors) {
#define BLOCK(rows)                                                                  \
  product_block(at + row, t, b, ldb, begin ? begin + row * ldbegin : begin, ldbegin, \
                sum + row * ldsum, ldsum, rows, vectors)
  int64_t row = 0;
  for (; row + 6 <= n_row; row += 6) BLOCK(6);
  for (; row + 3 <= n_row; row += 3) BLOCK(3);
  for (; row < n_row; ++row) BLOCK(1);
#undef BLOCK
}

/// Of PRODUCT_VECTORS vectors, and of one. Functions of their own: what their callers keep in
/// registers must not push the sums out of them.
#define PRODUCT_APART static __attribute__((noinline, unused)) void
PRODUCT_APART product_wide(const float *const at[], int64_t n_row, const product_terms *t,
                           const float *b, int64_t ldb, const float *begin, int64_t ldbegin,
                           float *sum, int64_t ldsum) {
  product_some(at, n_row, t, b, ldb, begin, ldbegin, sum, ldsum, PRODUCT_VECTORS);
}
PRODUCT_APART product_narrow(const float *const at[], int64_t n_row, const product_terms *t,
                             const float *b, int64_t ldb, const float *begin, int64_t ldbegin,
                             float *sum, int64_t ldsum) {
  product_some(at, n_row, t, b, ldb, begin, ldbegin, sum, ldsum, 1);
}
#endif

/// sum (n_row, width) = begin or zeros, + sum over terms k of at[row][k] b[k][..]: n_row up to
/// PRODUCT_ROWS. `begin`, or NULL, has rows ldbegin apart: 0 where all begin alike.
THRONG_ROW void product_rows(const float *const at[], int64_t n_row, product_terms t,
                             const float *b, int64_t ldb, const float *begin, int64_t ldbegin,
                             float *sum, int64_t ldsum, int32_t width) {
  int32_t column = 0;
#ifdef THRONG_FLOATS16
#define FROM(p) ((p) ? (p) + column : (p))
  for (; column + 16 * PRODUCT_VECTORS <= width; column += 16 * PRODUCT_VECTORS)
    product_wide(at, n_row, &t, b + column, ldb, FROM(begin), ldbegin, sum + column, ldsum);
  for (; column + 16 <= width; column += 16)
    product_narrow(at, n_row, &t, b + column, ldb, FROM(begin), ldbegin, sum + column, ldsum);
#undef FROM
#endif
  for (int64_t row = 0; row < n_row; ++row)
    for (int32_t i = column; i < width; ++i) {
      float s = begin ? begin[row * ldbegin + i] : 0.0f;
      for (int64_t k = 0; k < t.n; ++k)
        s = fmaf(at[row][k / t.run * t.jump + k % t.run], b[k * ldb + i], s);
      sum[row * ldsum + i] = s;
    }
}

/// Columns of A that a product takes: numbers list[0 .. n - 1] of rows of PRODUCT_LANES that lie
/// one after the other.
typedef struct product_list {
  int64_t n;
  const int32_t *list;
} product_list;

#ifdef THRONG_FLOATS16
/// sum[i][..] = begin[i][..] or 0, and on: + a[term k][i] b[term k][..] of `rows` columns i of A;
/// and, where `total`: total[..] likewise of all PRODUCT_LANES columns `of` and weight[term k].
THRONG_INLINE void product_list_block(const float *a, product_list t, const float *b, int64_t ldb,
                                      int begun, float *sum, int64_t ldsum, int rows, int vectors,
                                      const float *of, const float *weight, float *total) {
  floats16 s[PRODUCT_ROWS][PRODUCT_VECTORS], all = floats16_all(0.0f);
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors)
  s[r][v] = begun ? floats16_load(sum + r * ldsum + 16 * v) : floats16_all(0.0f);
  if (total && begun) all = floats16_load(total);
  for (int64_t k = 0; k < t.n; ++k) {
    const int64_t term = t.list[k];
    floats16 x[PRODUCT_VECTORS];
    PRODUCT_EACH(v, vectors) x[v] = floats16_load(b + term * ldb + 16 * v);
    PRODUCT_EACH(r, rows) {
      const floats16 y = floats16_all(a[term * PRODUCT_LANES + r]);
      PRODUCT_EACH(v, vectors) s[r][v] = floats16_fma(y, x[v], s[r][v]);
    }
    if (total)
      all = floats16_fma(floats16_load(of + term * PRODUCT_LANES), floats16_all(weight[term]), all);
  }
  PRODUCT_EACH(r, rows)
  PRODUCT_EACH(v, vectors) floats16_store(sum + r * ldsum + 16 * v, s[r][v]);
  if (total) floats16_store(total, all);
}

/// Of all PRODUCT_LANES columns. The last few leave registers for the total.
THRONG_INLINE void product_list_some(const float *a, product_list t, const float *b, int64_t ldb,
                                     int begun, float *sum, int64_t ldsum, int vectors,
                                     const float *weight, float *total) {
  product_list_block(a, t, b, ldb, begun, sum, ldsum, 6, vectors, 0, 0, 0);
  product_list_block(a + 6, t, b, ldb, begun, sum + 6 * ldsum, ldsum, 6, vectors, 0, 0, 0);
  sum += 12 * ldsum;
  if (total)
    product_list_block(a + 12, t, b, ldb, begun, sum, ldsum, 4, vectors, a, weight, total);
  else
    product_list_block(a + 12, t, b, ldb, begun, sum, ldsum, 4, vectors, 0, 0, 0);
}
PRODUCT_APART product_list_wide(const float *a, product_list t, const float *b, int64_t ldb,
                                int begun, float *sum, int64_t ldsum, const float *weight,
                                float *total) {
  product_list_some(a, t, b, ldb, begun, sum, ldsum, PRODUCT_VECTORS, weight, total);
}
PRODUCT_APART product_list_narrow(const float *a, product_list t, const float *b, int64_t ldb,
                                  int begun, float *sum, int64_t ldsum, const float *weight,
                                  float *total) {
  product_list_some(a, t, b, ldb, begun, sum, ldsum, 1, weight, total);
}
#endif

/// The same of the first n columns, in plain loops.
THRONG_ROW void product_list_few(const float *a, int32_t n, product_list t, const float *b,
                                 int64_t ldb, int begun, float *THRONG_RESTRICT sum, int32_t width,
                                 const float *weight, float *THRONG_RESTRICT total) {
  for (int32_t i = 0; !begun && i < n * width; ++i) sum[i] = 0.0f;
  for (int32_t i = 0; i < n; ++i) {
    float all = begun ? total[i] : 0.0f;
    for (int64_t k = 0; k < t.n; ++k) {
      const float y = a[t.list[k] * PRODUCT_LANES + i];
      const float *x = b + t.list[k] * ldb;
      for (int32_t w = 0; w < width; ++w) sum[i * width + w] = fmaf(y, x[w], sum[i * width + w]);
      all = fmaf(y, weight[t.list[k]], all);
    }
    total[i] = all;
  }
}

/// sum (n, width) = 0 or, where begun, what it is, + sum over terms k of a[list[k]][i] b[list[k]]
/// [..]; total (n) likewise + a[list[k]][i] weight[list[k]]. `n` up to PRODUCT_LANES; `width` a
/// multiple of it.
THRONG_ROW void product_columns(const float *a, int32_t n, product_list t, const float *b,
                                int64_t ldb, int begun, float *sum, int32_t width,
                                const float *weight, float *total) {
#ifdef THRONG_FLOATS16
  int32_t column = 0;
  for (; n == PRODUCT_LANES && column + 16 * PRODUCT_VECTORS <= width;
       column += 16 * PRODUCT_VECTORS)
    product_list_wide(a, t, b + column, ldb, begun, sum + column, width, weight,
                      column ? 0 : total);
  for (; n == PRODUCT_LANES && column + 16 <= width; column += 16)
    product_list_narrow(a, t, b + column, ldb, begun, sum + column, width, weight,
                        column ? 0 : total);
  if (n == PRODUCT_LANES) return;
#endif
  product_list_few(a, n, t, b, ldb, begun, sum, width, weight, total);
}

/// to[k][i] = from[i][k]: `rows` rows of `width`, rows of `to` PRODUCT_PANEL apart.
THRONG_ROW void product_turn(const float *from, int32_t rows, int32_t width, float *to) {
  int32_t i = 0;
#ifdef THRONG_FLOATS16
  for (; i + 16 <= rows && width % 16 == 0; i += 16)
    for (int32_t k = 0; k < width; k += 16)
      floats16_turn(from + i * width + k, width, to + k * PRODUCT_PANEL + i, PRODUCT_PANEL);
#endif
  for (; i < rows; ++i)
    for (int32_t k = 0; k < width; ++k) to[k * PRODUCT_PANEL + i] = from[i * width + k];
}

#endif
