"""What a stranger would try: arrays of odd layout, objects that are closed, copied or pickled, names that are misspelt.
An exception of the package's with place and cause, or the right answer."""

import copy
import pickle

import numpy as np
import pytest

import throng
from conftest import AGENT, SIM


def unaligned(array):
    """The same numbers at an odd address."""
    there = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    there[:] = array
    assert not there.flags.aligned
    return there


def test_arrays_of_any_layout_are_the_same_actions(world, sta):
    action = (np.arange(64) * 7 % 80).astype(np.int32)
    layouts = [action, unaligned(action), action.astype(np.int64), unaligned(action.astype(np.int64)), action.astype(">i4"),
               np.repeat(action, 2)[::2], action[::-1].copy()[::-1], action[:, None], np.asfortranarray(action[:, None]),
               action.tolist(), np.ma.array(action), np.ma.array(action, mask=False)]
    hashes = set()
    for layout in layouts:
        sim = throng.Simulator(world, sta, **SIM)
        sim.step(layout)
        hashes.add(sim.hash)
    assert len(hashes) == 1


def test_queries_of_any_layout_find_the_same_items(sim, world):
    query = world.embeddings[0][np.arange(64)].astype(np.float32)
    expected = sim.nearest(query)
    for layout in (unaligned(query), query.astype(np.float64), unaligned(query.astype(np.float64)), np.asfortranarray(query),
                   query[::-1].copy()[::-1]):
        assert (sim.nearest(layout) == expected).all()
    for wrong in (np.full((64, world.dim), np.nan), np.full((64, world.dim), np.inf), np.full((64, world.dim), 1e300)):
        with pytest.raises(throng.ArgumentError, match="query|number|finite"):
            sim.nearest(wrong)


@pytest.mark.parametrize("action, words", [
    (np.ma.array(np.zeros(64, int), mask=np.arange(64) == 3), "masked"),
    (np.broadcast_to(np.int32(0), (2**40,)), "at most"),
    (np.zeros(64, "datetime64[s]"), "expected int32"), (np.zeros(64, [("a", "i4")]), "expected int32"),
    ([[1, 2], [3]], "action"), (np.full(64, np.nan), "expected int32"),
])
def test_what_is_no_action_is_refused(sim, action, words):
    before = sim.hash
    with pytest.raises(throng.ArgumentError, match=words):
        sim.step(action)
    assert sim.hash == before


def test_closing_twice_is_nothing_and_using_it_then_is_refused(world, sta, agent):
    things = [throng.Simulator(world, sta, **SIM), agent, throng.Votes(world, sta), throng.Backend("cpu", threads=1),
              throng.World.synth(users=60, items=60, keywords=200, dim=8)]
    for thing in things:
        if hasattr(thing, "close"):
            thing.close()
            thing.close()
            assert repr(thing)
    for use in (lambda: things[0].step(np.zeros(64, int)), lambda: things[0].arrays, lambda: agent.recommend(3), agent.stats,
                lambda: throng.Simulator(world, sta, backend=things[3], **SIM), lambda: things[4].history(0),
                lambda: throng.Population(things[0], total_steps=64, **AGENT)):
        with pytest.raises(throng.ArgumentError, match="it was closed"):
            use()


def test_handles_are_neither_pickled_nor_copied_and_arrays_and_errors_are(world, sta, sim, agent):
    for way, things in ((pickle.dumps, (world, sta, sim, agent, sim.backend)), (copy.deepcopy, (sim, agent)), (copy.copy, (sim._handle,))):
        for thing in things:
            with pytest.raises(TypeError, match="cannot pickle or copy a Handle of the library .*save"):
                way(thing)
    for thing in (world, sta, sim.backend):  # what environments are made of
        assert copy.copy(thing) is thing and copy.deepcopy({"kwargs": [thing]})["kwargs"][0] is thing
    assert (pickle.loads(pickle.dumps(sim.arrays["reward"])) == sim.arrays["reward"]).all()
    error = pickle.loads(pickle.dumps(throng.ArgumentError("words")))
    assert isinstance(error, throng.ArgumentError) and str(error) == "words"


