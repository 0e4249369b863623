/// Crossed random effects; see effects.h.
#include "sim/effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "sim/logistic.h"
#include "world/world.h"

enum { POINTS = EFFECTS_POINTS, ITEM_STEPS = 3 };
static const double FURTHEST = 6, STILL = 1e-6, LEAST_VARIANCE = 1e-6;
static const double FACTORS_MOST = 700;  // log of what a product of factors may come to

/// What the fit walks over: the counted rows of each user, and sums of an item's.
typedef struct fitting {
  const throng_world *world;
  int hidden;
  effects *e;
  double *gradient, *curvature;  // (n_item)
  /// exp(-(mean + user)), (n_user), and exp(-item), (n_item): an answer's probability is 1 / (1 +
  /// their product), so that a sweep takes an exponential an effect and not one an answer. Their
  /// exponents stay far from a double's range: a step is 1 at most.
  double *user_odds, *item_odds;
  double point_odds[2][POINTS];  // exp(point), exp(-point)
  double *likelihood;            // (users that tell the prior, POINTS), each scaled to 1 at most
} fitting;

void effects_free(effects *e) {
  free(e->user);
  free(e->item);
  free(e->user_n);
  free(e->item_n);
  *e = (effects){0};
}

static throng_status fit_of_world(const throng_world *world, int hidden, void *out) {
  return effects_fit(world, hidden, out);
}

static void clear(void *fitted) { effects_free(fitted); }

const world_fit_kind effects_of_world = {"effects", sizeof(effects), fit_of_world, clear};

double effects_share(const effects *e) { return ((double)e->n_like + 1) / ((double)e->n + 2); }

static int64_t begin_of(const fitting *f, int64_t user) { return f->world->user_offset[user]; }
static int64_t end_of(const fitting *f, int64_t user) {
  return begin_of(f, user) + f->e->user_n[user];
}

static void count(fitting *f) {
  const throng_world *w = f->world;
  effects *e = f->e;
  for (int64_t u = 0; u < e->n_user; ++u) {
    const int64_t n = w->user_offset[u + 1] - w->user_offset[u] - f->hidden;
    e->user_n[u] = n > 0 ? n : 0;
    e->n += e->user_n[u];
    for (int64_t k = begin_of(f, u); k < end_of(f, u); ++k) {
      e->n_like += w->history_like[k] != 0;
      e->item_n[w->history_item[k]] += 1;
    }
  }
}

// ---- both normal -------------------------------------------------------------------------------

/// Newton's step for one effect; of at most 1, which keeps it from jumping.
static double newton(double gradient, double curvature) {
  return fmin(fmax(gradient / curvature, -1), 1);
}

static void weigh_users(fitting *f) {
  const effects *e = f->e;
  for (int64_t u = 0; u < e->n_user; ++u) f->user_odds[u] = exp(-(e->mean + e->user[u]));
}
static void weigh_items(fitting *f) {
  const effects *e = f->e;
  for (int64_t i = 0; i < e->n_item; ++i) f->item_odds[i] = exp(-e->item[i]);
}

/// A step for every item, given the users. Returns the mean of b^2 + 1 / curvature, which
/// expectation maximisation takes for the variance.
static double step_items(fitting *f) {
  const throng_world *w = f->world;
  effects *e = f->e;
  const size_t bytes = (size_t)e->n_item * sizeof *f->gradient;
  double sum = 0;
  int64_t n = 0;
  weigh_users(f);
  weigh_items(f);
  memset(f->gradient, 0, bytes);
  memset(f->curvature, 0, bytes);
  for (int64_t u = 0; u < e->n_user; ++u)
    for (int64_t k = begin_of(f, u); k < end_of(f, u); ++k) {
      const int32_t i = w->history_item[k];
      const double p = 1 / (1 + f->user_odds[u] * f->item_odds[i]);
      f->gradient[i] += (w->history_like[k] != 0) - p;
      f->curvature[i] += p * (1 - p);
    }
  for (int64_t i = 0; i < e->n_item; ++i) {
    if (e->item_n[i] == 0) continue;
    const double h = f->curvature[i] + 1 / e->item_variance;
    e->item[i] += newton(f->gradient[i] - e->item[i] / e->item_variance, h);
    sum += e->item[i] * e->item[i] + 1 / h;
    ++n;
  }
  return sum / (double)n;
}

