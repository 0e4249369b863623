"""Golden file of choice models over slates and of users who come back (docs/slates.md): whole
trajectories from the same uniforms, by a Philox and models of its own, and closed forms for draws by
the million. Needs numpy, scipy and safetensors. Run: python tests/golden/make_choice.py"""

from itertools import combinations, permutations

import numpy as np
from safetensors.numpy import save_file
from scipy.stats import chi2

LEAVE, ANSWER, CHOICE, RETURN = 2, 5, 21, 22  # purposes (kernels/base/random.h)
EACH, MULTINOMIAL, PLACKETT_LUCE, CASCADE = range(4)
SEED, LANES, SLATE, STEPS = 77, 32, 4, 60


def philox(key, counter):
    """Philox4x32-10, Salmon et al. 2011; its first word."""
    c, k = [np.uint64(x) for x in counter], [np.uint64(x) for x in key]
    mask = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> np.uint64(32)) ^ c[1] ^ k[0], b & mask, (a >> np.uint64(32)) ^ c[3] ^ k[1], a & mask]
        k = [(k[0] + np.uint64(0x9E3779B9)) & mask, (k[1] + np.uint64(0xBB67AE85)) & mask]
    return int(c[0])


def uniform(purpose, draw, step, lane, episode):
    word = philox((SEED, purpose), (draw, step, lane, episode))
    return float(np.float32(word) * np.float32(2.0**-32) + np.float32(2.0**-33))


def attention(bias, slot):
    return (1 + slot) ** -bias


near = []  # how near decisions come to turning over: a float may not decide otherwise than we


def first(times):
    order = np.argsort(times)
    if len(times) > 1 and np.isfinite(times[order[1]]):
        near.append(abs(times[order[1]] - times[order[0]]) / times[order[1]])
    return order[0]


def below(u, p):
    if 0 < p < 1:
        near.append(abs(u - p))
    return u <= p


def examine(model, p, like, none, bias, most, at):
    """Which slots the user looks at: Gumbel-max as it is written (log s - log(-log u)), by sorting."""
    u = np.array([uniform(CHOICE, k, *at) for k in range(SLATE + 1)])
    if model in (EACH, CASCADE):
        seen = np.zeros(SLATE, bool)
        for k in range(SLATE):
            seen[k] = below(u[k], attention(bias, k))
            if model == CASCADE and seen[k] and like[k]:
                break
        return seen
    score = np.append(p * [attention(bias, k) for k in range(SLATE)], none)
    with np.errstate(divide="ignore"):
        key = np.log(score) - np.log(-np.log(u))
    seen, left = np.zeros(SLATE, bool), list(range(SLATE + 1))
    for _ in range(1 if model == MULTINOMIAL else most):
        k = left[first(np.exp(-key[left]))]
        if k == SLATE or not np.isfinite(key[k]):
            break
        seen[k] = True
        left.remove(k)
    return seen


def play(p, model, none, bias, most, leave, sessions, return_bias, return_reward, days, max_steps):
    """One lane after the other; arrays (STEPS, LANES, ..)."""
    out = {k: np.zeros((STEPS, LANES, SLATE), np.uint8) for k in ("examined", "like")}
    out |= {k: np.zeros((STEPS, LANES), np.uint8)
            for k in ("ended", "returned", "session", "step", "entries")}
    for lane in range(LANES):
        episode = step = session = began = entries = 0
        likes = 0.0
        for t in range(STEPS):
            at = (step, lane, episode)
            like = np.array([below(uniform(ANSWER, k, *at), p[t, lane, k]) for k in range(SLATE)])
            seen = examine(model, p[t, lane], like, none, bias, most, at)
            like &= seen
            out["examined"][t, lane], out["like"][t, lane] = seen, like
            likes += like.sum()
            entries += seen.sum()
            leaves = below(uniform(LEAVE, 0, *at), leave)
            step += 1
            if leaves and session + 1 < sessions and step < max_steps:
                mean = likes / ((step - began) * SLATE)
                chance = np.clip(return_bias + return_reward * mean, 0.001, 0.999)
                u, day, away = uniform(RETURN, 0, *at), 0, 1.0
                for k in range(1, days + 1):
                    away *= 1 - chance
                    near.append(abs(u - away))
                    if u > away:
                        day = k
                        break
                if day:
                    out["returned"][t, lane] = day
                    session, began, likes, leaves = session + 1, step, 0.0, False
            out["ended"][t, lane] = 1 if leaves else 2 if step >= max_steps else 0
            if out["ended"][t, lane]:
                episode, step, session, began, entries, likes = episode + 1, 0, 0, 0, 0, 0.0
            out["session"][t, lane], out["step"][t, lane] = session, step
            out["entries"][t, lane] = entries
    return out


