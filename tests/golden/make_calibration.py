"""Golden files of f_cal: users and items of planted generosity with votes that know something of the
answers; effects by scipy's trust region over all of them at once, their variances and the users'
distribution by expectation maximisation, and the regression by scipy's bounded quasi-Newton method. In
factors.safetensors users have tastes besides, and the regression has the factors of votes.factors: those of
the least objective of several descents of L-BFGS over all parameters at once.
Needs numpy, scipy and safetensors.
Run: python tests/golden/make_calibration.py"""

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import brentq, minimize
from scipy.special import expit

RIDGE, LEAST = 10.0, float(np.float32(1e-6))
POINTS, PRIOR_STEPS, PRIOR_WEIGHT, ROUNDS = np.linspace(-6, 6, 41), 60, 30.0, 2
FACTORS, RIDGE_BIAS, RIDGE_FACTOR, DESCENTS = 8, 2.0, 8.0, 6
CENTRE = np.array([0, 0, 0, 0, 1, 1, 0.0])


class Effects:
    """Crossed random effects on all but each user's last `hidden` answers."""

    def __init__(self, world, hidden):
        n_user, n_item, history = world
        self.n_user, self.n_item = n_user, n_item
        kept = [h[:max(len(h) - hidden, 0)] for h in history]
        self.u = np.array([u for u, h in enumerate(kept) for _ in h])
        self.i = np.array([i for h in kept for i, _ in h])
        self.y = np.array([v for h in kept for _, v in h], dtype=float)
        self.share = (self.y.sum() + 1) / (len(self.y) + 2)
        self.has_user = np.bincount(self.u, minlength=n_user) > 0
        self.has_item = np.bincount(self.i, minlength=n_item) > 0
        self.normal()
        self.any()

    def mode(self, start, vu, vi):
        """The most probable effects; the mean has no prior."""
        x = np.zeros((len(self.y), 1 + self.n_user + self.n_item))
        x[:, 0] = 1
        x[np.arange(len(x)), 1 + self.u] = 1
        x[np.arange(len(x)), 1 + self.n_user + self.i] = 1
        ridge = np.concatenate([[0], np.full(self.n_user, 1 / vu), np.full(self.n_item, 1 / vi)])
        loss = lambda b: np.logaddexp(0, x @ b).sum() - self.y @ (x @ b) + (ridge * b * b).sum() / 2
        slope = lambda b: x.T @ (expit(x @ b) - self.y) + ridge * b
        bend = lambda b: (x.T * (expit(x @ b) * expit(-x @ b))) @ x + np.diag(ridge)
        best = minimize(loss, start, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-10})
        return best.x, np.diag(bend(best.x))

    def normal(self):
        b, vu, vi = np.zeros(1 + self.n_user + self.n_item), 1.0, 1.0
        for _ in range(2000):
            b, bend = self.mode(b, vu, vi)
            second = b * b + 1 / bend
            new = (second[1:1 + self.n_user][self.has_user].mean(), second[1 + self.n_user:][self.has_item].mean())
            still = abs(new[0] - vu) < 1e-9 and abs(new[1] - vi) < 1e-9
            vu, vi = new
            if still:
                break
        self.mean, self.item, self.vu, self.vi = b[0], b[1 + self.n_user:], vu, vi

    def any(self):
        """Users' effects of any distribution on the points, and the items' under it."""
        normal = np.exp(-POINTS ** 2 / 2 / self.vu)
        normal /= normal.sum()
        self.prior = normal
        for left in reversed(range(ROUNDS)):
            z = (self.mean + self.item[self.i])[:, None] + POINTS
            rows = self.y[:, None] * z - np.logaddexp(0, z)
            likelihood = np.exp([rows[self.u == u].sum(0) for u in range(self.n_user)])
            for _ in range(PRIOR_STEPS):
                post = likelihood * self.prior
                post /= post.sum(1, keepdims=True)
                mass = post[self.has_user].sum(0) + PRIOR_WEIGHT * normal
                self.prior = mass / mass.sum()
            post = likelihood * self.prior
            self.user = post @ POINTS / post.sum(1)
            if left:
                offered = self.mean + self.user[self.u]
                for k in np.flatnonzero(self.has_item):
                    at = self.i == k
                    slope = lambda b: (self.y[at] - expit(offered[at] + b)).sum() - b / self.vi
                    self.item[k] = brentq(slope, -30, 30, xtol=1e-13)


class Factors:
    """The factors of a biased matrix factorisation of the same answers."""

    def __init__(self, e):
        n = e.n_user * (FACTORS + 1)
        m = np.log(e.share / (1 - e.share))
        ridge = np.array([RIDGE_BIAS] + [RIDGE_FACTOR] * FACTORS)
        unpack = lambda x: (x[:n].reshape(e.n_user, -1), x[n:].reshape(e.n_item, -1))

        def objective(x):
            a, b = unpack(x)
            z = m + a[e.u, 0] + b[e.i, 0] + (a[e.u, 1:] * b[e.i, 1:]).sum(1)
            d = expit(z) - e.y
            ga, gb = a * ridge, b * ridge
            np.add.at(ga, e.u, np.hstack([d[:, None], d[:, None] * b[e.i, 1:]]))
            np.add.at(gb, e.i, np.hstack([d[:, None], d[:, None] * a[e.u, 1:]]))
            loss = np.logaddexp(0, z).sum() - e.y @ z + ((a * a * ridge).sum() + (b * b * ridge).sum()) / 2
            return loss, np.concatenate([ga.ravel(), gb.ravel()])

        starts = np.random.default_rng(1).normal(0, 0.1, (DESCENTS, n + e.n_item * (FACTORS + 1)))
        found = [minimize(objective, x, jac=True, method="L-BFGS-B",
                          options={"maxiter": 5000, "maxfun": 10000, "ftol": 1e-15, "gtol": 1e-9}) for x in starts]
        print("objectives", sorted(f.fun for f in found))
        self.user, self.item = (v[:, 1:] for v in unpack(min(found, key=lambda f: f.fun).x))

    def product(self, user, item):
        return (self.user[user] * self.item[item]).sum(-1)


