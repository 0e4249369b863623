#!/bin/bash
# usage: bench/gpu_check.sh [BUILD]      (make gpu-check)
# On a machine with a GPU and nvcc, offline: build for that GPU, compare the backends on it, look for
# memory faults and races with compute-sanitizer, measure, and end with one table. The rows go to
# bench/results/<gpu>.csv. Whatever fails is told at the end; nothing is left out in silence.
#   GPU_CHECK_SECONDS  each benchmark's time (2)
#   GPU_CHECK_LANES    lanes of the benchmarks (65536)
#   GPU_CHECK_ARCHITECTURES  what the kernels are compiled for (those of this machine's GPUs)
#   PYTHON             an interpreter with torch for the peers, on the CPU and on the same GPU (python3)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/gpu}
each=${GPU_CHECK_SECONDS:-2}
lanes=${GPU_CHECK_LANES:-65536}
python=${PYTHON:-python3}
jobs=${JOBS:-$(nproc)}
log=$build/gpu-check
names=() results=() notes=()
failed=0

# part NAME COMMAND...: run it, keep its output in $log/NAME.log, remember how it went.
part() {
  local name=$1 start=$SECONDS
  shift
  printf '== %-28s ' "$name"
  names+=("$name")
  if "$@" >"$log/$name.log" 2>&1; then
    results+=(passed)
    echo "passed in $((SECONDS - start)) s"
  else
    results+=(FAILED)
    failed=1
    echo "FAILED after $((SECONDS - start)) s; the end of $log/$name.log:"
    tail -25 "$log/$name.log"
  fi
  notes+=("$((SECONDS - start)) s")
}

# leave NAME REASON: a part that this machine cannot do.
leave() {
  names+=("$1") results+=("left out") notes+=("$2")
  printf '== %-28s left out: %s\n' "$1" "$2"
}

