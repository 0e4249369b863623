"""Whatever is handed to the package, what comes back is an exception of Python's, and objects go on
working. Random calls with random arguments; SECONDS and SEED by the environment. fuzz_calls.py makes
the same calls as atheris chooses them."""

import os
import random
import tempfile
import time

import numpy as np

import throng
from throng import _core

SEED = int(os.environ.get("SEED", "1"))
SECONDS = float(os.environ.get("SECONDS", "5"))


def values(rng, things):
    """One argument, good or bad."""
    shapes = [(), (0,), (1,), (7,), (64,), (64, 1), (64, 2), (3, 5, 2)]
    dtypes = ["int32", "int64", "uint8", "float32", "float64", "bool", "uint64", "int8", "complex64"]
    kind = rng.randrange(12)
    if kind < 3:
        return rng.choice(things)
    if kind < 6:
        array = np.asarray(rng.choice([0, 1, 3, 79, 80, -1, 2**31, 2**62])).astype("int64")
        array = np.broadcast_to(array, rng.choice(shapes)).astype(rng.choice(dtypes))
        return array[::-1] if array.ndim and rng.random() < 0.2 else array
    return rng.choice([None, 0, 1, -1, 5, 2**31, 2**63, -2**70, 0.5, float("nan"), float("inf"), True,
                       "", "item", "random", "/nowhere/x", "a\0b", "\udc80", b"x", [], [1, 2], [[1], [0]],
                       ([1, 2], [1, 0]), {}, {"users": 5}, {"sim": {"lanes": 4}}, object(), print,
                       lambda *a: False, slice(1), np.float64(3), np.int64(4)])


def calls_of(things):
    """Every public method of every object, and every function of the core."""
    found = [getattr(_core, name) for name in dir(_core) if callable(getattr(_core, name))]
    skipped = {"close", "close_extras", "train"}  # closed ones are tested by themselves
    for thing in things:
        if type(thing).__module__.startswith("throng"):
            found += [getattr(thing, name) for name in dir(type(thing))
                      if not name.startswith("_") and name not in skipped
                      and callable(getattr(type(thing), name))]
    return found


EXPECTED = (throng.Error, TypeError, ValueError, OverflowError, BufferError, KeyError, IndexError, AttributeError,
            MemoryError, OSError)
HEAVY = {"sta_fit", "fit", "config_train", "world_make", "synth", "session_create", "sim_create", "population_create",
         "evaluate_yardstick", "evaluate_population", "evaluate", "trained_evaluate", "sweep_run", "population_train", "session_step"}


def things_of(world, sta, agent):
    """Objects to call and to hand over: open, closed, of the package and of its core."""
    given = {"lanes": 8, "max_steps": 20, "preferences": True, "mask": "session", "votes": {"rule": "logical"}}
    sim = throng.Simulator(world, sta, mask="session", preferences=True, lanes=64, history=32, max_steps=20)
    closed = throng.Simulator(world, votes={"rule": "logical"}, lanes=4)
    closed.close()
    things = [world, sta, agent, sim, closed, throng.Votes(world, sta), throng.Backend("cpu", threads=1)]
    handles = [thing._handle for thing in things if hasattr(thing, "_handle")]
    environments = [_core.env_create(throng.Simulator(world, autoreset=mode == 1, **given)._handle, mode, parts)
                    for mode, parts in ((0, 15), (1, 7), (2, 3))]
    run = small_run()
    session = _core.play_create(run._handle, None, None, 0)
    _core.play_begin(session, 0, -1)
    return things + handles + environments + [run, run.agent, run._handle, session]


def small_run():
    """A trained run, whose folder is gone."""
    with tempfile.TemporaryDirectory() as folder:
        throng.train({"synth": {"users": 60, "items": 40, "keywords": 200, "dim": 8}, "votes": {"rule": "logical"},
                      "sim": {"lanes": 16, "history": 8, "max_steps": 6},
                      "agent": {"hidden": [8, 8], "width": 8, "batch": 8, "buffer": 200, "learning_starts": 32},
                      "train": {"steps": 640, "evaluate_every": 640, "yardsticks": False, "report": False, "out": folder,
                                "evaluation": {"episodes": 8}}})
        return throng.load_run(folder)


def attempt(rng, calls, things):
    """One call as rng chooses it: True where it was answered, False where it was refused, None where it
    was left out, for it takes long."""
    call = rng.choice(calls)
    if getattr(call, "__name__", "") in HEAVY and rng.random() < 0.98:
        return None
    arguments = [values(rng, things) for _ in range(rng.randrange(1, 11))]
    named = {rng.choice(["seed", "history", "k", "lanes", "stream", "copy", "greedy"]): values(rng, things)
             for _ in range(rng.random() < 0.1)}
    try:
        call(*arguments, **named)
    except EXPECTED:
        return False
    return True


def test_nothing_crashes_and_everything_goes_on(world, sta, agent, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where "item" may be written
    rng = random.Random(SEED)
    things = things_of(world, sta, agent)
    calls = calls_of(things)
    end = time.time() + SECONDS
    answers = []
    while time.time() < end:
        answers.append(attempt(rng, calls, things))
    assert answers.count(False) > 100 and answers.count(True) > 5
    sim = things[3]
    sim.reset(1)
    sim.step(np.zeros(64, int))
    agent.train(64)
