"""How far gradient boosting gets on what `throng evaluate` asks: LightGBM on users' and items' like
rates and counts, and on these with the votes, over the same splits.
usage: python bench/fidelity_lightgbm.py LIBTHRONG WORLD STA later|test
Needs numpy, scipy, safetensors, scikit-learn and lightgbm; LIBTHRONG is libthrong.so. A row of what is
learned from never counts in its own features: rates alone are learned from every row before those
asked about, whose features count the other four of five parts of the rows (features that leave out
the row alone tell its answer to a tree); with the votes, whose f_sta has seen most of these, from
each user's last row but one, after what stands before it, as f_cal's weights are. Rounds are chosen
by cross-validation over users, intervals resample users."""
import ctypes
import sys

import lightgbm
import numpy as np
from safetensors.numpy import load_file
from scipy.stats import rankdata
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

PRIOR, LATER_MOST, BINS, RESAMPLES, PARTS = 4.0, 40, 15, 300, 5
VOTE = np.dtype([("alpha", "<i4", 2), ("beta", "<f4", 2), ("p", "<f4"), ("hard", "u1", 4)])


class Def(ctypes.Structure):
    _fields_ = [("room", ctypes.c_char * 256)]  # larger than any Def, which a function returns so


class Pairs(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int64)] + [(k, ctypes.c_void_p)
                                          for k in ("user", "candidate", "offset", "item", "like")]


class Votes:
    """The three votes on any pair after any history, by the library's throng_votes_evaluate."""

    def __init__(self, library, world, sta):
        self.lib = ctypes.CDLL(library)
        for name in ("throng_default_backend_def", "throng_default_votes_def"):
            getattr(self.lib, name).restype = Def
        self.lib.throng_error_message.restype = ctypes.c_char_p
        self.world, self.sta, self.backend = (ctypes.c_void_p() for _ in range(3))
        definition = self.lib.throng_default_backend_def()
        self.call("throng_backend_open", ctypes.byref(definition), ctypes.byref(self.backend))
        self.definition = self.lib.throng_default_votes_def()
        self.call("throng_world_open", world.encode(), ctypes.byref(self.world))
        self.call("throng_sta_open", self.backend, self.world, sta.encode(), ctypes.byref(self.sta))

    def call(self, name, *arguments):
        if getattr(self.lib, name)(*arguments) != 0:
            sys.exit(f"{name}: {self.lib.throng_error_message().decode()}")

    def ask(self, user, candidate, histories, item, like):
        histories = [h[item[h] != c] for h, c in zip(histories, candidate)]
        at = np.concatenate(histories).astype(np.int64)
        arrays = [user.astype(np.int32), candidate.astype(np.int32),
                  np.concatenate([[0], np.cumsum([len(h) for h in histories])]).astype(np.int64),
                  item[at].astype(np.int32), like[at].astype(np.uint8)]
        pairs = Pairs(len(user), *(a.ctypes.data for a in arrays))
        out = np.zeros(len(user), VOTE)
        self.call("throng_votes_evaluate", self.backend, self.world, self.sta,
                  ctypes.byref(self.definition), ctypes.c_uint32(1), ctypes.byref(pairs),
                  ctypes.c_void_p(out.ctypes.data), None)
        return np.column_stack([out["alpha"], out["beta"], out["p"]]).astype(float)


def rates(user, item, like, keep, n_user, n_item, at_user, at_item):
    """Smoothed rates and counts of users and items over the rows that `keep`."""
    share = (like[keep].sum() + 1) / (keep.sum() + 2)
    columns = []
    for index, n, at in ((user, n_user, at_user), (item, n_item, at_item)):
        count = np.bincount(index[keep], minlength=n)[at]
        likes = np.bincount(index[keep], like[keep], minlength=n)[at]
        columns += [(likes + PRIOR * share) / (count + PRIOR), count]
    return np.column_stack(columns)


def rates_by_part(user, item, like, known, n_user, n_item):
    """The same for all known rows, by the rows of the other parts."""
    part = np.random.default_rng(1).integers(0, PARTS, len(user))
    out = np.zeros((len(user), 4))
    for k in range(PARTS):
        here = known & (part == k)
        out[here] = rates(user, item, like, known & (part != k), n_user, n_item, user[here], item[here])
    return out[known]


