#!/bin/bash
# usage: bench/threads.sh BUILD [LIBTHRONG...]
# User-steps a second of the simulator as users of the library get them, at the reference size (no
# item-item table) with all processors: from C, from Python through ctypes, in a process that has used PyTorch, and beside a
# PyTorch that is busy all the while on one thread, in another process and in the same one. In turns
# (ROUNDS, 3), so that each has its share of a busy machine; the row is the median turn. Another
# LIBTHRONG (an older build) is measured from Python beside ours.
# PYTHON: an interpreter that has torch; without one its cases are left out. LANES (256 and 4096),
# SECONDS_EACH (2). Rows go to bench/results/<machine>.csv (THRONG_BENCH_RESULTS).
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
python=${PYTHON:-python3} each=${SECONDS_EACH:-2} rounds=${ROUNDS:-3}
read -ra sizes <<<"${LANES:-256 4096}"
threads=$(nproc)
data=$build/bench-data
mkdir -p "$data" bench/results
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr 'A-Z' 'a-z' |
  sed -E 's/\((r|tm)\)//g; s/@.*//; s/[^a-z0-9]+/-/g; s/^-|-$//g')
results=${THRONG_BENCH_RESULTS:-bench/results/${THRONG_BENCH_MACHINE:-${model:-unknown}-${threads}c}.csv}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit=$commit-changed
files=("$data/world.safetensors" "$data/sta.safetensors")
[ -s "${files[1]}" ] ||
  "$build/bench/bench_sim" --world "${files[0]}" --sta "${files[1]}" --make 1 --seconds 0.01 >/dev/null
cases=(c ctypes)
if "$python" -c 'import torch' 2>/dev/null; then
  cases+=(ctypes-torch c-busy ctypes-busy)
else
  echo "PyTorch left out: $python cannot import torch; set PYTHON=..."
fi
busy=
trap '[ -z "$busy" ] || kill "$busy" 2>/dev/null || true' EXIT

# step CASE LIBRARY LANES: median and quartiles
step() {
  case $1 in
    c) "$build/bench/bench_step" "${files[@]}" "$threads" "$3" "$each" ;;
    ctypes) "$python" bench/peers/step_ctypes.py "$2" "${files[@]}" "$threads" "$3" "$each" ;;
    ctypes-torch) "$python" bench/peers/step_ctypes.py "$2" "${files[@]}" "$threads" "$3" "$each" torch ;;
    ctypes-busy) "$python" bench/peers/step_ctypes.py "$2" "${files[@]}" "$threads" "$3" "$each" busy ;;
    c-busy)
      "$python" bench/peers/step_ctypes.py busy &
      busy=$!
      sleep 5
      "$build/bench/bench_step" "${files[@]}" "$threads" "$3" "$each"
      kill "$busy"
      wait "$busy" 2>/dev/null || true
      busy=
      ;;
  esac
}

name() {
  case $1 in
    c) echo "step from C" ;;
    ctypes) echo "step from ctypes" ;;
    ctypes-torch) echo "step from ctypes, PyTorch loaded and used" ;;
    c-busy) echo "step from C, PyTorch busy in another process" ;;
    ctypes-busy) echo "step from ctypes, PyTorch busy in the same process" ;;
  esac
}

work=$(mktemp -d)
trap '[ -z "$busy" ] || kill "$busy" 2>/dev/null || true; rm -rf "$work"' EXIT
libraries=("$build/libthrong.so" "$@")
for ((round = 0; round < rounds; ++round)); do
  for lanes in "${sizes[@]}"; do
    for library in "${!libraries[@]}"; do
      for case in "${cases[@]}"; do
        [ "$library" = 0 ] || [[ $case == ctypes* ]] || continue
        step "$case" "${libraries[library]}" "$lanes" >>"$work/$lanes.$library.$case"
      done
    done
  done
done
printf '%-64s %6s %10s %14s\n' "" lanes "ms a step" user-steps/s
for lanes in "${sizes[@]}"; do
  for library in "${!libraries[@]}"; do
    for case in "${cases[@]}"; do
      file=$work/$lanes.$library.$case
      [ -s "$file" ] || continue
      read -r seconds low high <<<"$(sort -g "$file" | sed -n "$(((rounds + 1) / 2))p")"
      rate=$(awk -v n="$lanes" -v s="$seconds" 'BEGIN { printf "%.6g", n / s }')
      what=$(name "$case")
      [ "$library" = 0 ] || what="$what ($(basename "${libraries[library]}"))"
      printf '%-64s %6d %10.3f %14.0f\n' "$what" "$lanes" "$(awk -v s="$seconds" 'BEGIN { print s * 1e3 }')" "$rate"
      printf '%s,%s,%d,"%s","B=%d",user-steps,%d,%s,%s,%s,%s,0,0,0,0,0,"median of %d turns"\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$commit" "$threads" "$what" "$lanes" "$lanes" "$seconds" "$low" \
        "$high" "$rate" "$rounds" >>"$work/rows"
    done
  done
done
[ -s "$results" ] ||
  echo "date,commit,threads,name,size,unit,units,seconds,low,high,rate,bytes,operations,ceiling_bytes,ceiling_operations,ceiling_loads,machine" >"$results"
cat "$work/rows" >>"$results"
echo "rows appended to $results"
