/// Statistics of the runs on fresh seeds.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/inside.h"

enum { PROFILE_POINTS = 21, RESAMPLES = 50000, PROFILE_RESAMPLES = 2000 };  // as rliable

static throng_status take_scores(const sweep *s, sweep_tested *c) {
  void *block = c->score;
  if (!block)
    THRONG_TRY(throng_alloc(&block, (size_t)s->def.test_seeds, sizeof(double), "test seeds"));
  c->score = block;
  c->n = c->n_failed = 0;
  for (int32_t j = 0; j < s->def.test_seeds; ++j) {
    const double x = c->value[j * s->n_objective];
    if (!c->done[j]) continue;
    if (isnan(x))
      ++c->n_failed;
    else
      c->score[c->n++] = x;
  }
  return THRONG_OK;
}

/// Levels from the least score to the greatest.
static throng_status make_levels(sweep *s) {
  double low = INFINITY, high = -INFINITY;
  for (int32_t k = 0; k < s->n_tested; ++k)
    for (int32_t j = 0; j < s->tested[k].n; ++j) {
      low = fmin(low, s->tested[k].score[j]);
      high = fmax(high, s->tested[k].score[j]);
    }
  free(s->tau);
  s->tau = NULL;
  s->n_tau = 0;
  if (!(low <= high)) return THRONG_OK;
  void *block;
  THRONG_TRY(throng_alloc(&block, PROFILE_POINTS, sizeof(double), "performance profile"));
  s->tau = block;
  s->n_tau = PROFILE_POINTS;
  for (int k = 0; k < PROFILE_POINTS; ++k)
    s->tau[k] = low + (high - low) * k / (PROFILE_POINTS - 1);
  return THRONG_OK;
}

/// P(better than the config's own values), whichever way is better.
static throng_status measure_improvement(const sweep *s, sweep_tested *c) {
  const sweep_tested *own = NULL;
  for (int32_t k = 0; k < s->n_tested; ++k)
    if (s->tested[k].trial == 0) own = &s->tested[k];
  c->improvement = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  if (!own || own == c || own->n == 0 || c->n == 0) return THRONG_OK;
  const bool up = s->objective[0].maximise;
  const sweep_tested *x = up ? c : own, *y = up ? own : c;
  return statistics_probability_of_improvement(1, x->n, x->score, y->n, y->score, SWEEP_LEVEL,
                                               RESAMPLES, s->def.seed, &c->improvement);
}

static throng_status measure(const sweep *s, sweep_tested *c) {
  c->iqm = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  if (c->n > 0)
    THRONG_TRY(statistics_bootstrap(STATISTICS_IQM, 1, c->n, c->score, SWEEP_LEVEL, RESAMPLES,
                                    s->def.seed, &c->iqm));
  THRONG_TRY(measure_improvement(s, c));
  free(c->profile);
  c->profile = NULL;
  if (s->n_tau == 0) return THRONG_OK;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)s->n_tau, sizeof *c->profile, "performance profile"));
  c->profile = block;
  for (int32_t k = 0; k < s->n_tau; ++k)
    c->profile[k] = (statistics_interval){(double)NAN, (double)NAN, (double)NAN};
  if (c->n == 0) return THRONG_OK;
  return statistics_profile(1, c->n, c->score, s->n_tau, s->tau, SWEEP_LEVEL, PROFILE_RESAMPLES,
                            s->def.seed, c->profile);
}

throng_status tested_measure(sweep *s) {
  for (int32_t k = 0; k < s->n_tested; ++k) THRONG_TRY(take_scores(s, &s->tested[k]));
  THRONG_TRY(make_levels(s));
  for (int32_t k = 0; k < s->n_tested; ++k) THRONG_TRY(measure(s, &s->tested[k]));
  return THRONG_OK;
}
