/// Functions of the normal distribution that keep their digits far in the tail, as logarithms of
/// acquisition functions need them.
#ifndef THRONG_SUGGEST_GP_MATH_H
#define THRONG_SUGGEST_GP_MATH_H

/// log Phi(z) of the standard normal.
double gp_log_normal_cdf(double z);
/// log(phi(z) + z Phi(z)): with z = (best - mean) / sd the logarithm of the expected improvement is
/// this plus log sd (Ament et al. 2023, "Unexpected Improvements to Expected Improvement").
double gp_log_improvement(double z);

#endif
