#!/bin/bash
# usage: tests/readers/run.sh BUILD READERS FOLDER
# Do other programs read what a run and a sweep write, while they write and after? BUILD holds throng and
# tests/sweep_writer, whose values are known beforehand; READERS is .ci/readers' folder of virtual environments (those that are missing are passed over),
# FOLDER is made anew for the files.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) readers=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
ran=0 writer=
trap '[ -z "$writer" ] || kill "$writer" 2>/dev/null || true' EXIT
# A real one, killed in the middle.
"$build/throng" sweep "$here/sweep.json" -q -o "$folder/sweep" --set sweep.checkpoint_seconds=0.5 >"$folder/sweep.log" 2>&1 &
writer=$!
for ((i = 0; i < 6000; ++i)); do
  [ "$(cat "$folder/sweep/metrics.jsonl" 2>/dev/null | wc -l)" -lt 100 ] || break
  kill -0 "$writer" || { cat "$folder/sweep.log" >&2; exit 1; }
  sleep 0.02
done
{ kill -9 "$writer" && wait "$writer"; } 2>/dev/null || true
writer=
"$build/throng" sweep "$folder/sweep/config.json" -q -o "$folder/sweep" --resume >"$folder/sweep.log"
for environment in "$readers"/optuna-*; do
  python=$environment/bin/python
  [ -x "$python" ] || continue
  to=$folder/${environment##*/}
  mkdir "$to"
  # Some twelve seconds: an import of Optuna takes two or three on a busy machine.
  "$build/tests/sweep_writer" "$to" 256 16 90 >"$to/writer.log" &
  writer=$!
  "$python" -W ignore "$here/read_optuna.py" while "$to" "$writer"
  wait "$writer"
  writer=
  "$python" -W ignore "$here/read_optuna.py" after "$to"
  "$python" -W ignore "$here/read_optuna.py" sweep "$folder/sweep"
  [ ! -d "$environment"/lib/*/site-packages/optuna_dashboard ] ||
    "$python" -W ignore "$here/read_optuna.py" dashboard "$to"
  ran=$((ran + 1))
done
# Logged episodes, by numpy and by csv of Python's own; by RecBole's reader where READERS has it.
mkdir -p "$folder/episodes/log"
"$build/throng" synth -q --json -o "$folder/episodes/world" --set synth.users=200 --set synth.items=150 >/dev/null
for format in csv numpy recbole; do
  "$build/throng" export "$folder/episodes/world" -q --json --policy popular --epsilon 0.3 --sessions 60 --history --format $format \
    -o "$folder/episodes/log/log$([ $format = numpy ] && echo .npy || { [ $format = csv ] && echo .csv || true; })" >/dev/null
done
for environment in "$readers"/optuna-* "$readers"/recbole; do
  [ -x "$environment/bin/python" ] || continue
  "$environment/bin/python" -W ignore "$here/read_episodes.py" "$folder/episodes"
  ran=$((ran + 1))
done
if [ -x "$readers/tensorboard/bin/python" ]; then
  mkdir "$folder/tensorboard"
  "$build/tests/sweep_writer" "$folder/tensorboard" 64 16 0 >"$folder/tensorboard/writer.log"
  "$readers/tensorboard/bin/python" "$here/read_tensorboard.py" "$folder/tensorboard"
  "$readers/tensorboard/bin/python" "$here/read_tensorboard.py" "$folder/sweep"
  "$build/throng" train "$here/run.json" -q --json -o "$folder/run" >"$folder/run.log"
  "$readers/tensorboard/bin/python" "$here/read_run.py" "$folder/run"
  ran=$((ran + 1))
fi
if [ -x "$readers/trackers/bin/python" ]; then
  to=$(realpath "$folder")/trackers python=$(realpath -s "$readers/trackers/bin/python")
  mkdir "$to"
  "$build/tests/sweep_writer" "$to" 8 8 0 >"$to/writer.log"
  (
    cd "$to"
    MLFLOW_TRACKING_URI=sqlite:///mlflow.db "$python" -W ignore "$here/../../examples/sweep_to_mlflow.py" . 2>mlflow.log ||
      { cat mlflow.log >&2; exit 1; }
    WANDB_MODE=offline "$python" -W ignore "$here/../../examples/sweep_to_wandb.py" . 2>wandb.log ||
      { cat wandb.log >&2; exit 1; }
    "$python" -W ignore "$here/read_trackers.py" .
  )
  ran=$((ran + 1))
fi
echo "readers: $ran of what .ci/readers has"
