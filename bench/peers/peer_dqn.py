"""The agents of bench_agent as a good PyTorch rendering: no Python loop over users.

    bench_agent --world W --sta S --sample PREFIX
    python peer_dqn.py --world W --sta S --sample PREFIX [--seconds 2] [--threads 2] [--csv F]
                       [--device cuda] [--compile] [--lanes 4096] [--batch 512] [--updates 2]

Takes bench_agent's weights, compares its greedy actions and the loss of a batch with bench_agent's
(exits 1 where they differ beyond 1e-4), then times acting, acting and stepping, one update, and
training steps. What makes it a good one:

  states    sums of item features over a history by embedding_bag with weights, which never holds the
            (B, H, features) array; the flat head's input layer likewise
  act       Q by blocks of rows (that stay in a CPU's cache, that fill a GPU), masked in place, then
            arg-max
  replay    whole states in a ring on the device's side, a batch is one gather
  update    double DQN, Huber, fused Adam, foreach clipping and soft target, gradients set to None
  step      the votes of peer_sim.py in their fastest form (tables, last position, compiled)
  eager     without torch.compile; the other rows are compiled, where a C++ compiler works

It is not a part of the project's library and nothing of it is used there.
"""

import torch
import torch.nn.functional as F

import common
import peer_sim

RECENCY, GAMMA, TAU, LEARNING_RATE, MAX_NORM, EPSILON = 0.8, 0.975, 0.01, 1e-3, 10.0, 0.05


class State:
    """Histories oldest first: item (B, H), like (B, H) 0/1, length, session (newest entries that
    this session wrote), user (B)."""

    NAMES = "item like length session user".split()

    def __init__(self, item, like, length, session, user):
        self.item, self.like, self.length, self.session, self.user = item, like, length, session, user

    def parts(self):
        return self.item, self.like, self.length, self.session, self.user


class TwoTower:
    """Query of the state, vectors of the items; see kernels/agent/agent_features.h for the features."""

    def __init__(self, x, n_direction, n_category):
        self.x, self.nd, self.nc = x, n_direction, n_category

    def features(self, item, like, length, session):
        n_history, nd, nc = item.shape[1], self.nd, self.nc
        k = torch.arange(n_history)
        valid = k < length[:, None]
        liked, disliked = (valid & (like > 0)).float(), (valid & (like == 0)).float()
        recent = RECENCY ** (length[:, None] - 1 - k).clamp(min=0).float()
        bag = lambda w: F.embedding_bag(item, self.x, per_sample_weights=w, mode="sum")
        up, down, up_recent, down_recent = bag(liked), bag(disliked), bag(liked * recent), bag(disliked * recent)
        n_up, n_down, n = liked.sum(1, keepdim=True), disliked.sum(1, keepdim=True), length[:, None].float()
        per_entry, rest = 1 / n.clamp(min=1), 1 - RECENCY
        c_up, c_down = up[:, 2 * nd : 2 * nd + nc], down[:, 2 * nd : 2 * nd + nc]
        c_recent = (up_recent - down_recent)[:, 2 * nd : 2 * nd + nc]
        s = session[:, None]
        in_session = (k >= length[:, None] - s).float()
        end = like.gather(1, (length[:, None] - 1).clamp(min=0)).float()
        facts = [n_up * per_entry, (liked * recent).sum(1, keepdim=True) * rest, n / n_history, s / n_history,
                 (liked * in_session).sum(1, keepdim=True) / s.clamp(min=1),
                 torch.where(n > 0, 2 * end - 1, torch.zeros_like(end))]
        return torch.cat(
            [up[:, :nd] / n_up.clamp(min=1), down[:, nd : 2 * nd] / n_down.clamp(min=1),
             up[:, :nd] * per_entry, down[:, nd : 2 * nd] * per_entry,
             up_recent[:, :nd] * rest, down_recent[:, nd : 2 * nd] * rest,
             (c_up - c_down) / (c_up + c_down + 1), c_up / (c_up + 1), c_down / (c_down + 1), c_recent * rest,
             *facts], 1)

    def query(self, w, feature, user):
        f = torch.cat([feature, F.embedding(user, w["user"])], 1)
        h = torch.relu(torch.addmm(w["input_bias"], f, w["input"]))
        h = torch.relu(torch.addmm(w["hidden_bias"], h, w["hidden"]))
        value = h @ w["value"] + f @ w["value_skip"] + w["value_bias"]
        return torch.addmm(w["query_bias"], f, w["skip"]) + h @ w["query"], value[:, 0]

    def catalogue(self, w):
        vector = torch.addmm(w["item_vector"], self.x, w["item_matrix"])
        return vector, (self.x @ w["item_fact"] + w["item_bias"])[:, 0]

    def items(self, w, item):
        x = self.x[item]
        vector = F.embedding(item, w["item_vector"]) + x @ w["item_matrix"]
        return vector, (F.embedding(item, w["item_bias"]) + x @ w["item_fact"])[:, 0]


