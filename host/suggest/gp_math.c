/// log Phi and log EI. In the tail both are ratios of repeated integrals of erfc, whose continued
/// fraction has positive terms only (Gautschi 1961): nothing cancels.
#include "suggest/gp_math.h"

#include <math.h>

/// erfc(x) exp(x^2) for x >= 1.4, and in `*ratio` ierfc(x) / erfc(x), ierfc the integral of erfc
/// from x on.
static double tail(double x, double *ratio) {
  double below = x;
  for (int k = 120; k > 1; --k) below = x + 0.5 * k / below;
  *ratio = 0.5 / below;
  return 2 / sqrt(M_PI) * 0.5 / (x + *ratio);
}

double gp_log_normal_cdf(double z) {
  if (z > -10) return z > 0 ? log1p(-0.5 * erfc(z * M_SQRT1_2)) : log(0.5 * erfc(-z * M_SQRT1_2));
  double ratio;
  return log(0.5 * tail(-z * M_SQRT1_2, &ratio)) - 0.5 * z * z;
}

double gp_log_improvement(double z) {
  if (z > -2) return log(exp(-0.5 * z * z) / sqrt(2 * M_PI) + z * 0.5 * erfc(-z * M_SQRT1_2));
  double ratio;
  const double scaled = tail(-z * M_SQRT1_2, &ratio);
  return log(M_SQRT1_2 * scaled * ratio) - 0.5 * z * z;
}
