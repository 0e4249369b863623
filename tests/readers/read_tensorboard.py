#!/usr/bin/env python3
"""TensorBoard's own server and its HParams plugin read a sweep's runs.
usage: read_tensorboard.py FOLDER          (pip install tensorboard)
FOLDER holds metrics.jsonl, which says what must be seen, and tensorboard/."""
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


def main(folder):
    rows = [json.loads(line) for line in open(f"{folder}/metrics.jsonl")]
    last = {}
    for row in rows:
        last[row["trial"], row["seed"]] = row
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
                if len(groups) == n_trial and sum(len(g["sessions"]) for g in groups) == len(last):
                    break
            except urllib.error.HTTPError as error:  # 404: no experiment is loaded yet
                assert error.code == 404, error.read()
            except (ConnectionError, urllib.error.URLError):
                pass
            time.sleep(0.2)
        assert len(groups) == n_trial, (len(groups), n_trial)
        check(experiment, groups, last)
        run = f"00000/seed-0"
        scalars = ask(f"scalars/scalars?tag=average_reward&run={run}")
        mine = [r for r in rows if r["trial"] == 0 and r["seed"] == 0]
        assert [s[1] for s in scalars] == [r["evaluation"] for r in mine]
        assert all(abs(s[2] - r["average_reward"]) < 1e-6 for s, r in zip(scalars, mine))
    finally:
        server.terminate()
        server.wait()
    print(f"  TensorBoard: {len(groups)} groups of {len(last)} sessions, every option and metric a column")


def check(experiment, groups, last):
    columns = {info["name"] for info in experiment["hparamInfos"]}
    assert columns == {"agent.learning_rate", "agent.gamma", "agent.n_step", "agent.double_dqn",
                       "agent.epsilon", "agent.width"}, columns
    assert {info["name"]["tag"] for info in experiment["metricInfos"]} == {"average_reward", "loss",
                                                                           "user_steps"}
    for group in groups:
        trial = int(group["name"].split()[-1])
        has = group["hparams"]
        assert ("agent.width" in has) == (has["agent.epsilon"] == "exponential"), has
        assert isinstance(has["agent.double_dqn"], bool)
        values = {v["name"]["tag"]: v for v in group["metricValues"]}
        assert set(values) >= {"loss", "user_steps"}, values
        seeds = [row for (t, _), row in last.items() if t == trial]
        assert len(group["sessions"]) == len(seeds)
        failed = any(row["average_reward"] is None for row in seeds)
        assert all(s["status"] == ("STATUS_FAILURE" if failed else "STATUS_SUCCESS")
                   for s in group["sessions"]), group
        if not failed:  # the seeds' mean
            mean = sum(row["average_reward"] for row in seeds) / len(seeds)
            assert abs(values["average_reward"]["value"] - mean) < 1e-5, (values, mean)
        # Beyond 2^31 as a value; as a step it would not pass.
        assert abs(values["user_steps"]["value"] / seeds[0]["user_steps"] - 1) < 1e-6
        assert values["user_steps"]["trainingStep"] == seeds[0]["evaluation"]


if __name__ == "__main__":
    main(sys.argv[1])
