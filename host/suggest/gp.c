/// The sampler "gp": Gaussian processes of score, cost and failure. Each suggestion aims at a cost
/// of its own, so that a sweep learns the front of score and cost, as PufferLib's Protein does.
/// What it rates a candidate by is the logarithm of its expected improvement over the best trial
/// that costs no more than this suggestion's target, and of the probabilities that it costs no more
/// and does not fail (Gardner et al. 2014).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suggest/gp_data.h"
#include "suggest/gp_math.h"
#include "suggest/gp_model.h"
#include "suggest/gp_points.h"
#include "suggest/normal.h"
#include "suggest/pareto.h"
#include "suggest/samplers.h"
#include "suggest/sobol_points.h"

enum {
  USUAL_CANDIDATES = 256,
  AT_ONCE = 256,   // candidates that are rated together
  REFINED = 48,    // candidates of each later stage, around the best so far
  FIT_ROWS = 100,  // a fit sees no more trials than that
  MOST_CENTRES = 32,
};
_Static_assert((int)AT_ONCE >= (int)GP_MOST_PENDING && AT_ONCE >= REFINED, "scratch");
/// Purposes of gp_points_uniform, and blocks of candidates' numbers.
enum { USE_TARGET = 8, USE_NOISE, USE_CENTRE, USE_WIDTH };
enum { FROM_FIT = 1 << 24 };

/// Of the range of lengths, in the first trials.
static const double shorter = 0.25;

/// Widths of the stages after the first.
static const double refined_width[] = {0.05, 0.015, 0.005};
/// Protein's shares of the (logarithmic) range of costs that suggestions aim at.
static const double target_share[] = {0.16, 0.32, 0.48, 0.64, 0.8, 1};

/// A process: its hyperparameters from the last fit, and its factor.
typedef struct surrogate {
  gp_theta theta;
  gp_factor *factor;
  double *weight;  // (most observations)
} surrogate;

typedef struct gp {
  gp_points points;
  sobol_directions sobol;
  gp_prior prior;
  surrogate score, cost, outcome;
  int64_t *finished;  // (n_finished) places, in the order in which trials ended
  size_t finished_capacity;
  bool *is_finished;  // (known) by place
  size_t known;
  int64_t n_finished, next_fit;
  double *scratch;
  size_t scratch_capacity;
} gp;

static void surrogate_free(surrogate *s) {
  gp_factor_free(s->factor);
  free(s->weight);
}

static throng_status surrogate_make(surrogate *s, const gp *own, int64_t most, int64_t pending) {
  void *weight = NULL;
  s->theta = own->prior.mean;
  THRONG_TRY(gp_factor_create(own->points.n_input, most + pending, &s->factor));
  THRONG_TRY(throng_alloc(&weight, (size_t)most, sizeof(double), "gaussian process"));
  s->weight = weight;
  return THRONG_OK;
}

static void gp_free(void *block) {
  gp *own = block;
  if (!own) return;
  surrogate_free(&own->score);
  surrogate_free(&own->cost);
  surrogate_free(&own->outcome);
  free(own->finished);
  free(own->is_finished);
  free(own->scratch);
  free(own);
}

static throng_status gp_create(const sampler_def *def, void **out) {
  void *block = NULL;
  throng_status status;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(gp), "gaussian process"));
  gp *own = block;
  own->points = gp_points_of(def->space, def->seed, def->max_cost);
  sobol_directions_make(&own->sobol);
  own->prior = gp_usual_prior(own->points.n_input);
  own->next_fit = 4;
  THRONG_TRY_GOTO(surrogate_make(&own->score, own, GP_MOST_TRIALS, GP_MOST_PENDING));
  THRONG_TRY_GOTO(surrogate_make(&own->cost, own, GP_MOST_COSTS, 0));
  THRONG_TRY_GOTO(surrogate_make(&own->outcome, own, GP_MOST_OUTCOMES, 0));
  *out = own;
  return THRONG_OK;
done:
  gp_free(own);
  return status;
}

