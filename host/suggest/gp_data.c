/// Picks a sweep's telling trials and makes their outcomes into numbers that a process fits.
#include "suggest/gp_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "suggest/pareto.h"

/// Purposes of gp_points_uniform.
enum { USE_WEIGHTS = 1 /* and SWEEP_MOST_OBJECTIVES - 1 more */ };

bool gp_data_scored(const sampler_history *h, int64_t k) {
  if (h->state[k] != TRIAL_COMPLETE && h->state[k] != TRIAL_PRUNED) return false;
  for (int32_t j = 0; j < h->def->n_objective; ++j)
    if (!isfinite(h->value[k * h->def->n_objective + j])) return false;
  return true;
}

/// With several objectives a trial that was given up has no values, and yet was judged.
static bool judged(const sampler_history *h, int64_t k) {
  return h->state[k] == TRIAL_PRUNED && h->def->n_objective > 1;
}

static bool failed(const sampler_history *h, int64_t k) {
  return !gp_data_scored(h, k) && !judged(h, k);
}

/// How bad the worst are is of no use to a model: what lies three interquartile ranges beyond the
/// worse quartile is drawn in. Then mean 0, variance 1.
static void standardise(int64_t n, double *y, double *sorted, double *mean_out, double *sd_out) {
  double sum = 0, squares = 0;
  if (n > 3) {
    memcpy(sorted, y, (size_t)n * sizeof *y);
    sort_numbers(n, sorted);
    const double range = sorted[3 * n / 4] - sorted[n / 4];
    const double most = sorted[3 * n / 4] + 3 * range;
    for (int64_t i = 0; i < n && range > 0; ++i) y[i] = fmin(y[i], most);
  }
  for (int64_t i = 0; i < n; ++i) sum += y[i];
  const double mean = n ? sum / (double)n : 0;
  for (int64_t i = 0; i < n; ++i) squares += (y[i] - mean) * (y[i] - mean);
  double sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 1;
  if (!(sd > 1e-12 * fabs(mean)) || !isfinite(sd)) sd = 1;
  for (int64_t i = 0; i < n; ++i) y[i] = (y[i] - mean) / sd;
  *mean_out = mean;
  *sd_out = sd;
}

/// What was judged and has no value is taken to lie where the worse quarter of the others begins.
static void impute(int64_t n, double *value, double *sorted) {
  int64_t known = 0;
  for (int64_t i = 0; i < n; ++i)
    if (!isnan(value[i])) sorted[known++] = value[i];
  sort_numbers(known, sorted);
  for (int64_t i = 0; i < n; ++i)
    if (isnan(value[i])) value[i] = known ? sorted[3 * known / 4] : 0;
}

/// User-steps of a trial that is trained to its end.
static double planned_steps(const gp_points *p, const sampler_history *h, int64_t k,
                            double longest) {
  const double steps = p->steps >= 0 ? h->x[k * p->space->n + p->steps] : longest;
  return steps > h->resource[k] ? steps : h->resource[k];
}

static double share_trained(const gp_points *p, const sampler_history *h, int64_t k,
                            double longest) {
  if (h->state[k] == TRIAL_COMPLETE || !(h->resource[k] > 0)) return 1;
  return h->resource[k] / planned_steps(p, h, k, longest);
}

/// Logarithm of what the whole trial would cost; NaN: not known.
static double whole_cost(const gp_points *p, const sampler_history *h, int64_t k, double longest) {
  if (!(h->cost[k] > 0) || !isfinite(h->cost[k])) return (double)NAN;
  if (h->state[k] == TRIAL_FAILED && !(h->resource[k] > 0)) return (double)NAN;
  return log(h->cost[k] / share_trained(p, h, k, longest));
}

static double longest_trial(const sampler_history *h) {
  double whole = 0, any = 0;
  for (int64_t k = 0; k < h->n; ++k) {
    if (h->resource[k] > any) any = h->resource[k];
    if (h->state[k] == TRIAL_COMPLETE && h->resource[k] > whole) whole = h->resource[k];
  }
  return whole > 0 ? whole : any;
}

