"""PPO, A2C and TRPO of Stable-Baselines3 and sb3-contrib in our simulator.

    python sb3.py --library libthrong.so --world W [--sta S] --algorithm ppo --steps 1000000
                  [--lanes 64] [--n-steps 128] [--set clip_range=0.1 ...] [--threads 2] [--seed 1]

Trains by Stable-Baselines3's own loops, with its defaults but for what is given, and prints the
mean return of evaluation sessions (greedy; the same users and the same chances of leaving as
`throng train` evaluates with), user-steps a second of rollouts and rows a second of updates.

Needs: pip install stable-baselines3 sb3-contrib gymnasium torch numpy
It is not a part of the project's library and nothing of it is used there.
"""

import argparse
import json
import time

import stable_baselines3
import torch
from sb3_contrib import TRPO
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import BaseCallback

from slots import Extractor
from throng_env import SB3VecEnv, ThrongVectorEnv, mean_return

ALGORITHMS = {"ppo": PPO, "a2c": A2C, "trpo": TRPO}


class Clock(BaseCallback):
    """How long rollouts and updates take; the first of both is warming up."""

    def __init__(self, most_seconds):
        super().__init__()
        self.rollout, self.update, self.end, self.most = [], [], None, most_seconds
        self.begun = time.perf_counter()

    @staticmethod
    def now():
        return time.perf_counter(), time.process_time()

    @staticmethod
    def since(before):
        return time.perf_counter() - before[0], time.process_time() - before[1]

    def _on_rollout_start(self):
        self.start = self.now()
        if self.end is not None:
            self.update.append(self.since(self.end))

    def _on_rollout_end(self):
        self.end = self.now()
        self.rollout.append(self.since(self.start))

    def _on_step(self):
        return not self.most or time.perf_counter() - self.begun < self.most


def options(settings):
    return {key: json.loads(value) for key, value in (s.split("=", 1) for s in settings)}


def median(times, which):
    """0: seconds; 1: seconds of processors."""
    times = sorted(t[which] for t in times[1:] or times)
    return times[len(times) // 2] if times else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--world", required=True)
    parser.add_argument("--sta", default="")
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="ppo")
    parser.add_argument("--steps", type=int, default=1000000, help="user-steps")
    parser.add_argument("--lanes", type=int, default=64)
    parser.add_argument("--n-steps", type=int, default=0, help="0: the algorithm's default")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE")
    parser.add_argument("--sim", action="append", default=[], metavar="OPTION=VALUE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0, help="stop after as many")
    parser.add_argument("--no-evaluation", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    files, world = (args.library, args.world, args.sta), options(args.sim)
    env = SB3VecEnv(ThrongVectorEnv(*files, args.lanes, threads=args.threads, seed=args.seed, **world))
    sim = env.env.sim
    kwargs = options(args.set)
    if args.n_steps:
        kwargs["n_steps"] = args.n_steps
    model = ALGORITHMS[args.algorithm](
        "MlpPolicy", env, seed=args.seed, device="cpu", policy_kwargs={
            "features_extractor_class": Extractor,
            "features_extractor_kwargs": {"n_user": sim.n_user, "n_item": sim.n_item,
                                          "twice": args.algorithm == "trpo"}}, **kwargs)
    clock, start = Clock(args.seconds), time.perf_counter()
    model.learn(args.steps, callback=clock)
    seconds = time.perf_counter() - start
    rows, epochs = model.n_steps * args.lanes, getattr(model, "n_epochs", 1)
    result = {"peer": f"stable-baselines3 {stable_baselines3.__version__}", "algorithm": args.algorithm,
              "user_steps": model.num_timesteps, "seconds": round(seconds, 2),
              "rollout_user_steps_s": round(rows / median(clock.rollout, 0)),
              "rollout_user_steps_processor_s": round(rows / median(clock.rollout, 1))}
    if clock.update:
        result["update_rows_s"] = round(rows * epochs / median(clock.update, 0))
        result["update_rows_processor_s"] = round(rows * epochs / median(clock.update, 1))
    if not args.no_evaluation:
        with torch.no_grad():
            result["return"], result["standard_error"] = mean_return(
                *files, lambda o: model.predict(o, deterministic=True)[0], threads=args.threads, **world)
    print(json.dumps(result))
    env.close()


if __name__ == "__main__":
    main()
