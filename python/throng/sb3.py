"""Stable-Baselines3: a simulator's lanes as its VecEnv."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from . import _core
from ._core import ArgumentError
from .gym import VectorEnv, host_actions
from ._sta import Sta


class SB3VecEnv(VecEnv):
    """num_envs simulated user sessions for Stable-Baselines3 and sb3-contrib.

    SB3VecEnv(num_envs, world, sta=None, **options): as :class:`throng.gym.VectorEnv`, in SAME_STEP
    mode. infos of lanes that ended hold "terminal_observation", "TimeLimit.truncated" and "episode"
    ({"r", "l", "t"}), so that no VecMonitor is needed; those of all others are one shared empty dict.
    ``action_masks`` is what MaskablePPO asks for (option ``mask="session"``).
    """

    def __init__(self, num_envs: int, world: Any = None, sta: Sta | None = None, **options: Any):
        options.update(autoreset_mode=AutoresetMode.SAME_STEP, copy=False, final_obs="array")
        self.lanes = VectorEnv(num_envs, world, sta, **options)
        self.sim = self.lanes.sim
        self.render_mode = None
        super().__init__(num_envs, self.lanes.single_observation_space, self.lanes.single_action_space)
        self._nothing: dict[str, Any] = {}
        self._actions: np.ndarray | None = None
        self._start = time.time()

    @staticmethod
    def _copy(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: value.copy() for key, value in tree.items()}
        return tree.copy()

    def reset(self) -> Any:
        """Observations of fresh episodes; with the seed of :meth:`seed` and the options of
        ``set_options``, those of :meth:`throng.gym.VectorEnv.reset`, where they were given."""
        given = self._options[0]
        if not all(_same(other, given) for other in self._options):
            raise ArgumentError("set_options: expected the same options for every lane; \"users\" with \"by_lane\" gives each its own")
        obs, _ = self.lanes.reset(seed=self._seeds[0], options=given)
        self._actions = None
        self._reset_seeds()
        self._reset_options()
        self.reset_infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        return self._copy(obs)

    def step_async(self, actions: Any) -> None:
        """Keep actions for :meth:`step_wait`."""
        actions = actions if type(actions) is np.ndarray else host_actions(actions)
        if self._actions is not None:
            raise ArgumentError("step_async: a step is pending (another thread's?): one at a time, each with its step_wait")
        self._actions = actions

    def step_wait(self) -> tuple[Any, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """New observations, rewards (float32), dones, infos."""
        lanes, actions, self._actions = self.lanes, self._actions, None
        if actions is None:
            raise ArgumentError("step_wait: no step is pending: step_async comes before it")
        with lanes._env:
            n_ended = _core.env_step(lanes._env, actions)
            if self._nothing:  # somebody wrote into it
                self._nothing = {}
            infos = [self._nothing] * self.num_envs
            if n_ended:
                self._tell_ends(infos)
            return self._copy(lanes._obs), lanes.buffers["reward32"].copy(), lanes._ended.copy(), infos

    def _tell_ends(self, infos: list[dict[str, Any]]) -> None:
        lanes, info = self.lanes, self.lanes._final_info
        final: Any = lanes._final
        returns, lengths = info["return"], info["length"]
        now = round(time.time() - self._start, 6)
        for lane in np.flatnonzero(lanes._ended):
            last = ({key: value[lane].copy() for key, value in final.items()}
                    if isinstance(final, dict) else final[lane].copy())
            infos[lane] = {
                "terminal_observation": last,
                "TimeLimit.truncated": bool(lanes._truncated[lane]),
                "episode": {"r": float(returns[lane]), "l": int(lengths[lane]), "t": now},
            }

    def action_masks(self) -> np.ndarray:
        """New bool (num_envs, n_item), or (num_envs, slate_size * n_item), a part for each item of a
        slate as MaskablePPO takes it: True where an item may be shown now."""
        return np.tile(self.lanes.action_masks(), self.sim.slate_size)

    def close(self) -> None:
        """Let go of the simulator."""
        self.lanes.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute, the same for every lane."""
        value = getattr(self if hasattr(self, attr_name) else self.lanes, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of all lanes."""
        setattr(self.lanes, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """Call a method; what it returns for all lanes is given out lane by lane."""
        owner = self if hasattr(self, method_name) else self.lanes
        found = getattr(owner, method_name)(*method_args, **method_kwargs)
        lanes = list(self._get_indices(indices))
        if isinstance(found, np.ndarray) and found.ndim and len(found) == self.num_envs:
            return [found[lane] for lane in lanes]
        return [found for _ in lanes]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Lanes are no wrapped environments."""
        return [False for _ in self._get_indices(indices)]


def _same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    try:
        return a is b or a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)
    except ValueError:  # histories of several lengths
        return False
