"""Golden file of linear bandits with one model for all items: LinUCB (Li et al. 2010) and Thompson
sampling (Agrawal & Goyal 2013) for some hundred rounds, by numpy's inverses and solvers. Needs numpy
and safetensors. Run: python tests/golden/make_bandit.py"""

import numpy as np
from safetensors.numpy import save_file

ROUNDS, ITEMS, WIDTH, ALPHA = 300, 12, 7, 0.7
rng = np.random.default_rng(5)
truth = rng.normal(size=WIDTH) / 2
x = rng.normal(size=(ROUNDS, ITEMS, WIDTH)).astype(np.float32)
like = (rng.random((ROUNDS, ITEMS)) < 1 / (1 + np.exp(-x @ truth))).astype(np.uint8)
normal = rng.normal(size=(ROUNDS, WIDTH)).astype(np.float32)
tensors = {"x": x, "like": like, "normal": normal}
nearest = np.inf
for name in ("linucb", "thompson"):
    a, b = np.eye(WIDTH), np.zeros(WIDTH)
    shown = np.zeros(ROUNDS, np.int32)
    for t in range(ROUNDS):
        theta = np.linalg.solve(a, b)
        rows = x[t].astype(float)
        if name == "linucb":
            score = rows @ theta + ALPHA * np.sqrt(np.einsum("ij,jk,ik->i", rows, np.linalg.inv(a), rows))
        else:  # a draw from N(theta, ALPHA^2 A^-1): any root of the covariance; the lower one's here
            score = rows @ (theta + ALPHA * np.linalg.solve(np.linalg.cholesky(a).T, normal[t].astype(float)))
        best = np.sort(score)
        nearest = min(nearest, best[-1] - best[-2])
        shown[t] = np.argmax(score)
        chosen = rows[shown[t]]
        a += np.outer(chosen, chosen)
        b += like[t, shown[t]] * chosen
    tensors[name + ".shown"] = shown
    tensors[name + ".theta"] = np.linalg.solve(a, b)
    tensors[name + ".deviation"] = np.sqrt(np.diag(np.linalg.inv(a)))
assert nearest > 1e-4, nearest  # no choice hangs on a float's last bits
save_file(tensors, __file__.replace("make_bandit.py", "bandit.safetensors"))
