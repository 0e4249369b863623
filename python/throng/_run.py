"""Runs that were trained, opened again: to recommend, to play, to judge and to export."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from typing import Any, Callable, Iterator, Mapping, overload

from . import _core
from ._agent import MOST, Population, np_atleast
from ._core import ArgumentError, FileError
from ._options import Backend, callback, integer, make, numbers, override_texts, path_of, read, values
from ._reasons import reason_of
from ._sim import Simulator
from ._sta import Sta
from ._steps import Recommendation, Step, step_of
from ._world import World, histories_of, indices_of

BATCH = 1024  # users that go through the network at a time


class RunAgent(Population):
    """The agent of a :class:`Run`: it acts, ranks and is evaluated. It has no replay to learn from."""

    def train(self, steps: int | None = None, callback: Any = None) -> "Population":
        """Raises :class:`ArgumentError`: a run is trained on by ``throng.train`` with
        ``train.resume``."""
        raise ArgumentError("train: the agent of a run does not learn; throng.train(config, "
                            "overrides={\"train.resume\": True}) goes on with the run")


class Run:
    """A trained run: what ``throng train`` or :func:`throng.train` left in a folder, opened with the
    agent of its newest checkpoint that is whole. Nothing is written there and nothing locked, so
    that training may go on meanwhile.

        run = throng.load_run("runs/demo")
        for r in run.recommend("u00007", k=3, exclude_seen=True):
            print(r.title, r.score, r.reason)
        print(run.evaluate()["agent"]["average_reward"])

    Made by :meth:`open` or :func:`throng.load_run`. ``agent``, ``world``, ``sta``, ``sim`` and
    ``backend`` are its parts.
    """

    def __init__(self, handle: _core.Handle, overrides: Mapping[str, Any]):
        if not isinstance(handle, _core.Handle):
            raise ArgumentError("Run: use Run.open or throng.load_run")
        self._handle = handle
        self._overrides = dict(overrides)
        self._info = _core.trained_info(handle)
        self._values = values(_core.trained_config(handle))
        # The agent sees sessions as it learned to, whoever the users are now.
        training = values(read(os.path.join(self.folder, "config.json")))
        parts = {"sim": {**self._values["sim"], "lanes": 1}, "votes": self._values["votes"],
                 "users": training["users"], "agent": {**self._values["agent"], "count": 1}}
        self._config = make(parts)
        self._backend: Backend | None = Backend._of(_core.trained_backend(handle))
        self._world: World | None = World(_core.trained_world(handle))
        on = (handle, self._backend._handle, self._world._handle)
        sta = _core.trained_sta(*on)
        self._sta = None if sta is None else Sta(sta, self._world, self._backend)
        self._sim: Simulator | None = Simulator._of(_core.trained_sim(*on), self._world, self._sta,
                                                    self._backend, self._config)
        agent = RunAgent._of(_core.trained_population(*on), self._sim, self._config,
                             max(self._info["user_steps"], 1))
        assert isinstance(agent, RunAgent)
        self._agent: RunAgent | None = agent

    @classmethod
    def open(cls, path: Any, *, agent: int = 0, overrides: Mapping[str, Any] | None = None,
             progress: Any = None) -> "Run":
        """Open the folder of a run, or a checkpoint in it.

        agent: which of the run's agents, from 0. overrides: what is another way than in training, by
        key: ``{"users.preset": "dynamic"}``; ``"world.file"`` and ``"sta.file"`` name other files,
        ``"backend.name"`` another device; an agent's own options cannot change.
        progress(stage, done, total, unit) may return False to stop.

        Raises :class:`FileError` (no such folder, no checkpoint yet, damaged files, a world that has
        changed or whose items are others), :class:`ArgumentError` (an override, no such agent),
        :class:`RunError` (memory)."""
        texts = override_texts(overrides)
        with _without_set():
            handle = _core.trained_open(path_of(path), texts, integer(agent, "agent", 0, MOST),
                                        callback(progress))
        return cls(handle, overrides or {})

    # --- what was opened --------------------------------------------------------------------------

    def _part(self, part: Any) -> Any:
        """Of an open run."""
        _core.trained_info(self._handle)
        return part

    @property
    def agent(self) -> RunAgent:
        """The agent: ``act``, ``recommend``, ``q``, ``export``, ``arrays``, ... as of
        :class:`Population`."""
        found: RunAgent = self._part(self._agent)
        return found

    @property
    def world(self) -> World:
        """The world; it stays usable after :meth:`close`."""
        found: World = self._part(self._world)
        return found

    @property
    def sta(self) -> Sta | None:
        """Weights of f_sta; None where the rule asks none."""
        found: Sta | None = self._part(self._sta)
        return found

    @property
    def sim(self) -> Simulator:
        """A simulator of one lane, with the users of training."""
        found: Simulator = self._part(self._sim)
        return found

    @property
    def backend(self) -> Backend:
        """Where it runs."""
        found: Backend = self._part(self._backend)
        return found

    @property
    def config(self) -> dict[str, Any]:
        """Every option of the run with the overrides, by section: ``config["sim"]["history"]``."""
        _core.trained_info(self._handle)
        copy: dict[str, Any] = json.loads(json.dumps(self._values))
        return copy

    @property
    def folder(self) -> str:
        """The run's folder."""
        return str(self._info["folder"])

    @property
    def checkpoint(self) -> str:
        """The checkpoint that was opened."""
        return str(self._info["checkpoint"])

    @property
    def info(self) -> dict[str, Any]:
        """folder, checkpoint, title ("DQN"), score ("Q" or "log-probability"), user_steps of training
        over all agents (-1: not said), agent of n_agent, same_world."""
        return dict(self._info)

    def _read(self, name: str) -> str:
        path = os.path.join(self.folder, name)
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise _file_error(f"{path}: {why}", "io error" if isinstance(error, OSError) else "data error") from None

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json as training wrote it at its end: ``summary["policies"]["agent"]`` has the
        metrics of the last evaluation, beside those of the yardsticks. Raises :class:`FileError`
        (none yet; damaged)."""
        text = self._read("summary.json")
        try:
            found = json.loads(text)
        except ValueError as error:
            raise _file_error(f"{os.path.join(self.folder, 'summary.json')}: {error}", "data error") from None
        if not isinstance(found, dict):
            raise _file_error(f"{os.path.join(self.folder, 'summary.json')}: expected an object", "data error")
        return found

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl, oldest first (docs/file_formats.md); a last line that is being
        written is left out. Raises :class:`FileError` (a damaged line, with its number)."""
        rows: list[dict[str, Any]] = []
        *lines, last = self._read("metrics.jsonl").split("\n")
        for number, line in enumerate([*lines, last] if last else lines, 1):
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("expected an object")
                rows.append(row)
            except ValueError as error:
                if number > len(lines):
                    break
                raise _file_error(f"{os.path.join(self.folder, 'metrics.jsonl')}:{number}: {error}",
                                  "data error") from None
        return rows

    # --- recommend --------------------------------------------------------------------------------

    @overload
    def recommend(self, user: int | str, k: int = 10, *, history: Any = None,
                  exclude_seen: bool = False, why: bool = True) -> list[Recommendation]: ...

    @overload
    def recommend(self, user: Any = None, k: int = 10, *, history: Any = None,
                  exclude_seen: bool = False, why: bool = True) -> Any: ...

    def recommend(self, user: Any = None, k: int = 10, *, history: Any = None,
                  exclude_seen: bool = False, why: bool = True) -> Any:
        """What the agent would show: a list of :class:`Recommendation`, best first, at most k; for a
        list of users a list of such lists.

        user: a raw id, an index, or a list of them; None: somebody whom the world does not know,
        described by ``history`` alone. history: (items, likes), oldest first, items as indices or raw
        ids, in place of the world's; one for each user of a list. exclude_seen leaves out what the
        history has (a run whose ``sim.mask`` is "all" always does). why: with the votes' reasons;
        False is faster by far where there are many users.

        Raises :class:`ArgumentError` (no such user or item; k; neither user nor history)."""
        import numpy as np

        agent, world = self.agent, self.world
        pairs, one = (None, False) if history is None else self._pairs(history)
        if user is not None:
            users, one = indices_of(world, "user", user)
        elif pairs is not None:
            users = np.full(len(pairs), -1, "int32")
        else:
            raise ArgumentError("recommend: expected a user, or the history of one whom the world does not know")
        if pairs is not None and len(pairs) != len(users):
            raise ArgumentError(f"history: {len(pairs)} of them for {len(users)} users")
        k = integer(k, "k", 1, MOST)
        exclude = 2 if exclude_seen or self._values["sim"]["mask"] == "all" else 0
        lists: list[list[Recommendation]] = []
        for first in range(0, len(users), BATCH):
            batch = users[first:first + BATCH]
            given = None if pairs is None else pairs[first:first + BATCH]
            offset, past, like = histories_of(world, batch, given)
            item, score = _core.population_top(agent._handle, 0, batch, offset, past, like, None, k,
                                               exclude)
            items, scores = np.asarray(item).tolist(), np.asarray(score).tolist()
            for row in range(len(batch)):
                span = slice(offset[row], offset[row + 1])
                lists.append(self._recommendations(int(batch[row]), items[row], scores[row],
                                                   past[span], like[span], bool(why)))
        return lists[0] if one else lists

    def _pairs(self, history: Any) -> tuple[list[Any], bool]:
        """(items, likes) each, items as indices; and was it one?"""
        import numpy as np

        try:
            one = len(history) == 2 and np.ndim(history[0]) == 1
            pairs = [(items, likes) for items, likes in ([history] if one else history)]
        except (TypeError, ValueError, KeyError):
            raise ArgumentError("history: expected (items, likes), or a list of such") from None
        return [(indices_of(self.world, "item", items)[0], likes) for items, likes in pairs], one

    def _recommendations(self, user: int, best: list[int], scores: list[float], past: Any, like: Any,
                         why: bool) -> list[Recommendation]:
        world, seen = self.world, set(past.tolist())
        found: list[Recommendation] = []
        for item, score in zip(best, scores):
            if item < 0:
                break
            told = self._why(user, item, past, like) if why else None
            found.append(Recommendation(len(found) + 1, item, world.item_ids[item],
                                        world.item_names[item], score, item in seen,
                                        reason_of(world, told) if told else None, told))
        return found

    def _why(self, user: int, item: int, past: Any, like: Any) -> dict[str, Any]:
        """The votes' reasons, without what the history says of the item itself."""
        import numpy as np

        keep = past != item
        past, like = np.ascontiguousarray(past[keep]), np.ascontiguousarray(like[keep])
        offset = np.array([0, len(past)], "int64")
        pair = (np.array([max(user, 0)], "int32"), np.array([item], "int32"), offset, past, like)
        if user >= 0:
            return _core.sim_explain_pair(self.sim._handle, *pair)
        # Nothing was fitted to somebody new: the votes that go by the history alone remain.
        config = make({"votes": {**self._values["votes"], "rule": "logical"}})
        told = _core.explain(self.backend._handle, self.world._handle, None, config,
                             self._values["sim"]["seed"], *pair)
        told["user"] = None
        told["votes"] = {name: told["votes"][name] for name in ("f_mat", "f_sim")}
        return told

    # --- play -------------------------------------------------------------------------------------

    def play(self, user: Any = None, episodes: int = 1, seed: int | None = None, *, session: int = 0,
             player: str | None = None, steps: int | None = None,
             answer: Callable[[Step], Any] | None = None) -> Iterator[Step]:
        """Play sessions step by step: an iterator of :class:`Step`, each after its answer.

        Session number k is session k of the run's evaluation, the same user and the same draws, from
        ``session`` on, ``episodes`` of them. user: whose session in place of that one (a raw id or an
        index). seed: of all draws; None: the evaluation's. player: None: the run's agent, or the name
        of a yardstick ("random", "popular", "most_similar", "myopic", "planner"). steps: stop each
        session after so many.

        answer: somebody else answers: called with each step before it is answered, it returns True or
        False (a list of them for slates), or None for what the simulated user says; nobody leaves by
        chance then. A loop that breaks ends the session.

        Raises :class:`ArgumentError` (a user, a player, an answer that is neither)."""
        if answer is not None and not callable(answer):
            raise ArgumentError(f"answer: expected a function, not {answer!r}")
        whose = -1 if user is None else self.world.user(user)
        if steps is not None:
            steps = integer(steps, "steps", 1, MOST)
        first = integer(session, "session", 0, MOST)
        last = first + integer(episodes, "episodes", 1, 2**20)
        if seed is not None:
            seed = integer(seed, "seed", 0, 2**32 - 1)
        if player is not None and not isinstance(player, str):
            raise ArgumentError(f"player: expected the name of a yardstick, not {player!r}")
        handle = _core.play_create(self._handle, player, seed, int(answer is not None))
        return self._play(handle, self.world, range(first, last), whose, steps, answer)

    @staticmethod
    def _play(handle: _core.Handle, world: World, sessions: range, user: int, steps: int | None,
              answer: Callable[[Step], Any] | None) -> Iterator[Step]:
        try:
            for session in sessions:
                title = _core.play_begin(handle, session, user)[3]
                end, step = "", 0
                while not end and (steps is None or step < steps):
                    shown = _core.play_show(handle, int(answer is not None))
                    told = None
                    if answer is not None and shown is not None:
                        told = _answers(answer(step_of(world, title, shown, False)))
                    done = step_of(world, title, _core.play_answer(handle, told), True)
                    yield done
                    end, step = done.end or "", done.step
        finally:
            handle.close()

    # --- judge and export -------------------------------------------------------------------------

    def evaluate(self, world: Any = None, sta: Any = None, *, agent: int | None = None,
                 yardsticks: bool | None = None, sim: Mapping[str, Any] | None = None,
                 votes: Mapping[str, Any] | None = None, users: Mapping[str, Any] | None = None,
                 progress: Any = None, **options: Any) -> dict[str, Any]:
        """Judge the run's agents by what judged them in training, the yardsticks beside them. Where
        nothing differs the figures are those of :attr:`summary`.

        world: another :class:`World`, or the path of its file, with the items that the agents know;
        sta: weights of f_sta fitted on it, or their path, where the rule asks them. agent: one of the
        run's; None: all. yardsticks: False leaves them out. sim, votes, users: options of these
        sections that differ; ``options("train.evaluation")`` lists the rest: episodes, seed, top, ...

        Returns "agent" (metrics, the mean over the agents that neither stopped nor diverged),
        "agent_against" (paired differences with 95 % intervals), "agents" (each one's metrics with
        "agent", its number, and "against"), "yardsticks" (by name). Metrics: as of
        :func:`throng.evaluate`.

        Raises :class:`ArgumentError` (an option, no such agent), :class:`FileError` (another world
        without its weights, items that the agents do not know), :class:`RunError`."""
        which = -1 if agent is None else integer(agent, "agent", 0, MOST)
        other: dict[str, Any] = {f"train.evaluation.{key}": value for key, value in options.items()}
        for section, given in (("sim", sim), ("votes", votes), ("users", users)):
            if given is not None and not isinstance(given, Mapping):
                raise ArgumentError(f"{section}: expected a dict of options, not {given!r}")
            other.update({f"{section}.{key}": value for key, value in (given or {}).items()})
        if yardsticks is not None:
            other["train.yardsticks"] = bool(yardsticks)
        own_world, own_sta = self.world, self.sta
        with contextlib.ExitStack() as stack:
            for key, given, own, kind in (("world.file", world, own_world, World),
                                          ("sta.file", sta, own_sta, Sta)):
                if given is not None and given is not own:
                    other[key] = _file_of(stack, given, kind)
            if not other:
                return _core.trained_evaluate(self._handle, which, callback(progress))
            with _without_set():
                handle = _core.trained_open(self.checkpoint,
                                            override_texts({**self._overrides, **other}),
                                            int(self._info["agent"]), None)
            stack.callback(handle.close)
            return _core.trained_evaluate(handle, which, callback(progress))

    def export(self, path: Any, format: str | None = None) -> None:
        """Write the agent for other programs (docs/file_formats.md): "safetensors", "onnx" or
        "vectors"; None: as the path ends. Raises :class:`ArgumentError` (no such format),
        :class:`FileError`."""
        self.agent.export(path, format)

    def close(self) -> None:
        """Let go of it, its agent and its simulator. A part that somebody holds, the world or an array, stays
        usable, and the memory of the rest with it."""
        for part in (self._agent, self._sim):
            if part is not None:
                part.close()
        self._agent = self._sim = self._sta = self._world = self._backend = None
        self._handle.close()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self._handle.closed else f" {self._info['title']}"
        return f"<throng.Run {self.folder}{state}>"


