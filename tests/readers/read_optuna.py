#!/usr/bin/env python3
"""Optuna, and optuna-dashboard, read a sweep's trials.db.
usage: read_optuna.py while FOLDER PID     until process PID ends: nothing may be locked or broken
       read_optuna.py after FOLDER         all that a user would look at, of a finished sweep
       read_optuna.py sweep FOLDER         the same of a real sweep, beside its own tables
       read_optuna.py dashboard FOLDER     the dashboard's endpoints answer
Needs: pip install optuna scikit-learn plotly optuna-dashboard"""
import csv
import datetime
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def load(path):
    return optuna.load_study(study_name=None, storage=f"sqlite:///{path}")


def alive(process):
    """A child of the shell that runs this stays as a zombie until the shell waits for it."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def read_while(folder, process):
    path = f"{folder}/trials.db"
    loads = before = reports = 0
    while alive(process):
        if not os.path.exists(path):
            continue
        try:
            study = load(path)
        except KeyError:  # no study yet
            time.sleep(0.01)
            continue
        trials = study.get_trials(deepcopy=False)
        finished = [t for t in trials if t.state == optuna.trial.TrialState.COMPLETE]
        assert [t.number for t in trials] == list(range(len(trials)))
        assert len(trials) >= before, "trials have vanished"
        if finished:  # asked again, of a file that has gone on
            assert study.best_value >= max(t.value for t in finished)
        # A whole round: every trial that runs has reported.
        assert all(t.intermediate_values for t in trials)
        before, loads = len(trials), loads + 1
        reports = sum(len(t.intermediate_values) for t in trials)
    assert loads >= 3, f"only {loads} loads while the sweep was written"
    print(f"  optuna {optuna.__version__}: {loads} loads while it was written, the last of {before} "
          f"trials with {reports} reports")


def rows_of(folder):
    with open(f"{folder}/metrics.jsonl") as file:
        return [json.loads(line) for line in file]


def read_after(folder):
    """What the database must say is computed from metrics.jsonl: another writer's file."""
    path = f"{folder}/trials.db"
    study, state = load(path), optuna.trial.TrialState
    trials = study.trials
    rows = rows_of(folder)
    assert study.metric_names == ["average_reward"] and study.direction.name == "MAXIMIZE"
    assert study.user_attrs["throng:step"] == "evaluation"
    last = {}
    for row in rows:
        last.setdefault(row["trial"], {}).setdefault(row["evaluation"], []).append(row["average_reward"])
    assert len(trials) == len(last)
    for t in trials:
        mean = {e: math.nan if None in v else sum(v) / len(v) for e, v in last[t.number].items()}
        assert set(t.intermediate_values) == set(mean)
        for e, value in mean.items():
            seen = t.intermediate_values[e]
            assert abs(seen - value) < 1e-12 or (math.isnan(seen) and math.isnan(value))
        if t.state in (state.COMPLETE, state.PRUNED):
            assert t.value == t.intermediate_values[max(mean)]
        assert ("agent.width" in t.params) == (t.params["agent.epsilon"] == "exponential")
        assert isinstance(t.params["agent.double_dqn"], bool)
        assert isinstance(t.params["agent.n_step"], int)
        assert t.state.is_finished() and t.duration.total_seconds() >= 0
    utc = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    if optuna.__version__ >= "5":  # earlier ones take the same text for local time
        started = trials[-1].datetime_start
        started = started.replace(tzinfo=None) if started.tzinfo is None else started.astimezone(
            datetime.timezone.utc).replace(tzinfo=None)
        assert abs((utc - started).total_seconds()) < 3600, (utc, started)
    complete = [t for t in trials if t.state == state.COMPLETE]
    best = max(complete, key=lambda t: t.value)
    assert study.best_trial.number == best.number
    assert {t.state for t in trials} == {state.COMPLETE, state.PRUNED, state.FAIL}
    assert any(t.user_attrs.get("cause") == "diverged" for t in trials)
    importances(study)
    plots(study)
    go_on(path, len(trials))
    print(f"  optuna {optuna.__version__}: {len(trials)} trials, best {best.number}; importances, "
          "plots, ask and tell")


