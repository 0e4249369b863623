#!/bin/bash
# usage: THRONG_DATA=FOLDER bench/real_data.sh THRONG [SETS] [SEEDS]
# Every real data set from raw files to trained agents, one run a seed; rows go to
# bench/results/real-data.csv and a Markdown table to bench/results/real-data.md.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."
sets=${2:-"amazon_digital_music amazon_all_beauty anime"}
seeds=${3:-"1 2 3 4 5"}
: "${THRONG_DATA:?the folder that holds amazon_digital_music, amazon_all_beauty and anime}"
work=${TMPDIR:-/tmp}/throng-real-data
mkdir -p "$work" bench/results
for set in $sets; do
  mkdir -p "$work/$set"
  config=configs/$set.json
  "$program" prepare "$config" -q --json -o "$work/$set/world.safetensors" >"$work/$set/prepare.json"
  "$program" fit "$work/$set/world.safetensors" "$config" -q --json \
    -o "$work/$set/sta.safetensors" >"$work/$set/fit.json"
  "$program" evaluate "$work/$set/world.safetensors" --sta "$work/$set/sta.safetensors" -q --json \
    >"$work/$set/evaluate.json"
  for seed in $seeds; do
    "$program" train "$config" -q --json --seed "$seed" -o "$work/$set/run-$seed" \
      --set world.file="$work/$set/world.safetensors" --set sta.file="$work/$set/sta.safetensors" \
      --set train.evaluation.seed=1000003 >"$work/$set/train-$seed.json"
    echo "$set, seed $seed: done"
  done
done
python3 bench/real_data.py "$work" bench/results $sets
