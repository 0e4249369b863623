"""Simulators: lanes of simulated user sessions that advance together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core
from ._core import ArgumentError
from ._options import backend_of, handle_of, integer, make, numbers, path_of, values
from ._sta import Sta, sta_handle
from ._world import World

if TYPE_CHECKING:
    from typing import Unpack

    import numpy as np

    from ._option_types import SimOptions, UsersOptions, VotesOptions


class Simulator:
    """B lanes, each one simulated user session, that advance together.

    Simulator(world, sta=None, *, backend=None, votes={...}, users={...}, **options):
    ``options("sim")`` lists lanes, history, slate_size, max_steps, mask, seed, ...;
    ``options("votes")`` and ``options("users")`` how users answer and how they change. Rules that
    ask the statistical vote (the usual one does) need ``sta``.

    autoreset (True): a lane that ended starts its next episode on the same step; False: it stands
    still until :meth:`restart`.

    Raises :class:`ArgumentError` (an option, with its name and limits), :class:`RunError` (memory).
    """

    def __init__(self, world: World, sta: Sta | None = None, *, backend: Any = None,
                 votes: VotesOptions | None = None, users: UsersOptions | None = None,
                 autoreset: bool = True, **options: Unpack[SimOptions]):
        handle_of(world, World, "world")
        self.world = world
        self.sta = sta
        if backend is None and isinstance(sta, Sta):
            backend = sta.backend
        self.backend = backend_of(backend)
        self._config = make({"sim": options, "votes": votes, "users": users})
        self._handle = _core.sim_create(self.backend._handle, world._handle, sta_handle(sta),
                                        self._config, bool(autoreset))
        self._finish()

    def _finish(self) -> None:
        self._options = values(self._config)
        self._arrays: dict[str, Any] | None = None

    @classmethod
    def _of(cls, handle: _core.Handle, world: World, sta: Sta | None, backend: Any,
            config: _core.Handle) -> "Simulator":
        sim = cls.__new__(cls)
        sim.world, sim.sta, sim.backend, sim._config, sim._handle = world, sta, backend, config, handle
        sim._finish()
        return sim

    @property
    def options(self) -> dict[str, Any]:
        """Every option as it is, in the sections "sim", "votes" and "users"."""
        return {section: dict(self._options[section]) for section in ("sim", "votes", "users")}

    @property
    def lanes(self) -> int:
        """Simulated users at once."""
        return int(self._options["sim"]["lanes"])

    @property
    def slate_size(self) -> int:
        """Items shown a step."""
        return int(self._options["sim"]["slate_size"])

    @property
    def arrays(self) -> dict[str, Any]:
        """The simulator's arrays where they lie: "user", "step", "reward", "ended", "action",
        "history", "vote.f_mat", ... NumPy arrays on a CPU; on a device what ``torch.from_dlpack``
        takes. All but "action" are read-only; their contents change with every step."""
        import numpy as np

        if self._arrays is None:
            found = _core.sim_arrays(self._handle)
            on_cpu = self.backend.name == "cpu"
            self._arrays = {name: np.asarray(array) if on_cpu else array
                            for name, array in found.items()}
        return dict(self._arrays)

    def reset(self, seed: int | None = None) -> None:
        """Every lane starts episode 0 anew, with another seed where one is given (0 .. 2^32 - 1)."""
        _core.sim_reset(self._handle, seed)

    def step(self, action: Any = None, likes: Any = None) -> None:
        """Show items: integers (lanes, slate_size), or (lanes) where one is shown. None: those that
        stand in ``arrays["action"]``; on a device say first what writes them (:meth:`Backend.after`).
        likes, of the action's shape: answers from elsewhere, a person's or a log's, in place of the
        users' own.

        Raises :class:`ArgumentError` (an item or an answer out of range, with its lane; no lane has
        moved)."""
        if action is not None:
            action = numbers(action, "int32", "action")
            if action.ndim == 1 and self.slate_size == 1:
                action = action[:, None]
        if likes is not None:
            likes = numbers(likes, "uint8", "likes")
            if likes.ndim == 1 and self.slate_size == 1:
                likes = likes[:, None]
        _core.sim_step(self._handle, action, likes)

    def restart(self, lanes: Any) -> None:
        """Lanes whose entry (lanes) is true begin their next episode now."""
        _core.sim_restart(self._handle, numbers(lanes, "bool", "lanes"))

    def set_starts(self, users: Any = None, histories: Any = None, *, by_lane: bool = False) -> None:
        """Whom episodes begin with from now on, and reset: a list of users, with the real histories
        or with one (items, likes) each; None: everybody. by_lane: lane l always begins with
        start l % count, else each episode draws one."""
        from ._world import histories_of, indices_of

        if users is None:
            if histories is not None or by_lane:
                raise ArgumentError(f"{'histories' if histories is not None else 'by_lane'}: without users; expected whom they are of")
            _core.sim_set_starts(self._handle, int(bool(by_lane)), None, None, None, None)
            return
        found, _ = indices_of(self.world, "user", users)
        if not len(found):
            raise ArgumentError("users: none; expected at least one, or None for everybody")
        given = (None, None, None) if histories is None else histories_of(self.world, found, histories)
        _core.sim_set_starts(self._handle, int(bool(by_lane)), found, *given)

    def observe(self, final: bool = False) -> "dict[str, np.ndarray]":
        """New arrays: user, length, step, episode (lanes); item and like (lanes, history), oldest
        first, -1 and 0 behind the last. final: of lanes that ended on the last step as they ended."""
        import numpy as np

        return {name: np.asarray(array)
                for name, array in _core.sim_observe(self._handle, int(bool(final))).items()}

    def preferences(self, final: bool = False) -> "np.ndarray":
        """New float32 (lanes, 2, dim): the mean of e+ over the liked entries of each history, and of
        e- over the disliked. Needs the option ``preferences``."""
        import numpy as np

        return np.asarray(_core.sim_preferences(self._handle, int(bool(final))))

    def preference_scores(self) -> "np.ndarray":
        """New float32 (lanes, n_item): b+ - b- of similarity "mean"."""
        import numpy as np

        return np.asarray(_core.sim_preference_scores(self._handle))

    def seen(self) -> "np.ndarray":
        """New bool (lanes, n_item): what may not be shown again. Needs the option ``mask``."""
        import numpy as np

        return np.asarray(_core.sim_seen(self._handle))

    def nearest(self, query: Any) -> "np.ndarray":
        """New int32 (lanes, slate_size): the items whose e+ lie nearest to float vectors (lanes,
        slate_size, dim), or (lanes, dim) where one is shown; masked ones are left out."""
        import numpy as np

        query = numbers(query, "float32", "query")
        if query.ndim == 2 and self.slate_size == 1:
            query = query[:, None, :]
        return np.asarray(_core.sim_nearest(self._handle, np.ascontiguousarray(query)))

    def explain(self, lane: int, item: Any) -> dict[str, Any]:
        """What the user of ``lane`` would answer to ``item`` on the next step, and why. Nothing
        moves."""
        return _core.sim_explain(self._handle, integer(lane, "lane", 0, self.lanes - 1),
                                 self.world.item(item))

    def save(self, path: Any) -> None:
        """Write every lane as it is. Raises :class:`FileError`."""
        _core.sim_save(self._handle, path_of(path))

    def restore(self, path: Any) -> None:
        """Take lanes back bit for bit. Raises :class:`FileError` (another simulator's, with the
        first option that differs), and then no lane has changed."""
        _core.sim_restore(self._handle, path_of(path))

    @property
    def hash(self) -> int:
        """Of all lanes; equal for equal trajectories."""
        return _core.sim_hash(self._handle)

    def close(self) -> None:
        """Let go of it; arrays of it and populations on it stay usable."""
        self._handle.close()
        self._arrays = None

    def __repr__(self) -> str:
        return f"<throng.Simulator of {self.lanes} lanes on {self.backend.name}>"


def check_simulator(sim: Any) -> Simulator:
    if not isinstance(sim, Simulator):
        raise ArgumentError(f"sim: expected a Simulator, not {sim!r}")
    return sim
