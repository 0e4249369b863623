"""Updates of PPO, A2C and TRPO for two agents by PyTorch autograd, in float64: ppo_*, a2c_* and
trpo_*.safetensors.

Each file holds item features, start weights of policy and critic, a few batches of a rollout, and
what PyTorch makes of them. PPO and A2C: the first loss, every gradient of it, and all weights after
50 steps of torch.optim.Adam or RMSprop. TRPO: the gradient of the surrogate, a Fisher-vector
product by double backward of the KL divergence, the solution of conjugate gradient, the length of
the step that the line search takes, and the weights after it. Written from the formulas and
Stable-Baselines3's definitions (names of its options), not from the C code; networks are those of
make_dqn_golden.py.

Needs: pip install torch numpy safetensors
"""
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
AGENTS, USERS, ITEMS, DIM, CATEGORIES, FACTS = 2, 20, 60, 6, 9, 4
HISTORY, BATCH, BATCHES, STEPS = 10, 16, 5, 50
H0, H1, WIDTH, USER_WIDTH = 12, 10, 8, 4
FEATURES = 2 * DIM + CATEGORIES + FACTS
N_INPUT = 6 * DIM + 4 * CATEGORIES + 6 + USER_WIDTH
RECENCY = 0.8
# By agent; the C test gives them to the agents.
# (Two towers learn faster.)
LEARNING_RATE = {"flat": [0.01, 0.003], "two_tower": [0.001, 0.0003]}
ACTIVATION = {"flat": torch.tanh, "two_tower": torch.relu}
MAX_NORM, EPSILON = [0.5, 0.0], [0.01, 0.02]
CLIP, CLIP_VALUE, ENTROPY, VALUE = [0.2, 0.1], [0.0, 0.3], [0.02, 0.0], [0.5, 0.25]
NORMALIZE = [True, False]
ALPHA = [0.99, 0.9]  # of RMSprop
TARGET_KL, DAMPING, CG_STEPS, SHRINK, TRIES = [0.01, 0.3], [0.1, 0.02], [10, 4], [0.8, 0.5], 10


def random_state(rng):
    length = int(rng.integers(0, HISTORY + 1))
    return {"item": rng.integers(0, ITEMS, length), "like": rng.integers(0, 2, length),
            "session": int(rng.integers(0, length + 1)), "user": int(rng.integers(0, USERS))}


def two_tower_features(x, state):
    """Everything but the user's row, in the order of kernels/agent/agent_features.h."""
    pos, neg = x[:, :DIM], x[:, DIM:2 * DIM]
    cat = x[:, 2 * DIM:2 * DIM + CATEGORIES]
    item, like = torch.as_tensor(state["item"]), torch.as_tensor(state["like"]).bool()
    n, s = len(item), state["session"]
    weight = torch.tensor([RECENCY ** (n - 1 - k) for k in range(n)])
    liked, disliked = pos[item[like]], neg[item[~like]]
    mean = lambda rows: rows.mean(0) if len(rows) else torch.zeros(DIM)
    share = lambda rows: rows.sum(0) / n if n else torch.zeros(DIM)
    recent = lambda rows, w: (1 - RECENCY) * (rows * w[:, None]).sum(0)
    up, down = cat[item[like]].sum(0), cat[item[~like]].sum(0)
    sign = torch.where(like, 1.0, -1.0)
    facts = torch.tensor([like.double().mean().item() if n else 0.0,
                          (1 - RECENCY) * weight[like].sum().item(), n / HISTORY, s / HISTORY,
                          like[n - s:].double().mean().item() if s else 0.0,
                          sign[-1].item() if n else 0.0])
    return torch.cat([mean(liked), mean(disliked), share(liked), share(disliked),
                      recent(liked, weight[like]), recent(disliked, weight[~like]),
                      (up - down) / (up + down + 1), up / (up + 1), down / (down + 1),
                      (1 - RECENCY) * (cat[item] * (sign * weight)[:, None]).sum(0), facts])


def flat_slots(state):
    slot = torch.zeros(ITEMS)
    for item, like in zip(state["item"], state["like"]):
        slot[item] = 1.0 if like else -1.0
    return slot


