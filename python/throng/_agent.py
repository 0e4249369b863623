"""Populations of agents that learn, and a single one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from . import _core
from ._core import ArgumentError
from ._options import callback as check_callback
from ._options import integer, make, mapping, number, numbers, path_of, values
from ._sim import Simulator, check_simulator
from ._sta import Sta
from ._world import World, histories_of, indices_of

if TYPE_CHECKING:
    from typing import Unpack

    import numpy as np

    from ._option_types import AgentOptions, SimOptions, UsersOptions, VotesOptions

MOST = 2**31 - 1


class Population:
    """Agents that learn, many at once, over the lanes of one simulator: lane l belongs to agent
    l // (lanes / count), and none of them moves another by a bit.

    Population(sim, *, total_steps, **options): ``options("agent")`` lists algorithm, head, count,
    gamma, learning_rate, ...; total_steps is the planned length in user-steps over all agents, of
    which exploration takes its share.

    Raises :class:`ArgumentError` (an option, with its name and limits), :class:`RunError` (memory).
    """

    def __init__(self, sim: Simulator, *, total_steps: int, **options: Unpack[AgentOptions]):
        self.sim = check_simulator(sim)
        self._config = make({"sim": {"lanes": sim.lanes}, "agent": options})
        self.total_steps = integer(total_steps, "total_steps", 1, 2**40)
        self._handle = _core.population_create(sim._handle, self._config, self.total_steps)
        self._finish()

    def _finish(self) -> None:
        self._options = values(self._config)["agent"]
        self.done_steps = 0

    @classmethod
    def _of(cls, handle: _core.Handle, sim: Simulator, config: _core.Handle,
            total_steps: int) -> "Population":
        population = cls.__new__(cls)
        population.sim, population._config, population._handle = sim, config, handle
        population.total_steps = total_steps
        population._finish()
        return population

    @property
    def count(self) -> int:
        """Agents in it."""
        return int(self._options["count"])

    @property
    def options(self) -> dict[str, Any]:
        """Every option that the population was made with."""
        return dict(self._options)

    @property
    def world(self) -> World:
        """The simulator's world."""
        return self.sim.world

    def train(self, steps: int | None = None, callback: Any = None) -> "Population":
        """Train for so many user-steps over all agents (None: what is left of total_steps), whole
        steps of all lanes.

        callback(done, total) in user-steps, every 16 steps of the lanes; it may return False to
        stop early, and what it raises comes out here. Raises :class:`RunError` once every agent has
        diverged."""
        left = max(self.total_steps - self.done_steps, 0)
        steps = left if steps is None else integer(steps, "steps", 0, 2**40)
        lanes = self.sim.lanes
        n = -(-steps // lanes)
        told = 0
        if callback is not None and not callable(callback):
            raise ArgumentError(f"callback: expected a function, not {callback!r}")

        def report(stage: str, done: int, total: int, unit: str) -> Any:
            nonlocal told
            self.done_steps += (done - told) * lanes  # another thread's training comes between two calls
            told = done
            return callback(done * lanes, total * lanes) if callback is not None else True

        if n:
            _core.population_train(self._handle, n, report)
        return self

    def act(self, sim: Simulator | None = None, *, greedy: bool = False) -> "np.ndarray":
        """New int32 (lanes, slate_size): items for a simulator's present state (None: its own);
        greedy leaves exploration out. Nothing learns."""
        import numpy as np

        sim = self.sim if sim is None else check_simulator(sim)
        return np.asarray(_core.population_act(self._handle, sim._handle, int(bool(greedy))))

    def _states(self, user: Any, history: Any, session: Any) -> tuple[Any, ...]:
        users, one = indices_of(self.world, "user", user)
        given = histories_of(self.world, users, history)
        if session is not None:
            session = numbers(np_atleast(session), "int32", "session")
        return (users, *given, session), one

    def recommend(self, user: Any, k: int = 10, *, agent: int = 0, history: Any = None,
                  session: Any = None, skip_session: bool = False, exclude_seen: bool = False,
                  scores: bool = False) -> Any:
        """New int32 (k), or (n, k) for a list of users: the items that an agent ranks first, best
        first, after the user's real history, or after ``history`` (items, likes), oldest first.
        session: how many of the newest entries were shown in this session; skip_session leaves those
        out, exclude_seen all of the history (-1 where too few are left). scores: a pair with float32
        of the same shape, DQN's Q or a policy's log-probabilities among what is not left out."""
        import numpy as np

        states, one = self._states(user, history, session)
        exclude = 2 if exclude_seen else int(bool(skip_session))
        top = _core.population_top(self._handle, integer(agent, "agent", 0, MOST), *states,
                                   integer(k, "k", 1, MOST), exclude)
        item, score = np.asarray(top[0]), np.asarray(top[1])
        if one:
            item, score = item[0], score[0]
        return (item, score) if scores else item

    def q(self, user: Any, *, agent: int = 0, history: Any = None, session: Any = None) -> "np.ndarray":
        """New float32 (n_item), or (n, n_item) for a list of users: an agent's score of every item."""
        import numpy as np

        states, one = self._states(user, history, session)
        q = np.asarray(_core.population_scores(self._handle, integer(agent, "agent", 0, MOST), *states))
        return q[0] if one else q

    def stats(self) -> list[dict[str, Any]]:
        """For each agent what it came to since the last call: state, user_steps, updates, epsilon,
        loss, q, grad_norm, episodes, mean_return; and of what learns from rollouts entropy_loss,
        policy_gradient_loss, value_loss, approx_kl, clip_fraction, explained_variance."""
        return _core.population_stats(self._handle)

    def evaluate(self, *, sim: dict[str, Any] | None = None, progress: Any = None,
                 **options: Any) -> list[dict[str, Any]]:
        """Let every agent play greedily against fresh users, all of them the same;
        ``options("train.evaluation")``: episodes, seed, top, ... Returns metrics by agent:
        average_reward, liking, coverage, ... sim: options that the evaluation's sessions have
        another way. progress: as in :func:`throng.evaluate`."""
        from ._functions import evaluate

        metrics: list[dict[str, Any]] = evaluate(self, sim=sim, progress=progress, **options)
        return metrics

    def get(self, agent: int, option: str) -> float:
        """An agent's own value of an option."""
        return _core.population_get(self._handle, integer(agent, "agent", 0, MOST), str(option))

    def set(self, agent: int, option: str, value: float) -> None:
        """Give one agent a value of its own. Raises :class:`ArgumentError` (a shared option, a value
        out of its range)."""
        _core.population_set(self._handle, integer(agent, "agent", 0, MOST), str(option),
                             number(value, option))

    def start(self, first: int = 0, n: int | None = None, seeds: Sequence[int] | None = None) -> None:
        """Agents first .. first + n - 1 begin anew, with other seeds where they are given."""
        first = integer(first, "first", 0, MOST)
        n = integer(self.count - first if n is None else n, "n", 0, MOST)
        _core.population_start(self._handle, first, n,
                               None if seeds is None else numbers(seeds, "uint32", "seeds"))

    def begin(self, agent: int, *, total_steps: int, first_lane: int = 0, **options: Any) -> None:
        """The agent begins anew as another, with these options, in a run of its own."""
        config = make({"sim": {"lanes": self.sim.lanes}, "agent": {**options, "count": 1}})
        _core.population_begin(self._handle, integer(agent, "agent", 0, MOST), config,
                               integer(total_steps, "total_steps", 1, 2**40),
                               integer(first_lane, "first_lane", 0, 2**32 - 1))

    def copy(self, source: int, target: int, *, replay: bool = False) -> None:
        """Agent ``target`` becomes what ``source`` is."""
        _core.population_copy(self._handle, integer(source, "source", 0, MOST),
                              integer(target, "target", 0, MOST), int(replay))

    def stop(self, agent: int) -> None:
        """The agent learns no more."""
        _core.population_stop(self._handle, integer(agent, "agent", 0, MOST))

    @property
    def arrays(self) -> dict[str, Any]:
        """The population's arrays where they lie, read-only: "weight.user", "replay.reward", ..."""
        import numpy as np

        found = _core.population_arrays(self._handle)
        on_cpu = self.sim.backend.name == "cpu"
        return {name: np.asarray(array) if on_cpu else array for name, array in found.items()}

    def save(self, path: Any, agent: int | None = None) -> None:
        """Write weights, optimiser, replay and lanes, what exact resume needs; of one agent where it
        is given. Raises :class:`FileError`."""
        _core.population_save(self._handle, -1 if agent is None else integer(agent, "agent", 0, MOST),
                              path_of(path))

    def load(self, path: Any, agent: int | None = None) -> "Population":
        """Take it back bit for bit. Raises :class:`FileError` (another agent's or simulator's, with
        the first option that differs), and then nothing has changed."""
        _core.population_load(self._handle, -1 if agent is None else integer(agent, "agent", 0, MOST),
                              path_of(path))
        if agent is None:  # so that train() takes what is left
            self.done_steps = self.count * max(int(one["user_steps"]) for one in _core.population_stats(self._handle))
        return self

    def export(self, path: Any, format: str | None = None, *, agent: int = 0, progress: Any = None) -> None:
        """Write an agent for other programs (docs/file_formats.md), whole or not at all.

        format: "safetensors", network and item vectors in one file; "onnx", a model; "vectors",
        matrices whose inner products are the scores, as PATH.items.npy, PATH.queries.npy and
        PATH.items.csv, PATH.users.csv; None: as the path ends. Raises :class:`ArgumentError` (no such
        format or agent), :class:`FileError`."""
        path = path_of(path)
        if format is None:
            format = path.rpartition(".")[2] if path.endswith((".safetensors", ".onnx")) else None
        if format is None:
            raise ArgumentError(f"format: {path} says none; expected safetensors, onnx or vectors")
        _core.population_export(self._handle, integer(agent, "agent", 0, MOST), str(format), path,
                                check_callback(progress))

    def close(self) -> None:
        """Let go of it; arrays of it stay usable."""
        self._handle.close()

    def __repr__(self) -> str:
        return f"<throng.{type(self).__name__} of {self.count} on {self.sim!r}>"


class Agent(Population):
    """One agent with a simulator of its own.

    Agent(world, sta=None, *, total_steps=2_000_000, backend=None, sim={...}, votes={...},
    users={...}, **options): ``sim``, ``votes`` and ``users`` as in :class:`Simulator`, the rest as in
    :class:`Population`.
    """

    def __init__(self, world: World, sta: Sta | None = None, *, total_steps: int = 2_000_000,
                 backend: Any = None, sim: SimOptions | None = None,
                 votes: VotesOptions | None = None, users: UsersOptions | None = None,
                 **options: Unpack[AgentOptions]):
        if options.get("count", 1) != 1:
            raise ArgumentError("count: an Agent is one; see Population")
        given = mapping(sim, "sim", votes="as votes=", users="as users=", backend="as backend=",
                        autoreset="by the agent, which needs it")
        lanes = Simulator(world, sta, backend=backend, votes=votes, users=users, **given)
        super().__init__(lanes, total_steps=total_steps, **options)


def np_atleast(values: Any) -> Any:
    import numpy as np

    return np.atleast_1d(np.asarray(values))
