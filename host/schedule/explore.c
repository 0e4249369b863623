/// Exploration, by the rules of Ray Tune's PopulationBasedTraining: a number is multiplied by one
/// of two factors, a choice moves to a neighbour in its list, and either is drawn anew now and
/// then.
///
/// Ours: values are clipped to the range and put on their grid, of which an integer moves by at
/// least one step (rounding would hold 2 * 1.2 at 2 for ever); what lies near 1 is perturbed as
/// 1 - x (as rl_games does for gamma); and a zero, which no factor moves, is drawn anew.
#include "schedule/explore.h"

#include <math.h>
#include <string.h>

#include "kernels/base/random.h"

/// Decays: of 0.99 and 0.999 the distance to 1 is what counts.
static bool near_one(const char *name) {
  static const char *const names[] = {"agent.gamma", "agent.beta1", "agent.beta2"};
  for (size_t k = 0; k < sizeof names / sizeof *names; ++k)
    if (!strcmp(name, names[k])) return true;
  return false;
}

/// A structural option, or one that a structural option depends on.
static bool decides_shape(const space *s, int32_t parameter) {
  for (int32_t k = parameter; k < s->n; ++k) {
    if (!s->parameter[k].structural) continue;
    int32_t above = k;
    while (above > parameter) above = s->parameter[above].parent;
    if (above == parameter) return true;
  }
  return false;
}

static double draw_anew(const space_parameter *p, uint32_t word) {
  return space_from_unit(p, ((double)word + 0.5) * 2.3283064365386963e-10);
}

static double perturb(const space_parameter *p, const scheduler_def *def, double x,
                      random_words words) {
  const bool up = words.w[2] & 1;
  if (p->kind == SPACE_CHOICE) return fmin(fmax(x + (up ? 1 : -1), 0), p->n_choice - 1);
  const double offset = near_one(p->name) ? 1 : 0;
  if (x == offset) return draw_anew(p, words.w[1]);
  const double next = offset + (x - offset) * (up ? def->factor_high : def->factor_low);
  const double grid = p->step > 0 ? p->step : p->kind == SPACE_INT ? 1 : 0;
  if (next != x && fabs(next - x) < grid) return x + copysign(grid, next - x);
  return next;
}

void explore(const scheduler_def *def, uint32_t exploit, int32_t slot, const double *parent,
             double *x) {
  const space *s = def->space;
  memcpy(x, parent, (size_t)s->n * sizeof *x);
  for (int32_t k = 0; k < s->n; ++k) {
    const space_parameter *p = &s->parameter[k];
    if (!space_applies(s, x, k)) {
      x[k] = NAN;
    } else if (!decides_shape(s, k)) {
      random_words words =
          random_draw(def->seed, RANDOM_SCHEDULE, (uint32_t)k, exploit, (uint32_t)slot, 0);
      const bool anew = isnan(x[k]) || random_bernoulli(words.w[0], (float)def->resample);
      // Rounded at once, because conditions of those that follow ask for it.
      x[k] = anew ? draw_anew(p, words.w[1]) : space_rounded(p, perturb(p, def, x[k], words));
    }
  }
  space_round(s, x);
}

void explore_join(const space *s, const double *shape, const double *rest, double *x) {
  memcpy(x, shape, (size_t)s->n * sizeof *x);
  for (int32_t k = 0; k < s->n; ++k) {
    if (!space_applies(s, x, k)) {
      x[k] = NAN;
    } else if (!decides_shape(s, k) && !isnan(rest[k])) {
      x[k] = rest[k];
    }
  }
}
