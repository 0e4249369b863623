/// Sums of decimals as they are written: 0.9 + 2 * 0.03 is 0.96, which sums of doubles miss.
#ifndef THRONG_SPACE_DECIMAL_H
#define THRONG_SPACE_DECIMAL_H

/// The double nearest to low + k * step, each taken as the shortest decimal that reads back to it
/// (as Python writes it). `step` is above 0 and no more than 1e12 times smaller than `low`.
double decimal_sum(double low, double step, double k);
/// How many steps lead from `low` to `high` without passing it; Optuna's (high - low) // step.
double decimal_steps(double low, double high, double step);
/// The shortest decimal of `high`, or of the next double, that low + k * step does not pass: from
/// there decimal_steps gives k again, also where the sum has more digits than a double.
double decimal_end(double low, double step, double k);

#endif
