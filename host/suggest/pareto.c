/// Non-dominated points: in lexicographic order a point can only be beaten by one before it, and by
/// one of the front if by any.
#include "suggest/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct row {
  const double *value;
  int64_t at;
  int32_t n_objective;
} row;

static int by_value(const void *a, const void *b) {
  const row *x = a, *y = b;
  for (int32_t k = 0; k < x->n_objective; ++k)
    if (x->value[k] != y->value[k]) return x->value[k] < y->value[k] ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}

static bool beats(const row *a, const row *b) {
  bool better = false;
  for (int32_t k = 0; k < a->n_objective; ++k) {
    if (a->value[k] > b->value[k]) return false;
    better |= a->value[k] < b->value[k];
  }
  return better;
}

throng_status pareto_front(int64_t n, int32_t n_objective, const double *value, bool *on_front,
                           int64_t *n_front) {
  void *block = NULL;
  THRONG_TRY(throng_alloc(&block, (size_t)n + 1, sizeof(row), "pareto front"));
  row *rows = block;
  int64_t n_row = 0, front = 0;
  memset(on_front, 0, (size_t)n * sizeof *on_front);
  for (int64_t i = 0; i < n; ++i) {
    bool known = true;
    for (int32_t k = 0; k < n_objective; ++k) known &= !isnan(value[i * n_objective + k]);
    if (known) rows[n_row++] = (row){value + i * n_objective, i, n_objective};
  }
  qsort(rows, (size_t)n_row, sizeof *rows, by_value);
  for (int64_t i = 0; i < n_row; ++i) {
    bool beaten = false;
    for (int64_t k = front - 1; k >= 0 && !beaten; --k) beaten = beats(&rows[k], &rows[i]);
    if (beaten) continue;
    on_front[rows[i].at] = true;
    rows[front++] = rows[i];
  }
  if (n_front) *n_front = front;
  free(block);
  return THRONG_OK;
}
