#!/bin/bash
# usage: bench/instructions.sh BUILD
# Instructions a lane-step of each of a step's stages, counted by valgrind (callgrind) and so the same
# on a busy machine: 21 steps of 64 lanes of a small synthetic world with default users, who do not
# change, on one thread. Prints rows for bench/results/instructions.csv: commit, stage, instructions.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
commit=$(git rev-parse --short HEAD)
lanes=64
"$build/throng" synth -q -o "$work/world" --set synth.users=400 --set synth.items=300 --set synth.keywords=200 \
  --set synth.categories=12 --set synth.dim=16 >"$work/log"
"$build/throng" fit "$work/world" -q --threads 1 --set sta.epochs=1 -o "$work/sta" >"$work/log"
valgrind --tool=callgrind --callgrind-out-file="$work/counts" --toggle-collect='sim_*_rows' \
  "$build/bench/bench_step" "$work/world" "$work/sta" 1 $lanes 0 >"$work/log" 2>&1
# Costs stand in lines "LINE COST" below their function, those of calls in the line after "calls=".
awk -v lanes=$lanes -v commit="$commit" '
  /^c?fn=/ {
    number = $0; sub(/^c?fn=\(/, "", number); sub(/\).*/, "", number)
    if (match($0, /\) /)) name[number] = substr($0, RSTART + 2)
    if (/^c/) called = number; else here = number
    next
  }
  /^calls=/ { split($1, n, "="); calls[called] += n[2]; next }
  /^[-+*0-9]/ { cost[here] += $2 }
  END {
    for (k in calls)
      if (name[k] ~ /^sim_.*_rows$/)
        printf "%s,%s,%.1f\n", commit, substr(name[k], 1, length(name[k]) - 5), cost[k] / calls[k] / lanes
  }' "$work/counts" | sort
