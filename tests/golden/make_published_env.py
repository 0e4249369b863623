"""Golden file of the released environment: an independent rendering of what `reset` and `step` of
environment/env.py (Applied-Machine-Learning-Lab/LLM_User_Simulator, 3ab3d3a) do, over a table of
rows, played on a small world with given actions. Its coins, users and leavings are words of
Philox4x32-10 under the numbers that throng gives them. Needs numpy and safetensors.
Run: python tests/golden/make_published_env.py"""

import numpy as np
from safetensors.numpy import save_file

SEED, LANES, STEPS, LEAVE, START_ROWS = 7, 12, 90, np.float32(0.08), 2
USER, LEAVES, COIN = 1, 2, 5  # purposes
rng = np.random.default_rng(3)
n_user, n_item, n_met, n_word, n_category, dim = 25, 40, 36, 30, 6, 5


def philox(seed, purpose, draw, step, lane, episode):
    """The first word."""
    key, c = [seed, purpose], [draw, step, lane, episode]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ key[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c[0]


def some(low, high, of):
    return sorted(int(x) for x in rng.choice(of, rng.integers(low, high + 1), replace=False))


pros = [some(0, 6, n_word) for _ in range(n_item)]
cons = [some(0, 5, n_word) for _ in range(n_item)]
category = [some(0, 2, n_category) for _ in range(n_item)]
word = rng.normal(size=(n_word, dim)).astype(np.float32)
pros_vector = [word[k].astype(float).mean(0) if k else np.zeros(dim) for k in pros]
cons_vector = [word[k].astype(float).mean(0) if k else np.zeros(dim) for k in cons]

# Rows (user, item, like, time) by user; times have ties within and between users.
rows = []
for u in range(n_user):
    items = rng.choice(n_met, 1 if u % 8 == 5 else rng.integers(2, 11), replace=False)
    times = np.sort(rng.integers(0, 25, len(items)))
    for i, t in zip(items, times):
        rows.append((u, int(i), int(rng.random() < (0.15 if u % 6 == 0 else 0.7)), int(t)))


def cosine(a, b):
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / lengths) if lengths > 0 else 0.0


def answer(past, c):
    """(f_mat, f_sim, a+, a-) after (item, like) pairs."""
    liked, disliked = [i for i, y in past if y], [i for i, y in past if not y]
    if not liked:
        return 1, 1, None, None
    if not disliked:
        return 0, 0, None, None
    near = [[i for i in side if set(category[i]) & set(category[c])] or side
            for side in (liked, disliked)]
    words = lambda lists, i: set(lists[i]) or {""}  # an empty list is one keyword
    a = [sum(len(words(lists, c) & words(lists, i)) for i in side)
         for lists, side in ((pros, near[0]), (cons, near[1]))]
    b = [max(cosine(v[c], v[i]) for i in side)
         for v, side in ((pros_vector, near[0]), (cons_vector, near[1]))]
    if abs(b[0] - b[1]) < 1e-9:
        b[1] = b[0]
    assert b[0] == b[1] or abs(b[0] - b[1]) > 1e-5, "a margin too small for floats"
    return int(a[0] > a[1]), int(b[0] > b[1]), a[0], a[1]


def play(table, action):
    """Every lane alone, as the released environment plays."""
    out = {k: np.zeros((STEPS, LANES), np.int32)
           for k in ("user", "like", "coin", "other", "f_mat", "f_sim", "a_pos", "a_neg", "ended")}
    for lane in range(LANES):
        episode, step, session, user = 0, 0, None, None
        for t in range(STEPS):
            if session is None:
                user = philox(SEED, USER, 0, 0, lane, episode) * n_user >> 32
                session = [(i, y) for u, i, y, _ in table if u == user][:START_ROWS]
                step = 0
            item = int(action[t, lane])
            first = next((row for row in table if row[1] == item), None)
            reviews = [] if first is None else [
                (i, y) for u, i, y, when in table
                if u == first[0] and i != item and when < first[3]]
            if reviews:
                mat, sim, a_pos, a_neg = answer(reviews + session, item)
                like = int(mat + sim + 1 >= 2)  # f_sta always says 1
            else:
                like = mat = sim = philox(SEED, COIN, 0, step, lane, episode) >> 31
                a_pos = a_neg = None
            session.append((item, like))
            word_ = philox(SEED, LEAVES, 0, step, lane, episode)
            uniform = np.float32(word_) * np.float32(2.0 ** -32) + np.float32(2.0 ** -33)
            ended = bool(uniform <= LEAVE)
            for key, value in (("user", user), ("like", like), ("coin", not reviews),
                               ("other", first is not None and first[0] != user),
                               ("f_mat", mat), ("f_sim", sim), ("ended", ended),
                               ("a_pos", -1 if a_pos is None else a_pos),
                               ("a_neg", -1 if a_neg is None else a_neg)):
                out[key][t, lane] = value
            step += 1
            if ended:
                episode, session = episode + 1, None
    return out


def csr(lists):
    return (np.concatenate([[0], np.cumsum([len(x) for x in lists])]).astype(np.int64),
            np.array([k for x in lists for k in x], dtype=np.int32))


action = rng.integers(0, n_item, (STEPS, LANES)).astype(np.int32)
golden = {"action": action, "keyword_embedding": word,
          "user_offset": csr([[r for r in rows if r[0] == u] for u in range(n_user)])[0],
          "history_item": np.array([r[1] for r in rows], np.int32),
          "history_like": np.array([r[2] for r in rows], np.uint8),
          "history_time": np.array([r[3] for r in rows], np.int64)}
for name, lists in (("pos", pros), ("neg", cons), ("category", category)):
    golden[name + "_offset"], golden[name] = csr(lists)
by_time = sorted(rows, key=lambda r: (r[3], r[0]))  # stable: within a user and time as they were
for name, table in (("by_time", by_time), ("by_user", rows)):
    played = play(table, action)
    golden |= {f"{name}.{k}": v for k, v in played.items()}
    print(name, *(f"{k} {played[k].mean():.3f}" for k in ("like", "coin", "other", "ended")))
save_file(golden, __file__.replace("make_published_env.py", "published_env.safetensors"))
