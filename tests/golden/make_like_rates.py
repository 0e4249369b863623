"""Golden file of f_pop: users and items of planted generosity, their smoothed like rates counted row
by row, and the regression by scikit-learn. Needs numpy, scikit-learn and safetensors.
Run: python tests/golden/make_like_rates.py"""

import numpy as np
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

PRIOR, HELD_OUT = 4.0, 2
rng = np.random.default_rng(23)
n_user, n_item = 60, 45  # the last five items are never met; user 7 has two interactions, 9 none
generous, good = rng.normal(0, 1.2, n_user), rng.normal(0.3, 1.0, n_item)
length = rng.integers(3, 25, n_user)
length[7], length[9] = 2, 0
history = []
for u in range(n_user):
    items = rng.choice(n_item - 5, length[u], replace=False)
    likes = rng.random(length[u]) < 1 / (1 + np.exp(-generous[u] - good[items]))
    history.append(list(zip(items.tolist(), likes.astype(int).tolist())))

train = [(u, i, y) for u in range(n_user) for i, y in history[u][:-HELD_OUT]]
share = (sum(y for _, _, y in train) + 1) / (len(train) + 2)


def rate(rows):
    return (sum(y for _, _, y in rows) + PRIOR * share) / (len(rows) + PRIOR)


def logit(p):
    return np.log(p / (1 - p))


features = []
for k, (u, i, _) in enumerate(train):  # every row sees the rates of all other rows
    others = train[:k] + train[k + 1:]
    features.append([logit(rate([r for r in others if r[1] == i])),
                     logit(rate([r for r in others if r[0] == u]))])
label = np.array([y for _, _, y in train])
model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
model.fit(np.array(features), label)
weight = np.array([model.intercept_[0], *model.coef_[0]])

item_rate = np.array([rate([r for r in train if r[1] == i]) for i in range(n_item)])
user_rate = np.array([rate([r for r in train if r[0] == u]) for u in range(n_user)])
z = weight[0] + weight[1] * logit(item_rate)[None, :] + weight[2] * logit(user_rate)[:, None]

save_file({
    "user_offset": np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
    "history_item": np.array([i for h in history for i, _ in h], dtype=np.int32),
    "history_like": np.array([y for h in history for _, y in h], dtype=np.uint8),
    "weight": weight,
    "item_rate": item_rate,
    "user_rate": user_rate,
    "p": 1 / (1 + np.exp(-z)),
}, __file__.replace("make_like_rates.py", "like_rates.safetensors"))
print("weights", weight, "share", share, "rows", len(train))
