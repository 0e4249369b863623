/// The normal distribution between two ends, in logarithms, so that far tails keep their digits.
#ifndef THRONG_SUGGEST_NORMAL_H
#define THRONG_SUGGEST_NORMAL_H

#define NORMAL_LOG_ROOT 0.91893853320467274178  // log(sqrt(2 pi))

/// log(P(a < Z < b)), a <= b.
double normal_log_mass(double a, double b);
/// The z of a normal truncated to a <= 0 <= b at which it has reached the share u, 0 < u < 1.
double normal_truncated(double a, double b, double u);

#endif
