"""DQN updates of two agents by PyTorch autograd and torch.optim.Adam, in float64: dqn_*.safetensors.

Each file holds item features, start weights, a few batches of transitions, and what PyTorch makes
of them: the first loss, every gradient of it, and all weights and target weights after 50 Adam
steps. Written from the formulas, not from the C code.

Needs: pip install torch numpy safetensors
"""
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
AGENTS, USERS, ITEMS, DIM, CATEGORIES = 2, 20, 60, 6, 9
HISTORY, BATCH, BATCHES, STEPS, SYNC = 10, 16, 5, 50, 7
H0, H1, WIDTH, USER_WIDTH = 12, 10, 8, 4
FACTS = 4
FEATURES = 2 * DIM + CATEGORIES + FACTS
RECENCY = 0.8
LEARNING_RATE = [0.01, 0.003]
BETA1, BETA2, EPSILON = [0.9, 0.8], [0.999, 0.99], [0.01, 0.02]
MAX_NORM = [0.5, 0.0]
TAU = [0.05, 0.2]


def random_state(rng):
    length = int(rng.integers(0, HISTORY + 1))
    item = rng.integers(0, ITEMS, length)
    like = rng.integers(0, 2, length)
    return {"item": item, "like": like, "session": int(rng.integers(0, length + 1)),
            "user": int(rng.integers(0, USERS))}


def two_tower_features(x, state):
    """Everything but the user's row, in the order of kernels/agent/agent_features.h."""
    pos, neg = x[:, :DIM], x[:, DIM:2 * DIM]
    cat = x[:, 2 * DIM:2 * DIM + CATEGORIES]
    item, like = torch.as_tensor(state["item"]), torch.as_tensor(state["like"]).bool()
    n = len(item)
    weight = torch.tensor([RECENCY ** (n - 1 - k) for k in range(n)])
    liked, disliked = pos[item[like]], neg[item[~like]]
    zero = torch.zeros(DIM)
    mean = lambda rows: rows.mean(0) if len(rows) else zero
    share = lambda rows: rows.sum(0) / n if n else zero
    recent = lambda rows, w: (1 - RECENCY) * (rows * w[:, None]).sum(0)
    up, down = cat[item[like]].sum(0), cat[item[~like]].sum(0)
    sign = torch.where(like, 1.0, -1.0)
    blocks = [mean(liked), mean(disliked), share(liked), share(disliked),
              recent(liked, weight[like]), recent(disliked, weight[~like]),
              (up - down) / (up + down + 1), up / (up + 1), down / (down + 1),
              (1 - RECENCY) * (cat[item] * (sign * weight)[:, None]).sum(0)]
    s = state["session"]
    facts = torch.tensor([like.double().mean().item() if n else 0.0,
                          (1 - RECENCY) * weight[like].sum().item(),
                          n / HISTORY, s / HISTORY,
                          like[n - s:].double().mean().item() if s else 0.0,
                          sign[-1].item() if n else 0.0])
    return torch.cat(blocks + [facts])


def flat_slots(state):
    slot = torch.zeros(ITEMS)
    for item, like in zip(state["item"], state["like"]):
        slot[item] = 1.0 if like else -1.0
    return slot


def shapes(head, norm=False):
    if norm:
        return {**shapes(head), "input_gain": (1, H0), "input_shift": (1, H0), "hidden_gain": (1, H1),
                "hidden_shift": (1, H1)}
    if head != "two_tower":
        value = {"value": (H1, 1), "value_bias": (1, 1)} if head == "flat_dueling" else {}
        return {"user": (USERS, USER_WIDTH), "input_item": (ITEMS, H0), "input": (USER_WIDTH, H0),
                "input_bias": (1, H0), "hidden": (H0, H1), "hidden_bias": (1, H1),
                "item_vector": (ITEMS, H1), "item_bias": (ITEMS, 1), **value}
    n_input = 6 * DIM + 4 * CATEGORIES + 6 + USER_WIDTH
    return {"user": (USERS, USER_WIDTH), "input": (n_input, H0), "input_bias": (1, H0),
            "hidden": (H0, H1), "hidden_bias": (1, H1), "query": (H1, WIDTH),
            "query_bias": (1, WIDTH), "skip": (n_input, WIDTH), "value": (H1, 1),
            "value_skip": (n_input, 1), "value_bias": (1, 1), "item_matrix": (FEATURES, WIDTH),
            "item_fact": (FEATURES, 1), "item_vector": (ITEMS, WIDTH), "item_bias": (ITEMS, 1)}


