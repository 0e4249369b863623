"""Training of f_sta as a good PyTorch rendering, on the histories that bench_sta wrote.

    bench_sta --sample F
    python peer_sta.py --sample F [--threads 2] [--seconds 4] [--device cuda] [--csv F]

The same windows (left-aligned, hopping by half), batches, model and Adam as host/sta; each batch is
padded to its longest window, attention by scaled_dot_product_attention, embedding
gradients dense (as Adam wants them). It is not a part of the project's library.
"""

import math
import time

import torch
import torch.nn.functional as F
from torch import nn

import common

WARM_UP = 10  # batches


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = (nn.LayerNorm(width, eps=1e-8) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.w1, self.w2 = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        b, n, width = x.shape
        split = lambda m: m.view(b, n, self.heads, -1).transpose(1, 2)
        q, k, v = map(split, self.qkv(self.ln1(x)).chunk(3, -1))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # left-aligned: no padding mask
        x = x + self.out(a.transpose(1, 2).reshape(b, n, width))
        return x + self.w2(F.relu(self.w1(self.ln2(x))))


class Sta(nn.Module):
    def __init__(self, n_user, n_item, width, layers, heads, window):
        super().__init__()
        self.width = width
        self.item, self.user = nn.Embedding(n_item, width), nn.Embedding(n_user, width)
        self.position, self.label = nn.Embedding(window, width), nn.Embedding(2, width)
        for table in (self.item, self.user, self.position, self.label):
            nn.init.normal_(table.weight, std=0.1)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width, eps=1e-8)
        self.mix = nn.Linear(2 * width, width, bias=False)
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(1))

    def forward(self, item, like, row, user, candidate):
        b, n = item.shape
        x = self.item(item) * math.sqrt(self.width) + self.label(like)
        x = x + self.position.weight[:n]
        z = self.norm(self.blocks(x)).view(b * n, self.width)
        z = F.pad(z, (0, 0, 0, 1))[row]  # the last row, zeros: an empty history
        mixed = self.mix(torch.cat([z, self.user(user)], -1))
        return (self.weight * mixed * self.item(candidate)).sum(-1) + self.bias


def windows_of(offset, window):
    """(user's first entry, user, start, tokens, first example, examples) of every window."""
    out = []
    for user in range(len(offset) - 1):
        begin, first = offset[user], 0
        length = max(0, offset[user + 1] - begin - 2)
        while first < length:
            hop = window // 2
            start = 0 if first <= window else -(-(first - window) // hop) * hop
            reach = min(start + window, length - 1)
            out.append((begin, user, start, reach - start, first, reach - first + 1))
            first = reach + 1
    return out


def compose(batch, history_item, history_like):
    n = max(1, max(w[3] for w in batch))
    item = torch.zeros(len(batch), n, dtype=torch.long)
    like = torch.zeros(len(batch), n, dtype=torch.long)
    row, user, target = [], [], []
    for i, (begin, u, start, tokens, first, examples) in enumerate(batch):
        item[i, :tokens] = history_item[begin + start : begin + start + tokens]
        like[i, :tokens] = history_like[begin + start : begin + start + tokens]
        k = torch.arange(first, first + examples)
        row.append(torch.where(k == 0, len(batch) * n, i * n + k - 1 - start))
        user.append(torch.full((examples,), u))
        target.append(begin + k)
    target = torch.cat(target)
    return (item, like, torch.cat(row), torch.cat(user), history_item[target]), history_like[target]


def time_batches(run, adam, batches, seconds):
    """Examples a second and mean loss over `seconds` of training (an epoch at most), after a warm-up
    that includes compiling."""
    n, total, begin = 0, torch.zeros(()), 0.0
    warm_up = min(WARM_UP, len(batches) - 1)
    for k, (inputs, like) in enumerate(batches):
        if k == warm_up:
            common.synchronise()
            n, total, begin = 0, torch.zeros(()), time.perf_counter()
        adam.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(run(*inputs), like.float())
        loss.backward()
        adam.step()
        total, n = total + loss.detach() * len(like), n + len(like)
        if k > warm_up and time.perf_counter() - begin > seconds:
            break
    common.synchronise()
    return n / (time.perf_counter() - begin), total.item() / n


def main():
    parser = common.arguments(__doc__, "sample", seconds=4)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--window", type=int, default=50)
    args = parser.parse_args()
    common.begin(args)
    with torch.device("cpu"):
        data = common.load(args.sample)
        history_item, history_like = data["history_item"].long(), data["history_like"].long()
        n_user, n_item = data["n_user_n_item"].tolist()
        windows = windows_of(data["user_offset"].tolist(), args.window)
        # Batches are composed before the clock starts: the model is compared, not Python's loops.
        torch.manual_seed(1)
        order = torch.randperm(len(windows)).tolist()
        batches = [
            compose([windows[j] for j in order[i : i + args.batch]], history_item, history_like)
            for i in range(0, len(order), args.batch)
        ]
    batches = [(tuple(t.to(args.device) for t in inputs), like.to(args.device)) for inputs, like in batches]
    rows = common.Rows(args, f"width={args.width} layers={args.layers} L={args.window} batch={args.batch}")
    for compiled in common.compiled_or_not(args):
        torch.manual_seed(1)
        model = Sta(n_user, n_item, args.width, args.layers, 1, args.window)
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=5e-6, fused=True)
        label = "f_sta training epoch" + ("" if compiled else ", eager")
        with common.may_fail(compiled):
            rate, loss = time_batches(torch.compile(model, dynamic=True) if compiled else model, adam, batches,
                                      args.seconds)
            timing = common.Timing(1 / rate, 1 / rate, 1 / rate)
            rows.add(label, "examples", 1, timing, f"  (mean loss {loss:.4f})")


if __name__ == "__main__":
    main()