rng = np.random.default_rng(5)
p = rng.random((STEPS, LANES, SLATE)).astype(np.float32)
p[rng.random(p.shape) < 0.1] = 0
#        model         none bias most leave sessions bias reward days max_steps
CASES = [(EACH, 0, 0.7, 3, 0.1, 1, 0.4, 0.1, 10, 12),
         (MULTINOMIAL, 0.5, 0, 3, 0.1, 1, 0.4, 0.1, 10, 12),
         (PLACKETT_LUCE, 0.8, 0.5, 2, 0.2, 4, 0.1, 0.5, 10, 30),
         (PLACKETT_LUCE, 0, 0, 3, 0.2, 1, 0.4, 0.1, 10, 12),
         (CASCADE, 0, 0.4, 3, 0.3, 6, 0.2, -0.3, 3, 40),
         (EACH, 0, 0, 3, 0.3, 3, 0.4, 0.1, 10, 25)]
tensors = {"seed": np.array([SEED], np.int32), "p": p, "case": np.array(CASES, np.float32)}
for n, case in enumerate(CASES):
    for name, array in play(p, *case).items():
        tensors[f"{n}.{name}"] = array
assert min(near) > 1e-6, min(near)

# --- closed forms: chances of what may come of one slate --------------------------------------
S = np.array([0.9, 0.35, 0.6, 0.15, 0.5], np.float32)
tensors["score"] = S
score = S.astype(float)
n = len(score)


def sequences(weight, none, most):
    """Chance of every set that Plackett-Luce with an outside option chooses, by its orders."""
    chance = np.zeros(2**n)
    for size in range(most + 1):
        for order in permutations(range(n), size):
            left, q = weight.sum() + none, 1.0
            for k in order:
                q *= weight[k] / left
                left -= weight[k]
            if size < most:  # choosing none comes next
                q *= none / left
            chance[sum(1 << k for k in order)] += q
    return chance


def cascade(bias):
    """Of the slot that is liked, or none: RecSim's CascadeChoiceModel."""
    q, left = [], 1.0
    for k in range(n):
        q.append(left * attention(bias, k) * score[k])
        left *= 1 - attention(bias, k) * score[k]
    return np.array(q + [left])


def softmax_days(chance, days):
    """KuaiSim's get_retention: log P + (k - 1) log(1 - P), normalised."""
    z = np.log(chance) + np.arange(days) * np.log(1 - chance)
    return np.exp(z) / np.exp(z).sum()


weighted = score * [attention(0.5, k) for k in range(n)]
tensors |= {"multinomial": sequences(score, 0.7, 1),
            "multinomial_forced": sequences(score, 0.0, 1),
            "plackett_luce": sequences(weighted, 0.7, 3),
            "cascade": cascade(0.5),
            "attention": np.array([attention(0.5, k) for k in range(n)]),
            "days": softmax_days(0.23, 10),
            "never": np.array([(1 - 0.23) ** 10])}
for name in ("multinomial", "multinomial_forced", "plackett_luce", "cascade"):
    assert abs(tensors[name].sum() - 1) < 1e-12
# RecSim's MultinomialProportionalChoiceModel.
for k in range(n):
    assert abs(tensors["multinomial"][1 << k] - score[k] / (score.sum() + 0.7)) < 1e-12
assert len(list(combinations(range(n), 3))) == (tensors["plackett_luce"][[
    m for m in range(2**n) if bin(m).count("1") == 3]] > 0).sum()
# The statistic that one in a hundred thousand true models passes, by degrees of freedom.
tensors["limit"] = chi2.ppf(1 - 1e-5, np.arange(1, 33))
save_file(tensors, __file__.replace("make_choice.py", "choice.safetensors"))
print("nearest decision", min(near), {k: int(v.sum()) for k, v in tensors.items() if "." in k})
