"""Off-policy estimators by numpy, from their definitions: tests/golden/off_policy.json.

The log is a bandit of 6 arms in 3 contexts, whose target policy has a known value. Needs: pip install numpy
"""
import json
import pathlib

import numpy as np

rng = np.random.default_rng(5)
n, clip = 400, 4.0
context = rng.integers(0, 3, n)
mean = rng.random((3, 6))
logging = rng.dirichlet(np.full(6, 0.7), 3) * 0.9 + 0.1 / 6
target = rng.dirichlet(np.full(6, 0.3), 3)
arm = np.array([rng.choice(6, p=logging[c]) for c in context])
reward = (rng.random(n) < mean[context, arm]).astype(float)
model = np.clip(mean + rng.normal(0, 0.2, mean.shape), 0, 1)
logged, asked = logging[context, arm], target[context, arm]
q, q_target = model[context, arm], (target * model).sum(1)[context]

w = asked / logged
c = np.minimum(w, clip)
value = {
    "ips": np.mean(w * reward),
    "ips_clipped": np.mean(c * reward),
    "snips": np.sum(w * reward) / np.sum(w),
    "snips_clipped": np.sum(c * reward) / np.sum(c),
    "dm": np.mean(q_target),
    "dr": np.mean(q_target + w * (reward - q)),
    "dr_clipped": np.mean(q_target + c * (reward - q)),
    "sndr": np.mean(q_target) + np.sum(w * (reward - q)) / np.sum(w),
}
result = {
    "clip": clip,
    "reward": reward.tolist(), "logged": logged.tolist(), "target": asked.tolist(),
    "model_logged": q.tolist(), "model_target": q_target.tolist(),
    "cluster": (np.arange(n) // 7).tolist(),
    "value": {k: float(v) for k, v in value.items()},
    "mean_weight": float(w.mean()), "effective_sample": float(w.sum() ** 2 / (w ** 2).sum()),
    "most_weight": float(w.max()), "clipped": float((w > clip).mean()),
}
# Intervals of a bootstrap over clusters: numpy's own draws, so equal up to the resamples' error.
boot = {k: [] for k in value}
groups = [np.flatnonzero(np.array(result["cluster"]) == g) for g in range(result["cluster"][-1] + 1)]
for _ in range(20000):
    rows = np.concatenate([groups[g] for g in rng.integers(0, len(groups), len(groups))])
    W, C, R, Q, T = w[rows], c[rows], reward[rows], q[rows], q_target[rows]
    boot["ips"].append(np.mean(W * R))
    boot["ips_clipped"].append(np.mean(C * R))
    boot["snips"].append(np.sum(W * R) / np.sum(W))
    boot["snips_clipped"].append(np.sum(C * R) / np.sum(C))
    boot["dm"].append(np.mean(T))
    boot["dr"].append(np.mean(T + W * (R - Q)))
    boot["dr_clipped"].append(np.mean(T + C * (R - Q)))
    boot["sndr"].append(np.mean(T) + np.sum(W * (R - Q)) / np.sum(W))
result["low"] = {k: float(np.percentile(v, 2.5)) for k, v in boot.items()}
result["high"] = {k: float(np.percentile(v, 97.5)) for k, v in boot.items()}
path = pathlib.Path(__file__).with_name("off_policy.json")
path.write_text(json.dumps(result) + "\n")
