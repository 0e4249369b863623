"""TorchRL: a simulator's lanes as one of its environments."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode
from torchrl.envs.libs.gym import GymWrapper

from .gym import VectorEnv
from ._sta import Sta


def torchrl_env(num_envs: int, world: Any = None, sta: Sta | None = None, *, device: Any = "cpu",
                **options: Any) -> GymWrapper:
    """num_envs simulated user sessions for TorchRL's collectors and losses, a batch of num_envs; as
    :class:`throng.gym.VectorEnv`, in SAME_STEP mode, with the final observations of lanes that
    ended where TorchRL's ``VecGymEnvTransform`` puts them."""
    options["autoreset_mode"] = AutoresetMode.SAME_STEP
    return GymWrapper(VectorEnv(num_envs, world, sta, **options), device=device)