def activate(w, layer, z):
    """ReLU, of the layer's norm where it has one."""
    if f"{layer}_gain" in w:
        z = torch.nn.functional.layer_norm(z, z.shape[1:], w[f"{layer}_gain"][0], w[f"{layer}_shift"][0])
    return torch.relu(z)


def q_values(head, w, x, dense, user):
    """(batch, items)"""
    u = w["user"][user]
    if head != "two_tower":
        h = activate(w, "input", u @ w["input"] + dense @ w["input_item"] + w["input_bias"])
        h = activate(w, "hidden", h @ w["hidden"] + w["hidden_bias"])
        q = h @ w["item_vector"].T + w["item_bias"].T
        return q + h @ w["value"] + w["value_bias"] if head == "flat_dueling" else q
    f = torch.cat([dense, u], 1)
    h = activate(w, "input", f @ w["input"] + w["input_bias"])
    h = activate(w, "hidden", h @ w["hidden"] + w["hidden_bias"])
    query = f @ w["skip"] + h @ w["query"] + w["query_bias"]
    vector = x @ w["item_matrix"] + w["item_vector"]
    bias = x @ w["item_fact"] + w["item_bias"]
    value = h @ w["value"] + f @ w["value_skip"] + w["value_bias"]
    return query @ vector.T + bias.T + value