/// One number for several objectives: each 0 at its best and 1 at its worst, weighed at random, the
/// largest of them and a little of the sum. `sorted` (n)
static void scalarise(const gp_points *p, const sampler_history *h, const int64_t *pick, int64_t n,
                      gp_draw draw, double *value, double *sorted) {
  const int32_t n_objective = h->def->n_objective;
  double weight[SWEEP_MOST_OBJECTIVES] = {0}, sum = 0;
  for (int32_t j = 0; j < n_objective; ++j)
    sum += weight[j] = -log(gp_points_uniform(p, draw, USE_WEIGHTS + (uint32_t)j));
  double least[SWEEP_MOST_OBJECTIVES], most[SWEEP_MOST_OBJECTIVES];
  for (int32_t j = 0; j < n_objective; ++j) {
    least[j] = INFINITY, most[j] = -INFINITY;
    for (int64_t i = 0; i < n; ++i) {
      least[j] = fmin(least[j], h->value[pick[i] * n_objective + j]);
      most[j] = fmax(most[j], h->value[pick[i] * n_objective + j]);
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    double largest = 0, all = 0;
    bool known = true;
    for (int32_t j = 0; j < n_objective; ++j) {
      const double range = most[j] - least[j], one = h->value[pick[i] * n_objective + j];
      const double part = range > 0 ? weight[j] / sum * (one - least[j]) / range : 0;
      largest = fmax(largest, part);
      known &= !isnan(one);
      all += part;
    }
    value[i] = n_objective == 1 ? h->value[pick[i]] : largest + 0.05 * all;
    if (!known) value[i] = (double)NAN;
  }
  impute(n, value, sorted);
}

typedef struct ranked {
  double value;
  int64_t at;
} ranked;

static int by_value(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return x->at < y->at ? -1 : 1;
}

/// Of all scored trials a third for the best, a sixth for the front of value and cost, the rest for
/// the last. `pair` (n, 2): value and cost. Marks `keep`.
static throng_status choose(int64_t n, const double *pair, bool *keep) {
  void *rank_block = NULL, *front = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&rank_block, (size_t)n, sizeof(ranked), "gaussian process"));
  THRONG_TRY_GOTO(throng_alloc(&front, (size_t)n, sizeof(bool), "gaussian process"));
  THRONG_TRY_GOTO(pareto_front(n, 2, pair, front, NULL));
  ranked *rank = rank_block;
  for (int64_t i = 0; i < n; ++i) rank[i] = (ranked){pair[2 * i], i};
  qsort(rank, (size_t)n, sizeof *rank, by_value);
  int64_t kept = 0;
  for (; kept < GP_MOST_TRIALS / 3; ++kept) keep[rank[kept].at] = true;
  for (int64_t i = n - 1, more = GP_MOST_TRIALS / 6; i >= 0 && more > 0; --i)
    if (((bool *)front)[i] && !keep[i]) keep[i] = true, ++kept, --more;
  for (int64_t i = n - 1; i >= 0 && kept < GP_MOST_TRIALS; --i)
    if (!keep[i]) keep[i] = true, ++kept;
done:
  free(rank_block);
  free(front);
  return status;
}

