#!/bin/bash
# usage: tests/python/fuzz.sh PACKAGE SANITIZED FOLDER SECONDS
# Calls of the package that nobody would write: for SECONDS as atheris chooses them (fuzz_calls.py, on the release package
# in PACKAGE), and for as long as random ones (test_bad_input.py) under AddressSanitizer and UndefinedBehaviorSanitizer, on the
# package of the debug preset in SANITIZED. FOLDER has the environment that run.sh made; a crash leaves its input there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$1" && pwd) sanitized=$(cd "$2" && pwd) folder=$(cd "$3" && pwd) seconds=$4
python=$folder/venv/bin/python
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
# run NAME COMMAND...: its log where it fails.
run() {
  "${@:2}" >"$folder/$1.log" 2>&1 || {
    tail -60 "$folder/$1.log" >&2
    echo "python: $1 failed; all of it is in $folder/$1.log" >&2
    exit 1
  }
}
if [ ! -x "$python" ]; then
  echo "python: $folder has no environment: nothing was fuzzed"
  exit 0
fi
run atheris env PYTHONPATH="$package" "$python" "$here/fuzz_calls.py" -max_total_time="$seconds" -timeout=60 \
  -rss_limit_mb=3000 -max_len=1024 -print_final_stats=1 -artifact_prefix="$folder/crash-"
# Python's own memory is not looked through for leaks; what is too much is an error, not a crash.
run sanitized env PYTHONPATH="$sanitized" SECONDS="$seconds" SEED="$(date +%j)" LD_PRELOAD="$(cc -print-file-name=libasan.so)" \
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
  "$python" -m pytest -q -p no:cacheprovider --rootdir "$here" "$here/test_bad_input.py"
echo "python: $(awk '/stat::number_of_executed_units/ { print $2 }' "$folder/atheris.log") inputs of atheris in $seconds s, and" \
  "random calls under sanitizers for as long: nothing found wrong"
