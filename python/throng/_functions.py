"""Measuring players, explaining answers, and a whole run of one configuration."""

from __future__ import annotations

from typing import Any, Mapping

from . import _core
from ._agent import Population
from ._core import ArgumentError
from ._options import callback, make, read
from ._sta import Sta, Votes, sta_handle
from ._world import World


def evaluate(player: Any, world: World | None = None, sta: Sta | None = None, *, backend: Any = None,
             sim: dict[str, Any] | None = None, votes: dict[str, Any] | None = None,
             users: dict[str, Any] | None = None, progress: Any = None, **options: Any) -> Any:
    """Play whole sessions against fresh users, the same ones for every player.

    player: a :class:`Population` (returns metrics by agent, a list of dicts), or the name of a
    yardstick, ``"random"``, ``"popular"``, ``"most_similar"``, ``"myopic"``, ``"planner"``,
    ``"linucb"`` or ``"thompson"``, with its ``world`` (returns one dict). ``options("train.evaluation")`` lists episodes, seed, top, ...;
    sim, votes and users as in :class:`Simulator`, by default the population's own. progress(stage,
    done, total, unit), of episodes, may return False to stop.

    Metrics: average_reward (A.Rwd, likes a session), total_reward, liking (Liking%, 0 .. 100),
    coverage, gini, diversity, session_length, reward_per_step, ... (docs/python.md).
    Raises :class:`ArgumentError`, :class:`RunError` (memory)."""
    from ._options import backend_of

    if isinstance(player, Population):
        own = player.sim
        given = own.options
        for section, over in (("sim", sim), ("votes", votes), ("users", users)):
            given[section].update(over or {})
        given["sim"].pop("lanes", None)
        config = make({**given, "train": {"evaluation": options}})
        return _core.evaluate_population(own.backend._handle, own.world._handle, sta_handle(own.sta),
                                         config, player._handle, callback(progress))
    if not isinstance(player, str):
        raise ArgumentError(f"player: expected a Population or a yardstick's name, not {player!r}")
    if not isinstance(world, World):
        raise ArgumentError(f"world: expected a World, not {world!r}")
    if backend is None and isinstance(sta, Sta):
        backend = sta.backend
    config = make({"sim": sim, "votes": votes, "users": users, "train": {"evaluation": options}})
    return _core.evaluate_yardstick(backend_of(backend)._handle, world._handle, sta_handle(sta), config,
                                    player, callback(progress))


def explain(world: World, user: Any, item: Any, history: Any = None, *, sta: Sta | None = None,
            backend: Any = None, **votes: Any) -> dict[str, Any]:
    """Why a user would like an item or not: a dict with "like", and for each vote what it goes by
    (shared keywords, the nearest past item, p). history: (items, likes), oldest first; None: the
    user's real one, without the item. ``options("votes")`` lists the rest.

    Raises :class:`ArgumentError` (no such user or item, a rule without its f_sta)."""
    return Votes(world, sta, backend=backend, **votes).explain(user, item, history)


def train(config: Any, *, overrides: Mapping[str, Any] | None = None, progress: Any = None) -> dict[str, Any]:
    """A whole run as ``throng train`` does it: the world and the weights that a configuration (a
    path, or a dict of sections) asks for are opened or made in its run folder ``train.out``, then
    agents train there, with metrics, TensorBoard events, checkpoints and a summary.

    overrides: {"agent.gamma": 0.97}. progress(stage, done, total, unit) may return False to stop;
    the run can then be resumed (``train.resume``). Returns user_steps, seconds,
    user_steps_per_second, "agent" (metrics), "yardsticks", "agent_against".

    Raises :class:`ArgumentError` with the key's place, :class:`FileError`, :class:`RunError`."""
    return _core.config_train(read(config, overrides), callback(progress))
