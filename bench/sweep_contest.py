"""What the samplers of `throng sweep` are worth: the same small worlds, space and user-steps for each of
them, for a full grid, for PBT, and for Optuna's TPE, whose trials `throng train` runs.

Run: python bench/sweep_contest.py THRONG [--repetitions 20] [--methods random,tpe] [--csv FILE] [--work FOLDER]
Rows are appended to the CSV as they come, and what it holds is not run again. --report prints tables alone.
"""
import argparse
import concurrent.futures
import csv
import json
import math
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import threading

WORLDS = {
    "a": {"users": 300, "items": 150, "categories": 20, "tastes": 12, "keywords": 120, "noise": 0.2, "seed": 11},
    "b": {"users": 500, "items": 400, "categories": 30, "tastes": 15, "keywords": 150, "noise": 0.3, "seed": 22},
    "c": {"users": 500, "items": 400, "categories": 40, "tastes": 24, "keywords": 240, "noise": 0.1, "seed": 23},
}
SYNTH = {"dim": 16, "history_mean": 20}
STA = {"epochs": 10, "window": 8, "width": 8, "layers": 1}
STEPS = 6144  # user-steps of a trial
CONFIG = {  # its own values, trial 0, are mediocre: a learning rate of 1e-4
    "sim": {"lanes": 64, "history": 16, "max_steps": 10, "leave_probability": 0, "mask_seen": True},
    "agent": {"batch": 64, "updates": 1, "learning_starts": 512, "learning_rate": 1e-4, "hidden": [16, 16],
              "width": 8, "user_width": 0, "buffer": 8192},
    "train": {"steps": STEPS, "evaluate_every": STEPS, "yardsticks": False, "evaluation": {"episodes": 128}},
    "sweep": {"slots": 4, "scheduler": "none", "test_seeds": 0, "objective": "average_reward"},
}
SPACE = {
    "agent.learning_rate": {"min": 1e-5, "max": 1e-1, "log": True},
    "agent.gamma": {"min": 0.0, "max": 0.99},
    "agent.tau": {"min": 1e-3, "max": 1.0, "log": True},
    "agent.epsilon_end": {"min": 0.0, "max": 0.5},
    "agent.epsilon_share": {"min": 0.05, "max": 1.0},
    "agent.n_step": {"min": 1, "max": 5},
    "agent.batch": {"values": [16, 32, 64, 128]},
}
GRID = {  # what one would write by hand; the other options are the config's own
    "agent.learning_rate": {"values": [1e-4, 1e-3, 1e-2, 1e-1]},
    "agent.tau": {"values": [0.001, 0.01, 0.1, 1.0]},
    "agent.gamma": {"values": [0.0, 0.5, 0.95]},
    "agent.n_step": {"values": [1, 3, 5]},
}
GRID_POINTS = 144
TRIALS, SLOTS, TEST_SEEDS = 60, 4, 8
BUDGETS = {"quarter": GRID_POINTS // 4, "tenth": GRID_POINTS // 10}  # trials at which the best is tested too
INTERVAL = 1024  # PBT: as many members as there are trials, an exploit every so many user-steps
ASHA = 1536      # first rung; the next is the end
METHODS = ["random", "tpe", "tpe10", "gp", "optuna", "grid", "pbt", "sobol", "asha"]
PAIRS = [("tpe", "random"), ("gp", "random"), ("pbt", "random"), ("sobol", "random"), ("asha", "random"),
         ("tpe10", "random"), ("optuna", "random"), ("tpe", "optuna"), ("gp", "optuna"), ("tpe10", "optuna"),
         ("tpe", "tpe10"), ("gp", "tpe"), ("asha", "tpe"), ("tpe", "grid"), ("gp", "grid")]
COLUMNS = ["world", "repetition", "method", "trials", "user_steps", "config_value", "tuning_value", "test_mean",
           "test_error", "test_quarter", "test_tenth", "best_so_far"]


def prefixed(prefix, values):
    return {prefix + name: value for name, value in values.items()}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def settings(values):
    """--set for each option."""
    text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return [word for name, value in text.items() for word in ("--set", f"{name}={value}")]


class World:
    """A world made once, in whose folder everything else is run."""

    def seed(self, repetition):
        """Of suggestions, weights and users; no two worlds or repetitions share any, test seeds included."""
        return 10000 * list(WORLDS).index(self.name) + 20 * repetition

    def __init__(self, throng, work, name):
        self.throng, self.name = throng, name
        self.folder = work / name
        self.folder.mkdir(parents=True, exist_ok=True)
        world, sta = self.folder / "world.safetensors", self.folder / "sta.safetensors"
        if not sta.exists():
            synth, fit = prefixed("synth.", WORLDS[name] | SYNTH), prefixed("sta.", STA)
            run(throng, "synth", "-q", "-o", world, *settings(synth))
            run(throng, "fit", world, "-q", "--seed", 1, "-o", sta, *settings(fit))
        files = {"world": {"file": str(world)}, "sta": {"file": str(sta)}}
        self.config = self.write("config.json", files, SPACE)
        self.grid = self.write("grid.json", files, GRID)

    def write(self, name, files, space):
        path = self.folder / name
        path.write_text(json.dumps(files | CONFIG | {"sweep": CONFIG["sweep"] | {"space": space}}))
        return path

    def sweep(self, repetition, config, options):
        """Its summary, and the rows of its trials.csv."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            run(self.throng, "sweep", config, "-q", "--json", "-o", out, "--threads", 1, "--seed",
                self.seed(repetition), *settings(options))
            summary = json.loads(pathlib.Path(out, "summary.json").read_text(encoding="utf-8"))
            with open(pathlib.Path(out, "trials.csv"), encoding="utf-8") as file:
                return summary, list(csv.DictReader(file))

    def test(self, repetition, options):
        """Mean and standard error of these options on fresh seeds: what a sweep says of its best at the end."""
        alone = {"sweep.max_trials": 1, "sweep.slots": TEST_SEEDS, "sweep.test_seeds": TEST_SEEDS}
        summary, _ = self.sweep(repetition, self.config, options | alone)
        return tested(summary, 0)

    def train(self, repetition, options):
        """The value of one trial, by `throng train`."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            text = run(self.throng, "train", self.config, "-q", "--json", "-o", out, "--threads", 1, "--seed",
                       self.seed(repetition), *settings(options))
        return json.loads(text)["policies"]["agent"]["average_reward"]


