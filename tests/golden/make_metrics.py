"""Classification and exposure measures by scikit-learn and numpy: tests/golden/metrics.json.

Needs: pip install numpy scipy scikit-learn
"""
import json
import pathlib
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

warnings.filterwarnings("ignore")
rng = np.random.default_rng(1)


def case(name, label, answer, score):
    label, answer, score = np.asarray(label), np.asarray(answer), np.asarray(score, float)
    result = {"name": name, "label": label.tolist(), "answer": answer.tolist(),
              "score": score.tolist()}
    both = len(set(label.tolist())) == 2
    result["auc"] = float(metrics.roc_auc_score(label, score)) if both else None
    result["log_loss"] = float(metrics.log_loss(label, score, labels=[0, 1]))
    result["accuracy"] = float(metrics.accuracy_score(label, answer))
    for average in ("micro", "macro", "weighted"):
        p, r, f, _ = metrics.precision_recall_fscore_support(
            label, answer, average=average, zero_division=0)
        result[average] = [float(p), float(r), float(f)]
    return result


n = 60
label = rng.integers(0, 2, n)
score = np.clip(0.3 * label + rng.random(n) * 0.7, 0, 1)
tied = np.round(score * 4) / 4
classification = [
    case("distinct scores", label, score >= 0.5, score),
    case("many ties, zeros and ones", label, tied >= 0.5, tied),
    case("constant score", label, np.ones(n, int), np.full(n, 0.5)),
    case("ninety percent likes", np.r_[np.ones(45), np.zeros(5)].astype(int),
         rng.integers(0, 2, 50), rng.random(50)),
    case("only likes, all found", np.ones(8, int), np.ones(8, int), rng.random(8)),
    case("only likes, some missed", np.ones(8, int), np.r_[np.zeros(3), np.ones(5)].astype(int),
         rng.random(8)),
    case("only dislikes, none found", np.zeros(8, int), np.ones(8, int), rng.random(8)),
    case("perfect", [0, 0, 1, 1], [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
    case("reversed", [0, 0, 1, 1], [1, 1, 0, 0], [1.0, 0.9, 0.1, 0.0]),
]
for c in classification:
    c["answer"] = [int(a) for a in c["answer"]]

exposure = rng.geometric(0.05, 40) - 1
pairs = np.abs(exposure[:, None] - exposure[None, :]).sum()  # another definition than ours
vectors = rng.standard_normal((6, 5)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
vectors[4] = 0
chosen = [0, 2, 4, 5]
distance = [1 - float(vectors[a].astype(float) @ vectors[b].astype(float))
            for i, a in enumerate(chosen) for b in chosen[:i]]
values = rng.standard_normal(9)
lengths = rng.geometric(0.1, 9)
ratio = values.sum() / lengths.sum()
cov = np.cov(values, lengths)  # Cochran, Sampling Techniques, 1977, eq. 6.12, without replacement's term
variance = (cov[0, 0] - 2 * ratio * cov[0, 1] + ratio**2 * cov[1, 1]) / 9 / lengths.mean()**2
freedom = [1, 2, 5, 9, 10, 11, 15, 31, 99, 511, 10**6]
one = rng.poisson(20, 12).astype(float)
two = one - rng.integers(-1, 4, 12)
paired = stats.ttest_rel(one, two)
interval = paired.confidence_interval(0.95)
golden = {
    "classification": classification,
    "exposure": exposure.tolist(),
    "gini": float(pairs / (2 * len(exposure) ** 2 * exposure.mean())),
    "coverage": float((exposure > 0).mean()),
    "vectors": vectors.tolist(), "list": chosen, "diversity": float(np.mean(distance)),
    "values": values.tolist(), "mean": float(values.mean()),
    "sem": float(values.std(ddof=1) / np.sqrt(len(values))),
    "lengths": lengths.tolist(), "ratio": float(ratio), "ratio_sem": float(np.sqrt(variance)),
    "paired": {"one": one.tolist(), "two": two.tolist(), "mean": float((one - two).mean()),
               "sem": float(stats.sem(one - two)), "low": float(interval.low),
               "high": float(interval.high)},
    "freedom": freedom, "student": [float(stats.t.ppf(0.975, f)) for f in freedom],
}
path = pathlib.Path(__file__).parent / "metrics.json"
path.write_text(json.dumps(golden, indent=None) + "\n")
