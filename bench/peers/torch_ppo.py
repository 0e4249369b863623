"""A good vectorised PPO in PyTorch, in our simulator: no Python loop over users.

    python torch_ppo.py --library libthrong.so --world W [--sta S] [--lanes 256] [--n-steps 32]
                        [--epochs 10] [--batch 1024] [--threads 2] [--seconds 20] [--compile]

What makes it a good one:

  simulator  ours, all lanes in one call: what is compared is acting and learning alone
  states     sums of embedding rows over a history (slots.py), never a dense row of the catalogue
  act        one product over the catalogue, exact sampling by the arg-max of exponential noise
             (no probabilities normalised, no Categorical), log-probability by logsumexp
  rollout    tensors taken once, advantages by one pass backwards over all lanes at once
  update     minibatches by index, one forward for policy and value, fused Adam, foreach clipping,
             gradients set to None; --compile wraps the loss by torch.compile

It is not a part of the project's library and nothing of it is used there.
"""

import argparse
import json
import time

import torch
from torch import nn

from slots import Slots
from throng_env import FINAL, TRUNCATED, Simulator, mean_return


class ActorCritic(nn.Module):
    """Hidden layers of the policy and of the value apart, as Stable-Baselines3's MlpPolicy."""

    def __init__(self, n_user, n_item, hidden=64):
        super().__init__()
        self.slots = Slots(n_user, n_item)
        tower = lambda: nn.Sequential(nn.Linear(self.slots.width, hidden), nn.Tanh(),
                                      nn.Linear(hidden, hidden), nn.Tanh())
        self.policy, self.critic = tower(), tower()
        self.items, self.value = nn.Linear(hidden, n_item), nn.Linear(hidden, 1)
        nn.init.uniform_(self.items.weight, -0.01, 0.01)
        nn.init.zeros_(self.items.bias)

    def forward(self, row):
        slots = self.slots(row)
        return self.items(self.policy(slots)), self.value(self.critic(slots))[:, 0]

    def values(self, row):
        return self.value(self.critic(self.slots(row)))[:, 0]


class PPO:
    def __init__(self, sim, args):
        self.sim, self.args, self.net = sim, args, ActorCritic(sim.n_user, sim.n_item)
        self.adam = torch.optim.Adam(self.net.parameters(), lr=args.learning_rate, eps=1e-5, fused=True)
        steps, lanes = args.n_steps, sim.lanes
        self.row = torch.zeros(steps, lanes, 1 + 2 * sim.history)
        self.action = torch.zeros(steps, lanes, dtype=torch.int64)
        self.logp, self.value, self.reward, self.goes_on = (torch.zeros(steps, lanes) for _ in range(4))
        self.now = torch.from_numpy(sim.observe())
        self.loss = torch.compile(self._loss) if args.compile else self._loss

    @torch.no_grad()
    def rollout(self):
        for t in range(self.args.n_steps):
            score, value = self.net(self.now)
            action = (score - torch.empty_like(score).exponential_().log_()).argmax(1)
            self.row[t], self.action[t], self.value[t] = self.now, action, value
            self.logp[t] = score.gather(1, action[:, None])[:, 0] - score.logsumexp(1)
            reward, end, _ = self.sim.step(action.numpy())
            end = torch.from_numpy(end)
            self.reward[t] = torch.from_numpy(reward)
            if (end == TRUNCATED).any():  # the value of the state that was cut off
                last = torch.from_numpy(self.sim.observe(FINAL))[end == TRUNCATED]
                self.reward[t, end == TRUNCATED] += self.args.gamma * self.net.values(last)
            self.goes_on[t] = (end == 0).float()
            self.now = torch.from_numpy(self.sim.observe())
        after, advantage, total = self.net.values(self.now), torch.zeros_like(self.value), 0
        for t in reversed(range(self.args.n_steps)):
            error = self.reward[t] + self.args.gamma * after * self.goes_on[t] - self.value[t]
            total = error + self.args.gamma * self.args.trace * self.goes_on[t] * total
            advantage[t], after = total, self.value[t]
        self.flat = [x.flatten(0, 1) for x in (self.row, self.action, self.logp, advantage,
                                               advantage + self.value)]

    def _loss(self, row, action, old, advantage, returns):
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        score, value = self.net(row)
        log_p = score.log_softmax(1)
        ratio = (log_p.gather(1, action[:, None])[:, 0] - old).exp()
        clipped = ratio.clamp(1 - self.args.clip, 1 + self.args.clip)
        loss = -torch.min(advantage * ratio, advantage * clipped).mean()
        loss = loss + 0.5 * ((returns - value) ** 2).mean()
        if self.args.entropy:
            loss = loss + self.args.entropy * (log_p.exp() * log_p).sum(1).mean()
        return loss

    def update(self):
        n = self.sim.lanes * self.args.n_steps
        for _ in range(self.args.epochs):
            for at in torch.randperm(n).split(self.args.batch):
                self.adam.zero_grad(set_to_none=True)
                self.loss(*(x[at] for x in self.flat)).backward()
                nn.utils.clip_grad_norm_(self.net.parameters(), 0.5, foreach=True)
                self.adam.step()


def median(times):
    times = sorted(times[1:] or times)
    return times[len(times) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--world", required=True)
    parser.add_argument("--sta", default="")
    parser.add_argument("--steps", type=int, default=1000000, help="user-steps")
    for name, usual in (("lanes", 256), ("n-steps", 32), ("epochs", 10), ("batch", 1024), ("threads", 2),
                        ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    for name, usual in (("gamma", 0.99), ("trace", 0.95), ("clip", 0.2), ("entropy", 0.0),
                        ("learning-rate", 3e-4), ("seconds", 0.0)):
        parser.add_argument(f"--{name}", type=float, default=usual)
    parser.add_argument("--sim", action="append", default=[], metavar="OPTION=VALUE")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--no-evaluation", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    world = {key: json.loads(value) for key, value in (s.split("=", 1) for s in args.sim)}
    files = (args.library, args.world, args.sta)
    agent = PPO(Simulator(*files, args.lanes, threads=args.threads, seed=args.seed, **world), args)
    rows, rollouts, updates, start = args.lanes * args.n_steps, [], [], time.perf_counter()
    busy = ([], [])  # seconds of processors
    while len(rollouts) * rows < args.steps:
        begun, cpu = time.perf_counter(), time.process_time()
        agent.rollout()
        middle, cpu_middle = time.perf_counter(), time.process_time()
        agent.update()
        rollouts.append(middle - begun)
        updates.append(time.perf_counter() - middle)
        busy[0].append(cpu_middle - cpu)
        busy[1].append(time.process_time() - cpu_middle)
        if args.seconds and time.perf_counter() - start > args.seconds and len(rollouts) > 1:
            break
    result = {"peer": f"torch {torch.__version__}", "algorithm": "ppo", "user_steps": len(rollouts) * rows,
              "seconds": round(time.perf_counter() - start, 2),
              "rollout_user_steps_s": round(rows / median(rollouts)),
              "update_rows_s": round(rows * args.epochs / median(updates)),
              "rollout_user_steps_processor_s": round(rows / median(busy[0])),
              "update_rows_processor_s": round(rows * args.epochs / median(busy[1]))}
    if not args.no_evaluation:
        with torch.no_grad():
            greedy = lambda o: agent.net(torch.from_numpy(o))[0].argmax(1).numpy()
            result["return"], result["standard_error"] = mean_return(*files, greedy, threads=args.threads,
                                                                      **world)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
