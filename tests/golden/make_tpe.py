"""Golden file of the TPE sampler: for fixed trials which of them Optuna counts as good, the centres and
widths of its Parzen estimators, and the logarithm of the ratio of the two densities at fixed points; for
one objective, for conditional parameters and for several objectives. Needs optuna 5.0.
Run: python tests/golden/make_tpe.py"""

import json
import math

import numpy as np
import optuna
from optuna.distributions import (CategoricalDistribution, FloatDistribution, IntDistribution)
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.sampler import _split_trials
from optuna.trial import TrialState, create_trial

assert optuna.__version__.startswith("5.0")
optuna.logging.set_verbosity(optuna.logging.ERROR)

# Where kernels are equal, numpy's quick sort gives their widths in no particular order.
fast_argsort = np.argsort
np.argsort = lambda a, *rest, **more: fast_argsort(a, *rest, **{**more, "kind": "stable"})

SPACE = {
    "agent.learning_rate": FloatDistribution(1e-5, 1e-1, log=True),
    "agent.gamma": FloatDistribution(0.8, 1.0),
    "agent.tau": FloatDistribution(0.1, 0.9, step=0.1),
    "agent.width": IntDistribution(16, 128, step=16),
    "agent.buffer": IntDistribution(10, 100000, log=True),
    "agent.n_step": IntDistribution(1, 8),
    "agent.head": CategoricalDistribution(["flat", "two_tower"]),
    "agent.batch": CategoricalDistribution([64, 256, 1024]),
}


def point(rng, space):
    x = {}
    for name, d in space.items():
        if isinstance(d, CategoricalDistribution):
            x[name] = d.choices[rng.integers(len(d.choices))]
        elif isinstance(d, FloatDistribution):
            u = rng.random()
            if d.log:
                x[name] = float(d.low * (d.high / d.low) ** u)
            elif d.step:
                x[name] = round(d.low + d.step * int(rng.integers(9)), 10)
            else:
                x[name] = float(d.low + (d.high - d.low) * u)
        elif d.log:
            x[name] = int(d.low * (d.high / d.low) ** rng.random())
        else:
            x[name] = int(d.low + d.step * rng.integers((d.high - d.low) // d.step + 1))
    return x


def internal(x, space):
    return [space[n].to_internal_repr(x[n]) if n in x else None for n in SPACE]


def make(name, n, seed, objectives=1, states=(TrialState.COMPLETE,), conditional=False):
    rng = np.random.default_rng(seed)
    study = optuna.create_study(directions=["minimize"] * objectives, sampler=TPESampler(seed=0))
    case = {"name": name, "objectives": objectives, "trials": []}
    for k in range(n):
        x = point(rng, SPACE)
        if conditional and x["agent.head"] == "flat":
            del x["agent.width"], x["agent.buffer"]
        state = states[k % len(states)]
        values = [float(v) for v in rng.normal(size=objectives)]
        resource = int(rng.integers(1, 4)) if state != TrialState.COMPLETE else 5
        distributions = {name: SPACE[name] for name in x}
        if state == TrialState.RUNNING:
            trial = study.ask()
            # What multivariate TPE shares of a trial that runs.
            study._storage.set_trial_system_attr(trial._trial_id, "relative_params:0", "{}")
            for parameter, d in distributions.items():
                study._storage.set_trial_param(trial._trial_id, parameter,
                                               d.to_internal_repr(x[parameter]), d)
        else:
            never = state == TrialState.PRUNED and k % 7 == 0
            study.add_trial(create_trial(
                state=state, params=x, distributions=distributions,
                values=values if state == TrialState.COMPLETE else None,
                intermediate_values={} if state == TrialState.COMPLETE or never
                else {resource: values[0]}))
            resource = 0 if never else resource
        case["trials"].append({"state": state.name, "x": internal(x, SPACE), "value": values,
                               "resource": resource})
    sampler = study.sampler
    trials = study._get_trials(deepcopy=False)
    finished = sum(t.state != TrialState.RUNNING for t in trials)
    n_below = math.ceil(0.1 * finished)
    below, above = _split_trials(study, trials, min(n_below, 25) if objectives == 1 else n_below)
    case["below"] = [t.number for t in below]
    if objectives > 1:
        groups = [[parameter] for parameter in SPACE]
    elif conditional:
        inner = ["agent.width", "agent.buffer"]
        groups = [[p for p in SPACE if p not in inner], inner]
    else:
        groups = [list(SPACE)]
    case["groups"] = []
    names = list(SPACE)
    for group in groups:
        space = {parameter: SPACE[parameter] for parameter in group}
        estimators = [sampler._build_parzen_estimator(study, space, part, handle_below=good)
                      for part, good in ((below, True), (above, False))]
        points = [point(rng, space) for _ in range(12)]
        samples = {p: np.array([space[p].to_internal_repr(x[p]) for x in points]) for p in space}
        kernels = []
        for estimator in estimators:
            mixture = estimator._mixture_distribution
            kernels.append({
                "weight": mixture.weights.tolist(),
                "mu": [d.mu.tolist() if hasattr(d, "mu") else None for d in mixture.distributions],
                "sigma": [d.sigma.tolist() if hasattr(d, "sigma") else None
                          for d in mixture.distributions]})
        case["groups"].append({
            "parameter": [names.index(p) for p in group],
            "kernels": kernels if n <= 40 else None,
            "points": [internal(x, space) for x in points],
            "below": estimators[0].log_pdf(samples).tolist(),
            "above": estimators[1].log_pdf(samples).tolist()})
    return case


C, P, R, F = TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.FAIL
cases = [
    make("one trial", 1, 1),
    make("few", 12, 2),
    make("all states", 40, 3, states=(C, P, R, C, P)),
    make("nearly all pruned", 60, 4, states=(P, P, P, P, P, P, P, P, P, C)),
    make("faded weights, and 25 good ones at most", 300, 5, states=(C, C, P, R)),
    make("conditions", 80, 6, states=(C, C, P, R), conditional=True),
    make("two objectives", 90, 7, objectives=2),
    make("three objectives", 70, 8, objectives=3),
    make("four objectives", 70, 9, objectives=4),
]


def rounded(x):
    if isinstance(x, float):
        return float("%.12g" % x)
    if isinstance(x, list):
        return [rounded(y) for y in x]
    return {k: rounded(y) for k, y in x.items()} if isinstance(x, dict) else x


with open(__file__.replace("make_tpe.py", "tpe.json"), "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(rounded(c), separators=(",", ":")) for c in cases) + "\n]\n")
