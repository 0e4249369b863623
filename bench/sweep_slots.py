"""What slots are worth: a sweep of 256 ASHA trials in one process, and the same trials, as far as each of
them came, by `throng train` one after another. Prints wall and processor seconds of both, and slots in use.

Run: python bench/sweep_slots.py THRONG [--trials 256] [--slots 16,64] [--threads 1]
"""
import argparse
import csv
import json
import pathlib
import resource
import subprocess
import tempfile
import time

CONFIG = {
    "sim": {"lanes": 64, "history": 16, "max_steps": 10, "leave_probability": 0, "mask_seen": True},
    "agent": {"batch": 64, "updates": 1, "learning_starts": 512, "hidden": [16, 16], "width": 8, "user_width": 0,
              "buffer": 8192},
    "train": {"steps": 32768, "evaluate_every": 2048, "yardsticks": False, "evaluation": {"episodes": 64}},
    "sweep": {
        "sampler": "tpe", "scheduler": "asha", "test_seeds": 0, "objective": "average_reward",
        "space": {
            "agent.learning_rate": {"min": 1e-5, "max": 1e-1, "log": True},
            "agent.gamma": {"min": 0, "max": 0.99},
            "agent.tau": {"min": 1e-3, "max": 1, "log": True},
            "agent.epsilon_end": {"min": 0, "max": 0.5},
            "agent.n_step": {"min": 1, "max": 5},
        },
    },
}
SYNTH = {"users": 500, "items": 300, "categories": 30, "tastes": 15, "keywords": 150, "dim": 16, "history_mean": 20}


def timed(*command):
    """Output, wall seconds, processor seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("throng")
parser.add_argument("--trials", type=int, default=256)
parser.add_argument("--slots", default="16,64")
parser.add_argument("--threads", type=int, default=1)
args = parser.parse_args()
throng = str(pathlib.Path(args.throng).resolve())
with tempfile.TemporaryDirectory(prefix="throng-slots-") as name:
    work = pathlib.Path(name)
    world, sta = work / "world.safetensors", work / "sta.safetensors"
    timed(throng, "synth", "-q", "-o", world, *(f"--set=synth.{k}={v}" for k, v in SYNTH.items()))
    fit = {"sta.epochs": 5, "sta.window": 8, "sta.width": 8, "sta.layers": 1}
    timed(throng, "fit", world, "-q", "-o", sta, *(f"--set={k}={v}" for k, v in fit.items()))
    CONFIG |= {"world": {"file": str(world)}, "sta": {"file": str(sta)}}
    CONFIG["sweep"]["max_trials"] = args.trials
    config = work / "config.json"
    config.write_text(json.dumps(CONFIG))
    same = ["-q", "--threads", args.threads]
    for slots in args.slots.split(","):
        folder = work / f"sweep-{slots}"
        done, wall, cpu = timed(throng, "sweep", config, *same, "-o", folder, "--slots", slots)
        summary = json.loads((folder / "summary.json").read_text())
        roomed = next(line for line in done.stdout.splitlines() if "populations had room" in line)
        trials = summary["trials"]
        print(f"sweep, {slots} slots: {trials['total']} trials, {trials['pruned']} given up, "
              f"{summary['user_steps']} user-steps in {wall:.1f} s, {cpu:.1f} processor s; slots in use "
              f"{100 * summary['slots_in_use']:.1f} %; {roomed}", flush=True)
    with open(folder / "trials.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    total_wall = total_cpu = steps = 0
    for row in rows:
        options = [f"--set={k}={v}" for k, v in row.items() if k.startswith("agent.")]
        done, wall, cpu = timed(throng, "train", config, *same, "--json", "-o", work / "run", *options,
                                f"--set=train.steps={row['user_steps']}")
        total_wall, total_cpu, steps = total_wall + wall, total_cpu + cpu, steps + int(row["user_steps"])
    print(f"the trials of {slots} slots by `throng train`, one process after another: {steps} user-steps in "
          f"{total_wall:.1f} s, {total_cpu:.1f} processor s")