def learn(x, y, group):
    parameters = {"objective": "binary", "learning_rate": 0.03, "num_leaves": 15, "verbose": -1,
                  "min_data_in_leaf": 30, "num_threads": 1, "seed": 1, "deterministic": True}
    data = lightgbm.Dataset(x, y, free_raw_data=False)
    folds = GroupKFold(5).split(x, y, group)
    tried = lightgbm.cv(parameters, data, 600, folds=folds,
                        callbacks=[lightgbm.early_stopping(50, verbose=False)])
    return lightgbm.train(parameters, data, len(tried["valid binary_logloss-mean"]))


def auc(y, p):
    likes = y.sum()
    return (rankdata(p)[y == 1].sum() - likes * (likes + 1) / 2) / (likes * (len(y) - likes))


def by_user(user):
    return np.split(np.arange(len(user)), np.flatnonzero(np.diff(user)) + 1)


def intervals(user, y, p):
    """AUC, and within users who gave both answers, weighted by their questions; both resample users."""
    rows, random, values = by_user(user), np.random.default_rng(1), []
    mixed = np.array([0 < y[r].sum() < len(r) for r in rows])
    each = np.array([auc(y[r], p[r]) if m else 0.0 for r, m in zip(rows, mixed)])
    weight = mixed * np.array([len(r) for r in rows])
    for drawn in [np.arange(len(rows))] + [random.integers(0, len(rows), len(rows))
                                           for _ in range(RESAMPLES)]:
        at = np.concatenate([rows[k] for k in drawn])
        within = (each * weight)[drawn].sum() / max(weight[drawn].sum(), 1)
        values.append((auc(y[at], p[at]), within))
    low, high = np.percentile(values[1:], [2.5, 97.5], axis=0)
    cells = [f"{v:.3f} [{a:.3f}, {b:.3f}]" for v, a, b in zip(values[0], low, high)]
    return cells if weight.any() else [cells[0], "-"]  # one question a user: nothing within


def ece(y, p):
    real, said = calibration_curve(y, p, n_bins=BINS, strategy="quantile")
    edges = np.quantile(p, np.linspace(0, 1, BINS + 1))
    mass = np.bincount(np.searchsorted(edges[1:-1], p), minlength=BINS)
    return (mass[mass > 0] * abs(real - said)).sum() / len(y)


def main(library, world_file, sta_file, split):
    t = load_file(world_file)
    offset, item = t["user_offset"].astype(np.int64), t["history_item"].astype(np.int64)
    like, n_user, n_item = t["history_like"].astype(int), len(offset) - 1, len(t["item_id.offset"]) - 1
    user = np.repeat(np.arange(n_user), np.diff(offset))
    back = offset[1:][user] - np.arange(len(user))  # 1: a user's last row
    votes = Votes(library, world_file, sta_file)
    if split == "later":
        first, end = t["later_offset"][:-1], np.minimum(t["later_offset"][1:],
                                                        t["later_offset"][:-1] + LATER_MOST)
        at = np.concatenate([np.arange(a, b) for a, b in zip(first, end)])
        q_user = np.repeat(np.arange(n_user), end - first)
        q_item, y = t["later_item"][at].astype(np.int64), t["later_like"][at].astype(int)
        before = [np.arange(offset[u], offset[u + 1]) for u in q_user]
        known = np.ones(len(user), bool)
    else:
        at = offset[1:][np.diff(offset) >= 2] - 1
        q_user, q_item, y = user[at], item[at], like[at]
        before = [np.arange(offset[u], k) for u, k in zip(q_user, at)]
        known = back > 1
    fit = offset[1:][np.diff(offset) >= 2] - 2  # each user's last row but one
    fit_before = [np.arange(offset[user[k]], k) for k in fit]
    sizes = n_user, n_item
    asked = rates(user, item, like, known, *sizes, q_user, q_item)
    every = rates_by_part(user, item, like, known, *sizes)
    blind = rates(user, item, like, back > 2, *sizes, user[fit], item[fit])
    fit_votes = votes.ask(user[fit], item[fit], fit_before, item, like)
    q_votes = votes.ask(q_user, q_item, before, item, like)
    for name, x, target, group, question in (
            ("rates and counts", every, like[known], user[known], asked),
            ("with the votes", np.hstack([blind, fit_votes]), like[fit], user[fit],
             np.hstack([asked, q_votes]))):
        model = learn(x, target, group)
        p = model.predict(question)
        cells = intervals(q_user, y, p)
        print(f"| LightGBM, {name} | {' | '.join(cells)} | {log_loss(y, p):.3f} | {ece(y, p):.3f} |"
              f" {model.num_trees()} trees, {len(target)} rows", flush=True)


main(*sys.argv[1:])