def tested(summary, trial):
    found = next(c for c in summary["confirmation"]["trials"] if c["trial"] == trial)
    return found["test_mean"], found["test_mean_standard_error"]


def best_so_far(values):
    """Where the best changes: [(trials so far, value)]."""
    steps = []
    for n, value in enumerate(values, 1):
        if not steps or value > steps[-1][1]:
            steps.append((n, value))
    return steps


def options_of(space, row):
    """The options of a row of trials.csv."""
    return {name: json.loads(row[name]) for name in space if row[name]}


def number(text):
    return float(text) if text else None


def sampler(world, repetition, method, trials):
    space, config = (GRID, world.grid) if method == "grid" else (SPACE, world.config)
    if method == "grid":
        trials = GRID_POINTS  # trial 0 is the point next to the config's own values
    startup = {"tpe": 20, "tpe10": 10, "gp": 10}.get(method, 0)  # before the model: what is usual, and as Optuna
    summary, rows = world.sweep(repetition, config, {
        "sweep.sampler": method.removesuffix("10"), "sweep.max_trials": trials, "sweep.startup_trials": startup})
    return summary["user_steps"], [(number(r["average_reward"]), options_of(space, r)) for r in rows]


def optuna_tpe(world, repetition, trials):
    """Optuna's default sampler: SLOTS asked, all told, as a sweep's rounds are; trial 0 is the config's too."""
    import optuna  # only here, so that all else runs without it

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {}
    for name, p in SPACE.items():
        if "values" in p:
            distributions[name] = optuna.distributions.CategoricalDistribution(p["values"])
        elif isinstance(p["min"], int):
            distributions[name] = optuna.distributions.IntDistribution(p["min"], p["max"])
        else:
            distributions[name] = optuna.distributions.FloatDistribution(p["min"], p["max"], log="log" in p)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=world.seed(repetition)))
    resolved = json.loads(run(world.throng, "config", world.config, "--json"))
    study.enqueue_trial({name: resolved["agent"][name.removeprefix("agent.")] for name in SPACE})
    results = []
    for first in range(0, trials, SLOTS):
        asked = [study.ask(distributions) for _ in range(min(SLOTS, trials - first))]
        values = [world.train(repetition, t.params) for t in asked]
        for trial, value in zip(asked, values):
            study.tell(trial, value)
            results.append((value, trial.params))
    return trials * STEPS, results


