"""A trained run opened from Python: it recommends what the program recommends, its sessions are its evaluation's, judged
again it has its summary's figures, and what is wrong is an exception of its class."""

import gc
import json
import shutil
import threading

import numpy as np
import pytest

import throng

CONFIG = {
    "synth": {"users": 120, "items": 70, "keywords": 200, "dim": 16, "history_mean": 9, "seed": 4},
    "sta": {"epochs": 1, "width": 8, "window": 8},
    "backend": {"name": "cpu", "threads": 1},
    "sim": {"lanes": 16, "history": 12, "max_steps": 10},
    "agent": {"count": 2, "hidden": [12, 10], "width": 8, "user_width": 4, "batch": 16, "buffer": 800,
              "learning_starts": 64},
    "train": {"steps": 2560, "evaluate_every": 2560, "checkpoint_every": 1280, "evaluation": {"episodes": 24}},
}


def train(folder, **over):
    config = json.loads(json.dumps(CONFIG))
    for key, value in over.items():
        section, name = key.split("__")
        config.setdefault(section, {})[name] = value
    config["train"]["out"] = str(folder)
    throng.train(config)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return train(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture
def run(folder):
    with throng.load_run(folder) as opened:
        yield opened


def alike(found, told):
    """Metrics as a file of 15 digits has them."""
    for key, value in found.items():
        if key in told and key != "against":
            want = [np.nan if x is None else x for x in np.atleast_1d(told[key])]
            np.testing.assert_allclose(np.atleast_1d(value), want, rtol=1e-14, atol=0, err_msg=key)


def test_what_was_opened_is_told(run, folder):
    assert run.info["n_agent"] == 2 and run.info["title"] == "DQN" and run.info["score"] == "Q"
    assert run.info["user_steps"] == 2560 and run.info["same_world"] is True
    assert run.folder == str(folder) and run.checkpoint == str(folder / "checkpoint-2560.safetensors")
    assert run.config["sim"]["history"] == 12 and run.config["train"]["evaluation"]["episodes"] == 24
    run.config["sim"]["history"] = 1  # a copy
    assert run.config["sim"]["history"] == 12
    assert run.world.n_item == 70 and isinstance(run.sta, throng.Sta) and run.sim.lanes == 1
    assert run.agent.count == 1 and run.agent.world is run.world and run.backend.name == "cpu"
    assert run.agent.arrays and run.agent.q(3).shape == (70,)
    assert run.metrics[-1]["step"] == 2560 and "DQN" in repr(run)
    assert throng.Run.open(folder / "checkpoint-1280.safetensors").info["user_steps"] == 1280


@pytest.mark.parametrize("agent", [0, 1])
def test_it_recommends_what_its_population_would(folder, agent):
    config = json.loads(json.dumps(CONFIG))
    world = throng.World.open(folder / "world.safetensors")
    backend = throng.Backend("cpu", threads=1)
    sta = throng.Sta.open(world, folder / "sta.safetensors", backend=backend)
    sim = throng.Simulator(world, sta, **config["sim"])
    agents = throng.Population(sim, total_steps=2560, **config["agent"]).load(folder / "checkpoint-2560.safetensors")
    run = throng.Run.open(folder, agent=agent)
    for seen in (False, True):
        item, score = agents.recommend(np.arange(120), 6, agent=agent, exclude_seen=seen, scores=True)
        lists = run.recommend(np.arange(120), 6, exclude_seen=seen, why=False)
        assert [[r.item for r in one] for one in lists] == [[i for i in row if i >= 0] for row in item.tolist()]
        np.testing.assert_allclose([r.score for r in lists[7]], score[7][:len(lists[7])], rtol=0, atol=2e-6)
    past = set(world.history(7)[0].tolist())
    one = run.recommend(world.user_ids[7], 6)
    assert [r.item for r in one] == [r.item for r in run.recommend(7, 6, why=False)]
    assert [r.rank for r in one] == [1, 2, 3, 4, 5, 6]
    for r in one:
        assert r.id == world.item_ids[r.item] and r.title == world.item_names[r.item]
        assert r.seen == (r.item in past)
        want = throng.explain(world, 7, r.item, sta=sta)
        assert r.why["liked"] == want["liked"] and r.why["votes"]["f_sta"]["score"] == want["votes"]["f_sta"]["score"]
        assert "f_mat" in r.reason and "f_sta" in r.reason
    assert run.recommend(7, 1, why=False)[0].why is None


def test_somebody_new_is_known_by_a_history_alone(run):
    world = run.world
    history = ([3, 9, 20], [1, 0, 1])
    one = run.recommend(history=history, k=5, exclude_seen=True)
    assert not {r.item for r in one} & {3, 9, 20}
    assert set(one[0].why["votes"]) == {"f_mat", "f_sim"} and one[0].why["user"] is None
    by_id = run.recommend(history=([world.item_ids[i] for i in history[0]], history[1]), k=5, exclude_seen=True)
    assert [r[:5] for r in by_id] == [r[:5] for r in one]
    two = run.recommend(history=[history, ([5], [1])], k=5, exclude_seen=True, why=False)
    assert len(two) == 2 and [r.item for r in two[0]] == [r.item for r in one]
    # In place of a known user's own.
    mine = run.recommend(7, 5, history=history, why=False)
    assert [r.item for r in mine] == run.agent.recommend(7, 5, history=history).tolist()


def test_judged_again_the_figures_are_the_summarys(run):
    told = run.summary["policies"]
    found = run.evaluate()
    alike(found["agent"], told["agent"])
    assert set(found["yardsticks"]) == set(told) - {"agent"}
    for name, metrics in found["yardsticks"].items():
        alike(metrics, told[name])
    alike(found["agent_against"]["random"], told["agent"]["against_random"])
    assert [one["agent"] for one in found["agents"]] == [0, 1]
    alone = run.evaluate(agent=1)
    alike(alone["agents"][0], found["agents"][1])
    assert run.recommend(7, 5, why=False) == throng.load_run(run.folder).recommend(7, 5, why=False)


def test_judged_elsewhere_what_differs_is_what_was_said(run, folder, tmp_path):
    usual = run.evaluate(yardsticks=False)
    assert usual["yardsticks"] == {}
    shorter = run.evaluate(yardsticks=False, sim={"max_steps": 3}, episodes=40, seed=9)
    assert shorter["agent"]["episodes"] == 40 and shorter["agent"]["session_length"] <= 3
    moody = run.evaluate(yardsticks=False, users={"temper": 3.0})
    assert moody["agent"]["session_length"] < usual["agent"]["session_length"]
    majority = run.evaluate(yardsticks=False, votes={"rule": "logical"})
    assert majority["agent"]["average_reward"] != usual["agent"]["average_reward"]
    # The same world by an object and by a path is no other.
    shutil.copy(folder / "world.safetensors", tmp_path / "w.safetensors")
    for world in (throng.World.open(tmp_path / "w.safetensors"), tmp_path / "w.safetensors", run.world):
        alike(run.evaluate(world, yardsticks=False)["agent"], usual["agent"])
    other = throng.World.synth(users=120, items=71, keywords=200, dim=16, seed=4)
    with pytest.raises(throng.FileError, match="70 items, this one has 71"):
        run.evaluate(other, votes={"rule": "logical"})
    changed = throng.load_run(folder, overrides={"sim.max_steps": 3})
    alike(changed.evaluate(yardsticks=False, episodes=40, seed=9)["agent"], shorter["agent"])


def test_sessions_are_those_of_the_evaluation(run):
    mean = run.evaluate(agent=0, yardsticks=False)["agent"]["average_reward"]
    ends = [step for step in run.play(episodes=24) if step.end]
    assert [step.session for step in ends] == list(range(24))
    assert np.mean([step.total for step in ends]) == pytest.approx(mean, abs=0.2)  # items of equal scores may change
    popular = run.evaluate(agent=0)["yardsticks"]["popular"]["average_reward"]
    assert np.mean([step.total for step in run.play(episodes=24, player="popular") if step.end]) == pytest.approx(popular)
    total = 0.0
    for number, step in enumerate(run.play("u00007", session=3, steps=4), 1):
        assert step.user == "u00007" and step.session == 3 and step.step == number and step.agent == "DQN"
        assert step.answer in (True, False) and step.answer == step.shown[0].simulated
        assert step.title == run.world.item_names[step.item] and "f_mat" in step.reason and step.mood is None
        total += step.reward
        assert step.total == total
    assert number <= 4
    assert [s.item for s in run.play(7, seed=1)] == [s.item for s in run.play(7, seed=1)]


def test_somebody_else_answers(run):
    asked = []

    def like(step):
        assert step.answer is None and step.shown[0].simulated in (True, False)
        asked.append(step.item)
        return True

    steps = list(run.play(7, answer=like))
    assert [s.item for s in steps] == asked and all(s.answer for s in steps)
    assert len(steps) == 10 and steps[-1].total == 10 and steps[-1].end == "truncated"  # nobody leaves by chance
    own = list(run.play(7, answer=lambda step: None))
    assert all(s.answer == s.shown[0].simulated for s in own)
    for wrong in (lambda step: 2, lambda step: [True, False], lambda step: "yes", lambda step: 1.5):
        with pytest.raises(throng.ArgumentError, match="answer"):
            list(run.play(7, answer=wrong))

    def fails(step):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(run.play(7, answer=fails))


def test_slates_moods_and_policies(tmp_path):
    folder = train(tmp_path / "ppo", agent__algorithm="ppo", agent__n_steps=8, sim__slate_size=3, sim__max_steps=5,
                   users__temper=6.0, votes__rule="logical", sim__mask="all")
    run = throng.load_run(folder)
    assert run.info["score"] == "log-probability" and run.sta is None
    step = next(run.play(5))
    assert len(step.shown) == 3 and step.mood == pytest.approx(6.0)
    assert step.reward == sum(s.answer for s in step.shown)
    assert all(s.total == 3 * s.step for s in run.play(5, answer=lambda step: [True, True, True]))
    past = set(run.world.history(5)[0].tolist())
    assert not {r.item for r in run.recommend(5, 10)} & past  # mask: all
    alike(run.evaluate()["agent"], run.summary["policies"]["agent"])


def test_the_agent_as_files(run, tmp_path):
    run.export(tmp_path / "agent.safetensors")
    run.export(tmp_path / "agent.onnx")
    run.export(tmp_path / "agent", "vectors")
    assert (tmp_path / "agent.onnx").stat().st_size > 100
    items, queries = np.load(tmp_path / "agent.items.npy"), np.load(tmp_path / "agent.queries.npy")
    np.testing.assert_allclose((queries @ items.T)[11], run.agent.q(11), atol=2e-5)
    for path, format in ((tmp_path / "agent", None), (tmp_path / "agent", "csv"), (tmp_path / "agent", "")):
        with pytest.raises(throng.ArgumentError, match="format"):
            run.export(path, format)
    with pytest.raises(throng.FileError, match="nowhere"):
        run.export("/nowhere/agent.onnx")


# --- what is wrong --------------------------------------------------------------------------------


def copy_of(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    return tmp_path / "copy"


def test_what_is_no_run_is_refused(folder, tmp_path):
    with pytest.raises(throng.FileError, match="No such file"):
        throng.load_run(tmp_path / "nowhere")
    with pytest.raises(throng.FileError, match="no config.json"):
        throng.load_run(tmp_path)
    with pytest.raises(throng.FileError, match="is a world"):
        throng.load_run(folder / "world.safetensors")
    for wrong in (None, 7, b"\0", ["run"], object()):
        with pytest.raises(throng.ArgumentError, match="path"):
            throng.load_run(wrong)
    with pytest.raises(throng.ArgumentError, match="Run.open"):
        throng.Run("runs/demo", {})
    with pytest.raises(throng.ArgumentError, match=r"agent 2 is not in 0\.\.1"):
        throng.load_run(folder, agent=2)
    with pytest.raises(throng.ArgumentError, match="agent"):
        throng.load_run(folder, agent="best")
    with pytest.raises(throng.ArgumentError, match="did you mean sim.lanes"):
        throng.load_run(folder, overrides={"sim.lane": 3})
    with pytest.raises(throng.ArgumentError, match="agent.gamma: the agent is what .* says"):
        throng.load_run(folder, overrides={"agent.gamma": 0.5})
    with pytest.raises(throng.ArgumentError, match="overrides"):
        throng.load_run(folder, overrides="sim.lanes=3")


def test_what_was_left_out_is_a_warning_of_the_logger_and_the_rest_is_not(folder, tmp_path, caplog):
    with caplog.at_level("INFO", "throng"):
        with throng.load_run(folder):
            pass
        assert caplog.records and all(record.levelname == "INFO" and record.name == "throng" for record in caplog.records)
        caplog.clear()
        young = copy_of(folder, tmp_path)
        newest = young / "checkpoint-2560.safetensors"
        newest.write_bytes(newest.read_bytes()[:-100])
        with throng.load_run(young) as run:
            assert run.info["user_steps"] == 1280
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1 and str(newest) in warned[0] and "taking the checkpoint before it" in warned[0]


def test_a_log_handler_that_raises_ends_the_call_with_what_it_raised(folder, caplog):
    import logging

    class Breaking(logging.Handler):
        def emit(self, record):
            raise RuntimeError(record.getMessage())

    logger, breaking = logging.getLogger("throng"), Breaking()
    logger.addHandler(breaking)
    try:
        with caplog.at_level("INFO", "throng"), pytest.raises(RuntimeError, match="backend"):
            throng.load_run(folder)
    finally:
        logger.removeHandler(breaking)
    throng.load_run(folder).close()


def test_rows_are_lines_and_each_an_object(folder, tmp_path):
    odd = copy_of(folder, tmp_path)
    lines = (odd / "metrics.jsonl").read_text()
    with throng.load_run(odd) as run:
        (odd / "metrics.jsonl").write_text(lines + '{"step": 9, "note": "a\u2028b\x85c"}\n12', encoding="utf-8")
        assert len(run.metrics) == lines.count("\n") + 1 and run.metrics[-1]["step"] == 9
        for damaged in ("[1]\n", "12\n", "\n", '{"step": 1}{"step": 2}\n'):
            (odd / "metrics.jsonl").write_text(lines + damaged + lines)
            with pytest.raises(throng.FileError, match=f"metrics.jsonl:{lines.count(chr(10)) + 1}: "):
                run.metrics


def test_half_a_run_is_said_to_be_half(folder, tmp_path):
    young = copy_of(folder, tmp_path)
    (young / "summary.json").unlink()
    lines = (young / "metrics.jsonl").read_text()
    (young / "metrics.jsonl").write_text(lines + '{"step": 26')
    newest = young / "checkpoint-2560.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    with throng.load_run(young) as run:  # the checkpoint before it
        assert run.info["user_steps"] == 1280 and len(run.metrics) == lines.count("\n")
        assert run.recommend(3, 2)
        with pytest.raises(throng.FileError, match="summary.json: No such file") as caught:
            run.summary
        assert caught.value.status == "io error"
        for damaged in ('{"policies": ', "[]", "\udcff"):
            (young / "summary.json").write_bytes(damaged.encode("utf-8", "surrogateescape"))
            with pytest.raises(throng.FileError, match="summary.json") as caught:
                run.summary
            assert caught.value.status == "data error"
        (young / "metrics.jsonl").write_text("no\n" + lines)
        with pytest.raises(throng.FileError, match="metrics.jsonl:1"):
            run.metrics
    newest.unlink()
    older = young / "checkpoint-1280.safetensors"
    config = (young / "config.json").read_text()
    (young / "config.json").write_text('{"sim": ')
    with pytest.raises(throng.ArgumentError, match="config.json:1"):
        throng.load_run(young)
    (young / "config.json").write_text(config)
    older.write_bytes(b"")
    with pytest.raises(throng.FileError, match="no checkpoint is whole"):
        throng.load_run(young)
    older.unlink()
    with pytest.raises(throng.FileError, match="no checkpoint yet"):
        throng.load_run(young)


def test_a_world_that_changed_must_be_asked_for_by_name(folder, tmp_path):
    moved = copy_of(folder, tmp_path)
    throng.World.synth(moved / "world.safetensors", users=120, items=70, keywords=200, dim=16, history_mean=9, seed=5)
    with pytest.raises(throng.FileError, match=r'changed since .* overrides=\{"world.file": "'):
        throng.load_run(moved)
    (moved / "world.safetensors").unlink()
    with pytest.raises(throng.FileError, match="world.file"):
        throng.load_run(moved)
    other = throng.load_run(moved, overrides={"world.file": folder / "world.safetensors"})
    assert other.info["same_world"] is True


def test_wrong_arguments_are_refused(run):
    for call in (lambda: run.recommend(), lambda: run.recommend("nobody"), lambda: run.recommend(120),
                 lambda: run.recommend(-1), lambda: run.recommend(7, 0), lambda: run.recommend(7, 71),
                 lambda: run.recommend(7, 2.5), lambda: run.recommend([1, 500]), lambda: run.recommend(object()),
                 lambda: run.recommend(history=5), lambda: run.recommend(history=([1, 2], [1])),
                 lambda: run.recommend(history=(["nothing"], [1])), lambda: run.recommend(history=([1], [7])),
                 lambda: run.recommend(history=([70], [1])),
                 lambda: run.play("nobody"), lambda: run.play(7, episodes=0), lambda: run.play(7, steps=0),
                 lambda: run.play(7, seed=-1), lambda: run.play(7, player="best"), lambda: run.play(7, player=3),
                 lambda: run.play(7, player="linucb"), lambda: run.play(7, answer=1), lambda: run.play(7, session=-1),
                 lambda: run.evaluate(agent=2), lambda: run.evaluate(agent=-1), lambda: run.evaluate(sim=3),
                 lambda: run.evaluate(episodes="many"), lambda: run.evaluate(episode=3), lambda: run.evaluate(world=3),
                 lambda: run.evaluate(progress=3), lambda: run.agent.train()):
        with pytest.raises(throng.ArgumentError):
            call()
    with pytest.raises(throng.FileError):
        run.evaluate(world="/nowhere.safetensors")
    with pytest.raises(throng.RunError, match="stopped on request"):
        run.evaluate(yardsticks=False, progress=lambda *_: False)
    assert run.recommend(7, 1)


def test_a_closed_run_says_so_and_what_stands_on_it_lives(folder):
    run = throng.load_run(folder)
    world, agent, session = run.world, run.agent, run.play(7)
    weights = agent.arrays["weight.item"] if "weight.item" in agent.arrays else next(iter(agent.arrays.values()))
    first = next(session)
    run.close()
    run.close()
    assert "closed" in repr(run)
    for call in (lambda: run.recommend(7), lambda: run.play(7), lambda: run.evaluate(), lambda: run.export("x.onnx"),
                 lambda: run.agent, lambda: run.world, lambda: run.sta, lambda: run.sim, lambda: run.backend,
                 lambda: run.config, lambda: agent.recommend(7)):
        with pytest.raises(throng.ArgumentError, match="closed"):
            call()
    del run
    gc.collect()
    assert world.n_item == 70 and world.history(7)[0].size > 0 and np.isfinite(np.asarray(weights)).all()
    assert next(session).step == first.step + 1  # it goes on


def test_threads_take_turns(run):
    want = run.recommend(7, 5, why=False)
    mean = run.evaluate(yardsticks=False)["agent"]["average_reward"]
    found, judged = [], []

    def ask():
        found.extend(run.recommend(7, 5, why=False) == want for _ in range(20))

    def judge():
        judged.extend(run.evaluate(yardsticks=False)["agent"]["average_reward"] == mean for _ in range(3))

    threads = [threading.Thread(target=work) for work in (ask, judge, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found) and len(found) == 40 and all(judged) and len(judged) == 3