def policy_shapes(head):
    hidden = {"input_bias": (1, H0), "hidden": (H0, H1), "hidden_bias": (1, H1)}
    if head == "flat":
        return {"user": (USERS, USER_WIDTH), "input_item": (ITEMS, H0), "input": (USER_WIDTH, H0),
                **hidden, "item_vector": (ITEMS, H1), "item_bias": (ITEMS, 1)}
    return {"user": (USERS, USER_WIDTH), "input": (N_INPUT, H0), **hidden, "query": (H1, WIDTH),
            "query_bias": (1, WIDTH), "skip": (N_INPUT, WIDTH), "item_matrix": (FEATURES, WIDTH),
            "item_fact": (FEATURES, 1), "item_vector": (ITEMS, WIDTH), "item_bias": (ITEMS, 1)}


def critic_shapes(head):
    shape = {"user": (USERS, USER_WIDTH), "input": (N_INPUT, H0), "input_bias": (1, H0),
             "hidden": (H0, H1), "hidden_bias": (1, H1), "value": (H1, 1), "value_bias": (1, 1)}
    if head == "flat":
        shape.update({"input": (USER_WIDTH, H0), "input_item": (ITEMS, H0)})
    return shape


def hidden_layers(head, w, dense, user):
    u = w["user"][user]
    if head == "flat":
        f, pre = None, u @ w["input"] + dense @ w["input_item"]
    else:
        f = torch.cat([dense, u], 1)
        pre = f @ w["input"]
    activation = ACTIVATION[head]
    h = activation(pre + w["input_bias"])
    return f, activation(h @ w["hidden"] + w["hidden_bias"])


def scores(head, w, x, dense, user, masked):
    f, h = hidden_layers(head, w, dense, user)
    if head == "flat":
        z = h @ w["item_vector"].T + w["item_bias"].T
    else:
        query = f @ w["skip"] + h @ w["query"] + w["query_bias"]
        vector = x @ w["item_matrix"] + w["item_vector"]
        z = query @ vector.T + (x @ w["item_fact"] + w["item_bias"]).T
    return z.masked_fill(masked, -torch.inf)


def values(head, w, dense, user):
    return (hidden_layers(head, w, dense, user)[1] @ w["value"] + w["value_bias"])[:, 0]


def log_prob_of(z, action):
    """Plackett-Luce: each item among those that are left."""
    total = 0
    for k in range(action.shape[1]):
        total = total + z.gather(1, action[:, k:k + 1])[:, 0] - torch.logsumexp(z, 1)
        z = z.scatter(1, action[:, k:k + 1], -torch.inf)
    return total


def log_p_of(z):
    return torch.log_softmax(z, 1).masked_fill(z == -torch.inf, 0)


def entropy_of(z):
    """Of the first item."""
    log_p = log_p_of(z)
    return -(log_p.exp() * log_p).masked_fill(z == -torch.inf, 0).sum(1)


def start_weights(rng, head, shapes):
    scale = 0.5 if head == "flat" else 0.1
    return {k: torch.as_tensor((rng.normal(0, 1, s) * scale / max(
        1, s[0] if k not in ("user", "item_vector", "input_item") else 1) ** 0.5).astype(np.float32)).double()
        for k, s in shapes.items()}


