import gc
import threading

import numpy as np
import pytest

import throng
from conftest import AGENT, SIM


def test_options_are_those_of_the_librarys_tables(sim):
    lanes = throng.options("sim")["lanes"]
    assert lanes["default"] == 4096 and lanes["minimum"] == 1 and lanes["description"]
    assert sim.options["sim"]["lanes"] == SIM["lanes"] and sim.options["votes"]["rule"] == "majority"
    assert set(throng.options("train.evaluation")) >= {"episodes", "seed", "top"}


@pytest.mark.parametrize("options, words", [
    ({"lanes": 0}, "sim.lanes: expected an integer in 1..16777216, not 0"),
    ({"lane": 4}, "did you mean sim.lanes"),
    ({"lanes": "many"}, "sim.lanes"),
    ({"lanes": 1.5}, "sim.lanes"),
    ({"votes": {"rule": "none"}}, "votes.rule"),
    ({"votes": 5}, "votes: expected a dict"),
    ({"leave_probability": float("nan")}, "expected numbers"),
    ({"seed": object()}, "expected numbers"),
    ({"lanes": 2**24, "history": 2**16}, "."),
])
def test_wrong_options_are_refused_with_their_name(world, sta, options, words):
    with pytest.raises(throng.Error, match=words):
        throng.Simulator(world, sta, **{"history": 32, **options})


def test_numpy_scalars_are_options(world, sta):
    throng.Simulator(world, sta, lanes=np.int64(8), history=np.int32(32), leave_probability=np.float32(0.5))


def test_the_same_seed_is_the_same_trajectory_whatever_the_threads(world, sta):
    hashes = set()
    for threads in (1, 3):
        backend = throng.Backend("cpu", threads=threads)
        weights = throng.Sta.fit(world, backend=backend, epochs=1, width=8, window=8)
        sim = throng.Simulator(world, weights, **SIM)
        for t in range(30):
            sim.step((np.arange(sim.lanes) * 7 + t) % world.n_item)
        hashes.add(sim.hash)
    assert len(hashes) == 1


def test_a_simulator_lends_its_memory_and_keeps_it(sim):
    reward = sim.arrays["reward"]
    address = reward.__array_interface__["data"][0]
    sim.step(np.zeros(sim.lanes, int))
    assert sim.arrays["reward"].__array_interface__["data"][0] == address
    assert set(np.unique(reward)) <= {0.0, 1.0}
    action = sim.arrays["action"]
    action[:] = 5
    sim.step()  # what stands there
    assert sim.observe()["item"][np.arange(sim.lanes), sim.observe()["length"] - 1].max() <= sim.world.n_item
    action[3] = sim.world.n_item
    with pytest.raises(throng.ArgumentError, match="lane 3"):
        sim.step()
    sim.close()
    assert np.isfinite(reward).all()
    with pytest.raises(throng.ArgumentError, match="closed"):
        sim.step()


def test_answers_may_come_from_elsewhere(sim):
    likes = np.arange(sim.lanes) % 3 == 0
    sim.step(np.full(sim.lanes, 4), likes)
    assert (sim.arrays["reward"] == likes).all()
    seen = sim.observe()
    newest = np.arange(sim.lanes), seen["length"] - 1
    going_on = seen["step"] == 1
    assert (seen["item"][newest][going_on] == 4).all()
    assert (seen["like"][newest][going_on] == np.where(likes, 1, -1)[going_on]).all()
    before = sim.hash
    with pytest.raises(throng.ArgumentError, match="lane 2: the answer is 7"):
        sim.step(np.full(sim.lanes, 4), np.where(np.arange(sim.lanes) == 2, 7, 0))
    with pytest.raises(throng.ArgumentError, match="likes"):
        sim.step(np.full(sim.lanes, 4), np.zeros(3, int))
    assert sim.hash == before


def test_lanes_are_restarted_saved_and_restored(tmp_path, sim):
    sim.step(np.arange(sim.lanes))
    sim.save(tmp_path / "lanes")
    before = sim.hash
    some = np.zeros(sim.lanes, bool)
    some[::2] = True
    sim.restart(some)
    assert (sim.observe()["step"][::2] == 0).all() and sim.hash != before
    sim.restore(tmp_path / "lanes")
    assert sim.hash == before


