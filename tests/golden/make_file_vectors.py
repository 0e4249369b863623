"""Golden files for vectors taken as they are: ratings, keywords, a vocabulary and vectors of length
7 to 9, and the logical votes of every (user, item) after them by equations 4-8 of the paper and by
the rules of the published code, in float64. Run: python tests/golden/make_file_vectors.py"""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent / "file_vectors"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(11)
n_user, n_item, n_word, dim = 30, 50, 30, 6
words = [f"word {k}" for k in range(n_word)]
vector = rng.normal(size=(n_word, dim))
vector *= (rng.uniform(7, 9, n_word) / np.linalg.norm(vector, axis=1))[:, None]
vector = vector.astype(np.float32)


def some(low, high, of):
    return sorted(int(x) for x in rng.choice(of, rng.integers(low, high + 1), replace=False))


pros = [some(0, 5, n_word) for _ in range(n_item)]
cons = [some(0, 4, n_word) for _ in range(n_item)]
categories = [some(0, 2, 5) for _ in range(n_item)]
history = {}
rows = ["user,item,rating,time"]
for i in range(n_item):  # so that items have their numbers' order
    rows.append(f"u{i % n_user},i{i},{rng.integers(1, 6)},{1000 + i}")
for u in range(n_user):
    for i in some(5, 14, n_item):
        if i % n_user != u:
            rows.append(f"u{u},i{i},{1 if u == 3 else rng.integers(1, 6)},{2000 + i}")
for row in rows[1:]:
    user, item, rating, _ = row.split(",")
    history.setdefault(int(user[1:]), []).append((int(item[1:]), int(rating) >= 4))

order = rng.permutation(n_word)
(here / "ratings.csv").write_text("\n".join(rows) + "\n")
(here / "vocabulary.txt").write_text("\n".join(words[k] for k in order) + "\n")
save_file({"embedding": np.ascontiguousarray(vector[order])}, here / "vectors.safetensors")
with open(here / "keywords.jsonl", "w") as file:
    for i in range(n_item):
        json.dump({"item": f"i{i}", "categories": [f"c{c}" for c in categories[i]],
                   "pros": [words[k] for k in pros[i]], "cons": [words[k] for k in cons[i]]}, file)
        file.write("\n")


def mean(lists, vectors):
    return [vectors[k].astype(np.float64).mean(0) if k else np.zeros(dim) for k in lists]


def unit(x):
    length = np.linalg.norm(x)
    return x / length if length > 0 else x


def cosine(a, b):
    return float(unit(a) @ unit(b))


TIE = 2


def paper(past, c, e_pos, e_neg):
    """h_C, then a+, a-, b+, b-; a tie is a coin."""
    near = [(i, y) for i, y in past if set(categories[i]) & set(categories[c])] or past
    a = sum(len(set(pros[c]) & set(pros[i])) for i, y in near if y), \
        sum(len(set(cons[c]) & set(cons[i])) for i, y in near if not y)
    b = max((float(unit(e_pos[c]) @ unit(e_pos[i])) for i, y in near if y), default=-1.0), \
        max((float(unit(e_neg[c]) @ unit(e_neg[i])) for i, y in near if not y), default=-1.0)
    return [*a, *b] + [TIE if x == y else int(x > y) for x, y in (a, b)]


def published(past, c, e_pos, e_neg):
    """Sides choose their scope apart; ties are 0; an empty list is one keyword."""
    sides = []
    for liked, words_of, e in ((True, pros, e_pos), (False, cons, e_neg)):
        side = [i for i, y in past if y == liked]
        scope = [i for i in side if set(categories[i]) & set(categories[c])] or side
        kept = [set(words_of[i]) or {None} for i in range(n_item)]
        sides.append((len(side), sum(len(kept[c] & kept[i]) for i in scope),
                      max((cosine(e[c], e[i]) for i in scope), default=-1.0)))
    (n_pos, a_pos, b_pos), (n_neg, a_neg, b_neg) = sides
    votes = [1, 1] if n_pos == 0 else [0, 0] if n_neg == 0 else [int(a_pos > a_neg),
                                                                 int(b_pos > b_neg)]
    return [a_pos, a_neg, b_pos, b_neg] + votes


def table(rule, vectors):
    e_pos, e_neg = mean(pros, vectors), mean(cons, vectors)
    return np.array([rule([(i, y) for i, y in history[u] if i != c], c, e_pos, e_neg)
                     for u in range(n_user) for c in range(n_item)])


scaled = vector / np.linalg.norm(vector, axis=1, keepdims=True)
golden = {}
for name, rule in ("paper", paper), ("published", published):
    t, other = table(rule, vector), table(rule, scaled)
    margin = np.abs(t[:, 2] - t[:, 3])
    margin = margin[margin > 0]
    print(name, "least margin", margin.min(), "votes", t[:, 4:].mean(0), "ties", (t == TIE).sum(0)[4:],
          "; scaled to length 1 first:", (t[:, 5] != other[:, 5]).sum(), "other votes,",
          (np.abs(t[:, 2:4] - other[:, 2:4]) > 1e-4).sum(), "other similarities, up to",
          np.abs(t[:, 2:4] - other[:, 2:4]).max())
    assert margin.min() > 1e-6 and (t[:, 5] != other[:, 5]).sum() > 3
    golden[name + ".matches"] = np.ascontiguousarray(t[:, :2]).astype(np.int32)
    golden[name + ".similarity"] = np.ascontiguousarray(t[:, 2:4]).astype(np.float32)
    golden[name + ".votes"] = np.ascontiguousarray(t[:, 4:]).astype(np.int32)
save_file(golden, here / "votes.safetensors")
