/// What selecting terms and selecting attributes share: how many an item may have, and which come
/// first.
#include "text/keyword_selection.h"

#include <stdlib.h>

int64_t selection_budget(const selection *s, keyword_side side, int64_t item, int64_t most) {
  double share = 1 / (1 + exp(-training_reception(&s->train, item)));
  if (side == SIDE_NEG) share = 1 - share;
  int64_t n = (int64_t)floor((double)most * fmin(1, 2 * share) + 0.5);
  return most > 0 && n < 1 ? 1 : n;
}

static int compare_candidates(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->z != y->z) return x->z > y->z ? -1 : 1;
  return (x->keyword > y->keyword) - (x->keyword < y->keyword);
}

void candidates_sort(candidate *list, size_t n) {
  if (n) qsort(list, n, sizeof *list, compare_candidates);
}
