#!/bin/bash
# usage: page_code.sh SOURCE BUILD COMPILER
# The functions in C that the pages print are compiled as they stand there, called, and do what the page says.
set -euo pipefail
source=$(realpath "$1") build=$(realpath "$2") compiler=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-page-code-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# block PAGE FUNCTION: the block fenced as ```c that defines it.
block() {
  awk -v name="$2" '/^```c$/ { on = 1; text = ""; next } /^```/ { if (on && index(text, name "(")) printf "%s", text; on = 0 }
    on { text = text $0 "\n" }' "$source/docs/$1" | tee "$2.c" | grep -q . || { echo "page_code: $1 has no block with $2" >&2; exit 1; }
}
# build NAME: it and the lines of standard input, a main, against the library of BUILD.
build() {
  cat >>"$1.c"
  "$compiler" -std=c11 -Wall -Wextra -Werror -I"$source/include" "$1.c" -o "$1" -L"$build" -lthrong -Wl,-rpath,"$build"
}

cat >config.json <<'CONFIG'
{"synth": {"users": 300, "items": 80, "keywords": 300, "dim": 16, "seed": 1}, "votes": {"rule": "logical"},
 "backend": {"name": "cpu", "threads": 1}, "sim": {"lanes": 32, "max_steps": 10},
 "agent": {"hidden": [8, 8], "width": 8, "batch": 16, "buffer": 1000, "learning_starts": 64},
 "train": {"steps": 1024, "evaluation": {"episodes": 16}, "report": false}}
CONFIG
"$build/throng" train -q config.json -o run >/dev/null

block c_api.md play
build play <<'MAIN'
#include <stdio.h>
int main(void) {
  static int32_t action[4096];
  for (int k = 0; k < 4096; ++k) action[k] = k % 80;
  const int likes = play("run/world.safetensors", action, 5);
  printf("%d\n", likes);
  return likes == 0 || likes == 1 ? play("nowhere", action, 1) != -1 : 1;
}
MAIN
./play >/dev/null

block using_agents.md first_items
build first_items <<'MAIN'
#include <stdio.h>
int main(void) {
  int32_t item[10];
  float score[10];
  if (first_items("run", 7, item, score) != THRONG_OK) return puts(throng_error_message()), 1;
  for (int k = 1; k < 10; ++k)
    if (item[k] < 0 || item[k] >= 80 || score[k] > score[k - 1]) return 1;
  return first_items("run", 300, item, score) == THRONG_OK || first_items("none", 0, item, score) == THRONG_OK;
}
MAIN
./first_items
echo "page_code: what the pages print in C does what they say"
