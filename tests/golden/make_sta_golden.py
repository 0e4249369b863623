"""Golden values of f_sta's training: logits, every gradient, and 100 steps of Adam, in PyTorch.

Written from the definition alone (SASRec with pre-LN blocks, left-aligned windows that hop by half,
read-out p = sigmoid(w . (W [z; u] o E(c)) + b + b_user + b_item)), in double precision and without batching: every
example runs its own window through the model. Run: python make_sta_golden.py sta_golden.safetensors
"""

import math
import sys
from typing import NamedTuple

import numpy
import torch
from safetensors.numpy import save_file

USERS, ITEMS, WIDTH, LAYERS, WINDOW = 8, 14, 8, 2, 6
LENGTHS = [0, 1, 2, 3, 4, 9, 12, 21]
STEPS, RATE, DECAY, BETAS = 100, 1e-3, 5e-4, (0.9, 0.98)


class Case(NamedTuple):
    name: str
    next_item: bool = False
    labels: bool = True
    heads: int = 1
    scaled: bool = True  # the answer's embedding times sqrt(width), as the item's
    biases: bool = False  # of user and item


CASES = [
    Case(f"{'next' if next_item else 'label'}.{int(labels)}.{heads}.", next_item, labels, heads)
    for next_item in (False, True)
    for labels in (False, True)
    for heads in (1, 2)
] + [Case("unscaled.", scaled=False), Case("biases.", heads=2, biases=True)]


def parameters(generator, case):
    def normal(*shape, scale=0.3, centre=0.0):
        x = centre + scale * torch.randn(*shape, generator=generator, dtype=torch.float64)
        return x.float().double().requires_grad_()

    p = {
        "item": normal(ITEMS, WIDTH),
        "position": normal(WINDOW, WIDTH),
        "label": normal(2, WIDTH),
        "lnf_gain": normal(WIDTH, centre=1.0),
        "lnf_bias": normal(WIDTH),
        "user": normal(USERS, WIDTH),
        "mix": normal(2 * WIDTH, WIDTH, scale=0.6),
        "out_weight": normal(WIDTH, scale=0.8),
        "out_bias": normal(1),
    }
    for name in ("ln1_gain", "ln2_gain"):
        p[name] = normal(LAYERS, WIDTH, centre=1.0)
    for name in ("ln1_bias", "ln2_bias", "bq", "bk", "bv", "bo", "b1", "b2"):
        p[name] = normal(LAYERS, WIDTH)
    for name in ("wq", "wk", "wv", "wo", "w1", "w2"):
        p[name] = normal(LAYERS, WIDTH, WIDTH, scale=0.5)
    if case.biases:
        p["user_bias"], p["item_bias"] = normal(USERS), normal(ITEMS)
    return p


def state(p, items, likes, case):
    """z after reading the window's items: the last row of the final layer norm."""
    n = len(items)
    norm = torch.nn.functional.layer_norm
    x = p["item"][items] * math.sqrt(WIDTH) + p["position"][:n]
    if case.labels:
        x = x + p["label"][likes] * (math.sqrt(WIDTH) if case.scaled else 1)
    future = torch.ones(n, n, dtype=torch.bool).triu(1)
    for i in range(LAYERS):
        y = norm(x, (WIDTH,), p["ln1_gain"][i], p["ln1_bias"][i], 1e-8)
        q, k, v = (
            (y @ p["w" + c][i] + p["b" + c][i]).view(n, case.heads, -1).transpose(0, 1) for c in "qkv"
        )
        score = q @ k.transpose(1, 2) / math.sqrt(WIDTH // case.heads)
        weight = score.masked_fill(future, -math.inf).softmax(-1)
        x = x + (weight @ v).transpose(0, 1).reshape(n, WIDTH) @ p["wo"][i] + p["bo"][i]
        y = norm(x, (WIDTH,), p["ln2_gain"][i], p["ln2_bias"][i], 1e-8)
        x = x + torch.relu(y @ p["w1"][i] + p["b1"][i]) @ p["w2"][i] + p["b2"][i]
    return norm(x, (WIDTH,), p["lnf_gain"], p["lnf_bias"], 1e-8)[-1]


def examples(offset, user, next_item):
    train = max(0, int(offset[user + 1] - offset[user]) - 2)
    return range(1 if next_item else 0, train)


def losses(p, world, users, case):
    offset, item, like, negative = world
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    logits, loss = [], []
    one, zero = torch.tensor(1.0).double(), torch.tensor(0.0).double()
    for u in users:
        for k in examples(offset, u, case.next_item):
            start = 0
            while k - start > WINDOW:
                start += WINDOW // 2
            part = slice(offset[u] + start, offset[u] + k)
            z = torch.zeros(WIDTH, dtype=torch.float64)
            if k > 0:
                z = state(p, item[part], like[part], case)
            candidate = p["item"][item[offset[u] + k]]
            if case.next_item:
                logit = z @ candidate
                other = z @ p["item"][negative[offset[u] + k]]
                loss.append(bce(logit, one) + bce(other, zero))
            else:
                query = p["out_weight"] * (torch.cat([z, p["user"][u]]) @ p["mix"])
                logit = query @ candidate + p["out_bias"][0]
                if case.biases:
                    logit = logit + p["user_bias"][u] + p["item_bias"][item[offset[u] + k]]
                loss.append(bce(logit, like[offset[u] + k].double()))
            logits.append(logit)
    return torch.stack(logits), torch.stack(loss).mean()


def main(path):
    generator = torch.Generator().manual_seed(20240607)
    offset = numpy.concatenate([[0], numpy.cumsum(LENGTHS)])
    total = int(offset[-1])
    item = torch.randint(0, ITEMS, (total,), generator=generator)
    like = torch.randint(0, 2, (total,), generator=generator)
    negative = torch.randint(0, ITEMS, (total,), generator=generator)
    world = (offset, item, like, negative)
    out = {
        "offset": offset.astype(numpy.int64),
        "history_item": item.numpy().astype(numpy.int32),
        "history_like": like.numpy().astype(numpy.uint8),
        "negative": negative.numpy().astype(numpy.int32),
    }
    for case in CASES:
        p = parameters(generator, case)
        fitted = [
            k
            for k in p
            if not (case.next_item and k in ("user", "mix", "out_weight", "out_bias"))
        ]
        for key in p:
            out[case.name + "start." + key] = p[key].detach().float().numpy()
        logits, loss = losses(p, world, range(USERS), case)
        loss.backward()
        out[case.name + "logit"] = logits.detach().float().numpy()
        out[case.name + "loss"] = numpy.array([loss.item()], dtype=numpy.float32)
        for key in fitted:
            grad = p[key].grad if p[key].grad is not None else torch.zeros_like(p[key])
            out[case.name + "gradient." + key] = grad.float().numpy()
        adam = torch.optim.Adam([p[k] for k in fitted], lr=RATE, betas=BETAS, weight_decay=DECAY)
        for step in range(STEPS):
            adam.zero_grad(set_to_none=False)
            for key in fitted:  # a parameter without a part in the loss still decays
                if p[key].grad is None:
                    p[key].grad = torch.zeros_like(p[key])
            users = [u for u in range(USERS) if (u + step) % 3]
            losses(p, world, users, case)[1].backward()
            adam.step()
        for key in fitted:
            out[case.name + "end." + key] = p[key].detach().float().numpy()
    save_file(out, path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
