/// fANOVA: the variance of a forest's prediction that each parameter explains alone, from the boxes
/// of its leaves.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "statistics/forest.h"
#include "statistics/importance.h"

enum { TREES = 64, MOST_CELLS_LOG2 = 12 };

/// A parameter as the forest's columns: one of a number, one of each choice.
typedef struct coded {
  int32_t parameter, first, n;
  double low, high;  // of each column
} coded;

typedef struct fanova {
  const importance_data *d;
  coded *code;  // (n_code)
  int32_t n_code;
  forest_data forest;
  double *explained;  // (n_code) sum over trees
  int32_t trees;      // in it
  // Of the tree at hand:
  double *volume;  // (n_leaf) share of the whole space
  double *ends;    // (2 n_leaf)
  double *change;  // (2 n_leaf + 2), and cells of choices
} fanova;

/// Share of column `c` of a parameter that leaf k covers.
static double covered(const forest_tree *t, int32_t n_column, int64_t k, const coded *p,
                      int32_t c) {
  const int64_t at = k * n_column + p->first + c;
  return (fmin(t->high[at], p->high) - fmax(t->low[at], p->low)) / (p->high - p->low);
}

static int64_t place(const double *sorted, int64_t n, double x) {
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (sorted[middle] < x)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// Variance over a number of the mean over everything else: a step function that changes at the
/// leaves' ends.
static double number_variance(fanova *f, const forest_tree *t, const coded *p) {
  int64_t n = 0;
  for (int64_t k = 0; k < t->n_leaf; ++k) {
    const int64_t at = k * f->forest.n_column + p->first;
    f->ends[2 * k] = fmax(t->low[at], p->low);
    f->ends[2 * k + 1] = fmin(t->high[at], p->high);
  }
  sort_numbers(2 * t->n_leaf, f->ends);
  for (int64_t i = 0; i < 2 * t->n_leaf; ++i)
    if (n == 0 || f->ends[i] > f->ends[n - 1]) f->ends[n++] = f->ends[i];
  memset(f->change, 0, (size_t)n * sizeof *f->change);
  for (int64_t k = 0; k < t->n_leaf; ++k) {
    const int64_t at = k * f->forest.n_column + p->first;
    const double share = covered(t, f->forest.n_column, k, p, 0);
    if (!(share > 0)) continue;
    const double part = t->value[k] * f->volume[k] / share;
    f->change[place(f->ends, n, fmax(t->low[at], p->low))] += part;
    f->change[place(f->ends, n, fmin(t->high[at], p->high))] -= part;
  }
  double value = 0, mean = 0, square = 0;
  for (int64_t i = 0; i + 1 < n; ++i) {
    const double size = (f->ends[i + 1] - f->ends[i]) / (p->high - p->low);
    value += f->change[i];
    mean += size * value;
    square += size * value * value;
  }
  return fmax(square - mean * mean, 0);
}

/// The same over the columns of a choice, each of which is split at 1/2 or not at all. `valid`:
/// over the choices themselves, where there are too many columns for all their cells.
static double choice_variance(fanova *f, const forest_tree *t, const coded *p) {
  const bool valid = p->n > MOST_CELLS_LOG2;
  const int64_t cells = valid ? p->n : (int64_t)1 << p->n;
  memset(f->change, 0, (size_t)cells * sizeof *f->change);
  for (int64_t k = 0; k < t->n_leaf; ++k) {
    int64_t ones = 0, zeros = 0;  // columns that must be so
    double share = 1;
    for (int32_t c = 0; c < p->n; ++c) {
      const int64_t at = k * f->forest.n_column + p->first + c;
      share *= covered(t, f->forest.n_column, k, p, c);
      if (t->low[at] > p->low) ones |= (int64_t)1 << c;
      if (t->high[at] < p->high) zeros |= (int64_t)1 << c;
    }
    for (int64_t i = 0; i < cells; ++i) {
      const int64_t set = valid ? (int64_t)1 << i : i;
      if ((set & ones) == ones && !(set & zeros))
        f->change[i] += t->value[k] * f->volume[k] / share;
    }
  }
  double mean = 0, square = 0;
  for (int64_t i = 0; i < cells; ++i) {
    mean += f->change[i] / (double)cells;
    square += f->change[i] * f->change[i] / (double)cells;
  }
  return fmax(square - mean * mean, 0);
}

static void add_tree(fanova *f, const forest_tree *t) {
  double mean = 0, square = 0;
  for (int64_t k = 0; k < t->n_leaf; ++k) {
    f->volume[k] = 1;
    for (int32_t i = 0; i < f->n_code; ++i)
      for (int32_t c = 0; c < f->code[i].n; ++c)
        f->volume[k] *= covered(t, f->forest.n_column, k, &f->code[i], c);
    mean += f->volume[k] * t->value[k];
    square += f->volume[k] * t->value[k] * t->value[k];
  }
  const double variance = square - mean * mean;
  if (!(variance > 1e-300)) return;
  ++f->trees;
  for (int32_t i = 0; i < f->n_code; ++i) {
    const coded *p = &f->code[i];
    const bool choice = f->d->space->parameter[p->parameter].kind == SPACE_CHOICE;
    f->explained[i] += (choice ? choice_variance(f, t, p) : number_variance(f, t, p)) / variance;
  }
}

/// The parameters that every trial has, and which can differ.
static void encode(fanova *f) {
  const importance_data *d = f->d;
  for (int32_t i = 0; i < d->space->n; ++i) {
    const space_parameter *p = &d->space->parameter[i];
    const bool choice = p->kind == SPACE_CHOICE;
    bool whole = choice ? p->n_choice > 1 : p->high > p->low;
    for (int64_t k = 0; k < d->n && whole; ++k) whole = !isnan(d->x[k * d->space->n + i]);
    if (!whole) continue;
    f->code[f->n_code++] = (coded){.parameter = i,
                                   .first = f->forest.n_column,
                                   .n = choice ? p->n_choice : 1,
                                   .low = choice ? 0 : p->low,
                                   .high = choice ? 1 : p->high};
    f->forest.n_column += choice ? p->n_choice : 1;
  }
}

typedef struct keyed {
  float x;
  int32_t row;
} keyed;

static int by_x(const void *a, const void *b) {
  const keyed *x = a, *y = b;
  if (x->x != y->x) return x->x < y->x ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static void fill_columns(const fanova *f, float *x, int32_t *order, keyed *key) {
  const importance_data *d = f->d;
  for (int32_t i = 0; i < f->n_code; ++i)
    for (int32_t c = 0; c < f->code[i].n; ++c) {
      const coded *p = &f->code[i];
      const bool choice = d->space->parameter[p->parameter].kind == SPACE_CHOICE;
      const int64_t at = (int64_t)(p->first + c) * d->n;
      for (int64_t k = 0; k < d->n; ++k) {
        const double value = d->x[k * d->space->n + p->parameter];
        x[at + k] = choice ? (float)((int32_t)value == c) : (float)value;
        key[k] = (keyed){x[at + k], (int32_t)k};
      }
      qsort(key, (size_t)d->n, sizeof *key, by_x);
      for (int64_t k = 0; k < d->n; ++k) order[at + k] = key[k].row;
    }
}

static throng_status grow_all(fanova *f, uint32_t seed) {
  for (uint32_t k = 0; k < TREES; ++k) {
    forest_tree tree;
    throng_status status = forest_grow(&f->forest, seed, k, &tree);
    if (status == THRONG_OK) add_tree(f, &tree);
    forest_tree_free(&tree);
    THRONG_TRY(status);
  }
  return THRONG_OK;
}

static void shares(const fanova *f, double *out) {
  double sum = 0;
  for (int32_t i = 0; i < f->n_code; ++i) sum += f->explained[i];
  for (int32_t i = 0; i < f->n_code; ++i)
    out[f->code[i].parameter] = sum > 0 ? f->explained[i] / sum : 1.0 / f->n_code;
}

throng_status importance_fanova(const importance_data *d, uint32_t seed, double *out) {
  fanova f = {.d = d};
  void *code = NULL, *x = NULL, *order = NULL, *key = NULL, *doubles = NULL;
  throng_status status;
  for (int32_t i = 0; i < d->space->n; ++i) out[i] = (double)NAN;
  if (d->n < 2 || d->n > INT32_MAX) return THRONG_OK;
  THRONG_TRY_GOTO(throng_alloc(&code, (size_t)d->space->n, sizeof(coded), "importance"));
  f.code = code;
  encode(&f);
  if (f.n_code == 0) goto done;
  const size_t cells = (size_t)d->n * (size_t)f.forest.n_column, n = (size_t)d->n;
  THRONG_TRY_GOTO(throng_alloc(&x, cells, sizeof(float), "importance"));
  THRONG_TRY_GOTO(throng_alloc(&order, cells, sizeof(int32_t), "importance"));
  THRONG_TRY_GOTO(throng_alloc(&key, n, sizeof(keyed), "importance"));
  const size_t change = 2 * n + 2 + ((size_t)1 << MOST_CELLS_LOG2) + (size_t)f.forest.n_column;
  THRONG_TRY_GOTO(
      throng_alloc(&doubles, (size_t)d->space->n + 3 * n + change, sizeof(double), "importance"));
  f.explained = doubles;
  f.volume = f.explained + d->space->n;
  f.ends = f.volume + n;
  f.change = f.ends + 2 * n;
  fill_columns(&f, x, order, key);
  f.forest.n = d->n;
  f.forest.x = x;
  f.forest.y = d->value;
  f.forest.order = order;
  THRONG_TRY_GOTO(grow_all(&f, seed));
  shares(&f, out);
done:
  free(code);
  free(x);
  free(order);
  free(key);
  free(doubles);
  return status;
}
