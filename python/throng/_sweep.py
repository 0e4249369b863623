"""Sweeps: many trials of a configuration with other options."""

from __future__ import annotations

import json
import threading
from typing import Any, Mapping, NamedTuple

from . import _core
from ._core import ArgumentError
from ._options import callback, integer, number, read, values


class Trial(NamedTuple):
    """A trial: its number, state ("running", "complete", "pruned" or "failed"), user_steps, values
    (one an objective; NaN: none), params (what varies, by key), config (all sections) and cause."""

    number: int
    state: str
    user_steps: int
    values: tuple[float, ...]
    params: dict[str, Any]
    config: dict[str, Any]
    cause: str | None


def _trial(found: dict[str, Any]) -> Trial:
    params = {}
    for override in found["overrides"]:
        key, _, value = override.partition("=")
        try:
            params[key] = json.loads(value)
        except ValueError:
            params[key] = value
    return Trial(found["number"], found["state"], found["user_steps"], tuple(found["values"]), params,
                 json.loads(found["config"]) if found["config"] else {}, found["cause"])


class Sweep:
    """A sweep of a configuration (a path, or a dict of sections) with a section "sweep":
    ``options("sweep")`` lists sampler, scheduler, space, objective, max_trials, ...; ``train.out`` is
    its folder, with a database that Optuna opens.

    Either the whole of it (:meth:`run`), or asked and told by a caller that trains himself:

        with throng.Sweep(config) as sweep:
            while (trial := sweep.ask()) is not None:
                score = my_training(trial.config, report=lambda steps, x: sweep.tell(trial, steps, x))
                sweep.finish(trial, score)

    Raises :class:`ArgumentError` with the key's place.
    """

    def __init__(self, config: Any, *, overrides: Mapping[str, Any] | None = None,
                 resume: bool = False):
        self._config = read(config, overrides)
        self.resume = bool(resume)
        if "sweep" not in values(self._config):
            raise ArgumentError("sweep: missing; expected a section with its space and its objective")
        self._handle = _core.sweep_create(_core.config_json(self._config))
        objective = values(self._config)["sweep"].get("objective")
        self._objectives = len(objective) if isinstance(objective, list) else 1
        self._open = False
        self._opening = threading.Lock()

    def run(self, progress: Any = None) -> dict[str, Any]:
        """The whole sweep as ``throng sweep`` does it. Returns the summary. Raises
        :class:`FileError` (the folder holds another), :class:`RunError` (all trials failed,
        cancelled: what was done is kept)."""
        _core.sweep_run(self._handle, int(self.resume), callback(progress))
        return self.summary

    def ask(self) -> Trial | None:
        """A new trial, or None where there is none any more. Any number may run at once."""
        with self._opening:  # workers' threads may ask at once
            if not self._open:
                _core.sweep_open(self._handle, int(self.resume))
                self._open = True
        found = _core.sweep_ask(self._handle)
        return None if found is None else _trial(found)

    def tell(self, trial: Any, user_steps: int, value: float) -> bool:
        """The first objective after so many user-steps, rising from call to call; NaN: no number.
        True: the scheduler has given the trial up, and nothing more is told of it."""
        return _core.sweep_tell(self._handle, _number(trial), integer(user_steps, "user_steps", 0, 2**62), number(value, "value"))

    def finish(self, trial: Any, *values: float) -> None:
        """The trial is complete, with one value an objective (NaN: no number). Raises
        :class:`ArgumentError` (another number of values, no such trial, or it does not run)."""
        if len(values) != self._objectives:
            raise ArgumentError(f"values: {len(values)} of them, expected {self._objectives}, one an objective")
        _core.sweep_finish(self._handle, _number(trial), tuple(number(v, "value") for v in values), None)

    def fail(self, trial: Any, cause: str | None = None) -> None:
        """The trial has failed."""
        _core.sweep_finish(self._handle, _number(trial), None, None if cause is None else str(cause))

    def write(self) -> None:
        """summary.json, trials.csv and report.html of what there is so far."""
        _core.sweep_write(self._handle)

    @property
    def counts(self) -> dict[str, int]:
        """trials, running, complete, pruned, failed, user_steps."""
        return _core.sweep_counts(self._handle)

    def trial(self, number: int) -> Trial:
        """A trial by its number."""
        return _trial(_core.sweep_trial(self._handle, _number(number)))

    @property
    def best(self) -> Trial:
        """The best complete trial by the first objective. Raises :class:`ArgumentError` where there
        is none yet."""
        return _trial(_core.sweep_trial(self._handle, -1))

    @property
    def summary(self) -> dict[str, Any]:
        """What it came to so far, as summary.json has it."""
        return dict(json.loads(_core.sweep_summary(self._handle)))

    def close(self) -> None:
        """What is written stays; a sweep that has not ended can be resumed."""
        self._handle.close()

    def __enter__(self) -> "Sweep":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()


def _number(trial: Any) -> int:
    number = trial.number if isinstance(trial, Trial) else trial
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**62:
        raise ArgumentError(f"trial: expected a Trial or its number, not {trial!r}")
    return number