/// The same for every user, given the items.
static double step_users(fitting *f) {
  const throng_world *w = f->world;
  effects *e = f->e;
  double sum = 0;
  int64_t n = 0;
  weigh_users(f);
  weigh_items(f);
  for (int64_t u = 0; u < e->n_user; ++u) {
    if (e->user_n[u] == 0) continue;
    double h = 1 / e->user_variance, gradient = -e->user[u] * h;
    for (int64_t k = begin_of(f, u); k < end_of(f, u); ++k) {
      const double p = 1 / (1 + f->user_odds[u] * f->item_odds[w->history_item[k]]);
      gradient += (w->history_like[k] != 0) - p;
      h += p * (1 - p);
    }
    e->user[u] += newton(gradient, h);
    sum += e->user[u] * e->user[u] + 1 / h;
    ++n;
  }
  return sum / (double)n;
}

/// What all effects share goes to the mean, which would take many sweeps to find it. At the mode
/// they share nothing. Returns how much it was.
static double centre(effects *e, int64_t n, const int64_t *answers, double *effect) {
  double shared = 0;
  int64_t met = 0;
  for (int64_t k = 0; k < n; ++k) {
    if (answers[k] == 0) continue;
    shared += effect[k];
    ++met;
  }
  shared /= (double)met;
  for (int64_t k = 0; k < n; ++k)
    if (answers[k] > 0) effect[k] -= shared;
  e->mean += shared;
  return fabs(shared);
}

static void fit_normal(fitting *f) {
  effects *e = f->e;
  for (int sweep = 0; sweep < EFFECTS_MOST_SWEEPS; ++sweep) {
    const double item = fmax(step_items(f), LEAST_VARIANCE);
    double moved = centre(e, e->n_item, e->item_n, e->item);
    const double user = fmax(step_users(f), LEAST_VARIANCE);
    moved += centre(e, e->n_user, e->user_n, e->user);
    moved += fabs(item - e->item_variance) / (1 + item);
    moved += fabs(user - e->user_variance) / (1 + user);
    e->item_variance = item;
    e->user_variance = user;
    if (moved < STILL) return;
  }
}

// ---- users of any distribution -----------------------------------------------------------------

static double point(int g) { return FURTHEST * (2 * g - (POINTS - 1)) / (POINTS - 1); }

/// out -= log(factor), and the factors begin again.
static void take_factors(double *factor, double *out) {
  for (int g = 0; g < POINTS; ++g) {
    out[g] -= log(factor[g]);
    factor[g] = 1;
  }
}

/// Likelihood of a user's answers at each point, the largest of them 1: a product of 1 + exp(z)
/// under it, with z = -(mean + item + point) of a like, and what is in the brackets of a dislike.
/// Factors are multiplied as they are for as long as no product leaves a double's range.
static void likelihood_of(const fitting *f, int64_t user, double *out) {
  const throng_world *w = f->world;
  const effects *e = f->e;
  double largest = -INFINITY, size = 0, factor[POINTS];
  memset(out, 0, POINTS * sizeof *out);
  for (int g = 0; g < POINTS; ++g) factor[g] = 1;
  for (int64_t k = begin_of(f, user); k < end_of(f, user); ++k) {
    const double offered = e->mean + e->item[w->history_item[k]];
    const double *at_point = f->point_odds[w->history_like[k] != 0];
    const double odds = exp(w->history_like[k] ? -offered : offered);
    const double most = log(2) + FURTHEST + fabs(offered);  // log of the largest factor
    if (size + most > FACTORS_MOST) {
      take_factors(factor, out);
      size = 0;
    }
    size += most;
    for (int g = 0; g < POINTS; ++g) factor[g] *= 1 + odds * at_point[g];
  }
  take_factors(factor, out);
  for (int g = 0; g < POINTS; ++g) largest = fmax(largest, out[g]);
  for (int g = 0; g < POINTS; ++g) out[g] = exp(out[g] - largest);
}

/// likelihood (POINTS) becomes the posterior under the prior; returns its mean.
static double posterior(const double *prior, double *likelihood) {
  double sum = 0, mean = 0;
  for (int g = 0; g < POINTS; ++g) sum += likelihood[g] *= prior[g];
  for (int g = 0; g < POINTS; ++g) mean += (likelihood[g] /= sum) * point(g);
  return mean;
}

