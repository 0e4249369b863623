#!/bin/bash
# usage: pages.sh SOURCE
# Do the pages hold together? Every link in them leads to a file (and a heading) that is there; every
# path that they name in backticks is there (placeholders like host/NAME.c aside); every picture was made
# of the text beside it; the picture of the house has every folder, and none that is gone.
set -uo pipefail
cd "$1" || exit 2
failed=0
breach() { echo "pages: $*" >&2; failed=1; }

# anchors PAGE: what GitHub makes of its headings.
anchors() {
  sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/`//g; s/[^a-z0-9 _-]//g; s/ /-/g'
}
pages=$({ git ls-files '*.md' 2>/dev/null | grep . || find . -name '*.md' -not -path './build/*' -printf '%P\n'; } | sort)
links=0 paths=0
for page in $pages; do
  [ -f "$page" ] || continue
  while IFS= read -r link; do
    case $link in http:* | https:* | mailto:*) continue ;; esac
    links=$((links + 1))
    file=${link%%#*} anchor=
    [[ $link != *#* ]] || anchor=${link#*#}
    target=$page
    [ -z "$file" ] || target=$(dirname "$page")/$file
    [ -e "$target" ] || { breach "$page: '$link' leads nowhere"; continue; }
    [ -z "$anchor" ] || anchors "$target" | grep -x -- "$anchor" >/dev/null || breach "$page: '$link': no such heading"
  done < <(grep -oP '\]\(\K[^) ]+(?=\))' "$page")
  while IFS= read -r path; do
    paths=$((paths + 1))
    [ -e "$path" ] || [ -e "$(dirname "$page")/$path" ] || breach "$page: '$path' is not there"
  done < <(grep -oP '`\K(host|kernels|cuda|tests|include|docs|examples|configs|cmake|bench)/[a-z0-9_./-]*(?=`)' "$page")
done
[ $paths -gt 20 ] || breach "only $paths paths found"
[ $links -gt 0 ] || breach "no link found"

# What is cited is this version.
version=$(awk '/^#define THRONG_VERSION_(MAJOR|MINOR|PATCH) / { printf "%s%s", dot, $3; dot = "." }' include/throng/base.h)
grep -qx "version: $version" CITATION.cff || breach "CITATION.cff does not say version $version"
grep -q "version = {$version}" docs/cite.md || breach "docs/cite.md does not say version $version"

# README is two screens, its table of dependencies aside.
lines=$(sed '/^## Dependencies/,$d' README.md | wc -l)
[ "$lines" -le 110 ] || breach "README has $lines lines before its dependencies; 110 are two screens: move what is too much to docs/"

# Every public header is in the table of the C interface.
for header in include/throng/*.h; do
  grep -qF "[${header##*/}](../$header)" docs/c_api.md || [ "${header##*/}" = throng.h ] || breach "docs/c_api.md does not list $header"
done

# Every column of the store of answers stands on the page of file formats.
for column in $(sed -n 's/^ *" \([a-z_]*\) [A-Z]* *[A-Z].*/\1/p' host/llm/store.c); do
  grep -q "^| .*\`$column\`" docs/file_formats.md || breach "docs/file_formats.md has no column $column of the store"
done

for text in docs/*.dot; do
  picture=${text%.dot}.svg
  sum=$(sha256sum <"$text")
  grep -q "of ${text##*/}, sha256 ${sum%% *} " "$picture" || breach "$picture was not made of the present $text: run docs/render.sh"
done

for folder in host/*/ cuda/ kernels/ include/throng/; do
  grep -q "label=\"${folder%/}\\\\n" docs/architecture.dot || breach "docs/architecture.dot has no ${folder%/}"
done
for folder in $(grep -oP 'label="\K(host|cuda|kernels|include)[a-z/]*(?=\\n)' docs/architecture.dot); do
  [ -d "$folder" ] || breach "docs/architecture.dot has $folder, which is no folder"
done
[ $failed = 0 ] && echo "pages: $(wc -w <<<"$pages") pages, $links links, $paths paths"
exit $failed
