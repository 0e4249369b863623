#!/usr/bin/env python3
"""Makes tests/golden/importance.json: studies, and what Optuna finds to matter in them.
Needs: pip install optuna==5.0.0 scikit-learn
usage: make_importance.py > importance.json"""
import json
import math
import sys
import warnings

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")
SPACE = {
    "rate": FloatDistribution(1e-5, 1e-1, log=True),
    "gamma": FloatDistribution(0.8, 0.999),
    "width": IntDistribution(16, 256, step=16),
    "hidden": IntDistribution(1, 1000, log=True),
    "head": CategoricalDistribution(["a", "b", "c"]),
    "double": CategoricalDistribution([True, False]),
    "share": FloatDistribution(0.0, 1.0, step=0.05),
}


def study_of(n, seed, conditional):
    rng = np.random.default_rng(seed)
    study = optuna.create_study(direction="minimize")
    rows = []
    for _ in range(n):
        raw = {
            "rate": float(np.exp(rng.uniform(math.log(1e-5), math.log(1e-1)))),
            "gamma": float(rng.uniform(0.8, 0.999)),
            "width": int(16 * rng.integers(1, 17)),
            "hidden": int(np.clip(round(np.exp(rng.uniform(0, math.log(1000)))), 1, 1000)),
            "head": ["a", "b", "c"][rng.integers(3)],
            "double": bool(rng.integers(2)),
            "share": round(0.05 * int(rng.integers(21)), 10),
        }
        names = list(SPACE)
        if conditional and raw["head"] != "a":
            names.remove("share")
            raw.pop("share")
        value = (2 * (math.log10(raw["rate"]) + 3) ** 2 + 8 * abs(raw["gamma"] - 0.95) * 10 + raw["width"] / 100
                 + {"a": 0.0, "b": 3.0, "c": 1.0}[raw["head"]] + (0.5 if raw["double"] else 0.0)
                 + 2 * raw.get("share", 0.3) + rng.normal(0, 0.5))
        study.add_trial(optuna.trial.create_trial(params=raw, distributions={k: SPACE[k] for k in names}, value=value))
        rows.append([SPACE[k].to_internal_repr(raw[k]) if k in raw else None for k in SPACE] + [value])
    fanova = [get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=s)) for s in range(3)]
    ped = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {"rows": rows, "ped_anova": [ped.get(k) for k in SPACE],
            "fanova": [float(np.mean([f[k] for f in fanova])) if k in fanova[0] else None for k in SPACE]}


json.dump({"studies": [study_of(40, 1, False), study_of(300, 2, False), study_of(300, 3, True)]}, sys.stdout)
print()