class Golden:
    def __init__(self, head, slate, mask, seed):
        self.head, self.slate, self.rng = head, slate, np.random.default_rng(seed)
        rng = self.rng
        self.x = torch.as_tensor(rng.normal(0, 0.6, (ITEMS, FEATURES)).astype(np.float32)).double()
        self.x[:, 2 * DIM:2 * DIM + CATEGORIES].abs_()  # else shares of them divide by nearly 0
        self.start = [(start_weights(rng, head, policy_shapes(head)),
                       start_weights(rng, head, critic_shapes(head))) for _ in range(AGENTS)]
        self.batch = [[self.make_batch(a, mask) for a in range(AGENTS)] for _ in range(BATCHES)]
        self.out = {"item_feature": self.x.numpy()}
        self.put_batches()
        self.results = {}

    def make_batch(self, agent, mask):
        rng, state = self.rng, [random_state(self.rng) for _ in range(BATCH)]
        dense = torch.stack([flat_slots(s) if self.head == "flat" else two_tower_features(self.x, s)
                             for s in state])
        masked = torch.zeros(BATCH, ITEMS, dtype=torch.bool)
        for row, s in zip(masked, state):
            if mask and s["session"]:
                row[torch.as_tensor(s["item"][-s["session"]:])] = True
        user = torch.tensor([s["user"] for s in state])
        action = torch.stack([torch.as_tensor(rng.choice(np.flatnonzero(~m.numpy()), self.slate,
                                                         replace=False)) for m in masked])
        policy, critic = self.start[agent]
        single = lambda t: torch.as_tensor(np.asarray(t, np.float32)).double()
        with torch.no_grad():
            old = log_prob_of(scores(self.head, policy, self.x, dense, user, masked), action)
            value = values(self.head, critic, dense, user)
        return {"state": state, "dense": dense, "user": user, "masked": masked, "action": action,
                "old_log_prob": single(old + 0.15 * torch.as_tensor(rng.normal(size=BATCH))),
                "old_value": single(value + 0.3 * torch.as_tensor(rng.normal(size=BATCH))),
                "advantage": single(rng.normal(0.3, 1.5, BATCH)),
                "target": single(rng.normal(1, 1, BATCH))}

    def put_batches(self):
        entry = np.zeros((BATCHES, AGENTS, BATCH, HISTORY), np.int32)
        for b, agents in enumerate(self.batch):
            for a, r in enumerate(agents):
                for j, s in enumerate(r["state"]):
                    entry[b, a, j, :len(s["item"])] = s["item"] * 2 + s["like"]
        each = lambda f: np.array([[[f(s) for s in r["state"]] for r in agents] for agents in self.batch])
        self.out.update({"state.entry": entry,
                         "state.length": each(lambda s: len(s["item"])).astype(np.int32),
                         "state.session": each(lambda s: s["session"]).astype(np.int32),
                         "state.user": each(lambda s: s["user"]).astype(np.int32)})
        for k in ("action", "advantage", "target", "old_value", "old_log_prob"):
            self.out[k] = np.stack([np.stack([r[k].numpy() for r in agents]) for agents in self.batch])
        self.out["action"] = self.out["action"].astype(np.int32)

    def result(self, name, value):
        self.results.setdefault(name, []).append(
            value.detach().numpy().copy() if torch.is_tensor(value) else np.float64(value))

    def result_set(self, name, weights):
        for k, v in weights.items():
            self.result(f"{name}.{k}", v)

    def save(self, name):
        self.out.update({k: np.stack(v) for k, v in self.results.items()})
        out = {k: np.ascontiguousarray(v if v.dtype == np.int32 else v.astype(np.float32))
               for k, v in self.out.items()}
        save_file(out, HERE / f"{name}.safetensors")
        (HERE / f"{name}.safetensors").chmod(0o644)

    def policy_and_critic(self, agent):
        return [{k: torch.nn.Parameter(v.clone()) for k, v in w.items()} for w in self.start[agent]]

    def evaluate(self, policy, r):
        z = scores(self.head, policy, self.x, r["dense"], r["user"], r["masked"])
        return z, log_prob_of(z, r["action"])


def normalised(advantage, yes):
    return (advantage - advantage.mean()) / (advantage.std() + 1e-8) if yes else advantage


def update_loss(golden, a, algorithm, policy, critic, r):
    """Of Stable-Baselines3: ppo.py and a2c.py, train()."""
    z, log_prob = golden.evaluate(policy, r)
    value = values(golden.head, critic, r["dense"], r["user"])
    advantage = normalised(r["advantage"], NORMALIZE[a])
    if algorithm == "ppo":
        ratio = (log_prob - r["old_log_prob"]).exp()
        clipped = ratio.clamp(1 - CLIP[a], 1 + CLIP[a])
        policy_loss = -torch.min(advantage * ratio, advantage * clipped).mean()
        if CLIP_VALUE[a]:
            value = r["old_value"] + (value - r["old_value"]).clamp(-CLIP_VALUE[a], CLIP_VALUE[a])
    else:
        policy_loss = -(advantage * log_prob).mean()
    value_loss = ((r["target"] - value) ** 2).mean()
    return policy_loss - ENTROPY[a] * entropy_of(z).mean() + VALUE[a] * value_loss


