"""Two threads on one thing: each call is whole and says whose it was, or it is refused."""

import os
import threading

import numpy as np
import pytest

import throng
from conftest import AGENT, SIM

gymnasium = pytest.importorskip("gymnasium")

from throng.gym import VectorEnv

LANES = 2048
OPTIONS = {"votes": {"rule": "logical"}, "history": 16, "leave_probability": 0.0, "max_steps": 10**6, "observation": "history"}


def together(*functions):
    """Each on a thread of its own; what they raised."""
    raised = []

    def run(function):
        try:
            function()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def newest(observation):
    rows = observation["item"]
    return rows[np.arange(len(rows)), (rows >= 0).sum(1) - 1]


def many_steps(step, item, refused, until):
    """Steps that show `item` to every lane, and see it in what comes back."""

    def run():
        for _ in range(2000):
            try:
                observation = step(np.full(LANES, item))[0]
            except throng.ArgumentError as error:
                refused.append(str(error))
            else:
                assert (newest(observation) == item).all(), "another thread's items were shown"
            if until():
                return

    return run


@pytest.mark.parametrize("copy", [True, False])
def test_a_second_threads_step_is_refused_and_nothing_is_mixed(world, copy):
    envs = VectorEnv(LANES, world, copy=copy, **OPTIONS)
    envs.reset(seed=1)
    refused = []
    if copy:
        assert not together(*(many_steps(envs.step, item, refused, lambda: len(refused) > 20) for item in (3, 7)))
    else:  # buffers are shared by whoever steps: what was shown is told by the lanes' histories
        shown = threading.Semaphore(0)

        def steps(item):
            for _ in range(2000):
                try:
                    envs.step(np.full(LANES, item))
                    shown.release()
                except throng.ArgumentError as error:
                    refused.append(str(error))
                if len(refused) > 20:
                    return

        assert not together(lambda: steps(3), lambda: steps(7))
        step = envs.sim.observe()["step"]
        n = 0
        while shown.acquire(blocking=False):
            n += 1
        assert (step == n).all()
    assert refused and all("environment: another call is stepping or resetting it" in words for words in refused)
    assert (newest(envs.step(np.full(LANES, 5))[0]) == 5).all()


def test_a_reset_in_the_middle_of_anothers_step_is_refused(world):
    envs = VectorEnv(LANES, world, **OPTIONS)
    envs.reset(seed=1)
    refused = []

    def resets():
        for _ in range(2000):
            try:
                observation, _ = envs.reset(seed=1)
            except throng.ArgumentError as error:
                refused.append(str(error))
            if refused:
                return

    together(resets, many_steps(envs.step, 3, refused, lambda: bool(refused)))
    assert "one at a time" in refused[0]


def test_stable_baselines_too(world):
    pytest.importorskip("stable_baselines3")
    from throng.sb3 import SB3VecEnv

    envs = SB3VecEnv(LANES, world, **OPTIONS)
    envs.reset()
    refused = []
    assert not together(*(many_steps(envs.step, item, refused, lambda: len(refused) > 20) for item in (3, 7)))
    assert refused and (newest(envs.step(np.full(LANES, 5))[0]) == 5).all()
    with pytest.raises(throng.ArgumentError, match="step_async comes before"):
        envs.step_wait()
    envs.step_async(np.zeros(LANES, int))
    with pytest.raises(throng.ArgumentError, match="a step is pending"):
        envs.step_async(np.zeros(LANES, int))
    envs.reset()
    envs.step_async(np.full(LANES, 80))
    with pytest.raises(throng.ArgumentError, match="item 80"):
        envs.step_wait()
    envs.step(np.zeros(LANES, int))


def test_a_child_that_was_forked_in_a_step_is_refused_and_another_environment_steps(world):
    envs = VectorEnv(LANES, world, **OPTIONS)
    envs.reset(seed=1)
    with envs._env:  # as another thread's step would have it
        child = os.fork()
        if child == 0:
            try:
                envs.step(np.zeros(LANES, int))
            except throng.ArgumentError:
                other = VectorEnv(4, world, backend=throng.Backend("cpu", threads=1), **OPTIONS)
                other.reset(seed=1)
                other.step(np.zeros(4, int))
                os._exit(0)
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    envs.step(np.zeros(LANES, int))


def test_simulators_take_turns_and_each_step_is_whole(world):
    sim = throng.Simulator(world, lanes=LANES, **{k: v for k, v in OPTIONS.items() if k != "observation"})

    def steps(item):
        for _ in range(100):
            sim.step(np.full(LANES, item))

    assert not together(lambda: steps(3), lambda: steps(7))
    seen = sim.observe()
    assert (seen["step"] == 200).all() and (seen["item"] == seen["item"][:1]).all()


def test_two_threads_that_train_one_agent_count_all_steps(world, sta):
    agent = throng.Agent(world, sta, total_steps=8192, sim=SIM, seed=3, **AGENT)
    assert not together(lambda: agent.train(4096), lambda: agent.train(4096))
    assert agent.done_steps == 8192 == agent.stats()[0]["user_steps"]


def test_workers_threads_ask_one_sweep(tmp_path):
    config = {"sweep": {"space": {"agent.gamma": {"min": 0.5, "max": 0.99}}, "sampler": "random", "scheduler": "none", "max_trials": 24},
              "train": {"out": str(tmp_path / "sweep")}}
    with throng.Sweep(config) as sweep:
        start = threading.Barrier(4)

        def work():
            start.wait()
            while (trial := sweep.ask()) is not None:
                sweep.tell(trial, 100, 1.0)
                sweep.finish(trial, 1.0)

        assert not together(*[work] * 4)
        assert sweep.counts["complete"] == 24
