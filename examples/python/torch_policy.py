"""A policy in PyTorch that reads observations where the library keeps them and writes its actions where
they are taken: REINFORCE on a two-tower policy. (pip install throng torch)   usage: torch_policy.py [STEPS]"""
import sys

import torch

import throng
from throng import _core
from throng.gym import VectorEnv

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 300
torch.set_num_threads(1)
torch.manual_seed(1)
world = throng.World.synth(users=1000, items=200, keywords=300, dim=32, seed=1)
envs = VectorEnv(256, world, autoreset_mode="SameStep", copy=False, votes={"rule": "logical"}, history=32)

# Exported once: the same memory at every step, for NumPy and PyTorch alike.
observation = torch.from_numpy(envs.reset(seed=1)[0])
reward = torch.from_numpy(envs.buffers["reward"])
items = torch.tensor(world.embeddings[0])

query = torch.nn.Sequential(torch.nn.Linear(2 * world.dim, 64), torch.nn.Tanh(), torch.nn.Linear(64, world.dim))
optimizer = torch.optim.Adam(query.parameters(), 3e-3)
rates = []
for step in range(steps):
    policy = torch.distributions.Categorical(logits=8 * query(observation.clone()) @ items.T)
    action = policy.sample()
    envs.step(action)
    advantage = (reward - reward.mean()).float()
    loss = -(policy.log_prob(action) * advantage).mean() - 0.003 * policy.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rates.append(reward.mean().item())
tenth = max(steps // 10, 1)
print(f"likes a step: {sum(rates[:tenth]) / tenth:.3f} at first, {sum(rates[-tenth:]) / tenth:.3f} at the end")