// ---- what trials tell ---------------------------------------------------------------------------
/// Fit to at most FIT_ROWS rows: every so many, so that all of the sweep is seen.
static throng_status fit(surrogate *s, const gp *own, const gp_table *t) {
  if (t->n < 2) return THRONG_OK;
  const int32_t n_input = own->points.n_input;
  const int64_t n = t->n < FIT_ROWS ? t->n : FIT_ROWS;
  void *block = NULL;
  THRONG_TRY(
      throng_alloc(&block, (size_t)n * (size_t)(n_input + 1), sizeof(double), "gaussian process"));
  double *input = block, *y = input + n * n_input;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t from = i * t->n / n;
    memcpy(input + i * n_input, t->input + from * n_input, (size_t)n_input * sizeof *input);
    y[i] = t->y[from];
  }
  const throng_status status =
      gp_fit(&s->theta, &own->prior, n_input, n, input, y, n < 50 ? 60 : 12);
  free(block);
  return status;
}

/// Where failures end at an edge the likeliest lengths become shorter the more trials lie there,
/// and all that lies further off would count as untried. A failure speaks for its surroundings.
static void widen(gp_theta *theta, int32_t n_input) {
  static const double least_length = 0.3, least_noise = 0.05;
  for (int32_t i = 0; i < n_input; ++i)
    theta->length[i] = fmax(theta->length[i], log(least_length));
  theta->noise = fmax(theta->noise, log(least_noise));
}

/// Hyperparameters depend on what was told alone, not on what was suggested: a sweep that is
/// resumed tells its trials again and is where it was.
static throng_status fit_all(gp *own, const sampler_history *history) {
  gp_data data;
  THRONG_TRY(gp_data_gather(&own->points, history, own->finished, own->n_finished,
                            (gp_draw){own->n_finished, FROM_FIT}, &data));
  throng_status status = fit(&own->score, own, &data.score);
  if (status == THRONG_OK && !isnan(data.cost_low)) status = fit(&own->cost, own, &data.cost);
  if (status == THRONG_OK) status = fit(&own->outcome, own, &data.outcome);
  widen(&own->outcome.theta, own->points.n_input);
  gp_data_free(&data);
  own->next_fit = own->n_finished + (own->n_finished < 32 ? 2 : own->n_finished / 16);
  return status;
}

static throng_status gp_tell(void *block, const sampler_history *history, int64_t k) {
  gp *own = block;
  const trial_state state = history->state[k];
  if (state == TRIAL_RUNNING || state == TRIAL_WAITING) return THRONG_OK;
  const size_t before = own->known;
  void *grown = own->is_finished;
  const throng_status status =
      throng_grow(&grown, &own->known, (size_t)k + 1, sizeof(bool), "gaussian process");
  own->is_finished = grown;
  THRONG_TRY(status);
  memset(own->is_finished + before, 0, (own->known - before) * sizeof(bool));
  if (own->is_finished[k]) return THRONG_OK;
  grown = own->finished;
  const throng_status grew =
      throng_grow(&grown, &own->finished_capacity, (size_t)own->n_finished + 1, sizeof(int64_t),
                  "gaussian process");
  own->finished = grown;
  THRONG_TRY(grew);
  own->is_finished[k] = true;
  own->finished[own->n_finished++] = k;
  return own->n_finished < own->next_fit ? THRONG_OK : fit_all(own, history);
}

// ---- what to suggest ----------------------------------------------------------------------------
/// All that one suggestion needs.
typedef struct inquiry {
  gp *own;
  const gp_data *data;
  int64_t number;
  double best;    // standardised mean of the best trial within the target
  double target;  // standardised logarithm of the cost; NaN: costs do not differ
  int64_t n_centre;
  double centre[MOST_CENTRES][SPACE_MOST];
} inquiry;

static throng_status prepare(surrogate *s, const gp_table *t, double *fitted) {
  THRONG_TRY(gp_factor_set(s->factor, &s->theta, t->n_all, t->input));
  return gp_factor_weigh(s->factor, t->n, t->y, s->weight, fitted);
}

