"""f_sta's next-item objective beside an independent SASRec in PyTorch, over paired seeds.

    python bench/sasrec.py --throng build/release/throng --world WORLD [--seeds 10] [--set KEY=VALUE ...]

Fits both on one world with the same width, window, dropout, learning rate, batch and beta2 (peers/peer_sasrec.py
is the peer: an arrangement of blocks, windows and a code of its own), each stopped by its validation NDCG@10, and
prints means of the test's HR@10 and NDCG@10 with the 95 % interval of the paired difference (Student's t). A row
of JSON a seed goes to standard error, and to --rows FILE, from where a later call goes on with the seeds that it lacks.
`throng` runs on one thread, and so does PyTorch.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
import peer_sasrec  # noqa: E402

# 97.5 % quantiles of Student's t with 1 .. 19 degrees of freedom.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
     2.120, 2.110, 2.101, 2.093]  # fmt: skip


def ours(options, seed):
    keys = {
        "objective": "next_item", "width": options.width, "window": options.window, "dropout": options.dropout,
        "learning_rate": options.learning_rate, "beta2": 0.98, "weight_decay": 0, "labels": "false",
        "epochs": options.epochs, "patience": options.patience * options.every, "seed": seed,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        command = [options.throng, "fit", options.world, "-o", f"{folder}/sta.safetensors", "--json", "-q"]
        command += ["--threads", "1", *(f"--set=sta.{k}={v}" for k, v in keys.items())]
        command += [f"--set={s}" for s in options.set]
        done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return done["best_epoch"], (done["test_hr10"], done["test_ndcg10"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--throng", required=True)
    parser.add_argument("--world", required=True)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--every", type=int, default=5, help="the peer's epochs between validations")
    parser.add_argument("--patience", type=int, default=4, help="validations without a better one")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rows", help="file of the rows, which a later call goes on with")
    parser.add_argument("--set", action="append", default=[], help="more options of `throng fit`")
    options = parser.parse_args()
    torch.set_num_threads(1)
    world = load_file(options.world)
    items, offset = world["history_item"].astype(np.int64), world["user_offset"]
    n_item = len(world["category_offset"]) - 1
    kept = pathlib.Path(options.rows) if options.rows else None
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept and kept.exists() else []
    rows = [[row["ours"], row["peer"]] for row in done if row["seed"] <= options.seeds]
    for seed in sorted(set(range(1, options.seeds + 1)) - {row["seed"] for row in done}):
        epoch, mine = ours(options, seed)
        peer = peer_sasrec.run(options, items, offset, n_item, seed)
        row = {"seed": seed, "ours": mine, "our_epoch": epoch, "peer": peer["test"], "peer_epoch": peer["epoch"]}
        print(json.dumps(row), file=sys.stderr, flush=True)
        rows.append([mine, peer["test"]])
        if kept:
            with kept.open("a") as file:
                file.write(json.dumps(row) + "\n")
    x = np.array(rows)
    difference, n = x[:, 0] - x[:, 1], len(x)
    half = T[n - 2] * difference.std(0, ddof=1) / np.sqrt(n) if n > 1 else np.full(2, np.nan)
    for k, name in enumerate(("HR@10", "NDCG@10")):
        print(
            f"{name}: ours {x[:, 0, k].mean():.4f}, PyTorch {x[:, 1, k].mean():.4f}, difference "
            f"{difference[:, k].mean():+.4f} [{difference[:, k].mean() - half[k]:+.4f}, "
            f"{difference[:, k].mean() + half[k]:+.4f}] over {n} seeds"
        )


if __name__ == "__main__":
    main()
