#!/bin/bash
# usage: THRONG_DATA=FOLDER bench/real_data.sh THRONG [SETS] [SEEDS]
# Every real data set from raw files to trained agents, one run a seed, all judged on the same users
# (one evaluation seed). Rows go to bench/results/real-data*.csv, tables to bench/results/real-data.md.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."
sets=${2:-"amazon_digital_music amazon_all_beauty anime"}
seeds=${3:-"1 2 3 4 5"}
: "${THRONG_DATA:?the folder that holds amazon_digital_music, amazon_all_beauty and anime}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p bench/results
for set in $sets; do
  here=$work/$set
  mkdir "$here"
  config=configs/$set.json
  "$program" prepare "$config" -q --json -o "$here/world.safetensors" >"$here/prepare.json"
  "$program" fit "$here/world.safetensors" "$config" -q --json -o "$here/sta.safetensors" \
    >"$here/fit.json"
  # The same fit with the history's answers hidden from f_sta, for comparison alone.
  "$program" fit "$here/world.safetensors" "$config" -q --json -o "$here/hidden.safetensors" \
    --set sta.labels=false >"$here/fit-hidden.json"
  "$program" evaluate "$here/world.safetensors" --sta "$here/sta.safetensors" -q --json \
    >"$here/evaluate.json"
  for seed in $seeds; do
    "$program" train "$config" -q --json --seed "$seed" -o "$here/run-$seed" \
      --set world.file="$here/world.safetensors" --set sta.file="$here/sta.safetensors" \
      --set train.evaluation.seed=1000003 >"$here/train-$seed.json"
    echo "$set, seed $seed: done" >&2
  done
done
python3 bench/real_data.py "$work" bench/results $sets
