#!/bin/bash
# usage: sweep_kill.sh THRONG
# A sweep that is killed (SIGKILL) at random moments and resumed each time ends with the rows of one
# that nobody disturbed: database, metrics.jsonl and summary, times aside.
# SWEEPS (4) sweeps of other seeds, samplers and schedulers, with KILLS (3) kills each; SEED (1) of the
# moments. The long form: SWEEPS=50 KILLS=20.
set -euo pipefail
throng=$(realpath "$1")
sweeps=${SWEEPS:-4} kills=${KILLS:-3}
RANDOM=${SEED:-1}
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-sweep-kill-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >sweep.json <<'END'
{"synth": {"users": 60, "items": 40, "categories": 4, "keywords": 40, "dim": 8, "tastes": 4,
  "history_mean": 8}, "sta": {"epochs": 1, "window": 8, "width": 8},
 "sim": {"lanes": 16, "history": 8, "max_steps": 10},
 "agent": {"batch": 8, "learning_starts": 64, "hidden": [8, 8], "width": 8, "buffer": 1024},
 "train": {"steps": 3200, "evaluate_every": 320, "evaluation": {"episodes": 16}},
 "sweep": {"slots": 4, "max_trials": 24, "test_seeds": 3, "top": 2, "checkpoint_seconds": 0.2,
  "space": {"agent.learning_rate": {"min": 1e-5, "max": 1e-1, "log": true},
   "agent.gamma": {"min": 0.5, "max": 0.99}}}}
END
variants=(
  "--sampler tpe --scheduler asha --set sweep.space.agent.width={\"values\":[4,8]}"
  "--sampler random --scheduler pbt"
  "--sampler gp --scheduler none --set sweep.max_trials=8 --set sweep.seeds=3"
  "--sampler sobol --scheduler hyperband --set sweep.reduction=3"
  "--sampler random --scheduler mf_pbt"
)

# rows FOLDER: all that must not depend on kills.
rows() {
  "$throng" trials "$1" --json | grep -vE '"(sweep|seconds|started|ended)"'
  sed -E 's/"(train\/)?seconds":[^,}]*,?//g' "$1/metrics.jsonl"
  grep -vE '"(seconds|folder)"' "$1/summary.json"
  if [ -e "$1/pbt.jsonl" ]; then cat "$1/pbt.jsonl"; fi
}

hits=0 late=0
for ((n = 0; n < sweeps; ++n)); do
  variant=${variants[n % ${#variants[@]}]}
  # shellcheck disable=SC2206
  options=($variant --seed $((n + 1)) --threads 1 -q)
  rm -rf whole killed
  "$throng" sweep sweep.json -o whole "${options[@]}" >/dev/null
  cp -r whole/world.safetensors* whole/sta.safetensors* . # what is made before the first round
  mkdir killed && mv world.safetensors* sta.safetensors* killed/
  resume=
  for ((k = 0; k < kills; ++k)); do
    # shellcheck disable=SC2086
    "$throng" sweep sweep.json -o killed "${options[@]}" $resume >/dev/null 2>err &
    process=$!
    sleep "$(printf '0.%03d' $((RANDOM % 500 + 20)))"
    if kill -KILL $process 2>/dev/null; then hits=$((hits + 1)); else late=$((late + 1)); fi
    wait $process 2>/dev/null || true
    if [ -e killed/trials.db ] && "$throng" trials killed >/dev/null 2>&1; then resume=--resume; fi
  done
  # shellcheck disable=SC2086
  "$throng" sweep sweep.json -o killed "${options[@]}" $resume >/dev/null
  rows whole >whole.rows
  rows killed >killed.rows
  if ! cmp -s whole.rows killed.rows; then
    echo "sweep_kill: sweep $n ($variant): the rows of the killed sweep differ:" >&2
    diff whole.rows killed.rows | head -20 >&2
    exit 1
  fi
done
echo "sweep_kill: $sweeps sweeps, $hits kills ($late came too late), the same rows as undisturbed"
