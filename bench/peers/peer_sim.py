"""The three votes of the simulator as a good PyTorch rendering: no Python loop over users.

    python peer_sim.py --world W --sta S --sample F [--seconds 3] [--threads 2] [--device cuda] [--csv F]

Reads the world and the weights that bench_sim wrote, compares its votes with bench_sim's on the
sample of lanes (exits 1 where they differ beyond a tie or 1e-5), then times whole steps: votes,
reward, append, leave, autoreset, over 4,096 lanes (--lanes). What makes it a good one:

  keywords     the candidate's keywords as a multi-hot row, gathered at the history's keyword ids
  similarity   rows of e+ and e- gathered in blocks that stay in the cache, then a product; with
               `table`, an item-item matrix made once and one gather an entry
               (matches likewise)
  f_sta        SASRec over the whole batch at once with scaled_dot_product_attention; with
               `last`, the second layer computes only the last position's query and feed-forward
  eager        without torch.compile; the other rows are compiled, where a C++ compiler works

It is not a part of the project's library and nothing of it is used there.
"""

import math

import torch
import torch.nn.functional as F

import common


def padded_lists(offset, flat, fill):
    """CSR lists as a (rows, longest) matrix, filled up with `fill`."""
    length = offset[1:] - offset[:-1]
    wide = max(int(length.max()), 1)
    rows = torch.repeat_interleave(torch.arange(len(length)), length)
    column = torch.arange(len(flat)) - torch.repeat_interleave(offset[:-1], length)
    out = torch.full((len(length), wide), fill, dtype=torch.int64)
    out[rows, column] = flat.long()
    return out


class World:
    """The world's arrays in the shapes that the votes gather from. Side 0: disliking, 1: liking."""

    def __init__(self, path, history):
        w = common.load(path)
        self.n_item, self.dim = w["embedding_pos"].shape
        n_keyword = w["keyword_embedding"].shape[0]
        self.n_keyword = n_keyword
        neg = padded_lists(w["neg_offset"], w["neg"], n_keyword)
        pos = padded_lists(w["pos_offset"], w["pos"], n_keyword)
        wide = max(neg.shape[1], pos.shape[1])
        grow = lambda m: F.pad(m, (0, wide - m.shape[1]), value=n_keyword)
        # Both sides below each other, so that entry (item, like) is row item + like * n_item.
        self.keyword = torch.cat([grow(neg), grow(pos)])
        self.embedding = torch.cat([w["embedding_neg"], w["embedding_pos"]])
        category = padded_lists(w["category_offset"], w["category"], -1)
        n_category = int(category.max()) + 1
        words = (n_category + 62) // 63
        self.category = torch.zeros(self.n_item, words, dtype=torch.int64)
        for word in range(words):
            bit = category - 63 * word
            inside = (bit >= 0) & (bit < 63) & (category >= 0)
            mask = torch.where(inside, torch.ones_like(bit) << bit.clamp(0, 62), torch.zeros_like(bit))
            # Categories of an item are distinct: adding their bits joins them.
            self.category[:, word] = mask.sum(1)
        # The newest `history` entries of every user, oldest first, and how many there are.
        offset = w["user_offset"]
        self.n_user = len(offset) - 1
        length = (offset[1:] - offset[:-1]).clamp(max=history)
        at = (offset[1:] - length)[:, None] + torch.arange(history)
        inside = torch.arange(history) < length[:, None]
        at = torch.where(inside, at, torch.zeros_like(at))
        self.user_item = torch.where(inside, w["history_item"].long()[at], torch.zeros_like(at))
        self.user_like = torch.where(inside, w["history_like"].long()[at], torch.zeros_like(at))
        self.user_length = length
        self.similarity = self.matches = None

    def build_tables(self):
        """Item-item similarity (float) and matches (uint8) of both sides; 1 GB at 10,000 items."""
        n, d = self.n_item, self.dim
        self.similarity = torch.empty(2 * n, n)
        self.matches = torch.empty(2 * n, n, dtype=torch.uint8)
        for side in range(2):
            rows = slice(side * n, side * n + n)
            torch.mm(self.embedding[rows], self.embedding[rows].T, out=self.similarity[rows])
            hot = torch.zeros(n, self.n_keyword + 1)
            hot.scatter_(1, self.keyword[rows], 1.0)
            hot = hot[:, :-1].contiguous()
            for begin in range(0, n, 1000):
                end = min(begin + 1000, n)
                self.matches[side * n + begin : side * n + end] = hot[begin:end] @ hot.T


