/// The hyperparameters of a Gaussian process: the most probable ones, by L-BFGS (Nocedal & Wright
/// 2006, algorithms 7.4 and 7.5).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "suggest/gp_model.h"

enum { MOST = 2 + GP_MOST_INPUT, MEMORY = 8 };

/// exp of it: noise and lengthscales beyond make matrices that cannot be factorised.
static const double lowest = -13.0, highest = 8.0;

typedef struct problem {
  const gp_prior *prior;
  int32_t n_input;
  int64_t n;
  const double *input, *y;
  double *scratch;
  int left;  // evaluations
} problem;

gp_prior gp_usual_prior(int32_t n_input) {
  gp_prior prior = {.mean = {.scale = 0, .noise = -4}, .sd = {.scale = 1, .noise = 1.5}};
  for (int32_t i = 0; i < n_input; ++i) {
    prior.mean.length[i] = 0.5 * log(n_input) - 1.5;
    prior.sd.length[i] = 1.5;
  }
  return prior;
}

static void flatten(const gp_theta *theta, int32_t n_input, double *x) {
  x[0] = theta->scale;
  x[1] = theta->noise;
  memcpy(x + 2, theta->length, (size_t)n_input * sizeof *x);
}

static void unflatten(const double *x, int32_t n_input, gp_theta *theta) {
  theta->scale = x[0];
  theta->noise = x[1];
  memcpy(theta->length, x + 2, (size_t)n_input * sizeof *x);
}

/// What is minimised: minus the logarithm of likelihood times prior.
static double loss(problem *p, const double *x, double *gradient) {
  gp_theta theta = {0};
  double mean[MOST], sd[MOST];
  flatten(&p->prior->mean, p->n_input, mean);
  flatten(&p->prior->sd, p->n_input, sd);
  unflatten(x, p->n_input, &theta);
  --p->left;
  double sum = -gp_likelihood(&theta, p->n_input, p->n, p->input, p->y, gradient, p->scratch);
  for (int k = 0; k < 2 + p->n_input; ++k) {
    const double z = (x[k] - mean[k]) / sd[k];
    sum += 0.5 * z * z;
    gradient[k] = -gradient[k] + z / sd[k];
  }
  return sum;
}

static double dot(const double *a, const double *b, int n) {
  double sum = 0;
  for (int k = 0; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

/// The last steps and what they did to the gradient.
typedef struct memory {
  int n;  // so far
  double step[MEMORY][MOST], change[MEMORY][MOST], rho[MEMORY];
} memory;

/// direction = - (approximate inverse Hessian) gradient
static void two_loops(const memory *m, const double *gradient, double *direction, int n) {
  double a[MEMORY] = {0};
  const int kept = m->n < MEMORY ? m->n : MEMORY;
  for (int k = 0; k < n; ++k) direction[k] = -gradient[k];
  for (int i = 1; i <= kept; ++i) {
    const int at = (m->n - i) % MEMORY;
    a[at] = m->rho[at] * dot(m->step[at], direction, n);
    for (int k = 0; k < n; ++k) direction[k] -= a[at] * m->change[at][k];
  }
  if (kept) {
    const int at = (m->n - 1) % MEMORY;
    const double scale = 1 / (m->rho[at] * dot(m->change[at], m->change[at], n));
    for (int k = 0; k < n; ++k) direction[k] *= scale;
  }
  for (int i = kept; i >= 1; --i) {
    const int at = (m->n - i) % MEMORY;
    const double b = a[at] - m->rho[at] * dot(m->change[at], direction, n);
    for (int k = 0; k < n; ++k) direction[k] += b * m->step[at][k];
  }
}

static void remember(memory *m, const double *x, const double *x_new, const double *g,
                     const double *g_new, int n) {
  const int at = m->n % MEMORY;
  for (int k = 0; k < n; ++k) {
    m->step[at][k] = x_new[k] - x[k];
    m->change[at][k] = g_new[k] - g[k];
  }
  const double curvature = dot(m->step[at], m->change[at], n);
  if (curvature < 1e-10) return;
  m->rho[at] = 1 / curvature;
  ++m->n;
}

/// A step along `direction` that lowers the loss enough (Armijo); false: there is none left.
static bool search(problem *p, const double *x, double value, const double *g,
                   const double *direction, int n, double *x_new, double *value_new,
                   double *g_new) {
  double largest = 0;
  for (int k = 0; k < n; ++k) largest = fmax(largest, fabs(direction[k]));
  if (!(largest > 0)) return false;
  double length = fmin(1, 2 / largest);
  for (int tries = 0; tries < 8 && p->left > 0; ++tries, length *= 0.3) {
    double slope = 0;
    for (int k = 0; k < n; ++k) {
      x_new[k] = fmin(fmax(x[k] + length * direction[k], lowest), highest);
      slope += g[k] * (x_new[k] - x[k]);
    }
    *value_new = loss(p, x_new, g_new);
    if (isfinite(*value_new) && *value_new <= value + 1e-4 * slope) return true;
  }
  return false;
}

static void minimise(problem *p, double *x, int n) {
  static const double enough = 1e-4;  // of the loss, between two steps
  double g[MOST], direction[MOST], x_new[MOST], g_new[MOST], value_new = 0;
  memory m = {0};
  double value = loss(p, x, g);
  while (p->left > 0 && isfinite(value)) {
    two_loops(&m, g, direction, n);
    if (!search(p, x, value, g, direction, n, x_new, &value_new, g_new)) return;
    remember(&m, x, x_new, g, g_new, n);
    const bool done = value - value_new < enough;
    memcpy(x, x_new, (size_t)n * sizeof *x);
    memcpy(g, g_new, (size_t)n * sizeof *g);
    value = value_new;
    if (done) return;
  }
}

throng_status gp_fit(gp_theta *theta, const gp_prior *prior, int32_t n_input, int64_t n,
                     const double *input, const double *y, int evaluations) {
  void *scratch = NULL;
  int granted = 0;
  THRONG_TRY(throng_alloc(&scratch, (size_t)(n * n + n), sizeof(double), "gaussian process"));
  throng_status status = blas_begin(1, &granted);
  if (status == THRONG_OK) {
    problem p = {prior, n_input, n, input, y, scratch, evaluations};
    double x[MOST];
    flatten(theta, n_input, x);
    minimise(&p, x, 2 + n_input);
    unflatten(x, n_input, theta);
    blas_end(granted);
  }
  free(scratch);
  return status;
}
