#!/bin/bash
# usage: documents.sh SOURCE BUILD
# Every block of commands in README, in the other pages and in every --help is run as it is printed:
# in a fresh copy of the sources, and in an empty folder beside an installed tree. Files of the tests
# stand where the text says "your file"; what would take minutes gets smaller sizes appended, which
# only overrides what the line itself says. A block that begins with a quote is a part of a config and must
# be taken as one; one that begins with an #include must compile; one fenced as ```text is not run, for it
# is what a command printed. A block that is none of these, and not listed, is an error.
set -euo pipefail
source=$(realpath "$1") build=$(realpath "$2")
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-documents-XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# Blocks that are no commands, by page and the beginning of their first line.
prose='
CONTRIBUTING.md|raw files --host/data|the path of the data
docs/watching_training.md|A.Rwd, mean return|what a terminal shows
docs/watching_training.md|made runs/demo/|lines of a log
docs/watching_training.md|4 of 4 yardsticks|a note
docs/slates.md|P = clip(|an equation
docs/concepts.md|z = w0 + w_mat|an equation
README.md|import throng|run by tests/python/test_pages.py
docs/using_agents.md|User u00007, after|what recommend prints
docs/python.md|import throng|run by tests/python/test_pages.py
docs/python.md|import gymnasium|run by tests/python/test_pages.py
docs/python.md|run = throng.load_run|run by tests/python/test_pages.py
docs/using_agents.md|run = throng.load_run|run by tests/python/test_pages.py
docs/add_a_reader.md|/// The Netflix Prize|a reader, which was built and read with
'
# Commands that cannot run here, by their beginning: what they need, or who runs them.
elsewhere='
pip install|builds everything once more; .ci/wheel does
pip uninstall|changes the machine
curl|downloads from a network; the files are small ones of the tests (data_sets.awk)
tar|unpacks what make tarball makes, as check_tarball does, or a download
unzip|unpacks a download
podman|needs a container engine; .ci/deb-check runs the steps
git|clones from a network; this is run from such a copy
sudo|changes the machine
apt-get|changes the machine
scp|needs another machine
ssh|needs another machine
rsync|needs another machine
nvidia-smi|needs a GPU
python bench/|needs Optuna and takes hours
bash gpu-bundle/run.sh|run in a bare root by check_gpu_bundle
'
# Appended to a line: sizes of a test, and the server of the tests where a model is asked.
small=(--set synth.users=300 --set synth.items=200 --set synth.history_mean=12 --set sta.epochs=1 --set sta.window=8
  --set sim.lanes=64 --set sim.max_steps=20 --set train.steps=640 --set train.evaluate_every=640 --set train.evaluation.episodes=16
  --set agent.batch=8 --set agent.buffer=4096 --set keywords.min_items=1 --set keywords.max_share=1 --set dataset.k_core=0)

# blocks FILE: each as "=== line" and its lines, without indent or fence.
blocks() {
  awk '
    function flush() { if (text != "") printf "=== %d\n%s", start, text; text = ""; inside = 0 }
    /^```/ { if (fence) { if (said) text = ""; fence = 0; flush() } else { flush(); fence = 1; said = /^```text/; start = FNR + 1 } next }
    fence { text = text $0 "\n"; next }
    /^    [^ ]/ && (inside || before == "") { if (!inside) { flush(); start = FNR; inside = 1 } text = text substr($0, 5) "\n"; next }
    /^    / && inside { text = text substr($0, 5) "\n"; next }
    { before = $0; flush() }
    END { flush() }' "$1"
}

mkdir -p list
parts=0
: >list/commands
pages=0
note() { printf '%s\t%s\n' "$1" "$2" >>list/commands; }
listed() {  # TABLE KEY...: is there a row that begins so
  local row
  while IFS= read -r row; do
    [ -n "$row" ] && [[ $2 == "${row%|*}"* ]] && return 0
  done <<<"$1"
  return 1
}
# take PAGE FILE: sort its blocks into commands and prose.
take() {
  local page=$1 line place='' first=1 commands=0 joined=''
  while IFS= read -r line; do
    if [[ $line == "=== "* ]]; then
      place=$page:${line#=== } first=1 joined=''
      continue
    fi
    if [ $first = 1 ]; then
      first=0 commands=0
      case ${line%% *} in
        '"'*)  # a part of a config: throng must take it
          parts=$((parts + 1)) commands=2
          note "$place" "throng config -q $work/list/part-$parts.json" ;;
        '#include')
          parts=$((parts + 1)) commands=3
          note "$place" "cc -std=c11 -Wall -Wextra -Werror -fsyntax-only -x c $work/list/part-$parts" ;;
        throng | make | [a-z]*/throng) commands=1 ;;
        *)
          if listed "$elsewhere" "$line"; then commands=1
          elif ! listed "$prose" "$page|$line"; then
            echo "documents: $place: '$line' begins a block that is neither run nor listed in tests/checks/documents.sh" >&2
            exit 1
          fi ;;
      esac
    fi
    [ $commands -lt 2 ] || printf '%s\n' "$line" >>"list/part-$parts"
    [ $commands = 1 ] || continue
    joined+=$line
    if [[ $joined == *\\ ]]; then joined=${joined%\\}; else note "$place" "$joined"; joined=''; fi
  done < <(blocks "$2")
}
while IFS= read -r page; do
  take "$page" "$source/$page"
  pages=$((pages + 1))
