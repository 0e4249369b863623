"""Collect what bench/real_data.sh left: a CSV row a set, seed and policy, and the Markdown tables."""
import csv
import json
import pathlib
import statistics
import sys

POLICIES = [("agent", "DQN"), ("random", "random"), ("popular", "popular"),
            ("most_similar", "most similar"), ("myopic", "myopic")]
MEASURES = ["average_reward", "average_reward_sem", "total_reward", "liking", "coverage", "gini",
            "diversity", "session_length"]
VOTES = ["f_mat", "f_sim", "f_sta", "f_pop", "f_cal"]
END = "<!-- end of the tables -->\n"  # what follows is written by hand and kept


def load(path):
    return json.loads(path.read_text())


def mean_error(values):
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return statistics.mean(values), error


def table(head, body):
    lines = [head, ["---"] * len(head)] + body
    return "".join("| " + " | ".join(str(c) for c in line) + " |\n" for line in lines) + "\n"


def policy_cells(runs, key):
    """A.Rwd / T.Rwd / Liking%, means over training seeds; only an agent depends on the seed."""
    reward, error = mean_error([r["policies"][key]["average_reward"] for r in runs])
    total, liking = (statistics.mean(r["policies"][key][k] for r in runs)
                     for k in ("total_reward", "liking"))
    spread = f" ± {error:.2f}" if key == "agent" else ""
    return f"{reward:.2f}{spread} / {total:.0f} / {liking:.1f}"


def lead(runs, key):
    """By how much the agent beats a policy, and how many standard errors over seeds that is."""
    leads = [r["policies"]["agent"]["average_reward"] - r["policies"][key]["average_reward"]
             for r in runs]
    mean, error = mean_error(leads)
    return f"{mean:+.2f} ({mean / error:.1f} errors)" if error > 0 else f"{mean:+.2f}"


def main(work, out, names):
    rows, votes, sets, rewards, leads, costs = [], [], [], [], [], []
    for name in names:
        folder = work / name
        prepare, fit, evaluate = (load(folder / f"{k}.json") for k in ("prepare", "fit", "evaluate"))
        hidden = folder / "fit-hidden.json"
        hidden = load(hidden) if hidden.exists() else None
        seeds = sorted(int(p.stem.split("-")[1]) for p in folder.glob("train-*.json"))
        runs = [load(folder / f"train-{seed}.json") for seed in seeds]
        for seed, run in zip(seeds, runs):
            for key, _ in POLICIES:
                rows.append([name, seed, key] + [run["policies"][key][m] for m in MEASURES]
                            + [run["user_steps"], run["seconds"]])
        measured = [(v, evaluate["votes"][v]) for v in VOTES] + [("ensemble", evaluate["ensemble"])]
        for vote, m in measured:
            votes.append([name, vote, evaluate["users"], evaluate["likes"], m["auc"], m["log_loss"],
                          m["accuracy"]])
        sets.append([name, prepare["users"], prepare["items"], prepare["interactions"],
                     f"{prepare['like_threshold']:g}",
                     f"{100 * prepare['likes'] / prepare['interactions']:.0f} %", evaluate["users"]]
                    + [f"{m['auc']:.3f}" for _, m in measured]
                    + [f"{f['validation_auc']:.3f} / {f['test_auc']:.3f}" if f else "not run"
                       for f in (fit, hidden)])
        rewards.append([name] + [policy_cells(runs, key) for key, _ in POLICIES])
        leads.append([name] + [lead(runs, key) for key, _ in POLICIES[1:]])
        peak = max(r["peak_memory_bytes"] for r in [prepare, fit] + runs)
        costs.append([name, f"{prepare['seconds']:.1f}", f"{fit['seconds']:.1f}",
                      f"{statistics.mean(r['seconds'] for r in runs):.0f}", runs[0]["user_steps"],
                      f"{peak / 1e6:.0f} MB"])
    for file, head, body in (
            ("real-data.csv", ["set", "seed", "policy"] + MEASURES + ["user_steps", "seconds"], rows),
            ("real-data-votes.csv", "set,vote,users,likes,auc,log_loss,accuracy".split(","), votes)):
        with open(out / file, "w", newline="") as f:
            writer = csv.writer(f, lineterminator="\n")
            writer.writerow(head)
            writer.writerows(body)
    tables = "# Real data, from raw files to a trained agent\n\n"
    tables += table(["set", "users", "items", "interactions", "like from", "likes", "users asked",
                     *(f"AUC {vote}" for vote in VOTES), "AUC ensemble",
                     "f_sta fit, validation / test", "its answers hidden"], sets)
    tables += table(["A.Rwd / T.Rwd / Liking%"] + [t for _, t in POLICIES], rewards)
    tables += table(["DQN's lead in A.Rwd over"] + [t for _, t in POLICIES[1:]], leads)
    tables += table(["seconds", "prepare", "fit", "train", "user-steps", "peak memory"], costs)
    page = out / "real-data.md"
    kept = page.read_text().partition(END)[2] if page.exists() else ""
    page.write_text(tables + END + kept)
    print(tables)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
