"""Training sessions that their caller drives from mark to mark."""

from __future__ import annotations

from typing import Any

from . import _core
from ._agent import Population
from ._options import backend_of, callback, handle_of, integer, make, path_of, values
from ._sim import Simulator
from ._sta import Sta, sta_handle
from ._world import World

_MARKS = {"evaluation": 1, "checkpoint": 2, "end": 4}


class Session:
    """Lanes, a population that learns on them, and lanes to measure it on. It writes no file but
    those that it is told to.

    Session(world, sta=None, *, backend=None, sim={}, votes={}, users={}, agent={}, **options):
    ``options("train")`` lists steps, evaluate_every, checkpoint_every, yardsticks, evaluation, ...

        session = throng.Session(world, sta, steps=200_000)
        while "end" not in session.step():
            print(session.evaluate()[0]["average_reward"])
    """

    def __init__(self, world: World, sta: Sta | None = None, *, backend: Any = None,
                 sim: dict[str, Any] | None = None, votes: dict[str, Any] | None = None,
                 users: dict[str, Any] | None = None, agent: dict[str, Any] | None = None,
                 progress: Any = None, **options: Any):
        handle_of(world, World, "world")
        if backend is None and isinstance(sta, Sta):
            backend = sta.backend
        self.world, self.sta, self.backend = world, sta, backend_of(backend)
        self._config = make({"sim": sim, "votes": votes, "users": users, "agent": agent,
                             "train": options})
        self._handle = _core.session_create(self.backend._handle, world._handle, sta_handle(sta),
                                            self._config, callback(progress))
        self.sim = Simulator._of(_core.session_sim(self._handle), world, sta, self.backend, self._config)
        self.population = Population._of(_core.session_population(self._handle), self.sim, self._config,
                                         values(self._config)["train"]["steps"])

    def step(self, progress: Any = None) -> set[str]:
        """Train until a mark is reached: any of "evaluation", "checkpoint", "end". Raises
        :class:`RunError` (all agents diverged; cancelled, and then every step is whole)."""
        marks = _core.session_step(self._handle, callback(progress))
        return {name for name, bit in _MARKS.items() if marks & bit}

    def evaluate(self, progress: Any = None) -> list[dict[str, Any]]:
        """Let all agents play greedily with the users of ``evaluation``: metrics by agent."""
        return _core.session_evaluate(self._handle, callback(progress))

    def evaluate_yardstick(self, name: str, progress: Any = None) -> dict[str, Any]:
        """The same users for a yardstick; needs the option ``yardsticks``."""
        return _core.session_evaluate_yardstick(self._handle, str(name), callback(progress))

    def compare(self, agent: int = 0) -> dict[str, dict[str, Any]]:
        """One agent of the last evaluation against "random" and "myopic", in pairs of sessions."""
        return _core.session_compare(self._handle, integer(agent, "agent", 0, 2**31 - 1))

    @property
    def report(self) -> dict[str, Any]:
        """user_steps so far, seconds and user_steps_per_second of training alone."""
        return _core.session_report(self._handle)

    def save(self, path: Any) -> None:
        """Write everything that going on exactly needs. Raises :class:`FileError`."""
        _core.session_save(self._handle, path_of(path))

    def restore(self, path: Any) -> None:
        """Go on from there. Raises :class:`FileError`."""
        _core.session_restore(self._handle, path_of(path))

    def close(self) -> None:
        """Let go of it, its simulator and its population."""
        for thing in (self.population, self.sim):
            thing.close()
        self._handle.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()