class Flat:
    """The paper's: user embedding and one slot an item, hidden layers, one output an item."""

    def features(self, item, like, length, session):
        """Signs of the slots: 0 for what is padding or was answered again later."""
        k = torch.arange(item.shape[1])
        valid = k < length[:, None]
        later = (item[:, :, None] == item[:, None, :]) & valid[:, None, :] & (k[:, None] < k)
        sign = torch.where(like > 0, 1.0, -1.0)
        return item, torch.where(valid & ~later.any(2), sign, torch.zeros_like(sign))

    def query(self, w, slots, user):
        item, sign = slots
        h = F.embedding_bag(item, w["input_item"], per_sample_weights=sign, mode="sum")
        h = torch.relu(torch.addmm(w["input_bias"], F.embedding(user, w["user"]), w["input"]) + h)
        return torch.relu(torch.addmm(w["hidden_bias"], h, w["hidden"])), torch.zeros(len(user))

    def catalogue(self, w):
        return w["item_vector"], w["item_bias"][:, 0]

    def items(self, w, item):
        return F.embedding(item, w["item_vector"]), F.embedding(item, w["item_bias"])[:, 0]


def best_unseen(query, vector, bias, seen):
    """Arg-max over the catalogue, seen (B, N) left out."""
    block = 8192 if common.on_gpu() else 256
    best = [torch.addmm(bias, q, vector.T).masked_fill_(s, -torch.inf).argmax(1)
            for q, s in zip(query.split(block), seen.split(block))]
    return torch.cat(best)


class Agent:
    def __init__(self, net, weight, target, compiled):
        self.net = net
        self.weight = {k: t.clone().requires_grad_() for k, t in weight.items()}
        self.target = {k: t.clone() for k, t in target.items()}
        self.parameters = list(self.weight.values())
        self.adam = torch.optim.Adam(self.parameters, lr=LEARNING_RATE, fused=True)
        wrap = (lambda f: torch.compile(f, dynamic=False)) if compiled else (lambda f: f)
        self.greedy_, self.loss_ = wrap(self._greedy), wrap(self._loss)
        self.next_ = wrap(self._next)
        self.vectors = None  # of the catalogue, until the weights change

    def _greedy(self, w, vector, bias, item, like, length, session, user, seen):
        query, _ = self.net.query(w, self.net.features(item, like, length, session), user)
        return best_unseen(query, vector, bias, seen)

    def greedy(self, state, seen):
        with torch.no_grad():
            if self.vectors is None:
                self.vectors = self.net.catalogue(self.weight)
            return self.greedy_(self.weight, *self.vectors, *state.parts(), seen)

    def act(self, state, seen):
        action = self.greedy(state, seen)
        explore = torch.rand(len(action)) < EPSILON
        return torch.where(explore, torch.randint(seen.shape[1], action.shape), action)

    def _next(self, w, target, item, like, length, session, user):
        """Double DQN: the present network's best item outside the session, the target's value."""
        feature = self.net.features(item, like, length, session)
        query, _ = self.net.query(w, feature, user)
        vector, bias = self.net.catalogue(w)
        q = torch.addmm(bias, query, vector.T)
        in_session = (torch.arange(item.shape[1]) >= (length - session)[:, None]) & (
            torch.arange(item.shape[1]) < length[:, None])
        q.scatter_reduce_(1, item, torch.where(in_session, -torch.inf, torch.inf), "amin")
        best = q.argmax(1)
        query, value = self.net.query(target, feature, user)
        vector, bias = self.net.items(target, best)
        return (query * vector).sum(1) + bias + value

    def _loss(self, w, item, like, length, session, user, action, wanted):
        query, value = self.net.query(w, self.net.features(item, like, length, session), user)
        vector, bias = self.net.items(w, action)
        return F.smooth_l1_loss((query * vector).sum(1) + bias + value, wanted)

    def loss(self, state, after, action, reward, discount):
        with torch.no_grad():
            future = self.next_(self.weight, self.target, *after.parts())
            wanted = reward + torch.where(discount > 0, discount * future, torch.zeros_like(future))
        return self.loss_(self.weight, *state.parts(), action, wanted)

    def update(self, batch):
        self.adam.zero_grad(set_to_none=True)
        loss = self.loss(*batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, MAX_NORM, foreach=True)
        self.adam.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.target.values()), self.parameters, TAU)
        self.vectors = None
        return loss


