#!/bin/bash
# usage: bench/policy.sh BUILD [WORLD STA]
# PPO at the reference size: ours, a good PyTorch PPO (peers/torch_ppo.py), Stable-Baselines3's PPO
# (peers/sb3.py), ours again, in our simulator with the same lanes, rollouts, epochs and minibatches.
# Prints each program's line and the ratios of rollout and update, ours being the mean of both turns: by the clock, and by
# seconds of processors, which tell more where others use the machine.
# PYTHON: an interpreter with torch, stable-baselines3, sb3-contrib and gymnasium. WORLD and STA: the
# reference files of bench/run.sh unless given. LANES, N_STEPS, EPOCHS, BATCH, ROLLOUTS.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
world=${2:-$build/bench-data/world.safetensors} sta=${3:-$build/bench-data/sta.safetensors}
python=${PYTHON:-python3} cores=${THREADS:-$(nproc)}
lanes=${LANES:-256} n_steps=${N_STEPS:-32} epochs=${EPOCHS:-10} batch=${BATCH:-1024} rollouts=${ROLLOUTS:-4}
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
ours
peer torch_ppo.py --epochs "$epochs" --batch "$batch"
peer sb3.py --algorithm ppo --set n_epochs="$epochs" --set batch_size="$batch"
ours
awk 'function number(key,  m) { match($0, "\"" key "\": [0-9]+"); return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4) }
  { roll = number("rollout_user_steps_s"); learn = number("update_rows_s")
    busy_roll = number("rollout_user_steps_processor_s"); busy_learn = number("update_rows_processor_s") }
  /"ours"/ { ++n; r += roll; l += learn; br += busy_roll; bl += busy_learn; next }
  { name[++peers] = /stable/ ? "Stable-Baselines3" : "PyTorch"
    pr[peers] = roll; pl[peers] = learn; pbr[peers] = busy_roll; pbl[peers] = busy_learn }
  END { for (k = 1; k <= peers; ++k)
    printf "ours against %s: rollout %.1fx, update %.1fx; by seconds of processors %.1fx, %.1fx\n", name[k],
      r / n / pr[k], l / n / pl[k], br / n / pbr[k], bl / n / pbl[k] }' "$said"
