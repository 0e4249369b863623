#!/bin/bash
# usage: bench/gpu_repeat.sh THRONG FOLDER
# The same seed twice on the same device: the last checkpoints must be the same bytes.
set -euo pipefail
throng=$1 folder=$2
rm -rf "$folder"
for turn in 1 2; do
  mkdir -p "$folder/$turn"
  "$throng" train configs/demo.json --backend "${THRONG_REPEAT_BACKEND:-cuda}" -q --set synth.users=300 \
    --set synth.items=300 --set sta.epochs=1 --set train.steps=60000 --set train.evaluate_every=60000 \
    --set sim.lanes=256 --set "train.out=$folder/$turn" >/dev/null
  (cd "$folder/$turn" && find . -name 'checkpoint-*.safetensors' | sort | tail -1 | xargs sha256sum) >"$folder/$turn.sum"
  cat "$folder/$turn.sum"
done
[ -s "$folder/1.sum" ] && cmp "$folder/1.sum" "$folder/2.sum"