class Replay:
    """Whole transitions in a ring: states as they were, small integers."""

    def __init__(self, capacity, n_history):
        self.capacity, self.n, self.at = capacity, 0, 0
        side = lambda: {"item": torch.zeros(capacity, n_history, dtype=torch.int32),
                        "like": torch.zeros(capacity, n_history, dtype=torch.int8),
                        **{k: torch.zeros(capacity, dtype=torch.int32) for k in ("length", "session", "user")}}
        self.state, self.next = side(), side()
        self.action = torch.zeros(capacity, dtype=torch.int32)
        self.reward, self.discount = torch.zeros(capacity), torch.zeros(capacity)

    def store(self, state, after, action, reward, discount):
        n = len(action)
        at = torch.arange(self.at, self.at + n) % self.capacity
        for to, s in ((self.state, state), (self.next, after)):
            for name, part in zip(State.NAMES, s.parts()):
                to[name][at] = part.to(to[name].dtype)
        self.action[at], self.reward[at], self.discount[at] = action.int(), reward, discount
        self.at, self.n = (self.at + n) % self.capacity, min(self.n + n, self.capacity)

    def sample(self, n):
        i = torch.randint(self.n, (n,))
        pick = lambda s: State(*(s[name][i].long() for name in State.NAMES))
        return pick(self.state), pick(self.next), self.action[i].long(), self.reward[i], self.discount[i]


class Users:
    """Lanes of peer_sim with a mask of what their sessions showed."""

    def __init__(self, world, vote, lanes):
        self.world, self.vote = world, vote
        self.lanes = peer_sim.Lanes(world, torch.randint(world.n_user, (lanes,)))
        self.lanes.step = torch.randint(40, (lanes,))
        self.seen = torch.zeros(lanes, world.n_item, dtype=torch.bool)

    def state(self):
        l = self.lanes
        return State(l.item, l.like, l.length, torch.minimum(l.step, l.length), l.user.clone())

    @torch.no_grad()
    def step(self, action):
        """A transition of every lane; ended lanes have started again."""
        before = self.state()
        answer = peer_sim.step(self.world, self.lanes, self.vote, action)
        ended = self.lanes.step == 0
        self.seen[torch.arange(len(action)), action] = True
        self.seen[ended] = False
        after = self.state()
        # What an ended lane's state was matters to nobody: its discount is 0.
        return before, after, action, answer.float(), torch.where(ended, 0.0, GAMMA)


def load(prefix, head):
    s = common.load(f"{prefix}.{head}.safetensors")
    part = lambda name: {k[len(name) + 1 :]: t[0] for k, t in s.items() if k.startswith(name + ".")}
    if head == "two_tower":
        x = s["item_feature"]
        n_input = part("weight")["input"].shape[0] - part("weight")["user"].shape[1]
        # 6 directions' and 4 categories' blocks and 6 facts a state; 2, 1 and 4 an item.
        nd = (n_input - 6 - 4 * (x.shape[1] - 4)) // (6 - 8)
        net = TwoTower(x, nd, x.shape[1] - 4 - 2 * nd)
    else:
        net = Flat()
    return s, net, part("weight"), part("target")


def batch_state(s, name):
    entry = s[f"batch.{name}.state.entry"].long()
    get = lambda field: s[f"batch.{name}.state.{field}"].long()
    inside = torch.arange(entry.shape[1]) < get("length")[:, None]
    entry = torch.where(inside, entry, torch.zeros_like(entry))
    return State(entry >> 1, entry & 1, get("length"), get("session"), get("user"))