def make(head, double, huber, soft, seed, gap=(0, 0), delta=(1, 1), norm=False, target_network=True,
         temperature=(0, 0), file=None):
    """gap: alpha of advantage learning; delta: from which Huber's loss is linear; temperature: of Munchausen DQN,
    0 for none; of each agent. norm: layer normalisation. target_network False: targets by the weights themselves."""
    rng = np.random.default_rng(seed)
    x = torch.as_tensor(rng.normal(0, 0.6, (ITEMS, FEATURES)).astype(np.float32)).double()
    out = {"item_feature": x.numpy()}
    dense_of = (lambda s: flat_slots(s)) if head != "two_tower" else (lambda s: two_tower_features(x, s))
    batches = []
    for b in range(BATCHES):
        agents = []
        for _ in range(AGENTS):
            rows = {"state": [random_state(rng) for _ in range(BATCH)],
                    "next": [random_state(rng) for _ in range(BATCH)],
                    "action": rng.integers(0, ITEMS, BATCH),
                    "reward": (rng.integers(0, 3, BATCH) * 0.75).astype(np.float32),
                    "discount": rng.choice(np.array([0, 0.9, 0.855], np.float32), BATCH)}
            agents.append(rows)
        batches.append(agents)
    for side in ("state", "next"):
        entry = np.zeros((BATCHES, AGENTS, BATCH, HISTORY), np.int32)
        number = {k: np.zeros((BATCHES, AGENTS, BATCH), np.int32)
                  for k in ("length", "session", "user")}
        for b in range(BATCHES):
            for a in range(AGENTS):
                for j, s in enumerate(batches[b][a][side]):
                    n = len(s["item"])
                    entry[b, a, j, :n] = s["item"] * 2 + s["like"]
                    number["length"][b, a, j] = n
                    number["session"][b, a, j] = s["session"]
                    number["user"][b, a, j] = s["user"]
        out[f"{side}.entry"] = entry
        for k, v in number.items():
            out[f"{side}.{k}"] = v
    out["action"] = np.array([[r["action"] for r in b] for b in batches], np.int32)
    for k in ("reward", "discount"):
        out[k] = np.array([[r[k] for r in b] for b in batches], np.float32)

    results = {}
    first_loss = []
    for a in range(AGENTS):
        w = {k: torch.nn.Parameter(torch.as_tensor(
                (rng.normal(0, 1, s) * (0.5 if head != "two_tower" else 0.1) / max(1, s[0] if k not in ("user", "item_vector") else 1)
                 ** 0.5).astype(np.float32)).double())
             for k, s in shapes(head, norm).items()}
        target = {k: v.detach().clone() for k, v in w.items()}
        start = {k: v.detach().clone() for k, v in w.items()}
        optimizer = torch.optim.Adam(list(w.values()), lr=LEARNING_RATE[a],
                                     betas=(BETA1[a], BETA2[a]), eps=EPSILON[a])
        gradient = {}
        for step in range(STEPS):
            r = batches[step % BATCHES][a]
            dense = torch.stack([dense_of(s) for s in r["state"]])
            dense_next = torch.stack([dense_of(s) for s in r["next"]])
            user = torch.tensor([s["user"] for s in r["state"]])
            user_next = torch.tensor([s["user"] for s in r["next"]])
            action = torch.as_tensor(r["action"])
            reward = torch.as_tensor(r["reward"]).double()
            discount = torch.as_tensor(r["discount"]).double()
            with torch.no_grad():
                q_next = q_values(head, target, x, dense_next, user_next)
                best = (q_values(head, w, x, dense_next, user_next) if double else q_next).argmax(1)
                y = reward + discount * q_next.gather(1, best[:, None])[:, 0]
                q_now = q_values(head, target, x, dense, user)
                lack = q_now.gather(1, action[:, None])[:, 0] - q_now.max(1).values
                if temperature[a]:  # sum pi (Q - t log pi) as it is written, and t log pi of the action
                    t, log_next = temperature[a], torch.log_softmax(q_next / temperature[a], 1)
                    y = reward + discount * (log_next.exp() * (q_next - t * log_next)).sum(1)
                    lack = t * torch.log_softmax(q_now / t, 1).gather(1, action[:, None])[:, 0]
                y = y + gap[a] * lack.clamp(min=-1)
            q = q_values(head, w, x, dense, user).gather(1, action[:, None])[:, 0]
            loss = (torch.nn.HuberLoss(delta=delta[a]) if huber else torch.nn.MSELoss())(q, y)
            optimizer.zero_grad()
            loss.backward()
            if step == 0:
                gradient = {k: v.grad.detach().clone() for k, v in w.items()}
                first_loss.append(loss.item())
            if MAX_NORM[a] > 0:
                torch.nn.utils.clip_grad_norm_(list(w.values()), MAX_NORM[a])
            optimizer.step()
            with torch.no_grad():
                for k in w:
                    if not target_network:
                        target[k] = w[k].detach().clone()
                    elif soft:
                        target[k] = (1 - TAU[a]) * target[k] + TAU[a] * w[k]
                    elif (step + 1) % SYNC == 0:
                        target[k] = w[k].detach().clone()
        for k in w:
            for name, value in (("start", start[k]), ("gradient", gradient[k]),
                                ("weight", w[k].detach()), ("target", target[k])):
                results.setdefault(f"{name}.{k}", []).append(value.numpy())
    out["loss"] = np.array(first_loss)
    out.update({k: np.stack(v) for k, v in results.items()})
    out = {k: (v if v.dtype == np.int32 else v.astype(np.float32)) for k, v in out.items()}
    usual = f"dqn_{head}_{'double' if double else 'single'}_{'huber' if huber else 'mse'}_{'soft' if soft else 'hard'}"
    save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, HERE / f"{file or usual}.safetensors")


make("two_tower", double=True, huber=True, soft=False, seed=1)
make("two_tower", double=False, huber=False, soft=True, seed=2)
make("flat", double=True, huber=False, soft=False, seed=3)
make("flat", double=False, huber=True, soft=True, seed=4)
make("flat_dueling", double=True, huber=True, soft=False, seed=5, gap=(0.6, 0.0), delta=(0.4, 2.0))
make("flat_dueling", double=False, huber=True, soft=False, seed=6, norm=True, target_network=False, file="dqn_pqn")
make("two_tower", double=True, huber=True, soft=True, seed=7, norm=True, file="dqn_two_tower_norm")
make("flat", double=True, huber=True, soft=True, seed=8, gap=(0.9, 0.5), temperature=(0.03, 0.5), file="dqn_munchausen")
make("two_tower", double=True, huber=False, soft=False, seed=9, gap=(0.9, 0.6), temperature=(0.1, 0.0),
     file="dqn_munchausen_beside_double")
