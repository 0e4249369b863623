#!/bin/bash
# usage: bench.sh THRONG BENCH_SIM BENCH_AGENT
# The benchmarks on the emulated device, whose memory the host cannot touch: every case runs, rows and
# samples for the peers are written.
set -euo pipefail
throng=$1 bench_sim=$2 bench_agent=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$throng" synth -o world.safetensors -q --set synth.users=120 --set synth.items=240 --set synth.dim=16 \
  --set synth.keywords=200 >/dev/null
"$throng" fit world.safetensors -o sta.safetensors -q --backend cpu --set sta.epochs=1 --set sta.width=8 \
  --set sta.window=8 --set sta.layers=1 >/dev/null
files=(--world world.safetensors --sta sta.safetensors --seconds 0.001 --ceilings no --backend cuda --lanes 8)
"$bench_sim" "${files[@]}" --sample sample.safetensors --csv rows.csv
"$bench_agent" "${files[@]}" --batch 16 --updates 1 --sample agent --csv rows.csv
for file in sample.safetensors agent.two_tower.safetensors agent.flat.safetensors; do
  [ -s "$file" ] || { echo "$file was not written" >&2; exit 1; }
done
# 8 of the simulator, 4 of each head, and their head line once.
[ "$(wc -l <rows.csv)" = 17 ] || { echo "expected 17 lines:" >&2; cat rows.csv >&2; exit 1; }