def pbt_row(world, repetition, trials):
    """As many members as others have trials: the same user-steps, in all and for an agent. On fresh seeds
    the best is trained with the schedule that it grew out of."""
    summary, rows = world.sweep(repetition, world.config, {
        "sweep.sampler": "random", "sweep.scheduler": "pbt", "sweep.slots": trials,
        "train.evaluate_every": INTERVAL, "sweep.top": 1, "sweep.test_seeds": TEST_SEEDS})
    best = summary["best"][0]
    mean, error = tested(summary, best["trial"])
    return {"trials": len(rows), "user_steps": summary["user_steps"], "test_mean": mean, "test_error": error,
            "tuning_value": best["values"]["average_reward"]}


def asha_row(world, repetition, trials):
    summary, rows = world.sweep(repetition, world.config, {
        "sweep.sampler": "tpe", "sweep.scheduler": "asha", "sweep.max_steps": trials * STEPS,
        "sweep.max_trials": 0, "train.evaluate_every": ASHA})
    best = summary["best"][0]
    mean, error = world.test(repetition, best["options"])
    return {"trials": len(rows), "user_steps": summary["user_steps"], "test_mean": mean, "test_error": error,
            "tuning_value": best["values"]["average_reward"]}


def row_of(world, repetition, method, trials):
    if method == "pbt":
        return pbt_row(world, repetition, trials)
    if method == "asha":
        return asha_row(world, repetition, trials)
    if method == "optuna":
        steps, results = optuna_tpe(world, repetition, trials)
    else:
        steps, results = sampler(world, repetition, method, trials)
    values = [-math.inf if value is None else value for value, _ in results]

    def test_best(most):
        return world.test(repetition, results[values.index(max(values[:most]))][1])

    mean, error = test_best(len(values))
    row = {"trials": len(results), "user_steps": steps, "config_value": values[0], "tuning_value": max(values),
           "test_mean": mean, "test_error": error,
           "best_so_far": " ".join(f"{at}:{value:.9g}" for at, value in best_so_far(values))}
    if method in ("tpe", "tpe10", "gp"):
        row |= {f"test_{name}": test_best(most)[0] for name, most in BUDGETS.items()}
    return row


# --- tables -----------------------------------------------------------------------------------------------

def interval(values, level=0.95, draws=4000):
    """Mean and bootstrap interval."""
    generator = random.Random(1)
    means = sorted(statistics.fmean(generator.choices(values, k=len(values))) for _ in range(draws))
    tail = (1 - level) / 2
    return statistics.fmean(values), means[int(tail * draws)], means[int((1 - tail) * draws) - 1]


def table(head, body):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + body
    return "".join("| " + " | ".join(str(c) for c in line) + " |\n" for line in lines) + "\n"


def show(values):
    return "{:+.3f} ({:+.3f} .. {:+.3f})".format(*interval(values)) if len(values) > 1 else "-"


def differences(cells, key, first, second):
    """By world: first - second in the repetitions that both have."""
    out = {}
    for world in WORLDS:
        pairs = [(cells[world, r, first][key], cells[world, r, second][key]) for r in sorted(
            {r for w, r, _ in cells if w == world}) if (world, r, first) in cells and (world, r, second) in cells]
        out[world] = [float(a) - float(b) for a, b in pairs if a and b]
    return out


def reached(cells, method, slack):
    """For each world and repetition, trials until the grid's best of the same repetition (slack: until one
    seed's standard deviation below it); infinite: not within its trials."""
    out = []
    for (world, repetition, m), row in cells.items():
        grid = cells.get((world, repetition, "grid"))
        if m != method or not grid:
            continue
        deviation = float(grid["test_error"]) * TEST_SEEDS**0.5
        goal = float(grid["tuning_value"]) - (deviation if slack else 0)
        steps = [item.split(":") for item in row["best_so_far"].split()]
        out.append(next((int(n) for n, value in steps if float(value) >= goal), math.inf))
    return out


