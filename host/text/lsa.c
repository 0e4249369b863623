/// PPMI and the randomised SVD.
#include "text/lsa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/processors.h"
#include "base/workers.h"
#include "kernels/base/random.h"

enum { OVERSAMPLING = 16, POWER_ITERATIONS = 4, TASK_ROWS = 64 };
static const double least_value = 1e-9;

void sparse_free(sparse_matrix *m) {
  free(m->offset);
  free(m->column);
  free(m->value);
  *m = (sparse_matrix){0};
}

static throng_status sparse_alloc(sparse_matrix *m, int64_t n_entry) {
  THRONG_TRY(throng_alloc((void **)&m->offset, (size_t)m->n_row + 1, sizeof *m->offset, "PPMI"));
  THRONG_TRY(throng_alloc((void **)&m->column, (size_t)n_entry, sizeof *m->column, "PPMI"));
  return throng_alloc((void **)&m->value, (size_t)n_entry, sizeof *m->value, "PPMI");
}

throng_status lsa_ppmi(const keyword_sets *sets, int64_t n_item, sparse_matrix *out) {
  const int64_t *offset[2] = {sets->pos_offset, sets->neg_offset};
  const int32_t *list[2] = {sets->pos, sets->neg};
  int64_t n_entry = offset[0][n_item] + offset[1][n_item];
  *out = (sparse_matrix){.n_row = sets->keyword.n, .n_column = 2 * n_item};
  throng_status status = sparse_alloc(out, n_entry);
  if (status != THRONG_OK) {
    sparse_free(out);
    return status;
  }
  int64_t *start = out->offset;
  for (int side = 0; side < 2; ++side)
    for (int64_t e = 0; e < offset[side][n_item]; ++e) ++start[list[side][e] + 1];
  for (int64_t k = 0; k < out->n_row; ++k) start[k + 1] += start[k];
  for (int side = 0; side < 2; ++side)
    for (int64_t i = 0; i < n_item; ++i)
      for (int64_t e = offset[side][i]; e < offset[side][i + 1]; ++e) {
        int64_t at = start[list[side][e]]++;
        out->column[at] = (int32_t)(side * n_item + i);
        out->value[at] = (double)(offset[side][i + 1] - offset[side][i]);  // n(j), for now
      }
  for (int64_t k = out->n_row; k > 0; --k) start[k] = start[k - 1];
  start[0] = 0;
  int64_t kept = 0;
  for (int64_t k = 0, begin = 0; k < out->n_row; ++k) {
    int64_t end = start[k + 1];
    double n_row = (double)(end - begin);
    for (int64_t e = begin; e < end; ++e) {
      double information = log((double)n_entry / (n_row * out->value[e]));
      if (information <= 0) continue;
      out->column[kept] = out->column[e];
      out->value[kept++] = information;
    }
    begin = end;
    start[k + 1] = kept;
  }
  return THRONG_OK;
}

static throng_status sparse_transpose(const sparse_matrix *m, sparse_matrix *out) {
  *out = (sparse_matrix){.n_row = m->n_column, .n_column = m->n_row};
  THRONG_TRY(sparse_alloc(out, m->offset[m->n_row]));
  int64_t *start = out->offset;
  for (int64_t e = 0; e < m->offset[m->n_row]; ++e) ++start[m->column[e] + 1];
  for (int64_t r = 0; r < out->n_row; ++r) start[r + 1] += start[r];
  for (int64_t r = 0; r < m->n_row; ++r)
    for (int64_t e = m->offset[r]; e < m->offset[r + 1]; ++e) {
      int64_t at = start[m->column[e]]++;
      out->column[at] = (int32_t)r;
      out->value[at] = m->value[e];
    }
  for (int64_t r = out->n_row; r > 0; --r) start[r] = start[r - 1];
  start[0] = 0;
  return THRONG_OK;
}

