#!/usr/bin/env python3
"""A sweep's trials as runs of a Weights & Biases project: options, values, curves, attributes.
usage: sweep_to_wandb.py SWEEP [PROJECT]            (pip install optuna wandb)
WANDB_MODE=offline writes ./wandb, for `wandb sync` later."""
import collections
import json
import sys

import optuna
import wandb

sweep, project = sys.argv[1], (sys.argv[2:] + ["throng"])[0]
study = optuna.load_study(study_name=None, storage=f"sqlite:///{sweep}/trials.db")
curves = collections.defaultdict(list)
with open(f"{sweep}/metrics.jsonl") as rows:
    for row in map(json.loads, rows):
        curves[row["trial"]].append(row)

places = ("round", "trial", "seed", "slot", "evaluation")
for trial in study.trials:
    if not trial.state.is_finished():
        continue
    with wandb.init(project=project, group=study.study_name, name=f"trial-{trial.number:05}",
                    config=trial.params, tags=[trial.state.name.lower()],
                    settings=wandb.Settings(console="off", silent=True)) as run:
        run.define_metric("*", step_metric="evaluation")
        for row in curves[trial.number]:
            values = {name: value for name, value in row.items() if name not in places and value is not None}
            run.log({"evaluation": row["evaluation"],
                     **{f"seed-{row['seed']}/{name}": value for name, value in values.items()}})
        run.summary.update(dict(zip(study.metric_names or ["value"], trial.values or [])))
        run.summary.update(trial.user_attrs)
print(f"{len(study.trials)} trials of {sweep} are in the project {project}")