/// The places of at most GP_MOST_TRIALS scored trials, in their order; `pick` (n_finished).
static throng_status pick_trials(const gp_points *p, const sampler_history *h,
                                 const int64_t *finished, int64_t n_finished, gp_draw draw,
                                 int64_t *pick, int64_t *n_pick) {
  int64_t n = 0;
  for (int64_t i = 0; i < n_finished; ++i)
    if (!failed(h, finished[i])) pick[n++] = finished[i];
  *n_pick = n;
  if (n <= GP_MOST_TRIALS) return THRONG_OK;
  void *value = NULL, *sorted = NULL, *pair_block = NULL, *keep = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&value, (size_t)n, sizeof(double), "gaussian process"));
  THRONG_TRY_GOTO(throng_alloc(&sorted, (size_t)n, sizeof(double), "gaussian process"));
  THRONG_TRY_GOTO(throng_alloc(&pair_block, (size_t)n, 2 * sizeof(double), "gaussian process"));
  THRONG_TRY_GOTO(throng_alloc(&keep, (size_t)n, sizeof(bool), "gaussian process"));
  scalarise(p, h, pick, n, draw, value, sorted);
  double *pair = pair_block;
  for (int64_t i = 0; i < n; ++i) {
    pair[2 * i] = ((double *)value)[i];
    pair[2 * i + 1] = h->cost[pick[i]];
  }
  THRONG_TRY_GOTO(choose(n, pair, keep));
  *n_pick = 0;
  for (int64_t i = 0; i < n; ++i)
    if (((bool *)keep)[i]) pick[(*n_pick)++] = pick[i];
done:
  free(value);
  free(sorted);
  free(pair_block);
  free(keep);
  return status;
}

static throng_status table_make(gp_table *t, int64_t most, int32_t n_input) {
  void *input = NULL, *y = NULL;
  THRONG_TRY(throng_alloc(&input, (size_t)(most + 1) * (size_t)n_input, sizeof(double),
                          "gaussian process"));
  t->input = input;
  THRONG_TRY(throng_alloc(&y, (size_t)most + 1, sizeof(double), "gaussian process"));
  t->y = y;
  return THRONG_OK;
}

static void table_add(gp_table *t, const gp_points *p, const double *u, double trained, double y) {
  gp_points_input(p, u, trained, t->input + t->n_all * p->n_input);
  t->y[t->n_all++] = y;
  t->n = t->n_all;
}

static void add_pending(gp_table *t, const gp_points *p, const sampler_history *h) {
  int64_t first = h->n, running = 0;
  while (first > 0 && running < GP_MOST_PENDING) {
    --first;
    running += h->state[first] == TRIAL_RUNNING || h->state[first] == TRIAL_WAITING;
  }
  double u[SPACE_MOST];
  for (int64_t k = first; k < h->n; ++k) {
    if (h->state[k] != TRIAL_RUNNING && h->state[k] != TRIAL_WAITING) continue;
    gp_points_enter(p, h->x + k * p->space->n, u);
    gp_points_input(p, u, 0, t->input + t->n_all++ * p->n_input);
  }
}

static void add_costs(gp_data *d, const gp_points *p, const sampler_history *h,
                      const int64_t *finished, int64_t n_finished, double longest) {
  int64_t first = n_finished, known = 0;
  while (first > 0 && known < GP_MOST_COSTS)
    known += !isnan(whole_cost(p, h, finished[--first], longest));
  double u[SPACE_MOST], low = INFINITY, high = -INFINITY, rate = 0;
  for (int64_t i = first; i < n_finished; ++i) {
    const int64_t k = finished[i];
    const double cost = whole_cost(p, h, k, longest);
    if (isnan(cost)) continue;
    gp_points_enter(p, h->x + k * p->space->n, u);
    table_add(&d->cost, p, u, 0, cost);
    low = fmin(low, cost);
    high = fmax(high, cost);
    rate += cost - log(planned_steps(p, h, k, longest));
  }
  d->cost_low = d->cost_high = (double)NAN;
  if (d->cost.n == 0) return;
  if (p->steps >= 0) {  // What was not tried yet is known, too.
    const space_parameter *steps = &p->space->parameter[p->steps];
    low = fmin(low, rate / (double)d->cost.n + log(fmax(steps->low, 1)));
    high = fmax(high, rate / (double)d->cost.n + log(fmax(steps->high, 1)));
  }
  if (high - low > 0.05) d->cost_low = low, d->cost_high = high;
}