typedef struct sparse_product {
  const sparse_matrix *m;
  const double *x;
  int64_t l;
  double *y;
} sparse_product;

/// TASK_ROWS rows of y. A row's sum has a fixed order.
static void sparse_times_rows(void *context, int64_t task) {
  const sparse_product *p = context;
  const sparse_matrix *m = p->m;
  int64_t end = (task + 1) * TASK_ROWS < m->n_row ? (task + 1) * TASK_ROWS : m->n_row;
  for (int64_t r = task * TASK_ROWS; r < end; ++r) {
    double *row = p->y + r * p->l;
    memset(row, 0, (size_t)p->l * sizeof *row);
    for (int64_t e = m->offset[r]; e < m->offset[r + 1]; ++e) {
      const double *from = p->x + m->column[e] * p->l;
      double value = m->value[e];
      for (int64_t j = 0; j < p->l; ++j) row[j] += value * from[j];
    }
  }
}

typedef struct svd_work {
  sparse_matrix transposed;
  workers *pool;
  int n_thread;
  double *q;      // (n_row, l)
  double *z;      // (n_column, l)
  double *r;      // (l, l)
  double *left;   // (l, l)
  double *right;  // (l, l)
  double *value;  // (l)
} svd_work;

static void work_free(svd_work *w) {
  sparse_free(&w->transposed);
  workers_close(w->pool);
  double *block[] = {w->q, w->z, w->r, w->left, w->right, w->value};
  for (size_t i = 0; i < sizeof block / sizeof *block; ++i) free(block[i]);
}

static throng_status work_alloc(svd_work *w, const sparse_matrix *m, int64_t l) {
  struct {
    double **block;
    int64_t rows, columns;
  } const list[] = {{&w->q, m->n_row, l}, {&w->z, m->n_column, l}, {&w->r, l, l},
                    {&w->left, l, l},     {&w->right, l, l},       {&w->value, 1, l}};
  for (size_t i = 0; i < sizeof list / sizeof *list; ++i)
    THRONG_TRY(throng_alloc((void **)list[i].block, (size_t)list[i].rows,
                            (size_t)list[i].columns * sizeof(double), "singular vectors"));
  w->n_thread = processors_usable();
  THRONG_TRY(workers_open(w->n_thread, &w->pool));
  return sparse_transpose(m, &w->transposed);
}

/// y (n_row, l) = m x, x (n_column, l), row-major.
static void sparse_times(const svd_work *w, const sparse_matrix *m, const double *x, int64_t l,
                         double *y) {
  sparse_product p = {.m = m, .x = x, .l = l, .y = y};
  workers_run(w->pool, w->n_thread, (m->n_row + TASK_ROWS - 1) / TASK_ROWS, sparse_times_rows, &p);
}

/// q: an orthonormal basis of nearly the range of m; then m^T q = z r and the SVD of r.
static throng_status find_range(const sparse_matrix *m, uint32_t seed, int64_t l, svd_work *w) {
  for (int64_t c = 0; c < m->n_column; ++c)
    for (int64_t j = 0; j < l; ++j) {
      random_words words = random_draw(seed, RANDOM_PROJECTION, (uint32_t)j, (uint32_t)c, 0, 0);
      w->z[c * l + j] = (double)random_normal(words.w[0], words.w[1]);
    }
  const char *what = "embedding";
  sparse_times(w, m, w->z, l, w->q);
  THRONG_TRY(blas_orthonormalise(w->q, m->n_row, l, NULL, what));
  for (int iteration = 0; iteration < POWER_ITERATIONS; ++iteration) {
    sparse_times(w, &w->transposed, w->q, l, w->z);
    THRONG_TRY(blas_orthonormalise(w->z, m->n_column, l, NULL, what));
    sparse_times(w, m, w->z, l, w->q);
    THRONG_TRY(blas_orthonormalise(w->q, m->n_row, l, NULL, what));
  }
  sparse_times(w, &w->transposed, w->q, l, w->z);
  THRONG_TRY(blas_orthonormalise(w->z, m->n_column, l, w->r, what));
  return blas_svd(w->r, l, w->left, w->value, w->right, what);
}

