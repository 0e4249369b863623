"""The simulator from Python beside the same from C, in one run and in turns.

    python_rate.py BUILD [--lanes 4096] [--seconds 2] [--rounds 5] [--steps 0] [--sb3] [--items 10000] [--dim 384]

BUILD is a release build with the Python package in it (-DTHRONG_PYTHON=ON: BUILD/python). Prints:
  throng_sim_step   user-steps/s from C through the shared library (BUILD/bench/bench_step), alone and
              with the lanes' histories copied out, and what share of it Simulator.step and
              VectorEnv.step (rewards, ends, histories, final states) reach; then beside a PyTorch that
              multiplies on a thread of the measuring process
  above the core's call   what the Python of VectorEnv.step adds, on one lane
  memory      resident memory at the beginning and the end of --steps steps of 64 lanes, in KiB
  sb3         user-steps/s of Stable-Baselines3's PPO on SB3VecEnv, on a wrapper through ctypes
              (peers/throng_env.py), of its learner alone on steps that cost nothing, and of the
              simulator alone (--sb3)
A machine that does other work tells little by the clock: watch the quartiles, and the shares of processor
time, which others disturb less (with --threads 1 that of the stepping thread, also beside PyTorch)."""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import threading
import time

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("build", type=pathlib.Path)
parser.add_argument("--lanes", type=int, default=4096)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--steps", type=int, default=0)
parser.add_argument("--sb3", action="store_true")
parser.add_argument("--users", type=int, default=15000)
parser.add_argument("--items", type=int, default=10000)
parser.add_argument("--dim", type=int, default=384)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
options = parser.parse_args()
sys.path.insert(0, str(options.build / "python"))

import throng
from throng import _core
from throng.gym import VectorEnv

data = options.build / "bench-data"
files = data / "python-world.safetensors", data / "python-sta.safetensors"
data.mkdir(exist_ok=True)
backend = throng.Backend("cpu", threads=options.threads)
if not files[1].exists():
    world = throng.World.synth(files[0], users=options.users, items=options.items, dim=options.dim)
    throng.Sta.fit(world, backend=backend, epochs=1).save(files[1])
world = throng.World.open(files[0])
sta = throng.Sta.open(world, files[1], backend=backend)


#: Of the thread that steps, where it steps alone: a PyTorch on another thread does not count then.
processor_time = time.thread_time if options.threads == 1 else time.process_time


def median_step(step, seconds, warm_up=20):
    """Median seconds of step(t), and median seconds of processors."""
    taken, used, start, t = [], [], None, 0
    while start is None or time.perf_counter() - start < seconds:
        if t == warm_up:
            start = time.perf_counter()
        used_before, before = processor_time(), time.perf_counter()
        step(t)
        after = time.perf_counter()
        if t >= warm_up:
            taken.append(after - before)
            used.append(processor_time() - used_before)
        t += 1
    return statistics.median(taken), statistics.median(used)


def in_c(history=False):
    said = subprocess.run([options.build / "bench" / "bench_step", *files, str(options.threads), str(lanes),
                           str(options.seconds), *(["history"] if history else [])],
                          capture_output=True, text=True, check=True).stdout
    return float(said.split()[0]), float(said.split()[3])


def actions_of(n):
    """Made before, as bench_step does not time its own."""
    return [((np.arange(n) * 7919 + t * 104729) % world.n_item).astype(np.int32) for t in range(64)]


def simulator():
    sim = throng.Simulator(world, sta, backend=backend, lanes=lanes, votes={"table_bytes": 0})
    actions = [one[:, None] for one in actions_of(lanes)]
    return median_step(lambda t: sim.step(actions[t % 64]), options.seconds)


def environment():
    envs = VectorEnv(lanes, world, sta, backend=backend, autoreset_mode="SameStep", observation="history",
                     copy=False, final_obs="array", votes={"table_bytes": 0})
    envs.reset()
    actions = actions_of(lanes)
    return median_step(lambda t: envs.step(actions[t % 64]), options.seconds)


def show(name, rows):
    low, middle, high = statistics.quantiles(rows, n=4) if len(rows) > 1 else rows * 3
    print(f"{name:<60} {middle:>12,.2f}   quartiles {low:,.2f} .. {high:,.2f}", flush=True)


