"""A data frame of interactions as a world's arrays."""

from __future__ import annotations

from typing import Any, Mapping

from ._core import ArgumentError
from ._options import number, texts


def _column(frame: Any, name: str | None, what: str | None) -> Any:
    import numpy as np

    try:
        column = np.asarray(frame[name])
    except (KeyError, TypeError, ValueError, IndexError):
        raise ArgumentError(f"{what}: the frame has no column {name!r}") from None
    if column.ndim != 1:
        raise ArgumentError(f"{what}: {name!r} is no column of single values, or stands twice in the frame")
    return column


def _ids(frame: Any, name: str, what: str) -> Any:
    """Raw ids as texts; a row without one would be somebody of that name."""
    import numpy as np

    column = _column(frame, name, what)
    values = column if column.dtype.kind in "Of" else column.astype(str)  # these two have missing ones
    return np.asarray(texts(values.tolist(), f"{what} {name!r}"), dtype=str)


def _texts(cell: Any) -> list[str]:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return []
    parts = cell.split("|") if isinstance(cell, str) else list(cell)
    return [text for text in (str(part).strip() for part in parts) if text]


def _likes(frame: Any, like: str | None, rating: str | None, like_threshold: float | None) -> tuple[Any, Any]:
    """(like as 0/1, rating or None)."""
    import numpy as np

    if (like is None) == (rating is None):
        raise ArgumentError("from_frame: give the column of likes (like=) or of ratings (rating=)")
    values = _column(frame, like or rating, like or rating)
    if values.dtype.kind not in "iufb":
        raise ArgumentError(f"{like or rating}: expected numbers, not {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ArgumentError(f"{like or rating}: row {row} is no number")
    if like is not None:
        if values.size and not np.isin(values, (0, 1)).all():
            raise ArgumentError(f"{like}: expected 0 or 1")
        return values.astype("uint8"), None
    if like_threshold is None:
        raise ArgumentError("like_threshold: missing; ratings from there on are likes")
    return (values >= number(like_threshold, "like_threshold")).astype("uint8"), values.astype("float32")


def _order(users: Any, times: Any) -> Any:
    """Rows by user, a user's by time, equal times in the frame's order."""
    import numpy as np

    keys = (users,) if times is None else (times, users)
    return np.lexsort(keys)


def _sets(cells: list[list[str]], names: list[str]) -> dict[str, Any]:
    import numpy as np

    at = {name: k for k, name in enumerate(names)}
    lists = [sorted({at[text] for text in texts}) for texts in cells]
    offset = np.concatenate([[0], np.cumsum([len(entry) for entry in lists])]).astype("int64")
    return {"offset": offset, "list": np.array([k for entry in lists for k in entry], "int32")}


def frame_arrays(frame: Any, *, user: str, item: str, like: str | None, rating: str | None,
                 time: str | None, like_threshold: float | None, items: Any, item_id: str,
                 name: str | None, categories: str | None, liking: str | None,
                 disliking: str | None, keyword_embedding: Mapping[str, Any] | None) -> dict[str, Any]:
    import numpy as np

    raw_users = _ids(frame, user, "user")
    raw_items = _ids(frame, item, "item")
    answers, ratings = _likes(frame, like, rating, like_threshold)
    times = None if time is None else _column(frame, time, "time")
    if times is not None and times.dtype.kind == "M":
        times = times.astype("datetime64[s]").astype("int64")
    if times is not None and times.dtype.kind not in "iu":
        raise ArgumentError(f"time: expected integers or dates, not {times.dtype}")
    if raw_users.size == 0:
        raise ArgumentError("from_frame: the frame has no rows")

    user_ids, users = np.unique(raw_users, return_inverse=True)
    given: dict[str, Any] = {"user_id": user_ids.tolist(), "source": "data frame"}
    if items is None:
        item_ids, item_at = np.unique(raw_items, return_inverse=True)
        given["item_id"] = item_ids.tolist()
    else:
        known = _ids(items, item_id, "item_id").tolist()
        at = {text: k for k, text in enumerate(known)}
        if len(at) != len(known):
            raise ArgumentError(f"{item_id}: an item stands twice among the items")
        unknown = next((text for text in raw_items if text not in at), None)
        if unknown is not None:
            raise ArgumentError(f"item: {unknown!r} is not among the items")
        item_at = np.array([at[text] for text in raw_items], "int64")
        given["item_id"] = known
    order = _order(users, times)
    pairs = users[order].astype("int64") * len(given["item_id"]) + item_at[order]
    _, first = np.unique(pairs, return_index=True)
    order = order[np.sort(first)]
    given["user_offset"] = np.concatenate(
        [[0], np.cumsum(np.bincount(users[order], minlength=len(user_ids)))])
    given["history_item"] = item_at[order]
    given["history_like"] = answers[order]
    if times is not None:
        given["history_time"] = times[order].astype("int64")
    if ratings is not None:
        given["history_rating"] = ratings[order]
        given["like_threshold"] = like_threshold
    if items is not None:
        given.update(_item_arrays(items, name, categories, liking, disliking, keyword_embedding))
    return given


def _item_arrays(items: Any, name: str | None, categories: str | None, liking: str | None,
                 disliking: str | None, keyword_embedding: Mapping[str, Any] | None) -> dict[str, Any]:
    import numpy as np

    given: dict[str, Any] = {}
    if name is not None:
        given["item_name"] = [str(text) for text in _column(items, name, "name")]
    if categories is not None:
        cells = [_texts(cell) for cell in _column(items, categories, "categories")]
        names = sorted({text for texts in cells for text in texts})
        sets = _sets(cells, names)
        given.update(category_name=names, category_offset=sets["offset"], category=sets["list"])
    columns = {"liking": liking, "disliking": disliking}
    words = {side: [_texts(cell) for cell in _column(items, column, side)]
             for side, column in columns.items() if column is not None}
    names = sorted({text for cells in words.values() for texts in cells for text in texts})
    for side, cells in words.items():
        sets = _sets(cells, names)
        given[f"{side}_offset"], given[side] = sets["offset"], sets["list"]
    if words:
        given["keyword"] = names
    if keyword_embedding is not None and names:
        missing = next((text for text in names if text not in keyword_embedding), None)
        if missing is not None:
            raise ArgumentError(f"keyword_embedding: there is none for {missing!r}")
        try:
            given["keyword_embedding"] = np.array([keyword_embedding[text] for text in names], "float32")
        except (TypeError, ValueError):
            raise ArgumentError("keyword_embedding: expected vectors of one length") from None
    return given