static void fix_signs(double *u, int64_t n_row, int64_t rank) {
  for (int64_t j = 0; j < rank; ++j) {
    double largest = 0;
    for (int64_t k = 0; k < n_row; ++k)
      if (fabs(u[k * rank + j]) > fabs(largest)) largest = u[k * rank + j];
    for (int64_t k = 0; largest < 0 && k < n_row; ++k) u[k * rank + j] = -u[k * rank + j];
  }
}

throng_status lsa_svd(const sparse_matrix *m, int32_t dim, uint32_t seed, double **u, double **s,
                      int32_t *rank) {
  *u = *s = NULL;
  *rank = 0;
  int64_t l = (int64_t)dim + OVERSAMPLING;
  if (l > m->n_row) l = m->n_row;
  if (l > m->n_column) l = m->n_column;
  if (m->n_row > INT32_MAX || m->n_column > INT32_MAX)
    return throng_fail(THRONG_ERROR_DATA, "embedding: more than %d keywords or item sides",
                       INT32_MAX);
  svd_work w = {0};
  throng_status status = THRONG_OK;
  int granted = 0;
  if (l > 0 && m->offset[m->n_row] > 0) {
    THRONG_TRY_GOTO(work_alloc(&w, m, l));
    THRONG_TRY_GOTO(find_range(m, seed, l, &w));
    while (*rank < dim && *rank < l && w.value[*rank] > least_value * w.value[0]) ++*rank;
  }
  THRONG_TRY_GOTO(
      throng_alloc((void **)u, (size_t)m->n_row, (size_t)*rank * sizeof **u, "singular vectors"));
  THRONG_TRY_GOTO(throng_alloc((void **)s, (size_t)*rank, sizeof **s, "singular values"));
  if (*rank) {
    memcpy(*s, w.value, (size_t)*rank * sizeof **s);
    // m ~ q (m^T q)^T = q (z r)^T = q r^T z^T and r = left s right: u = q right^T
    THRONG_TRY_GOTO(blas_begin(1, &granted));
    blas()->dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m->n_row, *rank, (int)l, 1, w.q,
                  (int)l, w.right, (int)l, 0, *u, *rank);
    blas_end(granted);
    fix_signs(*u, m->n_row, *rank);
  }
done:
  work_free(&w);
  if (status != THRONG_OK) {
    free(*u);
    free(*s);
    *u = *s = NULL;
  }
  return status;
}

throng_status lsa_embed(const keyword_sets *sets, int64_t n_item, int32_t dim, uint32_t seed,
                        float **out, int32_t *rank) {
  sparse_matrix m = {0};
  double *u = NULL, *s = NULL;
  *out = NULL;
  throng_status status;
  THRONG_TRY_GOTO(lsa_ppmi(sets, n_item, &m));
  THRONG_TRY_GOTO(lsa_svd(&m, dim, seed, &u, &s, rank));
  THRONG_TRY_GOTO(throng_alloc((void **)out, (size_t)m.n_row, (size_t)*rank * sizeof **out,
                               "keyword embeddings"));
  for (int64_t k = 0; k < m.n_row; ++k) {
    if (m.offset[k] == m.offset[k + 1]) continue;  // all that stands there is rounding
    double square = 0;
    for (int32_t j = 0; j < *rank; ++j) {
      double x = u[k * *rank + j];
      square += x * x * s[j];
    }
    if (!(square > 1e-24)) continue;
    for (int32_t j = 0; j < *rank; ++j)
      (*out)[k * *rank + j] = (float)(u[k * *rank + j] * sqrt(s[j] / square));
  }
done:
  sparse_free(&m);
  free(u);
  free(s);
  return status;
}
