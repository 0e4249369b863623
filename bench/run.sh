#!/bin/bash
# usage: bench/run.sh BUILD      (make bench)
# Measure ours and the PyTorch peer in turns on the same files, print the ratio, and append our rows
# and the peer's to bench/results/<machine>.csv. PYTHON: an interpreter that has torch and
# safetensors; without one the peer is left out, and it says so. SECONDS_EACH times each case.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
python=${PYTHON:-python3}
each=${SECONDS_EACH:-2}
data=$build/bench-data
mkdir -p "$data" bench/results

cores=$(nproc)
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr 'A-Z' 'a-z' |
  sed -E 's/\((r|tm)\)//g; s/@.*//; s/[^a-z0-9]+/-/g; s/^-|-$//g')
machine=${THRONG_BENCH_MACHINE:-${model:-unknown}-${cores}c}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit=$commit-changed
export THRONG_BENCH_COMMIT=$commit THRONG_BENCH_CSV=bench/results/$machine.csv
echo "machine $machine, commit $commit; rows go to $THRONG_BENCH_CSV"

files=(--world "$data/world.safetensors" --sta "$data/sta.safetensors")
make=()
[ -s "$data/sta.safetensors" ] || make=(--make 1)
echo
echo "== simulator, first turn"
"$build/bench/bench_sim" "${files[@]}" "${make[@]}" --sample "$data/sample.safetensors" --seconds "$each" |
  tee "$data/ours.1"
if reason=$("$python" -c 'import torch, safetensors' 2>&1); then
  echo
  echo "== simulator, PyTorch peer"
  "$python" bench/peers/peer_sim.py "${files[@]}" --sample "$data/sample.safetensors" \
    --seconds "$each" --threads "$cores" --csv "$THRONG_BENCH_CSV" --commit "$commit" 2>"$data/peer.err" |
    tee "$data/peer" || { cat "$data/peer.err" >&2; exit 1; }
  echo
  echo "== simulator, second turn"
  "$build/bench/bench_sim" "${files[@]}" --seconds "$each" | tee "$data/ours.2"
  echo
  awk '
    FILENAME ~ /ours/ && /user-steps\/s/ {
      name = substr($0, 1, 44); sub(/ +$/, "", name)
      rate = $0; sub(/ user-steps.*/, "", rate); sub(/.* /, "", rate)
      ours[name] += rate / 2
    }
    FILENAME ~ /peer$/ && /user-steps\/s/ {
      name = substr($0, 7, 32); sub(/ +$/, "", name)
      rate = $0; sub(/ user-steps.*/, "", rate); sub(/.* /, "", rate)
      peer[name] = rate; order[++n] = name
    }
    END {
      printf "%-28s %14s   %-28s %12s %8s\n", "ours (mean of two turns)", "user-steps/s", "peer", "user-steps/s", "ratio"
      for (i = 1; i <= n; ++i) {
        name = order[i]; base = name; sub(/, (table|last|eager).*/, "", base)
        best = (base ", table") in ours ? base ", table" : base
        # f_sta alone asks nothing of the table.
        printf "%-28s %14.0f   %-28s %12.0f %7.1fx\n", best, ours[best], name, peer[name], ours[best] / peer[name]
        if (base != best && base in ours && name !~ /table/)
          printf "%-28s %14.0f   %-28s %12.0f %7.1fx\n", base, ours[base], name, peer[name], ours[base] / peer[name]
      }
    }' "$data/ours.1" "$data/ours.2" "$data/peer"
else
  echo "peer left out: $python cannot import torch and safetensors (${reason##*$'\n'}); set PYTHON=..."
fi
for program in "$build"/bench/bench_*; do
  [ -x "$program" ] && [ -f "$program" ] || continue
  [ "${program##*/}" != bench_sim ] || continue
  echo
  echo "== ${program##*/}"
  "$program"
done
