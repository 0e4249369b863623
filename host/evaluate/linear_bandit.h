/// A bandit that is linear in features which all items share: ridge regression of likes, and what
/// LinUCB (Li, Chu, Langford & Schapire, WWW 2010, with one model for all items) and Thompson
/// sampling (Agrawal & Goyal, ICML 2013) make of its uncertainty. Nothing here knows of lanes.
///
/// With A = I + sum x x^T and b = sum r x: theta = A^-1 b is the mean, and x^T A^-1 x the variance
/// of theta . x in units of the answers' own.
#ifndef THRONG_EVALUATE_LINEAR_BANDIT_H
#define THRONG_EVALUATE_LINEAR_BANDIT_H

#include "throng/base.h"

typedef struct linear_bandit {
  int32_t width;
  double *a;      // (width, width)
  double *b;      // (width)
  double *theta;  // (width) after linear_bandit_solve
  double *root;   // (width, width) after it: lower triangle R with R^T R = A^-1, the rest 0
} linear_bandit;

/// Of nothing yet: A is the identity. Errors: MEMORY.
throng_status linear_bandit_make(int32_t width, linear_bandit *out);
/// A zeroed one is allowed.
void linear_bandit_free(linear_bandit *m);
/// Item with features x (width) was answered by r.
void linear_bandit_add(linear_bandit *m, const float *x, double r);
/// theta and root from what was added. Errors: DATA (numbers that are not finite).
throng_status linear_bandit_solve(linear_bandit *m);
/// theta + scale R^T normal, `normal` (width) being standard normal: a draw from N(theta, scale^2
/// A^-1), into to (width).
void linear_bandit_sample(const linear_bandit *m, double scale, const float *normal, float *to);

#endif
