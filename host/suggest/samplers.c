/// What all samplers share: the table of them, and the history of what was told.
#include "suggest/samplers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TPE_STARTUP = 20, GP_STARTUP = 10 };

struct sampler {
  const sampler_ops *ops;
  sampler_def def;
  sampler_history history;
  void *own;
  trial_state *state;
  double *x, *value, *resource, *cost;
  size_t state_capacity, x_capacity, value_capacity, resource_capacity, cost_capacity;
};

#define X(NAME, name) [THRONG_SAMPLER_##NAME] = &sampler_##name,
static const sampler_ops *const samplers[] = {SWEEP_SAMPLERS(X)};
#undef X

const char *sampler_name(int kind) { return samplers[kind]->name; }

throng_status sampler_create(int kind, const sampler_def *def, sampler **out) {
  *out = NULL;
  sampler *s;
  THRONG_TRY(throng_alloc((void **)&s, 1, sizeof *s, "sampler"));
  s->ops = samplers[kind];
  s->def = *def;
  // TPE keeps to the choices of the first good points for long, so that it needs more of them than
  // a model that knows where it knows nothing (bench/README.md).
  if (def->startup_trials == 0)
    s->def.startup_trials = kind == THRONG_SAMPLER_TPE ? TPE_STARTUP : GP_STARTUP;
  s->history.def = &s->def;
  throng_status status = s->ops->create(&s->def, &s->own);
  if (status == THRONG_OK)
    *out = s;
  else
    free(s);
  return status;
}

void sampler_free(sampler *s) {
  if (!s) return;
  s->ops->free(s->own);
  free(s->state);
  free(s->x);
  free(s->value);
  free(s->resource);
  free(s->cost);
  free(s);
}

static throng_status make_room(sampler *s, size_t n) {
  const size_t width = (size_t)s->def.space->n, values = (size_t)s->def.n_objective;
  const char *what = "a sweep's history";
  THRONG_TRY(throng_grow((void **)&s->state, &s->state_capacity, n, sizeof *s->state, what));
  THRONG_TRY(throng_grow((void **)&s->x, &s->x_capacity, n * width, sizeof *s->x, what));
  THRONG_TRY(
      throng_grow((void **)&s->value, &s->value_capacity, n * values, sizeof *s->value, what));
  THRONG_TRY(
      throng_grow((void **)&s->resource, &s->resource_capacity, n, sizeof *s->resource, what));
  THRONG_TRY(throng_grow((void **)&s->cost, &s->cost_capacity, n, sizeof *s->cost, what));
  s->history.state = s->state;
  s->history.x = s->x;
  s->history.value = s->value;
  s->history.resource = s->resource;
  s->history.cost = s->cost;
  return THRONG_OK;
}

throng_status sampler_tell(sampler *s, const sampler_trial *trial) {
  const size_t width = (size_t)s->def.space->n, values = (size_t)s->def.n_objective;
  const size_t k = (size_t)trial->number;
  THRONG_TRY(make_room(s, k + 1));
  // Trials may be told in another order than that of their numbers; what is not yet known waits.
  for (size_t i = (size_t)s->history.n; i < k; ++i) {
    s->state[i] = TRIAL_WAITING;
    for (size_t j = 0; j < width; ++j) s->x[i * width + j] = (double)NAN;
    for (size_t j = 0; j < values; ++j) s->value[i * values + j] = (double)NAN;
    s->resource[i] = s->cost[i] = 0;
  }
  s->state[k] = trial->state;
  memcpy(s->x + k * width, trial->x, width * sizeof(double));
  memcpy(s->value + k * values, trial->value, values * sizeof(double));
  s->resource[k] = trial->resource;
  s->cost[k] = trial->cost;
  if ((int64_t)k >= s->history.n) s->history.n = (int64_t)k + 1;
  return s->ops->tell(s->own, &s->history, (int64_t)k);
}

throng_status sampler_suggest(sampler *s, int64_t number, double *x, bool *end) {
  *end = false;
  THRONG_TRY(s->ops->suggest(s->own, &s->history, number, x, end));
  if (!*end) space_round(s->def.space, x);
  return THRONG_OK;
}

// --- what several samplers use ---------------------------------------------------------------

double sampler_uniform(const sampler_def *def, int64_t number, uint32_t use, uint32_t draw) {
  const random_words r = random_draw(def->seed, RANDOM_SUGGEST, draw, (uint32_t)number,
                                     (uint32_t)((uint64_t)number >> 32), use);
  const uint64_t bits = ((uint64_t)r.w[0] << 21) ^ (r.w[1] >> 11);
  return ((double)bits + 0.5) * 0x1p-53;
}

void sampler_draw(const sampler_def *def, int64_t number, double *x) {
  for (int32_t k = 0; k < def->space->n; ++k)
    x[k] = space_from_unit(&def->space->parameter[k],
                           sampler_uniform(def, number, SAMPLER_POINT, (uint32_t)k));
}

void sampler_free_nothing(void *own) { (void)own; }

throng_status sampler_hear_nothing(void *own, const sampler_history *history, int64_t k) {
  (void)own, (void)history, (void)k;
  return THRONG_OK;
}
