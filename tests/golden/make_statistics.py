#!/usr/bin/env python3
"""Makes tests/golden/statistics.json: scipy's rank test and trimmed mean, and rliable's estimates with
their bootstrap intervals. Needs: pip install numpy scipy rliable "pandas<3".
usage: make_statistics.py > statistics.json"""
import json
import sys

import numpy as np
import scipy.stats
from rliable import library, metrics

draw = np.random.default_rng(7)


def rank_cases():
    for n in (1, 2, 3, 5, 8, 13, 14, 20, 50, 51, 80):
        for kind in ("plain", "ties", "zeros"):
            d = draw.normal(0.3, 1, n)
            if n == 1 and kind != "plain":  # refused by scipy
                continue
            if kind != "plain":
                d = np.round(d * 2) / 2
            if kind == "zeros":
                d[draw.random(n) < 0.3] = 0
            if kind == "ties":
                d[d == 0] = 0.5
            p = scipy.stats.wilcoxon(d, alternative="greater", zero_method="zsplit").pvalue
            yield {"d": d.tolist(), "p": float(p) if np.isfinite(p) else 1.0}


def iqm_cases():
    for n in (1, 2, 3, 4, 5, 7, 8, 10, 30, 101):
        x = draw.normal(size=n)
        yield {"x": x.tolist(), "iqm": float(scipy.stats.trim_mean(x, 0.25))}


def interval_case(n_task, n_x, n_y):
    x, y = draw.normal(10, 2, (n_x, n_task)), draw.normal(9, 2, (n_y, n_task))
    y = np.round(y, 1)
    x = np.round(x, 1)
    rng = np.random.RandomState(3)
    point, low_high = library.get_interval_estimates(
        {"x": x}, lambda s: np.array([metrics.aggregate_iqm(s), metrics.aggregate_mean(s)]), reps=20000,
        random_state=rng)
    better, better_low_high = library.get_interval_estimates(
        {"x,y": (x, y)}, metrics.probability_of_improvement, reps=5000, random_state=rng)
    tau = np.linspace(6, 14, 9)
    profile, profile_low_high = library.create_performance_profile({"x": x}, tau, reps=2000)
    return {
        "x": x.T.tolist(), "y": y.T.tolist(), "tau": tau.tolist(),
        "iqm": [float(point["x"][0]), *map(float, low_high["x"][:, 0])],
        "mean": [float(point["x"][1]), *map(float, low_high["x"][:, 1])],
        "better": [float(better["x,y"].item()), *map(float, np.ravel(better_low_high["x,y"]))],
        "profile": profile["x"].tolist(), "profile_low_high": profile_low_high["x"].tolist(),
    }


json.dump({"rank": list(rank_cases()), "iqm": list(iqm_cases()),
           "interval": [interval_case(1, 10, 10), interval_case(3, 10, 5), interval_case(2, 25, 30)]},
          sys.stdout, indent=1)
print()
