#!/bin/bash
# usage: dependencies.sh SOURCE BUILD
# README's table of dependencies is what is linked or included, no more and no less, and .ci/deps
# installs it.
set -euo pipefail
source=$1 build=$2
failed=0
fail() { echo "dependencies: $*" >&2; failed=1; }

# README's name | library it is linked as (- where it is headers or an archive) | Debian package | header
known='
OpenBLAS|-|libopenblas-pthread-dev|cblas.h
cJSON|libcjson|libcjson-dev|cjson/cJSON.h
zlib|libz|zlib1g-dev|zlib.h
libzstd|libzstd|libzstd-dev|zstd.h
liblzma|liblzma|liblzma-dev|lzma.h
libbz2|libbz2|libbz2-dev|bzlib.h
xxHash|libxxhash|libxxhash-dev|xxhash.h
Random123|-|librandom123-dev|Random123/
utf8proc|libutf8proc|libutf8proc-dev|utf8proc.h
libstemmer|libstemmer|libstemmer-dev|libstemmer.h
ICU|libicuuc|libicu-dev|unicode/
libxml2|libxml2|libxml2-dev|libxml/
protobuf-c|libprotobuf-c|libprotobuf-c-dev|protobuf-c
GoogleTest|-|libgtest-dev|gtest/gtest.h
libcurl|libcurl|libcurl4-openssl-dev|curl/curl.h
SQLite|libsqlite3|libsqlite3-dev|sqlite3.h
OpenSSL|libcrypto|libssl-dev|openssl/
Open MPI|libmpi|libopenmpi-dev|mpi.h
CPython|-|python3-dev|Python.h
Doxygen|-|doxygen|Doxyfile
Sphinx|-|python3-sphinx|sphinx-build
MyST-Parser|-|python3-myst-parser|myst_parser
Breathe|-|python3-breathe|breathe
sphinx-rtd-theme|-|python3-sphinx-rtd-theme|sphinx_rtd_theme
CUDA Toolkit|-|-|cuda_runtime
'
# The compiler's and the C library's own, and what is built here.
ours='^(libc|libm|libdl|libpthread|librt|libgcc_s|libstdc\+\+|libgfortran|libquadmath|ld-linux-.*|libthrong.*|libasan|libubsan)$'

needed=$(for file in "$build/throng" "$build/throng-mpi" "$build"/libthrong*.so; do
  [ ! -e "$file" ] || objdump -p "$file" | awk '$1 == "NEEDED" { sub(/\.so.*/, "", $2); print $2 }'
done | sort -u)
[ -n "$needed" ] || fail "nothing is linked: is the program built in $build?"
named=$(awk '/^## Dependencies/ { on = 1 } on && /^## / && !/Dependencies/ { on = 0 }
  on && /^\| / && !/^\| (package|---)/ { split($0, cell, "|"); n = split(cell[2], name, ","); for (i = 1; i <= n; ++i) {
    sub(/\(.*/, "", name[i]); gsub(/^ +| +$/, "", name[i]); print name[i] } }' "$source/README.md" | sort)
[ -n "$named" ] || fail "README has no table of dependencies"
group() { awk -v name="$1=(" '$0 == name { on = 1; next } /^\)/ { on = 0 } on { print $1 }' "$source/.ci/deps"; }
installed=$(group build; group docs)

row_of() { awk -F'|' -v key="$1" -v value="$2" '$key == value' <<<"$known"; }
while IFS= read -r name; do
  [ -n "$(row_of 1 "$name")" ] || fail "README names $name, which this check does not know: is it used?"
done <<<"$named"
for library in $needed; do
  [[ $library =~ $ours ]] && continue
  name=$(row_of 2 "$library" | cut -d'|' -f1)
  [ -n "$name" ] || { fail "$library is linked and stands in no table"; continue; }
  grep -qxF "$name" <<<"$named" || fail "$library is linked, and README's table does not name $name"
done
while IFS='|' read -r name library package header; do
  [ -n "$name" ] || continue
  grep -qxF "$name" <<<"$named" || continue
  grep -rqF --include='*.[chp]*' --include='*.cu*' --include=CMakeLists.txt --include='*.cmake' -- "$header" \
    "$source/host" "$source/kernels" "$source/cuda" "$source/tests/shim" "$source/cmake" "$source/python/core" ||
    grep -rqF -- "$header" "$source/docs/site" ||
    fail "README names $name, and nothing includes $header"
  [ "$package" = - ] || grep -qxF "$package" <<<"$installed" || fail "README names $name, and .ci/deps does not install $package"
  # Where a machine has no libcurl or no MPI the program may be built without it.
  [ "$library" = - ] || grep -qxF "$library" <<<"$needed" || [ "$name" = libcurl ] || [ "$name" = "Open MPI" ] ||
    fail "README names $name, and $library is not linked"
done <<<"$known"
for package in $(grep -E '^(lib.*|.*)-dev$' <<<"$installed"; group docs); do
  name=$(row_of 3 "$package" | cut -d'|' -f1)
  [ -n "$name" ] && grep -qxF "$name" <<<"$named" || fail ".ci/deps installs $package, which README does not name"
done
[ $failed = 0 ] || exit 1
echo "dependencies: $(wc -l <<<"$named") named, all used; $(grep -cvE "$ours" <<<"$needed") libraries linked, all named"
