#!/bin/bash
# usage: tests/golden/make_run_0_1.sh PROGRAM
# A run folder as version 0.1.0 wrote it, with two lanes' worth of everything that files say of
# options: what later versions must go on with. PROGRAM is a throng of that version.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
[ "$("$program" --version)" = "throng 0.1.0" ] || { echo "$program is not version 0.1.0" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > config.json <<'END'
{"synth": {"users": 24, "items": 12, "categories": 3, "keywords": 32, "dim": 4, "tastes": 4, "history_mean": 5},
 "sta": {"epochs": 1, "width": 4, "window": 4, "layers": 1},
 "sim": {"lanes": 4, "history": 4, "max_steps": 6, "leave_probability": 0.1, "seed": 3, "first_lane": 8,
         "mask_seen": true, "preferences": true},
 "votes": {"rule": "weighted", "weights": [1, 0.5, 2], "weight_threshold": 1.25},
 "agent": {"count": 2, "hidden": [3, 2], "width": 2, "user_width": 1, "batch": 4, "buffer": 16,
           "learning_starts": 8, "n_step": 2, "learning_rate": 0.003, "loss": "mse",
           "epsilon": "exponential", "seed": 9, "gamma": 0.9},
 "train": {"steps": 64, "evaluate_every": 64, "checkpoint_every": 64, "yardsticks": false,
           "evaluation": {"episodes": 4}}}
END
"$program" train config.json -o run-0.1 -q --threads 1 --backend cpu > /dev/null
rm -f run-0.1/events.out.tfevents.* run-0.1/summary.json
rm -rf "$here/run-0.1"
cp -r run-0.1 "$here"
