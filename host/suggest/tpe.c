/// The tree-structured Parzen estimator (Bergstra et al. 2011) as Optuna 5 has it by default: good
/// trials and the others each give a density, points are drawn from the good ones', and the one
/// with the largest ratio of the two is taken. With one objective parameters are drawn together
/// (multivariate), those with a condition together with the others of the same condition; with
/// several objectives each for itself. Running trials count as bad ones (constant liar), so that
/// slots that are filled at once get different points.
#include <math.h>
#include <stdlib.h>

#include "suggest/parzen.h"
#include "suggest/samplers.h"
#include "suggest/tpe_split.h"

enum { USUAL_CANDIDATES = 24 };

typedef struct tpe {
  const sampler_history *history;
  int64_t number;
  bool *below;   // (n)
  int64_t *row;  // (n) room
} tpe;

static bool same_condition(const space_parameter *a, const space_parameter *b) {
  if (a->parent != b->parent || a->n_when != b->n_when) return false;
  for (int32_t k = 0; k < a->n_when; ++k)
    if (a->when[k] != b->when[k]) return false;
  return a->n_when > 0 || (a->when_low == b->when_low && a->when_high == b->when_high);
}

/// The parameters that are drawn together with `first`, which leads them; single values are set.
static int32_t gather(const sampler_def *def, int32_t first, bool *done, int32_t *group,
                      double *x) {
  const space *s = def->space;
  int32_t n = 0;
  for (int32_t k = first; k < s->n; ++k) {
    if (done[k] || !same_condition(&s->parameter[first], &s->parameter[k])) continue;
    if (n > 0 && def->n_objective > 1) break;
    done[k] = true;
    if (space_values(&s->parameter[k]) == 1)
      x[k] = space_from_unit(&s->parameter[k], 0.5);
    else
      group[n++] = k;
    if (def->n_objective > 1) break;
  }
  return n;
}

/// Of the trials on one side those that have the parameters, in the order of their numbers.
static throng_status estimate(const tpe *t, bool below, int32_t n_group, const int32_t *group,
                              parzen **out) {
  const sampler_history *h = t->history;
  const space *s = h->def->space;
  int64_t n = 0;
  for (int64_t k = 0; k < h->n; ++k) {
    const trial_state state = h->state[k];
    const bool counts = state == TRIAL_COMPLETE || state == TRIAL_PRUNED ||
                        (state == TRIAL_RUNNING && h->def->constant_liar && k != t->number);
    bool whole = counts && t->below[k] == below;
    for (int32_t i = 0; i < n_group && whole; ++i) whole = !isnan(h->x[k * s->n + group[i]]);
    if (whole) t->row[n++] = k;
  }
  return parzen_create(s, n_group, group, n, t->row, h->x, below && h->def->n_objective > 1, out);
}

static throng_status draw_group(const tpe *t, int32_t n_group, const int32_t *group, double *x) {
  const sampler_def *def = t->history->def;
  const int32_t n = def->candidates > 0 ? def->candidates : USUAL_CANDIDATES;
  parzen *good, *bad;
  double best = -HUGE_VAL, at[SPACE_MOST], uniform[SPACE_MOST + 1];
  THRONG_TRY(estimate(t, true, n_group, group, &good));
  throng_status status = estimate(t, false, n_group, group, &bad);
  for (int32_t c = 0; c < n && status == THRONG_OK; ++c) {
    for (int32_t k = 0; k <= n_group; ++k) {
      const uint32_t use = k ? (uint32_t)group[k - 1] : SPACE_MOST + (uint32_t)group[0];
      uniform[k] =
          sampler_uniform(def, t->number, SAMPLER_CANDIDATE, (uint32_t)c * 2 * SPACE_MOST + use);
    }
    parzen_draw(good, uniform, at);
    const double ratio = parzen_log_density(good, at) - parzen_log_density(bad, at);
    if (c > 0 && !(ratio > best)) continue;
    best = ratio;
    for (int32_t k = 0; k < n_group; ++k) x[group[k]] = at[group[k]];
  }
  // Conditions ask for the value that the step has: 0.3, not 0.1 + 2 * 0.1.
  for (int32_t k = 0; k < n_group; ++k)
    x[group[k]] = space_rounded(&def->space->parameter[group[k]], x[group[k]]);
  parzen_free(good);
  parzen_free(bad);
  return status;
}

static throng_status draw_all(const tpe *t, double *x) {
  const space *s = t->history->def->space;
  bool done[SPACE_MOST] = {false};
  int32_t group[SPACE_MOST];
  for (int32_t k = 0; k < s->n; ++k) x[k] = (double)NAN;
  for (int32_t k = 0; k < s->n; ++k) {
    if (done[k] || !space_applies(s, x, k)) continue;
    const int32_t n = gather(t->history->def, k, done, group, x);
    if (n > 0) THRONG_TRY(draw_group(t, n, group, x));
  }
  return THRONG_OK;
}

static throng_status create(const sampler_def *def, void **own) {
  (void)def;
  *own = NULL;
  return THRONG_OK;
}

static throng_status suggest(void *own, const sampler_history *history, int64_t number, double *x,
                             bool *end) {
  tpe t = {.history = history, .number = number};
  throng_status status;
  const size_t n = (size_t)history->n;
  (void)own, (void)end;
  const int64_t finished = tpe_finished(history);
  if (finished == 0 || finished < history->def->startup_trials)
    return sampler_draw(history->def, number, x), THRONG_OK;
  THRONG_TRY_GOTO(throng_alloc((void **)&t.below, n, sizeof *t.below, "trials"));
  THRONG_TRY_GOTO(throng_alloc((void **)&t.row, n, sizeof *t.row, "trials"));
  THRONG_TRY_GOTO(tpe_split(history, t.below));
  status = draw_all(&t, x);
done:
  free(t.below);
  free(t.row);
  return status;
}

const sampler_ops sampler_tpe = {"tpe", create, sampler_free_nothing, sampler_hear_nothing,
                                 suggest};
