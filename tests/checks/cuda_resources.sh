#!/bin/bash
# usage: cuda_resources.sh LOG_FOLDER KERNELS_FOLDER ARCHITECTURE...
# What ptxas gave each kernel: registers, spills, stack. A kernel of the lists that was not compiled
# for one of the architectures is an error.
set -euo pipefail
logs=$1 kernels=$2
shift 2
compgen -G "$logs/*.log" >/dev/null ||
  { echo "cuda: $logs holds no log: was the library built?" >&2; exit 1; }
table=$(awk '
  /Compiling entry function/ {
    match($0, /sm_[0-9]+/); arch = substr($0, RSTART + 3, RLENGTH - 3)
    match($0, /[a-z][a-z0-9_]*_kernel/); name = substr($0, RSTART, RLENGTH - 7)
    sub(/.*_cu_[0-9a-f]*_?[0-9]+/, "", name)  # C++ puts these before names that are local to a file
  }
  /bytes stack frame/ { stack = $1; store = $5; load = $9 }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5)
    printf "%-28s sm_%-4s %9d %12d %12d %8d\n", name, arch, registers, store, load, stack
  }' "$logs"/*.log | sort -u)
printf '%-28s %-7s %9s %12s %12s %8s\n%s\n' kernel device registers "spill stores" "spill loads" stack "$table"
failed=0
listed=$(grep -ohP '\bX\(\K[a-z]\w*(?=,\s*\d+\))' "$kernels"/*_list.h | sort -u)
[ -n "$listed" ] || { echo "cuda: no kernel found in $kernels/*_list.h" >&2; exit 1; }
for name in $listed; do
  for architecture in "$@"; do
    architecture=${architecture%%-*}  # 80-real is sm_80
    grep -qE "^$name +sm_$architecture " <<<"$table" ||
      { echo "cuda: kernel $name was not compiled for sm_$architecture" >&2; failed=1; }
  done
done
exit $failed