def verify(s, agent, head):
    """Every lane's greedy action, where the best two are not within 1e-4, and a batch's loss."""
    lane = {k[6:]: t.long() for k, t in s.items() if k.startswith("lanes.")}
    n_item = agent.weight["item_vector"].shape[0]
    session = torch.minimum(lane["session"], lane["length"])
    state = State(lane["item"].clamp(min=0), lane["like"], lane["length"], session, lane["user"])
    in_session = (torch.arange(state.item.shape[1]) >= (state.length - session)[:, None]) & (
        torch.arange(state.item.shape[1]) < state.length[:, None])
    seen = torch.zeros(len(session), n_item, dtype=torch.bool)
    row, column = in_session.nonzero(as_tuple=True)
    seen[row, state.item[row, column]] = True
    # A session longer than the history has shown more than the history tells.
    known = lane["session"] <= lane["length"]
    with torch.no_grad():
        query, _ = agent.net.query(agent.weight, agent.net.features(*state.parts()[:4]), state.user)
        vector, bias = agent.net.catalogue(agent.weight)
        q = torch.addmm(bias, query, vector.T).masked_fill(seen, -torch.inf)
        best = agent.greedy(state, seen)
    margin = q.amax(1) - q.gather(1, lane["action"][:, None])[:, 0]
    wrong = known & (margin.abs() > 1e-4)
    assert not wrong.any(), f"{head}: {int(wrong.sum())} greedy actions differ, by up to {margin[known].max()}"
    loss = agent.loss(batch_state(s, "state"), batch_state(s, "next"), s["batch.action"].long(),
                      s["batch.reward"], s["batch.discount"]).item()
    theirs = s["learning.last_loss"].item()
    assert abs(loss - theirs) < 1e-4 * max(1, abs(theirs)), f"{head}: loss {loss}, bench_agent's {theirs}"
    same = int((best == lane["action"])[known].sum())
    print(f"peer: {head} agrees: {same} of {int(known.sum())} greedy actions equal, the others within 1e-4; "
          f"loss {loss:.6f} against {theirs:.6f}", flush=True)


def main():
    parser = common.arguments(__doc__, "world", "sta", "sample", seconds=2, lanes=4096)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--updates", type=int, default=2)
    parser.add_argument("--only", default="", help="flat or two_tower alone")
    args = parser.parse_args()
    common.begin(args)
    n_history = 64
    world, sta = peer_sim.World(args.world, n_history), peer_sim.Sta(args.sta)
    with torch.no_grad():
        world.build_tables()
        eager_vote = peer_sim.majority(peer_sim.make_votes(world, sta, True, True))
    size = f"N={world.n_item} d={world.dim} H={n_history} B={args.lanes} width=64 batch={args.batch}"
    rows = common.Rows(args, size)
    for head in ("two_tower", "flat"):
        if args.only and args.only != head:
            continue
        s, net, weight, target = load(args.sample, head)
        verify(s, Agent(net, weight, target, False), head)
        for compiled in common.compiled_or_not(args):
            agent = Agent(net, weight, target, compiled)
            vote = torch.compile(eager_vote, dynamic=False) if compiled else eager_vote
            users = Users(world, vote, args.lanes)
            replay = Replay(250000, n_history)

            def report(name, call, n, unit):
                rows.add(f"{head}, {name}" + ("" if compiled else ", eager"), unit, n,
                         common.measure(call, args.seconds))

            def play():
                return users.step(agent.greedy(users.state(), users.seen))

            def train():
                replay.store(*users.step(agent.act(users.state(), users.seen)))
                for _ in range(args.updates):
                    agent.update(replay.sample(args.batch))

            with common.may_fail(compiled):
                report("act", lambda: agent.greedy(users.state(), users.seen), args.lanes, "user-steps")
                report("act + step", play, args.lanes, "user-steps")
                for _ in range(8):
                    replay.store(*play())
                report("update", lambda: agent.update(replay.sample(args.batch)), 1, "updates")
                report(f"training, {args.updates} updates a step", train, args.lanes, "user-steps")


if __name__ == "__main__":
    main()
