"""Policies over a catalogue by PyTorch in float64, from the formulas and not from the C code:
policy.safetensors.

choice.*     softmax(query . vector + bias) with masked items: log-probabilities of chosen items and
             entropies, and autograd's gradients of sum(c_logp log p + c_entropy entropy)
slate.*      Plackett-Luce log-probabilities of slates without replacement, and their gradients
gae.*        generalised advantages (Schulman et al. 2016) of lanes that leave, are cut off, go on
fold.*       the same where leaving by chance stands in the discount, and what they are in the mean
ppo.*        the terms of PPO's loss (Schulman et al. 2017; clipped values) by row, and gradients
a2c.*        the same of A2C
fisher.*     Fisher-vector products of the softmax alone: double backward of the mean KL

Needs: pip install torch numpy safetensors
"""
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
ROWS, ITEMS, WIDTH, SLATE = 24, 301, 7, 3
out = {}


def single(rng, scale, *shape):
    """Numbers that single precision holds."""
    return torch.as_tensor((rng.normal(0, scale, shape)).astype(np.float32)).double()


def put(prefix, **named):
    for name, value in named.items():
        value = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
        kind = np.float32 if value.dtype.kind == "f" else np.uint8 if value.dtype == bool else np.int32
        out[f"{prefix}.{name}"] = np.ascontiguousarray(value.astype(kind))


def logits(query, vector, bias, masked):
    return (query @ vector.T + bias).masked_fill(masked, -torch.inf)


def log_softmax(score, masked):
    """Of masked items 0 in place of -inf, so that no gradient meets 0 times infinity."""
    return torch.log_softmax(score, 1).masked_fill(masked, 0)


def entropy(log_p, masked):
    return -(log_p.exp() * log_p).masked_fill(masked, 0).sum(1)


def catalogue(rng):
    query, vector = single(rng, 1.5, ROWS, WIDTH), single(rng, 0.8, ITEMS, WIDTH)
    bias = single(rng, 1, ITEMS)
    query[0] *= 12  # nearly certain
    query[1] *= 0  # by the bias alone
    masked = torch.as_tensor(rng.random((ROWS, ITEMS)) < 0.2)
    masked[2] = True  # one item is left
    masked[2, 17] = False
    masked[3] = False
    return query, vector, bias, masked


def choices():
    rng = np.random.default_rng(1)
    query, vector, bias, masked = catalogue(rng)
    item = torch.tensor([int(rng.choice(np.flatnonzero(~m.numpy()))) for m in masked])
    c_logp, c_entropy = single(rng, 1, ROWS), single(rng, 0.3, ROWS)
    leaves = [t.clone().requires_grad_() for t in (query, vector, bias)]
    log_p = log_softmax(logits(*leaves, masked), masked)
    chosen, h = log_p.gather(1, item[:, None])[:, 0], entropy(log_p, masked)
    (c_logp * chosen + c_entropy * h).sum().backward()
    put("choice", query=query, vector=vector, bias=bias, masked=masked, item=item, c_logp=c_logp,
        c_entropy=c_entropy, logp=chosen, entropy=h, probability=(log_p.exp() * ~masked)[4:6],
        d_query=leaves[0].grad, d_vector=leaves[1].grad, d_bias=leaves[2].grad)


def slates():
    rng = np.random.default_rng(2)
    query, vector, bias, masked = catalogue(rng)
    masked[2, :4] = False  # as many as a slate and more
    item = torch.stack([torch.as_tensor(rng.choice(np.flatnonzero(~m.numpy()), SLATE, replace=False))
                        for m in masked])
    c_logp = single(rng, 1, ROWS)
    leaves = [t.clone().requires_grad_() for t in (query, vector, bias)]
    score, total = logits(*leaves, masked), 0
    gone = masked.clone()
    for k in range(SLATE):
        left = torch.logsumexp(score.masked_fill(gone, -torch.inf), 1)
        total = total + score.gather(1, item[:, k:k + 1])[:, 0] - left
        gone = gone.scatter(1, item[:, k:k + 1], True)
    (c_logp * total).sum().backward()
    put("slate", query=query, vector=vector, bias=bias, masked=masked, item=item, c_logp=c_logp,
        logp=total, d_query=leaves[0].grad, d_vector=leaves[1].grad, d_bias=leaves[2].grad)


def advantages():
    """A lane that leaves has no future; one that is cut off at max_steps has its last state's value;
    one that goes on beyond the rollout has its newest state's."""
    rng = np.random.default_rng(3)
    steps, lanes = 12, 6
    reward = torch.as_tensor(rng.integers(0, 2, (steps, lanes))).double()
    value, after = single(rng, 1, steps, lanes), single(rng, 1, steps, lanes)
    left = torch.as_tensor(rng.random((steps, lanes)) < 0.15)
    cut = torch.as_tensor(rng.random((steps, lanes)) < 0.15) & ~left
    left[steps - 1, 0], cut[steps - 1, 0] = True, False
    left[steps - 1, 1], cut[steps - 1, 1] = False, True
    for t in range(steps - 1):  # within an episode the next state is the next step's
        goes_on = ~(left[t] | cut[t])
        after[t] = torch.where(goes_on, value[t + 1], after[t])
    gamma, trace = 0.97, 0.9
    result = torch.zeros(steps, lanes)
    for lane in range(lanes):
        for t in range(steps):  # the definition: a sum of TD errors until the episode's end
            weight = 1.0
            for u in range(t, steps):
                future = 0.0 if left[u, lane] else float(after[u, lane])
                result[t, lane] += weight * (float(reward[u, lane]) + gamma * future
                                             - float(value[u, lane]))
                if left[u, lane] or cut[u, lane]:
                    break
                weight *= gamma * trace
    put("gae", reward=reward, value=value, after=after, left=left, cut=cut, advantage=result,
        returns=result + value, gamma=np.float64(gamma), trace=np.float64(trace))


