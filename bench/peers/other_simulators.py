#!/usr/bin/env python3
"""How many steps other recommender simulators make in a second of a processor, as they come: one environment, random
actions, one thread; and throng through Gymnasium, one user at a time and many. Each is named by a checkout of its
repository (throng by the folder of its package) and needs what it asks for (SARDINE, throng: gymnasium;
RecSim: gym, gin-config, absl-py, six; Virtual-Taobao: gym, torch; KuaiSim: torch, pandas, tqdm; EasyRL4Rec: gymnasium, torch;
SUBER: gymnasium, pandas, torch; RecSim NG: tensorflow 2.15, tensorflow-probability 0.23, edward2, gin-config, gym; RL4RS: the
same TensorFlow, deepctr 0.9.3, numpy 1.23, gym). RecSim's runner, which wants TensorFlow and
Dopamine, is not loaded: its environments are NumPy. KuaiSim and RL4RS get random tables and a model of users that was not
trained, EasyRL4Rec a random matrix, SUBER random movies and a language model that is not asked.

    python bench/peers/other_simulators.py --throng DIR --sardine DIR --recsim DIR --virtual-taobao DIR --kuaisim DIR
    python bench/peers/other_simulators.py --easyrl4rec DIR --suber DIR
    python bench/peers/other_simulators.py --recsim-ng DIR --rl4rs DIR
"""
import argparse
import contextlib
import csv
import sys
import time
import types

import numpy as np

SECONDS, TURNS = 3.0, 5


def rate(step, reset, users=1, calls=50):
    """Answers a processor second, the median of some turns; a session that ends begins anew. The clock is read after so many calls."""
    turns = []
    for _ in range(TURNS):
        steps, began = 0, time.process_time()
        while time.process_time() - began < SECONDS:
            for _ in range(calls):
                if step():
                    reset()
            steps += calls * users
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


def recsim_ng(folder, rng):
    """Its two examples, in its TensorFlow runtime, compiled. Slates are its recommender's own, for it is a part of the programme."""
    import importlib

    sys.path.insert(0, folder)
    import tensorflow as tf
    from gym import spaces

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    class Box(spaces.Box):  # Gym has come to want shapes of Python's integers
        def __init__(self, low, high, shape=None, **named):
            super().__init__(low, high, None if shape is None else tuple(int(size) for size in shape), **named)

    spaces.Box = Box
    evolution, ecosystem, clusters, network, runtime = map(importlib.import_module, (
        "recsim_ng.applications.recsys_partially_observable_rl.simulation_config",
        "recsim_ng.applications.ecosystem_simulation.simulation_config", "recsim_ng.applications.ecosystem_simulation.user",
        "recsim_ng.core.network", "recsim_ng.lib.tensorflow.runtime"))
    providers = clusters.init_random_provider_clusters(64.0, 2, 40, 2)  # as its demonstration has them
    made = {
        "interest evolution, 100 documents, slates of 2": lambda users: evolution.create_interest_evolution_simulation_network(num_users=users)[0],
        "ecosystem, 400 documents, slates of 3": lambda users: ecosystem.create_viable_provider_simulation_network(providers, num_users=users),
    }
    for name, variables in made.items():
        for users in (1, 1000):
            program = runtime.TFRuntime(network=network.Network(variables=list(variables(users))))

            @tf.function
            def run(program=program):
                return program.execute(num_steps=300)["metrics state"].get("cumulative_reward")

            def step():
                run().numpy()

            step()  # compiles it
            yield "RecSim NG", f"{name}, runs of 300 steps, {users} at once, its own recommender", rate(step, None, users * 300, calls=1)


def rl4rs_files(folder, rng, items=283, vector=40, records=500):
    """Random tables of the columns that RL4RS reads: items and logged slates. Returns their paths."""
    def comma(values):
        return ",".join(map(str, values))

    with open(f"{folder}/items", "w") as out:
        out.write("id vector price location special")
        for item in range(1, items + 1):
            location = 1 + (item >= 40) + (item >= 148)  # as its masks have them
            out.write(f"\n{item} {comma(rng.random(vector).round(4))} {rng.integers(1, 100)} {location} {rng.integers(1, 3)}")
    with open(f"{folder}/log", "w") as out:
        for record in range(records):
            features = ";".join(comma(rng.random(vector).round(4)) for _ in range(9))
            out.write("@".join([str(record), str(record), "1", comma(rng.integers(1, items + 1, 9)), comma(rng.integers(0, 2, 9)),
                                comma(rng.integers(1, items + 1, 64)), comma([*rng.integers(0, 1000, 10), *rng.random(32).round(4)]),
                                features, "1"]) + "\n")
    return {"iteminfo_file": f"{folder}/items", "sample_file": f"{folder}/log"}


