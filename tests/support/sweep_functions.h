/// Functions for studies of samplers, over the unit cube of `study_space`, to be minimised; 0 is
/// the best. The parameters stand in the order learning_rate, gamma, tau, head, width; width is NaN
/// where the head is flat. bench/peers/peer_suggest.py has the same ones.
#ifndef THRONG_TESTS_SWEEP_FUNCTIONS_H
#define THRONG_TESTS_SWEEP_FUNCTIONS_H

#include <math.h>

typedef double (*objective)(const double *u);

/// Learning rate and discount matter together; the optimum lies off the middle.
static inline double valley(const double *u) {
  const double a = u[0] - 0.72, b = u[1] - 0.2 - 0.5 * (u[0] - 0.72);
  return a * a + 4 * b * b + 0.1 * (u[2] - 0.4) * (u[2] - 0.4);
}

/// Branin's function on the first two, which has three optima.
static inline double branin(const double *u) {
  const double x = 15 * u[0] - 5, y = 15 * u[1];
  const double a = y - 5.1 / (4 * M_PI * M_PI) * x * x + 5 / M_PI * x - 6;
  return a * a + 10 * (1 - 1 / (8 * M_PI)) * cos(x) + 10 - 0.397887;
}

/// A choice opens another parameter, which only then counts.
static inline double branches(const double *u) {
  const double base = 0.3 * (u[0] - 0.6) * (u[0] - 0.6) + 0.1 * fabs(u[1] - 0.3);
  return isnan(u[4]) ? 0.15 + base : base + (u[4] - 0.85) * (u[4] - 0.85);
}

static const char study_space[] =
    "{\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": true},"
    " \"agent.gamma\": {\"min\": 0.8, \"max\": 1},"
    " \"agent.tau\": {\"min\": 0.001, \"max\": 1, \"log\": true},"
    " \"agent.head\": {\"values\": [\"flat\", \"two_tower\"]},"
    " \"agent.width\": {\"min\": 16, \"max\": 512, \"when\": {\"agent.head\": \"two_tower\"}}}";

#endif