def test_starts_are_the_users_that_were_asked_for(sim):
    sim.set_starts([5, 9], by_lane=True)
    assert list(sim.observe()["user"][:4]) == [5, 9, 5, 9]
    sim.set_starts([5], [([1, 2, 3], [1, 0, 1])])
    seen = sim.observe()
    assert (seen["length"] == 3).all() and (seen["item"][:, :3] == [1, 2, 3]).all()
    sim.set_starts()
    with pytest.raises(throng.ArgumentError, match="user"):
        sim.set_starts([-1])
    with pytest.raises(throng.ArgumentError, match="like"):
        sim.set_starts([5], [([1, 2], [1, 7])])


def test_preferences_are_means_of_what_was_liked(sim):
    both = sim.preferences()
    seen = sim.observe()
    embedding = sim.world.embeddings[0]
    for lane in (0, 7):
        liked = seen["item"][lane][seen["like"][lane] == 1]
        expected = embedding[liked].mean(0) if len(liked) else np.zeros(sim.world.dim)
        assert np.allclose(both[lane, 0], expected, atol=1e-5)
    scores = sim.preference_scores()
    assert scores.shape == (sim.lanes, sim.world.n_item)


def test_the_nearest_item_of_an_items_own_vector_is_that_item(sim):
    items = np.arange(sim.lanes) % sim.world.n_item
    vectors = sim.world.embeddings[0][items]
    found = sim.nearest(vectors)[:, 0]
    same = (sim.world.embeddings[0][found] * vectors).sum(1)
    assert np.allclose(same, (vectors * vectors).sum(1), atol=1e-5)
    with pytest.raises(throng.ArgumentError, match="lane 2"):
        vectors = vectors.copy()
        vectors[2, 0] = np.nan
        sim.nearest(vectors)


def test_votes_equal_the_reasons_given_for_them(world, sta):
    votes = throng.Votes(world, sta)
    users, items = np.arange(40), (np.arange(40) * 3) % world.n_item
    records = votes(users, items)
    for k in (0, 11, 39):
        why = throng.explain(world, int(users[k]), int(items[k]), sta=sta)
        for name in ("f_mat", "f_sim", "f_sta"):
            if not why["votes"][name]["coin"]:
                assert why["votes"][name]["vote"] == records[k][name]
        assert why["liked"]["n_shared"] == records[k]["alpha_pos"]
    assert np.allclose(sta.score(users, items), records["p_like"], atol=1e-6)
    history = ([1, 2, 3], [1, 1, 0])
    assert throng.explain(world, 0, 5, history, sta=sta)["n_history"] == 3
    with pytest.raises(throng.ArgumentError, match="statistical vote"):
        throng.Votes(world)(1, 2)


def test_weights_are_saved_for_their_world_alone(tmp_path, world, sta):
    sta.save(tmp_path / "sta")
    assert throng.Sta.open(world, tmp_path / "sta").hash == sta.hash
    other = throng.World.synth(users=60, items=40, keywords=200, dim=8)
    with pytest.raises(throng.FileError):
        throng.Sta.open(other, tmp_path / "sta")
    twin = throng.World.synth(users=300, items=80, keywords=300, dim=16, seed=6)  # of the same sizes
    for use in (lambda: throng.Simulator(twin, sta, lanes=4), lambda: throng.Votes(twin, sta)(0, 1), lambda: throng.explain(twin, 0, 1, sta=sta),
                lambda: throng.evaluate("random", twin, sta, episodes=4), lambda: throng.Agent(twin, sta, total_steps=64),
                lambda: throng.Session(twin, sta, steps=64), lambda: throng.Votes(twin, sta, rule="logical")(0, 1)):
        with pytest.raises(throng.ArgumentError, match="f_sta was fitted on world .*, but this world is .*same sizes"):
            use()


