#!/usr/bin/env python3
"""Makes tests/golden/users.json: trajectories of users that change, from the sources' equations as
docs/dynamics.md gives them, with state that is carried from step to step as the sources' programs do
(a budget, counters of boredom, a leaky sum, an interest vector). Nothing of throng is used; random
numbers are Philox4x32-10 written out from Salmon et al. (SC 2011). Answers before dynamics are those
of the keyword vote (arXiv 2412.16984, eq. 1-3). Needs numpy. usage: make_users.py > users.json"""
import json
import sys
from collections import Counter, deque

import numpy as np

USER, LEAVE, COIN, APPETITE = 1, 2, 3, 20  # purposes
SEED, LANES, STEPS, CAPACITY = 11, 4, 28, 48
rng = np.random.default_rng(5)


def philox(purpose, draw, step, lane, episode):
    c, k, mask = [draw, step, lane, episode], [SEED, purpose], 2**32 - 1
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 >> 32 ^ c[1] ^ k[0], p1 & mask, p0 >> 32 ^ c[3] ^ k[1], p0 & mask]
        k = [k[0] + 0x9E3779B9 & mask, k[1] + 0xBB67AE85 & mask]
    return c[0]


def uniform(word):
    return word / 2**32 + 0.5 / 2**32


def unit(n, dim):
    x = rng.normal(size=(n, dim))
    return np.float32(x / np.linalg.norm(x, axis=1, keepdims=True))


class World:
    n_item, n_user, n_category, dim = 24, 9, 70, 4

    def __init__(self):
        pick = lambda of, most: sorted(map(int, rng.choice(of, rng.integers(0, most + 1), replace=False)))
        # Two categories have numbers that are equal modulo 64.
        self.category = [pick([0, 1, 2, 3, 64, 69], 2) or [int(rng.choice([0, 64]))] for _ in range(self.n_item)]
        self.category[7] = []
        self.liking = [pick(5, 4) for _ in range(self.n_item)]
        self.disliking = [pick(5, 2) for _ in range(self.n_item)]
        self.e = unit(self.n_item, self.dim)
        self.e[[not k for k in self.liking]] = 0
        self.history = [[[int(rng.integers(self.n_item)), int(rng.random() < 0.7)] for _ in range(rng.integers(1, 9))]
                        for _ in range(self.n_user)]


class Lane:
    """One user's session: what the sources' programs keep."""

    def __init__(self, w, o, lane, episode):
        self.w, self.o = w, o
        self.user = philox(USER, 0, 0, lane, episode) * w.n_user >> 32
        self.past = [tuple(x) for x in w.history[self.user]]
        self.step, self.tau = 0, o["temper"]
        self.shown = []  # slates
        self.clicks = deque()  # (step, topic)
        self.bored, self.timeout = set(), {}
        self.satiation = Counter()
        liked = [w.e[i].astype(float) for i, y in self.past if y]
        self.u0 = np.mean(liked, axis=0) if liked else np.zeros(w.dim)
        self.u = self.u0.copy()

    def rule(self, item, coin):
        w = self.w
        same = [(i, y) for i, y in self.past if set(w.category[i]) & set(w.category[item])] or self.past
        pos = sum(len(set(w.liking[i]) & set(w.liking[item])) for i, y in same if y)
        neg = sum(len(set(w.disliking[i]) & set(w.disliking[item])) for i, y in same if not y)
        return int(pos > neg) if pos != neg else coin

    def terms(self, item):
        o, w = self.o, self.w
        topics = w.category[item]
        t = {"mood": self.tau}
        window = [i for slate in self.shown[-o["repeat_window"]:] for i in slate] if o["repeat_window"] else []
        counts = Counter(c for i in window for c in w.category[i])
        t["repeats"] = max([counts[c] for c in topics], default=0)
        which = self.bored if o["bored_deaf"] else self.bored & set(topics)
        t["bored"] = max([self.timeout[c] for c in which], default=0)
        t["satiation"] = max([self.satiation[c] for c in topics], default=0) if o["satiation"] else 0
        distance = lambda a, b: float(np.linalg.norm(w.e[a].astype(float) - w.e[b].astype(float)))
        t["exposure"] = o["exposure"] * sum(
            np.exp(-(self.step - k) * distance(item, i) / o["exposure_tau"])
            for k, slate in enumerate(self.shown) for i in slate)
        t["drift"] = float((self.u - self.u0) @ w.e[item].astype(float)) if o["drift"] else 0.0
        return t

    def answer(self, item, like, word):
        t, o = self.terms(item), self.o
        if t["bored"]:
            return 0, t
        p = np.exp(-o["satiation"] * t["satiation"]) / (1 + t["exposure"])  # each source's own form
        d = np.log(p) + o["drift"] * t["drift"]
        if like:
            return int(uniform(word) <= np.exp(min(d, 0))), t
        return int(d > 0 and uniform(word) <= 1 - np.exp(-d)), t

    def advance(self, slate, likes):
        """KuaiSim's get_leave_signal, EasyRL4Rec's _determine_whether_to_leave, SARDINE's _update_user_state."""
        o, w = self.o, self.w
        repeats = any(self.terms(i)["repeats"] > o["repeat_threshold"] for i in slate) if o["repeat_window"] else False
        self.tau -= np.mean([o["temper_like"] if y else o["temper_dislike"] for y in likes])
        for i, y in zip(slate, likes):
            self.past.append((i, y))
            if y:
                self.u = (1 - o["drift_rate"]) * self.u + o["drift_rate"] * w.e[i].astype(float)
                self.clicks.extend((self.step, c) for c in w.category[i])
        self.shown.append(slate)
        for c in self.satiation:
            self.satiation[c] *= o["satiation_memory"]
        for c in {c for i in slate for c in w.category[i]}:
            self.satiation[c] += 1
        self.step += 1
        while self.clicks and self.clicks[0][0] < self.step - o["bored_window"]:
            self.clicks.popleft()
        for c in list(self.bored):
            self.timeout[c] -= 1
            if self.timeout[c] == 0:
                self.bored.remove(c)
        if o["bored_likes"]:
            for c, n in Counter(c for _, c in self.clicks).items():
                if n >= o["bored_likes"] and c not in self.bored:
                    self.bored.add(c)
                    self.timeout[c] = o["bored_steps"]
        if repeats:
            return "repetition"
        return "mood" if o["temper"] and self.tau < 1 else None


