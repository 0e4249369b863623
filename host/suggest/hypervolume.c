/// Hypervolumes by slices along one objective after another, and the greedy choice by them.
#include "suggest/hypervolume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GREEDY_MOST = 128 };

// --- volume ----------------------------------------------------------------------------------

static int by_last(const void *a, const void *b, void *d) {
  const double x = ((const double *)a)[*(int32_t *)d - 1];
  const double y = ((const double *)b)[*(int32_t *)d - 1];
  return (x > y) - (x < y);
}

/// `point` (n, d) is sorted along its last objective; `room` has n * (d - 1) numbers and as much
/// again for each objective below.
static double slices(int64_t n, int32_t d, double *point, const double *reference, double *room) {
  double volume = 0, least = reference[0];
  qsort_r(point, (size_t)n, (size_t)d * sizeof *point, by_last, &d);
  for (int64_t i = 0; i < n; ++i) {
    const double from = point[i * d + d - 1];
    const double to = i + 1 < n ? point[(i + 1) * d + d - 1] : reference[d - 1];
    if (d == 2 && point[i * d] < least) least = point[i * d];
    if (to <= from) continue;
    if (d == 2) {
      volume += (to - from) * (reference[0] - least);
      continue;
    }
    // What of the points so far covers the slice.
    const int32_t below = d - 1;
    for (int64_t j = 0; j <= i; ++j)
      memcpy(room + j * below, point + j * d, (size_t)below * sizeof *room);
    volume += (to - from) * slices(i + 1, below, room, reference, room + n * below);
  }
  return volume;
}

static size_t room_of(int64_t n, int32_t d) { return (size_t)(n * d * (d + 1) / 2); }

throng_status hypervolume(int64_t n, int32_t d, const double *point, const double *reference,
                          double *out) {
  double *room;
  *out = 0;
  if (n == 0) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&room, room_of(n, d), sizeof *room, "hypervolume"));
  memcpy(room, point, (size_t)(n * d) * sizeof *room);
  *out = slices(n, d, room, reference, room + n * d);
  free(room);
  return THRONG_OK;
}

// --- ranks -----------------------------------------------------------------------------------

typedef struct ranking {
  int32_t d;
  const double *point;  // (n, d)
  int64_t *order;       // (n) by the first objective, then the second, ..
  int64_t *front;       // (n) of the front in hand, in that order
} ranking;

static int lexicographic(const void *a, const void *b, void *context) {
  const ranking *r = context;
  const int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
  for (int32_t k = 0; k < r->d; ++k) {
    const double x = r->point[i * r->d + k], y = r->point[j * r->d + k];
    if (x != y) return x < y ? -1 : 1;
  }
  return (i > j) - (i < j);
}

/// At least as good in all, better in one.
static bool dominates(const ranking *r, int64_t a, int64_t b) {
  bool better = false;
  for (int32_t k = 0; k < r->d; ++k) {
    const double x = r->point[a * r->d + k], y = r->point[b * r->d + k];
    if (x > y) return false;
    better |= x < y;
  }
  return better;
}

/// The points of `order` (n) that no other dominates move to `front`; the others close up. Only
/// what stands before a point in the order can dominate it.
static int64_t peel(ranking *r, int64_t *n) {
  int64_t n_front = 0, n_left = 0;
  for (int64_t i = 0; i < *n; ++i) {
    bool dominated = false;
    for (int64_t j = n_front - 1; j >= 0 && !dominated; --j)
      dominated = dominates(r, r->front[j], r->order[i]);
    if (dominated)
      r->order[n_left++] = r->order[i];
    else
      r->front[n_front++] = r->order[i];
  }
  *n = n_left;
  return n_front;
}

// --- the greedy choice -----------------------------------------------------------------------

/// Slightly beyond the worst, as Optuna has it.
static bool reference_of(const ranking *r, int64_t n_front, double *reference) {
  bool finite = true;
  for (int32_t k = 0; k < r->d; ++k) {
    double worst = -HUGE_VAL;
    for (int64_t i = 0; i < n_front; ++i) worst = fmax(worst, r->point[r->front[i] * r->d + k]);
    reference[k] = fmax(1.1 * worst, 0.9 * worst);
    if (reference[k] == 0) reference[k] = 1e-12;
    finite &= isfinite(reference[k]) != 0;
  }
  return finite;
}

static bool covers(const double *a, const double *b, int32_t d) {
  for (int32_t k = 0; k < d; ++k)
    if (a[k] > b[k]) return false;
  return true;
}

/// Put a point behind the n that are there, unless one of them covers it; those that it covers go.
static int64_t add_uncovered(double *point, int64_t n, int32_t d, const double *one) {
  int64_t kept = 0;
  for (int64_t i = 0; i < n; ++i)
    if (covers(point + i * d, one, d)) return n;
  for (int64_t i = 0; i < n; ++i) {
    if (covers(one, point + i * d, d)) continue;
    memmove(point + kept++ * d, point + i * d, (size_t)d * sizeof *point);
  }
  memcpy(point + kept * d, one, (size_t)d * sizeof *point);
  return kept + 1;
}