def rl4rs(folder, rng):
    """Its slates of nine, chosen item by item, with a model of answers that was not trained; its configuration for training."""
    import os
    import tempfile

    sys.path.insert(0, folder)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import tensorflow as tf

    one = tf.compat.v1  # its names are those of TensorFlow 1
    one.disable_v2_behavior()
    for name in ("ConfigProto", "global_variables_initializer"):
        setattr(tf, name, getattr(one, name))
    threads = dict(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    tf.Session = lambda graph=None, config=None: one.Session(graph=graph, config=one.ConfigProto(**threads))
    tf.train.Saver = one.train.Saver
    tf.keras.backend.get_session = one.keras.backend.get_session
    sys.modules["tensorflow.python.keras.layers"] = tf.keras.layers  # where DeepCTR looks for them
    np.int = int
    from rl4rs.env import RecEnvBase
    from rl4rs.env.slate import SlateRecEnv, SlateState

    class Untrained(SlateRecEnv):
        def reload_model(self, model_file):
            with self.sess.as_default(), self.graph.as_default():
                one.keras.backend.set_session(self.sess)
                self.sess.run(one.global_variables_initializer())

    for algo, users in (("dnn", 1), ("dnn", 64)):
        with tempfile.TemporaryDirectory() as scratch:
            one.reset_default_graph()
            one.keras.backend.clear_session()
            env = RecEnvBase(Untrained(dict(
                rl4rs_files(scratch, rng), algo=algo, batch_size=users, maxlen=64, action_size=284, class_num=2, dense_feature_num=432,
                category_feature_num=21, category_hash_size=100000, seq_num=2, emb_size=128, hidden_units=128, max_steps=9,
                action_emb_size=32, model_file=None, support_rllib_mask=True), SlateState))
            ended = [0]

            def step():
                env.step(rng.integers(1, 284, users))
                ended[0] = (ended[0] + 1) % 9
                return ended[0] == 0

            yield "RL4RS", f"SlateRecEnv, {algo}, untrained, 283 random items, slates of 9 item by item, {users} at once", rate(step, env.reset, users)


def easyrl4rec(folder, rng):
    """KuaiRec's environment on a random matrix of its shape; and the one that it trains in, which asks a matrix of predictions."""
    import os
    import tempfile
    from unittest import mock

    sys.path.insert(0, folder)
    scratch = tempfile.TemporaryDirectory()
    os.chdir(scratch.name)  # it makes folders where it is
    sys.modules["src.core.envs.KuaiRec.KuaiData"] = mock.MagicMock()  # reads its data, which are given to the environment instead
    from src.core.envs.KuaiRec.KuaiEnv import KuaiEnv
    from src.core.envs.Simulated_Env.base import BaseSimulatedEnv

    users, items = 1411, 3327
    given = dict(mat=rng.random((users, items)), lbe_user=None, lbe_item=types.SimpleNamespace(classes_=np.arange(items)),
                 list_feat=[list(rng.integers(0, 31, rng.integers(1, 5))) for _ in range(items)], df_dist_small=None)
    made = {"KuaiEnv, which it evaluates in": lambda: KuaiEnv(**given),
            "BaseSimulatedEnv, which it trains in": lambda: BaseSimulatedEnv(mock.MagicMock(), KuaiEnv, given, "KuaiEnv-v0", rng.random((users, items)))}
    for name, make in made.items():
        env = make()
        env.reset()

        def step():
            return env.step(rng.integers(0, items))[2]

        yield "EasyRL4Rec", f"{name}, a random matrix of 1,411 users and 3,327 items, 1 at once", rate(step, env.reset)


def suber_movies(path, rng, movies=1000):
    """Random movies of the columns that SUBER reads (its repository keeps its own elsewhere)."""
    import json

    def words(count):
        return " ".join(f"word{word}" for word in rng.integers(0, 5000, count))

    def movie(name):
        actors = [dict(gender=int(rng.integers(1, 3)), id=k, name=words(2), popularity=1.0, character=words(2)) for k in range(5)]
        return dict(id=name, imdb_id=name, actors=actors, adult=False, budget=0, genres=[dict(name=words(1)) for _ in range(3)],
                    original_language="en", original_title=words(3), overview=words(50), overview_embedding=[], popularity=1.0,
                    release_date="2000-01-01", revenue=0, runtime=100, title=words(3), vote_average=7.0, vote_count=100)

    with open(path, "w") as out:
        json.dump({str(name): movie(name) for name in range(movies)}, out)


def suber(folder, rng):
    """Its movies with a language model that answers at once, the same always: all the work but that which takes the time."""
    import tempfile
    from unittest import mock

    sys.path.insert(0, folder)
    import torch

    torch.set_num_threads(1)
    from environment.LLM.llm import LLM
    from environment.movies import configs

    class Same(LLM):
        def request_rating_0_9(self, system_prompt, dialog):
            self.encode(system_prompt, dialog)
            return "", "7"

        request_rating_1_10 = request_rating_text = request_explanation = request_rating_0_9

    loader = configs.MoviesLoader
    with tempfile.NamedTemporaryFile(suffix=".json") as table:
        suber_movies(table.name, rng)
        configs.MoviesLoader = lambda _: loader(table.name)
        env = configs.get_enviroment_from_args(Same("TheBloke/Llama-2-7b-Chat-GPTQ"), configs.get_base_parser().parse_args([]))
    with mock.patch.object(torch.random, "fork_rng", contextlib.nullcontext):  # of a device that is not here
        def step():
            return env.step(int(rng.integers(0, env.num_items)))[2]

        yield "SUBER", f"{env.num_items} random movies, a language model that is not asked, 1 at once", rate(step, env.reset)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = dict(throng=throng, sardine=sardine, recsim=recsim, virtual_taobao=virtual_taobao, kuaisim=kuaisim, recsim_ng=recsim_ng,
                 rl4rs=rl4rs, easyrl4rec=easyrl4rec, suber=suber)
    for name in peers:
        parser.add_argument("--" + name.replace("_", "-"), metavar="DIR", help="a checkout of its repository")
    asked = vars(parser.parse_args())
    stdout, sys.stdout = sys.stdout, sys.stderr  # what they print is none of the table
    out = csv.writer(stdout, lineterminator="\n")
    out.writerow(["simulator", "environment", "steps_per_processor_second", "least", "most"])
    for name, measure in peers.items():
        if asked[name]:
            for simulator, environment, found in measure(asked[name], np.random.default_rng(1)):
                out.writerow([simulator, environment, *(round(value) for value in found)])
                stdout.flush()


if __name__ == "__main__":
    main()
