import numpy as np
import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")

import torch
from sb3_contrib import TRPO, MaskablePPO
from stable_baselines3 import A2C
from stable_baselines3.common.env_checker import check_env

import throng
from throng.gym import RecommendEnv
from throng.sb3 import SB3VecEnv

torch.set_num_threads(1)
OPTIONS = {"votes": {"rule": "logical"}, "history": 16, "max_steps": 12, "leave_probability": 0.15}


def test_their_checker_passes(world):
    check_env(RecommendEnv(world, **OPTIONS))
    check_env(RecommendEnv(world, slate_size=2, **OPTIONS))
    check_env(RecommendEnv(world, action="query", **OPTIONS))


def test_ends_carry_the_last_observation_and_others_share_one_dict(world):
    env = SB3VecEnv(32, world, observation="both", **OPTIONS)
    env.seed(3)
    obs = env.reset()
    kept = {key: value.copy() for key, value in obs.items()}
    ended = 0
    for _ in range(30):
        _, reward, done, infos = env.step(np.zeros(32, int))
        assert reward.dtype == np.float32 and len(infos) == 32
        for lane in range(32):
            assert done[lane] == ("terminal_observation" in infos[lane])
            if done[lane]:
                ended += 1
                assert env.observation_space.contains(infos[lane]["terminal_observation"])
                assert infos[lane]["episode"]["l"] >= 1
    assert ended > 30 and all((obs[key] == kept[key]).all() for key in obs)


@pytest.mark.parametrize("learner", [MaskablePPO, TRPO, A2C])
def test_their_learners_train(world, learner):
    env = SB3VecEnv(32, world, mask="session", **OPTIONS)
    given = {"n_steps": 8} if learner is A2C else {"n_steps": 8, "batch_size": 128}
    model = learner("MlpPolicy", env, policy_kwargs={"net_arch": [16]}, seed=1, device="cpu", **given)
    model.learn(1024)
    assert model.num_timesteps >= 1024 and model.ep_info_buffer


def test_masked_actions_are_never_shown(world):
    env = SB3VecEnv(16, world, mask="session", **{**OPTIONS, "leave_probability": 0.0})
    model = MaskablePPO("MlpPolicy", env, n_steps=8, batch_size=64, seed=1, device="cpu")
    obs = env.reset()
    shown = [set() for _ in range(16)]
    for _ in range(10):
        action, _ = model.predict(obs, action_masks=env.action_masks())
        for lane in range(16):
            assert action[lane] not in shown[lane]
            shown[lane].add(action[lane])
        obs, _, done, _ = env.step(action)
        assert not done.any()


@pytest.mark.parametrize("environment", [lambda world, **options: SB3VecEnv(4, world, **options), RecommendEnv])
def test_masks_of_slates_are_what_the_masked_learner_takes(world, environment):
    env = environment(world, mask="session", slate_size=3, **OPTIONS)
    env.reset()
    assert env.action_masks().shape[-1] == 3 * world.n_item
    MaskablePPO("MlpPolicy", env, n_steps=8, batch_size=8, policy_kwargs={"net_arch": [16]}, seed=1, device="cpu").learn(64)


def test_options_go_to_the_reset_that_follows(world):
    env = SB3VecEnv(4, world, **OPTIONS)
    env.set_options({"users": np.array([3, 5]), "by_lane": True})
    env.reset()
    assert env.sim.arrays["user"].tolist() == [3, 5, 3, 5]
    env.set_options([{"users": [7]}] * 4)
    env.reset()
    assert env.sim.arrays["user"].tolist() == [7] * 4
    for options, words in (([{"users": [k]} for k in range(4)], "the same options"), ({"user": [3]}, "'user' is none")):
        env.set_options(options)
        with pytest.raises(throng.ArgumentError, match=words):
            env.reset()
