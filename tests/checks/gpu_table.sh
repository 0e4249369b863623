#!/bin/bash
# usage: gpu_table.sh SOURCE_ROOT
# The last table of a check on a GPU, from made-up rows: figures met and missed, ratios beside the
# fastest peer, and what lacks told as not measured.
set -euo pipefail
root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head='date,commit,threads,name,size,unit,units,seconds,low,high,rate,bytes,operations,ceiling_bytes,ceiling_operations,ceiling_loads'
# rows FILE SIZE NAME RATE...: lines of a CSV file as bench.c and the peers write it.
rows() {
  local file=$work/$1.csv size=$2
  shift 2
  [ -s "$file" ] || echo "$head" >"$file"
  while [ $# -gt 0 ]; do
    echo "2026-01-01T00:00:00Z,abc,1,\"$1\",\"$size\",user-steps,4,1,1,1,$2,,,,," >>"$file"
    shift 2
  done
}
table() { awk -v rows="$work" -v predictions="$work/predictions" -f "$root/bench/gpu_table.awk"; }
fail() {
  echo "gpu_table: $1; the table:" >&2
  table >&2
  exit 1
}
# tells TEXT: some line holds it, however wide its columns are.
tells() { table | tr -s ' ' | grep -qF -- "$1" || fail "no line holds '$1'"; }

cat >"$work/predictions" <<'MD'
| row | asked for | predicted |
| --- | ---: | ---: |
| `three votes, table` | 50 M | 60 M |
| `two_tower, act` | - | 19 M |
| `two_tower, act + step` | 20 M | 15 M |
| `two_tower, training, 1 updates a step` | 10 M | 13 M |
| `sim_respond` | 40 | 10 | 1 us | another table's line
MD
rows bench "N=1, d=2 on cuda" "three votes, table" 1 "three votes, table" 6e7 "three votes" 9e7
rows bench "N=1, d=2 on cuda" "two_tower, act + step" 1.5e7
rows bench "N=1, d=2" "three votes, table" 1234567  # ours on the CPU: beside the others, not among them
rows peers "N=1" "peer torch 2.9 on cuda: three votes" 2e5 "peer torch 2.9 on cuda: three votes, table, last" 1e6 \
  "peer torch 2.9 on cuda: three votes, table, last, eager" 5e5 "peer torch 2.9 on cuda: f_mat alone" 9e9
rows peers "N=1" "peer torch 2.9: three votes, eager" 2000 "peer torch 2.9: three votes, table, last" 80000
rows peers "N=1" "peer torch 2.9 on cuda: two_tower, training, 1 updates a step" 0

tells 'three votes, table 60 M 50 M 60 M 1.00 of it met'
tells 'two_tower, act not measured - 19 M'
tells 'two_tower, act + step 15 M 20 M 15 M 1.00 of it missed by 25 %'
tells 'two_tower, training, 1 updates a step not measured 10 M 13 M not measured'
tells 'simulator, torch.compile on this GPU 60 M 1 M 60x -'
tells 'beside "three votes, table, last"'
tells 'simulator, eager torch on this GPU 60 M 500 k 120x -'
tells 'simulator, torch on the CPU at its fastest 60 M 80 k 750x 1000x missed by 25 %'
tells 'simulator, eager torch on the CPU, no table 60 M 2 k 30000x -'
tells 'training, torch.compile on this GPU not measured not measured - 10x not measured'
[ "$(table | grep -c sim_respond)" = 0 ] || fail "a line of another table was read"

# A run that measured nothing says so of every line; none is left out.
lines=$(table | grep -cv beside)
table=$(awk -v rows="$work" -v backend=cpu -v predictions="$work/predictions" -f "$root/bench/gpu_table.awk")
grep -q 'three votes, table  *1.235 M' <<<"$table" || fail "ours on the CPU are not told where they are asked for"
rm "$work"/*.csv
[ "$(table | grep -cv beside)" = "$lines" ] || fail "lines are left out where nothing was measured"
[ "$(table | grep -c 'not measured')" = 11 ] || fail "not every line says that it was not measured"
rm "$work/predictions"
tells 'no figure to hold them against'
echo "gpu_table: figures, ratios and what lacks are told"
