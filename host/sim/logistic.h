/// Penalised logistic regression by Newton's method, for a few weights and any number of rows.
#ifndef THRONG_SIM_LOGISTIC_H
#define THRONG_SIM_LOGISTIC_H

#include <stdint.h>

#include "base/status.h"

enum { LOGISTIC_MOST = 8 };  // weights

/// What is regressed: minimised is the negative log-likelihood of p = sigmoid(weight . x) plus
/// 1/2 sum_i ridge[i] (weight[i] - centre[i])^2.
typedef struct logistic {
  const char *name;  // for errors: "f_pop"
  int n;             // weights; x[0] is 1 where there is an intercept
  double ridge[LOGISTIC_MOST], centre[LOGISTIC_MOST];
  /// Calls `add` with x (n) and the answer of every row, always in the same order.
  void (*rows)(const void *of, void (*add)(void *to, const double *x, int like), void *to);
  const void *of;
} logistic;

/// From the weights as they are to the minimum; the penalised loss there in `*loss`, which may be
/// NULL. Errors: DATA (it did not converge).
throng_status logistic_fit(const logistic *l, double *weight, double *loss);

/// 1 / (1 + e^-z), and log(p / (1 - p)).
double logistic_sigmoid(double z);
double logistic_logit(double p);

#endif
