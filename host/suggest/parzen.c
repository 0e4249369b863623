/// Parzen estimators: kernels from observations, draws and densities.
#include "suggest/parzen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suggest/normal.h"

enum {
  FLAT = 25,        // the last observations, which count in full
  NEGLIGIBLE = 60,  // in the logarithm: a kernel that even a million times adds no digit
};

// --- kernels ---------------------------------------------------------------------------------

/// The last 25 count 1, those before from 1 / n up to that. The prior counts 1.
static void set_weights(parzen *p, bool even) {
  const int64_t n = p->n_kernel - 1, faded = even || n < FLAT ? 0 : n - FLAT;
  double sum = 1;
  for (int64_t k = 0; k < n; ++k) {
    // numpy.linspace(1 / n, 1, faded), whose last is 1.
    const double first = 1.0 / (double)n, along = faded > 1 ? (double)k / (double)(faded - 1) : 0;
    p->cumulative[k] = k < faded ? first + (1 - first) * along : 1;
    sum += p->cumulative[k];
  }
  p->cumulative[n] = 1;
  for (int64_t k = 0; k <= n; ++k) {
    const double weight = p->cumulative[k] / sum;
    p->log_weight[k] = log(weight);
    p->cumulative[k] = weight + (k ? p->cumulative[k - 1] : 0);
  }
}

