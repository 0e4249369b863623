#!/bin/sh
# usage: keep_resources.sh LOG COMMAND...: runs nvcc and keeps ptxas's figures in LOG, out of the
# build's sight; other messages are passed on.
log=$1
shift
"$@" 2>"$log"
status=$?
grep -v -E '^ptxas info|^ +[0-9]+ bytes (stack frame|gmem|cmem)' "$log" >&2
exit $status
