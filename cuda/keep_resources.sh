#!/bin/sh
# usage: keep_resources.sh FOLDER COMMAND...: runs nvcc and keeps ptxas's figures of each source in
# FOLDER, out of the build's sight; other messages are passed on.
folder=$1
shift
source=
for word; do case $word in *.cu) source=${word##*/} ;; esac; done
mkdir -p "$folder"
log=$folder/${source:-other}.log
"$@" 2>"$log"
status=$?
grep -v -E '^ptxas info|^ +[0-9]+ bytes (stack frame|gmem|cmem)' "$log" >&2
exit $status
