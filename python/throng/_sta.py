"""The statistical vote's weights, and votes outside any session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core
from ._core import ArgumentError
from ._options import Backend, ItsOwnCopy, backend_of, callback, handle_of, integer, make, path_of
from ._world import World, histories_of, indices_of

if TYPE_CHECKING:
    from typing import Unpack

    import numpy as np

    from ._option_types import StaOptions, VotesOptions


class Sta(ItsOwnCopy):
    """Weights of f_sta, the statistical vote (SASRec, Kang & McAuley 2018), on a backend.

    Made by :meth:`fit` or :meth:`open`; ``report`` says what a fit came to.
    """

    def __init__(self, handle: _core.Handle, world: World, backend: Backend,
                 report: dict[str, Any] | None = None):
        self._handle = handle
        self.world = world
        self.backend = backend
        self.report = report

    @classmethod
    def fit(cls, world: World, *, backend: Any = None, progress: Any = None,
            calibrate: bool = False, votes: VotesOptions | None = None, **options: Unpack[StaOptions]) -> "Sta":
        """Fit on all but each user's last two interactions, stopping early on the one before the
        last; ``options("sta")`` lists what it takes (width, layers, epochs, seed, ...).

        calibrate: also fit the calibrated vote for ``votes``. progress(stage, done, total, unit)
        may return False to stop. Raises :class:`ArgumentError`; :class:`RunError` (memory, a loss
        that is no number, cancelled)."""
        backend = backend_of(backend)
        config = make({"sta": options, "votes": votes})
        handle, report = _core.sta_fit(backend._handle, handle_of(world, World, "world"), config,
                                       callback(progress))
        sta = cls(handle, world, backend, report)
        if calibrate:
            sta.calibrate(**(votes or {}))
        return sta

    @classmethod
    def open(cls, world: World, path: Any, *, backend: Any = None) -> "Sta":
        """Read weights that were fitted on this world. Raises :class:`FileError` (a damaged file,
        another world's)."""
        backend = backend_of(backend)
        return cls(_core.sta_open(backend._handle, handle_of(world, World, "world"), path_of(path)),
                   world, backend)

    def save(self, path: Any) -> None:
        """Write the weights, whole or not at all. Raises :class:`FileError`."""
        _core.sta_save(self._handle, path_of(path))

    def score(self, user: Any, item: Any, history: Any = None) -> "np.ndarray":
        """p(like), new float32 (n), of each (user, item) after its history: a list of (items,
        likes), oldest first; None: the user's real one, without the item itself."""
        import numpy as np

        users, _ = indices_of(self.world, "user", user)
        items, _ = indices_of(self.world, "item", item)
        offset, past, like = histories_of(self.world, users, history, items)
        return np.asarray(_core.sta_score(self._handle, users, items, offset, past, like))

    def calibrate(self, **votes: Any) -> dict[str, float]:
        """Fit the calibrated vote for votes with these options and keep it with the weights.
        Returns its terms' weights. Raises :class:`FileError` where there is nothing to fit on."""
        return _core.sta_calibrate(self._handle, self.world._handle, make({"votes": votes}))

    @property
    def hash(self) -> int:
        """Equal for equal weights."""
        return _core.sta_hash(self._handle)

    def close(self) -> None:
        """Let go of it; what was made with it stays usable."""
        self._handle.close()

    def __repr__(self) -> str:
        return f"<throng.Sta on {self.world!r}>"


def sta_handle(sta: Any) -> _core.Handle | None:
    return None if sta is None else handle_of(sta, Sta, "sta")


_record: Any = None


def vote_record() -> Any:
    """numpy.dtype of an answer with its reasons: alpha_pos, alpha_neg, beta_pos, beta_neg, p_like,
    f_mat, f_sim, f_sta, like."""
    global _record
    if _record is None:
        import numpy as np

        members, size = _core.vote_layout()
        names, formats, offsets = zip(*members)
        _record = np.dtype({"names": list(names), "formats": list(formats), "offsets": list(offsets),
                            "itemsize": size})
    return _record


class Votes:
    """Votes on (user, item) pairs outside any session.

    Votes(world, sta=None, **options): ``options("votes")`` lists them (rule, semantics, ...). A rule
    that asks f_sta needs ``sta``.
    """

    def __init__(self, world: World, sta: Sta | None = None, *, backend: Any = None, seed: int = 1,
                 **options: Unpack[VotesOptions]):
        handle_of(world, World, "world")
        self.world = world
        self.sta = sta
        self.backend = sta.backend if sta is not None and backend is None else backend_of(backend)
        self.seed = integer(seed, "seed", 0, 2**32 - 1)
        self._config = make({"votes": options})
        sta_handle(sta)

    def _pairs(self, user: Any, item: Any, history: Any) -> tuple[Any, ...]:
        users, _ = indices_of(self.world, "user", user)
        items, _ = indices_of(self.world, "item", item)
        if len(users) != len(items):
            raise ArgumentError(f"votes: {len(users)} users with {len(items)} items")
        return (users, items, *histories_of(self.world, users, history, items))

    def __call__(self, user: Any, item: Any, history: Any = None) -> "np.ndarray":
        """New record array (n): alpha_pos, alpha_neg, beta_pos, beta_neg, p_like, f_mat, f_sim,
        f_sta, like. Users and items are indices or raw ids; history: a list of (items, likes),
        oldest first; None: the user's real one, without the item itself. Ties draw their coins from
        (seed, row).

        Raises :class:`ArgumentError` (a user, item or history out of range, a rule without its
        f_sta)."""
        import numpy as np

        found = _core.votes(self.backend._handle, self.world._handle, sta_handle(self.sta),
                            self._config, self.seed, *self._pairs(user, item, history))
        return np.asarray(np.asarray(found["record"]).view(vote_record())[:, 0])

    def explain(self, user: Any, item: Any, history: Any = None) -> dict[str, Any]:
        """Why one user likes one item or not: each vote with what it goes by."""
        return _core.explain(self.backend._handle, self.world._handle, sta_handle(self.sta),
                             self._config, self.seed, *self._pairs(user, item, history))
