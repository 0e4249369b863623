#!/bin/bash
# usage: bench/run.sh BUILD [PART...]      (make bench)
# Each part (sim, agent, sta, suggest, population; all where none is named): ours, the peer (PyTorch;
# Optuna for suggest), ours again, on the same files. (Of population the peer is ours: as many processes of
# one agent. AGENTS and PROCESSES say how many; 256 agents want 12 GB, 64 processes 16 GB.) Print the ratios
# over both turns and append our rows and the peer's to
# bench/results/<machine>.csv. Its last column tells whether the machine gave both turns the same:
# where a ceiling differs by more than 15 % between them, the part was measured on a busy machine.
# PYTHON: an interpreter that has torch and safetensors, and optuna for suggest; without one the peer is left out, and it
# says so. SECONDS_EACH times each case.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(sim agent sta suggest population)
python=${PYTHON:-python3}
each=${SECONDS_EACH:-2}
data=$build/bench-data
mkdir -p "$data" bench/results
# For the peer: OpenMP threads that spin while they wait take the cores from those that work.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

cores=$(nproc)
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr 'A-Z' 'a-z' |
  sed -E 's/\((r|tm)\)//g; s/@.*//; s/[^a-z0-9]+/-/g; s/^-|-$//g')
machine=${THRONG_BENCH_MACHINE:-${model:-unknown}-${cores}c}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit=$commit-changed
results=${THRONG_BENCH_RESULTS:-bench/results/$machine.csv}
export THRONG_BENCH_COMMIT=$commit THRONG_BENCH_CSV=$data/rows.csv
echo "machine $machine, commit $commit; rows go to $results"

# look_for_peer MODULES: sets have_peer.
look_for_peer() {
  local reason
  have_peer=1
  reason=$("$python" -c "import $1" 2>&1) || have_peer=0
  [ $have_peer = 1 ] || echo "peer left out: $python cannot import $1 (${reason##*$'\n'}); set PYTHON=..."
}

# ours PART TURN PROGRAM ARGUMENT...
ours() {
  printf '\n== %s, turn %s\n' "$1" "$2"
  "$build/bench/$3" "${@:4}" | tee "$data/$1.$2"
}

# peer PART ARGUMENT...
peer() {
  printf '\n== %s, peer\n' "$1"
  "$python" "bench/peers/$2" "${@:3}" --seconds "$each" --threads "$cores" --csv "$THRONG_BENCH_CSV" \
    --commit "$commit" 2>"$data/$1.peer.err" | tee "$data/$1.peer" ||
    { cat "$data/$1.peer.err" >&2; return 1; }
}

# publish PART: the rows so far go to the results, with a word on how steady the machine was.
publish() {
  local steady="one turn"
  if [ -s "$data/$1.2" ]; then
    steady=$(awk -v what=ceilings -f bench/compare.awk "$data/$1.1" "$data/$1.2")
    echo
    [ ! -s "$data/$1.peer" ] ||
      awk -v what=ratios -f bench/compare.awk "$data/$1.1" "$data/$1.2" "$data/$1.peer"
    [ "$steady" = steady ] || printf '\nBUSY MACHINE: %s. Measure again.\n' "$steady"
  fi
  if [ ! -s "$results" ]; then
    head -1 "$THRONG_BENCH_CSV" | sed 's/$/,machine/' >"$results"
  elif ! head -1 "$results" | grep -q ',machine$'; then
    sed -i '1s/$/,machine/; 2,$s/$/,/' "$results"  # rows from before the column
  fi
  sed "1d; s/\$/,\"$steady\"/" "$THRONG_BENCH_CSV" >>"$results"
}

files=(--world "$data/world.safetensors" --sta "$data/sta.safetensors")
make=()
[ -s "$data/sta.safetensors" ] || make=(--make 1)
for part in "${parts[@]}"; do
  rm -f "$THRONG_BENCH_CSV" "$data/$part".{1,2,peer}
  both=() first=() always=(--seconds "$each") sample=() modules="torch, safetensors"
  case $part in
    sim) both=("${files[@]}") first=("${make[@]}") sample=(--sample "$data/sample.safetensors") script=peer_sim.py ;;
    agent) both=("${files[@]}") sample=(--sample "$data/agent") script=peer_dqn.py ;;
    sta) always+=(--epochs 1) sample=(--sample "$data/sta-sample.safetensors") script=peer_sta.py ;;
    population)
      both=("${files[@]}" --agents "${AGENTS:-1,4,16,64,256}" --threads "$cores")
      processes=("${files[@]}" --processes "${PROCESSES:-64}" --ceilings no) ;;
    suggest) modules=optuna script=peer_suggest.py ;;
    *) echo "unknown part '$part': expected sim, agent, sta, suggest or population" >&2; exit 2 ;;
  esac
  if [[ $part =~ ^(agent|population)$ ]] && [ ! -s "$data/sta.safetensors" ]; then
    "$build/bench/bench_sim" "${files[@]}" --make 1 --seconds 0.01 >/dev/null  # for the reference world
    rm -f "$THRONG_BENCH_CSV"
  fi
  if [ "$part" = population ]; then
    ours population 1 bench_population "${both[@]}" "${always[@]}"
    ours population processes bench_population "${processes[@]}"
    ours population 2 bench_population "${both[@]}" "${always[@]}" --table no
    publish population
    continue
  fi
  look_for_peer "$modules"
  ours "$part" 1 "bench_$part" "${both[@]}" "${first[@]}" "${always[@]}" "${sample[@]}"
  if [ $have_peer = 1 ]; then
    peer "$part" $script "${both[@]}" "${sample[@]}"
    ours "$part" 2 "bench_$part" "${both[@]}" "${always[@]}"
  fi
  publish "$part"
done