def folded():
    """A user who leaves by chance, with probability p after every step, has the value of the state
    that followed, discounted by gamma (1 - p) as every other's; and no later errors. `mean`: of a
    user who never leaves and has that discount, by the same definition."""
    rng = np.random.default_rng(6)
    steps, lanes = 12, 6
    gamma, trace, p = 0.97, 0.9, 0.2
    reward = torch.as_tensor(rng.integers(0, 2, (steps, lanes))).double()
    value, after = single(rng, 1, steps, lanes), single(rng, 1, steps, lanes)
    draw = rng.random((steps, lanes))
    chance, left, cut = (torch.as_tensor((draw >= a) & (draw < b)) for a, b in
                         ((0, 0.2), (0.2, 0.27), (0.27, 0.34)))
    chance[steps - 1, 0], left[steps - 1, 0], cut[steps - 1, 0] = True, False, False
    for t in range(steps - 1):
        goes_on = ~(chance[t] | left[t] | cut[t])
        after[t] = torch.where(goes_on, value[t + 1], after[t])
    result, mean = torch.zeros(steps, lanes), torch.zeros(steps, lanes)
    for lane in range(lanes):
        for t in range(steps):
            weight = 1.0
            for u in range(t, steps):
                future = 0.0 if left[u, lane] else float(after[u, lane])
                result[t, lane] += weight * (float(reward[u, lane]) + gamma * (1 - p) * future
                                             - float(value[u, lane]))
                if chance[u, lane] or left[u, lane] or cut[u, lane]:
                    break
                weight *= gamma * trace
            for u in range(t, steps):
                future = float(value[u + 1, lane] if u + 1 < steps else after[u, lane])
                error = float(reward[u, lane]) + gamma * (1 - p) * future - float(value[u, lane])
                mean[t, lane] += (gamma * (1 - p) * trace) ** (u - t) * error
    put("fold", reward=reward, value=value, after=after, left=left, cut=cut, chance=chance,
        advantage=result, returns=result + value, mean=mean, gamma=np.float64(gamma),
        trace=np.float64(trace), stay=np.float64(1 - p))


def losses():
    """Every row's place on the kinks: ratios inside and outside the clip with both signs of the
    advantage, values inside and outside theirs."""
    rng = np.random.default_rng(4)
    rows, clip, clip_value, c_value, c_entropy = 64, 0.2, 0.3, 0.5, 0.01
    old = single(rng, 1, rows) - 4
    new = (old + single(rng, 0.25, rows)).clone().requires_grad_()
    h = single(rng, 0.2, rows).abs().requires_grad_()
    raw = single(rng, 2, rows) + 0.5
    old_value, returns = single(rng, 1, rows), single(rng, 1, rows)
    value = (old_value + single(rng, 0.4, rows)).clone().requires_grad_()
    advantage = (raw - raw.mean()) / (raw.std() + 1e-8)
    ratio = (new - old).exp()
    policy = -torch.min(advantage * ratio, advantage * ratio.clamp(1 - clip, 1 + clip))
    near = old_value + (value - old_value).clamp(-clip_value, clip_value)
    value_loss = (returns - near) ** 2  # of Stable-Baselines3: the clipped value alone
    loss = policy.mean() + c_entropy * -h.mean() + c_value * value_loss.mean()
    d = torch.autograd.grad(loss, [new, h, value])
    kl = ((ratio - 1) - (new - old)).mean()
    put("ppo", old=old, new=new, entropy=h, raw=raw, advantage=advantage, old_value=old_value,
        value=value, returns=returns, policy_loss=policy.mean(), value_loss=value_loss.mean(),
        loss=loss, kl=kl, clipped=((ratio - 1).abs() > clip).double().mean(), d_logp=d[0],
        d_entropy=d[1], d_value=d[2], clip=np.float64(clip), clip_value=np.float64(clip_value),
        c_value=np.float64(c_value), c_entropy=np.float64(c_entropy))
    policy, value_loss = -(raw * new), (returns - value) ** 2
    loss = policy.mean() + c_entropy * -h.mean() + c_value * value_loss.mean()
    d = torch.autograd.grad(loss, [new, h, value])
    put("a2c", policy_loss=policy.mean(), value_loss=value_loss.mean(), loss=loss, d_logp=d[0],
        d_entropy=d[1], d_value=d[2])


def fisher():
    rng = np.random.default_rng(5)
    query, vector, bias, masked = catalogue(rng)
    leaves = [t.clone().requires_grad_() for t in (query, vector, bias)]
    along = [single(rng, 0.5, *t.shape) for t in leaves]
    log_p = log_softmax(logits(*leaves, masked), masked)
    old = log_p.detach()
    kl = (old.exp() * (old - log_p)).masked_fill(masked, 0).sum(1).mean()
    first = torch.autograd.grad(kl, leaves, create_graph=True)
    product = torch.autograd.grad(sum((g * v).sum() for g, v in zip(first, along)), leaves)
    put("fisher", query=query, vector=vector, bias=bias, masked=masked, along_query=along[0],
        along_vector=along[1], along_bias=along[2], to_query=product[0], to_vector=product[1],
        to_bias=product[2])


for part in (choices, slates, advantages, folded, losses, fisher):
    part()
save_file(out, HERE / "policy.safetensors")
