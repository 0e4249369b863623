#!/bin/bash
# usage: docs/site/build.sh OUTPUT
# Makes the site of docs/, README and the public headers in OUTPUT: no network, every warning an error, the
# same bytes from the same commit. Needs the packages of `.ci/deps docs`.
set -euo pipefail
output=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-site-XXXXXX")
trap 'rm -rf "$work"' EXIT

# In a copy: what is generated lies among the pages, and nothing of it in the sources.
{ git ls-files 2>/dev/null | grep . || find . -type f -not -path './build/*' -printf '%P\n'; } |
  tar -cf - --ignore-failed-read -T - 2>/dev/null | tar -xf - -C "$work"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
number() { awk -v name="THRONG_VERSION_$1" '$1 == "#define" && $2 == name { print $3 }' include/throng/base.h; }
SITE_VERSION=$(number MAJOR).$(number MINOR).$(number PATCH)
export SOURCE_DATE_EPOCH SITE_VERSION SITE_XML=$work/xml TZ=UTC LC_ALL=C.UTF-8
cd "$work"
doxygen docs/site/Doxyfile
cp docs/site/index.rst .
mkdir api
for header in include/throng/*.h; do
  name=${header##*/}
  [ "$name" = throng.h ] || printf '%s\n%s\n\n.. doxygenfile:: %s\n' "$name" "${name//?/=}" "$name" >"api/${name%.h}.rst"
done
rm -rf "$output"
PYTHONDONTWRITEBYTECODE=1 sphinx-build -q -W --keep-going -b html -c docs/site -d "$work/doctrees" . "$output"
rm -rf "$output/.buildinfo"
echo "site: $(find "$output" -name '*.html' | wc -l) pages of throng $SITE_VERSION in $output"
