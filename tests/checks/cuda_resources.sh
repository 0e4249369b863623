#!/bin/bash
# usage: cuda_resources.sh LOG_FOLDER KERNELS_FOLDER ROW_TABLE ARCHITECTURE...
# What ptxas gave each kernel: registers, shared memory, spills, stack. A kernel of the lists that was not compiled
# for one of the architectures is an error, and so is a large frame of one that is launched when a device is opened:
# all but the row functions that a variant stands for (ROW_TABLE).
set -euo pipefail
logs=$1 kernels=$2 row_table=$3
shift 3
compgen -G "$logs/*.log" >/dev/null ||
  { echo "cuda: $logs holds no log: was the library built?" >&2; exit 1; }
table=$(awk '
  /Compiling entry function/ {
    match($0, /sm_[0-9]+/); arch = substr($0, RSTART + 3, RLENGTH - 3)
    name = $0; sub(/.*function ./, "", name); sub(/[^A-Za-z0-9_].*/, "", name); sub(/_kernel$/, "", name)
    kind = "row"; shared = 0
    if (match(name, /_cu_[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]/)) {
      # A name local to its file: behind the mark of the file stand its length and itself.
      rest = substr(name, RSTART + RLENGTH); wide = rest + 0; sub(/^[0-9]+/, "", rest)
      name = substr(rest, 1, wide); rest = substr(rest, wide + 1); kind = "own"
      if (match(rest, /^I[A-Z]+_?[0-9]*[a-z_]*E[0-9]/)) name = name "<" substr(rest, RLENGTH, 1) ">"
      sub(/_kernel$/, "", name)
    }
  }
  /bytes stack frame/ { stack = $1; store = $5; load = $9 }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5)
    if (match($0, /[0-9]+ bytes smem/)) shared = substr($0, RSTART, RLENGTH - 11)
    printf "%-28s sm_%-4s %9d %9d %12d %12d %8d  %s\n", name, arch, registers, shared, store, load, stack, kind
  }' "$logs"/*.log | sort -u)
printf '%-28s %-7s %9s %9s %12s %12s %8s  %s\n%s\n' kernel device registers "shared B" "spill stores" "spill loads" \
  stack "row function, or CUDA's own" "$table"
failed=0
# "native" and the like name no device: those that were compiled for are meant.
architectures=()
for architecture in "$@"; do
  case $architecture in
    native | all | all-major) architectures+=($(awk '{ sub("sm_", "", $2); print $2 }' <<<"$table" | sort -u)) ;;
    *) architectures+=("${architecture%%-*}") ;;  # 80-real is sm_80
  esac
done
[ ${#architectures[@]} -gt 0 ] || { echo "cuda: no architecture is named or found" >&2; exit 1; }
listed=$(grep -ohP '\bX\(\K[a-z]\w*(?=,\s*\d+\))' "$kernels"/*/*_list.h | sort -u)
[ -n "$listed" ] || { echo "cuda: no kernel found in $kernels/*/*_list.h" >&2; exit 1; }
for name in $listed; do
  for architecture in "${architectures[@]}"; do
    grep -qE "^$name +sm_$architecture " <<<"$table" ||
      { echo "cuda: kernel $name was not compiled for sm_$architecture" >&2; failed=1; }
  done
done
# What was written for CUDA is what its loops live in: there a spill is a mistake.
spilling=$(awk '$NF == "own" && $5 + $6 > 0 { print $1, $2 }' <<<"$table")
[ -z "$spilling" ] || { echo "cuda: spills in: $spilling" >&2; failed=1; }
# A frame is set aside for every thread that fits on a device (2,048 on each of an H100's 132 multiprocessors).
most_frame=2304
replaced=$(sed -n '/define VARIANTS/,/^$/p' "$row_table" | grep -oP '\bX\(\K[a-z]\w*(?=\))' | sort -u)
[ -n "$replaced" ] || { echo "cuda: no variant found in $row_table" >&2; exit 1; }
frames=$(awk -v replaced="$replaced" '
  BEGIN { n = split(replaced, name, /[ \n]+/); for (i = 1; i <= n; ++i) left_out[name[i]] = 1 }
  $NF == "own" || !($1 in left_out) { print $7, $1, $2 }' <<<"$table" | sort -rn)
read -r largest name device <<<"$frames"
echo "opening sets aside $largest bytes a thread, for $name ($device): $((largest * 2048 * 132 / 1048576)) MiB of an H100"
[ "$largest" -le $most_frame ] ||
  { echo "cuda: the frame of $name, $largest bytes, is past $most_frame" >&2; failed=1; }
exit $failed