def test_an_agent_trains_recommends_and_comes_back(tmp_path, world, sta, agent):
    heard = []
    agent.train(2048, callback=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (2048, 2048) and agent.stats()[0]["updates"] > 0
    best = agent.recommend(7, k=5)
    q = agent.q(7)
    assert list(best) == list(np.argsort(-q, kind="stable")[:5])
    assert agent.recommend([7, 8], k=3).shape == (2, 3)
    assert agent.recommend(world.user_ids[7], k=5).tolist() == best.tolist()
    agent.save(tmp_path / "agent")
    twin = throng.Agent(world, sta, total_steps=4096, sim=SIM, seed=3, **AGENT).load(tmp_path / "agent")
    assert (twin.q(7) == q).all()
    assert (twin.train(512).q(7) == agent.train(512).q(7)).all()
    assert twin.done_steps == agent.done_steps == 2560
    assert (twin.train().q(7) == agent.train().q(7)).all() and twin.done_steps == 4096  # what was left
    assert agent.act(greedy=True).shape == (SIM["lanes"], 1)


def test_what_learns_from_rollouts_learns_here_too(world, sta):
    agent = throng.Agent(world, sta, total_steps=2048, sim=SIM, algorithm="ppo", hidden=[16, 16], width=16)
    agent.train()
    stats = agent.stats()[0]
    assert stats["user_steps"] == 2048 and "entropy_loss" in stats and "entropy_loss" not in throng.Agent(
        world, sta, total_steps=64, sim=SIM, **AGENT).stats()[0]
    assert len(agent.recommend(7, k=5)) == 5


def test_a_callback_stops_training_and_its_exceptions_come_out(agent):
    agent.train(4096, callback=lambda done, total: done < 1000)
    assert 1000 <= agent.done_steps < 4096

    def fail(done, total):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        agent.train(4096, callback=fail)
    agent.train(64)


def test_a_call_from_its_own_callback_is_refused(agent):
    def again(done, total):
        agent.train(64)

    with pytest.raises(throng.ArgumentError, match="within another call"):
        agent.train(512, callback=again)


def test_agents_of_a_population_have_options_of_their_own(world, sta):
    sim = throng.Simulator(world, sta, **{**SIM, "lanes": 128})
    population = throng.Population(sim, total_steps=8192, count=2, **AGENT)
    population.set(1, "gamma", 0.5)
    assert population.get(1, "gamma") == 0.5 and population.get(0, "gamma") != 0.5
    population.train(4096)
    population.stop(1)
    assert [agent["state"] for agent in population.stats()] == ["learning", "stopped"]
    population.copy(0, 1)
    assert (population.q(3, agent=0) == population.q(3, agent=1)).all()
    metrics = population.evaluate(episodes=32)
    assert len(metrics) == 2 and metrics[0]["episodes"] == 32
    for agent, words in ((2, "agent"), (-1, "agent")):
        with pytest.raises(throng.ArgumentError, match=words):
            population.q(3, agent=agent)
    with pytest.raises(throng.ArgumentError, match="gamma"):
        population.set(0, "gamma", 2)
    with pytest.raises(throng.ArgumentError, match="no such option|gama"):
        population.set(0, "gama", 0.5)


def test_evaluations_are_paired_with_yardsticks(world, sta):
    given = {"sim": {"history": 32, "max_steps": 20}, "episodes": 64}
    random, myopic = (throng.evaluate(name, world, sta, **given) for name in ("random", "myopic"))
    assert myopic["average_reward"] > random["average_reward"]
    assert throng.evaluate("random", world, sta, **given)["total_reward"] == random["total_reward"]
    with pytest.raises(throng.ArgumentError, match="no such yardstick"):
        throng.evaluate("best", world, sta)


def test_a_session_goes_from_mark_to_mark(tmp_path, world, sta):
    session = throng.Session(world, sta, sim=SIM, agent=AGENT, steps=1024, evaluate_every=512,
                             checkpoint_every=1024, evaluation={"episodes": 16})
    assert session.step() == {"evaluation"}
    assert len(session.evaluate()) == 1 and session.report["user_steps"] == 512
    session.evaluate_yardstick("random")
    assert session.compare()["random"]["sessions"] > 0
    session.save(tmp_path / "half")
    assert session.step() == {"evaluation", "checkpoint", "end"}
    end = session.population.q(4)
    session.restore(tmp_path / "half")
    session.step()
    assert (session.population.q(4) == end).all()
    population = session.population
    session.close()
    with pytest.raises(throng.ArgumentError, match="closed"):
        population.stats()


def test_a_whole_run_leaves_its_folder_and_is_its_config_again(tmp_path):
    config = {"synth": {"users": 60, "items": 40, "keywords": 200, "dim": 8},
              "votes": {"rule": "logical"}, "sim": {"lanes": 16, "history": 8, "max_steps": 6},
              "agent": {**AGENT, "buffer": 200, "learning_starts": 32, "batch": 8},
              "train": {"steps": 320, "evaluate_every": 160, "checkpoint_every": 320,
                        "evaluation": {"episodes": 8}, "out": str(tmp_path / "run")}}
    report = throng.train(config)
    assert report["user_steps"] == 320 and "random" in report["yardsticks"]
    assert (tmp_path / "run" / "summary.json").exists()
    again = throng.train(tmp_path / "run" / "config.json", overrides={"train.out": str(tmp_path / "again")})
    assert again["agent"]["average_reward"] == report["agent"]["average_reward"]
    with pytest.raises(throng.ArgumentError, match="did you mean agent.gamma"):
        throng.train(config, overrides={"agent.gama": 0.5})
    with pytest.raises(throng.FileError, match="^/nowhere.json: "):
        throng.train("/nowhere.json")


def test_a_sweep_is_asked_and_told(tmp_path):
    config = {"sweep": {"space": {"agent.gamma": {"min": 0.5, "max": 0.99}}, "sampler": "random",
                        "scheduler": "none", "max_trials": 5,
                        "objective": [{"metric": "score", "direction": "maximize"}]},
              "train": {"out": str(tmp_path / "sweep")}}
    with throng.Sweep(config) as sweep:
        told = {}
        while (trial := sweep.ask()) is not None:
            gamma = trial.config["agent"]["gamma"]
            assert not sweep.tell(trial, 100, gamma)
            told[trial.number] = gamma
            if trial.number == 2:
                sweep.fail(trial, "of its own")
            else:
                for wrong in ((), (gamma, gamma)):
                    with pytest.raises(throng.ArgumentError, match=f"values: {len(wrong)} of them, expected 1"):
                        sweep.finish(trial, *wrong)
                sweep.finish(trial, gamma)
        assert sweep.counts["complete"] == 4 and sweep.counts["failed"] == 1
        assert sweep.best.values[0] == max(v for k, v in told.items() if k != 2)
        assert sweep.trial(2).cause == "of its own" and sweep.trial(1).params["agent.gamma"] == told[1]
        sweep.write()
        with pytest.raises(throng.ArgumentError):
            sweep.tell(0, 200, 1.0)
        with pytest.raises(throng.ArgumentError, match="trial"):
            sweep.trial(99)
    assert (tmp_path / "sweep" / "trials.csv").exists()


def test_what_something_stands_on_lives_as_long(world):
    backend = throng.Backend("cpu", threads=1)
    sta = throng.Sta.fit(world, backend=backend, epochs=1, width=8, window=8)
    agent = throng.Agent(world, sta, total_steps=512, sim=SIM, **AGENT)
    backend.close()
    sta.close()
    agent.sim.close()
    del backend, sta
    gc.collect()
    agent.train(256)
    assert agent.recommend(1, 3).shape == (3,)


def test_threads_take_turns_on_one_backend_and_run_side_by_side_on_two(world):
    backends = [throng.Backend("cpu", threads=1) for _ in range(2)]
    sims = [throng.Simulator(world, backend=backends[k % 2], votes={"rule": "logical"}, seed=7, **SIM)
            for k in range(4)]
    errors = []

    def run(sim):
        try:
            for t in range(100):
                sim.step((np.arange(sim.lanes) + t) % world.n_item)
        except BaseException as error:  # told below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(sim,)) for sim in sims for _ in range(1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len({sim.hash for sim in sims}) == 1


def test_closing_while_another_thread_steps_is_safe(world):
    for _ in range(5):
        sim = throng.Simulator(world, votes={"rule": "logical"}, **{**SIM, "lanes": 2048})
        errors = []

        def run():
            try:
                for t in range(200):
                    sim.step(np.full(sim.lanes, t % world.n_item))
            except throng.ArgumentError as error:
                errors.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        sim._handle.close()
        thread.join()
        assert errors == ["simulator: it was closed"]


def test_a_forked_child_goes_on(world):
    import os

    sim = throng.Simulator(world, votes={"rule": "logical"}, **SIM)
    sim.step(np.zeros(sim.lanes, int))
    child = os.fork()
    if child == 0:
        try:
            sim.step(np.ones(sim.lanes, int))
            os._exit(0 if sim.arrays["step"].max() >= 1 else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_a_child_forked_within_a_call_of_another_thread_is_refused_and_does_not_wait(world):
    import os
    import signal

    sim = throng.Simulator(world, backend=throng.Backend("cpu", threads=1), votes={"rule": "logical"}, **SIM)
    within, done = threading.Event(), threading.Event()

    def report(*unused):
        within.set()
        return done.wait(60)

    agent = throng.Agent(world, backend=sim.backend, total_steps=4096, votes={"rule": "logical"}, sim=SIM, **AGENT)
    thread = threading.Thread(target=lambda: agent.train(callback=report))
    thread.start()
    assert within.wait(60)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        try:
            other = throng.Simulator(world, backend=throng.Backend("cpu", threads=1), votes={"rule": "logical"}, **SIM)
            other.step(np.zeros(other.lanes, int))
            sim.step(np.zeros(sim.lanes, int))
            os._exit(1)
        except throng.ArgumentError as error:
            os._exit(0 if "forked" in str(error) else 2)
        except BaseException:
            os._exit(3)
    status = os.waitpid(child, 0)[1]
    done.set()
    thread.join()
    assert status == 0
    sim.step(np.zeros(sim.lanes, int))


def test_ctrl_c_stops_training_and_the_agent_goes_on(agent):
    import _thread

    def report(done, total):
        if done >= 512:
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        agent.train(callback=report)
    assert 512 <= agent.done_steps < 4096
    agent.train(64)


def test_an_evaluation_tells_its_episodes_and_stops_when_asked(agent, world, sta):
    import _thread

    seen = []
    whole = agent.evaluate(episodes=64, progress=lambda stage, done, total, unit: seen.append((done, total, unit)))
    assert seen[-1] == (64, 64, "episodes") and len(seen) > 2
    with pytest.raises(throng.RunError):
        agent.evaluate(episodes=64, progress=lambda *told: False)
    with pytest.raises(throng.RunError):
        throng.evaluate("random", world, sta, episodes=64, progress=lambda *told: False)
    with pytest.raises(KeyboardInterrupt):
        agent.evaluate(episodes=64, progress=lambda *told: _thread.interrupt_main())
    assert str(agent.evaluate(episodes=64)) == str(whole)


def test_dlpack_shares_the_address(sim, world):
    from throng import _core

    arrays = _core.sim_arrays(sim._handle)
    action = arrays["action"]
    assert action.__dlpack_device__() == (1, 0)
    view = np.from_dlpack(action)
    assert view.__array_interface__["data"][0] == action.address and view.flags.writeable
    assert np.asarray(action).__array_interface__["data"][0] == action.address
    reward = np.from_dlpack(arrays["reward"])
    assert not reward.flags.writeable
    with pytest.raises(BufferError, match="read-only"):
        arrays["reward"].__dlpack__()
    with pytest.raises(BufferError):
        action.__dlpack__(copy=True)
    with pytest.raises(BufferError):
        action.__dlpack__(stream=1)
    with pytest.raises(BufferError):
        action.__dlpack__(dl_device=(2, 0))
    capsules = [action.__dlpack__(max_version=version) for version in (None, (0, 8), (1, 1)) for _ in range(50)]
    del capsules
    strided = np.asarray(arrays["vote.f_mat"])
    assert strided.shape == (sim.lanes, 1) and np.from_dlpack(arrays["vote.f_mat"]).strides == strided.strides


def test_nobody_makes_a_handle_by_hand():
    from throng import _core

    for kind in (_core.Handle, _core.Array):
        with pytest.raises(TypeError):
            kind()
    with pytest.raises(throng.ArgumentError):
        throng.World(5)


def test_the_types_of_options_are_those_of_the_tables():
    import importlib.util
    import pathlib

    folder = pathlib.Path(__file__).resolve().parents[2] / "python"
    spec = importlib.util.spec_from_file_location("option_types", folder / "tools" / "option_types.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (folder / "throng" / "_option_types.pyi").read_text() == made.text()
