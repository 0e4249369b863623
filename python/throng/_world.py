"""Worlds: everything that stays constant while users are simulated."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

from . import _core
from ._core import ArgumentError
from ._options import ItsOwnCopy, callback, integer, make, number, numbers, path_of, read, texts

if TYPE_CHECKING:
    from typing import Unpack

    import numpy as np

    from ._option_types import SynthOptions


class World(ItsOwnCopy):
    """Items with keywords, categories and embeddings, and users with their real histories.

    Made by :meth:`open`, :meth:`synth`, :meth:`from_arrays`, :meth:`from_frame` or
    :meth:`from_config`; constant from then on, and usable from any number of threads at once.
    """

    def __init__(self, handle: _core.Handle):
        if not isinstance(handle, _core.Handle):
            raise ArgumentError("World: use World.open, synth, from_arrays, from_frame or from_config")
        self._handle = handle
        self._info = _core.world_info(handle)
        self._views: dict[str, Any] | None = None
        self._texts: dict[str, list[str]] = {}

    # --- making one -----------------------------------------------------------------------------

    @classmethod
    def open(cls, path: Any) -> "World":
        """Read and check a world file. Raises :class:`FileError` with the array's name and what was
        expected of it."""
        return cls(_core.world_open(path_of(path)))

    @classmethod
    def synth(cls, path: Any = None, *, progress: Any = None, **options: Unpack[SynthOptions]) -> "World":
        """A synthetic world with planted tastes; ``options("synth")`` lists what it takes (n_user,
        n_item, n_taste, dim, seed, ...). Written to ``path``; None: nowhere.

        progress(stage, done, total, unit) may return False to stop. Raises :class:`ArgumentError`,
        :class:`FileError`, :class:`RunError`."""
        config = make({"synth": options or {"seed": 1}})
        return cls._make(config, path, progress)

    @classmethod
    def from_config(cls, config: Any, path: Any = None, *, overrides: Mapping[str, Any] | None = None,
                    progress: Any = None) -> "World":
        """The world of a configuration (a path, or a dict of sections): ``world.file`` opened, or
        made from its section ``dataset`` or ``synth`` and written to ``path`` (None: nowhere).

        Raises :class:`ArgumentError` with the key's place, :class:`FileError` with file and line."""
        return cls._make(read(config, overrides), path, progress)

    @classmethod
    def _make(cls, config: _core.Handle, path: Any, progress: Any) -> "World":
        progress = callback(progress)
        if path is not None:
            return cls(_core.world_make(config, path_of(path), progress))
        import tempfile

        with tempfile.TemporaryDirectory(prefix="throng-") as folder:
            return cls(_core.world_make(config, os.path.join(folder, "world.safetensors"), progress))

    @classmethod
    def from_arrays(cls, *, user_offset: Any, history_item: Any, history_like: Any,
                    n_item: int | None = None, history_time: Any = None, history_rating: Any = None,
                    category_offset: Any = None, category: Any = None, liking_offset: Any = None,
                    liking: Any = None, disliking_offset: Any = None, disliking: Any = None,
                    keyword_embedding: Any = None, embedding_liking: Any = None,
                    embedding_disliking: Any = None, later_offset: Any = None,
                    later_item: Any = None, later_like: Any = None, later_rating: Any = None,
                    later_time: Any = None, user_id: Sequence[str] | None = None,
                    item_id: Sequence[str] | None = None, item_name: Sequence[str] | None = None,
                    category_name: Sequence[str] | None = None,
                    keyword: Sequence[str] | None = None, n_cold: int = 0,
                    like_threshold: float | None = None, source: str = "arrays") -> "World":
        """A world of arrays, which are copied. Lists are CSR: those of row i are entries
        ``offset[i]`` .. ``offset[i + 1] - 1``.

        user_offset (n_user + 1) int64, history_item and history_like (user_offset[-1]) int32 and
        0/1, oldest first; history_time int64 and history_rating float32 beside them. Sets of items:
        category, liking and disliking keywords, each list rising, with offsets (n_item + 1).
        Embeddings float32: of the keywords (n_keyword, dim), or of items (n_item, dim) both liking
        and disliking, unit rows or zero. later_*: what users did after their histories, kept apart.

        Raises :class:`ArgumentError` (type or shape), :class:`FileError` (contents, with the array
        and the index)."""
        given: dict[str, Any] = {
            "user_offset": numbers(user_offset, "int64", "user_offset"),
            "history_item": numbers(history_item, "int32", "history_item"),
            "history_like": numbers(history_like, "uint8", "history_like"),
            "n_cold": integer(n_cold, "n_cold", 0, 2**31 - 1),
            "source": str(source),
        }
        optional = {
            "history_time": (history_time, "int64"), "history_rating": (history_rating, "float32"),
            "category_offset": (category_offset, "int64"), "category": (category, "int32"),
            "liking_offset": (liking_offset, "int64"), "liking": (liking, "int32"),
            "disliking_offset": (disliking_offset, "int64"), "disliking": (disliking, "int32"),
            "keyword_embedding": (keyword_embedding, "float32"),
            "embedding_liking": (embedding_liking, "float32"),
            "embedding_disliking": (embedding_disliking, "float32"),
            "later_offset": (later_offset, "int64"), "later_item": (later_item, "int32"),
            "later_like": (later_like, "uint8"), "later_rating": (later_rating, "float32"),
            "later_time": (later_time, "int64"),
        }
        for name, (values, dtype) in optional.items():
            if values is not None:
                given[name] = numbers(values, dtype, name)
        lists = {"user_id": user_id, "item_id": item_id, "item_name": item_name,
                 "category_name": category_name, "keyword": keyword}
        for name, values in lists.items():
            if values is not None:
                given[name] = texts(values, name)
        if like_threshold is not None:
            given["like_threshold"] = number(like_threshold, "like_threshold")

        def most(name: str) -> int:
            array = given.get(name)
            return int(array.max()) + 1 if array is not None and array.size else 0

        given["n_user"] = max(given["user_offset"].size - 1, 0)
        if n_item is None:
            n_item = max([most("history_item"), most("later_item")] +
                         [given[name].size - 1 for name in
                          ("category_offset", "liking_offset", "disliking_offset") if name in given] +
                         [len(given[name]) for name in
                          ("embedding_liking", "item_id", "item_name") if name in given])
        given["n_item"] = integer(n_item, "n_item", 0, 2**31 - 1)
        given["n_category"] = len(given["category_name"]) if "category_name" in given else most("category")
        vectors = given.get("keyword_embedding")
        given["n_keyword"] = (len(given["keyword"]) if "keyword" in given
                              else len(vectors) if vectors is not None
                              else max(most("liking"), most("disliking")))
        for name in ("keyword_embedding", "embedding_liking"):
            if name in given and given[name].ndim == 2:
                given["dim"] = given[name].shape[1]
        return cls(_core.world_from_arrays(given))

    @classmethod
    def from_frame(cls, frame: Any, *, user: str = "user", item: str = "item",
                   like: str | None = None, rating: str | None = None, time: str | None = None,
                   like_threshold: float | None = None, items: Any = None, item_id: str = "item",
                   name: str | None = None, categories: str | None = None,
                   liking: str | None = None, disliking: str | None = None,
                   keyword_embedding: Mapping[str, Any] | None = None) -> "World":
        """A world of a data frame of interactions (pandas, or what has columns by name): one row an
        interaction, with the columns ``user`` and ``item`` (raw ids), and ``like`` (0/1), or
        ``rating`` with ``like_threshold`` (likes from there on); ``time`` orders a user's rows, else
        the frame's order does. A pair that comes again counts with its first row.

        items: a second frame, one row an item, with ``item_id`` and what there is of ``name``,
        ``categories``, ``liking`` and ``disliking`` (each cell a list of texts, or texts with ``|``
        between). keyword_embedding: {keyword: vector}, of one length.

        Raises :class:`ArgumentError` (a column that is missing or holds something else)."""
        from ._frame import frame_arrays

        return cls.from_arrays(**frame_arrays(
            frame, user=user, item=item, like=like, rating=rating, time=time,
            like_threshold=like_threshold, items=items, item_id=item_id, name=name,
            categories=categories, liking=liking, disliking=disliking,
            keyword_embedding=keyword_embedding))

    def save(self, path: Any) -> None:
        """Write a world file, whole or not at all. Raises :class:`FileError`."""
        _core.world_save(self._handle, path_of(path))

    def close(self) -> None:
        """Let go of it. Arrays of it, and what was made on it, stay usable."""
        self._handle.close()
        self._views = None

    # --- looking at it ----------------------------------------------------------------------------

    @property
    def n_user(self) -> int:
        """Users, each with a history."""
        return int(self._info["n_user"])

    @property
    def n_item(self) -> int:
        """Items of the catalogue."""
        return int(self._info["n_item"])

    @property
    def n_category(self) -> int:
        """Distinct categories."""
        return int(self._info["n_category"])

    @property
    def n_keyword(self) -> int:
        """Distinct keywords, liking and disliking together."""
        return int(self._info["n_keyword"])

    @property
    def dim(self) -> int:
        """Length of embeddings; where there are none, 1, and they are zero."""
        return int(self._info["dim"])

    @property
    def info(self) -> dict[str, Any]:
        """Sizes and facts: n_user, n_item, n_category, n_keyword, n_interaction, n_like, dim,
        n_cold, has_time, like_threshold, n_later, hash."""
        return dict(self._info)

    @property
    def arrays(self) -> "dict[str, np.ndarray]":
        """The world's arrays where they lie, read-only, under the names of a world file."""
        import numpy as np

        if self._views is None:
            self._views = {name: np.asarray(array)
                           for name, array in _core.world_arrays(self._handle).items()}
        return dict(self._views)

    def _array(self, name: str) -> "np.ndarray":
        if self._views is None:
            self.arrays
        import numpy as np

        views = self._views or {}
        if name not in views:
            return np.zeros(0, "float32")
        return np.asarray(views[name])

    def _list(self, kind: str) -> list[str]:
        if kind not in self._texts:
            self._texts[kind] = _core.world_texts(self._handle, kind, 0, 2**31 - 1)
        return self._texts[kind]

    @property
    def user_ids(self) -> list[str]:
        """Raw ids of the users (n_user)."""
        return self._list("user")

    @property
    def item_ids(self) -> list[str]:
        """Raw ids of the items (n_item)."""
        return self._list("item")

    @property
    def item_names(self) -> list[str]:
        """Titles of the items (n_item), the id where there is none."""
        return self._list("item_name")

    @property
    def keywords(self) -> list[str]:
        """Texts of the keywords (n_keyword)."""
        return self._list("keyword")

    @property
    def categories(self) -> list[str]:
        """Names of the categories (n_category)."""
        return self._list("category")

    @property
    def embeddings(self) -> "tuple[np.ndarray, np.ndarray]":
        """(e+, e-): float32 (n_item, dim) each, rows of unit length or zero, where they lie."""
        return self._array("embedding_pos"), self._array("embedding_neg")

    def item_keywords(self, item: int, side: str = "liking") -> "np.ndarray":
        """Indices of an item's liking or disliking keywords, rising, where they lie (int32)."""
        name = {"liking": "pos", "disliking": "neg"}.get(side)
        if name is None:
            raise ArgumentError(f"side: expected 'liking' or 'disliking', not {side!r}")
        return self._row(name, self.item(item))

    def item_categories(self, item: int) -> "np.ndarray":
        """Indices of an item's categories, rising, where they lie (int32)."""
        return self._row("category", self.item(item))

    def _row(self, name: str, at: int) -> "np.ndarray":
        offset = self._array(f"{name}_offset")
        if offset.size == 0:
            return self._array(name)[:0]
        return self._array(name)[offset[at]:offset[at + 1]]

    def history(self, user: int | str) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
        """(item, like, time) of a user's real history, oldest first, where they lie: int32, uint8,
        int64."""
        at = self.user(user)
        offset = self._array("user_offset")
        span = slice(offset[at], offset[at + 1])
        return (self._array("history_item")[span], self._array("history_like")[span],
                self._array("history_time")[span])

    def user(self, user: int | str) -> int:
        """Index of a user: its raw id (a text), or the index itself, checked."""
        if isinstance(user, str):
            found = _core.world_find(self._handle, user, None)
            if found < 0:
                raise ArgumentError(f"user: the world has no user {user!r}")
            return found
        return integer(user, "user", 0, self.n_user - 1)

    def item(self, item: int | str) -> int:
        """Index of an item: its raw id (a text), or the index itself, checked."""
        if isinstance(item, str):
            found = _core.world_find(self._handle, None, item)
            if found < 0:
                raise ArgumentError(f"item: the world has no item {item!r}")
            return found
        return integer(item, "item", 0, self.n_item - 1)

    def split_users(self, seed: int, start: float = 0.0, end: float = 1.0) -> "np.ndarray":
        """New array (int32) of the users whose draw from ``seed`` is in ``start`` .. ``end``: always
        the same ones, and two ranges that do not overlap share nobody."""
        import numpy as np

        return np.asarray(_core.world_split_users(
            self._handle, integer(seed, "seed", 0, 2**32 - 1), number(start, "start"),
            number(end, "end")))

    def item_counts(self) -> "tuple[np.ndarray, np.ndarray]":
        """(how often, how often liked): new int64 (n_item) each, over all histories."""
        import numpy as np

        count, likes = _core.world_item_counts(self._handle)
        return np.asarray(count), np.asarray(likes)

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a World is no sequence: see user_ids, item_ids and arrays")

    def __repr__(self) -> str:
        return f"<throng.World {self.n_user} users, {self.n_item} items>"