def grid_table(cells):
    body = []
    for method in ("tpe", "tpe10", "gp", "optuna", "random"):
        strict, near = reached(cells, method, False), reached(cells, method, True)
        if not strict:
            continue
        for name, most in BUDGETS.items():
            fresh = [float(row[f"test_{name}"]) - float(cells[w, r, "grid"]["test_mean"])
                     for (w, r, m), row in cells.items()
                     if m == method and (w, r, "grid") in cells and row[f"test_{name}"]]
            body.append([f"{method}, a {name} ({most} trials)", show(fresh)]
                        + [f"{sum(n <= most for n in of)} of {len(of)}" for of in (strict, near)])
        body.append([f"{method}, median of trials", ""] + [f"{statistics.median_high(of):g}" for of in (strict, near)])
    head = ["", "on fresh seeds: its best then - the grid's", "has the grid's best value",
            "or up to a seed's standard deviation less"]
    return f"how soon the best of a grid of {GRID_POINTS} points is reached:\n\n" + table(head, body) if body else ""


def report(path):
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cells = {(r["world"], int(r["repetition"]), r["method"]): r for r in rows}
    out = []
    names = {"test_mean": "mean reward of the best trial on fresh seeds", "tuning_value": "its value in the sweep"}
    for key, name in names.items():
        body = []
        for method in METHODS:
            of = {w: [float(r[key]) for r in rows if r["world"] == w and r["method"] == method] for w in WORLDS}
            if not any(of.values()):
                continue
            steps = [int(r["user_steps"]) for r in rows if r["method"] == method]
            body.append([method, f"{statistics.fmean(steps):,.0f}"] + [
                f"{statistics.fmean(v):.3f} ± {statistics.stdev(v) / len(v) ** 0.5:.3f} ({len(v)})" if len(v) > 1
                else "-" for v in of.values()])
        out.append(f"{name}, ± standard error over repetitions (how many):\n\n"
                   + table(["method", "user-steps", *WORLDS], body))
    for key in names:
        body = []
        for first, second in PAIRS:
            by_world = differences(cells, key, first, second)
            pooled = [d for v in by_world.values() for d in v]
            if pooled:
                body.append([f"{first} - {second}", show(pooled), *(show(v) for v in by_world.values())])
        out.append(f"paired differences of {key}, bootstrap 95 % intervals:\n\n" + table(["", "all", *WORLDS], body))
    return "".join(out) + grid_table(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("throng", nargs="?")
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="first repetition")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once, one thread each")
    parser.add_argument("--csv", default="bench/results/sweep_contest.csv")
    parser.add_argument("--work", default=None, help="folder of worlds and of what runs; made and removed unless given")
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    path = pathlib.Path(args.csv)
    if args.report:
        print(report(path), end="")
        return
    throng = pathlib.Path(args.throng).resolve()
    work = pathlib.Path(args.work or tempfile.mkdtemp(prefix="throng-contest-")).resolve()
    there = set()
    if path.exists() and path.stat().st_size:
        with open(path, encoding="utf-8") as file:
            there = {(r["world"], int(r["repetition"]), r["method"]) for r in csv.DictReader(file)}
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(COLUMNS) + "\n")
    worlds = [World(throng, work, name) for name in args.worlds.split(",")]
    todo = [(w, r, m) for r in range(args.first, args.first + args.repetitions) for w in worlds
            for m in args.methods.split(",") if (w.name, r, m) not in there]
    lock, zero = threading.Lock(), {}  # zero: what trial 0 came to; every method must find the same

    def one(world, repetition, method):
        row = {"world": world.name, "repetition": repetition, "method": method}
        row |= row_of(world, repetition, method, args.trials)
        with lock, open(path, "a", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)
        if method in ("random", "sobol", "tpe", "tpe10", "gp", "optuna"):
            first = zero.setdefault((world.name, repetition), row["config_value"])
            if first != row["config_value"]:
                raise RuntimeError(f"trial 0 came to {row['config_value']} by {method}, elsewhere to {first}")
        print(f"world {world.name}, repetition {repetition}, {method}: {row['tuning_value']:.4g} in the sweep, "
              f"{row['test_mean']:.4g} on fresh seeds", flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for job in [pool.submit(one, *t) for t in todo]:
            job.result()
    if not args.work:
        shutil.rmtree(work)
    print(report(path), end="")


if __name__ == "__main__":
    main()
