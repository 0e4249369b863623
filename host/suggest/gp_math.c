/// log EI. In the tail phi(z) + z Phi(z) is a repeated integral of erfc; its ratio to erfc is a
/// continued fraction of positive terms (Gautschi 1961), so that nothing cancels.
#include "suggest/gp_math.h"

#include <math.h>

double gp_log_improvement(double z) {
  if (z > -2) return log(exp(-0.5 * z * z) / sqrt(2 * M_PI) + z * 0.5 * erfc(-z * M_SQRT1_2));
  const double x = -z * M_SQRT1_2;
  double below = x;
  for (int k = 120; k > 1; --k) below = x + 0.5 * k / below;
  const double ratio = 0.5 / below;                    // ierfc(x) / erfc(x)
  const double scaled = 1 / sqrt(M_PI) / (x + ratio);  // erfc(x) exp(x^2)
  return log(M_SQRT1_2 * scaled * ratio) - 0.5 * z * z;
}
