"""What the peers share: their arguments, the device, a clock that waits for it, rows of the results.

It is not a part of the project's library and nothing of it is used there.
"""

import argparse
import contextlib
import os
import statistics
import time
import warnings
from typing import NamedTuple

import torch
from safetensors.torch import load_file

warnings.filterwarnings("ignore")

# Those of bench/bench.c.
COLUMNS = ("date,commit,threads,name,size,unit,units,seconds,low,high,rate,bytes,operations,"
           "ceiling_bytes,ceiling_operations,ceiling_loads")
WARM_UP, WANTED_CHUNKS = 3, 20


def arguments(description, *files, seconds=None, threads=0, lanes=None):
    """A parser with --threads and --device, --NAME for each file that is asked for, and where
    `seconds` is given the arguments of what is timed."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    for name in files:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--threads", type=int, default=threads, help="0: as many as there are cores")
    parser.add_argument("--device", default="cpu", help="cpu or cuda: where tensors are made")
    if lanes is not None:
        parser.add_argument("--lanes", type=int, default=lanes)
    if seconds is not None:
        parser.add_argument("--seconds", type=float, default=seconds, help="for each case")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--compile", action="store_true", help="torch.compile alone; else eager too")
        which.add_argument("--no-compile", action="store_true", help="eager alone")
        parser.add_argument("--csv", default="", help="append rows in the form of bench/results/")
        parser.add_argument("--commit", default="")
    return parser


def begin(args):
    """Device, threads, seed; single precision without TF32, as ours is."""
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit(f"--device {args.device}: torch {torch.__version__} sees no usable GPU")
    if args.device != "cpu":  # as a default device it costs every call a little
        torch.set_default_device(args.device)
    torch.set_float32_matmul_precision("highest")
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(1)


def on_gpu():
    return torch.get_default_device().type == "cuda"


def load(path):
    """A safetensors file's tensors on the device."""
    device = torch.get_default_device()
    return {name: tensor.to(device) for name, tensor in load_file(path).items()}


def synchronise():
    """What is only queued has not been done."""
    if on_gpu():
        torch.cuda.synchronize()


class Timing(NamedTuple):
    """Seconds of a call: median and quartiles."""

    seconds: float
    low: float
    high: float


def measure(call, seconds):
    """Times chunks of calls, each waited for at its end, after a warm-up that includes compiling:
    what host/timing/timing.c does."""
    for _ in range(WARM_UP):
        call()
    synchronise()
    start = time.perf_counter()
    call()
    synchronise()
    chunk = max(1, int(seconds / WANTED_CHUNKS / max(time.perf_counter() - start, 1e-9)))
    samples, start = [], time.perf_counter()
    while len(samples) < 5 or time.perf_counter() - start < seconds:
        begun = time.perf_counter()
        for _ in range(chunk):
            call()
        synchronise()
        samples.append((time.perf_counter() - begun) / chunk)
    samples.sort()
    n = len(samples)
    return Timing(statistics.median(samples), samples[n // 4], samples[n - 1 - n // 4])


def compiled_or_not(args):
    """False, then True: eager and compiled, as far as the arguments want them."""
    return [c for c in (False, True) if not (c and args.no_compile) and not (not c and args.compile)]


@contextlib.contextmanager
def may_fail(compiled):
    """torch.compile needs a compiler that it can use; without one its rows are left out, saying so."""
    try:
        yield
    except Exception as error:
        if not compiled:
            raise
        print(f"peer: torch.compile does not work here ({type(error).__name__})", flush=True)


class Rows:
    """A line on stdout and a row of the CSV file for each case, as soon as it is measured."""

    def __init__(self, args, size):
        self.args, self.size = args, size
        where = "" if args.device == "cpu" else f" on {args.device}"
        self.title = f"peer torch {torch.__version__}{where}: "

    def add(self, label, unit, units, timing, note=""):
        rate = units / timing.seconds
        print(f"peer: {label:42s} {rate:12.0f} {unit}/s{note}", flush=True)
        if not self.args.csv:
            return
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        fresh = not os.path.exists(self.args.csv) or os.path.getsize(self.args.csv) == 0
        with open(self.args.csv, "a", encoding="utf-8") as file:
            if fresh:
                file.write(COLUMNS + "\n")
            file.write(f'{date},{self.args.commit},{torch.get_num_threads()},"{self.title}{label}","{self.size}",'
                       f"{unit},{units:.0f},{timing.seconds:.6g},{timing.low:.6g},{timing.high:.6g},{rate:.6g},,,,,\n")
