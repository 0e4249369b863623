/// Every point of a space once, in an order in which the first trials already spread over all of
/// it: points are numbered (space_point), and the order steps through the numbers by the golden
/// section of their count.
#include <math.h>
#include <stdlib.h>

#include "suggest/samplers.h"

typedef struct grid {
  int64_t n, step;  // points; a step that meets every number, being coprime to n
  int64_t at;       // of the order: all before are taken
  uint8_t *taken;   // (n) bits
} grid;

static int64_t greatest_divisor(int64_t a, int64_t b) {
  for (int64_t rest; b; b = rest) {
    rest = a % b;
    a = b;
  }
  return a;
}

static void release(void *own) {
  grid *g = own;
  if (g) free(g->taken);
  free(g);
}

static throng_status endless(const space *s) {
  for (int32_t k = 0; k < s->n; ++k)
    if (space_values(&s->parameter[k]) < 0)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "sweep.sampler grid: %s has a range without a step; expected \"step\" or "
                         "\"values\", or another sampler",
                         s->parameter[k].name);
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "sweep.sampler grid: %d points or more; expected fewer, or another sampler",
                     SPACE_POINTS);
}

static throng_status create(const sampler_def *def, void **own) {
  const int64_t n = space_size(def->space);
  grid *g;
  *own = NULL;
  if (n < 0 || n >= SPACE_POINTS) return endless(def->space);
  THRONG_TRY(throng_alloc((void **)&g, 1, sizeof *g, "grid"));
  g->n = n;
  g->step = (int64_t)rint((double)n * 0.6180339887498949);
  while (g->step < 1 || greatest_divisor(n, g->step) != 1) ++g->step;
  throng_status status = throng_alloc((void **)&g->taken, (size_t)n / 8 + 1, 1, "grid");
  if (status == THRONG_OK)
    *own = g;
  else
    free(g);
  return status;
}

static bool is_taken(const grid *g, int64_t k) { return g->taken[k / 8] >> (k % 8) & 1; }

static void take(grid *g, int64_t k) { g->taken[k / 8] |= (uint8_t)(1u << (k % 8)); }

static throng_status tell(void *own, const sampler_history *history, int64_t k) {
  const space *s = history->def->space;
  const int64_t index = space_index(s, history->x + k * s->n);
  if (index >= 0) take(own, index);
  return THRONG_OK;
}

static throng_status suggest(void *own, const sampler_history *history, int64_t number, double *x,
                             bool *end) {
  grid *g = own;
  (void)number;
  while (g->at < g->n && is_taken(g, g->at * g->step % g->n)) ++g->at;
  *end = g->at == g->n;
  if (*end) return THRONG_OK;
  take(g, g->at * g->step % g->n);
  space_point(history->def->space, g->at * g->step % g->n, x);
  return THRONG_OK;
}

const sampler_ops sampler_grid = {"grid", create, release, tell, suggest};