def load_run(path: Any, *, agent: int = 0, overrides: Mapping[str, Any] | None = None,
             progress: Any = None) -> Run:
    """Open a trained run: its folder, or a checkpoint in it. The same as :meth:`Run.open`."""
    return Run.open(path, agent=agent, overrides=overrides, progress=progress)


def _answers(told: Any) -> Any:
    """Of one item or a list of them; None: the simulated user's."""
    return None if told is None else numbers(np_atleast(told), "uint8", "answer")


def _file_of(stack: contextlib.ExitStack, given: Any, kind: type[Any]) -> str:
    """A file of an object, for as long as the stack."""
    if not isinstance(given, kind):
        return path_of(given)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="throng-"))
    path = os.path.join(folder, f"{kind.__name__.lower()}.safetensors")
    given.save(path)
    return path


def _file_error(text: str, status: str) -> FileError:
    error = FileError(text)
    error.status = status
    return error


@contextlib.contextmanager
def _without_set() -> Iterator[None]:
    """The program's words "--set KEY=VALUE" as Python's."""
    try:
        yield
    except (ArgumentError, FileError) as error:
        words = re.sub(r"--set ([\w.]+)=(\S+)", r'overrides={"\1": "\2"}', str(error))
        words = re.sub(r"--set ([\w.]+)", r"\1", words)
        fresh = type(error)(words)
        fresh.status = error.status
        raise fresh from None