def beside(words):
    """In turns, so that each has its share of a busy machine."""
    rows = [(in_c(), simulator(), in_c(True), environment()) for _ in range(options.rounds)]
    for c, python, name in ((0, 1, "Simulator.step"), (2, 3, "VectorEnv.step")):
        what = "throng_sim_step" if c == 0 else "the same, histories copied out"
        show(f"{what}, {lanes} lanes, C{words} [1/s]", [lanes / row[c][0] for row in rows])
        show(f"{name}, of that [%]", [100 * row[c][0] / row[python][0] for row in rows])
        if not words or options.threads == 1:  # else PyTorch's thread would count, too
            show(f"{name}, C's processor time of its own [%]", [100 * row[c][1] / row[python][1] for row in rows])


lanes = options.lanes
beside("")

one = VectorEnv(1, world, backend=throng.Backend("cpu", threads=1), autoreset_mode="SameStep", observation="history",
                copy=False, votes={"rule": "logical", "table_bytes": 0}, leave_probability=0.0)
one.reset(seed=1)
action = np.array([5])
overheads = []
for _ in range(options.rounds):
    whole, _ = median_step(lambda t: one.step(action), options.seconds / 2)
    core, _ = median_step(lambda t: _core.env_step(one._env, action), options.seconds / 2)
    overheads.append(1e6 * (whole - core))
show("VectorEnv.step above the core's call [us]", overheads)
show("the shortest call into the core and back [us]",
     [1e6 * median_step(lambda t: _core.world_find(world._handle, None, ""), 0.3)[0]])

try:
    import torch
except ImportError:
    print("PyTorch left out: this interpreter cannot import torch")
else:
    torch.set_num_threads(1)
    stop = threading.Event()

    def multiply():
        a = torch.rand(512, 512)
        while not stop.is_set():
            a = torch.softmax(a @ a, dim=1)

    thread = threading.Thread(target=multiply)
    thread.start()
    beside(", torch busy")
    stop.set()
    thread.join()

def resident():
    """KiB of the process's memory that are in the machine's now."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


if options.steps:
    envs = VectorEnv(64, world, backend=backend, autoreset_mode="SameStep", observation="history",
                     votes={"rule": "logical", "table_bytes": 0}, reasons=True)
    envs.reset(seed=1)
    actions = np.arange(64)
    sizes = []
    for t in range(options.steps):
        envs.step(actions)
        if (t + 1) % max(options.steps // 100, 1) == 0:
            sizes.append(resident())
    print(f"resident memory over {options.steps:,} steps of 64 lanes [KiB]: {sizes[0]:,} after the first hundredth, "
          f"{sizes[-1]:,} at the end, {min(sizes):,} .. {max(sizes):,} between", flush=True)

if options.sb3:
    from stable_baselines3 import PPO

    from throng.sb3 import SB3VecEnv

    sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
    import throng_env

    paths = [str(data / f"python-small-{part}.safetensors") for part in ("world", "sta")]
    small = throng.World.synth(paths[0], users=1000, items=100, keywords=300, dim=32, seed=1)
    small_sta = throng.Sta.fit(small, backend=backend, epochs=1, width=16, window=16)
    small_sta.save(paths[1])
    given = {"history": 32, "max_steps": 50}

    class Nothing(SB3VecEnv):
        """Steps that cost nothing: what is left is the learner."""

        def step_wait(self):
            return self.fixed, np.ones(self.num_envs, np.float32), np.zeros(self.num_envs, bool), [{}] * self.num_envs

        def reset(self):
            self.fixed = super().reset()
            return self.fixed

    def ours(cls):
        return cls(256, small, small_sta, backend=backend, **given)

    def wrapper():
        return throng_env.SB3VecEnv(throng_env.ThrongVectorEnv(str(options.build / "libthrong.so"), *paths, 256,
                                                               threads=options.threads, **given))

    def rate(env):
        model = PPO("MlpPolicy", env, n_steps=16, batch_size=1024, seed=1, device="cpu")
        model.learn(4096)
        start, used = time.perf_counter(), time.process_time()
        model.learn(16384)
        return 16384 / (time.perf_counter() - start), 16384 / (time.process_time() - used)

    makers = {"SB3 PPO on SB3VecEnv [1/s]": lambda: ours(SB3VecEnv), "SB3 PPO on a ctypes wrapper [1/s]": wrapper,
              "SB3 PPO on steps that cost nothing [1/s]": lambda: ours(Nothing)}
    found = {name: [] for name in makers}
    for _ in range(options.rounds):
        for name, make in makers.items():
            found[name].append(rate(make()))
    for name, rates in found.items():
        show(name, [clock for clock, _ in rates])
        show(name.replace("[1/s]", "[1/s of a processor]"), [processor for _, processor in rates])
    envs = ours(SB3VecEnv)
    envs.reset()
    alone, _ = median_step(lambda t: envs.step(np.zeros(256, int)), 1)
    show("SB3VecEnv.step alone [1/s]", [256 / alone])