done < <(cd "$source" && { git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './build/*' -printf '%P\n'; })
for ((i = 1; i <= parts; ++i)); do
  [[ $(head -c 1 "list/part-$i") != '#' ]] || continue
  { echo '{'; cat "list/part-$i"; echo '}'; } >"list/part-$i.json"
done
# Help says its commands with two spaces before "throng".
helps=$("$build/throng" --help | awk '/^Commands:/ { on = 1; next } on && /^$/ { exit } on { print $1 }')
for command in '' $helps; do
  while IFS= read -r line; do note "throng $command --help" "$line"; done \
    < <("$build/throng" $command --help | sed -n 's/^  \(throng .*\)$/\1/p')
done

# Files of the tests where the text means a reader's own.
files=$work/files
mkdir -p "$files/data/anime"
awk 'BEGIN {
  print "user_id,anime_id,rating" > "rating.csv"
  print "anime_id,name,genre,type,episodes,rating,members" > "anime.csv"
  print "user,item,rating,time,text" > "my.csv"
  for (i = 0; i < 30; ++i) {
    item = i == 7 ? 5114 : 5000 + i
    printf "%d,Title %d,\"Drama, %s\",TV,12,7.5,100\n", item, i, i % 3 ? "School" : "Space" > "anime.csv"
    printf "%d::Film %d (1999)::Drama|%s\n", item, i, i % 3 ? "War" : "Comedy" > "movies.dat"
  }
  for (u = 1; u <= 40; ++u)
    for (k = 0; k < 9; ++k) {
      i = (u * 5 + k * 7) % 30
      item = i == 7 ? 5114 : 5000 + i
      like = (u + i) % 3 != 0
      printf "%d,%d,%d\n", u, item, like ? 9 : 4 > "rating.csv"
      printf "%d::%d::%d::%d\n", u, item, like ? 5 : 2, 978300000 + 100 * k + u > "ratings.dat"
      printf "u%d,i%d,%d,%d,%s\n", u, i, like ? 5 : 1, 1500000000 + k, like ? "It has a warm sound and a bright cover which I liked" : "It has a dull cover and a broken case and I gave it away" > "my.csv"
    }
}'
gzip -c rating.csv >"$files/rating.csv.gz"
cp "$files/rating.csv.gz" anime.csv "$files/data/anime/"
gzip -c my.csv >"$files/my.csv.gz"
printf 'u00001\nu00007\n' >"$files/users.txt"
printf 'user,item\nu00001,i00002\nu00012,i00007\n' >"$files/pairs.csv"
printf 'u00007\nu00012\n' >"$files/users.txt"
printf 'item,like\ni00002,1\ni00007,0\n' >"$files/past.csv"
mv anime.csv ratings.dat movies.dat "$files/"
# The public data sets of docs/data_sets.md, by the names that they are downloaded by.
mkdir -p "$files"/{ml-1m,ml-100k,ml-latest-small}
(cd "$files" && awk -f "$source/tests/checks/data_sets.awk" && gzip reviews_Digital_Music_5.json meta_Digital_Music.json \
  All_Beauty_5.json meta_All_Beauty.json Gift_Cards.jsonl meta_Gift_Cards.jsonl)
