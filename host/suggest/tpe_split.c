/// Good trials and the others, as Optuna 5 parts them.
#include "suggest/tpe_split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suggest/hypervolume.h"

enum { MOST_GOOD = 25 };

int64_t tpe_finished(const sampler_history *h) {
  int64_t n = 0;
  for (int64_t k = 0; k < h->n; ++k)
    n += h->state[k] == TRIAL_COMPLETE || h->state[k] == TRIAL_PRUNED;
  return n;
}

/// A trial's place: smaller is better. `rank` parts complete, pruned and never reported ones.
typedef struct place {
  int rank;
  double first, second;
} place;

static place place_of(const sampler_history *h, int64_t k) {
  const double value = h->value[k * h->def->n_objective];
  const double known = isnan(value) ? HUGE_VAL : value;
  if (h->state[k] == TRIAL_COMPLETE) return (place){0, known, 0};
  if (h->resource[k] > 0) return (place){1, -h->resource[k], known};
  return (place){2, 0, 0};
}

static bool better(place a, place b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.first != b.first) return a.first < b.first;
  return a.second < b.second;
}

/// Mark the n_below best of the trials of a state, earlier ones first where they are equal.
static throng_status mark_best(const sampler_history *h, bool complete_too, int64_t n_below,
                               bool *below) {
  int64_t *best, n = 0;
  if (n_below < 1) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&best, (size_t)n_below, sizeof *best, "good trials"));
  for (int64_t k = 0; k < h->n; ++k) {
    if (h->state[k] != TRIAL_PRUNED && !(complete_too && h->state[k] == TRIAL_COMPLETE)) continue;
    const place at = place_of(h, k);
    if (n == n_below && !better(at, place_of(h, best[n - 1]))) continue;
    int64_t i = n < n_below ? n++ : n - 1;
    for (; i > 0 && better(at, place_of(h, best[i - 1])); --i) best[i] = best[i - 1];
    best[i] = k;
  }
  for (int64_t i = 0; i < n; ++i) below[best[i]] = true;
  free(best);
  return THRONG_OK;
}

/// Complete trials by their fronts; pruned ones fill up what they leave.
static throng_status split_fronts(const sampler_history *h, int64_t n_below, bool *below) {
  const int32_t d = h->def->n_objective;
  int64_t n = 0, *row = NULL;
  double *value = NULL;
  bool *best = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&row, (size_t)h->n, sizeof *row, "good trials"));
  THRONG_TRY_GOTO(throng_alloc((void **)&value, (size_t)(h->n * d), sizeof *value, "good trials"));
  THRONG_TRY_GOTO(throng_alloc((void **)&best, (size_t)h->n, sizeof *best, "good trials"));
  for (int64_t k = 0; k < h->n; ++k) {
    if (h->state[k] != TRIAL_COMPLETE) continue;
    memcpy(value + n * d, h->value + k * d, (size_t)d * sizeof *value);
    row[n++] = k;
  }
  THRONG_TRY_GOTO(hypervolume_best(n, d, value, n_below, best));
  for (int64_t i = 0; i < n; ++i) below[row[i]] = best[i];
  status = mark_best(h, false, n_below - n, below);
done:
  free(row);
  free(value);
  free(best);
  return status;
}

throng_status tpe_split(const sampler_history *h, bool *below) {
  const int64_t n_below = (tpe_finished(h) + 9) / 10;
  memset(below, 0, (size_t)h->n * sizeof *below);
  if (h->def->n_objective > 1) return split_fronts(h, n_below, below);
  return mark_best(h, true, n_below < MOST_GOOD ? n_below : MOST_GOOD, below);
}
