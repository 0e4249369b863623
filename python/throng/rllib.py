"""RLlib (new API stack): a simulator's lanes as the vector environment of every env runner."""

from __future__ import annotations

from typing import Any

import gymnasium


def configure(config: Any, num_envs: int, **options: Any) -> Any:
    """Set an AlgorithmConfig's environment: num_envs sessions an env runner, in NEXT_STEP mode.
    options: as :class:`throng.gym.VectorEnv`; env runners are processes of their own, so that
    ``world`` is a path or a dict of synth options there. Returns the config."""
    from ._register import register

    register()
    options.setdefault("autoreset_mode", "NextStep")
    env = "throng/Recommend-v0" if "world" in options else "throng/Synth-v0"
    return (config.environment(env, env_config=options)
            .env_runners(num_envs_per_env_runner=num_envs,
                         gym_env_vectorize_mode=gymnasium.VectorizeMode.VECTOR_ENTRY_POINT))
