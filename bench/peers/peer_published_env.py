#!/usr/bin/env python3
"""The released environment (Applied-Machine-Learning-Lab/LLM_User_Simulator, environment/env.py)
played by a random policy on a world file, by code of its own: what docs/paper.md holds throng's
sim.environment against on a real set.

usage: peer_published_env.py WORLD [SESSIONS=2000]
Needs numpy and safetensors. The statistical vote is 1, as in the released code."""

import sys

import numpy as np
from safetensors.numpy import load_file

w = load_file(sys.argv[1])
sessions = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
n_item, n_user = len(w["pos_offset"]) - 1, len(w["user_offset"]) - 1


def lists(name):
    o, v = w[name + "_offset"], w[name]
    return [frozenset(v[o[i]:o[i + 1]].tolist()) for i in range(n_item)]


category, pros, cons = lists("category"), lists("pos"), lists("neg")
none = frozenset([-1])
words = [[x or none for x in side] for side in (pros, cons)]
near = [w[n].astype(float) @ w[n].astype(float).T for n in ("embedding_pos", "embedding_neg")]
rows = {u: [(int(w["history_item"][k]), int(w["history_like"][k]), int(w["history_time"][k]))
            for k in range(w["user_offset"][u], w["user_offset"][u + 1])] for u in range(n_user)}
table = [(u, *r) for u in range(n_user) for r in rows[u]]


def votes(past, c):
    sides = [[i for i, y in past if y == like] for like in (1, 0)]
    if not sides[0]:
        return 1, 1
    if not sides[1]:
        return 0, 0
    sides = [[i for i in s if category[i] & category[c]] or s for s in sides]
    a = [sum(len(words[k][c] & words[k][i]) for i in s) for k, s in enumerate(sides)]
    b = [max(near[k][c, i] for i in s) for k, s in enumerate(sides)]
    return a[0] > a[1], b[0] > b[1] + 1e-7


for order, ordered in (("by time", sorted(table, key=lambda r: (r[3], r[0]))), ("by user", table)):
    first = {}
    for u, i, _, t in ordered:
        first.setdefault(i, (u, t))
    rng = np.random.default_rng(1)
    answers, length, others, coins = [], [], 0, 0
    for _ in range(sessions):
        user = int(rng.integers(n_user))
        session, likes = [(i, y) for i, y, _ in rows[user][:2]], 0
        length.append(int(rng.geometric(0.025)))
        for _ in range(length[-1]):
            item = int(rng.integers(n_item))
            reviewer, when = first.get(item, (-1, 0))
            past = [(i, y) for i, y, t in rows.get(reviewer, []) if t < when and i != item]
            like = int(any(votes(past + session, item))) if past else int(rng.integers(2))
            others += reviewer != user
            coins += not past
            likes += like
            session.append((item, like))
        answers.append(likes)
    n, ratio = sum(length), sum(answers) / sum(length)
    rest = np.array(answers) - ratio * np.array(length)
    print(f"{order}: another user {100 * others / n:.1f} %, coin {100 * coins / n:.1f} %, "
          f"{ratio:.4f} a step (standard error {rest.std(ddof=1) / np.sqrt(sessions) / np.mean(length):.4f}), "
          f"A.Rwd {np.mean(answers):.2f}, of ten sessions +- {np.std(answers, ddof=1) / np.sqrt(10):.2f}")
