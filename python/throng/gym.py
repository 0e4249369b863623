"""Gymnasium environments: every lane of a simulator is one environment.

    import gymnasium as gym
    import throng.gym
    envs = gym.make_vec("throng/Recommend-v0", num_envs=1024, world=world, sta=sta)

"throng/Synth-v0" makes a small synthetic world of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

import numpy as np

import gymnasium
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from . import _core
from ._core import ArgumentError
from ._options import integer, mapping, numbers
from ._register import register
from ._sim import Simulator
from ._sta import Sta
from ._world import World

if TYPE_CHECKING:
    from ._option_types import UsersOptions, VotesOptions

register()

_MODES = {AutoresetMode.NEXT_STEP: 0, AutoresetMode.SAME_STEP: 1, AutoresetMode.DISABLED: 2}
_OBSERVATIONS = {"preferences": 1, "history": 2, "both": 3}
_ACTIONS = ("item", "query")
_VOTES = ("f_mat", "f_sim", "f_sta", "like", "alpha_pos", "alpha_neg", "beta_pos", "beta_neg", "p_like")


def world_of(world: Any) -> World:
    """A World, the path of a world file, or options of a synthetic one."""
    if isinstance(world, World):
        return world
    if world is None or isinstance(world, dict):
        return World.synth(**(world or {}))
    return World.open(world)


class VectorEnv(gymnasium.vector.VectorEnv):
    """num_envs simulated user sessions as a Gymnasium VectorEnv.

    VectorEnv(num_envs, world, sta=None, **options)

    world: a :class:`throng.World`, the path of its file, or a dict of ``options("synth")``.
    autoreset_mode: ``AutoresetMode.NEXT_STEP`` (Gymnasium's usual one), ``SAME_STEP`` or
    ``DISABLED``, or its value as a text.
    observation: ``"preferences"``: Box float32 (2 * dim), the mean of e+ over what the user liked
    and of e- over what the user disliked; ``"history"``: Dict of item, int32 (history), oldest
    first, -1 behind the last, and like, int8, 1, -1 or 0; ``"both"``: a Dict of all three.
    action: ``"item"``: Discrete(n_item), or MultiDiscrete for slates; ``"query"``: Box float32 (dim),
    or (slate_size, dim): the nearest item in e+ that is not masked is shown.
    action_mask: True: infos["action_mask"], bool (num_envs, n_item), True where an item may be shown
    (option ``mask``).
    reasons: True: infos["votes"], each vote of what was shown.
    final_obs: in SAME_STEP, ``"object"``: infos["final_obs"] is Gymnasium's object array; ``"array"``:
    one array (a dict of arrays) for all lanes, which costs less; infos["_final_obs"] says of which
    lanes its rows are (other rows are of whatever ended there before).
    copy: True: what a step returns is yours; False: the same buffers each time, which the next step
    overwrites.
    votes, users, and the other options: as in :class:`throng.Simulator`, without lanes.

    infos: "user" (num_envs), who is simulated; in SAME_STEP "final_info" with return, length, user.
    ``sim`` is the simulator, ``explain(lane, item)`` gives reasons.
    """

    def __init__(self, num_envs: int = 1, world: Any = None, sta: Sta | None = None, *,
                 autoreset_mode: Any = AutoresetMode.NEXT_STEP, observation: str = "preferences",
                 action: str = "item", action_mask: bool = False, reasons: bool = False,
                 final_obs: str = "object", copy: bool = True, backend: Any = None,
                 votes: VotesOptions | None = None, users: UsersOptions | None = None,
                 render_mode: None = None, **options: Any):
        if not isinstance(observation, str) or observation not in _OBSERVATIONS:
            raise ArgumentError(f"observation: expected one of {', '.join(_OBSERVATIONS)}, not {observation!r}")
        if action not in _ACTIONS:
            raise ArgumentError(f"action: expected one of {', '.join(_ACTIONS)}, not {action!r}")
        if final_obs not in ("object", "array"):
            raise ArgumentError(f"final_obs: expected 'object' or 'array', not {final_obs!r}")
        for name, instead in (("lanes", "num_envs"), ("autoreset", "autoreset_mode"), ("max_episode_steps", "max_steps")):
            if name in options:
                raise ArgumentError(f"{name}: {instead} says it")
        if render_mode is not None:
            raise ArgumentError(f"render_mode: nothing is drawn; expected None, not {render_mode!r}")
        try:
            mode = AutoresetMode(autoreset_mode)
        except ValueError:
            raise ArgumentError(f"autoreset_mode: expected an AutoresetMode, not {autoreset_mode!r}") from None
        self.num_envs = integer(num_envs, "num_envs", 1, 1 << 24)
        if _OBSERVATIONS[observation] & 1 or action == "query":
            options.setdefault("preferences", bool(_OBSERVATIONS[observation] & 1))
        self.sim = Simulator(world_of(world), sta, backend=backend, votes=votes, users=users,
                             autoreset=mode is AutoresetMode.SAME_STEP, lanes=self.num_envs, **options)
        self.world = self.sim.world
        self.metadata = {"autoreset_mode": mode, "render_modes": []}
        self.render_mode = None
        self.autoreset_mode = mode
        self._mode, self._copy, self._object = mode, bool(copy), final_obs == "object"
        self._make_spaces(observation, action)
        parts = _OBSERVATIONS[observation] | (4 if action_mask else 0) | (8 if action == "query" else 0)
        self._env = _core.env_create(self.sim._handle, _MODES[mode], parts)
        self._take_buffers(bool(reasons))

    # --- what is made once ------------------------------------------------------------------------

    def _make_spaces(self, observation: str, action: str) -> None:
        world, sim = self.world, self.sim
        history = sim.options["sim"]["history"]
        parts: dict[str, spaces.Space[Any]] = {
            "item": spaces.Box(-1, world.n_item - 1, (history,), np.int32),
            "like": spaces.Box(-1, 1, (history,), np.int8),
        }
        preferences = spaces.Box(-1, 1, (2 * world.dim,), np.float32)
        if observation == "both":
            parts["preferences"] = preferences
        self.single_observation_space = preferences if observation == "preferences" else spaces.Dict(parts)
        slate = sim.slate_size
        if action == "query":
            shape = (world.dim,) if slate == 1 else (slate, world.dim)
            self.single_action_space = spaces.Box(-1, 1, shape, np.float32)
        elif slate == 1:
            self.single_action_space = spaces.Discrete(world.n_item)
        else:
            self.single_action_space = spaces.MultiDiscrete([world.n_item] * slate)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def _view(self, prefix: str) -> Any:
        """The observation's buffers as NumPy arrays: their memory never moves."""
        at = self.buffers
        preferences = at.get(f"{prefix}preferences")
        if preferences is not None:
            preferences = preferences.reshape(self.num_envs, -1)
        if f"{prefix}item" not in at:
            return preferences
        view = {"item": at[f"{prefix}item"], "like": at[f"{prefix}like"]}
        if preferences is not None:
            view["preferences"] = preferences
        return view

    def _take_buffers(self, reasons: bool) -> None:
        #: The environment's buffers by name, exported once: reward, terminated, preferences, ...
        self.buffers = {name: np.asarray(array) for name, array in _core.env_buffers(self._env).items()}
        self._obs = self._view("")
        same = self._mode is AutoresetMode.SAME_STEP
        self._final = self._view("final_") if same else None
        self._reward = self.buffers["reward"]
        self._terminated, self._truncated = self.buffers["terminated"], self.buffers["truncated"]
        self._ended = self.buffers["ended"]
        all_lanes = np.ones(self.num_envs, bool)
        all_lanes.flags.writeable = False
        arrays = self.sim.arrays
        self._on_device = self.sim.backend.name != "cpu"
        self._infos: dict[str, Any] = {}
        if not self._on_device:
            self._infos.update(user=arrays["user"], _user=all_lanes)
            if reasons:
                votes = {}
                for name in _VOTES:
                    column = arrays[f"vote.{name}"]
                    votes[name] = column[:, 0] if self.sim.slate_size == 1 else column
                    votes[f"_{name}"] = all_lanes
                if "left" in arrays:
                    votes.update(left=arrays["left"], _left=all_lanes)
                self._infos.update(votes=votes, _votes=all_lanes)
            self._final_info = {"return": arrays["final_return"], "length": arrays["final_step"],
                                "user": arrays["final_user"]}
        elif reasons:
            raise ArgumentError("reasons: on a device see sim.arrays (\"vote.f_mat\", ...) and explain()")
        if "action_mask" in self.buffers:
            self._infos.update(action_mask=self.buffers["action_mask"], _action_mask=all_lanes)
        self._nested = "votes" in self._infos or isinstance(self._obs, dict)

    # --- Gymnasium ----------------------------------------------------------------------------------

    def _given(self, tree: Any) -> Any:
        """The buffers themselves, or what the caller may keep."""
        if isinstance(tree, dict):
            return {key: self._given(value) for key, value in tree.items()}
        return tree.copy() if self._copy else tree

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin. seed: all lanes anew with this seed (lane k has stream k of it); without one every
        lane begins its next episode. options: "reset_mask" (num_envs) bool: those lanes alone;
        "users": whom episodes begin with from now on (indices or ids; None: everybody), with
        "histories" and "by_lane" as in :meth:`throng.Simulator.set_starts`."""
        with self._env:
            return self._reset(seed, mapping(options, "options"))

    def _reset(self, seed: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        mask = options.pop("reset_mask", None)
        starts = {key: options.pop(key) for key in ("users", "histories", "by_lane") if key in options}
        if options:
            raise ArgumentError(f"options: {next(iter(options))!r} is none; expected reset_mask, users, histories, by_lane")
        if mask is not None:
            if seed is not None or starts:
                raise ArgumentError("reset_mask: lanes of a mask begin their next episode; expected no seed and no users")
            _core.env_reset(self._env, 2, numbers(mask, "bool", "reset_mask"))
            return self._given(self._obs), self._given(self._infos)
        how = 1
        if isinstance(seed, Iterable):
            seed = self._one_seed(seed)
        if seed is not None:
            seed = integer(seed, "seed", 0, 2**32 - 1)
        if starts:
            self.sim.set_starts(**starts)
            how = 0
        if seed is not None:
            self.sim.reset(seed)
            super().reset(seed=seed)  # np_random
            how = 0
        _core.env_reset(self._env, how, None)
        return self._given(self._obs), self._given(self._infos)

    def _one_seed(self, given: Any) -> Any:
        seeds = [] if isinstance(given, (str, bytes, dict)) else list(given)
        try:
            none = all(s is None for s in seeds)
            if len(seeds) != self.num_envs or not none and any(s != seeds[0] + k for k, s in enumerate(seeds)):
                raise TypeError
        except TypeError:
            raise ArgumentError(f"seed: expected one integer, or {self.num_envs} of them that rise by 1: lane k has "
                                "stream k of the seed") from None
        return seeds[0]

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Show items: integers (num_envs), (num_envs, slate_size) for slates, floats (num_envs, dim)
        for queries. Returns observations, rewards (float64, likes), terminated (the user left),
        truncated (max_steps), infos.

        Raises :class:`throng.ArgumentError` (type, shape, an item out of range with its lane; in
        DISABLED mode a lane that ended and was not reset; another thread's step or reset is going
        on); no lane has moved then."""
        if type(actions) is not np.ndarray:
            actions = host_actions(actions)
        if not self._copy:
            n_ended = _core.env_step(self._env, actions)
            if self._nested or self._on_device or n_ended and self._final is not None:
                return self._stepped(n_ended)
            return self._obs, self._reward, self._terminated, self._truncated, self._infos.copy()
        with self._env:  # until all is copied
            obs, reward, terminated, truncated, infos = self._stepped(_core.env_step(self._env, actions))
            return obs, reward.copy(), terminated.copy(), truncated.copy(), infos

    def _stepped(self, n_ended: int) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        # Without the walk where nothing is nested: it costs a sixth of a step of few lanes.
        if self._nested or not self._copy:
            obs, infos = self._given(self._obs), self._given(self._infos)
        else:
            obs, infos = self._obs.copy(), {key: value.copy() for key, value in self._infos.items()}
        if self._on_device:
            infos["user"] = self.sim.observe()["user"]
            infos["_user"] = np.ones(self.num_envs, bool)
        if n_ended and self._final is not None:
            self._add_final(infos)
        return obs, self._reward, self._terminated, self._truncated, infos

    def _add_final(self, infos: dict[str, Any]) -> None:
        ended = self._ended.copy()
        final = self._given(self._final)
        if self._object:
            array = np.full(self.num_envs, None, dtype=object)
            for lane in np.flatnonzero(ended):
                array[lane] = ({key: value[lane] for key, value in final.items()}
                               if isinstance(final, dict) else final[lane])
            final = array
        infos["final_obs"], infos["_final_obs"] = final, ended
        if not self._on_device:
            info = {key: value.copy() for key, value in self._final_info.items()}
            info.update({f"_{key}": ended for key in self._final_info})
            infos["final_info"], infos["_final_info"] = info, ended

    def action_masks(self) -> np.ndarray:
        """New bool (num_envs, n_item): True where an item may be shown now."""
        if self._env.closed:
            raise ArgumentError("environment: it was closed")
        if "action_mask" in self.buffers:
            return self.buffers["action_mask"].copy()
        if self.sim.options["sim"]["mask"] == "none":
            return np.ones((self.num_envs, self.world.n_item), bool)
        return ~self.sim.seen()

    def explain(self, lane: int, item: Any) -> dict[str, Any]:
        """What the user of a lane would answer to an item on the next step, and why."""
        return self.sim.explain(lane, item)

    def close_extras(self, **kwargs: Any) -> None:
        """Let go of the simulator."""
        self._env.close()
        self.sim.close()


def host_actions(actions: Any) -> np.ndarray:
    """Actions of lists, or of tensors that lie in host memory, without a copy of the latter."""
    device = getattr(actions, "device", None)
    if device is not None and "cpu" not in str(device):
        raise ArgumentError(f"actions: they lie on {device}, expected host memory; or write sim.arrays['action'] there")
    try:
        if isinstance(actions, np.ma.MaskedArray) and np.ma.is_masked(actions):
            raise ArgumentError("actions: entries are masked: expected an item of every lane")
        if hasattr(actions, "detach"):
            actions = actions.detach()
        array = np.asarray(actions)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ArgumentError(f"actions: {error}: expected an array") from None
    if array.dtype == object:
        raise ArgumentError("actions: expected an array of numbers")
    return array


class RecommendEnv(gymnasium.Env):
    """One simulated user session as a Gymnasium Env: :class:`VectorEnv` with one lane, and the same
    options. What trains fast trains on the VectorEnv."""

    def __init__(self, world: Any = None, sta: Sta | None = None, *, render_mode: Any = None, **options: Any):
        mapping(options, "options", num_envs="to gymnasium.make_vec; this is one", autoreset_mode="to VectorEnv; one lane is reset")
        options["autoreset_mode"] = AutoresetMode.DISABLED
        self._lanes = VectorEnv(1, world, sta, **options)
        self.observation_space = self._lanes.single_observation_space
        self.action_space = self._lanes.single_action_space
        self.metadata = {"render_modes": []}
        self.render_mode = render_mode

    @staticmethod
    def _one(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: RecommendEnv._one(value) for key, value in tree.items() if key[0] != "_"}
        return tree[0]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As :meth:`VectorEnv.reset`."""
        super().reset(seed=seed)
        obs, infos = self._lanes.reset(seed=seed, options=options)
        return self._one(obs), self._one(infos)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As :meth:`VectorEnv.step`, for one lane."""
        obs, reward, terminated, truncated, infos = self._lanes.step(host_actions(action)[None])
        return self._one(obs), float(reward[0]), bool(terminated[0]), bool(truncated[0]), self._one(infos)

    def action_masks(self) -> np.ndarray:
        """New bool (n_item), or (slate_size * n_item), a part for each item of a slate as MaskablePPO
        takes it: True where an item may be shown now."""
        return np.tile(self._lanes.action_masks()[0], self._lanes.sim.slate_size)

    def explain(self, item: Any) -> dict[str, Any]:
        """What the user would answer to an item on the next step, and why."""
        return self._lanes.explain(0, item)

    def close(self) -> None:
        """Let go of the simulator."""
        self._lanes.close()
