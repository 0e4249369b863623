import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import vector as wrappers

import throng
from throng.gym import RecommendEnv, VectorEnv

OPTIONS = {"votes": {"rule": "logical"}, "history": 16, "max_steps": 12, "leave_probability": 0.15}


def rollout(envs, steps, seed=3):
    """Rewards of each lane's episodes, in order: the same whatever the mode."""
    disabled = envs.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    next_step = envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    envs.reset(seed=seed)
    lanes = [[[]] for _ in range(envs.num_envs)]
    skip = np.zeros(envs.num_envs, bool)
    at = np.zeros(envs.num_envs, int)
    for _ in range(steps):
        actions = (at * 7 + np.arange(envs.num_envs)) % envs.world.n_item
        _, reward, terminated, truncated, _ = envs.step(actions)
        done = terminated | truncated
        for lane in range(envs.num_envs):
            if skip[lane]:
                assert reward[lane] == 0 and not done[lane]
                continue
            lanes[lane][-1].append(reward[lane])
            at[lane] = 0 if done[lane] else at[lane] + 1
            if done[lane]:
                lanes[lane].append([])
        skip = done & next_step
        if disabled and done.any():
            envs.reset(options={"reset_mask": done})
    return [episodes[:3] for episodes in lanes]


def test_all_three_autoreset_modes_play_the_same_episodes(world):
    played = [rollout(VectorEnv(24, world, autoreset_mode=mode, **OPTIONS), 120) for mode in AutoresetMode]
    assert played[0] == played[1] == played[2]
    assert all(len(episode) > 0 for lane in played[0] for episode in lane)


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("observation", ["preferences", "history", "both"])
@pytest.mark.parametrize("action, slate", [("item", 1), ("item", 3), ("query", 1), ("query", 2)])
def test_what_comes_out_is_of_the_spaces(world, mode, observation, action, slate):
    envs = gymnasium.make_vec("throng/Recommend-v0", num_envs=8, world=world, autoreset_mode=mode,
                              observation=observation, action=action, slate_size=slate,
                              mask="session", action_mask=True, reasons=True, **OPTIONS)
    assert envs.metadata["autoreset_mode"] is mode
    obs, infos = envs.reset(seed=1)
    envs.action_space.seed(1)
    for _ in range(40):
        assert envs.observation_space.contains(obs)
        obs, reward, terminated, truncated, infos = envs.step(envs.action_space.sample())
        assert reward.dtype == np.float64 and reward.shape == (8,)
        done = terminated | truncated
        assert (infos["user"] < world.n_user).all() and infos["action_mask"].shape == (8, world.n_item)
        assert infos["votes"]["f_mat"].shape == ((8,) if slate == 1 else (8, slate))
        if mode is AutoresetMode.SAME_STEP and done.any():
            assert (infos["_final_obs"] == done).all()
            for lane in np.flatnonzero(done):
                assert envs.single_observation_space.contains(infos["final_obs"][lane])
                assert infos["final_info"]["length"][lane] >= 1
        if mode is AutoresetMode.DISABLED and done.any():
            obs, infos = envs.reset(options={"reset_mask": done})
    envs.close()


def test_the_final_observation_is_what_other_modes_observe(world):
    same = VectorEnv(32, world, autoreset_mode="SameStep", final_obs="array", observation="both", **OPTIONS)
    next_ = VectorEnv(32, world, observation="both", **OPTIONS)
    same.reset(seed=9), next_.reset(seed=9)
    for t in range(1):
        actions = np.full(32, 11)
    ended = np.zeros(32, bool)
    first = True
    a, b = same.step(actions), next_.step(actions)
    done = a[2] | a[3]
    assert (done == (b[2] | b[3])).all() and done.any()
    for name in ("item", "like", "preferences"):
        assert np.allclose(a[4]["final_obs"][name][done], b[0][name][done], atol=1e-5)
    # and the next observation of the other mode is what the same step shows already
    c = next_.step(actions)
    for name in ("item", "like", "preferences"):
        assert (c[0][name][done] == a[0][name][done]).all()


def test_seeds_repeat_and_resets_without_one_go_on(world):
    envs = VectorEnv(16, world, **OPTIONS)
    first = envs.reset(seed=4)[1]["user"]
    second = envs.reset()[1]["user"]
    assert (envs.reset(seed=4)[1]["user"] == first).all() and (second != first).any()
    assert (envs.reset(seed=list(range(4, 20)))[1]["user"] == first).all()
    assert envs.np_random_seed == 4 and envs.np_random.integers(10**9) == gymnasium.utils.seeding.np_random(4)[0].integers(10**9)
    assert (envs.reset(options={"users": [3]})[1]["user"] == 3).all()
    for options, words in (({"reset_mask": np.ones(3, bool)}, "reset_mask"), ({"mask": 1}, "none"),
                           ({"users": [10**6]}, "user")):
        with pytest.raises(throng.ArgumentError, match=words):
            envs.reset(options=options)
    for seed in (-1, 2**32, 1.5, [1, 3] * 8):
        with pytest.raises(throng.ArgumentError, match="seed"):
            envs.reset(seed=seed)


