#!/usr/bin/env python3
"""A sweep's trials as runs of an MLflow experiment: options, values, curves, attributes.
usage: sweep_to_mlflow.py SWEEP [EXPERIMENT]        (pip install optuna mlflow)
Where to is MLflow's business: MLFLOW_TRACKING_URI=sqlite:///mlflow.db, or a server's address."""
import collections
import json
import math
import sys

import mlflow
import optuna
from mlflow.entities import Metric

sweep, experiment = sys.argv[1], (sys.argv[2:] + ["throng"])[0]
study = optuna.load_study(study_name=None, storage=f"sqlite:///{sweep}/trials.db")
curves = collections.defaultdict(list)
with open(f"{sweep}/metrics.jsonl") as rows:
    for row in map(json.loads, rows):
        curves[row["trial"]].append(row)

mlflow.set_experiment(experiment)
client = mlflow.MlflowClient()
places = ("round", "trial", "seed", "slot", "step", "evaluation")
for trial in study.trials:
    if not trial.state.is_finished():
        continue
    tags = {"state": trial.state.name, **{key: str(value)[:5000] for key, value in trial.user_attrs.items()}}
    with mlflow.start_run(run_name=f"trial-{trial.number:05}", tags=tags) as run:
        mlflow.log_params(trial.params)
        if trial.values:
            mlflow.log_metrics(dict(zip(study.metric_names or ["value"], trial.values)))
        end = int(trial.datetime_complete.timestamp() * 1000)
        metrics = [Metric(f"seed-{row['seed']}/{name}", value, end, row["evaluation"])
                   for row in curves[trial.number] for name, value in row.items()
                   if name not in places and value is not None and math.isfinite(value)]
        for k in range(0, len(metrics), 1000):  # as many as a call takes
            client.log_batch(run.info.run_id, metrics=metrics[k:k + 1000])
print(f"{len(study.trials)} trials of {sweep} are in the experiment {experiment} of {mlflow.get_tracking_uri()}")
