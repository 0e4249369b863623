"""Writes fidelity.json: measures of answers by scikit-learn, their intervals by scipy.stats.bootstrap
(users are resampled), and the minimum of the objective of biased matrix factorisation by L-BFGS over
all parameters at once. tests/test_measures.c and tests/test_biased_mf.c read it.
Run: python make_fidelity.py (numpy, scipy, scikit-learn)"""
import json
import os

import numpy as np
from scipy.optimize import minimize
from scipy.stats import bootstrap
from sklearn.calibration import calibration_curve
from sklearn.metrics import (accuracy_score, brier_score_loss, f1_score, log_loss,
                             mean_absolute_error, mean_squared_error, roc_auc_score)

BINS = 15
rng = np.random.default_rng(20241206)


def within(y, p, user):
    """AUC within users who gave both answers, weighted by their questions."""
    total = weight = 0.0
    for u in np.unique(user):
        mine = user == u
        if y[mine].min() == y[mine].max():
            continue
        more = p[mine][y[mine] == 1][:, None] - p[mine][y[mine] == 0][None, :]
        total += mine.sum() * np.mean((more > 0) + 0.5 * (more == 0))  # Mann-Whitney
        weight += mine.sum()
    return total / weight


def ece(y, p):
    edges = np.percentile(p, np.linspace(0, 100, BINS + 1))
    place = np.searchsorted(edges[1:-1], p)
    n = np.bincount(place, minlength=BINS)
    real, said = calibration_curve(y, p, n_bins=BINS, strategy="quantile")
    return float(np.sum(n[n > 0] * np.abs(real - said)) / len(p)), real, said


def case(name, digits):
    length = rng.integers(1, 14, 60)
    user = np.repeat(np.arange(60), length)
    taste = np.repeat(rng.normal(0, 0.8, 60), length)
    z = taste + rng.normal(0, 1.2, len(user))
    y = (rng.random(len(user)) < 1 / (1 + np.exp(-z))).astype(int)
    p = 1 / (1 + np.exp(-0.8 * z - rng.normal(0, 0.7, len(user))))
    if digits:
        p = np.round(p, digits)
    answer = (p >= 0.5).astype(int)
    rating = np.where(y == 1, rng.integers(4, 6, len(y)), rng.integers(1, 4, len(y)))
    mean = [float(rating[y == 0].mean()), float(rating[y == 1].mean())]
    expected = (1 - p) * mean[0] + p * mean[1]
    error, real, said = ece(y, p)

    def by_user(measure):
        rows = [np.flatnonzero(user == u) for u in range(60)]

        def of(users):
            drawn = np.concatenate([rows[u] for u in users])
            again = np.concatenate([np.full(len(rows[u]), k) for k, u in enumerate(users)])
            return measure(y[drawn], p[drawn], again)

        r = bootstrap((np.arange(60),), of, vectorized=False, n_resamples=1000, method="percentile",
                      random_state=np.random.default_rng(7))
        return [r.confidence_interval.low, r.confidence_interval.high]

    clipped = np.clip(p, np.finfo(float).eps, 1 - np.finfo(float).eps)
    return {
        "name": name, "user": user.tolist(), "label": y.tolist(), "score": p.tolist(),
        "answer": answer.tolist(), "rating": rating.tolist(), "rating_of": mean,
        "auc": roc_auc_score(y, p), "within_user_auc": within(y, p, user),
        "answer_auc": roc_auc_score(y, answer),
        "answer_within_user_auc": within(y, answer.astype(float), user),
        "log_loss": log_loss(y, clipped), "brier": brier_score_loss(y, p), "ece": error,
        "like_rate_said": p.mean(), "like_rate_answered": answer.mean(),
        "like_rate_gap": answer.mean() - y.mean(), "accuracy": accuracy_score(y, answer),
        "macro_f1": f1_score(y, answer, average="macro"),
        "mae": mean_absolute_error(rating, expected),
        "rmse": float(np.sqrt(mean_squared_error(rating, expected))),
        "real": real.tolist(), "said": said.tolist(),
        "interval": {
            "auc": by_user(lambda y, p, u: roc_auc_score(y, p)),
            "within_user_auc": by_user(within),
            "brier": by_user(lambda y, p, u: np.mean((p - y) ** 2)),
        },
    }


def factorisation(k, ridge_bias, ridge_factor, starts):
    n_user, n_item, n = 30, 20, 360
    cell = rng.permutation(n_user * n_item)[:n]
    cell.sort()
    user, item = cell // n_item, cell % n_item
    truth = (rng.normal(0, 0.8, n_user)[user] + rng.normal(0, 0.8, n_item)[item]
             + np.sum(rng.normal(0, 1, (n_user, 2))[user] * rng.normal(0, 1, (n_item, 2))[item], 1))
    like = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(int)
    m = np.log((like.sum() + 1) / (n - like.sum() + 1))
    sign = 2 * like - 1

    def unpack(x):
        return x[:n_user * (k + 1)].reshape(n_user, k + 1), x[n_user * (k + 1):].reshape(n_item, k + 1)

    ridge = np.array([ridge_bias] + [ridge_factor] * k)

    def objective(x):
        a, b = unpack(x)
        z = m + a[user, 0] + b[item, 0] + np.sum(a[user, 1:] * b[item, 1:], 1)
        loss = np.logaddexp(0, -sign * z).sum() + 0.5 * ((a**2 * ridge).sum() + (b**2 * ridge).sum())
        d = -sign / (1 + np.exp(sign * z))
        ga, gb = a * ridge, b * ridge
        np.add.at(ga, user, np.hstack([d[:, None], d[:, None] * b[item, 1:]]))
        np.add.at(gb, item, np.hstack([d[:, None], d[:, None] * a[user, 1:]]))
        return loss, np.concatenate([ga.ravel(), gb.ravel()])

    best = min((minimize(objective, rng.normal(0, 0.1, (n_user + n_item) * (k + 1)), jac=True,
                         method="L-BFGS-B", options={"maxiter": 3000, "ftol": 1e-15, "gtol": 1e-8})
                for _ in range(starts)), key=lambda r: r.fun)
    a, b = unpack(best.x)
    z = m + a[:, :1] + b[:, 0][None, :] + a[:, 1:] @ b[:, 1:].T
    return {"n_user": n_user, "n_item": n_item, "user": user.tolist(), "item": item.tolist(),
            "like": like.tolist(), "ridge_bias": ridge_bias, "ridge_factor": ridge_factor, "m": m,
            "loss": best.fun, "score": (1 / (1 + np.exp(-z))).ravel().tolist()}


golden = {
    "answers": [case("ties", 1), case("no ties", 0)],
    "factorisation": [factorisation(0, 2.0, 1e9, 1), factorisation(8, 1.0, 0.7, 8)],
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fidelity.json")
with open(path, "w") as file:
    json.dump(golden, file)