OFF = dict(temper=0, temper_like=1, temper_dislike=2, repeat_window=0, repeat_threshold=0, bored_likes=0,
           bored_window=5, bored_steps=5, bored_deaf=False, satiation=0, satiation_memory=0.7, exposure=0,
           exposure_tau=100, drift=0, drift_rate=0.05)
CASES = {
    "none": {}, "temper": dict(temper=10), "temper_costs": dict(temper=7.5, temper_like=0.5, temper_dislike=1.75),
    "repetition": dict(repeat_window=5, repeat_threshold=1), "repetition_once": dict(repeat_window=1),
    "boredom": dict(bored_likes=2), "deaf": dict(bored_likes=3, bored_deaf=True),
    "boredom_window": dict(bored_likes=2, bored_window=3, bored_steps=3),
    "satiation": dict(satiation=0.5), "exposure": dict(exposure=1, exposure_tau=1), "exposure_cirs": dict(exposure=0.05),
    "drift": dict(drift=10, drift_rate=0.2),
    "all": dict(temper=16, repeat_window=2, repeat_threshold=1, bored_likes=3, bored_deaf=True, satiation=0.2,
                satiation_memory=0.6, exposure=0.2, exposure_tau=2, drift=6, drift_rate=0.1),
}


def run(w, o, slate_size, leave_probability, max_steps):
    lanes, episode, rows = [Lane(w, o, l, 0) for l in range(LANES)], [0] * LANES, []
    for _ in range(STEPS):
        for l in range(LANES):
            lane = lanes[l]
            slate = [int(i) for i in rng.integers(w.n_item, size=slate_size)]
            likes, terms = [], []
            for slot, item in enumerate(slate):
                where = (slot, lane.step, l, episode[l])
                y, t = lane.answer(item, lane.rule(item, philox(COIN, *where) >> 31), philox(APPETITE, *where))
                likes.append(y)
                terms.append([float(f"{t[k]:.6g}") for k in ("mood", "repeats", "bored", "satiation", "exposure", "drift")])
            chance = uniform(philox(LEAVE, 0, lane.step, l, episode[l])) <= leave_probability
            why = lane.advance(slate, likes) or ("chance" if chance else "none")
            end = 1 if why != "none" else 2 if lane.step >= max_steps else 0
            rows.append([slate, likes, why, end, terms])
            if end:
                episode[l] += 1
                lanes[l] = Lane(w, o, l, episode[l])
    return rows


def main():
    w = World()
    cases = []
    for name, given in CASES.items():
        for slate_size in (1, 2):
            o = OFF | given
            p = float(np.float32(0.02))
            cases.append({"name": f"{name}/{slate_size}", "users": given, "slate_size": slate_size, "leave_probability": p,
                          "max_steps": 16, "rows": run(w, o, slate_size, p, 16)})
    json.dump({"seed": SEED, "lanes": LANES, "history": CAPACITY, "n_category": w.n_category, "category": w.category,
               "liking": w.liking, "disliking": w.disliking, "embedding": w.e.tolist(), "histories": w.history,
               "cases": cases}, sys.stdout, separators=(",", ":"))


main()