# Digital Music, as configs/published-env.json finds it.
mkdir -p "$files/data/amazon_digital_music"
awk 'BEGIN {
  for (i = 0; i < 20; ++i)
    printf "{\047asin\047: \047i%d\047, \047categories\047: [[\047Music\047, \047%s\047]]}\n", i, i % 2 ? "Rock" : "Folk" > "meta"
  for (u = 0; u < 30; ++u)
    for (k = 0; k < 6; ++k) {
      i = (u * 3 + k * 7) % 20
      like = (u + i) % 3 != 0
      printf "{\"reviewerID\": \"u%d\", \"asin\": \"i%d\", \"overall\": %d.0, \"unixReviewTime\": %d, \"reviewText\": \"%s\"}\n", u, i, like ? 5 : 1, 1300000000 + 86400 * k + u, like ? "It has a warm sound and a bright cover which I liked" : "It has a dull cover and a broken case and I gave it away" > "reviews"
    }
}'
gzip -c reviews >"$files/data/amazon_digital_music/reviews_Digital_Music_5.json.gz"
gzip -c meta >"$files/data/amazon_digital_music/meta_Digital_Music.json.gz"
# The tutorial's reviews, where it has them.
mkdir -p "$files/examples"
cp -r "$source/examples/tutorial" "$files/examples/"
# music.json has, beside its dataset, what docs/keywords.md prints.
{
  echo '{ "dataset": { "format": "csv", "file": "my.csv.gz" },'
  blocks "$source/docs/keywords.md" | awk '/^=== / { on = 0 } /^"keywords": / { on = 1 } on'
  echo '}'
} >"$files/music.json"
export THRONG_DATA=$files/data OPENAI_API_KEY=sk-of-the-tests-alone
if [ -x "$build/tests/test_http_serve" ]; then
  mkfifo talk
  "$build/tests/test_http_serve" <talk >address &
  server=$!
  exec 3>talk
  for ((i = 0; i < 100; ++i)); do [ -s address ] && break; sleep 0.05; done
  url=$(cat address)
fi

# run PLACE LINE: in this folder.
ran=0
run() {
  local place=$1 line=$2 word=${2%% *} more=()
  case $word in
    make)
      case $line in
        'make demo'*) line="make -s DEPS=skip -o program DEMO_OPTIONS='${small[*]}' ${line#make}" ;;
        *) line="make -n -s DEPS=skip ${line#make}" ;;  # what it builds and runs is run by the tests
      esac ;;
    cc) line="$line -I${headers@Q}" ;;
    /*) return 0 ;;  # a program where the page put it: check_tarball
    throng | */throng)
      # A sweep with workers has a check of its own (check_workers), at a port that nobody has.
      [[ $line != throng\ worker\ * && $line != *' --listen '* ]] || return 0
      # What is to be appended stands before a comment.
      local comment=''
      [[ $line =~ (.*[^ ])\ +(#.*) ]] && line=${BASH_REMATCH[1]} comment=${BASH_REMATCH[2]}
      more=("${small[@]}")
      case $line in
        *music*) [ -n "$server" ] || return 0
          more+=(--set "llm.url=$url" --set llm.requests_per_minute=0) ;;
        *' sweep '*) more+=(--set sweep.max_trials=12 --set sweep.test_seeds=2) ;;
        *' bench'*) more=(--seconds 0.01 --lanes 64) ;;
      esac
      line="$line ${more[*]@Q} $comment" ;;
    *) return 0 ;;  # listed as run elsewhere
  esac
  [[ $line != make* ]] || [ -f Makefile ] || return 0  # an installed tree has none
  # The shell finds files by a pattern, not in the installed tree as throng does with a name.
  [[ $line != *'configs/'*'/*.json'* ]] || [ -d configs ] || return 0
  if ! (eval "$line") >"$work/said" 2>&1 </dev/null; then
    echo "documents: $place, $where: failed: $2" >&2
    echo "  run as: $line" >&2
    tail -n 12 "$work/said" >&2
    exit 1
  fi
  ran=$((ran + 1))
}
everywhere() {
  where=$1
  while IFS=$'\t' read -r place line; do run "$place" "$line"; done <"$work/list/commands"
}

mkdir clone
(cd "$source" && { git ls-files 2>/dev/null | grep . || find . -type f -not -path './build/*' -printf '%P\n'; } |
  tar -cf - --ignore-failed-read -T - 2>/dev/null) | tar -xf - -C clone
mkdir -p clone/build/release && ln -s "$build/throng" clone/build/release/throng
cp -r "$files"/* clone/
(cd clone && PATH=$build:$PATH && headers=include && everywhere "in a fresh copy" && echo $ran >"$work/ran")
first=$(cat ran)

cmake --install "$build" --prefix "$work/prefix" >log || { cat log >&2; exit 1; }
cp -r "$files" own
(cd own && PATH=$work/prefix/bin:$PATH && headers=$work/prefix/include && everywhere "installed" && echo $ran >"$work/ran")
[ "$first" -ge 20 ] || { echo "documents: only $first commands were found" >&2; exit 1; }
echo "documents: $pages pages and $(wc -w <<<"$helps") helps; $first commands in a fresh copy, $(cat ran) installed"
