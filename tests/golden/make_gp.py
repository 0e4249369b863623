#!/usr/bin/env python3
"""Makes tests/golden/gp.json: marginal likelihood, its gradient, predictive mean and deviation by
scikit-learn's Gaussian processes, and the logarithms of the normal distribution and of expected
improvement by mpmath. Needs: pip install numpy scikit-learn mpmath.
usage: make_gp.py > gp.json"""
import json
import sys

import mpmath
import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

draw = np.random.default_rng(11)
mpmath.mp.dps = 60


def regression(n, n_input, n_point):
    x, point = draw.random((n, n_input)), draw.random((n_point, n_input))
    y = np.sin(5 * x[:, 0]) + x.sum(1) + 0.1 * draw.normal(size=n)
    x[-1] = x[0]  # one point twice
    scale, noise = draw.normal(0, 0.5), draw.normal(-3, 1)
    length = draw.normal(-0.5, 0.7, n_input)
    kernel = (ConstantKernel(np.exp(scale)) * Matern(np.exp(length), nu=2.5)
              + WhiteKernel(np.exp(noise)))
    gp = GaussianProcessRegressor(kernel, alpha=0, optimizer=None).fit(x, y)
    value, gradient = gp.log_marginal_likelihood(gp.kernel_.theta, eval_gradient=True)
    mean, sd = gp.predict(point, return_std=True)
    return {"n": n, "n_input": n_input, "n_point": n_point, "x": x.ravel().tolist(), "y": y.tolist(),
            "point": point.ravel().tolist(), "scale": scale, "noise": noise,
            "length": length.tolist(), "likelihood": value,
            # scale, noise, lengths
            "gradient": [gradient[0], gradient[-1], *gradient[1:-1]],
            "mean": mean.tolist(), "variance": (sd**2 - np.exp(noise)).tolist(),
            "fitted": gp.predict(x).tolist()}


def tails():
    for z in [8, 5.5, 4.9, 1, 0, -1, -1.99, -2.01, -3, -5, -9.9, -10.1, -30, -40, -1e3, -1e6]:
        mpmath.mp.dps = 60
        exact = mpmath.mpf(z)
        below = mpmath.erfc(-exact / mpmath.sqrt(2)) / 2
        gain = mpmath.npdf(exact) + exact * below
        yield {"z": z, "cdf": float(mpmath.log(below)), "improvement": float(mpmath.log(gain))}


json.dump({"regressions": [regression(5, 1, 4), regression(40, 3, 6), regression(150, 12, 9)],
           "tails": list(tails())}, sys.stdout)
print()
