#!/bin/bash
# usage: bench/twins.sh BUILD [SET...]      (make twins)
# Time and memory of the paper's five sets at full size, on synthetic twins of their users, items and
# interactions (its table 1): a world is planted, written as raw files of the set's own format
# (raw_twin), and goes through prepare, one epoch of fit and a short training with the paper's
# settings. One row a set and stage into bench/results/twins.csv: seconds of the whole command as
# measured, of which of processors (both cores; the former grow on a busy machine, whose load is
# told), and `whole`, what all of the stage comes to in seconds of processors (30 epochs of fit, 1.6 M
# user-steps of training; what does not grow with them, as the item-item table, counts once).
# Yelp's raw file holds the other states too (6,990,280 reviews of 150,346 businesses). What is not
# known is said with the row: words of a review (198, as Digital Music's part has, where not the
# file's size tells them), Amazon's raw files beyond the paper's rows. Needs 8 GB of disk in TMPDIR.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
sets=("$@")
[ ${#sets[@]} -gt 0 ] || sets=(yelp amazon-music amazon-games amazon-movie anime)
program=${THRONG:-$build/throng}
steps=${STEPS:-10000}
results=${THRONG_TWINS_RESULTS:-bench/results/twins.csv}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cores=$(nproc)
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr 'A-Z' 'a-z' |
  sed -E 's/\((r|tm)\)//g; s/@.*//; s/[^a-z0-9]+/-/g; s/^-|-$//g')
machine=${THRONG_BENCH_MACHINE:-${model:-unknown}-${cores}c}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -s "$results" ] || echo "date,commit,machine,load,set,stage,size,seconds,processor_seconds,whole_processor_seconds,peak_bytes,note" >"$results"

# number FILE KEY: a number of the document itself, not of an object within.
number() { sed -nE "s/^\t\"$2\":[[:space:]]*([-0-9.e+]+),?$/\1/p" "$1" | head -1; }

# stage COMMAND...: its document into $said, its seconds into $seconds, those of processors into $busy.
stage() {
  said=$here/said.json seconds=$EPOCHREALTIME
  times >"$here/before"
  "$@" >"$said"
  times >"$here/after"
  seconds=$(awk "BEGIN { print $EPOCHREALTIME - $seconds }")
  busy=$(sed -s -n 2p "$here/before" "$here/after" | tr 'ms' '  ' |
    awk '{ sign = NR == 1 ? -1 : 1; sum += sign * (60 * ($1 + $3) + $2 + $4) } END { print sum }')
}
# row STAGE SIZE WHOLE NOTE
row() {
  echo "$(date -u +%FT%TZ),$commit,$machine,$(cut -d' ' -f1 /proc/loadavg),$set,$1,\"$2\",$seconds,$busy,$3,$(number "$said" peak_memory_bytes),\"$4\"" |
    tee -a "$results"
}

for set in "${sets[@]}"; do
  here=$work/$set raw=$work/$set/raw config=configs/paper-$set.json
  mkdir -p "$raw"
  stage "$program" synth "configs/twins/$set.json" -q --json -o "$here/twin"
  row synth "$(number "$said" interactions) rows" "$busy" ""
  case $set in
    yelp)
      "$build/bench/raw_twin" yelp "$here/twin" "$raw" 85 6990280 1987929 150346
      files=(--set dataset.reviews="$raw/review.json" --set dataset.businesses="$raw/business.json")
      note="all states; 85 words a review, which makes the 5 GB" ;;
    amazon-*)
      "$build/bench/raw_twin" amazon "$here/twin" "$raw" 198
      files=(--set dataset.reviews="$raw/reviews.json" --set dataset.metadata="$raw/meta.json")
      note="the paper's rows alone; 198 words a review" ;;
    anime)
      "$build/bench/raw_twin" anime "$here/twin" "$raw"
      files=(--set dataset.ratings="$raw/rating.csv" --set dataset.items="$raw/anime.csv")
      note="rated rows alone" ;;
  esac
  rm "$here/twin"
  bytes=$(du -cb "$raw"/* | tail -1 | cut -f1)
  stage "$program" prepare "$config" "${files[@]}" -q --json -o "$here/world"
  row prepare "$((bytes / 1000000)) MB; $(number "$said" users) users $(number "$said" items) items $(number "$said" interactions) rows" \
    "$busy" "$note"
  rm -r "$raw"
  stage "$program" fit "$here/world" "$config" -q --json --set sta.epochs=1 -o "$here/sta"
  row fit "1 epoch" "$(awk "BEGIN { print 30 * $busy }")" "30 epochs at most; it stops earlier"
  stage "$program" train "$config" -q --json -o "$here/run" --set world.file="$here/world" \
    --set sta.file="$here/sta" --set train.steps="$steps" --set agent.learning_starts=1000 \
    --set train.yardsticks=false --set train.evaluation.episodes=64 --set train.evaluate_every="$steps"
  share=$(awk "BEGIN { print $(number "$said" seconds) / $seconds }")
  row train "$(number "$said" user_steps) user-steps" \
    "$(awk "BEGIN { print $busy * (1 - $share) + $busy * $share * 1600000 / $(number "$said" user_steps) }")" \
    "flat head, 64 lanes, 16 updates of 32 a step"
  rm -r "$here"
done