class Lanes:
    """Histories oldest first, (B, H), as the spec appends to them; `count` is entries ever written."""

    def __init__(self, world, user):
        self.user = user
        self.length = world.user_length[user].clone()
        self.count = self.length.clone()
        self.item = world.user_item[user].clone()
        self.like = world.user_like[user].clone()
        self.step = torch.zeros_like(user)


def entry_scope(world, item, length, candidate):
    """(B, H) entries that count: those that share a category with the candidate, or all."""
    valid = torch.arange(item.shape[1]) < length[:, None]
    shared = (world.category[item] & world.category[candidate][:, None]).ne(0).any(-1) & valid
    return torch.where(shared.any(1, keepdim=True), shared, valid)


def coin(like_less):
    return torch.rand(like_less.shape) < 0.5


def alphas(world, item, like, length, candidate, table):
    """Shared keywords with liked and disliked past items (eq. 1-2): (B,) and (B,)."""
    scope = entry_scope(world, item, length, candidate)
    if table:
        shared = world.matches[item + like * world.n_item, candidate[:, None]].long()
    else:
        batch, n_history = item.shape
        # A pad keyword's column stays 0. Both sides of a candidate lie side by side.
        hot = torch.zeros(batch, 2, world.n_keyword + 1, dtype=torch.uint8)
        for side in range(2):
            hot[:, side].scatter_(1, world.keyword[candidate + side * world.n_item], 1)
        hot[:, :, -1] = 0
        ids = world.keyword[item + like * world.n_item] + (like * (world.n_keyword + 1))[..., None]
        shared = hot.view(batch, -1).gather(1, ids.view(batch, -1)).view(batch, n_history, -1).sum(-1)
    shared = shared * scope
    liked = (shared * like).sum(1)
    return liked, shared.sum(1) - liked


def betas(world, item, like, length, candidate, table):
    """Nearest liked and disliked past item (eq. 4-7); an empty side is -1."""
    block = 4096 if common.on_gpu() else 256  # what fills a GPU, what stays in a CPU's cache
    row = item + like * world.n_item
    if table:
        cosine = world.similarity[row, candidate[:, None]]
    else:
        cosine = torch.empty(item.shape)
        for begin in range(0, len(item), block):
            part = slice(begin, begin + block)
            past = world.embedding[row[part]]  # (block, H, d)
            both = torch.stack(
                [world.embedding[candidate[part]], world.embedding[candidate[part] + world.n_item]], 2
            )  # (block, d, 2)
            cosine[part] = torch.bmm(past, both).gather(2, like[part][..., None]).squeeze(-1)
    scope = entry_scope(world, item, length, candidate)
    none = torch.full_like(cosine, -1.0)
    liked = torch.where(scope & like.bool(), cosine, none).amax(1)
    disliked = torch.where(scope & ~like.bool(), cosine, none).amax(1)
    return liked, disliked


