"""usage: read_episodes.py FOLDER

Do numpy, Python's csv and, where it is installed, RecBole's own reader see the same episodes in FOLDER/log/log.npy, log.csv and
log.inter? They were written by throng export --policy popular --epsilon 0.3 --history of 200 users and 150 items.
"""
import csv
import math
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
array = np.load(folder / "log" / "log.npy")
with open(folder / "log" / "log.csv", newline="") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == len(array) > 1000
for name in array.dtype.names:
    for text, value in zip((row[name] for row in rows), array[name]):
        if array.dtype[name].kind == "S":
            assert text == value.decode()
        elif text:
            assert float(text) == value, (name, text, value)
        else:
            assert name == "propensity" and math.isnan(value)
shown = array[array["step"] >= 0]
assert len(np.unique(shown["session"])) == 60 and np.isnan(array["propensity"]).sum() == len(array) - len(shown)
assert set(np.round(shown["propensity"], 6)) == {round(0.3 / 150, 6), round(0.7 + 0.3 / 150, 6)}
for session in range(60):  # whole, in order, ended once
    of = shown[shown["session"] == session]
    assert (of["step"] == np.arange(len(of))).all() and (of["end"] > 0).sum() == 1 and of["end"][-1] > 0
    assert len(set(of["user"])) == 1 and (np.diff(of["time"]) == 1).all()
said = "numpy, csv"

inter = [line.rstrip("\n").split("\t") for line in open(folder / "log" / "log.inter")]
assert [field.split(":")[0] for field in inter[0]] == ["user_id", "item_id", "label", "timestamp", "session_id", "step", "end", "propensity"]
assert [[r["user"], r["item"], r["like"], r["time"], r["session"], r["step"], r["end"], r["propensity"]] for r in rows] == inter[1:]
try:
    from recbole.config import Config
    from recbole.data.dataset import Dataset
except ImportError:
    pass
else:
    sys.argv = sys.argv[:1]
    columns = {"inter": ["user_id", "item_id", "label", "timestamp", "session_id", "step", "end", "propensity"],
               "item": ["item_id", "title", "categories", "item_interactions", "item_likes"],
               "user": ["user_id", "user_interactions", "user_likes"]}
    data = Dataset(Config(model="BPR", dataset="log", config_dict={
        "data_path": str(folder), "load_col": columns, "TIME_FIELD": "timestamp", "LABEL_FIELD": "label"}))
    assert (data.user_num, data.item_num, data.inter_num) == (201, 151, len(rows))  # one of each is padding
    users = data.id2token("user_id", data.inter_feat["user_id"].to_numpy())
    assert list(users) == [row["user"] for row in rows]
    assert data.inter_feat["label"].sum() == array["like"].sum()
    said += ", RecBole"
print(f"read_episodes: {len(rows)} rows by {said}")
