#!/bin/bash
# usage: symbols.sh LIBTHRONG INCLUDE_FOLDER DEBIAN_FOLDER
# The shared library exports the functions that its headers promise, all of them and nothing else,
# under a SONAME and with a symbol version that say which headers fit; it asks for no OpenMP and no
# OpenBLAS that the process may share with others. Debian's list of symbols names the same functions,
# each with the version that first had it.
set -euo pipefail
library=$1 include=$2 debian=$3
number() { awk -v name="THRONG_VERSION_$1" '$1 == "#define" && $2 == name { print $3 }' "$include/base.h"; }
interface=$(number MAJOR)
[ "$interface" != 0 ] || interface=0.$(number MINOR)
symbols=$(nm -D --defined-only --with-symbol-versions "$library" | awk '$2 != "A" { print $NF }' | sort -u)
exported=$(sed 's/@.*//' <<<"$symbols" | sort -u)
promised=$(cat "$include"/*.h | grep -v '^#' | tr '\n' ' ' | grep -oP 'THRONG_API\s[^;(]*?\b\K\w+(?=\s*\()' | sort -u)
[ -n "$promised" ] || { echo "symbols: no THRONG_API function found in $include" >&2; exit 1; }
failed=0
stray=$(comm -13 <(echo "$promised") <(echo "$exported"))
[ -z "$stray" ] || { echo "exported, but in no public header:" $stray >&2; failed=1; }
absent=$(comm -23 <(echo "$promised") <(echo "$exported"))
[ -z "$absent" ] || { echo "promised by a public header, but not exported:" $absent >&2; failed=1; }
unversioned=$(grep -v "@@THRONG_$interface\$" <<<"$symbols" || true)
[ -z "$unversioned" ] || { echo "without the symbol version THRONG_$interface:" $unversioned >&2; failed=1; }
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
[ "$soname" = "libthrong.so.$interface" ] ||
  { echo "SONAME is '$soname', expected libthrong.so.$interface" >&2; failed=1; }
shared=$(objdump -p "$library" | awk '$1 == "NEEDED" && $2 ~ /gomp|libomp|iomp|openblas|lapack|libblas/ { print $2 }')
[ -z "$shared" ] || { echo "needs what others in the process use and set:" $shared >&2; failed=1; }
listed=$debian/libthrong$interface.symbols
if [ -f "$listed" ]; then
  named=$(sed -nE "s/^ (throng_[a-z0-9_]+)@THRONG_$interface [0-9.]+$/\1/p" "$listed" | sort -u)
  new=$(comm -13 <(echo "$named") <(echo "$exported"))
  [ -z "$new" ] || { echo "symbols: $listed lacks these lines:" >&2; failed=1
    sed "s/.*/ &@THRONG_$interface $(number MAJOR).$(number MINOR).$(number PATCH)/" <<<"$new" >&2; }
  gone=$(comm -23 <(echo "$named") <(echo "$exported"))
  [ -z "$gone" ] || { echo "symbols: $listed names what is not exported:" $gone >&2; failed=1; }
else
  echo "symbols: there is no $listed" >&2
  failed=1
fi
echo "symbols: $(echo "$exported" | wc -l) exported, $(echo "$promised" | wc -l) promised, SONAME $soname, THRONG_$interface"
exit $failed