@pytest.mark.parametrize("sim, words", [
    ({"votes": {"rule": "logical"}}, "sim: votes is given as votes="), ({"backend": "cpu"}, "backend"), (5, "expected a dict"),
    ({"autoreset": False}, "autoreset"), ({"lane": 5}, "did you mean sim.lanes"),
])
def test_an_agents_lanes_have_options_of_lanes_alone(world, sta, sim, words):
    with pytest.raises(throng.ArgumentError, match=words):
        throng.Agent(world, sta, total_steps=64, sim=sim, **AGENT)


@pytest.mark.parametrize("user, k, history", [
    (3, 0, None), (3, 81, None), (3, 2**70, None), (3, 1.5, None), (-1, 3, None), (300, 3, None), (2**70, 3, None),
    ([[1]], 3, None), (None, 3, None), ("nobody", 3, None), (3, 3, 5), (3, 3, "ab"), (3, 3, ([1],)), (3, 3, ([80], [1])),
    (3, 3, ([1], [2])), (3, 3, ([1, 2], [1])), (3, 3, ([0.5], [1])),
])
def test_nobody_is_recommended_what_there_is_not(agent, user, k, history):
    with pytest.raises(throng.ArgumentError):
        agent.recommend(user, k, history=history)
    assert agent.recommend([], 3).shape == (0, 3) and agent.recommend(3, 80).shape == (80,)


def test_starts_that_are_nobody_are_refused(sim):
    before = sim.hash
    for users, histories in (([], None), ([5], 5), ([5], [5]), ([2**40], None), ("nobody", None), ([[1, 2]], None)):
        with pytest.raises(throng.ArgumentError):
            sim.set_starts(users, histories)
    for nobodys in ({"histories": [([1], [1])]}, {"by_lane": True}):
        with pytest.raises(throng.ArgumentError, match=f"{next(iter(nobodys))}: without users"):
            sim.set_starts(**nobodys)
    assert sim.hash == before


def test_texts_that_are_none_are_no_ids():
    good = {"user_offset": [0, 2], "history_item": [0, 1], "history_like": [1, 0], "n_item": 2}
    for name, value in (("item_id", 5), ("item_id", "ab"), ("item_id", ["a", None]), ("item_id", ["a", float("nan")]),
                        ("item_id", ["a", "b\0c"]), ("user_id", ["\ud800"]), ("user_id", [["a"]])):
        with pytest.raises(throng.ArgumentError, match=name):
            throng.World.from_arrays(**good, **{name: value})
    assert throng.World.from_arrays(**good, item_id=[7, np.int64(8)]).item_ids == ["7", "8"]
    for open_ in (throng.World.open, throng.load_run):
        with pytest.raises(throng.ArgumentError, match="path"):
            open_("\udc80")


def test_a_frame_with_a_user_that_is_missing_has_no_user_called_nan():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"u": ["a", "b"], "i": ["x", "y"], "r": [1.0, 5.0]})
    columns = {"user": "u", "item": "i", "rating": "r", "like_threshold": 3}
    for users in ([None, "b"], [np.nan, 1.0], [pandas.NA, "b"], [["a"], ["b"]]):
        with pytest.raises(throng.ArgumentError, match="user 'u': entry 0 is no text"):
            throng.World.from_frame(frame.assign(u=users), **columns)
    with pytest.raises(throng.ArgumentError, match="stands twice"):
        throng.World.from_frame(pandas.concat([frame, frame], axis=1), **columns)
    assert throng.World.from_frame(frame.assign(u=frame.u.astype("category")), **columns).user_ids == ["a", "b"]


# --- environments -----------------------------------------------------------------------------------

OPTIONS = {"votes": {"rule": "logical"}, "history": 16, "max_steps": 12}


