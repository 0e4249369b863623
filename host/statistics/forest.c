/// A tree is grown on rows that stand sorted by every column; a split keeps each column's order.
#include "statistics/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/random.h"

enum { MOST_DEPTH = 64 };
static const float alike = 1e-7f;  // values that no split parts

typedef struct growth {
  const forest_data *d;
  int64_t m;           // rows that were drawn
  double *weight;      // (n) how often
  int32_t *order;      // (n_column, m)
  int32_t *room;       // (m)
  bool *left;          // (n)
  double *low, *high;  // (n_column) the box of the node at hand
  forest_tree *tree;
} growth;

typedef struct split {
  int32_t column;  // -1: none
  float threshold;
  int64_t n_left;
} split;

static void draw(growth *g, uint32_t seed, uint32_t tree) {
  random_words words = {{0, 0, 0, 0}};
  for (int64_t i = 0; i < g->d->n; ++i) {
    if (i % 4 == 0) words = random_draw(seed, RANDOM_IMPORTANCE, (uint32_t)(i / 4), tree, 0, 0);
    g->weight[random_index(words.w[i % 4], (uint32_t)g->d->n)] += 1;
  }
}

/// Where the two sides' squared deviations are smallest.
static split best_split(const growth *g, int64_t begin, int64_t end) {
  const forest_data *d = g->d;
  split best = {.column = -1};
  double most = -INFINITY, sum = 0, weight = 0;
  for (int64_t i = begin; i < end; ++i) {
    const int32_t row = g->order[i];
    weight += g->weight[row];
    sum += g->weight[row] * d->y[row];
  }
  for (int32_t c = 0; c < d->n_column; ++c) {
    const int32_t *order = g->order + (int64_t)c * g->m;
    const float *x = d->x + (int64_t)c * d->n;
    double left = 0, left_weight = 0;
    for (int64_t i = begin; i + 1 < end; ++i) {
      const int32_t row = order[i];
      left += g->weight[row] * d->y[row];
      left_weight += g->weight[row];
      const float here = x[row], next = x[order[i + 1]];
      if (next <= here + alike) continue;
      const double right = sum - left, right_weight = weight - left_weight;
      const double gain = left * left / left_weight + right * right / right_weight;
      if (gain <= most) continue;
      most = gain;
      const float middle = here / 2 + next / 2;
      best = (split){c, middle < next ? middle : here, i + 1 - begin};
    }
  }
  return best;
}

static void part(growth *g, int64_t begin, int64_t end, const split *s) {
  const float *x = g->d->x + (int64_t)s->column * g->d->n;
  for (int64_t i = begin; i < end; ++i) g->left[g->order[i]] = x[g->order[i]] <= s->threshold;
  for (int32_t c = 0; c < g->d->n_column; ++c) {
    int32_t *order = g->order + (int64_t)c * g->m;
    int64_t to = begin, aside = 0;
    for (int64_t i = begin; i < end; ++i) {
      if (g->left[order[i]])
        order[to++] = order[i];
      else
        g->room[aside++] = order[i];
    }
    memcpy(order + to, g->room, (size_t)aside * sizeof *order);
  }
}

static void add_leaf(growth *g, int64_t begin, int64_t end) {
  forest_tree *t = g->tree;
  const int64_t at = t->n_leaf++ * g->d->n_column;
  double sum = 0, weight = 0;
  for (int64_t i = begin; i < end; ++i) {
    const int32_t row = g->order[i];
    weight += g->weight[row];
    sum += g->weight[row] * g->d->y[row];
  }
  t->value[t->n_leaf - 1] = sum / weight;
  memcpy(t->low + at, g->low, (size_t)g->d->n_column * sizeof *g->low);
  memcpy(t->high + at, g->high, (size_t)g->d->n_column * sizeof *g->high);
}

static bool all_alike(const growth *g, int64_t begin, int64_t end) {
  for (int64_t i = begin + 1; i < end; ++i)
    if (g->d->y[g->order[i]] != g->d->y[g->order[begin]]) return false;
  return true;
}

static void grow(growth *g, int64_t begin, int64_t end, int depth) {
  split s = {.column = -1};
  if (depth < MOST_DEPTH && !all_alike(g, begin, end)) s = best_split(g, begin, end);
  if (s.column < 0) {
    add_leaf(g, begin, end);
    return;
  }
  part(g, begin, end, &s);
  const double low = g->low[s.column], high = g->high[s.column];
  g->high[s.column] = (double)s.threshold;
  grow(g, begin, begin + s.n_left, depth + 1);
  g->high[s.column] = high;
  g->low[s.column] = (double)s.threshold;
  grow(g, begin + s.n_left, end, depth + 1);
  g->low[s.column] = low;
}

/// The data's order, of the rows that were drawn alone.
static void begin_order(growth *g) {
  const forest_data *d = g->d;
  for (int32_t c = 0; c < d->n_column; ++c) {
    int32_t *to = g->order + (int64_t)c * g->m;
    const int32_t *from = d->order + (int64_t)c * d->n;
    for (int64_t i = 0; i < d->n; ++i)
      if (g->weight[from[i]] > 0) *to++ = from[i];
  }
  for (int32_t c = 0; c < d->n_column; ++c) g->low[c] = -INFINITY, g->high[c] = INFINITY;
}

throng_status forest_grow(const forest_data *d, uint32_t seed, uint32_t tree, forest_tree *out) {
  const size_t n = (size_t)d->n, columns = (size_t)d->n_column;
  void *doubles = NULL, *whole = NULL, *flags = NULL;
  throng_status status;
  *out = (forest_tree){0};
  THRONG_TRY_GOTO(throng_alloc(&doubles, n + 2 * columns, sizeof(double), "a tree"));
  THRONG_TRY_GOTO(throng_alloc(&whole, n * (columns + 1), sizeof(int32_t), "a tree"));
  THRONG_TRY_GOTO(throng_alloc(&flags, n, sizeof(bool), "a tree"));
  growth g = {.d = d, .weight = doubles, .order = whole, .left = flags, .tree = out};
  g.low = g.weight + n;
  g.high = g.low + columns;
  g.room = g.order + n * columns;
  draw(&g, seed, tree);
  for (size_t i = 0; i < n; ++i) g.m += g.weight[i] > 0;
  THRONG_TRY_GOTO(
      throng_alloc(&out->owned, (size_t)g.m * (1 + 2 * columns), sizeof(double), "a tree"));
  out->value = out->owned;
  out->low = out->value + g.m;
  out->high = out->low + (size_t)g.m * columns;
  begin_order(&g);
  grow(&g, 0, g.m, 0);
done:
  free(doubles);
  free(whole);
  free(flags);
  return status;
}

void forest_tree_free(forest_tree *t) {
  free(t->owned);
  *t = (forest_tree){0};
}
