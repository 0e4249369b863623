import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import throng
from throng import _core
from throng.gym import VectorEnv

OPTIONS = {"votes": {"rule": "logical"}, "history": 16, "max_steps": 12, "leave_probability": 0.15}


def test_tensors_lie_where_the_library_does(world):
    envs = VectorEnv(64, world, copy=False, **OPTIONS)
    obs, _ = envs.reset(seed=1)
    tensor = torch.from_numpy(obs)
    assert tensor.data_ptr() == obs.__array_interface__["data"][0]
    before = tensor.clone()
    for t in range(3):
        envs.step(torch.full((64,), t))
    assert not torch.equal(before, tensor)
    arrays = _core.sim_arrays(envs.sim._handle)
    action = torch.from_dlpack(arrays["action"])
    assert action.data_ptr() == arrays["action"].address
    envs.close()
    assert torch.isfinite(tensor).all()  # memory lives as long as it is looked at


def test_a_policy_in_torch_writes_actions_where_they_are_taken(world):
    sim = throng.Simulator(world, preferences=True, lanes=32, **OPTIONS)
    twin = throng.Simulator(world, preferences=True, lanes=32, **OPTIONS)
    action = torch.from_dlpack(_core.sim_arrays(sim._handle)["action"])
    embedding = torch.tensor(world.embeddings[0])
    for _ in range(20):
        liked = torch.from_numpy(sim.preferences()[:, 0])
        action[:, 0] = (liked @ embedding.T).argmax(1)
        chosen = action.numpy().copy()
        sim.step()
        twin.step(chosen)
    assert sim.hash == twin.hash


def test_torchrl_trains_on_it(world):
    pytest.importorskip("torchrl")
    from torchrl.envs.utils import check_env_specs

    from throng.torchrl import torchrl_env

    env = torchrl_env(16, world, **OPTIONS)
    rollout = env.rollout(20, break_when_any_done=False)
    assert rollout.batch_size == (16, 20) and rollout["next", "done"].any()
    check_env_specs(torchrl_env(4, world, **OPTIONS))
    policy = torch.nn.Linear(2 * world.dim, world.n_item)
    optimizer = torch.optim.Adam(policy.parameters(), 1e-2)
    logits = policy(rollout["observation"])
    chosen = torch.distributions.Categorical(logits=logits).log_prob(rollout["action"].argmax(-1)
                                                                     if rollout["action"].ndim == 3 else rollout["action"])
    loss = -(chosen * rollout["next", "reward"][..., 0]).mean()
    loss.backward()
    optimizer.step()


def test_rllib_trains_on_it(tmp_path, world):
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=1, include_dashboard=False, logging_level="error")
    from ray.rllib.algorithms.ppo import PPOConfig

    from throng.rllib import configure

    world.save(tmp_path / "world.safetensors")
    config = configure(PPOConfig(), 8, world=str(tmp_path / "world.safetensors"), **OPTIONS)
    config = config.env_runners(num_env_runners=0).training(
        train_batch_size_per_learner=128, minibatch_size=64, num_epochs=1)
    algorithm = config.build_algo()
    result = algorithm.train()
    assert result["env_runners"]["num_env_steps_sampled"] >= 128
    algorithm.stop()
    ray.shutdown()
