/// Masses of the normal distribution by erfc, and beyond its reach by the tail's series.
#include "suggest/normal.h"

#include <math.h>

#define ROOT_HALF 0.70710678118654752440

/// log(P(Z < z)) far out, where erfc(-z / sqrt(2)) is no longer a number.
static double log_tail(double z) {
  if (isinf(z)) return z;
  // exp(-z^2 / 2) / (-z sqrt(2 pi)) (1 - 1 / z^2 + 3 / z^4 - 15 / z^6 ..)
  const double w = 1 / (z * z);
  return -0.5 * z * z - log(-z) - NORMAL_LOG_ROOT + log1p(-w * (1 - 3 * w * (1 - 5 * w)));
}

double normal_log_mass(double a, double b) {
  if (a > 0) return normal_log_mass(-b, -a);  // by symmetry: the left tail has the digits
  if (b > 0) return log1p(-0.5 * erfc(-a * ROOT_HALF) - 0.5 * erfc(b * ROOT_HALF));
  if (b > -30) return log(0.5 * (erfc(-b * ROOT_HALF) - erfc(-a * ROOT_HALF)));
  const double more = log_tail(b), less = log_tail(a);
  return more + log1p(-exp(less - more));
}

double normal_truncated(double a, double b, double u) {
  // By the half of which the tail has the digits.
  const double left = 0.5 * erfc(-a * ROOT_HALF), right = 0.5 * erfc(b * ROOT_HALF);
  const double share = left + u * (1 - left - right);
  const double flip = share > 0.5 ? -1 : 1, tail = share > 0.5 ? 1 - share : share;
  double low = flip > 0 ? a : -b, high = 0;
  for (int k = 0; k < 60; ++k) {
    const double middle = 0.5 * (low + high);
    if (0.5 * erfc(-middle * ROOT_HALF) < tail)
      low = middle;
    else
      high = middle;
  }
  return flip * 0.5 * (low + high);
}
