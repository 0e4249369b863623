#!/usr/bin/env python3
"""How many steps other recommender simulators make in a second of a processor, as they come: one environment, random
actions, one thread; and throng through Gymnasium, one user at a time and many. Each is named by a checkout of its
repository (throng by the folder of its package) and needs what it asks for (SARDINE, throng: gymnasium;
RecSim: gym, gin-config, absl-py, six; Virtual-Taobao: gym, torch). RecSim's runner, which wants TensorFlow and
Dopamine, is not loaded: its environments are NumPy.

    python bench/peers/other_simulators.py --throng DIR --sardine DIR --recsim DIR --virtual-taobao DIR
"""
import argparse
import csv
import sys
import time
import types

import numpy as np

SECONDS, TURNS = 3.0, 5


def rate(step, reset, users=1):
    """Answers a processor second, the median of some turns; a session that ends begins anew."""
    turns = []
    for _ in range(TURNS):
        steps, began = 0, time.process_time()
        while time.process_time() - began < SECONDS:
            for _ in range(50):
                if step():
                    reset()
            steps += 50 * users
        turns.append(steps / (time.process_time() - began))
    return sorted(turns)[TURNS // 2], min(turns), max(turns)


def throng(folder, rng):
    sys.path.insert(0, folder)
    import gymnasium
    import throng
    import throng.gym  # noqa: F401

    world = throng.World.synth(users=2000, items=1000, seed=1)
    sta = throng.Sta.fit(world, epochs=1)
    for users in (1, 16, 256):
        env = gymnasium.make_vec("throng/Recommend-v0", num_envs=users, world=world, sta=sta, backend=throng.Backend(threads=1))
        env.reset(seed=1)

        def step():
            env.step(rng.integers(0, 1000, users))

        yield "throng", f"Recommend-v0, 1000 items, three votes, {users} at once", rate(step, None, users)


def sardine(folder, rng):
    sys.path.insert(0, folder)
    import gymnasium
    import sardine  # noqa: F401  registers its environments

    for name in ("SingleItem-Static-v0", "SingleItem-BoredInf-v0", "SlateTopK-Bored-v0"):
        env = gymnasium.make(f"sardine/{name}").unwrapped
        env.reset(seed=1)

        def step():
            answer = env.step(rng.integers(0, env.num_items, env.slate_size))
            return answer[2] or answer[3]

        yield "SARDINE", f"{name}, {env.num_items} items, slates of {env.slate_size}", rate(step, env.reset)


def recsim(folder, rng):
    sys.path.insert(0, folder)
    import gin

    gin.tf = sys.modules["gin.tf"] = gin
    runner = types.ModuleType("recsim.simulator.runner_lib")
    runner.load_gin_configs = None
    sys.modules["recsim.simulator.runner_lib"] = runner
    np.int, np.float, np.bool = int, float, bool  # names that NumPy has dropped since
    from recsim.environments import interest_evolution, interest_exploration

    for module in (interest_evolution, interest_exploration):
        env = module.create_environment(dict(num_candidates=10, slate_size=2, resample_documents=True, seed=1))
        env.reset()

        def step():
            return env.step(rng.permutation(10)[:2])[2]

        yield "RecSim", f"{module.__name__.rsplit('.', 1)[1]}, 10 candidates, slates of 2", rate(step, env.reset)


def virtual_taobao(folder, rng):
    sys.path.insert(0, folder)
    import gym
    import torch
    import virtualTB  # noqa: F401

    torch.set_num_threads(1)
    env = gym.make("VirtualTB-v0").unwrapped
    env.reset()

    def step():
        return env.step(rng.uniform(-1, 1, 27).astype(np.float32))[2]

    yield "Virtual-Taobao", "VirtualTB-v0, 27 weights of item features", rate(step, env.reset)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = dict(throng=throng, sardine=sardine, recsim=recsim, virtual_taobao=virtual_taobao)
    for name in peers:
        parser.add_argument("--" + name.replace("_", "-"), metavar="DIR", help="a checkout of its repository")
    asked = vars(parser.parse_args())
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["simulator", "environment", "steps_per_processor_second", "least", "most"])
    for name, measure in peers.items():
        if asked[name]:
            for simulator, environment, found in measure(asked[name], np.random.default_rng(1)):
                out.writerow([simulator, environment, *(round(value) for value in found)])
                sys.stdout.flush()


if __name__ == "__main__":
    main()