def read_sweep(folder):
    study = load(f"{folder}/trials.db")
    with open(f"{folder}/trials.csv", newline="") as file:
        table = list(csv.DictReader(file))
    with open(f"{folder}/summary.json") as file:
        summary = json.load(file)
    assert len(study.trials) == len(table) == summary["trials"]["total"]
    metric, direction = study.metric_names[0], study.direction.name.lower()
    assert summary["objectives"] == [{"metric": metric, "direction": direction}]
    reports = {(row["trial"], row["evaluation"]): row[f"evaluation/agent/{metric}"] for row in rows_of(folder)}
    for trial, row in zip(study.trials, table):
        assert row["state"] == trial.state.name
        assert {k: row[k] for k in trial.params} == {
            k: str(v).lower() if isinstance(v, bool) else row[k] if float_or(row[k], v) == v else v
            for k, v in trial.params.items()}
        assert (float(row[metric]) if row[metric] else None) == trial.value
        assert all(reports[trial.number, step] == value for step, value in trial.intermediate_values.items())
    best = summary["best"][0]
    assert study.best_trial.number == best["trial"] and study.best_value == best["values"][metric]
    importances(study, None)
    plots(study)
    print(f"  optuna {optuna.__version__}: {len(table)} trials of a real sweep, as its own tables have them")


def float_or(text, otherwise):
    """A choice's name is no number."""
    return text if isinstance(otherwise, str) else float(text)


def importances(study, heavy=("agent.learning_rate", "agent.epsilon")):
    from optuna.importance import (FanovaImportanceEvaluator, MeanDecreaseImpurityImportanceEvaluator,
                                   PedAnovaImportanceEvaluator, get_param_importances)
    always = set.intersection(*(set(t.params) for t in study.trials))
    for evaluator in (FanovaImportanceEvaluator(seed=0), PedAnovaImportanceEvaluator(),
                      MeanDecreaseImpurityImportanceEvaluator(seed=0)):
        seen = get_param_importances(study, evaluator=evaluator)
        assert always <= set(seen), (evaluator, seen)
        assert abs(sum(seen.values()) - 1) < 1e-6
        # What the writer's values depend on weighs more than what they do not.
        assert not heavy or seen[heavy[0]] > seen[heavy[1]], (evaluator, seen)


def plots(study):
    import optuna.visualization as v
    two = ["agent.learning_rate", "agent.gamma"]
    figures = [v.plot_optimization_history(study), v.plot_intermediate_values(study),
               v.plot_parallel_coordinate(study), v.plot_contour(study, params=two),
               v.plot_slice(study), v.plot_param_importances(study), v.plot_edf(study),
               v.plot_rank(study, params=two), v.plot_timeline(study)]
    for figure in figures:
        assert figure.data, figure.layout.title
        figure.to_json()
    assert len(figures[1].data) > 10  # a curve a trial


def go_on(path, n):
    """Ask and tell on a copy, into which Optuna writes what we read no worse."""
    copy = f"{path}.copy"
    shutil.copy(path, copy)
    study = load(copy)
    trial = study.ask()
    assert trial.number == n
    trial.suggest_float("agent.learning_rate", 1e-5, 1e-2, log=True)
    trial.suggest_int("agent.n_step", 1, 8)
    trial.suggest_categorical("agent.double_dqn", [False, True])
    trial.suggest_categorical("agent.epsilon", ["linear", "exponential"])
    trial.suggest_int("agent.width", 16, 128, step=16)
    trial.report(0.5, 1)
    study.tell(trial, 0.75)
    assert load(copy).trials[n].value == 0.75
    study.optimize(lambda t: t.suggest_float("agent.gamma", 0.8, 0.999), n_trials=2)
    assert len(load(copy).trials) == n + 3
    os.remove(copy)


def dashboard(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, "-c", "from optuna_dashboard._cli import main; main()"]
    server = subprocess.Popen([*program, f"sqlite:///{folder}/trials.db", "--port", str(port), "--host",
                               "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            assert answer.status == 200, path
            return answer.read()
    try:
        for _ in range(300):
            try:
                get("/api/meta")
                break
            except OSError:
                assert server.poll() is None, "optuna-dashboard has ended"
                time.sleep(0.1)
        studies = json.loads(get("/api/studies"))["study_summaries"]
        assert studies[0]["study_name"] == "sweep"
        study = json.loads(get("/api/studies/1?after=0"))
        n = len(study["trials"])
        assert n > 10 and "written by *throng*" in study["note"]["body"]
        assert study["objective_names"] == ["average_reward"], study["objective_names"]
        importance = json.loads(get("/api/studies/1/param_importances"))["param_importances"]
        assert len(importance[0]) >= 5
        get("/dashboard/")
        get("/csv/1")
    finally:
        server.terminate()
        server.wait()
    print(f"  optuna-dashboard: {n} trials, importances, note")


if __name__ == "__main__":
    what = {"while": read_while, "after": read_after, "sweep": read_sweep, "dashboard": dashboard}
    what[sys.argv[1]](*sys.argv[2:])