@pytest.mark.parametrize("actions, words", [
    (np.zeros(8), "expected integers"), (np.zeros((8, 2), int), "expected integers"),
    (np.zeros(7, int), "expected integers"), (np.full(8, -1), "lane 0: item -1"),
    (np.array([0] * 7 + [80]), "lane 7: item 80 is not in 0..79"), (np.full(8, 2**40), "lane 0"),
    (np.full(8, 2**63, np.uint64), "lane 0"), (None, "expected"), ("ab", "expected"),
    ([0] * 8, None), (np.zeros(8, np.uint8), None), (np.zeros(16, int)[::2], None), ([[0]] * 8, None),
    (np.zeros(8, bool), "expected integers"), (np.array(3), "expected integers"),
    (np.zeros(8, complex), "expected integers"), ([object()] * 8, "expected"),
    (np.ma.array(np.zeros(8, int), mask=np.arange(8) == 3), "masked"), (np.ma.array(np.zeros(8, int), mask=False), None),
    (np.zeros(8, "m8[s]"), "an array of numbers, not array"),
])
def test_wrong_actions_are_refused_and_nothing_moves(world, actions, words):
    envs = VectorEnv(8, world, **OPTIONS)
    envs.reset(seed=1)
    before = envs.sim.hash
    if words is None:
        envs.step(actions)
        assert envs.sim.hash != before
        return
    with pytest.raises(throng.ArgumentError, match=words):
        envs.step(actions)
    assert envs.sim.hash == before


def test_a_lane_that_ended_must_be_reset_where_nothing_else_does(world):
    envs = VectorEnv(8, world, autoreset_mode=AutoresetMode.DISABLED,
                     **{**OPTIONS, "leave_probability": 1.0})
    envs.reset(seed=1)
    envs.step(np.zeros(8, int))
    with pytest.raises(throng.ArgumentError, match="lane 0 has ended"):
        envs.step(np.zeros(8, int))
    envs.reset(options={"reset_mask": np.ones(8, bool)})
    envs.step(np.zeros(8, int))


def test_steps_before_the_first_reset_are_of_no_episode_after_it(world):
    envs = VectorEnv(8, world, **OPTIONS)
    first, _ = VectorEnv(8, world, **OPTIONS).reset()
    assert (envs.reset()[0] == first).all()
    for stepped in (VectorEnv(8, world, **OPTIONS), VectorEnv(8, world, autoreset_mode="SameStep", **OPTIONS)):
        stepped.step(np.zeros(8, int))
        obs, _ = stepped.reset()
        now = stepped.sim.observe()
        assert not now["step"].any() and now["episode"].all()
    refused = VectorEnv(8, world, **OPTIONS)
    with pytest.raises(throng.ArgumentError):
        refused.step(np.full(8, 80))
    assert (refused.reset()[0] == first).all()


def test_what_a_caller_writes_stays_his(world):
    for copy in (True, False):
        envs = VectorEnv(8, world, copy=copy, reasons=True, observation="both", mask="session", action_mask=True, **OPTIONS)
        obs, infos = envs.reset(seed=1)
        obs["mine"] = infos["mine"] = infos["votes"]["mine"] = 1
        if copy:
            infos["_user"][:] = infos["votes"]["_f_mat"][:] = False
        else:
            with pytest.raises(ValueError, match="read-only"):
                infos["_user"][:] = False
            with pytest.raises(ValueError, match="read-only"):
                envs.buffers["ended"][:] = True
        obs, *_, infos = envs.step(np.zeros(8, int))
        assert "mine" not in {*obs, *infos, *infos["votes"]} and infos["_user"].all() and infos["votes"]["_f_mat"].all()


def test_the_spec_of_an_environment_of_ones_own_world_can_be_copied(world, sta):
    import copy as copies

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("throng/Recommend-v0", world=world, sta=sta, history=16, max_steps=12)
        assert env.spec is not None and copies.deepcopy(env.spec).kwargs["world"] is world
        check_env(env.unwrapped)
        assert gymnasium.make(env.spec).unwrapped._lanes.world is world
        envs = gymnasium.make_vec("throng/Recommend-v0", num_envs=3, world=world, sta=sta, backend=sta.backend)
        assert gymnasium.make_vec(envs.spec).num_envs == 3


