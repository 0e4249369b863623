#!/usr/bin/env python3
"""TensorBoard's own server and its HParams plugin read a sweep's runs.
usage: read_tensorboard.py FOLDER          (pip install tensorboard)
FOLDER is a sweep's: trials.db and metrics.jsonl say what must be seen in tensorboard/."""
import json
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


PLACES = ("round", "trial", "seed", "slot", "step", "evaluation", "seconds")


def ask_database(folder, sql):
    return sqlite3.connect(f"file:{folder}/trials.db?mode=ro", uri=True).execute(sql).fetchall()


def main(folder):
    with open(f"{folder}/metrics.jsonl") as lines:
        rows = [json.loads(line) for line in lines]
    last, count = {}, {}  # by trial and seed
    for row in rows:
        key = row["trial"], row["seed"]
        count[key] = count.get(key, 0) + 1
        last[key] = row
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tensorboard.main", "--logdir", f"{folder}/tensorboard", "--port", str(port), "--host",
                               "127.0.0.1", "--load_fast=false"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)

    def ask(path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/data/plugin/{path}", headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    try:
        groups, n_trial = [], len({trial for trial, _ in last})
        for _ in range(600):
            assert server.poll() is None, "tensorboard has ended"
            try:
                experiment = ask("hparams/experiment", {"experimentName": ""})
                metrics = [{"metric": info["name"]} for info in experiment["metricInfos"]]
                answer = ask("hparams/session_groups", {
                    "experimentName": "", "allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE",
                                                              "STATUS_RUNNING", "STATUS_UNKNOWN"],
                    "colParams": metrics, "startIndex": 0, "sliceSize": 100000})
                groups = answer["sessionGroups"]
                groups = [g for g in groups if not g["name"].startswith("test seeds of ")]
                if len(groups) == n_trial and sum(len(g["sessions"]) for g in groups) == len(last):
                    break
            except urllib.error.HTTPError as error:  # 404: no experiment is loaded yet
                assert error.code == 404, error.read()
            except (ConnectionError, urllib.error.URLError):
                pass
            time.sleep(0.2)
        assert len(groups) == n_trial, (len(groups), n_trial)
        check(folder, experiment, groups, last, count)
        metric = experiment["metricInfos"][0]["name"]["tag"]
        scalars = ask("scalars/scalars?run=00000/seed-0&tag=" + urllib.parse.quote(metric, safe=""))
        mine = [r[metric] for r in rows if r["trial"] == 0 and r["seed"] == 0]
        assert [s[1] for s in scalars] == list(range(1, len(mine) + 1))
        assert all(abs(s[2] - x) < 1e-6 * max(1, abs(x)) for s, x in zip(scalars, mine))
    finally:
        server.terminate()
        server.wait()
    print(f"  TensorBoard: {len(groups)} groups of {len(last)} sessions, every option and metric a column")


def check(folder, experiment, groups, last, count):
    """Every option and metric a column, every trial a row of its seeds' means."""
    options = {name for (name,) in ask_database(folder, "SELECT DISTINCT param_name FROM trial_params")}
    applies = ask_database(folder, "SELECT number, param_name FROM trial_params JOIN trials USING (trial_id)")
    failed = {n for (n,) in ask_database(folder, "SELECT number FROM trials WHERE state = 'FAIL'")}
    metrics = {name for row in last.values() for name in row} - set(PLACES)
    assert {info["name"] for info in experiment["hparamInfos"]} == options
    assert {info["name"]["tag"] for info in experiment["metricInfos"]} == metrics
    for group in groups:
        trial = int(group["name"].split()[-1])
        assert set(group["hparams"]) == {name for n, name in applies if n == trial}, group["hparams"]
        seen = {v["name"]["tag"]: v for v in group["metricValues"]}
        seeds = [key for key in last if key[0] == trial]
        assert len(group["sessions"]) == len(seeds)
        assert all(s["status"] == ("STATUS_FAILURE" if trial in failed else "STATUS_SUCCESS")
                   for s in group["sessions"]), group
        for metric in metrics:
            values = [last[key].get(metric) for key in seeds]
            if None in values:
                continue
            mean = sum(values) / len(values)
            assert abs(seen[metric]["value"] - mean) <= 1e-5 * max(1, abs(mean)), (metric, seen, mean)
            # Evaluations: of user-steps some would be beyond 2^31, and the page would fail.
            assert seen[metric]["trainingStep"] in {count[key] for key in seeds}


if __name__ == "__main__":
    main(sys.argv[1])
