/// Penalised logistic regression: sums over the rows, Cholesky's factorisation, halved steps.
#include "sim/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MOST_STEPS = 100, MOST_HALVINGS = 40 };

double logistic_logit(double p) { return log(p / (1 - p)); }

double logistic_sigmoid(double z) {
  const double small = exp(-fabs(z));  // never overflows
  return (z >= 0 ? 1 : small) / (1 + small);
}

/// At some weights: the penalised loss, its gradient, and its second derivatives.
typedef struct sums {
  int n;
  const double *weight;
  double loss, gradient[LOGISTIC_MOST], hessian[LOGISTIC_MOST][LOGISTIC_MOST];
} sums;

static void add_row(void *to, const double *x, int like) {
  sums *s = to;
  double z = 0;
  for (int i = 0; i < s->n; ++i) z += s->weight[i] * x[i];
  const double small = exp(-fabs(z));
  const double p = z >= 0 ? 1 / (1 + small) : small / (1 + small);
  const double curve = small / ((1 + small) * (1 + small));  // p (1 - p)
  s->loss += fmax(z, 0) - (like ? z : 0) + log1p(small);
  for (int i = 0; i < s->n; ++i) {
    s->gradient[i] += (p - like) * x[i];
    for (int j = 0; j <= i; ++j) s->hessian[i][j] += curve * x[i] * x[j];
  }
}

static sums sums_at(const logistic *l, const double *weight) {
  sums s = {.n = l->n, .weight = weight};
  l->rows(l->of, add_row, &s);
  for (int i = 0; i < l->n; ++i) {
    const double away = weight[i] - l->centre[i];
    s.loss += 0.5 * l->ridge[i] * away * away;
    s.gradient[i] += l->ridge[i] * away;
    s.hessian[i][i] += l->ridge[i];
  }
  return s;
}

/// step = hessian^-1 gradient by Cholesky's factorisation. False where it is not positive definite.
static bool solve(const sums *s, double *step) {
  double l[LOGISTIC_MOST][LOGISTIC_MOST] = {{0}};
  for (int i = 0; i < s->n; ++i)
    for (int j = 0; j <= i; ++j) {
      double sum = s->hessian[i][j];
      for (int k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
      if (i == j && !(sum > 0)) return false;
      l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
    }
  for (int i = 0; i < s->n; ++i) {
    step[i] = s->gradient[i];
    for (int k = 0; k < i; ++k) step[i] -= l[i][k] * step[k];
    step[i] /= l[i][i];
  }
  for (int i = s->n - 1; i >= 0; --i) {
    for (int k = i + 1; k < s->n; ++k) step[i] -= l[k][i] * step[k];
    step[i] /= l[i][i];
  }
  return true;
}

/// The loss is convex and, with both kinds of answers and the ridge, has its minimum at finite
/// weights.
throng_status logistic_fit(const logistic *l, double *weight, double *loss) {
  sums here = sums_at(l, weight);
  bool done = false;
  for (int taken = 0; taken < MOST_STEPS && !done; ++taken) {
    double step[LOGISTIC_MOST], size = 0;
    if (!solve(&here, step)) break;
    for (int i = 0; i < l->n; ++i) size = fmax(size, fabs(step[i]) / (1 + fabs(weight[i])));
    if (size < 1e-12) done = true;
    bool lower = done;
    for (int halved = 0; halved < MOST_HALVINGS && !lower; ++halved) {
      double next[LOGISTIC_MOST];
      for (int i = 0; i < l->n; ++i) next[i] = weight[i] - ldexp(step[i], -halved);
      const sums there = sums_at(l, next);
      lower = there.loss < here.loss;
      if (!lower) continue;
      memcpy(weight, next, (size_t)l->n * sizeof *weight);
      here = there;
    }
    if (!lower) done = true;  // what is left is below the loss's rounding
  }
  if (loss) *loss = here.loss;
  if (done) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: its regression did not converge", l->name);
}
