#!/usr/bin/env python3
"""Ranges with a step as Optuna takes them: the last value, how many there are, and some of them.

usage: make_steps.py >steps.json   (Optuna 4 or 5)
"""
import decimal
import json
import random
import warnings

from optuna.distributions import FloatDistribution

warnings.filterwarnings("ignore")
random.seed(20)
ENDS = [0.0, 1.0, 0.1, 0.3, 0.7, 0.9, 0.96, 0.99, 1 / 3, 0.05, 0.002, 1e-5, 1e-9, 0.1 + 0.2, 2 / 3]


def end():
    return random.choice(ENDS) if random.random() < 0.5 else float("%.*g" % (random.choice([1, 2, 5, 16, 17]), random.random()))


def exact(x):
    return decimal.Decimal(str(x))


cases = []
while len(cases) < 300:
    low, high = sorted([end(), end()])
    parts = random.choice([1, 2, 3, 4, 7, 9, 10, 12, 99, random.uniform(1, 30)])
    step = float("%.*g" % (random.choice([1, 2, 3, 15, 16, 17]), (high - low) / parts))
    if not 0 < step <= high - low or step < 1e-8 * high or exact(step) > exact(high) - exact(low):
        continue
    last = FloatDistribution(low, high, step=step).high
    n = int((exact(high) - exact(low)) // exact(step)) + 1
    values = [float(exact(low) + k * exact(step)) for k in sorted({0, 1, n // 2, n - 1})]
    assert values[-1] == last
    cases.append([low, high, step, n, *values])
print("[" + ",\n ".join(map(json.dumps, cases)) + "]")
