"""Golden file of f_cal: users and items of planted generosity with votes that know something of the
answers; counts row by row, users' effects by root finding, their variance by expectation maximisation
and the regression by scipy's trust region. Needs numpy, scipy and safetensors.
Run: python tests/golden/make_calibration.py"""

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

PRIOR, RIDGE, STEPS, LEAST = 4.0, 10.0, 30, float(np.float32(1e-6))
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


class Counts:
    def __init__(self, hidden):
        self.kept = [h[:max(len(h) - hidden, 0)] for h in history]
        answers = [(i, v) for h in self.kept for i, v in h]
        self.share = (sum(v for _, v in answers) + 1) / (len(answers) + 2)
        self.n = [sum(i == k for i, _ in answers) for k in range(n_item)]
        self.like = [sum(v for i, v in answers if i == k) for k in range(n_item)]

    def rate(self, item, without=None):
        n, like = (self.n[item], self.like[item]) if without is None else \
                  (self.n[item] - 1, self.like[item] - without)
        return (like + PRIOR * self.share) / (n + PRIOR)

    def effect(self, entries, variance):
        x = np.array([logit(self.rate(i, v)) for i, v in entries])
        v = np.array([v for _, v in entries])
        slope = lambda b: (v - expit(x + b)).sum() - b / variance
        b = brentq(slope, -30, 30, xtol=1e-13) if len(entries) else 0.0
        p = expit(x + b)
        return b, 1 / ((p * (1 - p)).sum() + 1 / variance)


seen = Counts(1)
variance = 1.0
for _ in range(STEPS):
    each = [seen.effect(h, variance) for h in seen.kept if h]
    variance = np.mean([b * b + v for b, v in each])

item = np.array([logit(seen.rate(*history[u][-2])) for u in rows])
user = np.array([seen.effect(history[u][:-2], variance)[0] for u in rows])
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
    bend = lambda w: (x.T * (expit(x @ w) * expit(-x @ w))) @ x + np.diag(ridge)
    best = minimize(loss, centre, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-11})
    return best.fun, best.x


tried = [(*regress(features(k, seen.share)), k) for k in (1, 2, 4, 8, 16, 32)]
_, weight, smoothing = min(tried, key=lambda t: t[0])
p = np.sort(expit(features(smoothing, seen.share) @ weight))[::-1]
threshold = (p[y.sum() - 1] + p[y.sum()]) / 2

every = Counts(0)  # what a simulator knows
item_rate = np.array([every.rate(i) for i in range(n_item)])
user_effect = np.array([every.effect(h, variance)[0] for h in history])
mat = np.log((alpha_pos + smoothing * every.share) / (alpha_neg + smoothing * (1 - every.share)))
at = [history[u][-2][0] for u in rows]
z = np.column_stack([np.ones(len(y)), mat, sim, sta, logit(item_rate[at]), user_effect[rows]]) @ weight

save_file({
    "user_offset": np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
    "history_item": np.array([i for h in history for i, _ in h], dtype=np.int32),
    "history_like": np.array([v for h in history for _, v in h], dtype=np.uint8),
    "alpha_pos": alpha_pos, "alpha_neg": alpha_neg, "beta_pos": beta_pos, "beta_neg": beta_neg,
    "p_like": p_sta,
    "fitted": np.array([*weight, smoothing, variance, threshold]),
    "item_rate": item_rate,
    "user_effect": user_effect,
    "p": expit(z),
}, __file__.replace("make_calibration.py", "calibration.safetensors"))
print("weights", weight, "smoothing", smoothing, "variance", variance, "threshold", threshold)
