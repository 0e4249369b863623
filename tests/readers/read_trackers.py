#!/usr/bin/env python3
"""Do MLflow and W&B hold what the examples carried there? W&B offline, so as its client wrote it.
usage: read_trackers.py FOLDER          FOLDER holds trials.db, mlflow.db and wandb/"""
import glob
import json
import struct
import sys

import mlflow
import optuna
from wandb.proto import wandb_internal_pb2


def read_mlflow(folder, study):
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    client = mlflow.MlflowClient()
    runs = client.search_runs([client.get_experiment_by_name("throng").experiment_id])
    assert len(runs) == len(study.trials), len(runs)
    for run in runs:
        trial = study.trials[int(run.info.run_name.split("-")[1])]
        assert run.data.params == {key: str(value) for key, value in trial.params.items()}
        assert run.data.tags["state"] == trial.state.name
        if trial.value is not None:
            assert run.data.metrics["average_reward"] == trial.value
        history = client.get_metric_history(run.info.run_id, "seed-1/loss")
        assert [m.step for m in history] == sorted(trial.intermediate_values), trial.number


def records(path):
    """W&B's file: 7 bytes, then LevelDB's log format: blocks of 32 KiB, pieces (crc, length, type)."""
    data, at, whole = open(path, "rb").read(), 7, b""
    assert data[:4] == b":W&B"
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        whole += data[at + 7:at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # all of it, or its last piece
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            whole = b""
            yield record


def read_wandb(folder, study):
    seen = {}
    for path in glob.glob(f"{folder}/wandb/offline-run-*/run-*.wandb"):
        run, steps, summary = None, [], {}
        for record in records(path):
            kind = record.WhichOneof("record_type")
            if kind == "run":
                run = record.run
            if kind == "history":
                row = {i.key or ".".join(i.nested_key): json.loads(i.value_json) for i in record.history.item}
                steps.append(row["evaluation"])
            if kind == "summary":
                summary.update({i.key: json.loads(i.value_json) for i in record.summary.update})
        seen[int(run.display_name.split("-")[1])] = run, steps, summary
    assert len(seen) == len(study.trials), len(seen)
    for number, (run, steps, summary) in seen.items():
        trial = study.trials[number]
        config = {i.key: json.loads(i.value_json) for i in run.config.update}
        assert {key: config[key] for key in trial.params} == trial.params, (config, trial.params)
        assert set(steps) == set(trial.intermediate_values)
        if trial.value is not None:
            assert summary["average_reward"] == trial.value, summary


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{sys.argv[1]}/trials.db")
    read_mlflow(sys.argv[1], study)
    read_wandb(sys.argv[1], study)
    print(f"  MLflow {mlflow.__version__} and W&B's client: {len(study.trials)} runs with options, "
          "values and curves")
