#!/bin/bash
# The parts of gpu_check.sh, which sources this with its words (item, settle, leave, say, row) and sizes: part_NAME
# measures one and records what came of it.

part_info() {
  local tool_path
  # has NAME VALUE
  has() { row "$1" passed 0 "" "$2" "" ""; say "   $1: $2"; }
  has commit "$commit"
  has system "$(uname -srm)$([ ! -r /etc/os-release ] || awk -F= '$1 == "PRETTY_NAME" { gsub(/"/, "", $2); print ", " $2 }' /etc/os-release)"
  has cores "$(nproc)"
  has libc "$libc"
  has cublas "${cublas:-not found in any known folder; the loader may know it}"
  has loader-path "${library_path:-empty}"
  if command -v nvidia-smi >/dev/null; then
    item nvidia-smi 30 nvidia-smi --query-gpu=name,memory.total,memory.free,driver_version,compute_cap,clocks.max.sm,power.limit --format=csv
  elif [ "$backend" = cuda ]; then
    leave nvidia-smi "it is not installed"
  fi
  if tool_path=$(tool compute-sanitizer /usr/local/cuda*/compute-sanitizer); then has compute-sanitizer "$tool_path"; else leave compute-sanitizer "it is not installed"; fi
  if tool_path=$(tool ncu /opt/nvidia/nsight-compute/*); then has ncu "$tool_path"; else leave ncu "it is not installed"; fi
  if command -v "$python" >/dev/null; then
    try torch 90 "$python" -c 'import sys, torch, safetensors; print("python", sys.version.split()[0], "torch", torch.__version__, "sees", torch.cuda.device_count(), "GPU")' &&
      if [ "$code" = 0 ]; then settle torch "$(tail -n 1 "$scratch/said")"; else leave torch "$python: $(tail -n 1 "$scratch/said")"; fi
  else
    leave torch "there is no $python"
  fi
  item throng-info 60 "${ours[@]}" "${loader[@]}" "$throng" info --backend "$backend"
}

part_tests() {
  local path name found=0 turn last sums=()
  for path in "${throng%/*}"/gpu_test_cuda_* "${throng%/*}"/tests/gpu_test_cuda_*; do
    [ -f "$path" ] && [ -x "$path" ] || continue
    name=${path##*/} found=1
    try "$name" 150 "${ours[@]}" "${loader[@]}" "$path" || continue
    if [ "$code" = 0 ] && says "SKIPPED"; then
      if [ "$backend" = cuda ]; then
        record "$name" FAILED "tests were skipped: $(awk '/Skipped/ { getline; print; exit }' "$scratch/said")"
      else
        leave "$name" "starts; without a GPU its tests are skipped"
      fi
    else
      settle "$name" "$(awk '/PASSED/ { print $4, "tests" }' "$scratch/said")"
    fi
  done
  [ $found = 1 ] || leave gpu-tests "this build has no CUDA"
  for turn in 1 2; do
    sets synth.users=300 synth.items=300 sta.epochs=1 train.steps=$repeat_steps train.evaluate_every=$repeat_steps \
      sim.lanes=256 "train.out=$scratch/run-$turn"
    item "same-seed-turn-$turn" 100 "${ours[@]}" "${loader[@]}" "$throng" train "$demo" --backend "$backend" -q "${set[@]}" || return
    last=("$scratch/run-$turn"/checkpoint-*.safetensors)
    [ -f "${last[-1]}" ] && sums+=("$(sha256sum <"${last[-1]}")")
  done
  code=1 seconds=0 allowed=0
  echo "checkpoints: ${sums[*]}" | tee -a "$log" >"$scratch/said"
  [ ${#sums[@]} = 2 ] && [ "${sums[0]}" = "${sums[1]}" ] && code=0
  settle repeats-bit-for-bit
}

# A run that launches hundreds of kernels of each kind, not tens of thousands.
part_sanitizer() {
  local kind sanitizer=() options left=4
  if [ "$backend" = cuda ] && ! sanitizer=("$(tool compute-sanitizer /usr/local/cuda*/compute-sanitizer)"); then
    for kind in memcheck racecheck initcheck synccheck; do leave "$kind" "compute-sanitizer is not installed"; done
    return
  fi
  for kind in memcheck racecheck initcheck synccheck; do
    options=()
    # cuBLAS's own kernels are not ours to check, and take most of racecheck's time.
    case $kind in
      racecheck) options=(--kernel-name-exclude 'regex=gemm|gemv|cublas|cutlass|splitK') ;;
      # Errors that calls return, as we see them; not those that the runtime meets and mends within.
      memcheck) options=(--report-api-errors explicit) ;;
    esac
    sets synth.users=200 synth.items=300 sta.epochs=1 sim.lanes=64 sim.max_steps=50 agent.learning_starts=500 agent.batch=64 \
      train.steps=2000 train.evaluate_every=2000 train.evaluation.episodes=4 train.yardsticks=false "train.out=$scratch/$kind"
    [ ${#sanitizer[@]} = 0 ] || sanitizer=("${sanitizer[0]}" --tool "$kind" --error-exitcode 1 --print-limit 50 "${options[@]}")
    try $kind $(((deadline - SECONDS) / left < 140 ? (deadline - SECONDS) / left : 140)) "${ours[@]}" "${sanitizer[@]}" \
      "${loader[@]}" "$throng" train "$demo" --backend "$backend" -q "${set[@]}" || continue
    left=$((left - 1))
    if [ "$backend" = cpu ]; then
      settle $kind "its command line, without a GPU or compute-sanitizer"
    elif says "Device not supported"; then
      leave $kind "compute-sanitizer does not support this device here"
    elif [ "$code" = 0 ] && ! says "$([ $kind = racecheck ] && echo RACECHECK || echo ERROR) SUMMARY"; then
      record $kind FAILED "compute-sanitizer gave no summary: it has checked nothing"
    elif [ "$code" = 124 ] || [ "$code" = 137 ]; then
      record $kind "not measured" "not done in $allowed s; until then: $(awk '/=========.*(Error|error|hazard|Invalid|Race)/ { n++ } END { print n + 0 }' "$scratch/said") lines that tell of an error"
    else
      settle $kind "$(awk '/ERROR SUMMARY|RACECHECK SUMMARY/ { sub(/^=+ */, ""); print }' "$scratch/said")"
    fi
  done
}

# need_world: the reference world (bench_sim --make 1 makes the same) and f_sta's weights, once. One epoch of them: what is
# measured does not depend on how good they are.
need_world() {
  mkdir -p "$data"
  [ ! -s "$data/sta.safetensors" ] || return 0
  sets "${world[@]}"
  item world 200 "${ours[@]}" "${loader[@]}" "$throng" synth -o "$data/world.safetensors" -q "${set[@]}" || return
  sets "${fit[@]}"
  item f_sta 300 "${ours[@]}" "${loader[@]}" "$throng" fit "$data/world.safetensors" -o "$data/sta.safetensors" -q --backend "$backend" "${set[@]}"
}
files=(--world "$data/world.safetensors" --sta "$data/sta.safetensors")
sized=("${files[@]}" --lanes "$lanes" --ceilings "$ceilings")

# What the page of predictions has a line for. The first launches are those that load a kernel. Acting and the parts of
# an update launch the same kernel over more or fewer rows: of a dozen launches the longest is told.
profiled=(sim_vote sim_sta_advance lane_state state_features best_search_tile add_bias state_value column_sum segment_sum)
part_profile() {
  local ncu=() kernel cause closed=''
  if [ "$backend" = cuda ] && ! ncu=("$(tool ncu /opt/nvidia/nsight-compute/*)"); then
    for kernel in "${profiled[@]}"; do leave "$kernel" "ncu is not installed"; done
    return
  fi
  need_world || return
  for kernel in "${profiled[@]}"; do
    [ -z "$closed" ] || { leave "$kernel" "as the one before"; continue; }
    [ "$backend" = cpu ] || ncu=("${ncu[0]}" --clock-control none --set basic --csv --page details --print-units base
      --kernel-name "regex:$kernel" --launch-skip 20 --launch-count 12 --kill yes)
    try "$kernel" 70 "${ours[@]}" THRONG_CUDA_GRAPHS=0 "${ncu[@]}" "${loader[@]}" "$bench_agent" "${files[@]}" --lanes "$lanes" \
      --ceilings no --only two_tower --batch "$batch" --updates 1 --seconds 0.001 --backend "$backend" || continue
    if [ "$backend" = cpu ]; then
      settle "$kernel" "its command line, without a GPU or ncu"
      continue
    fi
    # ncu ends the program after the last launch that it measures: what counts is whether rows came.
    awk -v csv="$csv" -v kernel="$kernel" "$split_csv"'
      /^"ID",/ { n = split_csv($0, field); for (k = 1; k <= n; ++k) column[field[k]] = k; next }
      /^"/ && ("Metric Name" in column) {
        split_csv($0, field)
        id = field[column["ID"]]; name = field[column["Metric Name"]]
        value = field[column["Metric Value"]]; unit = field[column["Metric Unit"]]
        if (name == "" || (id, name) in seen) next
        seen[id, name] = 1
        gsub(/,/, "", value)
        rows[id] = rows[id] sprintf("profile,%s,passed,,\"%s\",%s,\"%s\",\n", kernel, name, value, unit)
        if (longest == "") longest = id
        if (name == "Duration") {
          time[id] = value * (unit ~ /^n/ ? 1e-3 : unit ~ /^m/ ? 1e3 : unit ~ /^s/ ? 1e6 : 1)
          if (time[id] > time[longest]) longest = id
          grid[id] = field[column["Grid Size"]]
        }
        if (name ~ /^(Compute \(SM\)|DRAM|L2 Cache) Throughput$|^Achieved Occupancy$/) rest[id] = rest[id] sprintf(", %s %.0f %%", name, value)
        if (name == "Registers Per Thread") rest[id] = rest[id] ", " value " registers"
      }
      END {
        if (longest == "") exit
        printf "%s", rows[longest] >>csv
        print sprintf("%.1f us", time[longest]) rest[longest] ", grid " grid[longest]
      }' "$scratch/said" >"$scratch/figures"
    if [ -s "$scratch/figures" ]; then
      record "$kernel" passed "$(<"$scratch/figures")"
    elif cause=$(awk '/ERR_NVGPUCTRPERM|LibraryNotLoaded|Profiling is not supported|No metrics to collect/ { sub(/^==[A-Z]+== */, ""); print; found = 1; exit }
      END { exit !found }' "$scratch/said"); then
      leave "$kernel" "ncu may not or cannot read this device's counters: $cause"
      closed=$cause
    elif [ "$code" = 124 ] || [ "$code" = 137 ]; then
      record "$kernel" "not measured" "ncu was not done in $allowed s"
    else
      record "$kernel" FAILED "ncu gave no row: $(tail -n 1 "$scratch/said")"
    fi
  done
}
split_csv='
function split_csv(line, field,    n, c, k, quoted) {
  n = 1; field[1] = ""
  for (k = 1; k <= length(line); ++k) {
    c = substr(line, k, 1)
    if (c == "\"") quoted = !quoted
    else if (c == "," && !quoted) field[++n] = ""
    else field[n] = field[n] c
  }
  return n
}'

comparison() {
  [ "$backend" = cuda ] || echo "(small, on the CPU: whether the table is made, not a figure to hold against it)"
  awk -v rows="$out" -v backend="$backend" -v predictions="$share/predictions-h100.md" -f "$share/gpu_table.awk"
}

part_bench() {
  need_world || return
  item bench_sim 150 "${ours[@]}" "${loader[@]}" "$bench_sim" "${sized[@]}" --seconds "$each" --backend "$backend" \
    --sample "$data/sample.safetensors" --csv "$csv"
  # The loop that is asked for: an update of a sixteenth of the user-steps after each step.
  item bench_agent 150 "${ours[@]}" "${loader[@]}" "$bench_agent" "${sized[@]}" --seconds "$each" --backend "$backend" \
    --batch "$batch" --updates 1 --sample "$data/agent" --csv "$csv"
  [ "$backend" = cpu ] ||
    item bench_sim-on-the-cpu 100 "${ours[@]}" "${loader[@]}" "$bench_sim" "${files[@]}" --seconds 1 --backend cpu --csv "$csv"
  say ""
  comparison | tee -a "$log"
}

# peer ITEM SECONDS SCRIPT SAMPLE DEVICE ARGUMENT...
peer() {
  try "$1" "$2" "$python" "$share/peers/$3" "${files[@]}" --sample "$4" --device "$5" --commit "$commit" --seconds "$each" \
    --csv "$csv" "${@:6}" || return 0
  case $code in
    124 | 137) record "$1" "not measured" "not done in $allowed s; the rows that it had are kept" ;;
    *) settle "$1" ;;
  esac
}
part_peers() {
  local name reason quick=() all=("peer-dqn-$backend" "peer-sim-$backend")
  # torch.compile takes a minute a case on few cores, and says nothing about the command lines.
  if [ "$backend" = cpu ]; then quick=(--no-compile); else all+=(peer-sim-cpu); fi
  if ! reason=$("$python" -c 'import torch, safetensors' 2>&1); then
    for name in "${all[@]}"; do leave "$name" "PYTHON=$python: ${reason##*$'\n'}"; done
    return
  fi
  if [ ! -s "$data/sample.safetensors" ] || [ ! -s "$data/agent.two_tower.safetensors" ]; then
    need_world || return
    item sample-sim 100 "${ours[@]}" "${loader[@]}" "$bench_sim" "${files[@]}" --lanes "$lanes" --ceilings no --seconds 0.001 \
      --backend "$backend" --sample "$data/sample.safetensors" &&
      item sample-agent 100 "${ours[@]}" "${loader[@]}" "$bench_agent" "${files[@]}" --lanes "$lanes" --ceilings no --seconds 0.001 \
        --backend "$backend" --batch "$batch" --updates 1 --sample "$data/agent" || return
  fi
  if [ "$backend" = cuda ] && ! reason=$("$python" -c 'import torch; assert torch.cuda.is_available(), "torch sees no GPU"' 2>&1); then
    for name in "${all[@]:0:2}"; do leave "$name" "PYTHON=$python: ${reason##*$'\n'}"; done
  else
    peer "${all[0]}" 170 peer_dqn.py "$data/agent" "$backend" --lanes "$lanes" --batch "$batch" --updates 1 --only two_tower "${quick[@]}"
    peer "${all[1]}" 150 peer_sim.py "$data/sample.safetensors" "$backend" --lanes "$lanes" --only "three votes" "${quick[@]}"
  fi
  [ "$backend" = cpu ] || peer peer-sim-cpu 130 peer_sim.py "$data/sample.safetensors" cpu --only "three votes"
  say ""
  comparison | tee -a "$log"
}
