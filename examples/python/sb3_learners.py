"""MaskablePPO, TRPO and A2C of Stable-Baselines3 on simulated users, beside a random policy.
(pip install throng stable-baselines3 sb3-contrib)    usage: sb3_learners.py [STEPS]"""
import sys

import torch
from sb3_contrib import TRPO, MaskablePPO
from stable_baselines3 import A2C

import throng
from throng.sb3 import SB3VecEnv

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 8192
torch.set_num_threads(1)
world = throng.World.synth(users=1000, items=100, keywords=300, dim=32, seed=1)
users = {"votes": {"rule": "logical"}, "history": 32, "max_steps": 50, "mask": "session"}

random = throng.evaluate("random", world, sim={k: v for k, v in users.items() if k != "votes"},
                         votes=users["votes"], episodes=256)
print(f"random: {random['reward_per_step']:.3f} likes a step")
for learner, options in ((MaskablePPO, {"n_steps": 16, "batch_size": 256}),
                         (TRPO, {"n_steps": 16, "batch_size": 256}), (A2C, {"n_steps": 16})):
    envs = SB3VecEnv(64, world, seed=3, **users)
    model = learner("MlpPolicy", envs, policy_kwargs={"net_arch": [32]}, seed=1, device="cpu", **options)
    model.learn(steps)
    likes = sum(episode["r"] for episode in model.ep_info_buffer)
    shown = sum(episode["l"] for episode in model.ep_info_buffer)
    print(f"{learner.__name__}: {likes / shown:.3f} likes a step over its last {len(model.ep_info_buffer)} sessions")
    envs.close()
