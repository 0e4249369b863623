"""What policies learn beside Stable-Baselines3's and sb3-contrib's, over several seeds.

    python learn.py --build build/release [--seeds 5] [--algorithms ppo,a2c,trpo] [--steps 40960] [--csv FILE]

One small world (100 items, 300 users, no mask, the usual votes), the same lanes, rollouts,
minibatches and options on both sides, the rest each library's defaults, which are the same by name.
Ours trains all seeds as one population of one thread, theirs one after the other on one thread. The
greedy policies play the same 512 sessions: same users, same chances of leaving. Prints the mean
return of each side, the difference with a 95 % interval by Welch's t, and seconds of processors a
seed.

Needs: pip install stable-baselines3 sb3-contrib gymnasium torch numpy scipy
It is not a part of the project's library and nothing of it is used there.
"""

import argparse
import csv
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent
LANES, SESSIONS = 64, 512
# n_steps, and what both sides are told beside it, under their names and ours.
OPTIONS = {
    "ppo": (32, {"batch_size": 256, "learning_rate": 0.001}),
    "a2c": (5, {}),
    "trpo": (32, {"batch_size": 256}),
}
OURS = {"batch_size": "batch"}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command):
    before = processor_seconds()
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if result.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stderr[-2000:]}")
    return result.stdout, processor_seconds() - before


def ours(build, world, algorithm, seeds, steps, folder):
    n_steps, options = OPTIONS[algorithm]
    settings = {"world.file": world, "sim.lanes": LANES * seeds, "agent.count": seeds, "agent.seed": 1,
                "agent.algorithm": algorithm, "agent.head": "flat", "agent.n_steps": n_steps,
                "sta.epochs": 3, "train.steps": steps * seeds,
                "train.evaluate_every": steps * seeds, "train.checkpoint_every": steps * seeds,
                "train.evaluation.episodes": SESSIONS,
                **{f"agent.{OURS.get(k, k)}": v for k, v in options.items()}}
    out, config = pathlib.Path(folder) / f"ours-{algorithm}", pathlib.Path(folder) / "config.json"
    config.write_text("{}")
    command = [build / "throng", "train", config, "-o", out, "--backend", "cpu", "--threads", "1"]
    for key, value in settings.items():
        command += ["--set", f"{key}={str(value).lower() if isinstance(value, bool) else value}"]
    _, seconds = run(command)
    agents = json.loads((out / "summary.json").read_text())["agents"]
    return [agent["metrics"]["average_reward"] for agent in agents], seconds / seeds


def theirs(build, world, sta, algorithm, seed, steps):
    n_steps, options = OPTIONS[algorithm]
    command = [sys.executable, HERE / "sb3.py", "--library", build / "libthrong.so", "--world", world,
               "--sta", sta, "--algorithm", algorithm, "--steps", str(steps), "--lanes", str(LANES), "--n-steps", str(n_steps),
               "--threads", "1", "--seed", str(seed)]
    for key, value in options.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    said, seconds = run(command)
    return json.loads(said.strip().splitlines()[-1])["return"], seconds


def write(path, mode, rows):
    with open(path, mode, encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--algorithms", default="ppo,a2c,trpo")
    parser.add_argument("--steps", type=int, default=40960, help="user-steps of a seed")
    parser.add_argument("--csv", default="")
    args = parser.parse_args()
    if args.csv:
        write(args.csv, "w", [("who", "algorithm", "seed", "return", "processor_seconds")])
    with tempfile.TemporaryDirectory() as folder:
        world = pathlib.Path(folder) / "world.safetensors"
        sizes = {"users": 300, "items": 100, "keywords": 100, "categories": 8, "tastes": 6, "dim": 16}
        run([args.build / "throng", "synth", "-o", world,
             *(word for k, v in sizes.items() for word in ("--set", f"synth.{k}={v}"))])
        for algorithm in args.algorithms.split(","):
            mine, my_seconds = ours(args.build, world, algorithm, args.seeds, args.steps, folder)
            sta = pathlib.Path(folder) / f"ours-{algorithm}" / "sta.safetensors"
            their, their_seconds = zip(*(theirs(args.build, world, sta, algorithm, seed, args.steps)
                                         for seed in range(1, args.seeds + 1)))
            test = stats.ttest_ind(mine, their, equal_var=False)
            low, high = test.confidence_interval(0.95)
            rows = [("throng", algorithm, k + 1, f"{x:.3f}", f"{my_seconds:.2f}") for k, x in enumerate(mine)]
            rows += [("stable-baselines3", algorithm, k + 1, f"{x:.3f}", f"{s:.2f}")
                     for k, (x, s) in enumerate(zip(their, their_seconds))]
            print(f"{algorithm}: ours {np.mean(mine):.2f}, theirs {np.mean(their):.2f}, difference "
                  f"{np.mean(mine) - np.mean(their):+.2f} [{low:+.2f}, {high:+.2f}]; seconds of processors a seed "
                  f"{my_seconds:.1f} and {np.mean(their_seconds):.1f} ({np.mean(their_seconds) / my_seconds:.1f}x)",
                  flush=True)
            if args.csv:
                write(args.csv, "a", rows)


if __name__ == "__main__":
    main()
