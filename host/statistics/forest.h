/// Regression trees grown to their ends on bootstrap samples (Breiman 2001, every feature at every
/// split, as scikit-learn's RandomForestRegressor), as the boxes of their leaves.
#ifndef THRONG_STATISTICS_FOREST_H
#define THRONG_STATISTICS_FOREST_H

#include "base/status.h"

typedef struct forest_data {
  int64_t n;
  int32_t n_column;
  const float *x;        // (n_column, n)
  const double *y;       // (n)
  const int32_t *order;  // (n_column, n) rows by x, ascending
} forest_data;

/// Leaf k predicts value[k] in the box low[k * n_column + c] < x_c <= high[..]; the outermost ends
/// are -INFINITY and INFINITY.
typedef struct forest_tree {
  int64_t n_leaf;
  double *value;       // (n_leaf)
  double *low, *high;  // (n_leaf, n_column)
  void *owned;
} forest_tree;

/// Tree number `tree`: a function of it and the seed. Errors: MEMORY.
throng_status forest_grow(const forest_data *data, uint32_t seed, uint32_t tree, forest_tree *out);
void forest_tree_free(forest_tree *t);

#endif
