import numpy as np
import pytest

import throng


def test_arrays_are_views_of_one_memory_and_read_only(world):
    first, again = world.arrays["history_item"], throng.World.arrays.fget(world)["history_item"]
    assert first.__array_interface__["data"][0] == again.__array_interface__["data"][0]
    assert not first.flags.writeable and not first.flags.owndata
    with pytest.raises(ValueError):
        first[0] = 1


def test_arrays_outlive_their_world(tmp_path, world):
    world.save(tmp_path / "w.safetensors")
    other = throng.World.open(tmp_path / "w.safetensors")
    item, like, time = other.history(3)
    kept = item.copy()
    other.close()
    del other
    assert (item == kept).all() and len(like) == len(time) == len(item)


def test_a_world_opened_twice_is_two_worlds_of_one_hash(tmp_path, world):
    world.save(tmp_path / "w.safetensors")
    one, two = (throng.World.open(tmp_path / "w.safetensors") for _ in range(2))
    assert one.info["hash"] == two.info["hash"] == world.info["hash"]
    one.close()
    assert len(two.history(0)[0]) == len(world.history(0)[0])
    with pytest.raises(throng.ArgumentError, match="closed"):
        one.save(tmp_path / "again")


def test_histories_keywords_categories_and_ids_agree_with_the_arrays(world):
    a = world.arrays
    for user in (0, 17, world.n_user - 1):
        span = slice(a["user_offset"][user], a["user_offset"][user + 1])
        assert (world.history(user)[0] == a["history_item"][span]).all()
        assert world.user(world.user_ids[user]) == user
    for item in (0, world.n_item - 1):
        assert list(world.item_keywords(item)) == list(a["pos"][a["pos_offset"][item]:a["pos_offset"][item + 1]])
        assert world.item(world.item_ids[item]) == item
        assert len(world.item_categories(item)) >= 1
    assert len(world.keywords) == world.n_keyword and len(world.item_names) == world.n_item


def test_counts_are_those_of_the_histories(world):
    count, likes = world.item_counts()
    a = world.arrays
    assert (count == np.bincount(a["history_item"], minlength=world.n_item)).all()
    assert likes.sum() == a["history_like"].sum()


def test_parts_of_the_users_share_nobody(world):
    train, test = world.split_users(7, 0, 0.8), world.split_users(7, 0.8, 1)
    assert len(np.intersect1d(train, test)) == 0 and len(train) + len(test) == world.n_user


def test_from_arrays_is_what_it_was_made_of(world):
    a = world.arrays
    copy = throng.World.from_arrays(
        user_offset=a["user_offset"], history_item=a["history_item"], history_like=a["history_like"],
        history_time=a["history_time"], history_rating=a["history_rating"], n_item=world.n_item,
        category_offset=a["category_offset"], category=a["category"], liking_offset=a["pos_offset"],
        liking=a["pos"], disliking_offset=a["neg_offset"], disliking=a["neg"],
        embedding_liking=a["embedding_pos"], embedding_disliking=a["embedding_neg"],
        user_id=world.user_ids, item_id=world.item_ids, keyword=world.keywords,
        category_name=world.categories, like_threshold=3)
    for name in ("user_offset", "history_item", "history_like", "pos", "neg", "embedding_pos"):
        assert (copy.arrays[name] == a[name]).all()
    pairs = [1, 2, 3, 4], [5, 6, 7, 8]
    for rule in ("f_mat", "f_sim"):
        assert (throng.Votes(copy, rule=rule)(*pairs) == throng.Votes(world, rule=rule)(*pairs)).all()