/// What a point adds to the chosen ones: its own box less what they cover of it.
static throng_status contribution(const ranking *r, const double *reference, int64_t a,
                                  const int64_t *chosen, int64_t n_chosen, double *room,
                                  double *out) {
  double box = 1, covered, one[HYPERVOLUME_MOST];
  int64_t n = 0;
  for (int32_t k = 0; k < r->d; ++k) box *= reference[k] - r->point[a * r->d + k];
  for (int64_t i = 0; i < n_chosen; ++i) {
    for (int32_t k = 0; k < r->d; ++k)
      one[k] = fmax(r->point[a * r->d + k], r->point[chosen[i] * r->d + k]);
    n = add_uncovered(room, n, r->d, one);
  }
  THRONG_TRY(hypervolume(n, r->d, room, reference, &covered));
  *out = box - covered;
  return THRONG_OK;
}

static bool same_values(const ranking *r, int64_t a, int64_t b) {
  return !memcmp(r->point + a * r->d, r->point + b * r->d, (size_t)r->d * sizeof *r->point);
}

/// Points that repeat another come last: they add nothing.
static int64_t put_repeated_last(ranking *r, int64_t n_front, int64_t *room) {
  int64_t n_unique = 0, n_repeated = 0;
  for (int64_t i = 0; i < n_front; ++i)
    if (n_unique && same_values(r, r->front[n_unique - 1], r->front[i]))
      room[n_repeated++] = r->front[i];
    else
      r->front[n_unique++] = r->front[i];
  memcpy(r->front + n_unique, room, (size_t)n_repeated * sizeof *room);
  return n_unique;
}

/// Contributions only shrink as more are chosen: an old one is a bound, and only what stays on top
/// of the bounds need be looked at again. After GREEDY_MOST, far more than a front of a sweep has,
/// the bounds alone decide.
static throng_status choose(ranking *r, int64_t n, int64_t n_choose, const double *reference,
                            double *bound, int64_t *fresh, double *room, int64_t *chosen) {
  for (int64_t i = 0; i < n; ++i) fresh[i] = -1, bound[i] = HUGE_VAL;
  for (int64_t c = 0; c < n_choose;) {
    int64_t top = -1;
    for (int64_t i = 0; i < n; ++i)
      if (fresh[i] != INT64_MAX && (top < 0 || bound[i] > bound[top])) top = i;
    if (fresh[top] == c || (c >= GREEDY_MOST && fresh[top] >= 0)) {
      chosen[c++] = r->front[top];
      fresh[top] = INT64_MAX;
      continue;
    }
    THRONG_TRY(contribution(r, reference, r->front[top], chosen, c, room, &bound[top]));
    fresh[top] = c;
  }
  return THRONG_OK;
}

/// Mark n_choose of the front.
static throng_status mark_best(ranking *r, int64_t n_front, int64_t n_choose, bool *best) {
  double reference[HYPERVOLUME_MOST], *bound;
  int64_t *fresh, *chosen;
  const size_t n = (size_t)n_front;
  char *block;
  THRONG_TRY(throng_alloc((void **)&block, n, (size_t)(r->d + 3) * 8, "a front"));
  bound = (double *)(void *)block;
  fresh = (int64_t *)(void *)(block + n * 8);
  chosen = (int64_t *)(void *)(block + n * 16);
  double *room = (double *)(void *)(block + n * 24);
  throng_status status = THRONG_OK;
  const int64_t n_unique = put_repeated_last(r, n_front, fresh);
  if (n_choose < n_unique && reference_of(r, n_unique, reference))
    status = choose(r, n_unique, n_choose, reference, bound, fresh, room, chosen);
  else
    memcpy(chosen, r->front, (size_t)n_choose * sizeof *chosen);
  for (int64_t i = 0; i < n_choose && status == THRONG_OK; ++i) best[chosen[i]] = true;
  free(block);
  return status;
}

throng_status hypervolume_best(int64_t n, int32_t d, const double *point, int64_t n_best,
                               bool *best) {
  ranking r = {.d = d};
  double *clean;
  throng_status status = THRONG_OK;
  memset(best, n_best >= n, (size_t)n);
  if (n_best >= n || n_best <= 0) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&clean, (size_t)(n * d), sizeof *clean, "ranks"));
  THRONG_TRY_GOTO(throng_alloc((void **)&r.order, (size_t)n, sizeof *r.order, "ranks"));
  THRONG_TRY_GOTO(throng_alloc((void **)&r.front, (size_t)n, sizeof *r.front, "ranks"));
  for (int64_t i = 0; i < n * d; ++i) clean[i] = isnan(point[i]) ? HUGE_VAL : point[i];
  r.point = clean;
  for (int64_t i = 0; i < n; ++i) r.order[i] = i;
  qsort_r(r.order, (size_t)n, sizeof *r.order, lexicographic, &r);
  for (int64_t left = n; n_best > 0;) {
    const int64_t n_front = peel(&r, &left);
    if (n_front > n_best) {
      status = mark_best(&r, n_front, n_best, best);
      break;
    }
    for (int64_t i = 0; i < n_front; ++i) best[r.front[i]] = true;
    n_best -= n_front;
  }
done:
  free(clean);
  free(r.order);
  free(r.front);
  return status;
}
