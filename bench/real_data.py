"""Collect what bench/real_data.sh left: one CSV row a set, seed and policy, and a Markdown table."""
import csv
import json
import pathlib
import statistics
import sys

POLICIES = [("agent", "DQN"), ("random", "random"), ("popular", "popular"),
            ("most_similar", "most similar"), ("oracle", "oracle")]


def load(path):
    return json.loads(pathlib.Path(path).read_text())


def mean_error(values):
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return statistics.mean(values), error


def main(work, out, names):
    work, out = pathlib.Path(work), pathlib.Path(out)
    rows, fidelity, rewards, costs = [], [], [], []
    for name in names:
        prepare, fit, evaluate = (load(work / name / f"{k}.json") for k in ("prepare", "fit", "evaluate"))
        runs = {int(p.stem.split("-")[1]): load(p) for p in sorted((work / name).glob("train-*.json"))}
        for seed, run in runs.items():
            for key, _ in POLICIES:
                m = run["policies"][key]
                rows.append([name, seed, key] + [m[k] for k in (
                    "average_reward", "average_reward_sem", "total_reward", "liking", "coverage",
                    "gini", "diversity", "session_length")] + [run["user_steps"], run["seconds"]])
        world = prepare
        auc = [evaluate["votes"][v]["auc"] for v in ("f_mat", "f_sim", "f_sta")]
        fidelity.append([name, world["users"], world["items"], world["interactions"]]
                        + [f"{a:.3f}" for a in auc] + [f"{evaluate['ensemble']['auc']:.3f}"])
        cells = [name]
        for key, _ in POLICIES:
            reward, error = mean_error([r["policies"][key]["average_reward"] for r in runs.values()])
            total = statistics.mean(r["policies"][key]["total_reward"] for r in runs.values())
            liking = statistics.mean(r["policies"][key]["liking"] for r in runs.values())
            cells.append(f"{reward:.2f} ± {error:.2f} / {total:.0f} / {liking:.1f}"
                         if key in ("agent", "random") else f"{reward:.2f} / {total:.0f} / {liking:.1f}")
        rewards.append(cells)
        seconds = statistics.mean(r["seconds"] for r in runs.values())
        peak = max(r["peak_memory_bytes"] for r in runs.values())
        costs.append([name, f"{prepare['seconds']:.1f}", f"{fit['seconds']:.1f}", f"{seconds:.0f}",
                      f"{peak / 1e6:.0f} MB"])
    with open(out / "real-data.csv", "w", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow("set,seed,policy,average_reward,average_reward_sem,total_reward,liking,coverage,"
                        "gini,diversity,session_length,user_steps,seconds".split(","))
        writer.writerows(rows)
    with open(out / "real-data.md", "w") as f:
        for head, body in (
                (["set", "users", "items", "interactions", "AUC f_mat", "f_sim", "f_sta", "ensemble"], fidelity),
                (["A.Rwd / T.Rwd / Liking%"] + [t for _, t in POLICIES], rewards),
                (["seconds", "prepare", "fit", "train", "peak memory"], costs)):
            f.write("| " + " | ".join(head) + " |\n|" + " --- |" * len(head) + "\n")
            for row in body:
                f.write("| " + " | ".join(str(c) for c in row) + " |\n")
            f.write("\n")
    print((out / "real-data.md").read_text())


main(sys.argv[1], sys.argv[2], sys.argv[3:])