static void choose_target(inquiry *q, double max_cost) {
  const gp_data *d = q->data;
  q->target = (double)NAN;
  if (isnan(d->cost_low)) return;
  const gp_draw draw = {q->number, 0};
  const int n = (int)(sizeof target_share / sizeof *target_share);
  const int which = (int)(gp_points_uniform(&q->own->points, draw, USE_TARGET) * n);
  const double noise = 0.2 * (gp_points_uniform(&q->own->points, draw, USE_NOISE) - 0.5);
  double high = d->cost_high;
  if (max_cost > 0) high = fmin(high, log(max_cost));
  double target = d->cost_low + (1.1 * target_share[which] + noise) * (high - d->cost_low);
  if (max_cost > 0) target = fmin(target, log(max_cost));
  q->target = (target - d->cost.mean) / d->cost.sd;
}

/// The least mean of the trials that were trained furthest and cost no more than the target; the
/// worst of all where there is none.
static void choose_best(inquiry *q, const double *fitted) {
  const gp_data *d = q->data;
  double furthest = -INFINITY, worst = -INFINITY, best = INFINITY;
  for (int64_t i = 0; i < d->score.n; ++i) furthest = fmax(furthest, d->trained[i]);
  for (int64_t i = 0; i < d->score.n; ++i) {
    worst = fmax(worst, fitted[i]);
    if (d->trained[i] < furthest - 0.01) continue;
    const double cost = (d->log_cost[i] - d->cost.mean) / d->cost.sd;
    if (isnan(q->target) || !(cost > q->target)) best = fmin(best, fitted[i]);
  }
  q->best = isfinite(best) ? best : worst;
}

/// A running trial may be the best to beat as well: else all would be sent to the least mean.
/// `scratch` (all rows + 3 * pending)
static throng_status count_pending(inquiry *q, double *scratch) {
  const gp *own = q->own;
  const gp_table *score = &q->data->score, *cost = &q->data->cost;
  const int64_t n = score->n_all - score->n;
  double *mean = scratch, *cost_mean = mean + n, *variance = cost_mean + n;
  if (n == 0) return THRONG_OK;
  gp_factor_pending(own->score.factor, score->n, own->score.weight, mean);
  if (!isnan(q->target))
    THRONG_TRY(gp_factor_predict(own->cost.factor, cost->n, own->cost.weight, n,
                                 score->input + score->n * own->points.n_input, cost_mean, variance,
                                 variance + n));
  for (int64_t i = 0; i < n; ++i)
    if (isnan(q->target) || cost_mean[i] <= q->target) q->best = fmin(q->best, mean[i]);
  return THRONG_OK;
}

static void add_centre(inquiry *q, int64_t at) {
  const int32_t n = q->own->points.space->n;
  if (q->n_centre < MOST_CENTRES)
    memcpy(q->centre[q->n_centre++], q->data->u + at * n, (size_t)n * sizeof(double));
}

/// The five best trials, and the front of mean and cost. `pair` (n, 2), `front` (n)
static throng_status choose_centres(inquiry *q, const double *fitted, double *pair, bool *front) {
  const gp_data *d = q->data;
  int64_t best[5], n_best = 0;
  for (int64_t i = 0; i < d->score.n; ++i) {
    pair[2 * i] = fitted[i];
    pair[2 * i + 1] = d->log_cost[i];
    int64_t at = n_best < 5 ? n_best++ : 5;
    for (; at > 0 && fitted[best[at - 1]] > fitted[i]; --at)
      if (at < 5) best[at] = best[at - 1];
    if (at < 5) best[at] = i;
  }
  for (int64_t i = 0; i < n_best; ++i) add_centre(q, best[i]);
  if (isnan(q->target)) return THRONG_OK;
  THRONG_TRY(pareto_front(d->score.n, 2, pair, front, NULL));
  for (int64_t i = d->score.n - 1; i >= 0; --i)
    if (front[i]) add_centre(q, i);
  return THRONG_OK;
}

typedef struct candidates {
  int64_t n, most;
  double *u;                         // (most, space->n)
  double *input;                     // (most, n_input)
  double *rating, *mean, *variance;  // (most)
} candidates;

