"""Options by name: keyword arguments to a configuration of the library, which checks them by its own
tables; and the backend that they name."""

from __future__ import annotations

import json
import math
import os
import re
from typing import Any, Iterable, Mapping, Self

from . import _core
from ._core import ArgumentError, FileError


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON has them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(type(value).__name__)


def to_json(sections: Mapping[str, Any]) -> str:
    try:
        return json.dumps(sections, default=_plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"{_culprit(sections)}: {error}: expected numbers, texts, lists and dicts") from None


def _culprit(value: Any, place: str = "options") -> str:
    """Where in nested dicts the value stands that JSON cannot have."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        try:
            json.dumps({key: inner}, default=_plain, allow_nan=False)
        except (TypeError, ValueError):
            return _culprit(inner, f"{place}.{key}" if place != "options" else str(key))
        except RecursionError:
            return place
    return place


def _drop_places(error: ArgumentError | FileError, name: str) -> ArgumentError | FileError:
    """The words without line and column of a text that nobody wrote, and without the program's own."""
    words = re.sub(rf"^{re.escape(name)}(:\d+:\d+)?: ", "", str(error))
    words = re.sub(r"^(--set |CONFIG: )", "", words)
    fresh = type(error)(words)
    fresh.status = error.status
    return fresh


def make(sections: Mapping[str, Any], name: str = "options") -> _core.Handle:
    """A checked configuration of these sections; sections that are None or empty have defaults."""
    given = {}
    for section, options in sections.items():
        if options is None:
            continue
        if not isinstance(options, Mapping):
            raise ArgumentError(f"{section}: expected a dict of options, not {options!r}")
        if options:
            given[section] = dict(options)
    try:
        return _core.config_read(to_json(given), name, None)
    except ArgumentError as error:
        raise _drop_places(error, name) from None


def override_texts(overrides: Mapping[str, Any] | None) -> list[str]:
    """{"a.b": value} as the library takes it: "a.b=value"."""
    if overrides is not None and not isinstance(overrides, Mapping):
        raise ArgumentError(f"overrides: expected a dict of keys, not {overrides!r}")
    return [f"{key}={os.fspath(value) if isinstance(value, (str, os.PathLike)) else to_json(value)}"
            for key, value in (overrides or {}).items()]


def read(config: Any, overrides: Mapping[str, Any] | None = None) -> _core.Handle:
    """A configuration from a path, or from a dict of sections; ``overrides`` are {"a.b": value}."""
    texts = override_texts(overrides)
    try:
        if isinstance(config, Mapping):
            return _core.config_read(to_json(config), "config", texts)
        return _core.config_open(path_of(config), texts)
    except (ArgumentError, FileError) as error:
        raise _drop_places(error, "config") from None


def values(config: _core.Handle) -> dict[str, Any]:
    return dict(json.loads(_core.config_json(config)))


def path_of(path: Any) -> str:
    try:
        path = os.fspath(path)
    except TypeError:
        raise ArgumentError(f"expected a path, not {path!r}") from None
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if "\0" in path or not is_text(path):
        raise ArgumentError(f"expected a path, not {path!r}")
    return str(path)