/// 1 for a failure, else 0; nothing where all or none failed.
static void add_outcomes(gp_data *d, const gp_points *p, const sampler_history *h,
                         const int64_t *finished, int64_t n_finished) {
  int64_t n_failed = 0;
  const int64_t first = n_finished > GP_MOST_OUTCOMES ? n_finished - GP_MOST_OUTCOMES : 0;
  for (int64_t i = first; i < n_finished; ++i) n_failed += failed(h, finished[i]);
  if (n_failed == 0 || n_failed == n_finished - first) return;
  double u[SPACE_MOST];
  for (int64_t i = first; i < n_finished; ++i) {
    gp_points_enter(p, h->x + finished[i] * p->space->n, u);
    table_add(&d->outcome, p, u, 0, failed(h, finished[i]) ? 1 : 0);
  }
}

static throng_status make(gp_data *d, const gp_points *p, int64_t n_pick) {
  const size_t n = (size_t)n_pick + 1;
  void *block = NULL;
  THRONG_TRY(table_make(&d->score, n_pick + GP_MOST_PENDING, p->n_input));
  THRONG_TRY(table_make(&d->cost, GP_MOST_COSTS, p->n_input));
  THRONG_TRY(table_make(&d->outcome, GP_MOST_OUTCOMES, p->n_input));
  THRONG_TRY(throng_alloc(&block, n * (size_t)p->space->n, sizeof(double), "gaussian process"));
  d->u = block;
  THRONG_TRY(throng_alloc(&block, n, 3 * sizeof(double), "gaussian process"));
  d->trained = block;
  d->value = d->trained + n;
  d->log_cost = d->value + n;
  return THRONG_OK;
}

throng_status gp_data_gather(const gp_points *p, const sampler_history *h, const int64_t *finished,
                             int64_t n_finished, gp_draw draw, gp_data *d) {
  void *pick_block = NULL, *sorted = NULL;
  throng_status status;
  *d = (gp_data){.cost_low = (double)NAN, .cost_high = (double)NAN};
  THRONG_TRY_GOTO(
      throng_alloc(&pick_block, (size_t)n_finished + 1, sizeof(int64_t), "gaussian process"));
  int64_t n = 0;
  int64_t *pick = pick_block;
  THRONG_TRY_GOTO(pick_trials(p, h, finished, n_finished, draw, pick, &n));
  THRONG_TRY_GOTO(make(d, p, n));
  THRONG_TRY_GOTO(throng_alloc(&sorted, (size_t)n + GP_MOST_TRIALS, sizeof(double), "sorting"));
  const double longest = longest_trial(h);
  scalarise(p, h, pick, n, draw, d->value, sorted);
  for (int64_t i = 0; i < n; ++i) {
    double *u = d->u + i * p->space->n;
    gp_points_enter(p, h->x + pick[i] * p->space->n, u);
    d->trained[i] = judged(h, pick[i]) && !gp_data_scored(h, pick[i])
                        ? 0
                        : log(share_trained(p, h, pick[i], longest)) / log(100);
    d->log_cost[i] = whole_cost(p, h, pick[i], longest);
    table_add(&d->score, p, u, d->trained[i], d->value[i]);
  }
  standardise(n, d->score.y, sorted, &d->score.mean, &d->score.sd);
  if (h->def->constant_liar) add_pending(&d->score, p, h);
  add_costs(d, p, h, finished, n_finished, longest);
  standardise(d->cost.n, d->cost.y, sorted, &d->cost.mean, &d->cost.sd);
  add_outcomes(d, p, h, finished, n_finished);
  standardise(d->outcome.n, d->outcome.y, sorted, &d->outcome.mean, &d->outcome.sd);
done:
  free(pick_block);
  free(sorted);
  if (status != THRONG_OK) gp_data_free(d);
  return status;
}

void gp_data_free(gp_data *d) {
  gp_table *tables[] = {&d->score, &d->cost, &d->outcome};
  for (int k = 0; k < 3; ++k) {
    free(tables[k]->input);
    free(tables[k]->y);
  }
  free(d->u);
  free(d->trained);
  *d = (gp_data){0};
}