def make_updates(algorithm, head, slate, mask, seed):
    golden = Golden(head, slate, mask, seed)
    for a in range(AGENTS):
        policy, critic = golden.policy_and_critic(a)
        every = list(policy.values()) + list(critic.values())
        golden.result_set("start", policy)
        golden.result_set("critic_start", critic)
        optimizer = (torch.optim.Adam(every, lr=LEARNING_RATE[head][a], eps=EPSILON[a])
                     if algorithm == "ppo" else
                     torch.optim.RMSprop(every, lr=LEARNING_RATE[head][a], alpha=ALPHA[a], eps=EPSILON[a]))
        for step in range(STEPS):
            r = golden.batch[step % BATCHES][a]
            loss = update_loss(golden, a, algorithm, policy, critic, r)
            optimizer.zero_grad()
            loss.backward()
            if step == 0:
                z, log_prob = golden.evaluate(policy, r)
                golden.result("loss", loss)
                golden.result("log_prob", log_prob)
                golden.result("entropy", entropy_of(z))
                golden.result("value", values(head, critic, r["dense"], r["user"]))
                golden.result_set("gradient", {k: v.grad.clone() for k, v in policy.items()})
                golden.result_set("critic_gradient", {k: v.grad.clone() for k, v in critic.items()})
            if MAX_NORM[a] > 0:
                torch.nn.utils.clip_grad_norm_(every, MAX_NORM[a])
            optimizer.step()
        golden.result_set("weight", policy)
        golden.result_set("critic_weight", critic)
    golden.save(f"{algorithm}_{head}")


def conjugate_gradient(product, b, steps):
    """Hestenes & Stiefel from 0."""
    x, residual = torch.zeros_like(b), b.clone()
    p, square = residual.clone(), residual @ residual
    for _ in range(steps):
        if square < 1e-10:
            break
        along = product(p)
        alpha = square / (p @ along)
        x, residual = x + alpha * p, residual - alpha * along
        square, before = residual @ residual, square
        p = residual + square / before * p
    return x


def make_trpo(head, mask, seed):
    """Of sb3-contrib: trpo.py, train(); the policy's step on one batch that is the whole rollout."""
    golden = Golden(head, 1, mask, seed)
    for a in range(AGENTS):
        policy, critic = golden.policy_and_critic(a)
        names, every = list(policy), list(policy.values())
        golden.result_set("start", policy)
        golden.result_set("critic_start", critic)
        r = golden.batch[0][a]
        advantage = normalised(r["advantage"], NORMALIZE[a])
        flat = lambda parts: torch.cat([p.reshape(-1) for p in parts])
        split = lambda v: dict(zip(names, [p.reshape(w.shape) for p, w in zip(
            v.split([w.numel() for w in every]), every)]))
        z, log_prob = golden.evaluate(policy, r)
        objective = (advantage * (log_prob - r["old_log_prob"]).exp()).mean()
        gradient = flat(torch.autograd.grad(objective, every, retain_graph=True))
        log_p = log_p_of(z)
        old = log_p.detach()
        hidden = z == -torch.inf
        divergence = lambda new: (old.exp() * (old - new)).masked_fill(hidden, 0).sum(1).mean()
        first = flat(torch.autograd.grad(divergence(log_p), every, create_graph=True))
        fisher = lambda v: flat(torch.autograd.grad((first * v.detach()).sum(), every, retain_graph=True))
        damped = lambda v: fisher(v) + DAMPING[a] * v
        along = flat([torch.as_tensor((0.3 * golden.rng.normal(size=w.shape)).astype(np.float32)).double()
                      for w in every])
        direction = conjugate_gradient(damped, gradient.detach(), CG_STEPS[a])
        length = torch.sqrt(2 * TARGET_KL[a] / (direction @ damped(direction)))
        begun, share, accepted = flat(every).detach(), 1.0, 0.0
        for _ in range(TRIES):
            new = split(begun + share * length * direction)
            with torch.no_grad():
                z, log_prob = golden.evaluate(new, r)
                after = (advantage * (log_prob - r["old_log_prob"]).exp()).mean()
                kl = divergence(log_p_of(z))
            if kl < TARGET_KL[a] and after > objective:
                accepted = share
                break
            share *= SHRINK[a]
        golden.result("objective", objective)
        golden.result("length", length)
        golden.result("accepted", accepted)
        golden.result("kl", kl)
        for name, v in (("gradient", gradient), ("along", along), ("product", fisher(along)),
                        ("direction", direction), ("weight", begun + accepted * length * direction)):
            golden.result_set(name, split(v.detach()))
        print(f"trpo_{head}, agent {a}: share {accepted}, KL {float(kl):.4g}")
    golden.save(f"trpo_{head}")


make_updates("ppo", "flat", slate=1, mask=False, seed=1)
make_updates("ppo", "two_tower", slate=2, mask=True, seed=2)
make_updates("a2c", "flat", slate=2, mask=True, seed=3)
make_updates("a2c", "two_tower", slate=1, mask=False, seed=4)
make_trpo("flat", mask=True, seed=5)
make_trpo("two_tower", mask=False, seed=6)