static double clip(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

static int by_value(const void *a, const void *b, void *values) {
  const int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
  const double x = ((const double *)values)[i], y = ((const double *)values)[j];
  return x < y ? -1 : x > y ? 1 : (i > j) - (i < j);
}

/// A kernel is as wide as the way to the farther of its two neighbours (of an outermost one: to its
/// only one), and not narrower than a share of the range that shrinks with their number.
static void set_widths(parzen_dimension *d, int64_t n, int32_t *order) {
  const double range = d->high - d->low, least = range / fmin(100, 2 + (double)n);
  for (int64_t k = 0; k < n; ++k) order[k] = (int32_t)k;
  qsort_r(order, (size_t)n, sizeof *order, by_value, d->mu);
  for (int64_t k = 0; k < n; ++k) {
    const double at = d->mu[order[k]];
    const bool alone = n == 1;
    const double before = k > 0 ? at - d->mu[order[k - 1]] : alone ? at - d->low : 0;
    const double after = k + 1 < n ? d->mu[order[k + 1]] - at : alone ? d->high - at : 0;
    d->sigma[order[k]] = clip(fmax(before, after), least, range);
  }
  d->mu[n] = 0.5 * (d->low + d->high);
  d->sigma[n] = range;
}

/// With steps the mass of a value must be found for each mu and sigma: most are met many times.
static void find_pairs(parzen_dimension *d, int64_t n, const int32_t *order) {
  d->n_pair = 0;
  for (int64_t k = 0; k < n; ++k) {
    const int32_t at = order[k];
    // Equal mu stand together; of these at most three differ in sigma.
    int32_t pair = -1;
    for (int64_t j = k - 1; j >= 0 && j >= k - 3 && pair < 0; --j)
      if (d->mu[order[j]] == d->mu[at] && d->sigma[order[j]] == d->sigma[at])
        pair = d->pair[order[j]];
    d->pair[at] = pair < 0 ? d->n_pair++ : pair;
  }
  d->pair[n] = d->n_pair++;
}

static void set_dimension(parzen_dimension *d, int64_t n, int32_t *order) {
  const space_parameter *p = d->parameter;
  if (p->kind == SPACE_CHOICE) return;
  d->low = p->low - p->step / 2;
  d->high = p->high + p->step / 2;
  if (p->log) {
    d->low = log(d->low);
    d->high = log(d->high);
    for (int64_t k = 0; k < n; ++k) d->mu[k] = log(d->mu[k]);
  }
  set_widths(d, n, order);
  for (int64_t k = 0; k <= n; ++k) {
    d->base[k] =
        -normal_log_mass((d->low - d->mu[k]) / d->sigma[k], (d->high - d->mu[k]) / d->sigma[k]);
    if (p->step == 0) d->base[k] -= log(d->sigma[k]) + NORMAL_LOG_ROOT;
  }
  if (p->step > 0) find_pairs(d, n, order);
}

throng_status parzen_create(const space *s, int32_t n_dimension, const int32_t *parameter,
                            int64_t n, const int64_t *row, const double *x, bool even_weights,
                            parzen **out) {
  parzen *p;
  const size_t kernels = (size_t)n + 1, dimensions = (size_t)n_dimension;
  const size_t bytes = dimensions * sizeof(parzen_dimension) +
                       kernels * (3 * 8 + dimensions * 4 * 8 + dimensions * 4 + 4);
  *out = NULL;
  THRONG_TRY(throng_alloc((void **)&p, 1, sizeof *p, "Parzen estimator"));
  throng_status status = throng_alloc(&p->block, 1, bytes, "Parzen estimator");
  if (status != THRONG_OK) return free(p), status;
  *p = (parzen){.n_dimension = n_dimension, .n_kernel = n + 1, .block = p->block};
  p->dimension = p->block;
  double *to = (double *)(void *)(p->dimension + dimensions);
  p->log_weight = to, to += kernels;
  p->cumulative = to, to += kernels;
  p->room = to, to += kernels;
  int32_t *numbers = (int32_t *)(void *)(to + 4 * kernels * dimensions);
  int32_t *order = numbers + kernels * dimensions;
  set_weights(p, even_weights);
  for (int32_t k = 0; k < n_dimension; ++k) {
    parzen_dimension *d = &p->dimension[k];
    d->index = parameter[k];
    d->parameter = &s->parameter[d->index];
    d->mu = to, to += kernels;
    d->sigma = to, to += kernels;
    d->base = to, to += kernels;
    d->pair_mass = to, to += kernels;
    d->pair = numbers + (size_t)k * kernels;
    for (int64_t i = 0; i < n; ++i) d->mu[i] = x[row[i] * s->n + d->index];
    set_dimension(d, n, order);
  }
  *out = p;
  return THRONG_OK;
}

void parzen_free(parzen *p) {
  if (p) free(p->block);
  free(p);
}

// --- choices ---------------------------------------------------------------------------------

/// A kernel's probability of a choice: the observed one stands out the more, the more there are.
static double choice_probability(const parzen *p, const parzen_dimension *d, int64_t kernel,
                                 double choice) {
  const double n_choice = d->parameter->n_choice, n_kernel = (double)p->n_kernel;
  if (kernel == p->n_kernel - 1) return 1 / n_choice;
  const double rest = 1 / n_kernel;
  return ((d->mu[kernel] == choice) + rest) / (1 + n_choice * rest);
}

static double draw_choice(const parzen *p, const parzen_dimension *d, int64_t kernel, double u) {
  const int32_t last = d->parameter->n_choice - 1;
  int32_t c = 0;
  for (; c < last && u > choice_probability(p, d, kernel, c); ++c)
    u -= choice_probability(p, d, kernel, c);
  return c;
}

// --- draws and densities ---------------------------------------------------------------------

static double draw_number(const parzen_dimension *d, int64_t kernel, double u) {
  const space_parameter *p = d->parameter;
  const double mu = d->mu[kernel], sigma = d->sigma[kernel];
  double x = mu + sigma * normal_truncated((d->low - mu) / sigma, (d->high - mu) / sigma, u);
  if (p->log) x = exp(x);
  if (p->step > 0) x = p->low + rint((x - p->low) / p->step) * p->step;
  return clip(x, p->low, p->high);
}

void parzen_draw(const parzen *p, const double *uniform, double *x) {
  int64_t kernel = 0;
  while (kernel < p->n_kernel - 1 && uniform[0] > p->cumulative[kernel]) ++kernel;
  for (int32_t k = 0; k < p->n_dimension; ++k) {
    const parzen_dimension *d = &p->dimension[k];
    x[d->index] = d->parameter->kind == SPACE_CHOICE ? draw_choice(p, d, kernel, uniform[k + 1])
                                                     : draw_number(d, kernel, uniform[k + 1]);
  }
}

static void add_choice(parzen *p, const parzen_dimension *d, double choice) {
  const int64_t n = p->n_kernel - 1;
  const double rest = 1 / (double)p->n_kernel, total = 1 + d->parameter->n_choice * rest;
  const double same = log((1 + rest) / total), other = log(rest / total);
  for (int64_t k = 0; k < n; ++k) p->room[k] += d->mu[k] == choice ? same : other;
  p->room[n] -= log(d->parameter->n_choice);
}

static void add_number(parzen *p, const parzen_dimension *d, double x) {
  for (int64_t k = 0; k < p->n_kernel; ++k) {
    const double z = (x - d->mu[k]) / d->sigma[k];
    p->room[k] += d->base[k] - 0.5 * z * z;
  }
}

static void add_stepped(parzen *p, parzen_dimension *d, double x) {
  const double half = d->parameter->step / 2;
  const double low = d->parameter->log ? log(x - half) : x - half;
  const double high = d->parameter->log ? log(x + half) : x + half;
  for (int32_t i = 0; i < d->n_pair; ++i) d->pair_mass[i] = (double)NAN;
  for (int64_t k = 0; k < p->n_kernel; ++k) {
    double *mass = &d->pair_mass[d->pair[k]];
    if (isnan(*mass))
      *mass = normal_log_mass((low - d->mu[k]) / d->sigma[k], (high - d->mu[k]) / d->sigma[k]);
    p->room[k] += d->base[k] + *mass;
  }
}

double parzen_log_density(parzen *p, const double *x) {
  double most = -HUGE_VAL, sum = 0;
  memcpy(p->room, p->log_weight, (size_t)p->n_kernel * sizeof *p->room);
  for (int32_t i = 0; i < p->n_dimension; ++i) {
    parzen_dimension *d = &p->dimension[i];
    const double at = x[d->index];
    if (d->parameter->kind == SPACE_CHOICE)
      add_choice(p, d, at);
    else if (d->parameter->step > 0)
      add_stepped(p, d, at);
    else
      add_number(p, d, d->parameter->log ? log(at) : at);
  }
  for (int64_t k = 0; k < p->n_kernel; ++k) most = fmax(most, p->room[k]);
  if (most == -HUGE_VAL) return most;
  for (int64_t k = 0; k < p->n_kernel; ++k)
    if (p->room[k] > most - NEGLIGIBLE) sum += exp(p->room[k] - most);
  return most + log(sum);
}
