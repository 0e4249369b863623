#!/bin/bash
# usage: tests/python/fuzz.sh PACKAGE FOLDER SECONDS
# fuzz_calls.py on the package of the fuzz preset that lies in PACKAGE (build/fuzz/python), for SECONDS, with atheris of the
# Python package index in FOLDER's environment (tests/python/run.sh makes it). A crash leaves its input and what
# AddressSanitizer says in FOLDER. Where atheris cannot be had it says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$1" && pwd)
folder=$(mkdir -p "$2" && cd "$2" && pwd)
python=$folder/venv/bin/python
if ! sanitizer=$("$python" -c 'import atheris; print(atheris.path() + "/asan_with_fuzzer.so")' 2>"$folder/fuzz.log") ||
    ! [ -f "$sanitizer" ]; then
  echo "python: atheris is not here (see $folder/fuzz.log): its calls were not fuzzed"
  exit 0
fi
# Python's own memory is not the library's: no leaks are looked for. What is too much is an error, not a crash.
env PYTHONPATH="$package" PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 LD_PRELOAD="$sanitizer" \
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
  "$python" "$here/fuzz_calls.py" -max_total_time="$3" -timeout=60 -rss_limit_mb=6000 -max_len=1024 \
  -print_final_stats=1 -artifact_prefix="$folder/crash-" >"$folder/fuzz.log" 2>&1 || {
  tail -60 "$folder/fuzz.log" >&2
  echo "python: a call crashed; its input is in $folder" >&2
  exit 1
}
echo "python: $(awk '/stat::number_of_executed_units/ { print $2 }' "$folder/fuzz.log") inputs in $3 s through atheris under" \
  "AddressSanitizer, nothing found wrong"
