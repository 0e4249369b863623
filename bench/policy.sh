#!/bin/bash
# usage: bench/policy.sh BUILD [WORLD STA]
# PPO at the reference size: ours and a good PyTorch PPO (peers/torch_ppo.py) by turns, Stable-Baselines3's PPO
# (peers/sb3.py), ours again, in our simulator with the same lanes, rollouts, epochs and minibatches.
# Prints each program's line and the ratios of rollout and update, by the medians of each program's turns (a shared
# machine moves a single turn by a tenth): by the clock, and by seconds of processors, which tell more where others use it.
# PYTHON: an interpreter with torch, stable-baselines3, sb3-contrib and gymnasium. WORLD and STA: the
# reference files of bench/run.sh unless given. TURNS (3), LANES, N_STEPS, EPOCHS, BATCH, ROLLOUTS.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
world=${2:-$build/bench-data/world.safetensors} sta=${3:-$build/bench-data/sta.safetensors}
python=${PYTHON:-python3} cores=${THREADS:-$(nproc)}
lanes=${LANES:-256} n_steps=${N_STEPS:-32} epochs=${EPOCHS:-10} batch=${BATCH:-1024} rollouts=${ROLLOUTS:-4} turns=${TURNS:-3}
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

ours() {
  "$build/bench/bench_rollouts" --world "$world" --sta "$sta" --lanes "$lanes" --n-steps "$n_steps" --epochs "$epochs" \
    --batch "$batch" --threads "$cores" --rollouts "$rollouts" | tee -a "$said"
}
peer() {  # FILE ARGUMENT...
  "$python" "bench/peers/$1" --library "$build/libthrong.so" --world "$world" --sta "$sta" --lanes "$lanes" \
    --n-steps "$n_steps" --threads "$cores" --steps $((rollouts * lanes * n_steps)) --no-evaluation "${@:2}" | tee -a "$said"
}
for ((turn = 0; turn < turns; ++turn)); do
  ours
  peer torch_ppo.py --epochs "$epochs" --batch "$batch"
done
peer sb3.py --algorithm ppo --set n_epochs="$epochs" --set batch_size="$batch"
ours
awk 'function number(key) { match($0, "\"" key "\": [0-9]+"); return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4) + 0 }
  function median(who, column,  i, j, n, x, all) {
    n = count[who]
    for (i = 1; i <= n; ++i) {
      x = value[who, i, column]
      for (j = i - 1; j > 0 && all[j] > x; --j) all[j + 1] = all[j]
      all[j + 1] = x
    }
    return (all[int((n + 1) / 2)] + all[int(n / 2) + 1]) / 2
  }
  function ratio(peer, column) { return median("ours", column) / median(peer, column) }
  { who = /"ours"/ ? "ours" : /stable/ ? "Stable-Baselines3" : "PyTorch"
    at = ++count[who]
    value[who, at, 1] = number("rollout_user_steps_s"); value[who, at, 2] = number("update_rows_s")
    value[who, at, 3] = number("rollout_user_steps_processor_s"); value[who, at, 4] = number("update_rows_processor_s") }
  function line(peer) { if (count[peer])
    printf "ours against %s: rollout %.1fx, update %.1fx; by seconds of processors %.1fx, %.1fx\n", peer,
      ratio(peer, 1), ratio(peer, 2), ratio(peer, 3), ratio(peer, 4) }
  END { line("PyTorch"); line("Stable-Baselines3") }' "$said"
