"""Decisions of Optuna's pruners for tests/test_schedule.c: pip install optuna==5.0.0; python make_schedule.py

Slots train trials round by round; every slot reports in order and is told at once whether to stop.
At a trial's end nobody is asked. Values have few digits, so that there are ties."""
import json
import os
import random
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")


def case(name, kind, study_name, slots, trials, period, min_steps, max_steps, reduction, seed):
    if kind == "asha":
        pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=min_steps, reduction_factor=reduction)
    else:
        pruner = optuna.pruners.HyperbandPruner(
            min_resource=min_steps, max_resource=max_steps, reduction_factor=reduction
        )
    study = optuna.create_study(study_name=study_name, pruner=pruner, direction="minimize")
    draw = random.Random(seed)
    running = [None] * slots
    begun, rounds = 0, []
    while begun < trials or any(running):
        rows = []
        for slot in range(slots):
            if running[slot] is None and begun < trials:
                running[slot] = [study.ask(), 0, draw.uniform(0, 2), draw.random() < 0.08]
                begun += 1
        for slot in range(slots):
            if running[slot] is None:
                continue
            trial, steps, level, fails = running[slot]
            steps = min(steps + period, max_steps)
            running[slot][1] = steps
            value = round(level + 4 * period / steps + draw.gauss(0, 0.1), 2)
            if fails and steps > 2 * min_steps:
                value = float("nan")
            trial.report(value, steps)
            ends = steps == max_steps
            prune = not ends and trial.should_prune()
            rows.append([slot, trial.number, steps, None if value != value else value, int(prune)])
            if prune:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            elif ends:
                study.tell(trial, value if value == value else 9.0)
            if prune or ends:
                running[slot] = None
        rounds.append(rows)
    return {
        "name": name, "kind": kind, "study": study_name, "slots": slots, "period": period,
        "min_steps": min_steps, "max_steps": max_steps, "reduction": reduction, "rounds": rounds,
    }


cases = [
    case("asha by four", "asha", "s", 8, 120, 100, 100, 6400, 4, 1),
    case("asha by two, reports off the rungs", "asha", "s", 5, 60, 300, 400, 5000, 2, 2),
    case("asha, one at a time", "asha", "s", 1, 40, 10, 10, 270, 3, 3),
    case("hyperband", "hyperband", "throng", 6, 120, 100, 100, 2700, 3, 4),
    case("hyperband, another name", "hyperband", "größer", 4, 80, 50, 100, 3000, 4, 5),
    case("hyperband at 3^5", "hyperband", "x", 4, 16, 1, 1, 243, 3, 6),
]
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "schedule.json"), "w", encoding="utf-8") as file:
    json.dump({"optuna": optuna.__version__, "cases": cases}, file, separators=(",", ":"), ensure_ascii=False)
    file.write("\n")
for c in cases:
    print(c["name"], sum(len(r) for r in c["rounds"]), sum(x[4] for r in c["rounds"] for x in r))
