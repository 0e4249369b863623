#!/bin/bash
# usage: bench/twins.sh BUILD [SET...]      (make twins)
# Time and memory of the paper's five sets at full size, on synthetic twins of their users, items and
# interactions (its table 1): a world is planted, written as raw files of the set's own format
# (raw_twin), and goes through prepare, one epoch of fit and a short training with the paper's
# settings. One row a set and stage into bench/results/twins.csv: seconds as measured, and `whole`,
# what all of the stage comes to (30 epochs of fit, 1.6 M user-steps of training) at that rate.
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
[ -s "$results" ] || echo "date,commit,machine,load,set,stage,size,seconds,whole_seconds,peak_bytes,note" >"$results"

# number FILE KEY: a number of the document itself, not of an object within.
number() { sed -nE "s/^\t\"$2\":[[:space:]]*([-0-9.e+]+),?$/\1/p" "$1" | head -1; }

# row STAGE SIZE SECONDS WHOLE BYTES NOTE
row() {
  echo "$(date -u +%FT%TZ),$commit,$machine,$(cut -d' ' -f1 /proc/loadavg),$set,$1,\"$2\",$3,$4,$5,\"$6\"" |
    tee -a "$results"
}

for set in "${sets[@]}"; do
  here=$work/$set raw=$work/$set/raw config=configs/paper-$set.json
  mkdir -p "$raw"
  "$program" synth "configs/twins/$set.json" -q --json -o "$here/twin" >"$here/synth.json"
  row synth "$(number "$here/synth.json" interactions) rows" "$(number "$here/synth.json" seconds)" \
    "$(number "$here/synth.json" seconds)" "" ""
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
  "$program" prepare "$config" "${files[@]}" -q --json -o "$here/world" >"$here/prepare.json"
  seconds=$(number "$here/prepare.json" seconds)
  row prepare "$((bytes / 1000000)) MB; $(number "$here/prepare.json" users) users $(number "$here/prepare.json" items) items $(number "$here/prepare.json" interactions) rows" \
    "$seconds" "$seconds" "$(number "$here/prepare.json" peak_memory_bytes)" "$note"
  rm -r "$raw"
  "$program" fit "$here/world" "$config" -q --json --set sta.epochs=1 -o "$here/sta" >"$here/fit.json"
  seconds=$(number "$here/fit.json" seconds)
  row fit "1 epoch" "$seconds" "$(awk "BEGIN { print 30 * $seconds }")" \
    "$(number "$here/fit.json" peak_memory_bytes)" "30 epochs at most; it stops earlier"
  "$program" train "$config" -q --json -o "$here/run" --set world.file="$here/world" \
    --set sta.file="$here/sta" --set train.steps="$steps" --set agent.learning_starts=1000 \
    --set train.yardsticks=false --set train.evaluation.episodes=64 --set train.evaluate_every="$steps" \
    >"$here/train.json"
  seconds=$(number "$here/train.json" seconds)
  row train "$(number "$here/train.json" user_steps) user-steps" "$seconds" \
    "$(awk "BEGIN { print 1600000 * $seconds / $(number "$here/train.json" user_steps) }")" \
    "$(number "$here/train.json" peak_memory_bytes)" "flat head, 64 lanes, 16 updates of 32 a step"
  rm -r "$here"
done
