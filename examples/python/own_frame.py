"""Your own data frame as a world, votes on it with their reasons. (pip install throng pandas)"""
import numpy as np
import pandas as pd

import throng

random = np.random.default_rng(1)
n_user, n_item = 200, 60
genre = random.integers(0, 4, n_item)
taste = random.integers(0, 4, n_user)
rows = pd.DataFrame({"user": random.integers(0, n_user, 6000), "item": random.integers(0, n_item, 6000)})
match = genre[rows["item"]] == taste[rows["user"]]
rows["stars"] = np.where(random.random(6000) < np.where(match, 0.9, 0.2), 5, 2)
rows["when"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(6000), unit="h")

words = [f"good {kind}" for kind in ("plot", "songs", "jokes", "scares")]
items = pd.DataFrame({
    "item": np.arange(n_item), "title": [f"Film {k}" for k in range(n_item)],
    "genre": [words[g].split()[1] for g in genre], "pros": [[words[g]] for g in genre],
    "cons": [[f"too little of {words[(g + 1) % 4].split()[1]}"] for g in genre]})
vectors = {word: random.normal(size=8) for word in {w for cell in items["pros"] for w in cell} |
           {w for cell in items["cons"] for w in cell}}

world = throng.World.from_frame(
    rows, rating="stars", like_threshold=4, time="when", items=items, name="title", categories="genre",
    liking="pros", disliking="cons", keyword_embedding=vectors)
print(world)
sta = throng.Sta.fit(world, epochs=10, width=16, window=16)
print(f"f_sta tells likes from dislikes with an AUC of {sta.report['test_auc']:.2f} on what it never saw")

why = throng.explain(world, "7", "3", sta=sta)
print(f"user 7 and {world.item_names[world.item('3')]}: {'likes' if why['like'] else 'does not like'} it")
for name, vote in why["votes"].items():
    if vote["asked"]:
        print(f"  {vote['title']:<17} {vote['vote']}   score {vote['score']:.2f}")
