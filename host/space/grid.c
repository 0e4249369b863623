/// The points of a space counted and numbered. A parameter with conditions adds points only where
/// it applies: a tree of parameters, each value of one with the product of what hangs below it.
#include <math.h>

#include "space/parts.h"

enum { MOST_OF_A_PARENT = 10000 /* values, which are gone through one by one */ };

static int64_t times(int64_t a, int64_t b) {
  return a < 0 || b < 0                           ? -1
         : a >= SPACE_POINTS || b >= SPACE_POINTS ? SPACE_POINTS
         : a * b >= SPACE_POINTS                  ? SPACE_POINTS
                                                  : a * b;
}

static double value_at(const space_parameter *p, int64_t k) {
  if (p->kind == SPACE_CHOICE) return (double)k;
  return space_rounded(p, p->low + (double)k * p->step);
}

static int64_t place_of(const space_parameter *p, double x) {
  if (p->kind == SPACE_CHOICE) return (int64_t)x;
  return p->step > 0 ? (int64_t)rint((x - p->low) / p->step) : 0;
}

static bool has_children(const space *s, int32_t parent) {
  for (int32_t c = parent + 1; c < s->n; ++c)
    if (s->parameter[c].parent == parent) return true;
  return false;
}

/// Points of what hangs below `parent` where it is `x`; parent -1: of the whole space.
static int64_t below(const space *s, const int64_t *count, int32_t parent, double x) {
  int64_t product = 1;
  for (int32_t c = parent + 1; c < s->n; ++c)
    if (s->parameter[c].parent == parent && (parent < 0 || space_holds(&s->parameter[c], x)))
      product = times(product, count[c]);
  return product;
}

/// (n) points of each parameter with all that hangs below it. Children stand behind their parents.
static void count_points(const space *s, int64_t *count) {
  for (int32_t p = s->n - 1; p >= 0; --p) {
    const int64_t n = space_values(&s->parameter[p]);
    count[p] = n < SPACE_POINTS ? n : SPACE_POINTS;
    if (n < 0 || !has_children(s, p)) continue;
    count[p] = n > MOST_OF_A_PARENT ? SPACE_POINTS : 0;
    for (int64_t k = 0; k < n && count[p] >= 0 && count[p] < SPACE_POINTS; ++k) {
      const int64_t more = below(s, count, p, value_at(&s->parameter[p], k));
      count[p] = more < 0 ? -1 : count[p] + more < SPACE_POINTS ? count[p] + more : SPACE_POINTS;
    }
  }
}

int64_t space_size(const space *s) {
  int64_t count[SPACE_MOST];
  count_points(s, count);
  return below(s, count, -1, 0);
}

static void set_below(const space *s, const int64_t *count, int32_t parent, int64_t k, double *x) {
  for (int32_t c = s->n - 1; c > parent; --c) {  // the last turns fastest
    const space_parameter *p = &s->parameter[c];
    if (p->parent != parent || (parent >= 0 && !space_holds(p, x[parent]))) continue;
    int64_t rest = k % count[c], v = 0;
    k /= count[c];
    if (!has_children(s, c)) {
      x[c] = value_at(p, rest);
      continue;
    }
    for (int64_t n; rest >= (n = below(s, count, c, value_at(p, v))); rest -= n) ++v;
    x[c] = value_at(p, v);
    set_below(s, count, c, rest, x);
  }
}

void space_point(const space *s, int64_t k, double *x) {
  int64_t count[SPACE_MOST];
  count_points(s, count);
  for (int32_t c = 0; c < s->n; ++c) x[c] = (double)NAN;
  set_below(s, count, -1, k, x);
}

static int64_t index_below(const space *s, const int64_t *count, int32_t parent, const double *x) {
  int64_t k = 0;
  for (int32_t c = parent + 1; c < s->n; ++c) {
    const space_parameter *p = &s->parameter[c];
    if (p->parent != parent || (parent >= 0 && !space_holds(p, x[parent]))) continue;
    const int64_t at = isnan(x[c]) ? -1 : place_of(p, x[c]);
    if (at < 0 || at >= space_values(p) || value_at(p, at) != x[c]) return -1;
    int64_t own = at;
    if (has_children(s, c)) {
      own = index_below(s, count, c, x);
      if (own < 0) return -1;
      for (int64_t v = 0; v < at; ++v) own += below(s, count, c, value_at(p, v));
    }
    k = k * count[c] + own;
  }
  return k;
}

int64_t space_index(const space *s, const double *x) {
  int64_t count[SPACE_MOST];
  count_points(s, count);
  const int64_t size = below(s, count, -1, 0);
  return size < 0 || size >= SPACE_POINTS ? -1 : index_below(s, count, -1, x);
}
