"""Golden file of f_cal: users and items of planted generosity with votes that know something of the
answers; effects by scipy's trust region over all of them at once, their variances and the users'
distribution by expectation maximisation, and the regression by scipy's bounded quasi-Newton method.
Needs numpy, scipy and safetensors.
Run: python tests/golden/make_calibration.py"""

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import brentq, minimize
from scipy.special import expit

RIDGE, LEAST = 10.0, float(np.float32(1e-6))
POINTS, PRIOR_STEPS, PRIOR_WEIGHT, ROUNDS = np.linspace(-6, 6, 41), 60, 30.0, 2
rng = np.random.default_rng(41)
n_user, n_item = 120, 45  # the last five items are never met; user 7 has two rows, 8 one, 9 none
generous, good = rng.normal(0, 1.2, n_user), rng.normal(0.3, 1.0, n_item)
length = rng.integers(3, 25, n_user)
length[7], length[8], length[9] = 2, 1, 0
history = []
for u in range(n_user):
    items = rng.choice(n_item - 5, length[u], replace=False)
    likes = rng.random(length[u]) < expit(generous[u] + good[items])
    history.append(list(zip(items.tolist(), likes.astype(int).tolist())))

rows = [u for u in range(n_user) if length[u] >= 2]  # the last but one answer of each is foretold
y = np.array([history[u][-2][1] for u in rows])
alpha_pos = rng.poisson(2 + 2 * y).astype(np.int32)
alpha_neg = rng.poisson(4 - 2 * y).astype(np.int32)
beta_pos = np.clip(rng.normal(0.3 + 0.2 * y, 0.3), -1, 1).astype(np.float32)
beta_neg = np.clip(rng.normal(0.4, 0.3, len(y)), -1, 1).astype(np.float32)
beta_neg[::9] = -1  # nothing disliked before
p_sta = expit(rng.normal(2 * y - 1, 1.5)).astype(np.float32)
p_sta[3], p_sta[4] = 0, 1


class Effects:
    """Crossed random effects on all but each user's last `hidden` answers."""

    def __init__(self, hidden):
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
        x = np.zeros((len(self.y), 1 + n_user + n_item))
        x[:, 0] = 1
        x[np.arange(len(x)), 1 + self.u] = 1
        x[np.arange(len(x)), 1 + n_user + self.i] = 1
        ridge = np.concatenate([[0], np.full(n_user, 1 / vu), np.full(n_item, 1 / vi)])
        loss = lambda b: np.logaddexp(0, x @ b).sum() - self.y @ (x @ b) + (ridge * b * b).sum() / 2
        slope = lambda b: x.T @ (expit(x @ b) - self.y) + ridge * b
        bend = lambda b: (x.T * (expit(x @ b) * expit(-x @ b))) @ x + np.diag(ridge)
        best = minimize(loss, start, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-10})
        return best.x, np.diag(bend(best.x))

    def normal(self):
        b, vu, vi = np.zeros(1 + n_user + n_item), 1.0, 1.0
        for _ in range(2000):
            b, bend = self.mode(b, vu, vi)
            second = b * b + 1 / bend
            new = (second[1:1 + n_user][self.has_user].mean(), second[1 + n_user:][self.has_item].mean())
            still = abs(new[0] - vu) < 1e-9 and abs(new[1] - vi) < 1e-9
            vu, vi = new
            if still:
                break
        self.mean, self.item, self.vu, self.vi = b[0], b[1 + n_user:], vu, vi

    def any(self):
        """Users' effects of any distribution on the points, and the items' under it."""
        normal = np.exp(-POINTS ** 2 / 2 / self.vu)
        normal /= normal.sum()
        self.prior = normal
        for left in reversed(range(ROUNDS)):
            z = (self.mean + self.item[self.i])[:, None] + POINTS
            rows = self.y[:, None] * z - np.logaddexp(0, z)
            likelihood = np.exp([rows[self.u == u].sum(0) for u in range(n_user)])
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


seen = Effects(2)  # what the weights are fitted beside
item = np.array([seen.item[history[u][-2][0]] for u in rows])
user = seen.user[rows]
sim = np.tanh(3 * (beta_pos.astype(float) - beta_neg.astype(float)))
sta = np.log(np.maximum(p_sta.astype(float), LEAST) / np.maximum(1 - p_sta.astype(float), LEAST))
centre = np.array([0, 0, 0, 0, 1, 1.0])
ridge = np.array([0, 1, 1, 1, 1, 1]) * RIDGE


def features(k, share):
    mat = np.log((alpha_pos + k * share) / (alpha_neg + k * (1 - share)))
    return np.column_stack([np.ones(len(y)), mat, sim, sta, item, user])


def regress(x):
    loss = lambda w: np.logaddexp(0, x @ w).sum() - y @ (x @ w) + (ridge * (w - centre) ** 2).sum() / 2
    slope = lambda w: x.T @ (expit(x @ w) - y) + ridge * (w - centre)
    bounds = [(None, None)] + [(0, None)] * 5
    best = minimize(loss, centre, jac=slope, bounds=bounds, method="L-BFGS-B",
                    options={"ftol": 1e-15, "gtol": 1e-10})
    return best.fun, best.x


tried = [(*regress(features(k, seen.share)), k) for k in (1, 2, 4, 8, 16, 32)]
_, weight, smoothing = min(tried, key=lambda t: t[0])
p = np.sort(expit(features(smoothing, seen.share) @ weight))[::-1]
threshold = (p[y.sum() - 1] + p[y.sum()]) / 2

every = Effects(0)  # what a simulator knows
mat = np.log((alpha_pos + smoothing * every.share) / (alpha_neg + smoothing * (1 - every.share)))
at = [history[u][-2][0] for u in rows]
z = np.column_stack([np.ones(len(y)), mat, sim, sta, every.item[at], every.user[rows]]) @ weight

save_file({
    "user_offset": np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
    "history_item": np.array([i for h in history for i, _ in h], dtype=np.int32),
    "history_like": np.array([v for h in history for _, v in h], dtype=np.uint8),
    "alpha_pos": alpha_pos, "alpha_neg": alpha_neg, "beta_pos": beta_pos, "beta_neg": beta_neg,
    "p_like": p_sta,
    "fitted": np.array([*weight, smoothing, seen.vu, threshold]),
    "effects": np.array([every.mean, every.vu, every.vi]),
    "prior": every.prior,
    "item_effect": every.item,
    "user_effect": every.user,
    "p": expit(z),
}, __file__.replace("make_calibration.py", "calibration.safetensors"))
print("weights", weight, "smoothing", smoothing, "variances", seen.vu, seen.vi, "threshold", threshold)