/// Rate candidates first .. first + m - 1.
static throng_status rate(const inquiry *q, candidates *c, int64_t first, int64_t m,
                          double *scratch) {
  gp *own = q->own;
  const gp_data *d = q->data;
  const double *input = c->input + first * own->points.n_input;
  double *rating = c->rating + first;
  THRONG_TRY(gp_factor_predict(own->score.factor, d->score.n, own->score.weight, m, input, c->mean,
                               c->variance, scratch));
  for (int64_t i = 0; i < m; ++i) {
    const double sd = sqrt(c->variance[i]);
    rating[i] = log(sd) + gp_log_improvement((q->best - c->mean[i]) / sd);
  }
  if (!isnan(q->target)) {
    THRONG_TRY(gp_factor_predict(own->cost.factor, d->cost.n, own->cost.weight, m, input, c->mean,
                                 c->variance, scratch));
    const double noise = exp(own->cost.theta.noise);
    for (int64_t i = 0; i < m; ++i)
      rating[i] +=
          normal_log_mass(-INFINITY, (q->target - c->mean[i]) / sqrt(c->variance[i] + noise));
  }
  if (d->outcome.n == 0) return THRONG_OK;
  THRONG_TRY(gp_factor_predict(own->outcome.factor, d->outcome.n, own->outcome.weight, m, input,
                               c->mean, c->variance, scratch));
  for (int64_t i = 0; i < m; ++i) {
    const double failure = d->outcome.mean + d->outcome.sd * c->mean[i];
    rating[i] += log1p(-fmin(fmax(failure, 0), 0.999));
    // An improvement far out of reach has a logarithm of minus thousands; a failure is worse.
    if (failure > 0.5) rating[i] -= 1e9;
  }
  return THRONG_OK;
}

static throng_status rate_from(const inquiry *q, candidates *c, int64_t first, double *scratch) {
  for (int64_t k = first; k < c->n; k += AT_ONCE)
    THRONG_TRY(rate(q, c, k, c->n - k < AT_ONCE ? c->n - k : AT_ONCE, scratch));
  return THRONG_OK;
}

static int64_t best_of(const candidates *c) {
  int64_t best = 0;
  for (int64_t i = 1; i < c->n; ++i)
    if (c->rating[i] > c->rating[best]) best = i;
  return best;
}

/// One candidate more: near `centre`, anywhere where that is NULL.
static void add_candidate(const inquiry *q, candidates *c, const double *centre, double width) {
  const gp_points *p = &q->own->points;
  const gp_draw draw = {q->number, 1 + (uint32_t)c->n};
  double *u = c->u + c->n * p->space->n;
  if (centre)
    gp_points_near(p, draw, centre, width, u);
  else
    gp_points_anywhere(p, draw, u);
  gp_points_input(p, u, 0, c->input + c->n++ * p->n_input);
}

/// A quarter anywhere, the rest near the centres; then ever closer to the best.
static throng_status search(const inquiry *q, candidates *c, int64_t wanted, double *scratch) {
  const gp_points *p = &q->own->points;
  while (c->n < wanted) {
    const gp_draw draw = {q->number, 1 + (uint32_t)c->n};
    const int64_t which = (int64_t)(gp_points_uniform(p, draw, USE_CENTRE) * (double)q->n_centre);
    const double width = exp2(-1 - 5 * gp_points_uniform(p, draw, USE_WIDTH));
    add_candidate(q, c, c->n % 4 ? q->centre[which] : NULL, width);
  }
  THRONG_TRY(rate_from(q, c, 0, scratch));
  for (size_t stage = 0; stage < sizeof refined_width / sizeof *refined_width; ++stage) {
    const int64_t first = c->n, centre = best_of(c);
    while (c->n < first + REFINED)
      add_candidate(q, c, c->u + centre * p->space->n, refined_width[stage]);
    THRONG_TRY(rate_from(q, c, first, scratch));
  }
  return THRONG_OK;
}

static bool equal(int32_t n, const double *a, const double *b) {
  for (int32_t k = 0; k < n; ++k)
    if (a[k] != b[k] && !(isnan(a[k]) && isnan(b[k]))) return false;
  return true;
}

