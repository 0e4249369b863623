#!/usr/bin/env python3
"""Makes reviews.csv and items.csv of the tutorial: reviews of board games that nobody wrote. Users have tastes (two kinds of
game, and what they want of one), games have traits, and a rating says how well both meet; the text names traits.

    python examples/tutorial/make_reviews.py examples/tutorial
"""
import csv
import random
import sys
from pathlib import Path

draw = random.Random(1)
kinds = ["Strategy", "Party", "Cooperative", "Word"]
good = ["clever rules", "quick rounds", "lovely artwork", "funny moments", "deep choices", "sturdy pieces", "gripping story", "fair scoring"]
bad = ["slow turns", "flimsy cards", "dull theme", "blind luck", "endless setup", "muddled rulebook", "cramped board", "noisy table"]
places = ["Harbour", "Orchard", "Lighthouse", "Market", "Monastery", "Canyon", "Observatory", "Caravan", "Glacier", "Theatre"]
things = ["Copper", "Silk", "Foxes", "Lanterns", "Clouds", "Salt", "Violins", "Maps"]

items = []
for number in range(80):
    name = f"{places[number % 10]} of {things[number // 10]}"
    items.append((f"g{number:02d}", name, draw.sample(kinds, 1), draw.sample(good, 2), draw.sample(bad, 2)))

rows = []
for user in range(160):
    wanted = draw.sample(kinds, draw.choice([1, 2]))
    loves, minds = draw.sample(good, 3), draw.sample(bad, 2)
    generous = draw.gauss(0, 0.4)
    day = 15000 + draw.randrange(2000)
    for item in draw.sample(range(80), draw.randrange(10, 24)):
        _, _, kind, pros, cons = items[item]
        met = [trait for trait in pros if trait in loves]
        hurt = [trait for trait in cons if trait in minds]
        score = 2.6 + generous + 1.4 * (kind[0] in wanted) + 1.1 * len(met) - 1.2 * len(hurt) + draw.gauss(0, 0.4)
        rating = max(1, min(5, round(score)))
        praised = met + [trait for trait in pros if trait not in met]
        blamed = hurt + [trait for trait in cons if trait not in hurt]
        if rating >= 4:
            text = f"{draw.choice(['We love', 'Great for'])} the {praised[0]} and {praised[1]}."
        elif rating == 3:
            text = f"It has {praised[0]} but {blamed[0]} too."
        else:
            text = f"{draw.choice(['Spoiled by', 'We gave up over'])} {blamed[0]} and {blamed[1]}."
        day += draw.randrange(1, 60)
        rows.append((f"u{user:03d}", f"g{item:02d}", rating, day * 86400, text))

folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
with open(folder / "items.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["item", "title", "categories"])
    out.writerows((number, name, "|".join(kind)) for number, name, kind, _, _ in items)
with open(folder / "reviews.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["user", "item", "rating", "time", "text"])
    out.writerows(rows)
