"""SASRec as published (Kang & McAuley, ICDM 2018), to hold HR@10 and NDCG@10 of `throng fit` against.

    throng fit WORLD -o sta.safetensors --set sta.objective=next_item ...
    python peer_sasrec.py --world WORLD [--window 50] [--dropout 0.5] [--epochs 200] [--seeds 3]

An independent rendering in PyTorch with the paper's settings: width 50, two blocks, one head, learning
rate 0.001, batch 128, Adam's beta2 0.98; one random negative a position; each user's last `window`
interactions, aligned to the right. Measured as published: the last interaction of each user is the
test, the one before it validation, ranked against 100 random items that the user never met. It is
not a part of the project's library.
"""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file
from torch import nn

import common


class Block(nn.Module):
    """Queries are normalised, keys and values are not, and the sum starts from the queries: the
    published code's arrangement."""

    def __init__(self, width, dropout):
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=1e-8) for _ in range(2))
        self.attention = nn.MultiheadAttention(width, 1, dropout, batch_first=True)
        self.w1, self.w2 = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask, present):
        q = self.norm1(x)
        h = self.norm2(q + self.attention(q, x, x, attn_mask=mask, need_weights=False)[0])
        h = h + self.dropout(self.w2(self.dropout(F.relu(self.w1(h)))))
        return h * present


class SASRec(nn.Module):
    def __init__(self, n_item, width, window, dropout):
        super().__init__()
        self.item = nn.Embedding(n_item + 1, width, padding_idx=0)
        self.position = nn.Embedding(window, width)
        self.blocks = nn.ModuleList(Block(width, dropout) for _ in range(2))
        self.norm, self.dropout = nn.LayerNorm(width, eps=1e-8), nn.Dropout(dropout)
        self.register_buffer("mask", torch.triu(torch.ones(window, window, dtype=torch.bool), 1))
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.xavier_normal_(p)
        with torch.no_grad():
            self.item.weight[0] = 0

    def forward(self, sequence):
        present = (sequence > 0).unsqueeze(-1)
        x = self.item(sequence) * math.sqrt(self.item.embedding_dim) + self.position.weight
        x = self.dropout(x) * present
        for block in self.blocks:
            x = block(x, self.mask, present)
        return self.norm(x)


def on_device(array):
    return torch.from_numpy(array).to(torch.get_default_device())


def padded(rows, window):
    out = np.zeros((len(rows), window), np.int64)
    for k, row in enumerate(rows):
        row = row[-window:]
        if len(row):
            out[k, -len(row) :] = row
    return out


def negatives(rng, shape, taken, n_item):
    """Items 1 .. n_item that user k never met; taken (n_user, n_item + 1)."""
    out = rng.integers(1, n_item + 1, shape)
    rows = np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    while (again := taken[rows, out]).any():
        out[again] = rng.integers(1, n_item + 1, int(again.sum()))
    return out


@torch.no_grad()
def measure(model, histories, targets, others):
    model.eval()
    hits = gain = 0.0
    for at in range(0, len(targets), 512):
        z = model(on_device(histories[at : at + 512]))[:, -1]
        items = np.concatenate([targets[at : at + 512, None], others[at : at + 512]], 1)
        score = torch.einsum("bd,bkd->bk", z, model.item(on_device(items)))
        rank = (score[:, 1:] >= score[:, :1]).sum(1).cpu().numpy()
        hits += (rank < 10).sum()
        gain += (1 / np.log2(rank[rank < 10] + 2)).sum()
    model.train()
    return hits / len(targets), gain / len(targets)


def run(options, items, offset, n_item, seed):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    rows = [items[a:b] + 1 for a, b in zip(offset[:-1], offset[1:]) if b - a >= 3]
    taken, learned = (np.zeros((len(rows), n_item + 1), bool) for _ in range(2))
    for k, row in enumerate(rows):
        taken[k, row] = True
        learned[k, row[:-2]] = True  # what is held out may be drawn as a negative, or it would leak
    train_in = padded([row[:-3] for row in rows], options.window)
    train_out = padded([row[1:-2] for row in rows], options.window)
    held = {}
    for name, back in (("validation", 2), ("test", 1)):
        held[name] = (
            padded([row[:-back] for row in rows], options.window),
            np.array([row[-back] for row in rows]),
            negatives(rng, (len(rows), 100), taken, n_item),
        )
    model = SASRec(n_item, options.width, options.window, options.dropout)
    adam = torch.optim.Adam(model.parameters(), lr=options.learning_rate, betas=(0.9, 0.98))
    best, since = None, 0
    for epoch in range(1, options.epochs + 1):
        order = rng.permutation(len(rows))
        for at in range(0, len(order), 128):
            pick = order[at : at + 128]
            target = on_device(train_out[pick])
            other = on_device(negatives(rng, train_out[pick].shape, learned[pick], n_item))
            z = model(on_device(train_in[pick]))
            here = target > 0
            good = (z * model.item(target)).sum(-1)[here]
            bad = (z * model.item(other)).sum(-1)[here]
            loss = F.softplus(-good).mean() + F.softplus(bad).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        if epoch % options.every:
            continue
        valid = measure(model, *held["validation"])
        if best is None or valid[1] > best["validation"][1]:
            best = {"epoch": epoch, "validation": valid, "test": measure(model, *held["test"])}
            since = 0
        else:
            since += 1
            if since >= options.patience:
                break
    return best


def main():
    parser = common.arguments(__doc__, "world", threads=2)
    parser.add_argument("--width", type=int, default=50)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--every", type=int, default=5, help="epochs between validations")
    parser.add_argument("--patience", type=int, default=6, help="validations without a better one")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    common.begin(options)
    world = load_file(options.world)
    n_item = len(world["category_offset"]) - 1
    runs = [
        run(options, world["history_item"].astype(np.int64), world["user_offset"], n_item, seed)
        for seed in range(1, options.seeds + 1)
    ]
    for r in runs:
        print(json.dumps(r))
    test = np.array([r["test"] for r in runs])
    error = test.std(0, ddof=1) / math.sqrt(len(runs)) if len(runs) > 1 else np.zeros(2)
    print(
        f"SASRec (PyTorch), {len(runs)} seeds: test HR@10 {test[:, 0].mean():.4f} +- {error[0]:.4f}, "
        f"NDCG@10 {test[:, 1].mean():.4f} +- {error[1]:.4f}"
    )


if __name__ == "__main__":
    main()