class Sta:
    """SASRec (Kang & McAuley 2018), pre-LN, and the read-out p = sigmoid(w . (W [z; u] o E(c)) + b)."""

    def __init__(self, path):
        raw = common.load(path)
        names = ("item user position label ln1_gain ln1_bias wq wk wv wo bq bk bv bo ln2_gain ln2_bias "
                 "w1 w2 b1 b2 lnf_gain lnf_bias mix out_weight out_bias").split()
        w = {name: next(t for key, t in raw.items() if key.split("/")[-1].split(".")[-1] == name)
             for name in names if any(k.split("/")[-1].split(".")[-1] == name for k in raw)}
        self.__dict__.update(w)
        self.window, self.width = self.position.shape
        self.layers = self.wq.shape[0]
        self.labels = getattr(self, "label", None) is not None and bool(self.label.abs().sum() > 0)
        self.qkv = torch.cat([self.wq, self.wk, self.wv], 2)
        self.qkv_bias = torch.cat([self.bq, self.bk, self.bv], 1)

    def norm(self, x, gain, bias):
        return F.layer_norm(x, (self.width,), gain, bias, 1e-8)

    def state(self, item, like, n, last):
        """z after the last of n tokens; item and like (B, window), n (B,)."""
        x = F.embedding(item, self.item) * math.sqrt(self.width) + self.position
        if self.labels:
            x = x + F.embedding(like, self.label)
        rows, end = torch.arange(len(n)), (n - 1).clamp(min=0)
        for k in range(self.layers):
            y = self.norm(x, self.ln1_gain[k], self.ln1_bias[k])
            if last and k == self.layers - 1:
                x = x[rows, end][:, None]
                q = torch.addmm(self.bq[k], y[rows, end], self.wq[k])[:, None]
                key, value = (y @ self.qkv[k][:, self.width:] + self.qkv_bias[k][self.width:]).chunk(2, -1)
                mask = (torch.arange(self.window) <= end[:, None])[:, None]
                y = F.scaled_dot_product_attention(q, key, value, attn_mask=mask)
            else:
                q, key, value = (y @ self.qkv[k] + self.qkv_bias[k]).chunk(3, -1)
                y = F.scaled_dot_product_attention(q[:, None], key[:, None], value[:, None], is_causal=True)[:, 0]
            x = x + (y @ self.wo[k] + self.bo[k])
            y = self.norm(x, self.ln2_gain[k], self.ln2_bias[k])
            x = x + (torch.relu(y @ self.w1[k] + self.b1[k]) @ self.w2[k] + self.b2[k])
        x = x[:, 0] if last else x[rows, end]
        z = self.norm(x, self.lnf_gain, self.lnf_bias)
        return torch.where(n[:, None] > 0, z, torch.zeros_like(z))

    def probability(self, user, item, like, length, count, candidate, last):
        # The window of `count` entries starts at 0 while they fit, then hops by half a window.
        hop = self.window // 2
        start = torch.where(count <= self.window, torch.zeros_like(count),
                            (count - self.window + hop - 1) // hop * hop)
        n = count - start
        at = (start - (count - length))[:, None] + torch.arange(self.window)
        at = at.clamp(0, item.shape[1] - 1)
        z = self.state(item.gather(1, at), like.gather(1, at), n, last)
        query = torch.cat([z, self.user[user]], 1) @ self.mix
        logit = (query * self.out_weight * self.item[candidate]).sum(1) + self.out_bias
        return torch.sigmoid(logit)


def make_votes(world, sta, table, last):
    """Functions of (user, item, like, length, count, candidate) for each vote, and for all three."""

    def mat(user, item, like, length, count, candidate):
        pos, neg = alphas(world, item, like, length, candidate, table)
        return torch.where(pos == neg, coin(pos), pos > neg)

    def sim(user, item, like, length, count, candidate):
        pos, neg = betas(world, item, like, length, candidate, table)
        return torch.where(pos == neg, coin(pos), pos > neg)

    def stat(user, item, like, length, count, candidate):
        return sta.probability(user, item, like, length, count, candidate, last) >= 0.5

    return mat, sim, stat


def start_again(world, lanes, ended):
    """Ended lanes get a new user with that user's history."""
    user = torch.randint(world.n_user, ended.shape)
    lanes.user = torch.where(ended, user, lanes.user)
    lanes.item = torch.where(ended[:, None], world.user_item[user], lanes.item)
    lanes.like = torch.where(ended[:, None], world.user_like[user], lanes.like)
    lanes.length = torch.where(ended, world.user_length[user], lanes.length)
    lanes.count = torch.where(ended, world.user_length[user], lanes.count)
    lanes.step = torch.where(ended, torch.zeros_like(lanes.step), lanes.step)


def step(world, lanes, vote, candidate, leave=0.025, max_steps=200):
    """One step of every lane: answer, append, leave, same-step autoreset."""
    answer = vote(lanes.user, lanes.item, lanes.like, lanes.length, lanes.count, candidate).long()
    n_history = lanes.item.shape[1]
    full = lanes.length == n_history
    index = torch.arange(n_history) + full[:, None].long()
    index.clamp_(max=n_history - 1)
    item, like = lanes.item.gather(1, index), lanes.like.gather(1, index)
    at = torch.where(full, lanes.length - 1, lanes.length)[:, None]
    item.scatter_(1, at, candidate[:, None])
    like.scatter_(1, at, answer[:, None])
    lanes.length = (lanes.length + 1).clamp(max=n_history)
    lanes.count = lanes.count + 1
    lanes.step = lanes.step + 1
    ended = (torch.rand(len(answer)) < leave) | (lanes.step >= max_steps)
    lanes.item, lanes.like = item, like
    if common.on_gpu():  # without asking how many there are, for which the host would have to wait
        start_again(world, lanes, ended)
        return answer
    who = ended.nonzero(as_tuple=True)[0]
    if len(who):
        user = torch.randint(world.n_user, (len(who),))
        lanes.user[who] = user
        lanes.item[who], lanes.like[who] = world.user_item[user], world.user_like[user]
        lanes.length[who] = lanes.count[who] = world.user_length[user]
        lanes.step[who] = 0
    return answer


def majority(votes):
    mat, sim, stat = votes

    def all_three(*state):
        return mat(*state).long() + sim(*state).long() + stat(*state).long() >= 2

    return all_three


def verify(world, sta, path):
    """Every lane of the sample: equal matches, similarities and probabilities within 1e-5, and equal
    votes wherever neither a tie nor such a difference decides."""
    s = common.load(path)
    s = {key.split("/")[-1]: value for key, value in s.items()}
    item = s["item"].long().clamp(min=0)
    like, length, count = s["like"].long(), s["length"].long(), s["count"].long()
    user, candidate = s["user"].long(), s["candidate"].long()
    for table in (False, True):
        for last in (False, True):
            pos, neg = alphas(world, item, like, length, candidate, table)
            near, far = betas(world, item, like, length, candidate, table)
            p = sta.probability(user, item, like, length, count, candidate, last)
            assert torch.equal(pos, s["alpha"][:, 0].long()) and torch.equal(neg, s["alpha"][:, 1].long()), \
                "matches differ"
            for name, mine, theirs in (("b+", near, s["beta"][:, 0]), ("b-", far, s["beta"][:, 1]), ("p", p, s["p"])):
                worst = (mine - theirs).abs().max().item()
                assert worst < 1e-5, f"{name} differs by {worst}"
            vote = s["vote"].bool()
            decided = [pos != neg, (near - far).abs() > 1e-5, (p - 0.5).abs() > 1e-5]
            mine = [pos > neg, near > far, p >= 0.5]
            for k in range(3):
                assert torch.equal(mine[k][decided[k]], vote[:, k][decided[k]]), f"vote {k} differs"
            sure = decided[0] & decided[1] & decided[2]
            reward = mine[0].long() + mine[1].long() + mine[2].long() >= 2
            assert torch.equal(reward[sure], vote[:, 3][sure]), "rewards differ"
    print(f"peer: agrees on {len(user)} lanes: matches equal, similarities and p within 1e-5, "
          f"{int(sure.sum())} rewards equal, {int((~sure).sum())} hung on a tie", flush=True)


def time_steps(world, vote, lanes_n, seconds):
    """A step of every lane with random candidates, drawn beforehand."""
    lanes = Lanes(world, torch.randint(world.n_user, (lanes_n,)))
    lanes.step = torch.randint(40, (lanes_n,))
    actions = torch.randint(world.n_item, (16, lanes_n))
    turn = iter(range(1 << 62))
    return common.measure(lambda: step(world, lanes, vote, actions[next(turn) % 16]), seconds)


def main():
    parser = common.arguments(__doc__, "world", "sta", "sample", seconds=3, lanes=4096)
    parser.add_argument("--history", type=int, default=64)
    parser.add_argument("--only", default="", help="time only what has this in its name")
    args = parser.parse_args()
    common.begin(args)
    with torch.inference_mode():
        world = World(args.world, args.history)
        sta = Sta(args.sta)
        world.build_tables()
        verify(world, sta, args.sample)
        size = f"N={world.n_item} d={world.dim} H={args.history} L={sta.window} B={args.lanes}"
        rows = common.Rows(args, size)
        for table, last in ((False, False), (False, True), (True, True)):
            votes = make_votes(world, sta, table, last)
            named = {"f_mat alone": votes[0], "f_sim alone": votes[1], "f_sta alone": votes[2],
                     "three votes": majority(votes)}
            for name, vote in named.items():
                asks_sta = name in ("f_sta alone", "three votes")
                asks_table = name != "f_sta alone"
                if args.only not in name:
                    continue
                if not table and last and not asks_sta or table and not asks_table:
                    continue
                label = name + (", table" if table else "") + (", last" if last and asks_sta else "")
                for compiled in common.compiled_or_not(args):
                    with common.may_fail(compiled):
                        run = torch.compile(vote, dynamic=False) if compiled else vote
                        timing = time_steps(world, run, args.lanes, args.seconds)
                        rows.add(label + ("" if compiled else ", eager"), "user-steps", args.lanes, timing)


if __name__ == "__main__":
    main()