def test_environments_of_wrong_names_and_arguments(world):
    gymnasium = pytest.importorskip("gymnasium")
    import throng.gym  # noqa: F401

    for name in ("throng/Recomend-v0", "throng/recommend-v0"):
        with pytest.raises(gymnasium.error.NameNotFound, match="Recommend"):
            gymnasium.make_vec(name, num_envs=2)
    for wrong, words in (({"observation": ["both"]}, "observation"), ({"autoreset_mode": None}, "autoreset_mode"),
                         ({"autoreset_mode": "next_step"}, "autoreset_mode"), ({"num_envs": -1}, "num_envs"),
                         ({"num_envs": 1.5}, "num_envs"), ({"slate_size": 81}, "slate"), ({"world": 5}, "path"),
                         ({"mask": "maybe"}, "mask"), ({"users": {"temper": -1}}, "temper")):
        with pytest.raises(throng.ArgumentError, match=words):
            gymnasium.make_vec("throng/Recommend-v0", **{"num_envs": 4, "world": world, **OPTIONS, **wrong})
    for wrong, words in (({"num_envs": 3}, "make_vec"), ({"autoreset_mode": "NextStep"}, "autoreset_mode"), ({"lanes": 2}, "lanes")):
        with pytest.raises(throng.ArgumentError, match=words):
            gymnasium.make("throng/Recommend-v0", world=world, **OPTIONS, **wrong)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_resets_and_steps_that_make_no_sense(world, mode):
    pytest.importorskip("gymnasium")
    from throng.gym import VectorEnv

    envs = VectorEnv(4, world, autoreset_mode=mode, **OPTIONS)
    envs.reset(seed=1)
    before = envs.sim.hash
    for seed in ("x", {}, [], [1, 2], [1] * 4, [1, 2, 3, "x"], [1, None, 3, 4], object(), True):
        with pytest.raises(throng.ArgumentError, match="seed"):
            envs.reset(seed=seed)
    for options in (5, "ab", [1], {"reset_mask": "abcd"}, {"reset_mask": np.full(4, np.nan)}, {"users": []}, {"users": [1], "histories": 5}):
        with pytest.raises(throng.ArgumentError):
            envs.reset(options=options)
    assert envs.sim.hash == before
    step = np.arange(4)
    first = envs.step(unaligned(step))[0]
    envs.reset(seed=1)
    assert (envs.step(step)[0] == first).all() and envs.reset(seed=[None] * 4)
    envs.close()
    envs.close()
    for use in (lambda: envs.step(step), envs.reset, envs.action_masks, lambda: envs.explain(0, 0)):
        with pytest.raises(throng.ArgumentError, match="it was closed"):
            use()


def test_unaligned_queries_of_an_environment(world):
    pytest.importorskip("gymnasium")
    from throng.gym import VectorEnv

    query = world.embeddings[0][:4].copy()
    for kind in (np.float32, np.float64):
        taken = []
        for layout in (query.astype(kind), unaligned(query.astype(kind))):
            envs = VectorEnv(4, world, action="query", **OPTIONS)
            envs.reset(seed=1)
            envs.step(layout)
            taken.append(envs.sim.hash)
        assert taken[0] == taken[1]


def test_a_number_that_no_option_can_have_is_named(world):
    for options, place in (({"leave_probability": float("nan")}, "sim.leave_probability"), ({"lanes": 1j}, "sim.lanes"),
                           ({"users": {"temper": float("inf")}}, "users.temper"), ({"votes": {"weights": [1, float("nan"), 1]}}, "votes.weights")):
        with pytest.raises(throng.ArgumentError, match=f"^{place}: "):
            throng.Simulator(world, **options)


def test_dlpack_refuses_what_is_no_pair(sim):
    from throng import _core

    array = _core.sim_arrays(sim._handle)["action"]
    for wrong in ({"max_version": 5}, {"max_version": "1.0"}, {"max_version": (1,)}, {"dl_device": 3}, {"dl_device": ("cpu", 0)}):
        with pytest.raises(TypeError):
            array.__dlpack__(**wrong)
    assert np.from_dlpack(array).shape == (64, 1)