@pytest.mark.parametrize("change, words", [
    ({"history_item": [0, 9]}, "history_item"),
    ({"history_item": [0.5, 1]}, "expected int32, not float64"),
    ({"history_like": [0, 2]}, "history_like"),
    ({"user_offset": [0, 3]}, r"history_item: expected int32 \(3\), not int32 \(2\)"),
    ({"user_offset": [0, -2]}, "user_offset"),
    ({"user_offset": [0, 5, 2]}, "user_offset"),
    ({"user_offset": []}, "user"),
    ({"liking_offset": [0, 1, 9], "liking": [0]}, "liking"),
    ({"liking_offset": [0, 1], "liking": [0]}, "liking_offset"),
    ({"embedding_liking": np.ones((2, 3))}, "embedding"),
    ({"keyword_embedding": [1.0, 2.0]}, "keyword_embedding"),
    ({"user_id": ["a", "b"]}, "user_id"),
    ({"item_id": ["a", "a"]}, "item_id"),
    ({"source": "a\0"}, "source: .* holds a NUL"),
    ({"history_item": [2**40, 1]}, "is no int32"),
    ({"history_time": [2, 1]}, "history_time"),
])
def test_wrong_arrays_are_refused_by_name(change, words):
    good = {"user_offset": [0, 2], "history_item": [0, 1], "history_like": [1, 0], "n_item": 2}
    throng.World.from_arrays(**good)
    with pytest.raises(throng.Error, match=words):
        throng.World.from_arrays(**{**good, **change})


def test_a_damaged_file_is_refused(tmp_path, world):
    path = tmp_path / "w.safetensors"
    world.save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(throng.FileError, match="w.safetensors") as caught:
        throng.World.open(path)
    assert isinstance(caught.value, OSError) and caught.value.status == "data error"
    with pytest.raises(throng.FileError, match="No such file"):
        throng.World.open(tmp_path / "none")


def test_from_config_makes_what_synth_makes(tmp_path):
    options = {"users": 60, "items": 40, "keywords": 200, "dim": 8}
    made = throng.World.from_config({"synth": options}, tmp_path / "w.safetensors")
    assert made.info["hash"] == throng.World.synth(**options).info["hash"]
    assert throng.World.open(tmp_path / "w.safetensors").info["hash"] == made.info["hash"]
    with pytest.raises(throng.ArgumentError, match="no world"):
        throng.World.from_config({})


def test_progress_may_stop_and_may_raise():
    with pytest.raises(throng.RunError) as caught:
        throng.World.synth(users=3000, items=300, progress=lambda *a: False)
    assert caught.value.status == "cancelled"

    def fail(*unused):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        throng.World.synth(users=3000, items=300, progress=fail)


def test_a_frame_becomes_a_world():
    pandas = pytest.importorskip("pandas")
    rows = pandas.DataFrame({
        "who": ["b", "a", "b", "a", "b", "b"], "what": ["x", "y", "y", "x", "z", "x"],
        "stars": [5, 2, 1, 4, 3, 1], "when": pandas.to_datetime([30, 10, 20, 40, 50, 60], unit="s")})
    items = pandas.DataFrame({
        "id": ["z", "y", "x", "w"], "title": ["Zed", "Why", "Ex", "Double"], "kind": ["k|m", "k", "m", ""],
        "pros": [["good", "fast"], ["good"], [], ["cheap"]], "cons": ["slow", "slow|dear", None, "dear"]})
    vectors = {"good": [1, 0], "fast": [0, 1], "cheap": [1, 1], "slow": [-1, 0], "dear": [0, -1]}
    world = throng.World.from_frame(
        rows, user="who", item="what", rating="stars", like_threshold=3, time="when", items=items,
        item_id="id", name="title", categories="kind", liking="pros", disliking="cons",
        keyword_embedding=vectors)
    assert world.user_ids == ["a", "b"] and world.item_ids == ["z", "y", "x", "w"]
    item, like, time = world.history("b")
    assert [world.item_ids[i] for i in item] == ["y", "x", "z"]  # by time; the second x is left out
    assert list(like) == [0, 1, 1] and list(time) == [20, 30, 50]
    assert [world.keywords[k] for k in world.item_keywords(0)] == ["fast", "good"]
    assert world.item_names[2] == "Ex" and world.dim == 2 and world.n_category == 2
    assert world.info["like_threshold"] == 3
    with pytest.raises(throng.ArgumentError, match="no column 'nothing'"):
        throng.World.from_frame(rows, user="nothing", item="what", rating="stars", like_threshold=3)
    with pytest.raises(throng.ArgumentError, match="like_threshold"):
        throng.World.from_frame(rows, user="who", item="what", rating="stars")
