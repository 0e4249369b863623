#!/usr/bin/env python3
"""TensorBoard's own server reads a training run: histograms, f_sta by epoch, the return beside its yardsticks.
usage: read_run.py FOLDER          (pip install tensorboard)
FOLDER is a run's: metrics.jsonl says what must be seen."""
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def main(folder):
    with open(f"{folder}/metrics.jsonl") as lines:
        rows = [json.loads(line) for line in lines]
    agent = [(r["step"], r["evaluation/agent/average_reward"]) for r in rows if "evaluation/agent/average_reward" in r]
    yardstick = {key.split("/")[1]: r[key] for r in rows for key in r
                 if key.endswith("/average_reward") and not key.startswith("evaluation/agent")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tensorboard.main", "--logdir", folder, "--port", str(port), "--host", "127.0.0.1",
                               "--load_fast=false", "--samples_per_plugin", "histograms=1000"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)

    def ask(path, **question):
        url = f"http://127.0.0.1:{port}/data/plugin/{path}?" + urllib.parse.urlencode(question)
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.loads(answer.read())

    try:
        for _ in range(600):
            assert server.poll() is None, "tensorboard has ended"
            try:
                tags = ask("histograms/tags")
                if tags.get(".") and ask("custom_scalars/layout"):
                    break
            except (ConnectionError, urllib.error.URLError):
                pass
            time.sleep(0.2)
        assert set(tags["."]) == {"histogram/q", "histogram/return", "histogram/keywords_liked", "histogram/keywords_disliked"}, tags
        for tag in tags["."]:
            seen = ask("histograms/histograms", run=".", tag=tag)  # [time, step, [[left, right, count], ...]]
            assert [s[1] for s in seen] == [step for step, _ in agent], (tag, [s[1] for s in seen])
        # Returns of sessions: as many as were played, and their mean is within a bucket of A.Rwd.
        for (_, value), (_, _, buckets) in zip(agent, ask("histograms/histograms", run=".", tag="histogram/return")):
            n = sum(count for _, _, count in buckets)
            low = sum(left * count for left, _, count in buckets) / n
            high = sum(right * count for _, right, count in buckets) / n
            assert low - 1e-6 <= value <= high + 1e-6, (low, value, high)
        charts = {c["title"]: c["multiline"]["tag"] for category in ask("custom_scalars/layout")["category"] for c in category["chart"]}
        lines = ask("custom_scalars/scalars", run=".", tag=charts["A.Rwd and its yardsticks"][0])
        assert lines["regex_valid"]
        events = {tag: [(e[1], e[2]) for e in line] for tag, line in lines["tag_to_events"].items()}
        assert set(events) == {"return/agent"} | {f"return/{name}" for name in yardstick}, set(events)
        same = lambda a, b: abs(a - b) <= 1e-6 * max(1, abs(b))
        assert all(s == step and same(x, y) for (s, x), (step, y) in zip(events["return/agent"], agent))
        for name, value in yardstick.items():
            assert [s for s, _ in events[f"return/{name}"]] == [step for step, _ in agent]
            assert all(same(x, value) for _, x in events[f"return/{name}"])
        for tag in charts["losses"]:
            lines = ask("custom_scalars/scalars", run=".", tag=tag)["tag_to_events"]
            assert lines and all([e[1] for e in line] == list(range(1, len(line) + 1)) for line in lines.values()), tag
    finally:
        server.terminate()
        server.wait()
    print(f"  TensorBoard: histograms and yardsticks of {len(agent)} evaluations, {len(charts)} charts")


if __name__ == "__main__":
    main(sys.argv[1])