static void normal_prior(double variance, double *prior) {
  double sum = 0;
  for (int g = 0; g < POINTS; ++g)
    sum += prior[g] = exp(-0.5 * point(g) * point(g) / fmax(variance, 1e-2));
  for (int g = 0; g < POINTS; ++g) prior[g] /= sum;
}

/// How many users tell the prior: those with answers, or every so many-th of them.
static int64_t tellers(const effects *e, int64_t *every) {
  int64_t n = 0;
  for (int64_t u = 0; u < e->n_user; ++u) n += e->user_n[u] > 0;
  *every = n > 0 ? (n + EFFECTS_PRIOR_USERS - 1) / EFFECTS_PRIOR_USERS : 1;
  return (n + *every - 1) / *every;
}

/// Expectation maximisation of the prior, from where it stands.
static void learn_prior(fitting *f) {
  effects *e = f->e;
  double normal[POINTS];
  int64_t every, n = 0, seen = 0;
  tellers(e, &every);
  for (int64_t u = 0; u < e->n_user; ++u)
    if (e->user_n[u] > 0 && seen++ % every == 0) likelihood_of(f, u, f->likelihood + POINTS * n++);
  normal_prior(e->user_variance, normal);
  for (int step = 0; step < EFFECTS_PRIOR_STEPS; ++step) {
    double mass[POINTS];
    for (int g = 0; g < POINTS; ++g) mass[g] = EFFECTS_PRIOR_WEIGHT * normal[g];
    for (int64_t k = 0; k < n; ++k) {
      double p[POINTS];
      memcpy(p, f->likelihood + POINTS * k, sizeof p);
      posterior(e->prior, p);
      for (int g = 0; g < POINTS; ++g) mass[g] += p[g];
    }
    for (int g = 0; g < POINTS; ++g) e->prior[g] = mass[g] / ((double)n + EFFECTS_PRIOR_WEIGHT);
  }
}

static void fit_any(fitting *f) {
  effects *e = f->e;
  for (int g = 0; g < POINTS; ++g) {
    f->point_odds[0][g] = exp(point(g));
    f->point_odds[1][g] = exp(-point(g));
  }
  normal_prior(e->user_variance, e->prior);
  for (int round = 0; round < EFFECTS_ROUNDS; ++round) {
    if (round > 0)
      for (int step = 0; step < ITEM_STEPS; ++step) step_items(f);
    learn_prior(f);
    int64_t every, teller = 0, seen = 0;
    tellers(e, &every);
    for (int64_t u = 0; u < e->n_user; ++u) {
      double p[POINTS];
      if (e->user_n[u] > 0 && seen++ % every == 0)  // learn_prior has it already
        memcpy(p, f->likelihood + POINTS * teller++, sizeof p);
      else
        likelihood_of(f, u, p);
      e->user[u] = posterior(e->prior, p);
    }
  }
}

throng_status effects_fit(const throng_world *world, int hidden, effects *out) {
  fitting f = {.world = world, .hidden = hidden, .e = out};
  int64_t every;
  throng_status status;
  *out = (effects){.n_user = world->n_user, .n_item = world->n_item};
#define TAKE(array, n) \
  THRONG_TRY_GOTO(throng_alloc((void **)&(array), (size_t)(n), sizeof *(array), "effects"))
  TAKE(out->user, world->n_user);
  TAKE(out->item, world->n_item);
  TAKE(out->user_n, world->n_user);
  TAKE(out->item_n, world->n_item);
  TAKE(f.gradient, world->n_item);
  TAKE(f.curvature, world->n_item);
  TAKE(f.user_odds, world->n_user);
  TAKE(f.item_odds, world->n_item);
  count(&f);
  out->mean = logistic_logit(effects_share(out));
  out->user_variance = out->item_variance = 1;
  normal_prior(1, out->prior);
  if (out->n_like == 0 || out->n_like == out->n) goto done;
  TAKE(f.likelihood, POINTS * tellers(out, &every));
#undef TAKE
  fit_normal(&f);
  fit_any(&f);
done:
  free(f.gradient);
  free(f.curvature);
  free(f.user_odds);
  free(f.item_odds);
  free(f.likelihood);
  if (status != THRONG_OK) effects_free(out);
  return status;
}