def planted(rng, n_user, n_item, lengths, short, taste):
    """Users, of whom some have few rows; the last five items are never met."""
    generous, good = rng.normal(0, 1.2, n_user), rng.normal(0.3, 1.0, n_item)
    length = rng.integers(*lengths, n_user)
    for user, rows in short.items():
        length[user] = rows
    side = [np.resize([taste, -1], n) for n in (n_user, n_item)] if taste else [np.zeros(n_user), np.zeros(n_item)]
    history = []
    for u in range(n_user):
        items = rng.choice(n_item - 5, length[u], replace=False)
        likes = rng.random(length[u]) < expit(generous[u] + good[items] + side[0][u] * side[1][items])
        history.append(list(zip(items.tolist(), likes.astype(int).tolist())))
    return n_user, n_item, history


def golden(rng, world, has_factors, path):
    n_user, n_item, history = world
    rows = [u for u in range(n_user) if len(history[u]) >= 2]  # the last but one answer of each is foretold
    at = [history[u][-2][0] for u in rows]
    y = np.array([history[u][-2][1] for u in rows])
    alpha_pos = rng.poisson(2 + 2 * y).astype(np.int32)
    alpha_neg = rng.poisson(4 - 2 * y).astype(np.int32)
    beta_pos = np.clip(rng.normal(0.3 + 0.2 * y, 0.3), -1, 1).astype(np.float32)
    beta_neg = np.clip(rng.normal(0.4, 0.3, len(y)), -1, 1).astype(np.float32)
    beta_neg[::9] = -1  # nothing disliked before
    p_sta = expit(rng.normal(2 * y - 1, 1.5)).astype(np.float32)
    p_sta[3], p_sta[4] = 0, 1
    sim = np.tanh(3 * (beta_pos.astype(float) - beta_neg.astype(float)))
    sta = np.log(np.maximum(p_sta.astype(float), LEAST) / np.maximum(1 - p_sta.astype(float), LEAST))
    n = 7 if has_factors else 6
    ridge = np.array([0, 1, 1, 1, 1, 1, 1])[:n] * RIDGE

    def features(k, e, factors):
        mat = np.log((alpha_pos + k * e.share) / (alpha_neg + k * (1 - e.share)))
        more = [factors.product(rows, at)] if factors else []
        return np.column_stack([np.ones(len(y)), mat, sim, sta, e.item[at], e.user[rows], *more])

    def regress(x):
        loss = lambda w: np.logaddexp(0, x @ w).sum() - y @ (x @ w) + (ridge * (w - CENTRE[:n]) ** 2).sum() / 2
        slope = lambda w: x.T @ (expit(x @ w) - y) + ridge * (w - CENTRE[:n])
        bounds = [(None, None)] + [(0, None)] * (n - 1)
        best = minimize(loss, CENTRE[:n], jac=slope, bounds=bounds, method="L-BFGS-B",
                        options={"ftol": 1e-15, "gtol": 1e-10})
        return best.fun, best.x

    seen = Effects(world, 2)  # what the weights are fitted beside
    blind = Factors(seen) if has_factors else None
    tried = [(*regress(features(k, seen, blind)), k) for k in (1, 2, 4, 8, 16, 32)]
    _, weight, smoothing = min(tried, key=lambda t: t[0])
    p = np.sort(expit(features(smoothing, seen, blind) @ weight))[::-1]
    threshold = (p[y.sum() - 1] + p[y.sum()]) / 2
    every = Effects(world, 0)  # what a simulator knows
    known = Factors(every) if has_factors else None
    z = features(smoothing, every, known) @ weight
    save_file({
        "user_offset": np.concatenate([[0], np.cumsum([len(h) for h in history])]).astype(np.int64),
        "history_item": np.array([i for h in history for i, _ in h], dtype=np.int32),
        "history_like": np.array([v for h in history for _, v in h], dtype=np.uint8),
        "alpha_pos": alpha_pos, "alpha_neg": alpha_neg, "beta_pos": beta_pos, "beta_neg": beta_neg,
        "p_like": p_sta,
        "fitted": np.array([*weight[:6], smoothing, seen.vu, threshold, *weight[6:]]),
        "effects": np.array([every.mean, every.vu, every.vi]),
        "prior": every.prior,
        "item_effect": every.item,
        "user_effect": every.user,
        "p": expit(z),
        **({"products": known.product(rows, at)} if has_factors else {}),
    }, __file__.replace("make_calibration.py", path))
    print(path, "weights", weight, "smoothing", smoothing, "variances", seen.vu, seen.vi, "threshold", threshold)


draws = np.random.default_rng(41)  # user 7 has two rows, 8 one, 9 none
golden(draws, planted(draws, 120, 45, (3, 25), {7: 2, 8: 1, 9: 0}, 0), False, "calibration.safetensors")
draws = np.random.default_rng(43)
golden(draws, planted(draws, 90, 45, (20, 36), {9: 0}, 2.0), True, "factors.safetensors")
