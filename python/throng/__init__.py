"""throng: thousands of simulated recommender-system users at once, and the agents trained on them.

    import throng
    world = throng.World.synth(users=1000, items=200)
    sta = throng.Sta.fit(world, epochs=3)
    agent = throng.Agent(world, sta, total_steps=20_000, sim={"lanes": 256})
    agent.train()
    print(agent.recommend(user=7, k=10))
    run = throng.load_run("runs/demo")  # what `throng train` left

Objects stand on each other: a world, weights of the statistical vote on it, a simulator of users, a
population of agents. What a simulator needs lives as long as it does, whatever is closed before.
Arrays are the library's own memory (``numpy.asarray`` of it makes no copy) unless a docstring says
"new".

Options are keyword arguments, under the names of configurations' keys: :func:`options` lists them
with types, limits, defaults and help, which come from the library's own tables.

Errors: :class:`ArgumentError` (a ValueError) for what the caller gave, :class:`FileError` (an
OSError) for files, :class:`RunError` (a RuntimeError) for memory, devices, divergence and
cancellation; all of them are :class:`Error`.

Environments: :mod:`throng.gym` (Gymnasium), :mod:`throng.sb3`, :mod:`throng.torchrl`,
:mod:`throng.rllib`.

Threads: calls give the interpreter's lock away. What stands on one :class:`Backend` takes turns;
objects on different backends run side by side. A call from within its own progress callback is
refused. fork: a child may go on with worlds and with objects on the CPU, once no call is going on in
another thread; never with a GPU's. spawn (the usual start method to be safe with): each process opens
what it needs.
"""

from ._agent import Agent, Population
from ._core import ArgumentError, Error, FileError, RunError
from ._core import version as __version__
from ._functions import evaluate, explain, train
from ._options import Backend, options
from ._run import Run, load_run
from ._session import Session
from ._sim import Simulator
from ._sta import Sta, Votes
from ._steps import Recommendation, Shown, Step
from ._sweep import Sweep, Trial
from ._world import World

import sys as _sys

if "gymnasium" in _sys.modules:
    from ._register import register as _register

    _register()

__all__ = [
    "Agent",
    "ArgumentError",
    "Backend",
    "Error",
    "FileError",
    "Population",
    "Recommendation",
    "Run",
    "RunError",
    "Session",
    "Shown",
    "Simulator",
    "Sta",
    "Step",
    "Sweep",
    "Trial",
    "Votes",
    "World",
    "evaluate",
    "explain",
    "load_run",
    "options",
    "train",
]
