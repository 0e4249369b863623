"""A trained agent without throng, in PyTorch: reads what `throng export RUN -o agent.safetensors` wrote, checks
itself by the sample in the file, and prints the ten best items for a user. (pip install torch safetensors)

usage: load_export.py AGENT.safetensors [USER]"""
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file


def load(path):
    return safe_open(path, "pt").metadata(), load_file(path)


def summary(meta, t, items, likes, session):
    if meta["head"] != "two_tower":  # the last answer to each item
        last = dict(zip(items.tolist(), (2 * likes - 1).tolist()))
        return torch.tensor([last.get(item, 0.0) for item in range(len(t["item.bias"]))])
    n, sides = len(items), ((likes, t["item.liked"][items]), (1 - likes, t["item.disliked"][items]))
    total, late = (torch.stack([s * 0.8 ** (k * torch.arange(n - 1, -1, -1)) @ f for s, f in sides]) for k in (0, 1))
    now = [n, session, likes[n - session:].sum() / max(session, 1), 2 * likes[-1:].sum() - min(n, 1)]
    c = total[:, int(meta["directions"]):]
    parts = total / total[:, -1:].clamp(1), total / max(n, 1), late, (c[0] - c[1]) / (c.sum(0) + 1), c / (c + 1)
    return torch.cat([part.flatten() for part in parts] + [torch.tensor(now)])


def scores(meta, t, user, items, likes, session=0):
    newest = slice(-int(meta["history"]), None)
    x = h = torch.cat([summary(meta, t, items[newest].long(), likes[newest].float(), session), t["user"][user]])
    for k in "01":
        h = h @ t[f"layer.{k}.weight"] + t[f"layer.{k}.bias"]
        h = torch.layer_norm(h, h.shape, t[f"norm.{k}.weight"], t[f"norm.{k}.bias"]) if f"norm.{k}.weight" in t else h
        h = getattr(torch, meta["activation"])(h)
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
