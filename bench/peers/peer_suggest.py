"""The peer of bench_suggest: Optuna's TPE as it is by default, over the same ten parameters after as many
trials, and with --study on the same functions. Needs optuna alone.
Run: python bench/peers/peer_suggest.py [--seconds S] [--csv FILE] [--commit C] [--study SEEDS]"""

import argparse
import math
import os
import statistics
import time

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.ERROR)
SPACE = {
    "learning_rate": FloatDistribution(1e-5, 1e-1, log=True),
    "gamma": FloatDistribution(0.8, 1),
    "tau": FloatDistribution(0.001, 1, log=True),
    "epsilon_end": FloatDistribution(0, 0.5),
    "adam_epsilon": FloatDistribution(1e-10, 1e-4, log=True),
    "buffer": IntDistribution(1000, 1000000, log=True),
    "width": IntDistribution(16, 512, step=16),
    "n_step": IntDistribution(1, 8),
    "head": CategoricalDistribution(["flat", "two_tower"]),
    "batch": CategoricalDistribution([64, 128, 256, 512]),
}


def unit(d, x):
    """Where a value lies in the range it is drawn from, as space_to_unit has it."""
    if isinstance(d, CategoricalDistribution):
        return (d.choices.index(x) + 0.5) / len(d.choices)
    half = d.step / 2 if d.step else 0
    low, high = d.low - half, d.high + half
    if d.log:
        low, high, x = math.log(low), math.log(high), math.log(x)
    return (x - low) / (high - low)


def sampler(seed, candidates=24):
    return optuna.samplers.TPESampler(seed=seed, n_ei_candidates=candidates)


def after(trials, candidates):
    """A study that has seen so many trials, a quarter of them to their end."""
    study = optuna.create_study(sampler=sampler(1, candidates))
    random = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for k in range(trials):
        x = random.ask(SPACE).params
        value = sum((unit(SPACE[p], x[p]) - 0.7) ** 2 for p in x)
        complete = k % 4 == 0
        study.add_trial(create_trial(
            state=TrialState.COMPLETE if complete else TrialState.PRUNED, params=x, distributions=SPACE,
            value=value, intermediate_values={} if complete else {1 + k % 3: value}))
    return study


def time_suggestions(args):
    for trials, candidates in ((200, 24), (200, 64), (10000, 24), (10000, 64)):
        study, seconds = after(trials, candidates), []
        begun = time.perf_counter()
        while len(seconds) < 5 or time.perf_counter() - begun < args.seconds:
            start = time.perf_counter()
            trial = study.ask(SPACE)
            seconds.append(time.perf_counter() - start)
            study.tell(trial, state=TrialState.FAIL)  # so that no liar grows the history
        seconds.sort()
        n, median = len(seconds), statistics.median(seconds)
        label, size = f"suggest, tpe, {trials} trials, {candidates} candidates", f"parameters={len(SPACE)}"
        title = f"peer optuna {optuna.__version__}: {label}"
        print(f"peer: {label:42s} {1 / median:12.1f} suggestions/s, {1e3 * median:.1f} ms each", flush=True)
        if args.csv:
            date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            with open(args.csv, "a", encoding="utf-8") as file:
                if os.path.getsize(args.csv) == 0:
                    file.write("date,commit,threads,name,size,unit,units,seconds,low,high,rate,bytes,operations,"
                               "ceiling_bytes,ceiling_operations,ceiling_loads\n")
                file.write(f'{date},{args.commit},1,"{title}","{size}",suggestions,1,{median:.6g},'
                           f"{seconds[n // 4]:.6g},{seconds[n - 1 - n // 4]:.6g},{1 / median:.6g},,,,,\n")


# tests/support/sweep_functions.h
STUDY = {
    "learning_rate": FloatDistribution(1e-5, 1e-1, log=True),
    "gamma": FloatDistribution(0.8, 1),
    "tau": FloatDistribution(0.001, 1, log=True),
    "head": CategoricalDistribution(["flat", "two_tower"]),
    "width": IntDistribution(16, 512),
}


def valley(u):
    a, b = u[0] - 0.72, u[1] - 0.2 - 0.5 * (u[0] - 0.72)
    return a * a + 4 * b * b + 0.1 * (u[2] - 0.4) ** 2


def branin(u):
    x, y = 15 * u[0] - 5, 15 * u[1]
    a = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return a * a + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887


def branches(u):
    base = 0.3 * (u[0] - 0.6) ** 2 + 0.1 * abs(u[1] - 0.3)
    return 0.15 + base if u[4] is None else base + (u[4] - 0.85) ** 2


def study_of(function, seed, trials=96, slots=8):
    study = optuna.create_study(sampler=sampler(seed))
    for _ in range(trials // slots):
        running = []
        for _ in range(slots):
            trial = study.ask()
            for name, d in STUDY.items():
                if name != "width" or trial.params["head"] == "two_tower":
                    trial._suggest(name, d)
            running.append(trial)
        for trial in running:
            study.tell(trial, function([unit(STUDY[p], trial.params[p]) if p in trial.params else None
                                        for p in STUDY]))
    return study.best_value


def run_studies(seeds):
    for function in (valley, branin, branches):
        regret = [math.log10(study_of(function, seed) + 1e-9) for seed in range(1, seeds + 1)]
        print(f"{function.__name__:9s} optuna {optuna.__version__} tpe: log10 of the regret after 96 trials, "
              f"8 at a time: {statistics.mean(regret):.2f} +- {statistics.stdev(regret) / math.sqrt(seeds):.2f} "
              f"({seeds} seeds)", flush=True)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seconds", type=float, default=1)
parser.add_argument("--threads", type=int, default=1, help="for the likeness of the other peers")
parser.add_argument("--csv", default="")
parser.add_argument("--commit", default="")
parser.add_argument("--study", type=int, default=0)
arguments = parser.parse_args()
if arguments.study > 1:
    run_studies(arguments.study)
else:
    time_suggestions(arguments)
