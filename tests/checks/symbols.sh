#!/bin/bash
# usage: symbols.sh LIBTHRONG INCLUDE_FOLDER
# The shared library exports the functions that its headers promise, all of them and nothing else,
# under a SONAME; it asks for no OpenMP and no OpenBLAS that the process may share with others.
set -euo pipefail
library=$1 include=$2
exported=$(nm -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u)
promised=$(cat "$include"/*.h | grep -v '^#' | tr '\n' ' ' | grep -oP 'THRONG_API\s[^;(]*?\b\K\w+(?=\s*\()' | sort -u)
[ -n "$promised" ] || { echo "symbols: no THRONG_API function found in $include" >&2; exit 1; }
failed=0
stray=$(comm -13 <(echo "$promised") <(echo "$exported"))
[ -z "$stray" ] || { echo "exported, but in no public header:" $stray >&2; failed=1; }
absent=$(comm -23 <(echo "$promised") <(echo "$exported"))
[ -z "$absent" ] || { echo "promised by a public header, but not exported:" $absent >&2; failed=1; }
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
case $soname in
  libthrong.so.[0-9]*) ;;
  *) echo "SONAME is '$soname', expected libthrong.so.N" >&2; failed=1 ;;
esac
shared=$(objdump -p "$library" | awk '$1 == "NEEDED" && $2 ~ /gomp|libomp|iomp|openblas|lapack|libblas/ { print $2 }')
[ -z "$shared" ] || { echo "needs what others in the process use and set:" $shared >&2; failed=1; }
echo "symbols: $(echo "$exported" | wc -l) exported, $(echo "$promised" | wc -l) promised, SONAME $soname"
exit $failed