def is_text(value: str) -> bool:
    """Can it be written as UTF-8?"""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def texts(values: Any, what: str) -> list[str]:
    """A list of texts; numbers as they are written."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ArgumentError(f"{what}: expected a list of texts, not {values!r}")
    found = []
    for at, value in enumerate(values):
        text = str(value)
        try:
            wrong = value is None or bool(value != value) or isinstance(value, (list, tuple, dict, set))
        except (TypeError, ValueError):  # pandas' NA, an array
            wrong = True
        if wrong or "\0" in text or not is_text(text):
            raise ArgumentError(f"{what}: entry {at} is no text: {value!r}")
        found.append(text)
    return found


def mapping(options: Any, what: str, **elsewhere: str) -> dict[str, Any]:
    """A dict of options, or nothing; keys of ``elsewhere`` are refused, with where they are given."""
    if options is not None and not isinstance(options, Mapping):
        raise ArgumentError(f"{what}: expected a dict of options, not {options!r}")
    for name, place in elsewhere.items():
        if name in (options or {}):
            raise ArgumentError(f"{what}: {name} is given {place}")
    return dict(options or {})


_schema: dict[str, Any] | None = None


def options(section: str) -> dict[str, dict[str, Any]]:
    """Every option of a section: ``"sim"``, ``"votes"``, ``"users"``, ``"agent"``, ``"sta"``,
    ``"synth"``, ``"train"``, ``"train.evaluation"``, ``"backend"``, ``"sweep"``, ``"dataset"``,
    ``"keywords"``, ``"embedding"``, ``"llm"``.

    Returns ``{name: JSON Schema}``: type, limits, default and help ("description") as the library's
    tables have them. Raises :class:`ArgumentError` where there is no such section.
    """
    global _schema
    if _schema is None:
        _schema = json.loads(_core.config_schema(make({})))
    at = _schema
    for part in str(section).split("."):
        at = at.get("properties", {}).get(part)
        if at is None:
            raise ArgumentError(f"{section}: no such section")
    return dict(at["properties"])


MOST_NUMBERS = 2**33


def numbers(values: Any, dtype: str, what: str) -> Any:
    """A C-contiguous array of this type, without a copy where it is one already. What would lose
    its value is refused: floats where integers are expected, integers out of the type's range,
    entries that are masked."""
    import numpy as np

    target = np.dtype(dtype)
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ArgumentError(f"{what}: entries are masked: expected an array of {dtype}")
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise ArgumentError(f"{what}: {error}: expected an array of {dtype}") from None
    if array.size > MOST_NUMBERS:  # a broadcast one may be larger than any memory
        raise ArgumentError(f"{what}: {array.size} entries, expected at most {MOST_NUMBERS}")
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(target)
    kinds = "iub" if target.kind in "iub" else "fiu"
    if array.dtype.kind not in kinds:
        raise ArgumentError(f"{what}: expected {dtype}, not {array.dtype}")
    if target.kind in "iu" and array.size:
        limits = np.iinfo(target)
        least, most = int(array.min()), int(array.max())
        if least < limits.min or most > limits.max:
            raise ArgumentError(f"{what}: {least if least < limits.min else most} is no {dtype}")
    if array.dtype.kind == "f" and array.itemsize > target.itemsize:
        with np.errstate(over="ignore"):  # too large is infinite, which the library refuses
            array = array.astype(target)
    array = np.ascontiguousarray(array, dtype=target)
    return array if array.flags.aligned else array.copy()


def integer(value: Any, what: str, least: int, most: int) -> int:
    try:
        if isinstance(value, float) or isinstance(value, bool):
            raise TypeError
        value = value.__index__()
    except (TypeError, AttributeError):
        raise ArgumentError(f"{what}: expected an integer, not {value!r}") from None
    if not least <= value <= most:
        raise ArgumentError(f"{what}: {value} is not in {least}..{most}")
    return int(value)


def number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{what}: expected a number, not {value!r}") from None


def callback(progress: Any) -> Any:
    if progress is not None and not callable(progress):
        raise ArgumentError(f"progress: expected a function, not {progress!r}")
    return progress


class ItsOwnCopy:
    """What copies of what refers to it share: ``copy.copy`` and ``copy.deepcopy`` give the object itself, so that
    Gymnasium can copy the spec of an environment made of it."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self


class Backend(ItsOwnCopy):
    """Where arrays live and kernels run.

    Backend(name="auto", threads=0, device=0): ``"cpu"``, ``"cuda"``, or ``"auto"``, which takes CUDA
    where a device is usable. ``threads``: of the CPU; 0: as many as the process may use.

    Objects that are given none share one, opened when first wanted (:meth:`default`). What stands
    on one backend takes turns between threads; on two, calls run side by side.

    Raises :class:`ArgumentError` (an option), :class:`RunError` (no such device, memory).
    """

    def __init__(self, name: str = "auto", **options: Any):
        self._handle = _core.backend_open(make({"backend": {"name": name, **options}}))
        self._info = _core.backend_info(self._handle)

    @classmethod
    def _of(cls, handle: _core.Handle) -> "Backend":
        backend = cls.__new__(cls)
        backend._handle, backend._info = handle, _core.backend_info(handle)
        return backend

    _default: "Backend | None" = None

    @classmethod
    def default(cls) -> "Backend":
        """The process's own, shared by whatever is not given another."""
        if cls._default is None or cls._default._handle.closed:
            cls._default = cls()
        return cls._default

    @property
    def name(self) -> str:
        """``"cpu"`` or ``"cuda"``."""
        return str(self._info["name"])

    @property
    def description(self) -> str:
        """One line for people: cores, instruction set, why this backend was taken."""
        return str(self._info["description"])

    @property
    def arithmetic(self) -> str:
        """What the last bits of a fit or a training depend on."""
        return str(self._info["arithmetic"])

    def before(self, stream: int) -> None:
        """What the CUDA stream is given from now on comes after all that this backend has queued; the
        host waits for neither. ``stream``: its address (PyTorch's ``stream.cuda_stream``), or 1 for
        the legacy default stream, which is PyTorch's own (its 0), 2 for the thread's. DLPack asks for
        the same when it takes an array; this is for one that was taken before.

        Raises :class:`ArgumentError` (0; a CPU, which has no streams), :class:`RunError` (a device)."""
        _core.backend_before(self._handle, stream)

    def after(self, stream: int) -> None:
        """What this backend is given from now on comes after all that the CUDA stream has queued: say
        so before a step whose actions that stream writes. Numbers and errors as of :meth:`before`."""
        _core.backend_after(self._handle, stream)

    def close(self) -> None:
        """Let go of it; it ends once nothing stands on it any more."""
        self._handle.close()

    def __repr__(self) -> str:
        return f"<throng.Backend {self.name}{', closed' if self._handle.closed else ''}>"


def backend_of(backend: Any) -> Backend:
    if backend is None:
        return Backend.default()
    if isinstance(backend, str):
        return Backend(backend)
    if isinstance(backend, Backend):
        return backend
    raise ArgumentError(f"backend: expected a Backend or its name, not {backend!r}")


def handle_of(thing: Any, kind: type[Any], what: str) -> _core.Handle:
    if not isinstance(thing, kind):
        raise ArgumentError(f"{what}: expected a {kind.__name__}, not {thing!r}")
    handle: _core.Handle = thing._handle
    return handle


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
