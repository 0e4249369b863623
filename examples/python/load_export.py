"""A trained agent without throng, in PyTorch: reads what `throng export RUN -o agent.safetensors` wrote, checks
itself by the sample in the file, and prints the ten best items for a user. (pip install torch safetensors)

usage: load_export.py AGENT.safetensors [USER]"""
import sys

import torch
from safetensors import safe_open


class Agent:
    def __init__(self, path):
        with safe_open(path, "pt") as f:
            self.meta, self.t = f.metadata(), {name: f.get_tensor(name) for name in f.keys()}

    def state(self, items, likes, session=0):
        """What the network reads of a history (items, likes), oldest first, of whose entries the newest `session`
        were shown in this session (docs/file_formats.md)."""
        t, most, nd, nc = self.t, *(int(self.meta[k]) for k in ("history", "directions", "categories"))
        items, likes = items[-most:].long(), likes[-most:].float()
        if "item.feature" not in t:  # flat heads: 1 liked, -1 disliked, the last answer counts
            state = torch.zeros(len(t["item.bias"]))
            for item, like in zip(items.tolist(), likes.tolist()):
                state[item] = 2 * like - 1
            return torch.cat([state, t.get("start", state[:0])])
        n, n_liked, signs = len(items), likes.sum(), 2 * likes - 1
        recent = 0.8 ** torch.arange(n - 1, -1, -1)  # by age, the newest being 0
        pos, neg, category = t["item.feature"][items, :2 * nd + nc].split([nd, nd, nc], 1)
        pos, neg = likes[:, None] * pos, (1 - likes)[:, None] * neg
        liked, disliked = likes @ category, (1 - likes) @ category
        facts = [n_liked / max(n, 1), 0.2 * recent @ likes, n / most, session / most,
                 likes[n - session:].sum() / max(session, 1), signs[-1] if n else 0]
        return torch.cat([pos.sum(0) / n_liked.clamp(1), neg.sum(0) / (n - n_liked).clamp(1),
                          pos.sum(0) / max(n, 1), neg.sum(0) / max(n, 1), 0.2 * recent @ pos, 0.2 * recent @ neg,
                          (liked - disliked) / (liked + disliked + 1), liked / (liked + 1), disliked / (disliked + 1),
                          0.2 * (recent * signs) @ category, torch.tensor(facts), t.get("start", pos[:0, 0])])

    def scores(self, user, items, likes, session=0):
        """Of every item: Q, or a policy's logit. user: a row of "user", the last being the mean of all."""
        t, x = self.t, self.state(items, likes, session)
        x = torch.cat([x, t["user"][user]]) if "user" in t else x
        activation = torch.tanh if self.meta["activation"] == "tanh" else torch.relu
        h = x
        for layer in "input", "hidden":
            h = h @ t[layer] + t[f"{layer}_bias"]
            if f"{layer}_gain" in t:  # agent.layer_norm
                h = torch.nn.functional.layer_norm(h, h.shape, t[f"{layer}_gain"], t[f"{layer}_shift"])
            h = activation(h)
        query = h @ t["query"] + t["query_bias"] + x @ t["skip"] if "query" in t else h
        value = h @ t["value"] + t["value_bias"] if "value" in t else 0
        value = value + x @ t["value_skip"] if "value_skip" in t else value
        return t["item.vector"] @ query + t["item.bias"] + value

    def texts(self, name):
        blob, offset = bytes(self.t[name + ".blob"].tolist()), self.t[name + ".offset"].tolist()
        return [blob[a:b].decode() for a, b in zip(offset, offset[1:])]


if __name__ == "__main__":
    agent = Agent(sys.argv[1])
    t, users = agent.t, agent.texts("user_id")
    offset, worst = t["sample.offset"].tolist(), 0.0
    for k, user in enumerate(t["sample.user"].tolist()):
        past = slice(offset[k], offset[k + 1])
        scores = agent.scores(user, t["sample.item"][past], t["sample.like"][past])
        worst = max(worst, float((scores - t["sample.score"][k]).abs().max()))
    print(f"{len(offset) - 1} users of the sample: scores differ by {worst:.1e} at most")
    k = list(t["sample.user"].tolist()).index(users.index(sys.argv[2])) if len(sys.argv) > 2 else 0
    past = slice(offset[k], offset[k + 1])
    best = agent.scores(int(t["sample.user"][k]), t["sample.item"][past], t["sample.like"][past]).topk(10)
    ids, names = agent.texts("item_id"), agent.texts("item_name")
    print(f"user {users[int(t['sample.user'][k])]}:")
    for item, score in zip(best.indices.tolist(), best.values.tolist()):
        print(f"  {score:9.4f}  {ids[item]}  {names[item]}")
