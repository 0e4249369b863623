/// The logarithm of expected improvement, with its digits where improvement is out of reach.
#ifndef THRONG_SUGGEST_GP_MATH_H
#define THRONG_SUGGEST_GP_MATH_H

/// log(phi(z) + z Phi(z)): with z = (best - mean) / sd the logarithm of the expected improvement is
/// this plus log sd (Ament et al. 2023, "Unexpected Improvements to Expected Improvement").
double gp_log_improvement(double z);

#endif
