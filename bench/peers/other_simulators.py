#!/usr/bin/env python3
"""How many steps other recommender simulators make in a second of a processor, as they come: one environment, random
actions, one thread; and throng through Gymnasium, one user at a time and many. Each is named by a checkout of its
repository (throng by the folder of its package) and needs what it asks for (SARDINE, throng: gymnasium;
RecSim: gym, gin-config, absl-py, six; Virtual-Taobao: gym, torch; KuaiSim: torch, pandas, tqdm). RecSim's runner, which wants TensorFlow and
Dopamine, is not loaded: its environments are NumPy. KuaiSim gets random tables and a model of users that was not trained.

    python bench/peers/other_simulators.py --throng DIR --sardine DIR --recsim DIR --virtual-taobao DIR --kuaisim DIR
"""
import argparse
import contextlib
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


def kuairand(folder, rng, users=1000, items=1000, rows=20000):
    """Random tables of the columns that KuaiSim's reader wants of KuaiRand: shapes, and no data. Returns their paths."""
    import pandas

    answers = ["is_click", "long_view", "is_like", "is_comment", "is_forward", "is_follow", "is_hate"]
    few = ["user_active_degree", "is_live_streamer", "is_video_author", "follow_user_num_range", "fans_user_num_range",
           "friend_user_num_range", "register_days_range", *(f"onehot_feat{k}" for k in (0, 1, 6, 9, 10, 11))]
    user = {"user_id": np.arange(users), **{name: rng.integers(0, 5, users) for name in few}}
    item = {"video_id": np.arange(items), **{name: rng.integers(0, 5, items) for name in ("video_type", "music_type", "upload_type")},
            "tag": [f"{a},{b}" for a, b in rng.integers(0, 50, (items, 2))]}
    log = {"user_id": rng.integers(0, users, rows), "video_id": rng.integers(0, items, rows),
           **{name: rng.integers(0, 2, rows) for name in answers}}
    paths = {}
    for name, table in dict(train_file=log, user_meta_file=user, item_meta_file=item).items():
        paths[name] = f"{folder}/{name}.csv"
        pandas.DataFrame(table).to_csv(paths[name], index=False)
    return paths


def kuaisim(folder, rng):
    """Its environment of whole sessions, with a model of users that was not trained: the rate is that of its shapes."""
    import tempfile
    from unittest import mock

    for name in ("matplotlib", "matplotlib.pyplot"):  # imported for names that are not used
        sys.modules.setdefault(name, mock.MagicMock())
    sys.path.insert(0, folder + "/code")
    import torch
    from env import KREnvironment_WholeSession_GPU as module
    from model.simulator.KRMBUserResponse import KRMBUserResponse
    from reader.KRMBSeqReader import KRMBSeqReader

    torch.set_num_threads(1)
    # Users are read in this process, so that its seconds have all of the work.
    loader = module.DataLoader
    module.DataLoader = lambda *given, **named: loader(*given, **{**named, "num_workers": 0, "pin_memory": False})
    with tempfile.TemporaryDirectory() as scratch:
        given = [f"--{name}={path}" for name, path in kuairand(scratch, rng).items()]
        parser = KRMBUserResponse.parse_model_args(KRMBSeqReader.parse_data_args(argparse.ArgumentParser()))
        args = parser.parse_args([*given, "--data_separator=,", f"--model_path={scratch}/model"])
        args.device = "cpu"
        with contextlib.redirect_stdout(sys.stderr):
            stats = KRMBSeqReader(args).get_statistics()
        model = KRMBUserResponse(args, stats, "cpu")
        torch.save({"reader_stats": stats, "model_state_dict": model.state_dict()}, f"{scratch}/model.checkpoint")
        with open(f"{scratch}/log", "w") as log:
            print(argparse.Namespace(model="KRMBUserResponse", reader="KRMBSeqReader"), args, sep="\n", file=log)
        environment = argparse.Namespace(uirm_log_path=f"{scratch}/log", slate_size=6, episode_batch_size=32, item_correlation=0,
                                         single_response=False, max_step_per_episode=100, initial_temper=10, device="cpu")
        load = torch.load
        with mock.patch.object(torch, "load", lambda *a, **b: load(*a, **{**b, "weights_only": False})), \
                contextlib.redirect_stdout(sys.stderr):
            env = module.KREnvironment_WholeSession_GPU(environment)
        env.reset({"empty_history": True})

        def step():
            env.step({"action": torch.from_numpy(rng.integers(0, env.n_candidate, (32, 6)))})

        yield "KuaiSim", f"WholeSession, untrained, {env.n_candidate} random items, slates of 6, 32 at once", rate(step, None, 32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = dict(throng=throng, sardine=sardine, recsim=recsim, virtual_taobao=virtual_taobao, kuaisim=kuaisim)
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