missing=()
for tool in cmake ninja pkg-config; do command -v "$tool" >/dev/null || missing+=("$tool"); done
nvcc=$(command -v nvcc || ls "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" /usr/local/cuda/bin/nvcc 2>/dev/null | head -1 || true)
[ -n "$nvcc" ] || missing+=("nvcc (set CUDA_HOME)")
command -v nvidia-smi >/dev/null || missing+=("nvidia-smi (the NVIDIA driver)")
if [ ${#missing[@]} -gt 0 ]; then
  printf 'gpu-check: this machine lacks: %s\n' "${missing[*]}" >&2
  echo "gpu-check: where it has no network, carry over what 'make gpu-bundle' fetches" >&2
  exit 1
fi
if ! gpu=$(nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>&1 | head -1); then
  echo "gpu-check: nvidia-smi finds no GPU: $gpu" >&2
  exit 1
fi
# What the driver says of its GPUs: 9.0 is 90-real. An old driver does not know; then CMake asks.
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null |
  sed -nE 's/^([0-9]+)\.([0-9]+)$/\1\2-real/p' | sort -u | paste -sd ';') || capability=
architectures=${GPU_CHECK_ARCHITECTURES:-${capability:-native}}
mkdir -p "$log"
machine=$(sed 's/,.*//' <<<"$gpu" | tr 'A-Z' 'a-z' | sed -E 's/[^a-z0-9]+/-/g; s/^-|-$//g')
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit=$commit-changed
csv=bench/results/$machine.csv
echo "GPU: $gpu; commit $commit; $("$nvcc" --version | tail -1)"

CUDACXX=$nvcc part configure cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DTHRONG_CUDA=REQUIRED -DCMAKE_CUDA_ARCHITECTURES="$architectures" -DTHRONG_HTTP=OFF
[ $failed = 0 ] || exit 1
part build cmake --build "$build" -j "$jobs"
[ $failed = 0 ] || exit 1
part info "$build/throng" info --backend cuda
sed 's/^/   /' "$log/info.log"

# A test that is skipped has not passed here: there is a device.
whole() {
  "$@" && ! grep -q SKIPPED "$log/$(basename "$1").log"
}
for program in "$build"/tests/gpu_test_cuda_*; do
  [ -f "$program" ] && [ -x "$program" ] || continue
  part "$(basename "$program")" whole "$program"
done
part tests-on-the-cpu env CUDA_VISIBLE_DEVICES= ctest --test-dir "$build" -j "$jobs" -LE gpu --output-on-failure
part repeats-bit-for-bit bash bench/gpu_repeat.sh "$build/throng" "$log/repeat"

sanitizer=$(command -v compute-sanitizer || ls "$(dirname "$nvcc")/compute-sanitizer" 2>/dev/null || true)
if [ -n "$sanitizer" ]; then
  for tool in memcheck racecheck initcheck synccheck; do
    part "sanitizer-$tool" "$sanitizer" --tool "$tool" --error-exitcode 1 "$build/throng" train configs/demo.json \
      --backend cuda -q --set synth.users=200 --set synth.items=150 --set sta.epochs=1 --set train.steps=12000 \
      --set train.evaluate_every=12000 --set evaluation.episodes=16 --set sim.lanes=64 --set agent.learning_starts=2000 \
      --set "train.out=$log/$tool-run"
  done
else
  leave sanitizer "compute-sanitizer is not installed"
fi

export THRONG_BENCH_COMMIT=$commit OMP_WAIT_POLICY=passive
data=$build/bench-data rows=$log/rows
rm -rf "$rows"  # of this run alone: what it does not measure must not come from an earlier one
mkdir -p "$data" "$rows" bench/results
files=(--world "$data/world.safetensors" --sta "$data/sta.safetensors" --seconds "$each")
make=()
[ -s "$data/sta.safetensors" ] || make=(--make 1)
part bench-sim "$build/bench/bench_sim" "${files[@]}" "${make[@]}" --backend cuda --lanes "$lanes" \
  --sample "$data/sample.safetensors" --csv "$rows/ours-sim.csv"
# The loop that is asked for: an update of a sixteenth of the user-steps after each step.
part bench-agent "$build/bench/bench_agent" "${files[@]}" --backend cuda --lanes "$lanes" --batch $((lanes / 16)) \
  --updates 1 --sample "$data/agent" --csv "$rows/ours-agent.csv"
part bench-sim-cpu "$build/bench/bench_sim" "${files[@]}" --backend cpu --csv "$rows/ours-sim-cpu.csv"

# peer NAME SCRIPT SAMPLE DEVICE ARGUMENT...
peer() {
  part "$1" "$python" "bench/peers/$2" "${files[@]}" --sample "$3" --device "$4" --commit "$commit" \
    --csv "$rows/$1.csv" "${@:5}"
}
if reason=$("$python" -c 'import torch, safetensors' 2>&1); then
  peer peer-sim-cpu peer_sim.py "$data/sample.safetensors" cpu --only "three votes"
  if reason=$("$python" -c 'import torch; assert torch.cuda.is_available(), "torch sees no GPU"' 2>&1); then
    peer peer-sim-gpu peer_sim.py "$data/sample.safetensors" cuda --lanes "$lanes" --only "three votes"
    peer peer-dqn-gpu peer_dqn.py "$data/agent" cuda --lanes "$lanes" --batch $((lanes / 16)) --updates 1 --only two_tower
  else
    leave peers-gpu "PYTHON=$python: ${reason##*$'\n'}"
  fi
else
  leave peers "PYTHON=$python: ${reason##*$'\n'}"
fi
for file in "$rows"/*.csv; do
  [ -f "$file" ] || continue
  if [ -s "$csv" ]; then sed 1d "$file"; else cat "$file"; fi >>"$csv"
done

echo
echo "== measured on $gpu (rows in $csv)"
for bench in bench-sim bench-agent bench-sim-cpu peer-sim-cpu peer-sim-gpu peer-dqn-gpu; do
  [ ! -f "$log/$bench.log" ] || { echo "-- $bench"; grep -E 'ceiling|/s' "$log/$bench.log" || true; }
done
echo
printf '%-32s %-9s %s\n' part result time
for i in "${!names[@]}"; do printf '%-32s %-9s %s\n' "${names[$i]}" "${results[$i]}" "${notes[$i]}"; done
echo
awk -v rows="$rows" -v predictions=bench/predictions-h100.md -f bench/gpu_table.awk
[ $failed = 0 ] && echo "gpu-check: all passed on $gpu" || echo "gpu-check: FAILED on $gpu" >&2
exit $failed