def histories_of(world: World, users: Any, history: Any, leave_out: Any = None) -> tuple[Any, Any, Any]:
    """(offset, item, like) of a history for each user: the real ones (None), without the item of
    ``leave_out`` where it is given; or one (items, likes) for each."""
    import numpy as np

    n = len(users)
    if history is not None:
        if not hasattr(history, "__len__"):
            raise ArgumentError(f"history: expected (items, likes) for each user, not {history!r}")
        if n == 1 and len(history) == 2 and np.ndim(history[0]) == 1:
            history = [history]
        if len(history) != n:
            raise ArgumentError(f"history: {len(history)} of them for {n} users")
        pairs = []
        for one in history:
            try:
                items, likes = one
            except (TypeError, ValueError):
                raise ArgumentError("history: expected (items, likes) for each user") from None
            pairs.append((numbers(items, "int32", "history"), numbers(likes, "uint8", "history")))
        for items, likes in pairs:
            if items.shape != likes.shape or items.ndim != 1:
                raise ArgumentError(f"history: {items.shape} items with {likes.shape} likes")
        offset = np.concatenate([[0], np.cumsum([len(items) for items, _ in pairs])]).astype("int64")
        empty = [np.zeros(0)]
        return (offset, np.concatenate([i for i, _ in pairs] or empty).astype("int32"),
                np.concatenate([k for _, k in pairs] or empty).astype("uint8"))
    real = world._array("user_offset")
    length = real[users + 1] - real[users] if n else np.zeros(0, "int64")
    offset = np.concatenate([[0], np.cumsum(length)]).astype("int64")
    at = np.repeat(real[users] - offset[:-1], length) + np.arange(offset[-1]) if n else np.zeros(0, int)
    item, like = world._array("history_item")[at], world._array("history_like")[at]
    if leave_out is not None:
        keep = item != np.repeat(leave_out, length)
        row = np.repeat(np.arange(n), length)[keep]
        offset = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))]).astype("int64")
        item, like = item[keep], like[keep]
    return offset, np.ascontiguousarray(item), np.ascontiguousarray(like)


def indices_of(world: World, kind: str, values: Any) -> tuple[Any, bool]:
    """Indices (int32) of users or items: raw ids or indices, one or many; and was it one?"""
    import numpy as np

    find = world.user if kind == "user" else world.item
    if isinstance(values, str) or np.ndim(values) == 0:
        return np.array([find(values)], "int32"), True
    if len(values) and isinstance(values[0], str):
        return np.array([find(value) for value in values], "int32"), False
    array = numbers(values, "int32", kind)
    most = world.n_user if kind == "user" else world.n_item
    wrong = (array < 0) | (array >= most)
    if array.ndim != 1 or wrong.any():
        raise ArgumentError(f"{kind}: expected a list of numbers in 0..{most - 1}" +
                            (f", not {int(array[wrong][0])}" if wrong.any() else ""))
    return array, False