/// The best candidate that no trial has tried; the best where all were.
static void take_best(const inquiry *q, const sampler_history *h, candidates *c, double *x) {
  const gp_points *p = &q->own->points;
  const int32_t n = p->space->n;
  for (int tries = 0; tries < 64; ++tries) {
    const int64_t best = best_of(c);
    if (tries > 0 && c->rating[best] == -INFINITY) return;
    double fresh[SPACE_MOST];
    gp_points_leave(p, c->u + best * n, fresh);
    if (tries == 0) memcpy(x, fresh, (size_t)n * sizeof *x);
    bool known = false;
    for (int64_t k = 0; k < h->n && !known; ++k) known = equal(n, h->x + k * n, fresh);
    if (!known) {
      memcpy(x, fresh, (size_t)n * sizeof *x);
      return;
    }
    for (int64_t i = 0; i < c->n; ++i)  // itself, and all that are the same point
      if (equal(n, c->u + i * n, c->u + best * n)) c->rating[i] = -INFINITY;
  }
}

static throng_status ask_models(gp *own, const sampler_history *h, const gp_data *d, int64_t number,
                                double *x) {
  const int32_t n_input = own->points.n_input, n = own->points.space->n;
  const int64_t wanted = h->def->candidates > 0 ? h->def->candidates : USUAL_CANDIDATES;
  const int64_t most = wanted + 3 * REFINED,
                rows = d->score.n_all > GP_MOST_COSTS ? d->score.n_all : GP_MOST_COSTS;
  inquiry q = {.own = own, .data = d, .number = number};
  void *grown = own->scratch;
  const throng_status grew = throng_grow(
      &grown, &own->scratch_capacity,
      (size_t)(rows * AT_ONCE + 3 * GP_MOST_PENDING + most * (n + n_input + 3) + d->score.n * 4),
      sizeof(double), "gaussian process");
  own->scratch = grown;
  THRONG_TRY(grew);
  candidates c = {.most = most, .u = own->scratch};
  c.input = c.u + most * n;
  c.rating = c.input + most * n_input;
  c.mean = c.rating + most;
  c.variance = c.mean + most;
  double *fitted = c.variance + most, *pair = fitted + d->score.n, *rest = pair + 3 * d->score.n;
  THRONG_TRY(prepare(&own->score, &d->score, fitted));
  choose_target(&q, h->def->max_cost);
  if (!isnan(q.target)) THRONG_TRY(prepare(&own->cost, &d->cost, NULL));
  if (d->outcome.n) THRONG_TRY(prepare(&own->outcome, &d->outcome, NULL));
  choose_best(&q, fitted);
  THRONG_TRY(count_pending(&q, rest));
  THRONG_TRY(choose_centres(&q, fitted, pair, (bool *)(pair + 2 * d->score.n)));
  THRONG_TRY(search(&q, &c, wanted, rest));
  take_best(&q, h, &c, x);
  return THRONG_OK;
}

/// Spread over the space by Sobol's sequence; of the lengths of trials only the shorter ones.
static void startup(const gp *own, const sampler_def *def, int64_t number, double *x) {
  double u[SPACE_MOST];
  for (int32_t k = 0; k < def->space->n; ++k) {
    const uint32_t bits = sobol_coordinate(&own->sobol, k, (uint32_t)number);
    u[k] = ((double)sobol_scramble(bits, def->seed, k) + 0.5) * 0x1p-32;
  }
  if (own->points.steps >= 0) u[own->points.steps] *= shorter;
  gp_points_settle(&own->points, u);
  gp_points_leave(&own->points, u, x);
}

static throng_status gp_suggest(void *block, const sampler_history *history, int64_t number,
                                double *x, bool *end) {
  gp *own = block;
  *end = false;
  int64_t scored = 0;
  for (int64_t i = 0; i < own->n_finished && scored < 2; ++i)
    scored += gp_data_scored(history, own->finished[i]);
  if (number < history->def->startup_trials || scored < 2) {
    startup(own, history->def, number, x);
    return THRONG_OK;
  }
  gp_data data;
  THRONG_TRY(gp_data_gather(&own->points, history, own->finished, own->n_finished,
                            (gp_draw){number, 0}, &data));
  const throng_status status = ask_models(own, history, &data, number, x);
  gp_data_free(&data);
  return status;
}

const sampler_ops sampler_gp = {
    .name = "gp",
    .create = gp_create,
    .free = gp_free,
    .tell = gp_tell,
    .suggest = gp_suggest,
};
