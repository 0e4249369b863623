"""A trained agent without throng, in PyTorch: reads what `throng export RUN -o agent.safetensors` wrote, checks
itself by the sample in the file, and prints the ten best items for a user. (pip install torch safetensors)

usage: load_export.py AGENT.safetensors [USER]"""
import sys

import torch
from safetensors import safe_open


def load(path):
    with safe_open(path, "pt") as f:
        return f.metadata(), {name: f.get_tensor(name) for name in f.keys()}


def summary(meta, t, items, likes, session):
    if meta["head"] != "two_tower":  # the last answer to each item
        last = dict(zip(items.tolist(), (2 * likes - 1).tolist()))
        return torch.tensor([last.get(item, 0.0) for item in range(len(t["item.bias"]))])
    n, sides = len(items), ((likes, t["item.liked"][items]), (1 - likes, t["item.disliked"][items]))
    total = torch.stack([side @ features for side, features in sides])
    late = torch.stack([side * 0.8 ** torch.arange(n - 1, -1, -1) @ features for side, features in sides])
    a, b = total[:, int(meta["directions"]):]
    now = [n, session, likes[n - session:].sum() / max(session, 1), (2 * likes[-1:] - 1).sum()]
    parts = total / total[:, -1:].clamp(1), total / max(n, 1), late, (a - b) / (a + b + 1), a / (a + 1), b / (b + 1)
    return torch.cat([part.flatten() for part in parts] + [torch.tensor(now)])


def scores(meta, t, user, items, likes, session=0):
    newest = slice(-int(meta["history"]), None)
    x = h = torch.cat([summary(meta, t, items[newest].long(), likes[newest].float(), session), t["user"][user]])
    for layer in ("layer.0", "layer.1"):
        h = getattr(torch, meta["activation"])(h @ t[layer + ".weight"] + t[layer + ".bias"])
    return t["item.vector"] @ (torch.cat([h, x]) @ t["output.weight"] + t["output.bias"]) + t["item.bias"]


def texts(t, name):
    blob, offset = bytes(t[name + ".blob"].tolist()), t[name + ".offset"].tolist()
    return [blob[a:b].decode() for a, b in zip(offset, offset[1:])]


def main(path, user=None):
    meta, t = load(path)
    rows, offset, ids = t["sample.user"].tolist(), t["sample.offset"].tolist(), texts(t, "user_id")
    found = []
    for row, begin, end in zip(rows, offset, offset[1:]):
        found.append(scores(meta, t, row, t["sample.item"][begin:end], t["sample.like"][begin:end]))
    worst = max(float((mine - said).abs().max()) for mine, said in zip(found, t["sample.score"]))
    print(f"{len(rows)} users of the sample: scores differ by {worst:.1e} at most")
    k = rows.index(ids.index(user)) if user else 0
    best, items, names = found[k].topk(10), texts(t, "item_id"), texts(t, "item_name")
    print(f"user {ids[rows[k]]}:")
    for item, score in zip(best.indices.tolist(), best.values.tolist()):
        print(f"  {score:9.4f}  {items[item]}  {names[item]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