def test_masks_leave_out_what_the_session_has_shown(world):
    envs = VectorEnv(8, world, mask="session", action_mask=True, **{**OPTIONS, "leave_probability": 0.0})
    _, infos = envs.reset(seed=1)
    assert infos["action_mask"].all()
    _, _, _, _, infos = envs.step(np.arange(8))
    assert (~infos["action_mask"]).sum() == 8 and not infos["action_mask"][np.arange(8), np.arange(8)].any()
    assert (envs.action_masks() == infos["action_mask"]).all()


def test_buffers_are_the_same_memory_at_every_step(world):
    envs = VectorEnv(8, world, copy=False, **OPTIONS)
    obs, _ = envs.reset(seed=1)
    address = obs.__array_interface__["data"][0]
    for _ in range(5):
        obs, reward, *_ = envs.step(np.zeros(8, int))
        assert obs.__array_interface__["data"][0] == address and reward is envs.buffers["reward"]
    kept = VectorEnv(8, world, **OPTIONS)
    first, _ = kept.reset(seed=1)
    copy = first.copy()
    kept.step(np.zeros(8, int))
    assert (first == copy).all()


def test_a_step_gives_the_reasons_of_its_answers(world):
    envs = VectorEnv(8, world, reasons=True, **{**OPTIONS, "votes": {"rule": "f_mat"}})
    envs.reset(seed=1)
    why = envs.explain(3, 17)
    _, reward, *_, infos = envs.step(np.full(8, 17))
    assert infos["votes"]["like"][3] == reward[3]
    if not why["votes"]["f_mat"]["coin"]:
        assert why["votes"]["f_mat"]["vote"] == infos["votes"]["f_mat"][3]


def test_gymnasiums_own_checker_and_wrappers_pass(world):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for observation in ("preferences", "history", "both"):
            check_env(RecommendEnv(world, observation=observation, **OPTIONS), skip_render_check=True)
    envs = wrappers.RecordEpisodeStatistics(VectorEnv(8, world, **OPTIONS))
    envs = wrappers.NormalizeObservation(wrappers.NormalizeReward(envs))
    envs.reset(seed=1)
    returns = 0
    for _ in range(60):
        *_, infos = envs.step(envs.action_space.sample())
        returns += "episode" in infos
    assert returns > 0
    listed = wrappers.DictInfoToList(VectorEnv(8, world, autoreset_mode="SameStep", reasons=True, **OPTIONS))
    listed.reset(seed=1)
    ended = 0
    for _ in range(30):
        *_, infos = listed.step(listed.action_space.sample())
        assert len(infos) == 8 and "user" in infos[0]
        ended += sum("final_obs" in info for info in infos)
    assert ended > 0


def test_the_registered_world_makes_itself():
    env = gymnasium.make("throng/Synth-v0")
    obs, info = env.reset(seed=1)
    assert env.observation_space.contains(obs) and "user" in info
    with pytest.raises(throng.ArgumentError, match="masked"):
        env.unwrapped.step(np.ma.array([3], mask=[True]))
    assert gymnasium.make_vec("throng/Synth-v0", num_envs=2, render_mode=None).num_envs == 2
    assert env.unwrapped.action_masks().all() and env.unwrapped.explain(3)["item"] == 3


@pytest.mark.parametrize("options, words", [
    ({"observation": "all"}, "observation"), ({"action": "all"}, "action"), ({"lanes": 4}, "lanes"),
    ({"autoreset_mode": "never"}, "autoreset_mode"), ({"num_envs": 0}, "num_envs"),
    ({"final_obs": "list"}, "final_obs"), ({"render_mode": "human"}, "render_mode: nothing is drawn"),
    ({"max_episode_steps": 5}, "max_episode_steps: max_steps says it"), ({"world": "/nowhere"}, "nowhere"), ({"histry": 3}, "history"),
])
def test_wrong_options_of_an_environment_are_refused(world, options, words):
    with pytest.raises(throng.Error, match=words):
        VectorEnv(**{"num_envs": 8, "world": world, **OPTIONS, **options})


def test_a_world_without_embeddings_has_histories_to_look_at():
    plain = throng.World.from_arrays(user_offset=[0, 3], history_item=[0, 1, 2], history_like=[1, 0, 1], n_item=9)
    envs = VectorEnv(2, plain, observation="history", **OPTIONS)
    obs, _ = envs.reset(seed=1)
    assert (obs["item"][:, :3] == [0, 1, 2]).all() and (obs["like"][:, :3] == [1, -1, 1]).all()
    envs.step([4, 5])
    both, _ = VectorEnv(2, plain, observation="both", **OPTIONS).reset(seed=1)
    assert not both["preferences"].any()
